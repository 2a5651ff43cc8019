"""Cells that once gave wrong parts, balances or messages although every single law was right."""

from __future__ import annotations

from typing import Any

import pytest
from mpi4py import MPI

from fem.errors import ModelError
from studies.progress import Silent
from studies.runner import run
from studies.schema import Study

LI: dict[str, Any] = {"name": "anode", "material": "Li", "thickness": "10 um"}
SE: dict[str, Any] = {"name": "electrolyte", "material": "LLZO", "thickness": "50 um"}
KINETICS = {"kinetics": "butler-volmer", "exchange_current": "10 A/m^2"}


def cell(cathode: dict[str, Any], interface: dict[str, Any], quantities: list[Any]) -> Study:
    return Study.from_mapping(
        {
            "study": "parts",
            "geometry": {"dimension": 1, "layers": [LI, SE, {"name": "cathode", "thickness": "10 um", **cathode}]},
            "interfaces": {"anode|electrolyte": KINETICS, "electrolyte|cathode": interface},
            "operation": {"current": "10 A/m^2"},
            "mesh": {"error_estimate": "none"},
            "quantities": quantities,
        }
    )


def values(study: Study) -> dict[str, float]:
    results = run(study, None, MPI.COMM_SELF, Silent())
    assert results.failures == ()
    return {label: q.value for label, q in results.quantities.items()}


@pytest.mark.slow
def test_a_mixed_cathode_at_uniform_current_has_no_constriction() -> None:
    cathode = {
        "material": "LCO",
        "conduction": "mixed",
        "properties": {"ionic_conductivity": "1e-3 S/m", "electronic_conductivity": "1 S/m"},
    }
    parts = ["area_specific_resistance", "bulk_resistance", "kinetic_resistance", "constriction_resistance"]
    found = values(cell(cathode, {**KINETICS, "equilibrium_potential": "3.9 V"}, parts))
    total = found["area_specific_resistance"]
    assert abs(found["constriction_resistance"]) < 1e-9 * total
    assert found["bulk_resistance"] + found["kinetic_resistance"] == pytest.approx(total, rel=1e-9)


@pytest.mark.slow
def test_charge_transfer_and_electronic_contact_on_one_interface_balance() -> None:
    electrolyte = {**SE, "conduction": "mixed", "properties": {"electronic_conductivity": "1e-3 S/m"}}
    study = Study.from_mapping(
        {
            "study": "leak",
            "geometry": {"dimension": 1, "layers": [LI, electrolyte, {**LI, "name": "counter"}]},
            "interfaces": {
                "anode|electrolyte": {**KINETICS, "electronic_resistance": "10 ohm*cm^2"},
                "electrolyte|counter": {**KINETICS, "electronic_resistance": "20 ohm*cm^2"},
            },
            "operation": {"current": "10 A/m^2"},
            "mesh": {"error_estimate": "none"},
            "quantities": ["cell_voltage", {"interface_current": {"at": "anode|electrolyte"}}],
        }
    )
    assert values(study)["interface_current"] == pytest.approx(10.0, rel=1e-9)


@pytest.mark.slow
def test_perfect_kinetics_between_resolved_conductors_keep_the_power_balance() -> None:
    cathode = {
        "material": "LCO",
        "conduction": "electronic",
        "properties": {"electronic_conductivity": "1 S/m"},
    }
    found = values(cell(cathode, {"kinetics": "perfect", "equilibrium_potential": "3.9 V"}, ["cell_voltage"]))
    assert -4.0 < found["cell_voltage"] < -3.7


@pytest.mark.slow
def test_a_current_without_a_path_is_refused() -> None:
    cathode = {"material": "LCO", "conduction": "mixed", "properties": {"ionic_conductivity": "1e-3 S/m"}}
    study = cell(cathode, {"ionic_contact": "blocked"}, ["cell_voltage"])
    with pytest.raises(ModelError, match="no current can flow"):
        run(study, None, MPI.COMM_SELF, Silent())
