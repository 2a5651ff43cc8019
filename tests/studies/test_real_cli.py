"""The command as a user meets it: exit statuses, nothing half-written, several ranks. Everything real."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

STUDY = """
study: small
geometry:
  dimension: 1
  layers:
    - {name: anode, material: Li, thickness: 10 um}
    - {name: electrolyte, material: LLZO, thickness: 50 um}
    - {name: counter, material: Li, thickness: 10 um}
interfaces:
  anode|electrolyte: {kinetics: butler-volmer, exchange_current: 1 A/m^2%s}
  electrolyte|counter: {kinetics: butler-volmer, exchange_current: 10 A/m^2}
operation: {current: 100 A/m^2}
mesh: {error_estimate: none}
checks:
  - {quantity: cell_voltage, expect: %s, within: 1 %%, source: made up}
"""
# An anodic rate that does not grow with the overpotential cannot pass more than the exchange current.
SATURATED = ", anodic_transfer_coefficient: 0, cathodic_transfer_coefficient: 1"


def ssbfem(*arguments: str, ranks: int = 1) -> subprocess.CompletedProcess[str]:
    launcher = ["mpirun", "-n", str(ranks)] if ranks > 1 else []
    command = [*launcher, sys.executable, "-m", "studies", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def study(folder: Path, extra: str = "", expect: str = "0.5 V") -> str:
    path = folder / "small.yaml"
    path.write_text(STUDY % (extra, expect))
    return str(path)


@pytest.mark.slow
def test_a_check_that_fails_leaves_results_and_exits_with_1(tmp_path: Path) -> None:
    done = ssbfem("run", study(tmp_path, expect="1 kV"), "--out", str(tmp_path / "out"))
    assert done.returncode == 1, done.stderr
    assert "cell_voltage" in done.stderr
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert [c["pass"] for c in results["checks"]] == [False]
    assert all(b["pass"] for b in results["balances"].values())


@pytest.mark.slow
def test_a_current_beyond_what_the_kinetics_can_pass_exits_with_3(tmp_path: Path) -> None:
    done = ssbfem("run", study(tmp_path, SATURATED), "--out", str(tmp_path / "out"))
    assert done.returncode == 3
    assert "try a smaller current" in done.stderr
    assert "Traceback" not in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["small.yaml"]


@pytest.mark.slow
def test_failure_and_bad_input_end_all_ranks(tmp_path: Path) -> None:
    failed = ssbfem("run", study(tmp_path, SATURATED), "--out", str(tmp_path / "out"), ranks=2)
    assert failed.returncode == 3
    wrong = ssbfem("run", study(tmp_path, ", film_resistance: -1 ohm*cm^2"), ranks=2)
    assert wrong.returncode == 2
    assert wrong.stderr.count("film_resistance") == 1
