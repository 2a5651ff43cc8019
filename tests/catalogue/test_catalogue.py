"""Every study of the catalogue: checks and balances hold, and the number of ranks changes nothing."""

from __future__ import annotations

import os

import pytest
from mpi4py import MPI
from support.ranks import alone, several

from studies.listing import catalogue, find_study
from studies.progress import Silent
from studies.runner import BALANCE_LIMIT, run
from studies.schema import Study
from studies.solving import open_session
from studies.transient_results import solve_transient

NAMES = [entry.name for entry in catalogue()]
AGREEMENT = 1e-8


def _study(name: str, coarse: bool = False) -> Study:
    """A study without error bars; `coarse`: in three dimensions on a mesh of about an eighth of the cells."""
    study = Study.load(find_study(name), {"mesh.error_estimate": "none"})
    if coarse and study.geometry.dimension == 3 and study.mesh.refinement == 1 and not study.geometry.imported:
        return Study.load(find_study(name), {"mesh.error_estimate": "none", "mesh.refinement": 0.5})
    return study


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_checks_and_balances_hold(name: str) -> None:
    results = run(_study(name), None, MPI.COMM_SELF, Silent())
    assert results.failures == ()
    assert results.checks
    assert results.balances
    assert all(b.relative <= max(BALANCE_LIMIT, b.limit) for b in results.balances.values())


def _solved(name: str, comm: MPI.Comm) -> dict[str, float]:
    """Quantities at the last operating point; balances hold."""
    study = _study(name, coarse=True)
    if study.operation.protocol is not None:
        return dict(solve_transient(study, comm, 1.0, Silent()))
    session = open_session(study, comm, 1.0, Silent())
    *_, last = session.points()
    for item in last.balances:
        assert abs(item.residual) <= BALANCE_LIMIT * item.scale, item.name
    values = dict(last.values)
    session.destroy()
    return values


def _shared_out() -> list[str]:
    """On 2 and on 3 ranks another third of the catalogue each, for the sake of time; ``SSBFEM_ALL_RANKS=1``: all of it.

    What parallel runs can get wrong (interfaces, numbers, films, bodies, salt, space charge) has tests of its own on
    all numbers of ranks.
    """
    if os.environ.get("SSBFEM_ALL_RANKS"):
        return NAMES
    return NAMES[MPI.COMM_WORLD.size % 3 :: 3]


def _whole(label: str, values: dict[str, float]) -> float:
    """What a number is a part of.

    Constrictions are small differences of larger numbers, zero where there are no voids or where the frequency is
    high. The pressure on the ends of a stack that nothing presses is what remains of stresses that cancel.
    """
    if label == "mean_stack_pressure":
        return max((abs(v) for k, v in values.items() if "stress" in k), default=0.0)
    if label == "lost_work":  # what is left of works and energies
        return max(abs(values.get(name, 0.0)) for name in ("work_of_loads", "fracture_energy", "elastic_energy"))
    if not label.startswith("constriction"):
        return 0.0
    names = ("area_specific_resistance", "differential_resistance")
    return next((values[name] for name in names if name in values), 0.0)


@pytest.mark.mpi
@pytest.mark.slow
@several
@pytest.mark.parametrize("name", _shared_out())
def test_the_number_of_ranks_changes_nothing(name: str) -> None:
    together = _solved(name, MPI.COMM_WORLD)
    other = alone(lambda: _solved(name, MPI.COMM_SELF))
    assert together.keys() == other.keys()
    # time steps follow error estimates, which are rounded differently
    close = AGREEMENT if _study(name).operation.protocol is None else 1e-6
    for label, value in other.items():
        whole = _whole(label, other)
        assert together[label] == pytest.approx(value, rel=close, abs=AGREEMENT * whole), label
