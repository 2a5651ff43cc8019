"""Films that are not meshed: what a study makes of them."""

from __future__ import annotations

import pytest

from studies.errors import InputError
from studies.listing import find_study
from studies.schema import Study
from studies.schema.reader import read_text, read_yaml


def test_a_film_between_two_ionic_conductors_is_a_resistance() -> None:
    """10 nm of 1/720 S/m: a (1 / m - 1 / s) of neutral particles of a = 0.8 um with 1 S/m in 0.1 S/m."""
    found = Study.load(find_study("coated-packing")).interface("upper|covered")
    assert found.ionic_contact == "resistive"
    assert found.ionic_resistance == pytest.approx(0.8e-6 * (1 / 0.1 - 1 / 1.0), rel=1e-6, abs=0.0)


PARTICLE = "geometry.features.0.particle"


def test_a_coating_towards_the_electrolyte_lets_electrons_through_elsewhere() -> None:
    """20 nm of 1e-6 S/m on the way of the ions, and nothing between the particle and what it stands on."""
    study = Study.load(find_study("coated-cathode-particle"))
    ions, electrons = study.interface("electrolyte|cathode"), study.interface("collector|cathode")
    assert (ions.kinetics, ions.film_resistance) == ("butler-volmer", pytest.approx(20e-9 / 1e-6))
    assert (electrons.electronic_contact, electrons.kinetics) == ("perfect", None)
    assert set(study.interfaces) == {
        "collector|electrolyte",
        "electrolyte|anode",
        "electrolyte|coat",
        "collector|cathode",
        "cathode|coat",
    }
    assert Study.from_mapping(study.resolved()) == study


@pytest.mark.parametrize(
    ("changes", "path", "why"),
    [
        ({"coating_as": "resolved", "height": "1 um"}, "coating_towards", "needs `coating_as: collapsed`"),
        ({"coating": []}, "coating_towards", "with a `coating` only"),
        ({"patches": {"coverage": 0.5, "size": "1 um"}}, "coating_towards", "together with `patches`"),
        ({"coating_towards": "electrolit"}, "coating_towards.0", "electrolyte"),
        ({"coating_towards": "coat"}, "coating_towards.0", "one of the other bodies"),
    ],
)
def test_what_a_coating_cannot_face(changes: dict[str, object], path: str, why: str) -> None:
    file = find_study("coated-cathode-particle")
    data = read_yaml(read_text(file), str(file)).data
    data["geometry"]["features"][0]["particle"] |= changes
    with pytest.raises(InputError) as caught:
        Study.from_mapping(data)
    found = {p.path: p.message for p in caught.value.problems}
    assert why in found[f"{PARTICLE}.{path}"], found
