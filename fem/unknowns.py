"""The unknowns of a model: fields on submeshes, and single numbers such as an electrode potential."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import default_scalar_type, fem

from fem.compat import SubMesh
from fem.constants import STANDARD_TEMPERATURE, thermal_voltage

FieldKind = Literal["potential", "displacement", "traction", "concentration", "phase", "state", "damage", "contact"]
"""What a field is: decides scaling and preconditioner. ``state``: a quantity that lives on an interface and grows;
``phase``: an order parameter, or what is solved with it."""
SYMMETRIC: frozenset[FieldKind] = frozenset(("potential", "displacement", "traction", "damage", "contact"))
"""Kinds whose couplings all derive from one potential, so that their matrix is symmetric."""


@dataclass(eq=False)
class Number:
    """One scalar quantity of the whole model, with a balance of its own.

    Its residual is S - source, where S sums what leaves it through interfaces and tied nodes: a galvanostatic
    electrode potential is exactly this, and so is the displacement of a rigid platen under a given force.

    Attributes:
        name: e.g. ``potential of anode``.
        constant: current value as a ``fem.Constant``.
        unknown: False when the value is prescribed.
        source: what is fed in from outside (A or N) when unknown.
        held: value that an unknown number is kept at in the place of its balance (a terminal under voltage control,
            whose current is then a result); None: the balance decides.
        rate: time derivative as a ``fem.Constant``, zero in steady models.
        scale: a typical value, with which errors in time are measured.
        level: what the values of the function count from, V: a given number, where small differences matter.
        anchor: the tie whose value the level follows.
        state: whether it has a memory of its own and no steady value (the thickness of a layer that grows).
        zero: what ``constant`` counts from: the potential of a terminal is a sum of both, so that differences within
            the metal behind it are not lost in its rounding. Forms in which the number appears need zero.
    """

    name: str
    constant: Any
    unknown: bool
    source: float = 0.0
    held: float | None = None
    scale: float = thermal_voltage(STANDARD_TEMPERATURE)
    state: bool = False
    zero: float = 0.0
    variable: Any = field(init=False)
    rate: Any = field(init=False)
    rate_variable: Any = field(init=False)

    def __post_init__(self) -> None:
        self.variable = ufl.variable(self.constant)
        self.rate = fem.Constant(self.constant.ufl_domain(), default_scalar_type(0.0))
        self.rate_variable = ufl.variable(self.rate)

    @classmethod
    def create(cls, name: str, mesh: Any, value: float, unknown: bool, source: float = 0.0) -> Number:
        """A number that may appear in forms on ``mesh``."""
        return cls(name, fem.Constant(mesh, default_scalar_type(value)), unknown, source)

    @property
    def value(self) -> float:
        """Current value."""
        return self.zero + self.beyond

    @value.setter
    def value(self, new: float) -> None:
        self.constant.value = new - self.zero

    @property
    def beyond(self) -> float:
        """The value beyond ``zero``."""
        return float(np.real(self.constant.value))

    @beyond.setter
    def beyond(self, new: float) -> None:
        self.constant.value = new

    def source_gap(self, leaving: float) -> float:
        """Residual of the number: what leaves minus what is fed in (A or N); its distance from a held value."""
        return leaving - self.source if self.held is None else self.value - self.held

    @property
    def speed(self) -> float:
        """Current time derivative, per second."""
        return float(np.real(self.rate.value))

    @speed.setter
    def speed(self, new: float) -> None:
        self.rate.value = new


@dataclass(eq=False)
class Tie:
    """Degrees of freedom that equal a number plus an offset, or given values.

    Attributes:
        dofs: unrolled local indices, owned and ghost.
        number: the number they follow, or None for fixed values.
        offset: scalar or (dofs,) values.
    """

    dofs: npt.NDArray[np.int32]
    number: Number | None
    offset: float | npt.NDArray[np.float64]


@dataclass(eq=False)
class Field:
    """An unknown function on a region.

    Attributes:
        name: e.g. ``ionic potential`` or ``displacement``.
        kind: decides scaling and preconditioner.
        function: the dolfinx function.
        region: submesh that carries it.
        layers: layers of the region; empty for interface fields.
        ties: constrained degrees of freedom.
        scale: a typical value, with which errors in time are measured.
    """

    name: str
    kind: FieldKind
    function: Any
    region: SubMesh
    layers: tuple[str, ...]
    ties: list[Tie] = field(default_factory=list)
    scale: float = 1.0
    test: Any = field(init=False)
    trial: Any = field(init=False)
    level: Number | None = field(init=False, default=None)
    anchor: Tie | None = field(init=False, default=None)
    mean: Any = field(init=False, default=None)
    unsymmetric: bool = field(init=False, default=False)  # couplings that derive from no potential act on it
    softens: bool = field(init=False, default=False)  # its matrix may lose its definiteness
    weights: Any = field(init=False, default=None)  # of a contact: (owned,) what stands for its Schur complement

    def __post_init__(self) -> None:
        self.test = ufl.TestFunction(self.function.function_space)
        self.trial = ufl.TrialFunction(self.function.function_space)

    @cached_property
    def rate(self) -> Any:
        """Time derivative: a function of the same space, zero in steady models."""
        return fem.Function(self.space, name=f"rate of {self.function.name}")

    def moves_in(self, form: Any) -> bool:
        """Whether a form contains the rate of this field (which is made when something first asks for it)."""
        return "rate" in self.__dict__ and self.rate in form.coefficients()

    @property
    def total(self) -> Any:
        """What the function stands for: itself, plus what a periodic model has beyond what repeats (``mean``)."""
        return self.function if self.mean is None else self.function + self.mean

    @property
    def space(self) -> Any:
        """Function space."""
        return self.function.function_space

    @property
    def owned(self) -> int:
        """Number of owned scalar unknowns on this rank."""
        dofmap = self.space.dofmap
        return int(dofmap.index_map.size_local * dofmap.index_map_bs)

    def global_size(self) -> int:
        """Number of scalar unknowns on all ranks."""
        dofmap = self.space.dofmap
        return int(dofmap.index_map.size_global * dofmap.index_map_bs)

    def tie(self, dofs: npt.NDArray[np.int32], number: Number | None, offset: Any) -> Tie:
        """Constrain degrees of freedom, except those that are constrained already: where two contacts meet, the
        first has the common nodes, and their reaction counts once.

        Args:
            dofs: unrolled local indices, owned and ghost. number, offset: as in `Tie`.
        """
        new = ~np.isin(dofs, self.constrained())
        made = Tie(dofs[new], number, offset[new] if isinstance(offset, np.ndarray) else offset)
        self.ties.append(made)
        return made

    def shares(self, dofs: npt.NDArray[np.int32], tie: Tie) -> int:
        """How many of `dofs` a tie has, on this rank."""
        return int(np.count_nonzero(np.isin(dofs, tie.dofs)))

    def apply_ties(self) -> None:
        """Write the tied values into the function (owned and ghost entries)."""
        level = 0.0 if self.level is None else self.level.value
        for tie in self.ties:
            zero, beyond = (0.0, 0.0) if tie.number is None else (tie.number.zero, tie.number.beyond)
            self.function.x.array[tie.dofs] = (zero - level + tie.offset) + beyond

    def count_from_anchor(self) -> bool:
        """Let the level be the potential of the anchor; whether that changed anything.

        The potential of a metal differs from that of its terminal by 1e-11 V: as a difference it has all its digits,
        where that of volts would have five.
        """
        if self.level is None or self.anchor is None or self.anchor.number is None:
            return False
        number = self.anchor.number
        new = number.value + float(np.mean(self.anchor.offset))
        shift = new - self.level.value
        if shift == 0.0 and number.beyond == 0.0:
            return False
        number.zero, number.beyond = number.value, 0.0
        self.function.x.array[:] -= shift
        self.level.value = new
        self.apply_ties()
        return True

    def apply_tied_rates(self) -> None:
        """Write the rates of tied values: those of their numbers, zero where they are fixed."""
        for tie in self.ties:
            self.rate.x.array[tie.dofs] = tie.number.speed if tie.number is not None else 0.0

    def constrained(self) -> npt.NDArray[np.int32]:
        """All tied dofs, sorted, without repetition."""
        if not self.ties:
            return np.empty(0, dtype=np.int32)
        return np.asarray(np.unique(np.concatenate([t.dofs for t in self.ties])), dtype=np.int32)


@dataclass(frozen=True)
class Handle:
    """A potential as an interface sees it: a field or a number, plus a constant.

    Attributes:
        carrier: what it is the potential of: a field or a number.
        offset: V, added to it.
    """

    carrier: Field | Number
    offset: float = 0.0

    def value(self, side: str | None) -> Any:
        """UFL expression, restricted to ``side`` (``+``, ``-`` or None inside a layer)."""
        if isinstance(self.carrier, Number):
            return self.carrier.variable + self.offset
        function, level = self.carrier.function, self.carrier.level
        constant = self.offset if level is None else level.variable + self.offset
        return (function(side) if side else function) + constant

    @property
    def constant(self) -> float:
        """What the function (or the number) lacks of the potential at present, V."""
        level = None if isinstance(self.carrier, Number) else self.carrier.level
        return self.offset if level is None else level.value + self.offset

    def rate(self, side: str | None) -> Any:
        """Time derivative of ``value``, V/s."""
        if isinstance(self.carrier, Number):
            return self.carrier.rate_variable
        rate = self.carrier.rate
        return rate(side) if side else rate
