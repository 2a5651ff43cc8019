"""Joints of a model: what contact and cohesion need is added to it, and loads that follow an opening."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import ufl
from dolfinx import default_scalar_type, fem, la
from mpi4py import MPI

from fem.conditions import OpeningControl
from fem.errors import ModelError
from fem.interface.cohesive import Cohesive
from fem.interface.contact import Contact
from fem.interface.names import FACES, whole
from fem.interface.points import InterfacePoints
from fem.joints import CohesiveJoint, ContactJoint, JointLaw
from fem.slit_faces import least_agreement
from fem.unknowns import Field, Number

if TYPE_CHECKING:
    from fem.model import Model

__all__ = ["DrivenOpening", "build_joint"]

#: c of contact in stiffness of the stiffer side over the size of a facet (decision 19).
_AUGMENTATION = 0.3
_TURN = 0.75
"""Smallest cosine between a normal of a slit and their mean: neighbours agree which is up but at sharper corners."""


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
        geometry, law = model.geometry, joint.numbers
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
    geometry = model.geometry
    sides = [model.mechanics.displacement_of(layer) for layer in geometry.layers_beside(name)]
    below, above = sides[0], sides[-1]
    if name in geometry.slits:
        _check_slit(model, name, law, sides)
    points = InterfacePoints(geometry, whole(name))

    def constant(value: float) -> Any:
        return fem.Constant(geometry.mesh, default_scalar_type(value))

    made: ContactJoint | CohesiveJoint
    if isinstance(law, Cohesive):
        before, spent = points.function("damage"), points.function("dissipated")
        opened = points.function("jump", (geometry.gdim,) if geometry.gdim > 1 else ())
        numbers = law.in_forms(constant)
        made = CohesiveJoint(model, name, below, above, points, numbers, law, before, spent, opened, constant(1.0))
    else:
        stiff = constant(law.stiffness or _stiffness(model, name, points))
        made = ContactJoint(
            model, name, below, above, points, law.in_forms(constant), _pressing(model, name, points, ()), stiff
        )
        if law.sticking:
            made.drag = _pressing(model, name, points, (geometry.gdim,))
            made.slid = points.function("slip", (geometry.gdim,))
        for unknown in (made.press, made.drag):
            if unknown is not None:
                unknown.weights = _schur(unknown, points, stiff)
    made.couple()
    return made


def _check_slit(model: Model, name: str, law: JointLaw, sides: list[Field]) -> None:
    """Refuse what the faces of a slit cannot do. Collective."""
    geometry = model.geometry
    if any(field is not sides[0] for field in sides):
        raise ModelError(f"slit {name!r} lies in solids that come apart: its faces cannot touch")
    if model.settings.displacement_degree < 2:
        raise ModelError(f"faces of slit {name!r} touch: they need displacements of degree 2 (displacement_degree)")
    rows = geometry.interface_entities(name + FACES)
    if isinstance(law, Contact) and law.sticking and least_agreement(geometry.mesh, rows) < _TURN:
        raise ModelError(f"slit {name!r} turns too far for faces that stick: make several slits of it")


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
    for layer in geometry.layers_beside(name):
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
        # a rank may have no node of so small a mesh
        low = comm.allreduce(float(np.min(x[:, 0], initial=np.inf)), op=MPI.MIN)
        high = comm.allreduce(float(np.max(x[:, 0], initial=-np.inf)), op=MPI.MAX)
        return float(_AUGMENTATION * best / (high - low))
    return float(_AUGMENTATION * best) / float((area / count) ** (1 / (geometry.tdim - 1)))
