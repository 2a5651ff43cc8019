"""Specimens whose sides are free: nothing holds them but their bottom, and nothing drifts or turns."""

from __future__ import annotations

from typing import Any

import pytest
from mpi4py import MPI

from studies.progress import Silent
from studies.runner import run
from studies.schema import Study

PULL = 5e6
POISSON = 0.26


def specimen(dimension: int) -> dict[str, Any]:
    """Two layers of one stiffness, pulled at their ends."""
    same = {"young_modulus": "150 GPa", "poisson_ratio": POISSON}
    return {
        "study": "specimen",
        "geometry": {
            "dimension": dimension,
            "width": "4 um",
            **({"depth": "3 um"} if dimension == 3 else {}),
            "layers": [
                {"name": name, "material": "LLZO", "thickness": "3 um", "conduction": "none", "properties": same}
                for name in ("lower", "upper")
            ],
        },
        "mechanics": {"lateral": "free-standing"},
        "operation": {"stack_pressure": f"{-PULL} Pa"},
        "mesh": {"bulk": "2 um", "error_estimate": "none"},
        "quantities": ["mean_stack_pressure", {"max_von_mises": {"layer": "upper"}}, "stack_shortening"],
        "pictures": [],
    }


@pytest.mark.mpi
@pytest.mark.parametrize("dimension", [2, 3])
def test_a_pull_is_uniform(dimension: int) -> None:
    """Uniaxial stress, in two dimensions under plane strain: the corner that is held bears nothing."""
    found = run(Study.from_mapping(specimen(dimension)), None, MPI.COMM_WORLD, Silent()).quantities
    plane = (1 - POISSON + POISSON**2) ** 0.5 if dimension == 2 else 1.0
    stiffness = 150e9 / (1 - POISSON**2 if dimension == 2 else 1.0)
    assert found["mean_stack_pressure"].value == pytest.approx(-PULL, rel=1e-9)
    assert found["max_von_mises"].value == pytest.approx(plane * PULL, rel=1e-6)
    assert found["stack_shortening"].value == pytest.approx(-PULL * 6e-6 / stiffness, rel=1e-6, abs=0.0)
