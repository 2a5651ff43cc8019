"""A run that does nothing but write checkpoints, to be killed; a script, also under mpirun.

    python3 checkpoint_writer.py FOLDER SECONDS

Writes its process ids into FOLDER/pids and, from the step of the newest checkpoint on, one checkpoint after the other
into FOLDER/checkpoints; ends by itself after SECONDS.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from mpi4py import MPI
from support.kept import fill, functions, slit_stack

from fem.output import checkpoint


def main() -> None:
    """Write until killed."""
    folder, seconds = Path(sys.argv[1]), float(sys.argv[2])
    comm = MPI.COMM_WORLD
    found = functions(slit_stack(comm, "2"))
    newest = comm.bcast(checkpoint.latest(folder / "checkpoints") if comm.rank == 0 else None)
    step = 0 if newest is None else checkpoint.read(newest, found, comm)[1]["step"]
    pids = comm.gather(os.getpid())
    if comm.rank == 0:
        (folder / "pids").write_text(" ".join(map(str, pids or [])))
    end = time.monotonic() + seconds
    while comm.bcast(time.monotonic() < end):
        step += 1
        fill(found, step)
        checkpoint.write(folder / "checkpoints", found, {"number": float(step)}, {"step": step}, comm, keep=1)


if __name__ == "__main__":
    main()
