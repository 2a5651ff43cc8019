"""How many time steps adaptive stepping saves: titration by pulses and rests, against fixed steps of the same error.

The half-cell of `studies.validation.half_cell` through two pulses of 30 s, each with a rest of half an hour. The error
is the largest one of the voltage at the ends of pulses and rests, against a run at a tolerance of 3e-7. Fixed steps use
the same formula (backward differentiation of order 3), with lengths that meet every end.

Run: ``python3 -m studies.benchmarks.adaptive_steps`` prints and writes ``results/adaptive-steps.jsonl``.
"""

from __future__ import annotations

import itertools
import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fem.protocol import Protocol, Step
from fem.solve.transient import TimeSettings, Transient
from studies.validation.half_cell import CASES, Case, cell

Floats = npt.NDArray[np.float64]
RESULTS = Path(__file__).parent / "results" / "adaptive-steps.jsonl"
TOLERANCES = (1e-3, 1e-4)
PULSE, REST = 30.0, 1800.0
DIVISIONS = (2, 6, 18)
"""Fixed steps per pulse."""


def protocol(case: Case) -> Protocol:
    """Pulse, rest, pulse back, rest."""
    steps = []
    for sign in (1, -1):
        steps.append(Step.constant("pulse", "current", sign * case.current, PULSE))
        steps.append(Step.constant("rest", "current", 0.0, REST))
    return Protocol(tuple(steps))


def ends(case: Case, settings: TimeSettings, steps: Protocol) -> tuple[Floats, int]:
    """Voltages at the ends of the steps of a protocol, V, and how many time steps that took."""
    run = Transient(cell(case, 12), steps, "cathode", 1.0, settings)
    found = np.array([p.voltage for p in run.points() if p.ended])
    count = run.report.steps + run.report.rejected
    run.destroy()
    return found, count


def fixed(case: Case, length: float) -> tuple[Floats, int]:
    """The same with fixed steps of a length in s."""
    settings = TimeSettings(tolerance=1e9, initial_step=length, largest_step=length)
    return ends(case, settings, protocol(case))


def measure(case: Case) -> list[dict[str, Any]]:
    """One record per tolerance: steps, errors, and how many fixed steps of the same error would be needed."""
    true, _ = ends(case, TimeSettings(tolerance=3e-7), protocol(case))

    def error(found: Floats) -> float:
        return float(np.abs(found - true).max())

    even = [(n, error(v)) for v, n in (fixed(case, PULSE / k) for k in DIVISIONS)]
    records = []
    for tolerance in TOLERANCES:
        found, count = ends(case, TimeSettings(tolerance=tolerance), protocol(case))
        needed = _steps_for(error(found), even)
        records.append(
            {
                "case": case.name,
                "tolerance": tolerance,
                "steps": count,
                "error_V": error(found),
                "fixed": [{"steps": n, "error_V": e} for n, e in even],
                "factor": round(needed / count, 1),
            }
        )
    return records


def _steps_for(error: float, even: list[tuple[int, float]]) -> float:
    """Fixed steps that would have an error, along straight lines between logarithms."""
    for (n, a), (m, b) in itertools.pairwise(even):
        if error >= b or (m, b) == even[-1]:
            slope = math.log(m / n) / math.log(a / b)
            return float(n * math.exp(slope * math.log(a / error)))
    raise AssertionError("no fixed steps")


def main() -> int:
    """Measure, print and write."""
    records = measure(CASES[0])
    RESULTS.write_text("".join(json.dumps(r) + "\n" for r in records))
    for r in records:
        print(
            f"{r['case']}, tolerance {r['tolerance']:g}: {r['steps']} steps, error {1e3 * r['error_V']:.2g} mV; "
            f"fixed steps of the same error: {r['factor']} times as many"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
