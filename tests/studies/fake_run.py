"""`ssbfem` with a runner that behaves as the first argument says; a script, also under mpirun.

Solving itself is tested elsewhere: this is about what the command line does with whatever happens in it.
"""

from __future__ import annotations

import sys
import time
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def install(behaviour: str) -> None:
    """Put a module in the place of `studies.runner`."""
    from studies.results import (
        Balance,
        CheckOutcome,
        QuantityValue,
        Results,
        SolverReport,
        results_folder,
        write_json,
    )

    def results(value: float) -> Results:
        return Results(
            study="planar-cell",
            title="fake",
            quantities={"cell_voltage": QuantityValue(value, "V", 1e-9, "mesh family", "cell_voltage")},
            balances={"charge": Balance(1e-16, 10.0, 1e-9, "A/m^2")},
            solver=SolverReport(dofs=10),
            checks=(CheckOutcome("cell_voltage", value, 0.1, 1e-3, "V", "thin air", 0.01),),
            provenance={"version": "0"},
        )

    def run(study: Any, out: Path | None, comm: Any, progress: Any, resume: bool = False) -> Results:
        value = 0.2 if behaviour == "check-fails" else 0.1
        assert out is not None
        with results_folder(out, comm) as folder, progress.phase("solve"):
            misbehave(behaviour, comm)
            if comm.rank == 0:
                write_json(folder / "results.json", results(value).to_json())
        return results(value)

    def solve(study: Any, comm: Any, scale: float = 1.0, progress: Any = None) -> Mapping[str, float]:
        return {q.label: 1.0 + 0.01 * scale**2 for q in study.quantities}

    def mesh(study: Any, out: Path | None, comm: Any, progress: Any, store: Path | None = None) -> Mapping[str, Any]:
        return {"cells": 12, "largest size": 1e-6}

    module: Any = types.ModuleType("studies.runner")
    module.run, module.solve, module.mesh = run, solve, mesh
    sys.modules["studies.runner"] = module


def misbehave(behaviour: str, comm: Any) -> None:
    """Fail in the way asked for."""
    from fem.errors import ConvergenceError, ModelError
    from meshes.problems import MeshError, MeshProblem, Problem

    errors: dict[str, BaseException] = {
        "diverges": ConvergenceError("Newton's method stopped at 1e-3"),
        "bad-model": ModelError("no layer 'x'"),
        "bad-mesh": MeshError("void[0] and void[1] cannot be meshed"),
        "bad-geometry": MeshProblem([Problem("layers[0].thickness", "0", "must be positive")]),
        "bug": RuntimeError("something else {with braces}"),
        "memory": MemoryError(),
        "interrupt": KeyboardInterrupt(),
    }
    if behaviour in errors:
        raise errors[behaviour]
    if behaviour == "bug-on-rank-1":
        if comm.rank == 1:
            raise RuntimeError("only here")
        comm.barrier()  # the others wait for rank 1 in vain
    if behaviour == "slow":
        time.sleep(30)


if __name__ == "__main__":
    from studies.cli import main

    install(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
