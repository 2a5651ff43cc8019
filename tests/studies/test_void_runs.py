"""Studies of voids with a sharp surface, run: closed forms, conditions, resuming, ranks, and what users get."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from support.ranks import alone, several
from test_void_surface_words import AT_REST, ELECTROLYTE, HERE, LITHIUM, study

from fem.errors import ConvergenceError
from fem.protocol import Cutoff
from studies.errors import SolveError
from studies.progress import Silent
from studies.results import Results
from studies.runner import run
from studies.schema import Study
from studies.transient_results import work_folder
from studies.void_evolution import session as sessions
from studies.void_evolution.record import Record
from studies.void_evolution.session import VoidSession
from studies.void_evolution.thresholds import ThresholdSession

SELF = MPI.COMM_SELF
ROUND = {
    f"{HERE}.edges": 6,
    "geometry.dimension": "axisymmetric",
    "geometry.width": "5 um",
    "time": {"tolerance": 0.02},
}
NEWTONIAN = {"norton_exponent": 1.0, "norton_reference_stress": "100 Pa", "self_diffusivity": "1e-25 m^2/s"}
VISCOSITY_RATE = math.exp(-37e3 / (8.314462618 * 298.15)) / 100.0
"""A of the rate A p with these numbers, 1/(Pa s)."""


def finished(made: Study) -> VoidSession:
    """A run to its end."""
    session = VoidSession(made, SELF, Silent())
    for _ in session.instants():
        pass
    return session


# ---------------------------------------------------------------------- closed forms
def test_threshold_and_closure_of_newtonian_lithium() -> None:
    """Half a ball in much linear lithium closes at (A/2)(3p/2) (Budiansky, Hutchinson and Slutsky, n = 1).

    Without sinks it catches all vacancies of the wall.
    """
    words = {
        "operation": {"temperature": "298.15 K", "current": "1 mA/cm^2", "stack_pressure": "2 MPa"},
        "quantities": ["threshold_pressure", "void_growth_rate", "contact_fraction"],
    }
    changes = {
        "geometry.dimension": "axisymmetric",
        "geometry.width": "8 um",
        "geometry.layers.lithium.thickness": "8 um",
        "geometry.layers.lithium.properties": NEWTONIAN,
        f"{HERE}.surface_energy": "0 J/m^2",
        f"{HERE}.sink_length": "1 m",
        f"{HERE}.edges": 12,
        "mesh.bulk": "2 um",
    }
    solved = ThresholdSession(study(changes, words), SELF, Silent()).solve_at(10.0)
    supply = 13e-6 * 10.0 / 96485.33212 * math.pi * (8e-6) ** 2
    volume, shell = 2 / 3 * math.pi * 1e-18, 1 / (1 - 8.0**-3)
    closing = 9 / 4 * VISCOSITY_RATE * shell
    assert solved.values["threshold_pressure"] == pytest.approx(supply / (volume * closing), rel=0.02)
    growth = supply / volume - closing * 2e6
    assert solved.values["void_growth_rate"] == pytest.approx(growth, rel=0.02)
    assert solved.values["contact_fraction"] == pytest.approx(1 - 1 / 64, rel=1e-9)
    assert all(abs(b.residual) <= 1e-9 * b.scale for b in solved.balances)


def test_no_pressure_would_do() -> None:
    """Lithium that hardly creeps, and no sinks: the solve fails, and says at which current."""
    stiff = {**NEWTONIAN, "norton_reference_stress": "1 GPa"}
    changes = {"geometry.layers.lithium.properties": stiff, f"{HERE}.sink_length": "1 m", f"{HERE}.edges": 6}
    session = ThresholdSession(study(changes, AT_REST), SELF, Silent())
    with pytest.raises(SolveError, match=r"1 mA/cm²: no stack pressure"):
        session.solve_at(10.0)


# ---------------------------------------------------------------------- protocols
def _cycle(first: Any, second: Any, **changes: Any) -> Study:
    return study({**ROUND, "operation.protocol": [first, second], **changes})


STRIP = {"name": "strip", "current": "2 mA/cm^2", "for": "20 s", "stack_pressure": "0.3 MPa"}
PRESS = {"name": "press", "rest": "20 s", "stack_pressure": {"from": "0.3 MPa", "to": "2 MPa"}}
LABELS = {"quantities": ["void_volume", "contact_fraction", "stack_shortening", "stripped_lithium", "elapsed_time"]}


def test_a_condition_is_met_where_it_says() -> None:
    """A step ends where the contact fraction crosses its value, the next one goes on from there; nothing is lost."""
    strip = {**STRIP, "until": {"contact_fraction": "below 95.5 %"}}
    session = finished(_cycle(strip, PRESS, **LABELS))
    columns, (number, why) = session.record.columns, session.record.ends[0]
    assert why.startswith("contact_fraction")
    assert columns["contact_fraction"][number] == pytest.approx(0.955, abs=2e-4)
    ended = columns["time"][number]
    assert 0.0 < ended < 20.0
    assert columns["time"][-1] == pytest.approx(ended + 20.0, rel=1e-9)
    assert columns["stripped_lithium"][-1] == pytest.approx(13e-6 * 20.0 * ended / 96485.33212, rel=1e-9)
    assert columns["stack_pressure"][number] == 0.3e6
    assert columns["stack_pressure"][number + 1] == pytest.approx(0.3e6)
    assert columns["stack_pressure"][-1] == pytest.approx(2e6)
    assert columns["cell_current"][number + 1] == 0.0
    assert all(b.holds for b in session.balances().values()), session.balances()


@pytest.mark.parametrize("jump", [3.0, 6.0, 9.9])
def test_a_condition_that_is_jumped_over(jump: float) -> None:
    """Where voids merge, contact jumps: the step ends beyond the jump, not before it."""

    @dataclass
    class Jumping:
        time: float = 0.0

        def state(self) -> Any:
            return SimpleNamespace(time=self.time)

        def restore(self, state: Any) -> None:
            self.time = state.time

        def run(self, until: float, first: float) -> list[Any]:
            self.time = until
            return [self.at(until)]

        def at(self, time: float) -> Any:
            return SimpleNamespace(time=time, contact=0.9 if time < jump else 0.5, volumes=np.zeros(1))

    session: Any = object.__new__(VoidSession)
    session.evolution, session.posed = Jumping(10.0), SimpleNamespace(thickness_of=lambda volume: volume)
    session.record = Record({"time": [0.0], "contact_fraction": [0.9]})
    cutoff = Cutoff("contact_fraction", "below", 0.8)
    found = session._located(cutoff, SimpleNamespace(time=0.0), session.evolution.at(10.0))
    assert found.contact == 0.5
    assert jump <= found.time == session.evolution.time <= 10.0


def test_lithium_below_and_the_other_electrode() -> None:
    """The order of the layers and the electrode that counts change nothing but the sign of the current."""
    one = study({**ROUND, "operation.protocol": [{**STRIP, "for": "4 s"}], **LABELS})
    turned = {**STRIP, "for": "4 s", "current": "-2 mA/cm^2"}
    words = {
        "geometry": {"dimension": 2, "width": "6 um", "layers": [LITHIUM, ELECTROLYTE]},
        "interfaces": {"lithium|electrolyte": {"kinetics": "butler-volmer", "exchange_current": "500 A/m^2"}},
    }
    other = study(
        {**ROUND, "operation.protocol": [turned], "operation.working_electrode": "electrolyte", **LABELS}, words
    )
    assert finished(other).values() == pytest.approx(finished(one).values(), rel=1e-12)


def test_pulses() -> None:
    """Loads jump between legs: the charge is that of the protocol to rounding, and is what was stripped."""
    pulse = {"pulse": {"current": "2 mA/cm^2", "on": "2 s", "off": "1 s", "count": 2}, "stack_pressure": "0.3 MPa"}
    session = finished(study({**ROUND, "operation.protocol": [pulse], **LABELS}))
    columns = session.record.columns
    assert columns["time"][-1] == 6.0
    assert columns["charge"][-1] == pytest.approx(80.0, rel=1e-12)
    at_end = dict(zip(columns["time"], columns["cell_current"], strict=True))
    assert [at_end[t] for t in (2.0, 3.0, 5.0, 6.0)] == [20.0, 0.0, 20.0, 0.0]
    assert all(b.holds for b in session.balances().values())


def test_jumps_after_a_crooked_time() -> None:
    """0.3 s + 0.6 s - 0.3 s is less than 0.6 s: the load after a jump is still the one after it."""
    pulse = {"pulse": {"current": "2 mA/cm^2", "on": "0.6 s", "off": "0.6 s", "count": 2}, "stack_pressure": "0.3 MPa"}
    rest = {"rest": "0.3 s", "stack_pressure": "0.3 MPa"}
    session = finished(study({**ROUND, "operation.protocol": [rest, pulse], **LABELS}))
    columns = session.record.columns
    assert (0.3 + 0.6) - 0.3 < 0.6
    at_end = {round(t, 9): current for t, current in zip(columns["time"], columns["cell_current"], strict=True)}
    assert [at_end[t] for t in (0.9, 1.5, 2.1, 2.7)] == [20.0, 0.0, 20.0, 0.0]
    assert columns["charge"][-1] == pytest.approx(24.0, rel=1e-12)
    assert all(b.holds for b in session.balances().values()), session.balances()


def test_resumed_is_uninterrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is killed after a checkpoint and goes on ends as one that was not; others are refused."""
    monkeypatch.setattr(sessions, "LONGEST_LEG", 2)
    monkeypatch.setattr(sessions, "SHORTEST_LEG", 1)
    changes = {**LABELS, "time": {"tolerance": 0.02, "checkpoint_every": "1 us"}, "mesh.error_estimate": "none"}
    made = _cycle({**STRIP, "for": "30 s"}, {**PRESS, "rest": "4 s"}, **changes)
    whole = run(made, None, SELF, Silent())

    class Killed(Exception):
        pass

    normal, count = VoidSession.checkpoint, [0]

    def checkpoint(self: VoidSession) -> None:
        normal(self)
        count[0] += 1
        if count[0] == 2:
            raise Killed

    monkeypatch.setattr(VoidSession, "checkpoint", checkpoint)
    out = tmp_path / "out"
    with pytest.raises(Killed):
        run(made, out, SELF, Silent())
    monkeypatch.setattr(VoidSession, "checkpoint", normal)
    with pytest.raises(Exception, match="--resume"):
        run(made, out, SELF, Silent())
    resumed = run(made, out, SELF, Silent(), resume=True)
    assert not work_folder(out).exists()
    for name, column in whole.series.items():
        np.testing.assert_allclose(resumed.series[name], column, rtol=1e-9, err_msg=name)
    assert resumed.solver.notes == whole.solver.notes


def test_what_a_user_gets(tmp_path: Path) -> None:
    """Results with error bars, table of outlines, pictures, notes of events; a void that heals ends the run."""
    changes = {
        **LABELS,
        f"{HERE}.flaws": [{"radius": "0.5 um"}],
        f"{HERE}.healed": "40 %",
        "pictures": ["voids", "animation"],
        "operation.protocol": [{"name": "heal", "rest": "1 h", "stack_pressure": "5 MPa"}, {"rest": "1 h"}],
    }
    out = tmp_path / "out"
    results = run(study({**ROUND, **changes}), out, SELF, Silent())
    assert set(results.files) == {"outlines.csv", "voids.png", "voids.gif"}
    assert all((out / name).stat().st_size > 0 and text for name, text in results.files.items())
    assert results.quantities["void_volume"].value == 0.0
    elapsed = results.quantities["elapsed_time"]
    assert elapsed.error is not None
    assert 0 < elapsed.error < elapsed.value < 3600.0
    assert elapsed.error_kind == "coarser outlines and time steps"
    assert any("healed (step heal)" in note for note in results.solver.notes)
    assert "the protocol ended after 1 of 2 steps" in results.solver.notes
    assert {name: balance.holds for name, balance in results.balances.items()} == {"lithium": True, "charge": True}
    assert results.failures == ()
    kept = Results.from_json(json.loads((out / "results.json").read_text(encoding="utf-8")))
    assert kept.series["voids"][-1] == 0.0
    table = np.loadtxt(out / "outlines.csv", delimiter=",", skiprows=1)
    assert table.shape[1] == 5
    first = table[table[:, 0] == 0]
    assert len(first) == 7
    assert first[:, 4].min() == pytest.approx(20e-6)
    assert first[:, 4].max() == pytest.approx(20.5e-6)


def test_a_coarser_run_that_fails_costs_the_error_bars_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Results stay; it has fewer edges whatever a study asks for."""
    edges = []
    normal = VoidSession.values

    def values(self: VoidSession) -> dict[str, float]:
        edges.append(self.posed.settings.edges)
        if len(edges) > 1:
            raise ConvergenceError("no flow")
        return normal(self)

    monkeypatch.setattr(VoidSession, "values", values)
    steps = [{"rest": "1 ms", "stack_pressure": "0.3 MPa"}]
    results = run(study({**ROUND, "operation.protocol": steps, **LABELS}), None, SELF, Silent())
    assert edges == [6, 4]
    assert results.quantities["void_volume"].value > 0
    assert all(quantity.error is None for quantity in results.quantities.values())


def test_a_site_opens() -> None:
    """A run without voids at first: a site opens, and is followed."""
    changes = {
        f"{HERE}.flaws": [],
        f"{HERE}.sites": [{"radius": "1 um"}],
        f"{HERE}.sink_length": "100 um",
        "operation.protocol": [{"current": "10 mA/cm^2", "for": "1 s", "stack_pressure": "0.1 MPa"}],
        **LABELS,
    }
    session = finished(study({**ROUND, **changes}))
    assert [event.what for event in session.record.events] == ["opened"]
    assert session.record.columns["voids"][-1] == 1.0
    assert session.balances()["lithium"].holds


# ---------------------------------------------------------------------- ranks
@pytest.mark.mpi
@several
def test_ranks_change_nothing() -> None:
    made = study({**ROUND, "operation.protocol": [{**STRIP, "for": "2 s"}], **LABELS})
    sweep = study({f"{HERE}.edges": 6}, AT_REST)

    def both(comm: MPI.Comm) -> dict[str, float]:
        session = VoidSession(made, comm, Silent())
        for _ in session.instants():
            pass
        return {**session.values(), **ThresholdSession(sweep, comm, Silent()).solve_at(10.0).values}

    one = alone(lambda: both(SELF))
    assert both(MPI.COMM_WORLD) == pytest.approx(one, rel=1e-6)
