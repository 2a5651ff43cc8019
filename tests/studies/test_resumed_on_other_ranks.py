"""A run in time that is killed on two ranks, whenever, goes on with three as if nothing had happened."""

import contextlib
import copy
import json
import os
import random
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from mpi4py import MPI
from support.studies_in_time import CELL

from fem.output.checkpoint import latest
from studies.progress import Silent
from studies.runner import run
from studies.schema import Study
from studies.transient_results import work_folder

KILLS = 2
LATEST = 0.4
"""s after a new checkpoint; a leg takes about as long."""


def flat() -> dict[str, Any]:
    """The cell in two dimensions, with a shorter protocol."""
    made = copy.deepcopy(CELL)
    made["geometry"] |= {"dimension": 2, "width": "20 um"}
    pulse = [{"current": "10 A/m^2", "for": "1 min"}, {"rest": "20 s"}]
    made["operation"] = {"protocol": [{"cycle": pulse, "times": KILLS + 1}]}
    made["time"] |= {"tolerance": 1e-2}
    made["mesh"] = {"error_estimate": "none", "bulk": "10 um", "interface": "3 um"}
    made["pictures"] = []
    return made


def _ranks(out: Path) -> list[int]:
    """Process ids of all that runs the study into a folder, without the launcher."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = entry.read_bytes().split(b"\0")
            if str(out).encode() in words and b"mpirun" not in words[0]:
                found.append(int(entry.parent.name))
    return found


def _kill(launcher: subprocess.Popen[bytes], out: Path) -> int:
    """End a launcher and its ranks, which have process groups of their own and would outlive it; returns how many.

    A rank that went on beside the next run would write checkpoints of its own.
    """
    ranks = _ranks(out)
    os.killpg(launcher.pid, signal.SIGKILL)
    for number in ranks:
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    launcher.wait()
    deadline = time.monotonic() + 20
    while _ranks(out):  # those that have ended have no command line any more
        assert time.monotonic() < deadline, "a rank outlives its launcher"
        time.sleep(0.02)
    return len(ranks)


@pytest.mark.slow
def test_two_ranks_then_three(tmp_path: Path) -> None:
    alone = run(Study.from_mapping(flat()), None, MPI.COMM_SELF, Silent())
    study, out = tmp_path / "salt.yaml", tmp_path / "out"
    study.write_text(yaml.safe_dump(flat()), encoding="utf-8")
    # the suite itself may run under MPI: its variables must not reach the other jobs
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("OMPI_COMM", "PMIX", "PRTE_LAUNCHED"))}
    # beside other tests: ranks that wait make room, and none is bound to a core that is taken
    environment |= {"OMPI_MCA_mpi_yield_when_idle": "1", "PRTE_MCA_hwloc_default_binding_policy": "none"}

    def command(ranks: int) -> list[str]:
        return ["mpirun", "-n", str(ranks), sys.executable, "-m", "studies", "run", str(study), "--out", str(out)]

    checkpoints = work_folder(out) / "checkpoints"
    seed = secrets.randbits(32)
    print(f"kills at random instants, seed {seed}")
    chance, before = random.Random(seed), None
    for _ in range(KILLS):
        process = subprocess.Popen([*command(2), "--resume", "--quiet"], env=environment, start_new_session=True)
        deadline = time.monotonic() + 200
        while latest(checkpoints) == before and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(chance.uniform(0.0, LATEST))
        killed = process.poll() is None
        assert _kill(process, out) >= 2 or not killed
        assert killed, "the run ended before it could be killed"
        before = latest(checkpoints)
        assert before is not None
    done = subprocess.run([*command(3), "--resume", "--quiet"], env=environment, timeout=500, check=False)
    assert done.returncode == 0
    found = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert found["solver"]["ranks"] == 3
    for name, column in alone.series.items():
        largest = max(map(abs, column))  # a current of zero is one that is small against the others
        assert found["series"][name] == pytest.approx(column, rel=1e-10, abs=1e-10 * largest), name
