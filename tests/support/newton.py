"""How fast Newton's method converges: residuals of the package's own iterations, and what is asked of them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from fem.solve.driver import Solver

ROUNDING, BEGUN = 1e-13, 1e-7
"""Of the largest residual: below the first it is taken for rounding, from the second on an iteration counts."""


def last_order(norms: Sequence[float]) -> float:
    """The larger order of the last two iterations that begin above rounding; nan where there is none.

    From r, r', r'' = C r'^2 it is log(r''/r') / log(r'/r). An r'' that is rounding makes it look smaller than it is,
    never larger. A matrix that is no derivative leaves ever the same ratio: all late iterations have the order 1 then.
    """
    sizes = np.maximum(np.asarray(norms) / max(norms), ROUNDING)
    begun = [k for k in range(1, len(sizes) - 1) if BEGUN <= sizes[k] < sizes[k - 1]]
    found = [math.log(sizes[k + 1] / sizes[k]) / math.log(sizes[k] / sizes[k - 1]) for k in begun[-2:]]
    return max(found, default=math.nan)


def require_quadratic(norms: Sequence[float], least: float = 1.7) -> None:
    """Fail unless three residuals at least lead to rounding, the last of them like the square of the one before."""
    text = ", ".join(f"{n:.2e}" for n in norms)
    assert len(norms) >= 4, text
    assert min(norms) < 1e-9 * max(norms), text
    assert last_order(norms) > least, text


def require_ending(norms: Sequence[float]) -> None:
    """Fail unless a single step leads from a residual that counts to rounding: the active set has been found."""
    text = ", ".join(f"{n:.2e}" for n in norms)
    assert any(b < 1e-9 * a for a, b in itertools.pairwise(norms) if a > 1e-6 * max(norms)), text


def residuals_of(solver: Solver, kind: str) -> list[float]:
    """Residuals of the last solve of the stage with fields of a kind."""
    (found,) = (n for s, n in zip(solver.stages, solver.newtons, strict=True) if kind in {f.kind for f in s.fields})
    return list(found.report.history)


def watched(monkeypatch: pytest.MonkeyPatch, flow: Any, kind: str | None = None) -> list[float]:
    """Residuals of all later iterations of a flow (`fem.solve.flow`), as they come.

    Args:
        kind: of the fields whose rows count; None: all rows, as PETSc weighs them.
    """
    norms: list[float] = []
    test = flow.converged
    rows = None if kind is None else flow._mask([f for f in flow.stage.fields if f.kind == kind])

    def look(snes: Any, iteration: int, found: Any) -> int:
        norms.append(float(found[2]) if rows is None else float(np.linalg.norm(flow._last[: len(rows)][rows])))
        return int(test(snes, iteration, found))

    monkeypatch.setattr(flow, "converged", look)
    return norms
