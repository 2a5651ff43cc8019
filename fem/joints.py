"""Interfaces whose two sides move apart: contact and cohesion as parts of a model.

A law gives an energy of the jump; this file makes tractions of it and keeps its memory. `fem.joining` adds the unknowns
that it needs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import ufl
from mpi4py import MPI

from fem.interface.bond_path import BondStep, bond_step
from fem.interface.cohesive import Cohesive
from fem.interface.contact import Contact
from fem.interface.jump import Jump
from fem.interface.points import InterfacePoints
from fem.unknowns import Field

if TYPE_CHECKING:
    from fem.model import Model

__all__ = ["CohesiveJoint", "ContactJoint", "Joint", "JointLaw"]

Array = npt.NDArray[np.float64]
JointLaw = Contact | Cohesive


@dataclass
class Joint(ABC):
    """What both kinds share.

    Attributes:
        model: owner. name: ``a|b``.
        below, above: displacements of the two sides.
        points: quadrature of the law.
    """

    model: Model
    name: str
    below: Field
    above: Field
    points: InterfacePoints

    def __post_init__(self) -> None:
        self._samples: dict[str, Any] = {}
        self.extra = self.points.function("extra work")
        """J/m^2 that tractions have done beyond the mean of those at both ends of every step, times the jump."""

    @property
    def normal(self) -> Any:
        """From below to above."""
        return ufl.FacetNormal(self.model.geometry.mesh)("+")

    @property
    def place(self) -> Any:
        """Coordinate on the interface."""
        return ufl.SpatialCoordinate(self.model.geometry.mesh)("+")

    def vector(self) -> Any:
        """Displacement above minus displacement below, m."""
        return self.above.total("-") - self.below.total("+")

    def jump(self) -> Jump:
        """The present jump."""
        return Jump.of(self.vector(), self.normal)

    def pull(self, traction: Any) -> None:
        """Let a traction of the side above on the side below act on both, Pa."""
        virtual = self.above.test("-"), self.below.test("+")
        self.model.residuals[self.above].append(self.points.integral(ufl.inner(traction, virtual[0])))
        self.model.residuals[self.below].append(self.points.integral(-ufl.inner(traction, virtual[1])))

    @abstractmethod
    def couple(self) -> None:
        """Add the energy to the balances, by its derivatives."""

    @abstractmethod
    def start(self) -> None:
        """Guess the unknowns of the law."""

    @abstractmethod
    def accept(self) -> None:
        """Take the present state as the one to compare later ones with. Collective."""

    @abstractmethod
    def functions(self) -> Mapping[str, Any]:
        """What it remembers."""

    @abstractmethod
    def gap(self) -> Any:
        """Distance of the two sides as UFL, m."""

    @abstractmethod
    def pressure(self) -> Any:
        """Compression as UFL, Pa."""

    @abstractmethod
    def conducting(self) -> Any:
        """Share of the nominal conductance that passes, as UFL."""

    @abstractmethod
    def stored(self) -> Any:
        """Stored energy as UFL, J/m^2."""

    @abstractmethod
    def damage(self) -> Any:
        """0 whole to 1 broken, as UFL; None where there is no bond."""

    @abstractmethod
    def dissipated(self) -> Any:
        """Energy that the law has dissipated up to the last accepted state, as UFL, J/m^2; None: it never does."""

    @abstractmethod
    def closed(self) -> Any:
        """Where the sides touch: UFL condition."""

    def sample(self, what: str, expression: Callable[[], Any]) -> Array:
        """(owned and ghost entries,) values of an expression at the points, compiled once for ``what``. Collective."""
        if what not in self._samples:
            self._samples[what] = self.points.sampler(expression(), self.extra.function_space)
        found: Array = self._samples[what]()
        return found

    def conducting_area(self) -> Any:
        """Form of the area that conducts."""
        return self.points.integral(self.conducting() * self.model.one)

    def extra_work(self) -> Any:
        """Form of what the mean of forces at both ends of the steps misses of the work so far."""
        return self.points.integral(self.extra("+") * self.model.one)


@dataclass
class ContactJoint(Joint):
    """Contact of the two sides.

    Attributes:
        law: of contact.
        press: m = pressure / stiffness as an unknown, m.
        drag: shear traction / stiffness as an unknown, where it sticks.
        stiffness: c, Pa/m, a constant of the forms.
        slid: tangential jump at which a place closed, where it sticks.
    """

    law: Contact
    press: Field
    stiffness: Any
    drag: Field | None = None
    slid: Any = None
    _last: Array | None = None

    def gap(self) -> Any:
        """Distance of the two sides, m."""
        return self.law.distance(self.jump(), self.place)

    def closed(self) -> Any:
        """UFL condition."""
        return ufl.ge(self.press.function("+") - self.gap(), 0.0)

    def pressure(self) -> Any:
        """Pa, positive in compression."""
        return self.stiffness * self.press.function("+")

    def conducting(self) -> Any:
        """Share of the nominal conductance that passes."""
        return self.law.conducting(self.closed(), self.pressure())

    def traction(self) -> Any:
        """Of the side above on the side below as UFL, Pa."""
        normal = self.normal
        held = -self.pressure() * normal
        if self.drag is None:
            return held
        drag = self.drag.function("+")
        along = drag - ufl.dot(drag, normal) * normal
        return held - self.stiffness * ufl.conditional(self.closed(), along, 0 * along)

    def damage(self) -> None:
        """There is no bond."""

    def dissipated(self) -> None:
        """What slips does so without friction, what sticks does not slip."""

    def _slip(self, jump: Jump) -> Any:
        return jump.shear - self.slid("+")

    def stored(self) -> Any:
        """Energy of the law, J/m^2; of exact contact none, on a mesh a little that goes to and fro."""
        energy = self.law.energy(self.gap(), self.press.function("+"), self.stiffness)
        if self.drag is None:
            return energy
        drag = self.drag.function("+")
        return energy + self.law.stick(self._slip(self.jump()), drag, self.normal, self.closed(), self.stiffness)

    def couple(self) -> None:
        """Add energy to the balances, by its derivatives."""
        vector, press = ufl.variable(self.vector()), ufl.variable(self.press.function("+"))
        jump = Jump.of(vector, self.normal)
        energy = self.law.energy(self.law.distance(jump, self.place), press, self.stiffness)
        self.model.residuals[self.press].append(self.points.integral(ufl.diff(energy, press) * self.press.test("+")))
        self.pull(ufl.diff(energy, vector))
        self.model.histories.append(self)
        if self.drag is None:
            return
        drag = ufl.variable(self.drag.function("+"))
        stick = self.law.stick(self._slip(jump), drag, self.normal, self.closed(), self.stiffness)
        self.model.residuals[self.drag].append(
            self.points.integral(ufl.inner(ufl.diff(stick, drag), self.drag.test("+")))
        )
        self.pull(ufl.diff(stick, vector))

    def start(self) -> None:
        """Take all places for closed: what is pulled opens in the first iterations, and nothing drifts on the way."""
        height = self.sample("gap", self.gap)
        comm = self.model.geometry.comm
        largest = comm.allreduce(float(np.max(height, initial=0.0)), op=MPI.MAX)
        self.press.function.x.array[:] = largest
        self.press.apply_ties()

    def begin(self) -> None:
        """Count work from the present state. Collective."""
        press = self.press.function
        self._last = np.array([self.sample("gap", self.gap), self.sample("pressing", lambda: press("+"))])

    def accept(self) -> None:
        """Where it is open, it will stick where it closes next.

        Pressure does work on a gap only as far as the law stores some: the rest of what the mean of the pressures at
        both ends would do is taken off.
        """
        press = self.press.function
        now = np.array([self.sample("gap", self.gap), self.sample("pressing", lambda: press("+"))])
        if self._last is not None:
            c = float(np.real(self.stiffness.value))
            (g0, m0), (g1, m1) = self._last, now
            q0, q1 = np.maximum(m0 - g0, 0.0), np.maximum(m1 - g1, 0.0)
            self.extra.x.array[:] += 0.5 * c * (q1**2 - m1**2 - q0**2 + m0**2 + (q0 + q1) * (g1 - g0))
        self._last = now
        if self.slid is None:
            return
        if "slid" not in self._samples:
            kept = ufl.conditional(self.closed(), self.slid("+"), self.jump().shear)
            self._samples["slid"] = self.points.sampler(kept, self.slid.function_space)
        self.slid.x.array[:] = self._samples["slid"]()

    def functions(self) -> Mapping[str, Any]:
        """What it remembers."""
        return {} if self.slid is None else {f"slip at {self.name}": self.slid}


@dataclass
class CohesiveJoint(Joint):
    """Cohesion of the two sides.

    Attributes:
        law: of the bond, with constants of the forms. numbers: the same with its numbers.
        before: damage at the last accepted state.
        spent: energy dissipated until then, J/m^2.
        opened: jump there, m.
        share: of the damage that the jump asks for, how much comes in the present step; where it was not
            all, nothing more comes before `step` says how long the next one is.
        jumped: the present state does not follow from the last one through equilibria of the bond.
    """

    law: Cohesive
    numbers: Cohesive
    before: Any
    spent: Any
    opened: Any
    share: Any
    jumped: bool = False
    _sampler: Any = None
    _normals: Array | None = None

    def gap(self) -> Any:
        """Opening, m; negative by what the stiffness lets closed faces overlap."""
        return self.jump().normal

    def closed(self) -> Any:
        """UFL condition; the sides of a bond touch where they are not pulled."""
        return ufl.le(self.jump().normal, 0.0)

    def damage(self) -> Any:
        """0 whole, 1 broken, at present."""
        return self.law.damage(self.jump(), self.before("+"), self.share)

    def dissipated(self) -> Any:
        """J/m^2 up to the last accepted state."""
        return self.spent("+")

    def stored(self) -> Any:
        """J/m^2."""
        return self.law.energy(self.jump(), self.damage())

    def pressure(self) -> Any:
        """Compression of closed places minus tension of bonds, Pa."""
        vector = ufl.variable(self.vector())
        energy = self.law.energy(Jump.of(vector, self.normal), self.damage())
        return -ufl.dot(ufl.diff(energy, vector), self.normal)

    def conducting(self) -> Any:
        """Share of the nominal conductance that passes."""
        return self.law.open_share + (1 - self.law.open_share) * (1 - self.damage())

    def couple(self) -> None:
        """Add energy to the balances, by its derivatives at fixed damage."""
        vector = ufl.variable(self.vector())
        energy = self.law.energy(Jump.of(vector, self.normal), self.damage())
        self.pull(ufl.diff(energy, vector))
        if not self.law.symmetric:
            self.above.unsymmetric = self.below.unsymmetric = True
        self.above.softens = self.below.softens = True
        self.model.histories.append(self)

    def start(self) -> None:
        """Nothing to guess."""

    def break_where(self, inside: Callable[[Any], Any]) -> None:
        """Let the bond be broken from the beginning where a condition on the UFL coordinate holds. Collective."""
        x = ufl.SpatialCoordinate(self.model.geometry.mesh)("+")
        broken = ufl.conditional(inside(x), 1.0, self.before("+"))
        self.before.x.array[:] = self.points.sampler(broken, self.before.function_space)()

    def step(self, length: float) -> None:
        """Set the length of the present step, s."""
        tau = self.numbers.viscosity
        self.share.value = 1.0 if tau == 0.0 else length / (length + tau)

    def advanced(self) -> tuple[BondStep, Any]:
        """What has happened at the points since the last accepted state, and the present jump there. Collective."""
        if self._sampler is None:
            space = self.opened.function_space
            self._normals = self._vectors(self.points.sampler(self._shaped(self.normal), space)())
            self._sampler = self.points.sampler(self._shaped(self.vector()), space)
        values = self._sampler()
        then, now = self._divided(self.opened.x.array), self._divided(values)
        share = float(np.real(self.share.value))
        return bond_step(self.numbers, then, now, self.before.x.array, share, self.jumped), values

    def accept(self) -> None:
        """Keep jump and damage, and what has been dissipated on the way."""
        step, values = self.advanced()
        self.before.x.array[:] = step.damage
        self.spent.x.array[:] += step.dissipated
        self.extra.x.array[:] += step.work - step.chord
        self.opened.x.array[:] = values
        if float(np.real(self.share.value)) < 1.0:  # no more comes before the next step
            self.share.value = 0.0

    def _shaped(self, vector: Any) -> Any:
        """A vector of the model as functions of the points hold it: in one dimension without components."""
        return vector if self.model.geometry.gdim > 1 else vector[0]

    def _vectors(self, values: Any) -> Array:
        """(components, points)"""
        return np.array(values).reshape(-1, self.model.geometry.gdim).T

    def _divided(self, values: Any) -> Jump:
        jumps = self._vectors(values)
        assert self._normals is not None
        normal = (jumps * self._normals).sum(axis=0)
        return Jump(normal, jumps - normal * self._normals)

    def functions(self) -> Mapping[str, Any]:
        """What it remembers."""
        found = {"damage": self.before, "dissipated": self.spent, "jump": self.opened}
        return {f"{what} at {self.name}": function for what, function in found.items()}
