"""The cache of compiled forms: what a killed run leaves must not stop the next one; a form is opened by its name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HOLD = """
import sys, time
from pathlib import Path
from fem.jit import claim
claim(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


OPEN = """
import posix, sys
from pathlib import Path
import ufl
from dolfinx import fem, mesh
from mpi4py import MPI
from fem.jit import open_by_name
open_by_name()
open_by_name()
domain = mesh.create_unit_interval(MPI.COMM_SELF, 3)
x = ufl.SpatialCoordinate(domain)
listed = []
known = posix.listdir
posix.listdir = lambda *a: listed.append(a) or known(*a)  # what importlib calls
for _ in range(2):
    listed.clear()
    form = fem.form(3 * x[0] ** 2 * ufl.dx, jit_options={"cache_dir": Path(sys.argv[1])})
    print(fem.assemble_scalar(form), len(listed))
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


def test_a_compiled_form_is_opened_without_listing_the_cache(tmp_path: Path) -> None:
    """FFCx lists the cache with every form that it opens, which costs more than all else once there are thousands."""
    command = [sys.executable, "-c", OPEN, str(tmp_path)]
    for compiled in (False, True):
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        (first, listed), (second, again) = (map(float, line.split()) for line in done.stdout.splitlines())
        assert first == second == pytest.approx(1.0, rel=1e-14)
        assert again == 0
        assert (listed == 0) == compiled
