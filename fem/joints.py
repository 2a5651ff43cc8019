"""Interfaces whose two sides move apart: contact and cohesion as parts of a model.

A law gives an energy of the jump; this file makes tractions of it, adds the unknowns that it needs (the pressure of
contact) and keeps its memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import ufl
from dolfinx import default_scalar_type, fem, la
from mpi4py import MPI

from fem.conditions import OpeningControl
from fem.errors import ModelError
from fem.interface.cohesive import Cohesive
from fem.interface.contact import Contact
from fem.interface.jump import Jump
from fem.interface.names import both_sides, whole
from fem.interface.points import InterfacePoints
from fem.unknowns import Field, Number

if TYPE_CHECKING:
    from fem.model import Model

__all__ = ["CohesiveJoint", "ContactJoint", "DrivenOpening", "Joint", "JointLaw", "build_joint"]

JointLaw = Contact | Cohesive
#: c of contact in stiffness of the stiffer side over the size of a facet (decision 19).
_AUGMENTATION = 0.3


@dataclass
class Joint:
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

    @property
    def normal(self) -> Any:
        """From below to above."""
        return ufl.FacetNormal(self.model.geometry.mesh)("+")

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

    def conducting(self) -> Any:
        """Share of the nominal conductance that passes."""
        raise NotImplementedError

    def conducting_area(self) -> Any:
        """Form of the area that conducts."""
        return self.points.integral(self.conducting() * self.model.one)


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
    _sample: Any = None

    def gap(self) -> Any:
        """Distance of the two sides, m."""
        return self.law.distance(self.jump(), ufl.SpatialCoordinate(self.model.geometry.mesh)("+"))

    def closed(self) -> Any:
        """UFL condition."""
        return ufl.ge(self.press.function("+") - self.gap(), 0.0)

    def pressure(self) -> Any:
        """Pa, positive in compression."""
        return self.stiffness * self.press.function("+")

    def conducting(self) -> Any:
        """Share of the nominal conductance that passes."""
        return self.law.conducting(self.closed(), self.pressure())

    def couple(self) -> None:
        """Add energy to the balances, by its derivatives."""
        vector, press = ufl.variable(self.vector()), ufl.variable(self.press.function("+"))
        jump = Jump.of(vector, self.normal)
        distance = self.law.distance(jump, ufl.SpatialCoordinate(self.model.geometry.mesh)("+"))
        energy = self.law.energy(distance, press, self.stiffness)
        self.model.residuals[self.press].append(self.points.integral(ufl.diff(energy, press) * self.press.test("+")))
        self.pull(ufl.diff(energy, vector))
        if self.drag is None:
            return
        drag = ufl.variable(self.drag.function("+"))
        slip = jump.shear - self.slid("+")
        stick = self.law.stick(slip, drag, self.normal, self.closed(), self.stiffness)
        self.model.residuals[self.drag].append(
            self.points.integral(ufl.inner(ufl.diff(stick, drag), self.drag.test("+")))
        )
        self.pull(ufl.diff(stick, vector))
        self.model.histories.append(self)

    def start(self) -> None:
        """Take all places for closed: what is pulled opens in the first iterations, and nothing drifts on the way."""
        height = self.points.sampler(self.gap(), self.points.function("gap").function_space)()
        comm = self.model.geometry.comm
        largest = comm.allreduce(float(np.max(height, initial=0.0)), op=MPI.MAX)
        self.press.function.x.array[:] = largest
        self.press.apply_ties()

    def accept(self) -> None:
        """Where it is open, it will stick where it closes next."""
        if self.slid is None:
            return
        if self._sample is None:
            kept = ufl.conditional(self.closed(), self.slid("+"), self.jump().shear)
            self._sample = self.points.sampler(kept, self.slid.function_space)
        self.slid.x.array[:] = self._sample()

    def functions(self) -> Mapping[str, Any]:
        """What it remembers."""
        return {} if self.slid is None else {f"slip at {self.name}": self.slid}


@dataclass
class CohesiveJoint(Joint):
    """Cohesion of the two sides.

    Attributes:
        law: of the bond.
        before: damage at the last accepted state.
        spent: energy dissipated until then, J/m^2.
        share: of the damage that the jump asks for, how much comes in the present step (viscosity).
    """

    law: Cohesive
    before: Any
    spent: Any
    share: Any
    _samples: list[Any] = field(default_factory=list)

    def damage(self) -> Any:
        """0 whole, 1 broken, at present."""
        return self.law.damage(self.jump(), self.before("+"), self.share)

    def dissipated(self) -> Any:
        """J/m^2 since the beginning."""
        return self.spent("+") + self.law.dissipated(self.jump(), self.before("+"), self.damage())

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
        return 1 - self.damage()

    def couple(self) -> None:
        """Add tractions to the balances: derivatives of the energy at fixed damage."""
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
        tau = self.law.viscosity
        self.share.value = 1.0 if tau == 0.0 else length / (length + tau)

    def accept(self) -> None:
        """Keep the damage and what it has dissipated."""
        if not self._samples:
            space = self.before.function_space
            self._samples = [self.points.sampler(x, space) for x in (self.damage(), self.dissipated())]
        damage, spent = (sample() for sample in self._samples)
        self.before.x.array[:], self.spent.x.array[:] = damage, spent

    def functions(self) -> Mapping[str, Any]:
        """What it remembers."""
        return {f"damage at {self.name}": self.before, f"dissipated at {self.name}": self.spent}


@dataclass
class DrivenOpening:
    """The load factor of an `OpeningControl` as an unknown, whose balance is the opening.

    Attributes:
        number: Pa, times the directions of the condition.
        moved: form of the integral of displacements along the directions: what the load works on.
        scale: N per m of mean opening, so that the balance compares with forces.
    """

    number: Number
    scale: float
    moved: Any = None

    @classmethod
    def build(cls, model: Model, condition: OpeningControl) -> DrivenOpening:
        """Add load and balance.

        Raises:
            ModelError: the interface has no bond.
        """
        joint = model.joints.get(condition.interface)
        if not isinstance(joint, CohesiveJoint):
            raise ModelError(f"interface {condition.interface!r}: only the opening of a bond can be controlled")
        geometry, law = model.geometry, joint.law
        assert model.mechanics is not None
        form = geometry.entity_maps().form(joint.points.integral(model.one))
        area = geometry.comm.allreduce(float(np.real(fem.assemble_scalar(form))))
        scale = area * law.strength**2 / (2 * law.toughness)
        name = f"load that opens {condition.interface}"
        number = model.add_number(Number.create(name, geometry.mesh, 0.0, unknown=True))
        made = cls(number, scale)
        made.set(condition.opening)
        model.charges[number].append(joint.points.integral(scale / area * joint.jump().normal * model.one))
        for (side, layer), direction in condition.tractions.items():
            moving = model.mechanics.displacement_of(layer)
            vector = ufl.as_vector([float(v) for v in direction])
            load = -number.variable * ufl.dot(vector, moving.test)
            model.residuals[moving].append(geometry.outer_integral(load, side, (layer,)))
            along = geometry.outer_integral(ufl.dot(vector, moving.function), side, (layer,))
            made.moved = along if made.moved is None else made.moved + along
        joint.above.unsymmetric = joint.below.unsymmetric = True
        return made

    def set(self, opening: float) -> None:
        """Ask for another mean opening, m; it holds from the next solve on."""
        self.number.source = self.scale * opening


def build_joint(model: Model, name: str, law: JointLaw) -> ContactJoint | CohesiveJoint:
    """Make the unknowns and memories of an interface and add its energy to the balances."""
    assert model.mechanics is not None
    geometry, (lower, upper) = model.geometry, both_sides(name)
    below, above = model.mechanics.displacement_of(lower), model.mechanics.displacement_of(upper)
    points = InterfacePoints(geometry, whole(name))
    made: ContactJoint | CohesiveJoint
    if isinstance(law, Cohesive):
        share = fem.Constant(geometry.mesh, default_scalar_type(1.0))
        before, spent = points.function("damage"), points.function("dissipated")
        made = CohesiveJoint(model, name, below, above, points, law, before, spent, share)
    else:
        stiff = fem.Constant(geometry.mesh, default_scalar_type(law.stiffness or _stiffness(model, name, points)))
        made = ContactJoint(model, name, below, above, points, law, _pressing(model, name, points, ()), stiff)
        if law.sticking:
            made.drag = _pressing(model, name, points, (geometry.gdim,))
            made.slid = points.function("slip", (geometry.gdim,))
        for unknown in (made.press, made.drag):
            if unknown is not None:
                unknown.weights = _schur(unknown, points, stiff)
    made.couple()
    return made


def _schur(unknown: Field, points: InterfacePoints, stiffness: Any) -> Any:
    """(owned,) -c times the lumped mass: the Schur complement of an augmented Lagrangian, nearly."""
    one: Any = ufl.as_vector([1.0] * unknown.function.ufl_shape[0]) if unknown.function.ufl_shape else 1.0
    form = points.geometry.entity_maps().form(points.integral(-stiffness * ufl.inner(one, unknown.test("+"))))
    vector = la.vector(unknown.space.dofmap.index_map, unknown.space.dofmap.index_map_bs)
    fem.assemble_vector(vector.array, form)
    vector.scatter_reverse(la.InsertMode.add)
    owned = np.array(vector.array[: unknown.owned])
    return np.where(owned != 0.0, owned, 1.0)


def _pressing(model: Model, name: str, points: InterfacePoints, shape: tuple[int, ...]) -> Field:
    """An unknown of one degree less than the displacement on an interface, a stable pair with it."""
    geometry = model.geometry
    degree = max(1, model.settings.displacement_degree - 1)
    element = ("Lagrange", degree, shape) if shape else ("Lagrange", degree)
    space = fem.functionspace(points.region.mesh, element)
    what = "drag" if shape else "pressure"
    layers = () if geometry.tdim > 1 else (name.split("|")[0],)
    made = Field(f"{what} at {name}", "contact", fem.Function(space, name=what), points.region, layers)
    if geometry.tdim == 1:
        wanted = geometry.facet_dofs(space, points.region, name)
        total = space.dofmap.index_map.size_local + space.dofmap.index_map.num_ghosts
        made.tie(np.setdiff1d(np.arange(total, dtype=np.int32), wanted).astype(np.int32), None, 0.0)
    return model.add_field(made)


def _stiffness(model: Model, name: str, points: InterfacePoints) -> float:
    """c in Pa/m: of the stiffer side over the size of the facets."""
    geometry = model.geometry
    comm, form, best = geometry.comm, geometry.entity_maps().form, 0.0
    assert model.mechanics is not None
    for layer in both_sides(name):
        moving = model.mechanics.displacement_of(layer)
        stretch, axis = fem.Function(moving.space), geometry.gdim - 1
        blocks = stretch.x.array.reshape(-1, geometry.gdim)
        blocks[:, axis] = moving.space.tabulate_dof_coordinates()[:, axis]
        slope = ufl.derivative(model.mechanics.stress(layer)[axis, axis], moving.function, stretch)
        modulus, size = (form(geometry.integral(x, layer)) for x in (slope, model.one))
        total, volume = (comm.allreduce(float(np.real(fem.assemble_scalar(x)))) for x in (modulus, size))
        best = max(best, total / volume)
    area = comm.allreduce(float(np.real(fem.assemble_scalar(form(points.integral(model.one, weighted=False))))))
    count = comm.allreduce(sum(len(geometry.interface_entities(n)) for n in points.parts))
    if geometry.tdim == 1:
        x = geometry.mesh.geometry.x
        low, high = (comm.allreduce(float(f(x[:, 0])), op=o) for f, o in ((np.min, MPI.MIN), (np.max, MPI.MAX)))
        return float(_AUGMENTATION * best / (high - low))
    return float(_AUGMENTATION * best) / float((area / count) ** (1 / (geometry.tdim - 1)))
