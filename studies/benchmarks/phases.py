"""Stop watch for the phases of a benchmark: wall and processor seconds of the slowest rank, memory of all."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


def _largest_resident() -> int:
    status = Path("/proc/self/status")
    if status.exists():
        lines = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        if lines:
            return int(lines[0].split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def forget_peak() -> None:
    """Let the peak memory of this process start anew, where the system can (Linux)."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


@dataclass
class Phases:
    """Seconds per phase.

    Attributes:
        comm: communicator of the run.
        wall: phase -> wall seconds of the slowest rank.
        cpu: phase -> processor seconds of the busiest rank; on a shared machine the more reliable figure.
    """

    comm: Any
    wall: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        forget_peak()

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Time a phase; a phase that occurs again is added to. Collective."""
        self.comm.Barrier()
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        cpu = time.process_time() - cpu
        self.comm.Barrier()
        wall = time.perf_counter() - wall
        walls, cpus = zip(*self.comm.allgather((wall, cpu)), strict=True)
        self.wall[name] = self.wall.get(name, 0.0) + max(walls)
        self.cpu[name] = self.cpu.get(name, 0.0) + max(cpus)

    def peak_memory(self) -> int:
        """Largest resident memory of every rank since the start, summed, in bytes. Collective."""
        return int(sum(self.comm.allgather(_largest_resident())))


@dataclass(frozen=True)
class Outcome:
    """What one run of a benchmark gave.

    Attributes:
        unknowns: global number of scalar unknowns.
        iterations: of the linear solver.
        quantity: the number that the benchmark computes.
        solver: the linear solver in words.
    """

    unknowns: int
    iterations: int
    quantity: float
    solver: str
