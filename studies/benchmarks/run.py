"""Run a benchmark and print what it cost.

``python3 -m studies.benchmarks.run disc-contact --unknowns 2.3e5``, the same under ``mpirun -n N``. Every run
is appended to ``results/<benchmark>.jsonl`` with the machine it ran on; ``--table`` prints what is there.
``--implementation both --repeat 3`` runs the bare script and the package in turns and prints medians and their
ratio, which a busy machine changes less than either.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
BENCHMARKS = (
    "disc-contact",
    "void-array-3d",
    "transient-3d",
    "impedance-3d",
    "elasticity-3d",
    "creep-3d",
    "fracture-3d",
)
IMPLEMENTATIONS = ("bare", "package", "both")
#: What is compared between the implementations: all that depends on how the problem is assembled and solved.
COMPARED = ("assembly", "set-up", "solve")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m studies.benchmarks.run", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("benchmark", choices=BENCHMARKS)
    parser.add_argument("--unknowns", type=float, nargs="+", default=[3e4, 2.3e5], help="sizes, e.g. 3e4 2.3e5 1.6e6")
    parser.add_argument("--implementation", choices=IMPLEMENTATIONS, default="package")
    parser.add_argument("--repeat", type=int, default=1, help="runs of each size and implementation, in turns")
    parser.add_argument("--solver", default="p-multigrid", help="p-multigrid, hypre or direct")
    parser.add_argument("--rtol", type=float, default=1e-8, help="relative residual of the linear solver")
    parser.add_argument("--no-record", action="store_true", help="print only")
    parser.add_argument("--table", action="store_true", help="print the recorded results and run nothing")
    return parser


def measure(benchmark: str, unknowns: float, implementation: str, solver: str, rtol: float) -> dict[str, Any]:
    """One run. Collective.

    Returns:
        The record, the same on all ranks.
    """
    from mpi4py import MPI

    from studies.benchmarks.phases import Phases

    phases = Phases(MPI.COMM_WORLD)
    name = f"studies.benchmarks.{implementation}_{benchmark.replace('-', '_')}"
    outcome = importlib.import_module(name).benchmark(unknowns, MPI.COMM_WORLD, phases, solver, rtol)
    return {
        "benchmark": benchmark,
        "implementation": implementation,
        "solver": outcome.solver,
        "ranks": MPI.COMM_WORLD.size,
        "unknowns": outcome.unknowns,
        "iterations": outcome.iterations,
        "quantity": outcome.quantity,
        "wall": {k: round(v, 3) for k, v in phases.wall.items()},
        "cpu": {k: round(v, 3) for k, v in phases.cpu.items()},
        "peak_memory": phases.peak_memory(),
        "machine": machine(),
    }


def machine() -> dict[str, Any]:
    """What the run took place on."""
    import dolfinx
    from petsc4py import PETSc

    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if "model name" in line]
        cpu = names[0] if names else cpu
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "cpu": cpu,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "dolfinx": dolfinx.__version__,
        "petsc": ".".join(map(str, PETSc.Sys.getVersion())),
    }


def ratios(records: Sequence[dict[str, Any]]) -> str:
    """Median seconds of processor time of assembly, set-up and solve, package over bare, by size and ranks."""
    lines = []
    seconds: dict[tuple[Any, ...], list[float]] = {}
    for r in records:
        if set(COMPARED) <= set(r["cpu"]):
            key = (r["unknowns"], r["ranks"], r["implementation"])
            seconds.setdefault(key, []).append(sum(r["cpu"][name] for name in COMPARED))
    for size, ranks in sorted({key[:2] for key in seconds}):
        bare, package = (seconds.get((size, ranks, kind)) for kind in ("bare", "package"))
        if bare and package:
            a, b = statistics.median(bare), statistics.median(package)
            lines.append(f"{size:,} unknowns, {ranks} ranks: bare {a:.2f} s, package {b:.2f} s, ratio {b / a:.2f}")
    return "\n".join(lines)


def table(records: Sequence[dict[str, Any]]) -> str:
    """Records as a Markdown table: seconds of processor time (wall in brackets) per phase."""
    names = list(dict.fromkeys(name for r in records for name in r["wall"]))
    head = ["implementation", "solver", "ranks", "unknowns", *names, "iterations", "quantity", "GB"]
    rows = [head, ["---"] * len(head)]
    for r in records:
        seconds = [f"{r['cpu'][n]:.2f} ({r['wall'][n]:.2f})" if n in r["wall"] else "" for n in names]
        tail = [str(r["iterations"]), f"{r['quantity']:.6f}", f"{r['peak_memory'] / 1e9:.2f}"]
        rows.append([r["implementation"], r["solver"], str(r["ranks"]), f"{r['unknowns']:,}", *seconds, *tail])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    options = _parser().parse_args(arguments)
    path = RESULTS / f"{options.benchmark}.jsonl"
    if options.table:
        kept = [json.loads(line) for line in path.read_text().splitlines()]
        print(table(kept), ratios(kept), sep="\n\n")
        return 0
    from mpi4py import MPI

    first = MPI.COMM_WORLD.rank == 0
    records = []
    chosen = ("bare", "package") if options.implementation == "both" else (options.implementation,)
    runs = [(size, kind) for size in options.unknowns for _ in range(options.repeat) for kind in chosen]
    for unknowns, implementation in runs:
        record = measure(options.benchmark, unknowns, implementation, options.solver, options.rtol)
        records.append(record)
        if first and not options.no_record:
            path.parent.mkdir(exist_ok=True)
            with path.open("a") as file:
                file.write(json.dumps(record) + "\n")
    if first:
        print(table(records), ratios(records), sep="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
