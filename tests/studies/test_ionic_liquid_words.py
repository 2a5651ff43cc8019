"""An ionic liquid mixed with the salt of an electrolyte, in study files."""

from copy import deepcopy
from typing import Any

import pytest
from support.studies_in_time import CELL

from fem.dissipation.ternary import TernaryElectrolyte
from studies.errors import InputError
from studies.moving import electrolyte_of
from studies.schema import Study
from studies.schema.overrides import apply_overrides

POLYMER = "geometry.layers.polymer"
MIXTURE: dict[str, Any] = {
    "kind": "polymer electrolyte",
    "lithium_ion_diffusivity": "2e-12 m^2/s",
    "liquid_cation_diffusivity": "6e-12 m^2/s",
    "anion_diffusivity": "8e-12 m^2/s",
}
WORDS: dict[str, Any] = {
    "materials": {"mixture": MIXTURE},
    f"{POLYMER}.material": "mixture",
    f"{POLYMER}.transport": {"salt_concentration": "1 mol/L", "ionic_liquid": {"concentration": "0.6 mol/L"}},
}


def made(changes: dict[str, Any], material: dict[str, Any] | None = None) -> Study:
    words = deepcopy(WORDS)
    words["materials"]["mixture"] |= material or {}
    data, _, wrong = apply_overrides(CELL, {**words, **changes})
    assert not wrong
    return Study.from_mapping(data)


def test_words_become_a_mixture() -> None:
    """Numbers of the material, without a conductivity; drags and virial coefficients where it has them."""
    study = made({})
    assert electrolyte_of(study, "polymer") == TernaryElectrolyte(2e-12, 6e-12, 8e-12, 1000.0, 600.0)
    assert Study.from_mapping(study.resolved()) == study
    more = {
        "stefan_maxwell_lithium_cation": "1e-12 m^2/s",
        "stefan_maxwell_lithium_anion": "2e-12 m^2/s",
        "stefan_maxwell_cation_anion": "3e-12 m^2/s",
        "solvent_concentration": "20 mol/L",
        "virial_salt": "1e-4 m^3/mol",
        "virial_salt_liquid": "2e-4 m^3/mol",
        "virial_liquid": "3e-4 m^3/mol",
    }
    numbers = (1e-12, 2e-12, 3e-12, 2e4, 1e-4, 2e-4, 3e-4)
    assert electrolyte_of(made({}, more), "polymer") == TernaryElectrolyte(2e-12, 6e-12, 8e-12, 1e3, 600.0, *numbers)


@pytest.mark.parametrize(
    ("changes", "material", "path", "why"),
    [
        ({f"{POLYMER}.material": "ideal-salt"}, {}, f"{POLYMER}.transport", "no anion_diffusivity"),
        ({f"{POLYMER}.transport.model": "dilute"}, {}, f"{POLYMER}.transport", "one salt"),
        (
            {f"{POLYMER}.transport.ionic_liquid.concentration": "0 mol/L"},
            {},
            f"{POLYMER}.transport.ionic_liquid.concentration",
            "positive",
        ),
        (
            {},
            {"stefan_maxwell_cation_anion": "1e-12 m^2/s"},
            f"{POLYMER}.transport.ionic_liquid",
            "no solvent_concentration",
        ),
        ({}, {"virial_salt_liquid": "3e-3 m^3/mol"}, f"{POLYMER}.transport.ionic_liquid", "part into two"),
        (
            {"quantities": [{"mean_concentration": {"of": "solvent"}}]},
            {},
            "quantities.0.mean_concentration.of",
            "salt, ionic_liquid",
        ),
        (
            {f"{POLYMER}.transport": {"lithiation": 0.5, "ionic_liquid": {"concentration": "1 mol/L"}}},
            {},
            f"{POLYMER}.transport",
            "for electrolytes with a salt",
        ),
    ],
)
def test_what_is_wrong_is_said_where(changes: dict[str, Any], material: dict[str, Any], path: str, why: str) -> None:
    with pytest.raises(InputError) as caught:
        made(changes, material)
    found = {p.path: p.message for p in caught.value.problems}
    assert why in found[path]


def test_a_quantity_of_a_liquid_needs_one() -> None:
    """Where no region has an ionic liquid the question is refused before anything is computed."""
    data, _, _ = apply_overrides(CELL, {"quantities": [{"mean_concentration": {"of": "ionic_liquid"}}]})
    with pytest.raises(InputError, match="no region has an ionic liquid"):
        Study.from_mapping(data)
