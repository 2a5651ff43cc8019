"""Films on interfaces that carry forces along them: layers of an interphase with a misfit to their neighbours.

Collapsed to an interface, a film of thickness L stretches with the displacement there. With P the projection onto the
interface, its energy per area is L psi(P eps P - misfit P) (`fem.energy.membrane`); the membrane force
N = L d(psi)/d(strain) follows and acts on the displacement through the same virtual work. A layer that grows is given
the misfit with every part that is added. Growth takes the energy of the film from its affinity, per electron:
d(L)/dn psi / F.

The pressure on a curved interface jumps by N : curvature, so that its value is that of the side that it is asked on.
There the force turns at the corners of the mesh, and convergence is of first order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ufl

from fem.constants import FARADAY
from fem.errors import ModelError
from fem.interface.interphase import Interphase, InterphaseLayer
from fem.interface.names import both_sides
from fem.kinematics import embed, strain
from fem.values import realised

if TYPE_CHECKING:
    from fem.mechanics import Mechanics

__all__ = ["Skin", "add_films"]


@dataclass(frozen=True)
class Skin:
    """What the films on an interface are to its neighbours, as UFL on the interface.

    Attributes:
        tension: (3, 3) membrane force, N/m.
        opposed: what its energy takes from the affinity of the growth, V.
    """

    tension: Any
    opposed: Any


def add_films(
    mechanics: Mechanics, name: str, interphase: Interphase, thickness: Callable[[InterphaseLayer], Any]
) -> Skin | None:
    """Let the layers of an interphase that have a misfit act on the displacement; None where none has.

    Args:
        mechanics: of the model. name: interface. interphase: its layers. thickness: layer -> m (UFL or number).

    Raises:
        ModelError: a neighbour has no mechanics, or stresses out of the plane are none.
    """
    films = [layer for layer in interphase.layers if layer.membrane is not None]
    if not films:
        return None
    geometry, (below, above) = mechanics.model.geometry, both_sides(name)
    if below not in mechanics.solids or above not in mechanics.solids:
        raise ModelError(f"interface {name!r}: a film with a misfit needs mechanics in both layers")
    if mechanics.model.settings.plane == "stress":
        raise ModelError(f"interface {name!r}: a film with a misfit is for plane strain")
    unknown = mechanics.displacement_of(below)
    plane = _projection(mechanics, name)
    stretched = _along(mechanics, mechanics._displacement(below), plane)
    tension, opposed = 0 * stretched, ufl.as_ufl(0.0)
    for layer in films:
        membrane = realised(layer.membrane, geometry, below)
        elastic = ufl.variable(stretched - membrane.misfit * plane)  # type: ignore[union-attr]
        density = membrane.density(elastic)  # type: ignore[union-attr]
        tension = tension + thickness(layer) * plane * ufl.diff(density, elastic) * plane
        opposed = opposed + layer.share * layer.molar_volume / FARADAY * density
    if geometry.gdim > 1:  # in 1-D nothing moves along the interface
        work = ufl.inner(tension, _along(mechanics, unknown.test, plane))
        mechanics.model.residuals[unknown].append(geometry.interface_integral(work, name))
    mechanics.skins[name] = Skin(tension, opposed)
    return mechanics.skins[name]


def _projection(mechanics: Mechanics, name: str) -> Any:
    """(3, 3) projection onto the interface: I - n n."""
    geometry = mechanics.model.geometry
    if geometry.is_level(name):
        return ufl.as_matrix([[float(i == j != geometry.gdim - 1) for j in range(3)] for i in range(3)])
    normal = embed(ufl.FacetNormal(geometry.mesh)("+"), geometry.gdim)
    return ufl.Identity(3) - ufl.outer(normal, normal)


def _along(mechanics: Mechanics, displacement: Any, plane: Any) -> Any:
    """(3, 3) strain along the interface of a displacement below it."""
    geometry = mechanics.model.geometry
    total = strain(displacement, geometry.mesh, geometry.axisymmetric)("+")
    return plane * total * plane
