"""How many time steps adaptive stepping saves: titration by pulses and rests, against fixed steps of the same error.

The half-cell of `studies.validation.half_cell` through two pulses of 30 s, each with a rest of 10 or of 60 times that.
The error is the largest one of the voltage at the ends of pulses and rests, against a run with a tolerance of 1e-7 and
short steps. Fixed steps use backward differentiation too, with lengths that meet every end, and the order of 3 and 4
that needs fewer of them.

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
TOLERANCES = (1e-2, 1e-3, 1e-4, 1e-5)
PULSE, RESTS = 30.0, (300.0, 1800.0)
DIVISIONS = (2, 6, 18, 54)
"""Fixed steps per pulse."""
ORDERS = (3, 4)
"""Of fixed steps."""


def protocol(case: Case, rest: float) -> Protocol:
    """Pulse, rest in s, pulse back, rest."""
    steps = []
    for sign in (1, -1):
        steps.append(Step.constant("pulse", "current", sign * case.current, PULSE))
        steps.append(Step.constant("rest", "current", 0.0, rest))
    return Protocol(tuple(steps))


def ends(case: Case, settings: TimeSettings, steps: Protocol) -> tuple[Floats, int]:
    """Voltages at the ends of the steps of a protocol, V, and how many time steps that took."""
    run = Transient(cell(case, 12), steps, "cathode", 1.0, settings)
    found = np.array([p.voltage for p in run.points() if p.ended])
    count = run.report.steps + run.report.rejected
    run.destroy()
    return found, count


def fixed(case: Case, length: float, order: int, rest: float) -> tuple[Floats, int]:
    """The same with fixed steps of a length in s."""
    settings = TimeSettings(1e9, order, initial_step=length, largest_step=length)
    return ends(case, settings, protocol(case, rest))


def measure(case: Case, rest: float) -> list[dict[str, Any]]:
    """One record per tolerance: steps, errors, and how many fixed steps of the same error would be needed."""
    true, _ = ends(case, TimeSettings(tolerance=1e-7, largest_step=PULSE / 40), protocol(case, rest))

    def error(found: Floats) -> float:
        return float(np.abs(found - true).max())

    even = {
        order: [(n, error(v)) for v, n in (fixed(case, PULSE / k, order, rest) for k in DIVISIONS)] for order in ORDERS
    }
    records = []
    for tolerance in TOLERANCES:
        found, count = ends(case, TimeSettings(tolerance=tolerance), protocol(case, rest))
        needed = min(_steps_for(error(found), points) for points in even.values())
        records.append(
            {
                "case": case.name,
                "rest_s": rest,
                "tolerance": tolerance,
                "steps": count,
                "error_V": error(found),
                "fixed": [
                    {"order": order, "steps": n, "error_V": e} for order, points in even.items() for n, e in points
                ],
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
    records = [r for rest in RESTS for r in measure(CASES[0], rest)]
    RESULTS.write_text("".join(json.dumps(r) + "\n" for r in records))
    for r in records:
        print(
            f"{r['case']}, rests of {r['rest_s']:g} s, tolerance {r['tolerance']:g}: {r['steps']} steps, "
            f"error {1e6 * r['error_V']:.2g} uV; "
            f"fixed steps of the same error: {r['factor']} times as many"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
