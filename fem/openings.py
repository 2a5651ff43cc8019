"""Volume of what grows on interfaces: the two neighbours are pushed apart.

A layer that has become thicker by dL than what it was made of is, collapsed to an interface, a jump of the displacement
along the normal, [u] = delta n with delta = sum_k expansion_k (L_k - L_k(0)): the limit of a growth strain delta / h in
a layer of thickness h -> 0. The displacement of a model is one continuous field; in the cells above the interface the
elastic energy sees it plus a field that is delta n on the interface and zero on all other nodes, which is the same as
nodes of their own on both sides. Stresses and nodal forces follow from that energy by ``ufl.diff`` as ever.

The work that growth does against the pressure p on the interface, w = p delta per area, takes from its affinity, per
electron: d(w)/dn / F with n the moles of electrons per area that decomposed the electrolyte.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import ufl
from dolfinx import fem
from mpi4py import MPI

from fem.constants import FARADAY
from fem.errors import ModelError
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.interphase import Interphase, InterphaseLayer
from fem.interface.names import both_sides
from fem.unknowns import Field

if TYPE_CHECKING:
    from fem.mechanics import Mechanics

__all__ = ["Opening", "make_openings"]

_MODULUS = 1e10
"""Pa; openings are unknowns in Pa, as the stress that they would cause over the height of a model this stiff, so that
their rows are forces like those of displacements."""


@dataclass(frozen=True)
class Opening:
    """The jump of the displacement at one interface.

    Attributes:
        name: interface. layer: above it, in whose cells the jump is added.
        field: delta times ``stiffness`` (normal to a level interface) or delta n times it, Pa.
        stiffness: Pa/m.
        axis: across a level interface; None: a vector.
    """

    name: str
    layer: str
    field: Field
    stiffness: float
    axis: int | None

    def displacement(self, size: int) -> Any:
        """What is added to the displacement of the layer, as UFL with ``size`` components."""
        if self.axis is None:
            return self.field.function / self.stiffness
        zero = 0 * self.field.function
        return ufl.as_vector([self.field.function / self.stiffness if k == self.axis else zero for k in range(size)])

    def close(self, mechanics: Mechanics, distance: Any) -> None:
        """Let the jump follow the distance that has grown, m (UFL on the interface)."""
        geometry = mechanics.model.geometry
        wanted = self.stiffness * distance
        if self.axis is None:
            wanted = wanted * ufl.FacetNormal(geometry.mesh)("+")
        gap = ufl.inner(self.field.function("-") - wanted, self.field.test("-"))
        mechanics.model.residuals[self.field].append(geometry.interface_integral(gap, self.name))

    def opposed(self, mechanics: Mechanics, interphase: Interphase) -> Any:
        """What pressure takes from the affinity of the growth, V (UFL on the interface)."""
        pressure = mechanics.interface_pressure(self.name, self.layer)
        moles = ufl.variable(ufl.as_ufl(0.0))

        def converted(layer: InterphaseLayer) -> Any:
            return layer.thickness + layer.share * layer.molar_volume * moles

        return ufl.diff(pressure * interphase.opening(converted), moles) / FARADAY


def make_openings(mechanics: Mechanics) -> dict[str, Opening]:
    """An opening for every interface on which something grows that takes another volume than what it is made of.

    Raises:
        ModelError: it grows where a neighbour has no mechanics.
    """
    found: dict[str, Opening] = {}
    for name, laws in mechanics.model.interfaces.items():
        for law in laws:
            if isinstance(law, ChargeTransfer) and law.interphase is not None and law.interphase.expands:
                found[name] = _opening(mechanics, name)
    return found


def _opening(mechanics: Mechanics, name: str) -> Opening:
    model, geometry = mechanics.model, mechanics.model.geometry
    below, above = both_sides(name)
    if below not in mechanics.solids or above not in mechanics.solids:
        raise ModelError(f"interface {name!r}: what grows there needs room, and both layers mechanics")
    if mechanics.displacement_of(below) is not mechanics.displacement_of(above):
        raise ModelError(f"interface {name!r}: what grows there needs room, which contact and cohesion do not know of")
    axis = geometry.gdim - 1 if geometry.is_level(name) else None
    region = geometry.region((above,))
    element = ("Lagrange", model.settings.displacement_degree)
    space = fem.functionspace(region.mesh, element if axis is not None else (*element, (geometry.gdim,)))
    function = fem.Function(space, name="opening")
    field = model.add_field(Field(f"opening of {name}", "traction", function, region, (above,)))
    size, total = space.dofmap.index_map_bs, space.dofmap.index_map.size_local + space.dofmap.index_map.num_ghosts
    others = np.setdiff1d(np.arange(total, dtype=np.int32), geometry.facet_dofs(space, region, name))
    field.tie((others[:, None] * size + np.arange(size)).reshape(-1).astype(np.int32), None, 0.0)
    return Opening(name, above, field, _MODULUS / _span(geometry), axis)


def _span(geometry: Any) -> float:
    """Largest extent of the mesh, m. Collective."""
    x = geometry.mesh.geometry.x
    ends = [
        (
            geometry.comm.allreduce(float(x[:, k].min(initial=np.inf)), op=MPI.MIN),
            geometry.comm.allreduce(float(x[:, k].max(initial=-np.inf)), op=MPI.MAX),
        )
        for k in range(geometry.gdim)
    ]
    return float(max(high - low for low, high in ends))
