"""Studies in time as a user runs them: series, quantities, balances, fields, pictures; interrupted and gone on with."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from mpi4py import MPI
from support.studies_in_time import CELL

from fem.constants import FARADAY, GAS
from fem.output.checkpoint import latest
from studies.errors import InputError
from studies.progress import Silent
from studies.results import Results
from studies.runner import run
from studies.schema import Study
from studies.transient import COLUMNS, TransientSession
from studies.transient_results import work_folder


def sample() -> Study:
    return Study.from_mapping(CELL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("transient") / "out"


@pytest.fixture(scope="module")
def results(folder: Path) -> Results:
    return run(sample(), folder, MPI.COMM_SELF, Silent())


def test_series_has_every_column_and_jumps_at_the_steps(results: Results) -> None:
    series = results.series
    assert set(COLUMNS) <= set(series)
    assert len({len(column) for column in series.values()}) == 1
    t, step = np.array(series["time"]), np.array(series["protocol_step"])
    assert np.all(np.diff(t) >= 0.0)
    assert list(np.unique(step)) == [0.0, 1.0, 2.0]  # the last rest was never begun
    assert np.all(np.array(series["cell_current"])[step == 0] == pytest.approx(10.0))
    pulse = t[step == 0]
    assert np.all(np.diff(pulse)[:-1] >= 10.0 * (1 - 1e-9))


def test_the_voltage_is_that_of_the_closed_form(results: Results) -> None:
    """B2.2: after the pulse the profile is linear, and the voltage that of a dilute solution."""
    series = results.series
    end = int(np.flatnonzero(np.array(series["protocol_step"]) == 0)[-1])
    limit = 2 * FARADAY * 5e-12 * 1000.0 / (0.8 * 50e-6)
    share = 10.0 / limit
    expected = 2 * GAS * 298.15 / FARADAY * math.log((1 + share) / (1 - share))
    assert series["cell_voltage"][end] == pytest.approx(expected, rel=2e-4)


def test_the_protocol_stops_when_the_salt_is_nearly_gone(results: Results) -> None:
    values = {label: q.value for label, q in results.quantities.items()}
    assert values["lowest_concentration"] == pytest.approx(100.0, rel=1e-4)
    assert values["mean_concentration"] == pytest.approx(1000.0, rel=1e-10)
    series = results.series
    assert values["elapsed_time"] == series["time"][-1]
    assert values["passed_charge"] == pytest.approx(12000.0 - 60.0 * (series["time"][-1] - 1320.0), rel=1e-9)
    assert any("lowest_concentration below 100" in note for note in results.solver.notes)


def test_balances_hold(results: Results) -> None:
    assert {"salt in polymer", "charge over the cell"} <= set(results.balances)
    assert not results.failures
    assert results.balances["salt in polymer"].relative < 1e-12


def test_the_folder_is_whole_and_nothing_lies_beside(results: Results, folder: Path) -> None:
    plain = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert Results.from_json(plain).series.keys() == results.series.keys()
    contents = json.loads((folder / "fields" / "fields.json").read_text(encoding="utf-8"))
    assert [s["label"]["step"] for s in contents["steps"]] == ["pulse", "pulse", "rest", "-6 mA/cm²"]
    assert (folder / "history.png").is_file()
    assert (folder / "concentration.png").is_file()
    assert not work_folder(folder).exists()
    assert list(folder.parent.iterdir()) == [folder]


def interrupted(points: int, work: Path) -> None:
    """A run that ends after so many recorded points, with a checkpoint between all legs."""
    session = TransientSession(sample(), MPI.COMM_SELF, 1.0, Silent())
    session.keep_in(work / "checkpoints")
    session.run.settings = type(session.run.settings)(leg=15)
    for k, _ in enumerate(session.points()):
        if k == points:
            break
    session.destroy()


def test_a_run_that_goes_on_equals_one_that_was_never_interrupted(results: Results, tmp_path: Path) -> None:
    session = TransientSession(sample(), MPI.COMM_SELF, 1.0, Silent())
    session.run.settings = type(session.run.settings)(leg=15)
    for _ in session.points():
        pass
    whole = session.recorded.columns
    session.destroy()
    interrupted(25, tmp_path)
    found = latest(tmp_path / "checkpoints")
    assert found is not None
    again = TransientSession(sample(), MPI.COMM_SELF, 1.0, Silent())
    again.run.settings = type(again.run.settings)(leg=15)
    again.resume(found)
    begun = len(again.recorded.columns["time"])
    assert 5 < begun < len(whole["time"])
    for _ in again.points():
        pass
    for name, column in whole.items():
        assert again.recorded.columns[name] == pytest.approx(column, rel=1e-10, abs=1e-12), name
    again.destroy()


def test_unfinished_runs_are_not_thrown_away(tmp_path: Path) -> None:
    out = tmp_path / "out"
    interrupted(12, work_folder(out))
    with pytest.raises(InputError, match="--resume"):
        run(sample(), out, MPI.COMM_SELF, Silent())
    changed = {**CELL, "time": {"tolerance": 1e-3}}
    with pytest.raises(InputError, match="another study"):
        run(Study.from_mapping(changed), out, MPI.COMM_SELF, Silent(), resume=True)
    results = run(sample(), out, MPI.COMM_SELF, Silent(), resume=True)
    assert not results.failures
    assert not work_folder(out).exists()


@pytest.mark.slow
def test_a_killed_run_goes_on_with_the_command_line(results: Results, tmp_path: Path) -> None:
    import yaml

    study, out = tmp_path / "salt.yaml", tmp_path / "out"
    study.write_text(yaml.safe_dump(CELL), encoding="utf-8")
    command = [sys.executable, "-m", "studies", "run", str(study), "--out", str(out), "--quiet"]
    for delay in (0.0, 0.2, 0.5):
        process = subprocess.Popen([*command, "--resume"], env=os.environ)
        deadline = time.monotonic() + 120
        while latest(work_folder(out) / "checkpoints") is None and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert subprocess.run([*command, "--resume"], check=False).returncode == 0
    found = json.loads((out / "results.json").read_text(encoding="utf-8"))
    for name, column in results.series.items():
        assert found["series"][name] == pytest.approx(column, rel=1e-10, abs=1e-12), name
