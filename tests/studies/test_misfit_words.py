"""Words for layers of an interphase that carry a force along the interface."""

from __future__ import annotations

from typing import Any

import pytest
from mpi4py import MPI

from studies.errors import InputError
from studies.progress import Silent
from studies.runner import run
from studies.schema import Study

MISFIT: dict[str, Any] = {"strain": "-0.5 %", "young_modulus": "50 GPa", "poisson_ratio": 0.2}


def coated(misfit: dict[str, Any]) -> dict[str, Any]:
    """A cell in two dimensions, held at its sides, with a coating of 20 nm."""
    layer = {
        "name": "coating",
        "thickness": "20 nm",
        "ionic_conductivity": "1e-7 S/cm",
        "electronic_conductivity": "1e-12 S/cm",
        "misfit": misfit,
    }
    return {
        "study": "coated",
        "geometry": {
            "dimension": 2,
            "width": "20 um",
            "layers": [
                {"name": "anode", "material": "Li", "thickness": "10 um"},
                {"name": "electrolyte", "material": "LLZO", "thickness": "20 um"},
                {"name": "counter", "material": "Li", "thickness": "10 um"},
            ],
        },
        "interfaces": {
            "anode|electrolyte": {
                "kinetics": "linear",
                "exchange_current": "10 A/m^2",
                "interphase": {"layers": [layer]},
            },
            "electrolyte|counter": {"kinetics": "linear", "exchange_current": "10 A/m^2"},
        },
        "mechanics": {"lateral": "confined"},
        "operation": {"current": "1 A/m^2", "stack_pressure": "1 MPa"},
        "mesh": {"error_estimate": "none", "bulk": "10 um"},
        "quantities": ["interphase_force"],
        "pictures": [],
    }


def test_a_held_coating_carries_its_misfit() -> None:
    """-E misfit L / (1 - nu), a tension where the coating would be shorter."""
    results = run(Study.from_mapping(coated(MISFIT)), None, MPI.COMM_SELF, Silent())
    assert results.quantities["interphase_force"].value == pytest.approx(50e9 * 0.005 * 20e-9 / 0.8, rel=1e-6)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"strain": "80 %"}, "strain"),
        ({"young_modulus": "0 GPa"}, "young_modulus"),
        ({"poisson_ratio": 0.5}, "poisson"),
    ],
)
def test_refused(change: dict[str, Any], path: str) -> None:
    with pytest.raises(InputError) as caught:
        Study.from_mapping(coated(MISFIT | change))
    assert any(path in str(p.path) for p in caught.value.problems), caught.value


def test_read_back() -> None:
    study = Study.from_mapping(coated(MISFIT))
    assert Study.from_mapping(study.resolved()) == study
