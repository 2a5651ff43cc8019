"""Films between layers: thickness from nanometres on, patches, voids, roughness, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from body_samples import BETWEEN, body_stack, meshed
from mesh_samples import UM

from meshes import ContactSpot, Void
from meshes.features.coating import Coating
from meshes.features.packing import Packing
from meshes.features.particle import Particle
from meshes.features.roughness import Waviness
from meshes.features.shapes_of_bodies import Shape
from meshes.films import Coat
from meshes.random.patches import Patches

NM = 1e-9


@pytest.mark.parametrize("on", [None, "electrolyte"])
@pytest.mark.parametrize("thickness", [1 * NM, 50 * NM, 1 * UM])
@pytest.mark.parametrize("dimension", ["2", "axisymmetric", "3"])
def test_closed_films(dimension: str, thickness: float, on: str | None) -> None:
    film = Coating(BETWEEN, (Coat("film", thickness), Coat("outer", 2 * thickness, cells=4)), on)
    stack = body_stack(dimension, film)
    arrays, regions, facets = meshed(stack)
    area = {"2": 20, "axisymmetric": np.pi * 400, "3": 400}[dimension]
    assert regions["film"] == pytest.approx(area * thickness / UM, rel=1e-6)
    assert regions["outer"] == pytest.approx(2 * area * thickness / UM, rel=1e-6)
    taken = "electrolyte" if on is None else "cathode"
    full = {"electrolyte": 10, "cathode": 20}
    assert regions[taken] == pytest.approx(area * (full[taken] - 3 * thickness / UM), rel=1e-9)
    inner, outer = ("electrolyte", "cathode") if on else ("cathode", "electrolyte")
    assert {f"{inner}|film", "film|outer", f"{outer}|outer"} <= set(facets)
    assert BETWEEN not in facets
    assert BETWEEN not in stack.contacts
    x = arrays.points[np.unique(arrays.cells[arrays.cell_tags == arrays.layers["film"]])]
    depth = np.unique(np.round(film.distance(stack, x) / thickness, 4))
    assert depth == pytest.approx([0, 1 / 3, 2 / 3, 1], abs=2e-4)


@pytest.mark.parametrize("coverage", [0.25, 0.75])
@pytest.mark.parametrize("dimension", ["2", "3"])
def test_patches(dimension: str, coverage: float) -> None:
    film = Coating(BETWEEN, (Coat("film", 20 * NM),), patches=Patches(coverage, 1.2 * UM, seed=5))
    stack = body_stack(dimension, film)
    _, regions, facets = meshed(stack)
    area = 20 if dimension == "2" else 400
    assert facets["cathode|film"] / area == pytest.approx(coverage, abs=1e-9 if dimension == "2" else 0.005)
    assert facets["cathode|film"] + facets[BETWEEN] == pytest.approx(area, rel=1e-9)
    # patches are as high at their edges as in their middle
    assert regions["film"] == pytest.approx(facets["cathode|film"] * 0.02, rel=1e-6)
    assert facets["electrolyte|film"] == pytest.approx(facets["cathode|film"], rel=1e-6)
    assert facets["electrolyte|film:rim"] > 0
    assert BETWEEN in stack.contacts


@pytest.mark.parametrize("dimension", ["2", "axisymmetric", "3"])
def test_patches_that_are_not_meshed_have_a_name(dimension: str) -> None:
    """On the same facets as those of the film that is."""
    size = (10 if dimension == "axisymmetric" else 1.2) * UM
    area = {}
    for coats in ((), (Coat("film", 20 * NM),)):
        film = Coating(BETWEEN, coats, patches=Patches(0.25, size, seed=5, marked=not coats))
        area[len(coats)] = meshed(body_stack(dimension, film))[2]
    assert area[0][f"{BETWEEN}:film"] == pytest.approx(area[1]["cathode|film"], rel=1e-9)
    assert area[0][BETWEEN] == pytest.approx(area[1][BETWEEN], rel=1e-9)


def test_a_film_at_a_void_ends_in_its_wall() -> None:
    film = Coating(BETWEEN, (Coat("film", 20 * NM),))
    _, regions, facets = meshed(body_stack("2", film, Void(BETWEEN, 4 * UM, 2 * UM)))
    assert facets["cathode|film"] == pytest.approx(12, rel=1e-9)
    assert facets["void|film"] == pytest.approx(2 * 0.02, rel=1e-6)
    assert regions["film"] == pytest.approx(12 * 0.02, rel=1e-6)


def test_films_and_bodies_keep_apart() -> None:
    film = Coating(BETWEEN, (Coat("film", 50 * NM),))
    packing = Packing(Shape(1 * UM), "electrolyte", 0.3, coats=(Coat("skin", 30 * NM),))
    _, regions, _ = meshed(body_stack("2", film, packing))
    assert regions["particles"] == pytest.approx(0.3 * 200, rel=0.01)
    assert regions["film"] == pytest.approx(1.0, rel=1e-6)
    through = Particle(Shape(3 * UM), at=BETWEEN)
    _, regions, facets = meshed(body_stack("2", film, through))
    # it tapers to nothing over a cell at the body
    assert 0.95 * 14 * 0.05 < regions["film"] < 14 * 0.05
    assert "cathode|particle" in facets


def test_films_follow_rough_interfaces() -> None:
    wave = Waviness(BETWEEN, amplitude=1 * UM, wavelength=10 * UM)
    film = Coating(BETWEEN, (Coat("film", 50 * NM),))
    stack = body_stack("2", wave, film)
    arrays, regions, facets = meshed(stack)
    assert facets["cathode|film"] > 20.5
    assert regions["film"] == pytest.approx(20 * 0.05, rel=0.15)
    x = arrays.points[np.unique(arrays.facets[arrays.facet_tags == arrays.facet_names["electrolyte|film"]])]
    assert np.ptp(x[:, -1]) > UM
    # points that mend flat cells are moved beside the map
    assert film.distance(stack, x) / (50 * NM) == pytest.approx(1, rel=1e-2)


@pytest.mark.parametrize(
    ("features", "path", "text"),
    [
        ((Coating(BETWEEN, ()),), "coats", "at least one"),
        ((Coating("a|b", (Coat("film", NM),)),), "at", "no such interface"),
        ((Coating(BETWEEN, (Coat("film", NM),), on="anode"),), "on", "layer of this interface"),
        ((Coating(BETWEEN, (Coat("film", 9.9 * UM),)),), "coats", "resistance of its interface"),
        ((Coating(BETWEEN, (Coat("film", NM, cells=1),)),), "coats[0].cells", "3 cells"),
        ((Coating(BETWEEN, (Coat("film", NM),), patches=Patches(0.3, 15 * UM)),), "patches.size", "larger"),
        ((Coating(BETWEEN, (Coat("film", NM),)), ContactSpot(BETWEEN, UM)), "at", "contact spots"),
        ((Coating(BETWEEN, (Coat("film", NM),)), Coating(BETWEEN, (Coat("b", NM),), name="b")), "at", "two coatings"),
    ],
)
def test_what_is_refused(features: Any, path: str, text: str) -> None:
    problem = body_stack("2", *features).problems()[0]
    assert problem.path == f"features[0].{path}"
    assert text in problem.message
