"""Words for sizes and touching bodies reach the mesh as they are meant."""

from __future__ import annotations

from typing import Any

from study_samples import changed, problems

from meshes.random.sizes import EQUAL, SizeDistribution


def features(*given: dict[str, Any]) -> dict[str, Any]:
    """Overrides with these features."""
    return {"geometry.features": list(given), "quantities": ["area_specific_resistance"]}


VOIDS = {"at": "anode|electrolyte", "radius": "0.5 um", "depth": "0.2 um"}
BALLS = {"name": "filler", "material": "LATP", "layer": "electrolyte", "radius": "4 um", "volume_fraction": "20 %"}


def test_sizes_of_voids() -> None:
    sizes = {"spread": 0.4, "largest": 2.5}
    study = changed(features({"random_voids": {**VOIDS, "volume_fraction": "0.5 %", "sizes": sizes}}))
    (voids,) = study.geometry.stack().features
    assert voids.sizes == SizeDistribution("lognormal", 0.4, 1 / 3, 2.5)  # type: ignore[attr-defined]
    assert voids.volume_fraction == 0.005  # type: ignore[attr-defined]
    (alike,) = changed(features({"random_voids": {**VOIDS, "area_fraction": 0.2}})).geometry.stack().features
    assert alike.sizes is EQUAL  # type: ignore[attr-defined]


def test_one_fraction_is_needed() -> None:
    for extra in ({}, {"area_fraction": 0.2, "volume_fraction": 0.01}):
        found = problems(features({"random_voids": {**VOIDS, **extra}}))
        assert "either" in found["geometry.features.0.random_voids.area_fraction"].message


def test_problems_of_sizes_carry_their_path() -> None:
    sizes = {"spread": 0.3, "smallest": 1.0}
    found = problems(features({"random_voids": {**VOIDS, "area_fraction": 0.2, "sizes": sizes}}))
    assert list(found) == []
    found = problems(features({"packing": {**BALLS, "neck_ratio": 0.9}}))
    assert list(found) == ["geometry.features.0.packing.neck_ratio"]


def test_bodies_that_touch() -> None:
    (packing,) = changed(features({"packing": {**BALLS, "neck_ratio": 0.3}})).geometry.stack().features
    assert packing.neck_ratio == 0.3  # type: ignore[attr-defined]
