"""How the suite behaves on several ranks.

`mpirun -n N pytest -m mpi` runs the same tests in the same order on every rank. The ranks agree on the
outcome of each test: what fails on one fails on all, and rank 0 reports it; the others write their messages
to standard error. A rank that fails while others wait for it in a collective call ends the job after
`PATIENCE` seconds.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no failure: hangs are ended by the time limit of each test.
settings.register_profile("ssbfem", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ssbfem")

# Jobs of several ranks that tests start run beside other tests: what waits makes room, nothing is bound to a core.
os.environ.setdefault("OMPI_MCA_mpi_yield_when_idle", "1")
os.environ.setdefault("PRTE_MCA_hwloc_default_binding_policy", "none")

_approx = pytest.approx


def _relative_approx(expected: Any, rel: Any = None, abs: Any = None, nan_ok: bool = False) -> Any:
    """`pytest.approx` without its absolute tolerance of 1e-12 where a relative one is given.

    In SI a square micrometre is 1e-12 m^2: comparisons of areas, volumes and displacements would hold whatever
    they find. What is expected to vanish keeps that tolerance.
    """
    if abs is None and rel is not None and not (isinstance(expected, int | float) and expected == 0):
        abs = 0.0
    return _approx(expected, rel=rel, abs=abs, nan_ok=nan_ok)


pytest.approx = _relative_approx  # type: ignore[assignment]

RANKS = int(os.environ.get("OMPI_COMM_WORLD_SIZE") or os.environ.get("PMI_SIZE") or "1")
RANK = int(os.environ.get("OMPI_COMM_WORLD_RANK") or os.environ.get("PMI_RANK") or "0")

PATIENCE = 30.0
"""Seconds that a failed rank waits for the others to end the same test."""


class _Silence:
    """Writes nothing: the terminal of every rank but 0."""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False


def _abort(message: str) -> NoReturn:
    from mpi4py import MPI

    sys.stderr.write(f"\n=== rank {RANK} of {RANKS}: {message}\n")
    sys.stderr.flush()
    MPI.COMM_WORLD.Abort(3)
    os._exit(3)


def _outcomes(item: pytest.Item, failure: str) -> list[str]:
    """The failures of all ranks in one test ("" where it passed); every rank calls this once per test."""
    from mpi4py import MPI

    request = MPI.COMM_WORLD.Ibarrier()
    began = time.monotonic()
    while not request.Test():
        if failure and time.monotonic() - began > PATIENCE:
            _abort(f"{item.nodeid} failed here while the other ranks still wait in it\n{failure}")
        time.sleep(0.001)
    return MPI.COMM_WORLD.allgather(failure)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start MPI before anything that looks for it; keep the terminal to rank 0."""
    if RANKS == 1:
        return
    from mpi4py import MPI  # noqa: F401

    terminal: Any = config.pluginmanager.get_plugin("terminalreporter")
    if RANK != 0 and terminal is not None:
        terminal._tw._file = _Silence()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On several ranks a test that is not marked `mpi` would run once per rank, each in the others' way."""
    others = [item for item in items if item.get_closest_marker("mpi") is None]
    if RANKS > 1 and others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make a test fail on every rank when it fails on one."""
    report = yield
    reached = report.when == "call" or (report.when == "setup" and not report.passed)
    if RANKS == 1 or not reached:
        return report
    outcomes = _outcomes(item, report.longreprtext if report.failed else "")
    if report.failed and RANK != 0:
        sys.stderr.write(f"\n=== rank {RANK} of {RANKS}: {item.nodeid} failed\n{report.longreprtext}\n")
        sys.stderr.flush()
    elif any(outcomes) and not report.failed:
        report.outcome = "failed"
        report.longrepr = "failed on rank " + ", ".join(str(rank) for rank, text in enumerate(outcomes) if text)
    return report


def pytest_internalerror(excrepr: object) -> None:
    """A crash of pytest on one rank would leave the others waiting: end them."""
    if RANKS > 1:
        _abort(str(excrepr))


@pytest.fixture
def shared_tmp_path(tmp_path: Path) -> Path:
    """One empty folder for all ranks: the `tmp_path` of rank 0."""
    if RANKS == 1:
        return tmp_path
    from mpi4py import MPI

    return Path(MPI.COMM_WORLD.bcast(str(tmp_path)))
