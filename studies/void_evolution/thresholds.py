"""The stack pressure at which a flaw neither grows nor heals, current by current: a sweep in one number each."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fem.errors import ModelError
from fem.jit import prepare_cache
from fem.observe.balances import Imbalance
from fem.voids.rates import Physics, Rates
from fem.voids.threshold import estimate, neutral_pressure
from studies.errors import SolveError
from studies.progress import Progress, Silent
from studies.results import Balance, Results
from studies.units import format
from studies.void_evolution.build import pose
from studies.void_evolution.outputs import write_thresholds

if TYPE_CHECKING:
    from studies.schema import Study

__all__ = ["SolvedThreshold", "ThresholdSession", "run_thresholds"]

ACCURACY = 1e-6
"""Relative, of the pressure."""
TYPICAL = 1e6
"""A stress (Pa) to scale with where neither current nor pressure tells one."""
LIMIT = 1e-9


@dataclass(frozen=True)
class SolvedThreshold:
    """One current.

    Attributes:
        current: A/m^2, positive strips. values: quantities by label, SI. balances: conservation laws.
        estimate: of the threshold, for a ball in infinite lithium, Pa.
    """

    current: float
    values: Mapping[str, float]
    balances: list[Imbalance]
    estimate: float


class ThresholdSession:
    """A study of one shape of voids at its currents.

    Args:
        study: checked, without a protocol. comm: communicator; everything is collective.
        progress: told what happens. scale: factor on the edges of outlines.
    """

    def __init__(self, study: Study, comm: Any, progress: Progress, scale: float = 1.0) -> None:
        self.study, self.comm, self.progress = study, comm, progress
        self.posed = pose(study, scale)
        self.currents = study.current_densities
        self._wanted = {request.name for request in study.quantities}
        self._pressures: dict[float, float] = {}
        prepare_cache(comm)

    @cached_property
    def physics(self) -> Physics:
        """Flow, vacancies and current, scaled for the largest current."""
        largest = max(abs(i) for i in self.currents)
        guess = self._estimate(largest) if largest else self.study.operation.stack_pressure or TYPICAL
        with self.progress.phase("mesh"):
            return self.posed.physics(self.comm, guess)

    def _estimate(self, current: float) -> float:
        return estimate(self.posed.lithium, self.posed.radius, current)

    def points(self) -> Iterator[SolvedThreshold]:
        """All currents in order."""
        for k, current in enumerate(self.currents):
            self.progress.step(k + 1, len(self.currents), "currents")
            yield self.solve_at(current)

    def solve_at(self, given: float) -> SolvedThreshold:
        """Quantities at a current (A/m^2; positive at the working electrode is anodic).

        Raises:
            ConvergenceError: no flow was found. SolveError: no pressure keeps the flaw from growing.
        """
        current, pressed = self.posed.side * given, self.study.operation.stack_pressure
        found: dict[str, float] = {}
        rates: Rates | None = None
        balances: list[Imbalance] = []
        if self._wanted & {"threshold_pressure", "threshold_exponent"}:
            found["threshold_pressure"] = self.threshold(current)
            rates = self.physics.rates(found["threshold_pressure"], current)
            balances.append(self._balance("lithium at the threshold", rates))
        if "threshold_exponent" in self._wanted:
            found["threshold_exponent"] = self._exponent()
        if pressed is not None or rates is None:
            rates = self.physics.rates(pressed or 0.0, current)
            volume = sum(float(v) for v in self._volumes)
            found["void_growth_rate"] = float(np.sum(rates.growth)) / volume
            balances.append(self._balance("lithium under the stack pressure", rates))
        found |= {"contact_fraction": rates.contact, "current_focusing": rates.focusing}
        values = {request.label: found[request.name] for request in self.study.quantities}
        return SolvedThreshold(current, values, balances, self._estimate(current) if current > 0 else math.nan)

    def threshold(self, current: float) -> float:
        """Pa, at a current (A/m^2, positive strips).

        Raises:
            SolveError: no pressure would do.
        """
        if current not in self._pressures:
            try:
                found = neutral_pressure(self.physics, current, self._estimate(current), ACCURACY)
            except ModelError as error:
                raise SolveError(f"at {format(current, 'current density', 4)}: {error}") from error
            self._pressures[current] = found
        return self._pressures[current]

    def _exponent(self) -> float:
        known = [(i, self.threshold(i)) for i in (self.posed.side * x for x in self.currents)]
        above = np.log([(i, p) for i, p in known if p > 0])
        return float(np.polyfit(above[:, 0], above[:, 1], 1)[0]) if len(above) > 1 else math.nan

    @cached_property
    def _volumes(self) -> list[float]:
        from fem.voids.rates import void_volume

        return [void_volume(self.posed.cell, arc) for arc in self.posed.arcs]

    def _balance(self, name: str, rates: Rates) -> Imbalance:
        """What is stripped is the way of the platen and the growth of the voids, m/s."""
        parts = [rates.stripped / self.posed.area, -rates.platen, -float(np.sum(rates.growth)) / self.posed.area]
        return Imbalance(name, sum(parts), max(map(abs, parts)), "m/s")

    def destroy(self) -> None:
        """Free the solvers (collective)."""
        if "physics" in self.__dict__:
            self.physics.destroy()


def run_thresholds(study: Study, folder: Path | None, comm: Any, progress: Progress) -> Results:
    """Run a checked study without a protocol and fill its results folder; see `studies.runner.run`."""
    from studies.void_evolution.running import COARSER, finished, size_of, with_errors

    start = time.perf_counter()
    session = ThresholdSession(study, comm, progress)
    with progress.phase(study.study):
        with progress.phase("solve"):
            solved = list(session.points())
        seconds = {"solve": time.perf_counter() - start}
        loose: list[SolvedThreshold] = []

        def coarser() -> Mapping[str, float]:
            loose.extend(ThresholdSession(study, comm, Silent(), COARSER).points())
            return loose[-1].values

        begun = time.perf_counter()
        last = solved[-1].values
        quantities = with_errors(study, last, progress, coarser, "coarser outlines")
        seconds["error bars"] = time.perf_counter() - begun
        columns: dict[str, tuple[float, ...]] = {}
        if len(solved) > 1:
            columns = {"applied_current": session.currents}
            columns |= {label: tuple(x.values[label] for x in solved) for label in last}
            columns["threshold_estimate"] = tuple(x.estimate for x in solved)
            if loose:
                columns |= {
                    f"{label} error": tuple(
                        abs(a.values[label] - b.values[label]) / (COARSER - 1)
                        for a, b in zip(solved, loose, strict=True)
                    )
                    for label in last
                }
        files: dict[str, str] = {}
        if folder is not None:
            with progress.phase("pictures"):
                files = write_thresholds(study, session, columns, folder, progress)
    worst: dict[str, Balance] = {}
    for item in (item for x in solved for item in x.balances):
        made = Balance(item.residual, item.scale, LIMIT, item.unit)
        if item.name not in worst or made.relative > worst[item.name].relative:
            worst[item.name] = made
    notes = [f"threshold estimated for a ball in infinite lithium: {x.estimate:.4g} Pa" for x in solved[-1:]]
    if math.isnan(solved[-1].estimate):
        notes = []
    return finished(
        study, folder, comm, last, quantities, worst, columns, files, notes, size_of(session.physics),
        {**seconds, "total": time.perf_counter() - start},
    )  # fmt: skip
