"""What a run in time is told, and what it tells: accuracy, position, points, cost."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Point", "Position", "TimeSettings", "TransientReport"]

USUAL_TOLERANCE = 1e-4
"""For which the longest step is chosen."""


@dataclass(frozen=True)
class TimeSettings:
    """How a model is integrated.

    Attributes:
        tolerance: error of a step, relative to RT/F for potentials and to their scale for other fields.
        order: of the backward differentiation, 1 to 5.
        initial_step: s; None: a ten-thousandth of the step of the protocol.
        largest_step: s; None: `longest_share` of the step of the protocol.
        largest_share: at the usual tolerance; short enough for what a tolerance alone would pass over, such as the end
            of a relaxation.
        smallest_step: relative to the duration of the protocol's step; below it the run ends.
        leg: time steps after which the integrator starts afresh and a checkpoint may be written.
    """

    tolerance: float = USUAL_TOLERANCE
    order: int = 4
    initial_step: float | None = None
    largest_step: float | None = None
    largest_share: float = 0.05
    smallest_step: float = 1e-12
    leg: int = 200

    @property
    def longest_share(self) -> float:
        """Longest step over that of the protocol: shorter for a tolerance below the usual one.

        The error that the longest steps make goes with their length to the power of the order.
        """
        return self.largest_share * float(min(1.0, (self.tolerance / USUAL_TOLERANCE) ** (1 / self.order)))


@dataclass
class Position:
    """Where a run stands between two legs.

    Attributes:
        step: number of the protocol's step, from 0.
        time: s since that step began.
        begun: s since the run began, at the beginning of the step.
        charge: C that the working electrode had passed when the step began.
        next_step: s, length of the next time step; None: as a new step of the protocol begins.
        passed: C that the working electrode has passed since the run began.
        reference: A, the largest current so far, which residuals are measured against.
        cracks: what the damage remembers beside its fields (`Cracking.memory`).
    """

    step: int = 0
    time: float = 0.0
    begun: float = 0.0
    charge: float = 0.0
    next_step: float | None = None
    passed: float = 0.0
    reference: float = 0.0
    cracks: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Point:
    """One accepted time step.

    Attributes:
        time: s since the run began.
        step: number of the protocol's step.
        name: its name.
        since: s since it began.
        voltage: of the working electrode minus that of the counter electrode, V.
        current: density that the working electrode receives, A/m^2 of the nominal area.
        charge: passed at the working electrode since the run began, C/m^2 of the nominal area.
        length: of the time step, s; 0 at the beginning of a step.
        ended: why the step of the protocol ended here (``duration`` or the cut-off), else None.
        between: whether it lies within a time step, at a time that was asked for: the state is that of the
            interpolation, as accurate as the step; rates are not those of this time.
    """

    time: float
    step: int
    name: str
    since: float
    voltage: float
    current: float
    charge: float
    length: float
    ended: str | None = None
    between: bool = False


@dataclass
class TransientReport:
    """What a run cost.

    Attributes:
        steps: accepted time steps. rejected: steps that were too long. failed: whose Newton iteration failed.
        broken: steps that were taken back because too much broke.
        jumps: states that bonds have jumped to.
        newton_iterations, linear_iterations: sums.
        legs: how often the integrator started afresh.
        linear_solver: in words.
    """

    steps: int = 0
    rejected: int = 0
    failed: int = 0
    broken: int = 0
    jumps: int = 0
    newton_iterations: int = 0
    linear_iterations: int = 0
    legs: int = 0
    linear_solver: str = ""
    notes: list[str] = field(default_factory=list)
