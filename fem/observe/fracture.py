"""Energy release rate and stress intensities of cracks, by domain integrals on any mesh and number of ranks.

A virtual extension v moves the crack front and leaves everything further away where it is. With the stress s, the
energy density W and the tractions t on the faces of the crack, the energy release rate is

    G = [ integral s : (grad u grad v) - W div v dV - integral t . (grad u v) dS ] / integral v . nu ds

over the front with its normal nu: the J integral as an integral over a domain (Li, Shih and Needleman, Eng. Fract.
Mech. 21 (1985) 405). Stress intensities come from the same integral for the sum of the solution and the field of
Williams (J. Appl. Mech. 24 (1957) 109) of a unit intensity (Stern, Becker and Dunham, Int. J. Fract. 12 (1976) 359);
in axisymmetric models that field is not in equilibrium, and its body force and its tractions on the faces are taken
into account. The material about the tip must be uniform along the extension.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem

from fem.energy.elastic import Elastic
from fem.errors import ModelError
from fem.interface.names import FACES
from fem.joints import ContactJoint
from fem.kinematics import strain
from fem.observe.assembly import Assembly

__all__ = [
    "Extension",
    "circular_extension",
    "energy_release_rate",
    "mean_opening",
    "straight_extension",
    "stress_intensities",
]

Array = npt.NDArray[np.float64]
_DEGREE = 6  # quadrature of the fields of Williams, which are no polynomials
_AT_TIPS = 40  # of their gradients on facets that end at a tip, which grow like r^(-1/2)
_ASIDE = 1e-9  # how far beside its face a point counts as lying, over the size of the domain


@dataclass(frozen=True)
class Extension:
    """A virtual extension of a crack.

    Attributes:
        values: points (3, n) -> displacements (gdim, n) of the extension, 1 along the normal of the front.
        length: of the front in metres: 1 in 2-D (per depth), 2 pi r in axisymmetric models.
        point: (gdim,) of the front, metres. direction: (gdim,) unit vector of the extension there.
        outer: distance from the front beyond which nothing moves, metres. inner: up to which all moves alike.
    """

    values: Callable[[Array], Array]
    length: float
    point: tuple[float, ...]
    direction: tuple[float, ...]
    outer: float
    inner: float = field(default=0.0, kw_only=True)


def _fading(distance: Array, inner: float, outer: float) -> Array:
    """1 up to `inner`, 0 from `outer` on, linear between."""
    return np.asarray(np.clip((outer - distance) / (outer - inner), 0.0, 1.0))


def _check(inner: float, outer: float) -> None:
    if not 0 <= inner < outer:
        raise ValueError(f"radii must be in order: 0 <= inner ({inner!r}) < outer ({outer!r})")


def straight_extension(
    point: tuple[float, ...],
    direction: tuple[float, ...],
    inner: float,
    outer: float,
    axisymmetric: bool = False,
    depth: float = 1.0,
) -> Extension:
    """The tip (3-D: a straight front along y) moves along `direction`.

    Args:
        point: (gdim,) tip in metres. direction: (gdim,) along the crack, any length.
        inner, outer: the extension is uniform within `inner` of the tip and fades to 0 at `outer`, metres. No other
            tip, side or interface across the crack may lie within.
        axisymmetric: the model is. depth: in 3-D, length of the front in metres.
    """
    _check(inner, outer)
    tip, along = np.asarray(point, dtype=float), np.asarray(direction, dtype=float)
    along = along / np.linalg.norm(along)
    gdim = len(tip)
    plane = [0, gdim - 1]

    def values(x: Array) -> Array:
        distance = np.linalg.norm(x[plane] - tip[plane][:, None], axis=0)
        return np.asarray(along[:, None] * _fading(distance, inner, outer))

    length = 2 * math.pi * float(tip[0]) if axisymmetric else (depth if gdim == 3 else 1.0)
    return Extension(values, length, tuple(map(float, tip)), tuple(map(float, along)), outer, inner=inner)


def circular_extension(
    centre: tuple[float, float, float], radius: float, inner: float, outer: float, share: float = 1.0
) -> Extension:
    """The rim of a disc along the layers of a 3-D model grows everywhere alike; G is the mean over the rim.

    Args:
        centre, radius: of the disc, metres. inner, outer: as for `straight_extension`, from the rim.
        share: part of the rim that lies in the model: 1/2 of a disc on a side, 1/4 of one in a corner.
    """
    _check(inner, outer)
    middle = np.asarray(centre, dtype=float)

    def values(x: Array) -> Array:
        lateral = x[:2] - middle[:2, None]
        distance = np.linalg.norm(lateral, axis=0)
        off = np.hypot(distance - radius, x[2] - middle[2])
        outward = lateral / np.maximum(distance, 1e-300)
        return np.vstack([outward * _fading(off, inner, outer), np.zeros(x.shape[1])])

    rim = (float(middle[0] + radius), float(middle[1]), float(middle[2]))
    return Extension(values, 2 * math.pi * radius * share, rim, (1.0, 0.0, 0.0), outer)


def energy_release_rate(assembly: Assembly, extension: Extension, faces: Iterable[str] = ()) -> float:
    """Energy release rate of a crack for a virtual extension of it, J/m^2. Collective.

    Args:
        assembly: at the solution. extension: of the crack.
        faces: facets that are faces of the crack: pressures on them do work. Those of faces that touch do none: where
            they press, the faces do not part.
    """
    mechanics, geometry = assembly.mechanics, assembly.geometry
    moved = _moved(assembly, extension)
    total = 0.0
    for layer in mechanics.solids:
        work = ufl.inner(mechanics.stress(layer), _product(assembly, mechanics.displacement_of(layer).total, moved))
        density = work - mechanics.energy_density(layer) * _divergence(assembly, moved)
        total += assembly.scalar(geometry.integral(density, layer))
    normal = ufl.FacetNormal(geometry.mesh)
    for name, pressure in _pressures(assembly, faces):
        parts = mechanics.on_side(lambda u: ufl.dot(normal, ufl.grad(u.total) * moved), name)
        total += sum(pressure * assembly.scalar(form) for _, form in parts)
    return total / extension.length


def stress_intensities(
    assembly: Assembly, extension: Extension, layer: str, faces: Iterable[str] = ()
) -> tuple[float, float]:
    """K_I and K_II at the tip of a crack within a layer, Pa m^(1/2). Collective.

    K_I > 0 opens the crack. K_II > 0 when the side to the left of the direction of growth slides along it.

    Args:
        assembly: at the solution of a 2-D or axisymmetric model.
        extension: `straight_extension` of the tip.
        layer: that the tip lies in, linear elastic.
        faces: facets that are faces of the crack (``<name>:lower`` and ``<name>:upper``): they are needed when
            pressures act on them, and in axisymmetric models (``<name>:faces`` where they may touch).

    Raises:
        ModelError: a 3-D model, or a layer that is not linear elastic.
    """
    geometry, model = assembly.geometry, assembly.model
    terms = model.domains[layer].energy
    if geometry.gdim != 2:
        raise ModelError("stress intensities are for 2-D and axisymmetric models: use the energy release rate")
    if len(terms) != 1 or not isinstance(terms[0], Elastic):
        raise ModelError(f"stress intensities need linear elasticity alone in layer {layer!r}")
    elastic = Elastic(terms[0].young_modulus, terms[0].poisson_ratio)
    plane_stress = model.settings.plane == "stress" and not geometry.axisymmetric
    modulus = elastic.young_modulus / (1.0 if plane_stress else 1 - elastic.poisson_ratio**2)
    moved = _moved(assembly, extension)
    found = []
    for mode in (0, 1):
        inside, on_faces = (_williams(assembly, extension, elastic, mode, plane_stress, shift) for shift in (0, 1))
        energy = _bulk_interaction(assembly, layer, elastic, inside, moved, plane_stress)
        energy -= _face_work(assembly, elastic, on_faces, moved, tuple(faces), extension)
        found.append(0.5 * modulus * energy / extension.length)
    return found[0], found[1]


def mean_opening(assembly: Assembly, faces: Iterable[str]) -> float:
    """Mean distance between the two faces of a slit, m. Collective.

    Negative where a load has closed it: the model knows no contact, and its faces overlap.

    Args:
        assembly: at the solution. faces: both of them, ``<name>:lower`` and ``<name>:upper``.
    """
    geometry = assembly.geometry
    names = tuple(faces)
    normal = ufl.FacetNormal(geometry.mesh)
    parts = [assembly.mechanics.on_side(lambda u: -ufl.dot(u.function, normal), name) for name in names]
    volume = sum(assembly.scalar(form) for found in parts for _, form in found)
    return 2 * volume / sum(assembly.scalar(geometry.outer_integral(1.0, name)) for name in names)


def _moved(assembly: Assembly, extension: Extension) -> Any:
    """The extension as a linear function on the mesh, so that its gradient is integrated exactly."""
    mesh, gdim = assembly.geometry.mesh, assembly.geometry.gdim
    function = fem.Function(fem.functionspace(mesh, ("Lagrange", 1, (gdim,))), name="extension")
    function.interpolate(lambda x: extension.values(np.asarray(x)))
    function.x.scatter_forward()
    return function


def _product(assembly: Assembly, displacement: Any, moved: Any) -> Any:
    """(3, 3) grad u grad v, with the hoop parts of both in axisymmetric models."""
    gdim = assembly.geometry.gdim
    inner = ufl.grad(displacement) * ufl.grad(moved)
    if gdim == 3:
        return inner
    hoop: Any = 0
    if assembly.geometry.axisymmetric:
        hoop = displacement[0] * moved[0] / ufl.SpatialCoordinate(assembly.geometry.mesh)[0] ** 2
    return ufl.as_matrix([[inner[0, 0], inner[0, 1], 0], [inner[1, 0], inner[1, 1], 0], [0, 0, hoop]])


def _divergence(assembly: Assembly, moved: Any) -> Any:
    found = ufl.div(moved)
    if assembly.geometry.axisymmetric:
        found += moved[0] / ufl.SpatialCoordinate(assembly.geometry.mesh)[0]
    return found


def _touching(assembly: Assembly, faces: Iterable[str]) -> list[tuple[Any, str]]:
    """Tractions of the side above on the side below of faces that may touch, Pa, and the names of their facets."""
    found = []
    for name in (n for n in faces if n.endswith(FACES)):
        joint = assembly.model.joints[name.removesuffix(FACES)]
        if not isinstance(joint, ContactJoint):
            raise ModelError(f"crack {joint.name!r} is bonded: it has no energy release rate of its own")
        found.append((joint.traction(), name))
    return found


def _across(field: Any) -> Any:
    """What is below minus what is above."""
    return field("+") - field("-")


def _pressures(assembly: Assembly, faces: Iterable[str]) -> list[tuple[str, float]]:
    wanted = set(faces)
    return [(load.side, load.pressure) for load in assembly.mechanics.loads if load.side in wanted]


def _williams(
    assembly: Assembly, extension: Extension, elastic: Elastic, mode: int, plane_stress: bool, on_faces: int
) -> Any:
    """Displacement of unit stress intensity in mode I (0) or II (1) as UFL; `on_faces` (0 or 1): on facets.

    The angle jumps from -pi to pi behind the tip. Points on a face belong to the side that their cell is on, which
    its normal tells.
    """
    mesh = assembly.geometry.mesh
    x = ufl.SpatialCoordinate(mesh)
    # constants of the forms: another tip, another material compile nothing
    (px, pz), (dx, dz) = (fem.Constant(mesh, np.array(v, dtype=float)) for v in (extension.point, extension.direction))
    ahead = (x[0] - px) * dx + (x[1] - pz) * dz
    above: Any = (x[1] - pz) * dx - (x[0] - px) * dz
    if on_faces:
        normal = ufl.FacetNormal(mesh)
        side = ufl.conditional(ufl.lt(normal[1] * dx - normal[0] * dz, 0.0), 1.0, -1.0)
        above += side * fem.Constant(mesh, _ASIDE * extension.outer)
    radius, half = ufl.sqrt(ahead**2 + above**2), 0.5 * ufl.atan2(above, ahead)
    nu = elastic.poisson_ratio
    kappa = fem.Constant(mesh, (3 - nu) / (1 + nu) if plane_stress else 3 - 4 * nu)
    size = ufl.sqrt(radius / (2 * ufl.pi)) / fem.Constant(mesh, 2 * elastic.lame[1])
    sine, cosine = ufl.sin(half), ufl.cos(half)
    if mode == 0:
        along, across = cosine * (kappa - 1 + 2 * sine**2), sine * (kappa + 1 - 2 * cosine**2)
    else:
        along, across = sine * (kappa + 1 + 2 * cosine**2), -cosine * (kappa - 1 - 2 * sine**2)
    return ufl.as_vector([size * (along * dx - across * dz), size * (along * dz + across * dx)])


def _stress_of(assembly: Assembly, elastic: Elastic, field: Any, plane_stress: bool) -> tuple[Any, Any]:
    """(3, 3) strain and stress of a displacement field without eigenstrain."""
    deformed = strain(field, assembly.geometry.mesh, assembly.geometry.axisymmetric)
    if plane_stress:
        deformed = elastic.plane_stress_strain(deformed)
    lam, mu = (fem.Constant(assembly.geometry.mesh, value) for value in elastic.lame)
    return deformed, lam * ufl.tr(deformed) * ufl.Identity(3) + 2 * mu * deformed


def _in_plane(stress: Any) -> Any:
    return ufl.as_matrix([[stress[0, 0], stress[0, 1]], [stress[1, 0], stress[1, 1]]])


def _bulk_interaction(
    assembly: Assembly, layer: str, elastic: Elastic, field: Any, moved: Any, plane_stress: bool
) -> float:
    """Domain part of the interaction energy of the solution with the displacement `field`, J/m times the front."""
    mechanics, geometry = assembly.mechanics, assembly.geometry
    own = mechanics.displacement_of(layer).total
    deformed, stress = _stress_of(assembly, elastic, field, plane_stress)
    total = mechanics.stress(layer)
    density = ufl.inner(total, _product(assembly, field, moved)) + ufl.inner(stress, _product(assembly, own, moved))
    density -= ufl.inner(total, deformed) * _divergence(assembly, moved)
    if geometry.axisymmetric:  # the field of Williams needs a body force there
        radius = ufl.SpatialCoordinate(geometry.mesh)[0]
        around = ufl.as_vector([stress[0, 0] - stress[2, 2], stress[0, 1]]) / radius
        density += ufl.dot(ufl.div(_in_plane(stress)) + around, ufl.grad(own) * moved)
    options = {"quadrature_degree": _DEGREE}
    cells = ufl.Measure("dx", domain=geometry.mesh, subdomain_data=geometry.tagged.cell_tags, metadata=options)
    return assembly.scalar(geometry.weight() * density * cells(geometry.layer_tag(layer)))


def _smoothed(assembly: Assembly, traction: Any, name: str, extension: Extension) -> Any:
    """A traction on faces that touch, which goes over to its mean where the tip is near, Pa.

    In the last cells before a tip the pressure is wrong by parts of itself on any mesh: there forces are right, not
    their distribution, and that is what the field of Williams weighs there. The pressure itself is bounded.
    """
    if not extension.inner > 0:
        return traction
    geometry = assembly.geometry
    place = ufl.SpatialCoordinate(geometry.mesh)("+")
    point, inner = (fem.Constant(geometry.mesh, np.array(v, dtype=float)) for v in (extension.point, extension.inner))
    away = ufl.sqrt(sum((place[k] - point[k]) ** 2 for k in range(geometry.gdim))) / inner
    weight = ufl.conditional(ufl.lt(away, 1.0), away * (1 - away), 0.0)
    rule = {"quadrature_degree": _DEGREE}

    def total(density: Any) -> float:
        return assembly.scalar(geometry.interface_integral(density * assembly.model.one, name, rule=rule))

    size = total(weight)
    if size == 0.0:
        return traction
    mean = fem.Constant(geometry.mesh, [total(weight * traction[k]) / size for k in range(geometry.gdim)])
    near = ufl.max_value(0.0, 1.0 - away)
    return near * mean + (1 - near) * traction


def _face_work(
    assembly: Assembly, elastic: Elastic, field: Any, moved: Any, faces: tuple[str, ...], extension: Extension
) -> float:
    """Work of the tractions of the solution on the moved `field`, and of those of the field on the solution."""
    geometry = assembly.geometry
    own = assembly.mechanics.displacement.total
    options = {"quadrature_degree": _DEGREE}
    sides = ufl.Measure("ds", domain=geometry.mesh, subdomain_data=geometry.tagged.facet_tags, metadata=options)
    normal = ufl.FacetNormal(geometry.mesh)
    found = 0.0
    for name, pressure in _pressures(assembly, faces):
        # by parts along the straight face: the gradient of the field is singular at the tip, the field vanishes
        work = pressure * ufl.dot(normal, field) * _divergence(assembly, moved)
        found += assembly.scalar(geometry.weight() * work * sides(geometry.facet_tag(name)))
    for traction, name in _touching(assembly, faces):
        held = _smoothed(assembly, traction, name, extension)
        work = ufl.dot(held, _across(ufl.grad(field) * moved))
        found += assembly.scalar(geometry.interface_integral(work, name, rule={"quadrature_degree": _AT_TIPS}))
    if geometry.axisymmetric:
        _, stress = _stress_of(assembly, elastic, field, False)
        for name in faces:
            if name.endswith(FACES):
                work = ufl.dot(_in_plane(stress) * normal, ufl.grad(own) * moved)
                rule = {"quadrature_degree": _AT_TIPS}
                found += assembly.scalar(geometry.interface_integral(work("+") + work("-"), name, rule=rule))
                continue
            work = ufl.dot(_in_plane(stress) * normal, ufl.grad(own) * moved)
            found += assembly.scalar(geometry.weight() * work * sides(geometry.facet_tag(name)))
    return found
