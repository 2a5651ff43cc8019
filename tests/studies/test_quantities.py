"""The registry of quantities is coherent."""

import pytest

from studies.quantities import QUANTITIES, QuantitySpec
from studies.units import DIMENSIONS, parse


@pytest.mark.parametrize("spec", QUANTITIES.values(), ids=lambda s: s.name)
def test_units_and_parameters(spec: QuantitySpec) -> None:
    assert spec.dimension in DIMENSIONS
    assert parse(f"1 {spec.unit}".strip(), spec.dimension) == pytest.approx(1)
    assert spec.description
    assert not spec.description.endswith(".")
    for name, parameter in spec.parameters.items():
        assert name != "label"
        assert parameter.description
        assert bool(parameter.choices) == (parameter.kind == "choice")
        if parameter.kind == "choice":
            assert parameter.default in parameter.choices
        if parameter.kind == "length" and parameter.default is not None:
            parse(parameter.default, "length")


def test_orders() -> None:
    assert QUANTITIES["cell_voltage"].order(2) == 4
    assert QUANTITIES["max_von_mises"].order(2) == 2


def test_issue_names_are_there() -> None:
    assert {
        "cell_voltage", "area_specific_resistance", "current_focusing", "contact_fraction",
        "interface_pressure", "max_von_mises", "elastic_energy", "dissipation", "stress_shift",
    } <= set(QUANTITIES)  # fmt: skip
