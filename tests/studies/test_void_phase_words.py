"""Words for voids as a phase field: what they become, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from studies.errors import InputError
from studies.schema import Study

UM = 1e-6


def study(void_phase: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Lithium on LLZO that is stripped."""
    lithium = {"name": "li", "material": "Li", "thickness": "8 um", "void_phase": {"width": "1 um", **void_phase}}
    return {
        "study": "voids",
        "geometry": {
            "dimension": 2,
            "width": "10 um",
            "layers": [
                lithium,
                {"name": "se", "material": "LLZO", "thickness": "4 um"},
                {"name": "counter", "material": "Li", "thickness": "1 um"},
            ],
        },
        "interfaces": {
            name: {"kinetics": "butler-volmer", "exchange_current": "10 A/m^2"} for name in ("li|se", "se|counter")
        },
        "operation": {"protocol": [{"current": "1 A/m^2", "for": "10 s"}]},
        "quantities": ["void_volume", {"contact_fraction": {"at": "li|se"}}],
        **more,
    }


def problems(data: dict[str, Any]) -> str:
    with pytest.raises(InputError) as caught:
        Study.from_mapping(data)
    return str(caught.value)


def test_words_become_numbers():
    from studies.void_phase import voids_of

    seeds = [{"centre": ["0 um", "8 um"], "radius": "2 um"}]
    made = voids_of(
        Study.from_mapping(study({"seeds": seeds, "contact_angle": "120 deg", "diffusivity": "7.5e-13 m^2/s"})), "li"
    )
    assert made is not None
    assert made.well.surface_energy == pytest.approx(0.48, rel=1e-12)  # of the library
    assert made.well.width == pytest.approx(UM, rel=1e-12)
    assert made.cosine == pytest.approx(-0.5, rel=1e-12)
    assert made.relaxation.mobility == 1e-9
    assert made.vacancies is not None
    assert made.vacancies.diffusion.diffusivity == 7.5e-13
    assert made.vacancies.diffusion.sink_length is None
    import numpy as np

    points = np.array([[0.0, 8 * UM], [2 * UM, 8 * UM], [8 * UM, 0.0]])
    assert made.start(points) == pytest.approx([0.0, 0.5, 1.0], abs=2e-4)


def test_nothing_moves_without_vacancies():
    from studies.void_phase import voids_of

    made = voids_of(Study.from_mapping(study({"conserved": False})), "li")
    assert made is not None
    assert made.vacancies is None
    assert made.cosine == 0.0


@pytest.mark.parametrize(
    ("words", "more", "message"),
    [
        ({"seeds": [{"centre": ["0 um"], "radius": "2 um"}]}, {}, "needs 2 coordinates"),
        ({"seeds": [{"centre": ["0 um", "8 um"], "radius": "0.5 um"}]}, {}, "less than the width"),
        ({"conserved": False, "sink_length": "1 um"}, {}, "means nothing with `conserved: false`"),
        ({"contact_angle": "0 deg"}, {}, "positive"),
        ({}, {"operation": {"current": "1 A/m^2"}}, "needs operation.protocol"),
        ({}, {"mechanics": True}, "knows no mechanics"),
        ({}, {"impedance": {}}, "knows no impedance"),
    ],
)
def test_contradictions_are_refused(words: dict[str, Any], more: dict[str, Any], message: str):
    assert message in problems(study(words, **more))


def test_quantities_of_voids_need_a_layer_with_them():
    data = study({})
    del data["geometry"]["layers"][0]["void_phase"]
    assert "needs a layer with `void_phase`" in problems(data)
