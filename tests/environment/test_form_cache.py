"""What a killed run leaves in the cache of compiled forms must not stop the next one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HOLD = """
import sys, time
from pathlib import Path
from fem.jit import claim
claim(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def leftovers(folder: Path) -> tuple[Path, Path]:
    done, half = folder / "libffcx_forms_done.c", folder / "libffcx_forms_half.c"
    done.touch()
    done.with_suffix(".c.cached").touch()
    half.touch()
    return done, half


def claim_elsewhere(folder: Path) -> None:
    code = "import sys; from pathlib import Path; from fem.jit import claim; claim(Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True)


def test_unfinished_forms_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    done, half = leftovers(tmp_path)
    claim_elsewhere(tmp_path)
    assert done.exists()
    assert not half.exists()


def test_forms_that_another_run_compiles_are_left_alone(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "held"
        _, half = leftovers(tmp_path)
        claim_elsewhere(tmp_path)
        assert half.exists()
    finally:
        holder.kill()
        holder.wait()
    claim_elsewhere(tmp_path)
    assert not half.exists()
