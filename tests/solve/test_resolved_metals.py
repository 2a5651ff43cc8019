"""Lithium as a resolved conductor: currents keep all digits at any ratio of conductivities."""

from __future__ import annotations

from typing import Any

import pytest
from mpi4py import MPI

from studies.errors import InputError, translate
from studies.progress import Silent
from studies.runner import run
from studies.schema import Study

KINETICS = {"kinetics": "butler-volmer", "exchange_current": "10 A/m^2"}
PERFECT = {"kinetics": "perfect"}


def cell(dimension: int, conductivity: float, resolved: tuple[str, ...], first: Any, second: Any) -> Study:
    layers: list[dict[str, Any]] = [
        {"name": "anode", "material": "Li", "thickness": "10 um"},
        {
            "name": "electrolyte",
            "material": "LLZO",
            "thickness": "20 um",
            "properties": {"ionic_conductivity": "0.01 S/m"},
        },
        {"name": "counter", "material": "Li", "thickness": "10 um"},
    ]
    for layer in layers:
        if layer["name"] in resolved:
            layer["conduction"] = "electronic"
            layer["properties"] = {"electronic_conductivity": f"{conductivity} S/m"}
    geometry: dict[str, Any] = {"dimension": dimension, "layers": layers}
    if dimension > 1:
        geometry["width"] = "20 um"
        void = {"at": "anode|electrolyte", "radius": "3 um", "depth": "1 um"}
        geometry["features"] = [{"void": void}]
    return Study.from_mapping(
        {
            "study": "resolved",
            "geometry": geometry,
            "interfaces": {
                "anode|electrolyte": first | {"equilibrium_potential": "3.8 V"},
                "electrolyte|counter": second,
            },
            "operation": {"current": "1 mA/cm^2", "temperature": "298.15 K"},
            "mesh": {"error_estimate": "none", "edge": "0.2 um"} if dimension > 1 else {"error_estimate": "none"},
            "quantities": ["area_specific_resistance"],
        }
    )


def solved(study: Study) -> tuple[float, float]:
    """Area-specific resistance in ohm m^2, and the largest relative imbalance."""
    results = run(study, None, MPI.COMM_WORLD, Silent())
    worst = max(abs(balance.relative) for balance in results.balances.values())
    return float(results.quantities["area_specific_resistance"].value), worst


@pytest.mark.parametrize("conductivity", [1e7, 1e8])
@pytest.mark.parametrize("resolved", [("anode",), ("anode", "counter")])
@pytest.mark.parametrize(
    ("dimension", "first"), [(1, KINETICS), (1, PERFECT), pytest.param(2, KINETICS, marks=pytest.mark.mpi)]
)
def test_charge_is_balanced(dimension: int, first: Any, resolved: tuple[str, ...], conductivity: float) -> None:
    """As if volts had more digits than a double; and the metal adds its own resistance, 1e-12 ohm m^2."""
    metal, imbalance = solved(cell(dimension, conductivity, resolved, first, KINETICS))
    assert imbalance < 1e-10
    ideal, _ = solved(cell(dimension, conductivity, (), first, KINETICS))
    added = len(resolved) * 10e-6 / conductivity
    assert metal - ideal == pytest.approx(added, abs=0.3 * added + 3e-14 * (dimension == 1) + 1e-11 * (dimension > 1))


def test_two_metals_in_one_potential_are_refused() -> None:
    with pytest.raises(Exception, match="lost in rounding") as caught:
        solved(cell(1, 1e7, ("anode", "counter"), PERFECT, PERFECT))
    assert isinstance(translate(caught.value), InputError)
