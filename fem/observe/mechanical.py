"""Stresses, pressures on interfaces, shifts of equilibrium potentials, energies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import basix
import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem

from fem.errors import ModelError
from fem.interface.names import both_sides, whole
from fem.kinematics import embed
from fem.observe.assembly import Assembly
from fem.observe.one_mesh import on_one_mesh

Array = npt.NDArray[np.float64]

_LEAST_STRESS = 1e-3
"""Pa, added to equivalent stresses as a square: their logarithm is taken."""


def mean_interface_pressure(assembly: Assembly, name: str) -> float:
    """Mean normal pressure on the contacted area, from the nodal forces: the force balance holds exactly, Pa.

    Where an interface is bonded over a gap in electrical contact or under a film, force and area include it.
    """
    area = sum(assembly.contact_area(part) for part in assembly.geometry.parts(name))
    return assembly.interface_force(name) / area


def interface_pressure(assembly: Assembly, name: str) -> Any:
    """Normal pressure on an interface as UFL: what acts on the kinetics, or the mean trace of both sides, Pa."""
    mechanics = assembly.mechanics
    if whole(name) in mechanics.tractions or whole(name) in assembly.model.joints:
        return mechanics.interface_pressure(name, "")
    normal = embed(ufl.FacetNormal(assembly.geometry.mesh)("+"), assembly.geometry.gdim)
    traces = []
    for layer, side in zip(both_sides(name), "+-", strict=True):
        sigma = mechanics.stress(layer)(side)
        traces.append(-ufl.dot(normal, sigma * normal))
    return 0.5 * (traces[0] + traces[1])


def interface_pressure_at(assembly: Assembly, name: str, points: Array) -> float:
    """Normal pressure averaged over points of an interface, Pa."""
    return assembly.point_mean(name, interface_pressure(assembly, name), points, degree=1)


def stress_shift(assembly: Assembly, name: str) -> float:
    """Shift of the equilibrium potential by stress, mean over the contact area, V."""
    for state in assembly.states(name):
        if not isinstance(state.shift, float | int):
            key = ("shift", name)
            return -assembly.on_interface(state.shift, name, key) / assembly.contact_area(name)
    return 0.0


def stress_samples(assembly: Assembly, layer: str) -> tuple[Array, Array]:
    """Points and stresses of the owned cells of a layer.

    Returns:
        (n, gdim) points inside the cells and (n, 3, 3) stresses in Pa, of this rank.
    """
    mechanics, geometry = assembly.mechanics, assembly.geometry
    region = mechanics.displacement_of(layer).region
    cells = np.flatnonzero(geometry.cell_values == geometry.layer_tag(layer)).astype(np.int32)
    cells = cells[cells < geometry.mesh.topology.index_map(geometry.tdim).size_local]
    parents, cells = cells, region.from_parent()[cells]
    cell_type = getattr(basix.CellType, region.mesh.topology.cell_name())
    points, _ = basix.make_quadrature(cell_type, assembly.sampling_degree)
    mesh = region.mesh
    stress = mechanics.stress(layer)
    flat = on_one_mesh(geometry, ufl.as_vector([stress[i, j] for i in range(3) for j in range(3)]), region, parents)
    values = fem.Expression(flat, points).eval(mesh, cells)
    places = fem.Expression(ufl.SpatialCoordinate(mesh), points).eval(mesh, cells)
    count = len(cells) * len(points)
    return np.reshape(places, (count, geometry.gdim)), np.reshape(values, (count, 3, 3))


def largest(
    assembly: Assembly,
    measure: Callable[[Array], Array],
    layers: tuple[str, ...],
    distance_of: Callable[[Array], Array] | None,
    clear: float,
) -> float:
    """Largest value of a scalar measure of the stress over layers.

    Args:
        assembly: at the solution.
        measure: (n, 3, 3) stresses -> (n,) values.
        layers: where to look.
        distance_of: points -> distance from contact edges; None when there are none.
        clear: points closer than this to an edge are left out, m.
    """
    best = -np.inf
    for layer in layers:
        points, stresses = stress_samples(assembly, layer)
        if distance_of is not None and clear > 0 and len(points):
            stresses = stresses[distance_of(points) >= clear]
        if len(stresses):
            best = max(best, float(np.max(measure(stresses))))
    from mpi4py import MPI

    best = float(assembly.comm.allreduce(best, op=MPI.MAX))
    if not np.isfinite(best):
        raise ModelError("no part of the layer is that far from the contact edges")
    return best


def equivalent(stresses: Array) -> Array:
    """(n,) von Mises stress."""
    deviator = stresses - np.trace(stresses, axis1=1, axis2=2)[:, None, None] / 3 * np.eye(3)
    return np.asarray(np.sqrt(1.5 * np.einsum("nij,nij->n", deviator, deviator)))


def principal(stresses: Array) -> Array:
    """(n,) largest principal stress, positive in tension."""
    return np.asarray(np.linalg.eigvalsh(stresses)[:, -1])


def mean_stress(assembly: Assembly, layers: tuple[str, ...], component: str) -> float:
    """Mean of a stress component over the volume of layers: ``stacking``, ``lateral`` or ``hydrostatic``, Pa."""
    axis = assembly.geometry.gdim - 1
    total, volume = 0.0, 0.0
    for layer in layers:
        stress = assembly.mechanics.stress(layer)
        picked: Any = {
            "stacking": stress[axis, axis],
            "lateral": stress[0, 0] if axis > 0 else stress[1, 1],
            "hydrostatic": ufl.tr(stress) / 3,
        }[component]
        total += assembly.in_layer(picked, layer, ("mean stress", layer, component))
        volume += assembly.in_layer(1.0, layer, ("volume", layer))
    return total / volume


def elastic_energy(assembly: Assembly, layers: tuple[str, ...]) -> float:
    """Stored energy of layers, J (per depth in 2-D, per area in 1-D)."""
    mechanics = assembly.mechanics
    return sum(assembly.in_layer(mechanics.energy_density(n), n, ("energy", n)) for n in layers)


def creep_dissipation(assembly: Assembly, layers: tuple[str, ...]) -> float:
    """Energy that creep has dissipated in layers since the beginning, J (per depth in 2-D, per area in 1-D)."""
    model, total = assembly.model, 0.0
    for layer in (n for n in layers if n in model.creeps):
        lost = model.geometry.integral(model.dissipations[layer].function, layer, model.creeps[layer].degree)
        total += assembly.scalar(lost, ("creep dissipation", layer))
    return total


def mean_creep_strain(assembly: Assembly, layers: tuple[str, ...]) -> float:
    """Mean equivalent creep strain over the volume of the layers that creep; 0 where none does."""
    model, total, volume = assembly.model, 0.0, 0.0
    for layer in (n for n in layers if n in model.creeps):
        strain = model.creeps[layer].strain()
        total += assembly.in_layer(ufl.sqrt(2 / 3 * ufl.inner(strain, strain)), layer, ("creep strain", layer))
        volume += assembly.in_layer(1.0, layer, ("volume", layer))
    return total / volume if volume else 0.0


def creep_power(assembly: Assembly, layers: tuple[str, ...]) -> float:
    """Power that creep dissipates in layers at the present stress, equivalent stress times rate, W."""
    model, total = assembly.model, 0.0
    for layer in (n for n in layers if n in model.creeps):
        creep = model.creeps[layer]
        stress = assembly.mechanics.stress(layer)
        deviator = ufl.dev(stress)
        equivalent = ufl.variable(ufl.sqrt(1.5 * ufl.inner(deviator, deviator) + _LEAST_STRESS**2))
        internals = [creep.function[creep.components + k] for k in range(len(creep.law.beginnings))]
        rate = ufl.diff(creep.law.potential(equivalent, internals, model.settings.temperature), equivalent)
        power = model.geometry.integral(rate * equivalent, layer, creep.degree)
        total += assembly.scalar(power, ("creep power", layer))
    return total


def void_closure(assembly: Assembly) -> float:
    """Share of the volume of all voids that the displacement of their walls has taken.

    Both volumes are integrals over the walls: of the displacement into the void, and of minus the height times the
    vertical part of the normal (Gauss), to which vertical sides that cut a void and the plane of height 0 add nothing.

    Raises:
        ModelError: there is no void.
    """
    geometry, mechanics = assembly.geometry, assembly.mechanics
    axis = geometry.gdim - 1
    normal, height = ufl.FacetNormal(geometry.mesh), ufl.SpatialCoordinate(geometry.mesh)[axis]
    taken = volume = 0.0
    for wall in sorted(name for name in geometry.tagged.facets if name.startswith("void|")):
        for unknown, form in mechanics.on_side(lambda u: ufl.dot(u.total, normal), wall):
            taken += assembly.scalar(form, ("closure", wall, unknown.name))
        volume -= assembly.scalar(geometry.outer_integral(height * normal[axis], wall), ("void volume", wall))
    if not volume > 0:
        raise ModelError("there is no void whose closure could be told")
    return taken / volume


def stack_shortening(assembly: Assembly) -> float:
    """Mean approach of the two ends of the stack, m."""
    axis = assembly.geometry.gdim - 1
    mean = {}
    for side in ("bottom", "top"):
        parts = assembly.mechanics.on_side(lambda u: u.function[axis], side)
        mean[side] = sum(assembly.scalar(form, ("end", side, u.name)) for u, form in parts) / assembly.area
    return mean["bottom"] - mean["top"]


def stack_force(assembly: Assembly) -> float:
    """Force of the bottom support on the stack, N, positive in compression."""
    mechanics = assembly.mechanics
    if "bottom" not in mechanics.supports:
        raise ModelError("the stack has no support at the bottom")
    return assembly.support_force("bottom")
