"""Work balance of studies with creep: closes with a neighbour that swells and after a resume, not with energy lost."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from mpi4py import MPI

from fem.output.checkpoint import latest
from fem.solve.ledger import Ledger
from studies.progress import Silent
from studies.schema import Study
from studies.transient import TransientSession

CELL: dict[str, Any] = {
    "study": "creep-and-swelling",
    "geometry": {
        "dimension": 2,
        "width": "10 um",
        "layers": [
            {"name": "anode", "material": "Li", "thickness": "5 um", "creep": "norton"},
            {"name": "electrolyte", "material": "LPSCl", "thickness": "5 um"},
            {
                "name": "cathode",
                "material": "NCM811",
                "thickness": "5 um",
                "conduction": "equipotential",
                "transport": {"lithiation": 0.9},
                "swelling": "lattice-mean",
            },
        ],
    },
    "interfaces": {
        "anode|electrolyte": {"kinetics": "butler-volmer", "exchange_current": "10 A/m^2"},
        "electrolyte|cathode": {"kinetics": "butler-volmer", "exchange_current": "10 A/m^2"},
    },
    "operation": {
        "working_electrode": "cathode",
        "protocol": [
            {"current": "5 A/m^2", "for": "10 s", "stack_pressure": {"from": "0 MPa", "to": "2 MPa"}},
            {"rest": "2 s", "stack_pressure": "1 MPa"},
        ],
    },
    "mechanics": {"lateral": "free"},
    "mesh": {"error_estimate": "none", "bulk": "5 um", "interface": "1.7 um"},
    "quantities": ["creep_dissipation"],
}


def _session() -> TransientSession:
    made = copy.deepcopy(CELL)
    made["pictures"] = []
    made["time"] = {"tolerance": 1e-2, "initial_step": "0.05 s"}
    return TransientSession(Study.from_mapping(made), MPI.COMM_WORLD, 1.0, Silent())


def _to_the_end(session: TransientSession) -> list[tuple[float, float, float]]:
    """Work, stored and dissipated energy at all recorded times; the balance holds at each."""
    assert session.ledger is not None
    found = []
    for point in session.points():
        balance = session.stored.balances(point.charge, 0.0)["work"]
        assert balance.relative < 1e-8
        found.append(session.ledger.terms())
    return found


@pytest.mark.mpi
def test_work_is_stored_or_dissipated(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lithium that creeps under a cathode that shrinks, through a jump of the pressure; resumed, the sums go on.

    A thousandth of what was dissipated, forgotten, opens the balance.
    """
    folder = Path(MPI.COMM_WORLD.bcast(str(tmp_path_factory.mktemp("kept")) if MPI.COMM_WORLD.rank == 0 else None))
    first = _session()
    kept: list[Path] = []

    def keep(position: Any) -> None:
        if not kept:
            first.keep_in(folder)
            first.checkpoint()
            path = latest(folder)
            assert path is not None
            kept.append(path)

    first.run.boundary = keep
    whole = _to_the_end(first)
    work, stored, lost = whole[-1]
    assert lost > 0.1 * abs(work)
    assert abs(stored) > 1e-3 * abs(work)
    second = _session()
    second.resume(kept[0])
    rest = _to_the_end(second)
    assert 0 < len(rest) < len(whole)
    assert rest[-1] == pytest.approx(whole[-1], rel=1e-8)
    terms = Ledger.terms
    monkeypatch.setattr(Ledger, "terms", lambda self: (*terms(self)[:2], 0.999 * terms(self)[2]))
    assert not first.stored.balances(0.0, 0.0)["work"].holds
    for session in (first, second):
        session.destroy()
