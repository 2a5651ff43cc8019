"""Models that repeat themselves sideways: what their fields have beyond what repeats, and what holds them.

On a mesh with periodic sides (``TaggedMesh.periods``) every function repeats itself. A potential that falls on the
average is such a function minus a mean field times the coordinates, p - E x; a displacement is one plus the mean
strain times the coordinates. The mean parts are `Number`s: given, or unknown where nothing flows or pulls on the
average (Hill, J. Mech. Phys. Solids 11 (1963) 357; Michel, Moulinec and Suquet, Comput. Methods Appl. Mech. Eng. 172
(1999) 109). Their balances are the mean current and the mean force across a side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import ufl

from fem import balance
from fem.conditions import MeanField, MeanStrain
from fem.dissipation.conduction import Conduction
from fem.errors import ModelError
from fem.unknowns import Field, Number

if TYPE_CHECKING:
    from fem.mechanics import Mechanics
    from fem.model import Model

AXES = "xyz"


def set_mean_fields(model: Model) -> dict[int, Number]:
    """Give the potentials their mean fields; axis -> fall of the potential over one period, V.

    Raises:
        ModelError: an axis that is not periodic, or an equipotential, which has no field.
    """
    wanted = {c.axis: c for c in model.conditions if isinstance(c, MeanField)}
    found: dict[int, Number] = {}
    if not wanted:
        return found
    if model.network.metals:
        layers = ", ".join(layer for layer, _ in model.network.metals)
        raise ModelError(f"a mean field needs conductors that are resolved, and {layers} is an equipotential")
    gdim, periods = model.geometry.gdim, model.tagged.periods
    field: list[Any] = [0.0] * gdim
    for axis, condition in sorted(wanted.items()):
        if axis not in periods:
            raise ModelError(f"a mean field along {AXES[axis]} needs periodic sides there")
        period = periods[axis]
        start = 0.0 if condition.value is None else condition.value * period
        name = f"fall of the potential along {AXES[axis]}"
        number = model.add_number(Number.create(name, model.geometry.mesh, start, condition.value is None))
        found[axis] = number
        field[axis] = number.variable / period
    x = ufl.SpatialCoordinate(model.geometry.mesh)
    for item in model.fields:
        if item.kind == "potential" and item.layers:
            item.mean = -ufl.dot(ufl.as_vector(field), x)
    return found


def close_mean_fields(model: Model, falls: dict[int, Number]) -> None:
    """Balances of the mean fields, the currents across the sides, and a point that holds potentials nothing holds."""
    for axis, number in falls.items():
        for (layer, carrier), term in model.conductors.items():
            handle = model.handle(layer, carrier)
            if isinstance(term, Conduction) and isinstance(handle.carrier, Field):
                density = balance.current_density(term, handle.carrier.total)[axis] / model.tagged.periods[axis]
                model.charges[number].append(model.geometry.integral(density, layer))
    if model.tagged.periods and not model.terminals:
        for item in _floating(model):
            pin(item, 0, model.tagged.periods)


def _floating(model: Model) -> list[Field]:
    """One potential of every set that hang together and of which none is held."""
    fields = [f for f in model.fields if f.kind == "potential"]
    group = {f: k for k, f in enumerate(fields)}
    for link in model.network.links:
        ends = [model.handle(*node).carrier for node in (link.first, link.second)]
        one, other = (group.get(e) if isinstance(e, Field) else None for e in ends)
        if one is not None and other is not None and one != other:
            group = {f: one if g == other else g for f, g in group.items()}
    held = {group[f] for f in fields if f.ties}
    first: dict[int, Field] = {}
    for item in fields:
        if item.layers and group[item] not in held:
            first.setdefault(group[item], item)
    return list(first.values())


def set_mean_strain(mechanics: Mechanics) -> None:
    """Give the displacement its mean strain, and hold it against shifts along the periodic axes.

    Raises:
        ModelError: a mean strain along an axis that is not periodic.
    """
    model = mechanics.model
    gdim, periods = model.geometry.gdim, model.tagged.periods
    wanted = [c for c in model.conditions if isinstance(c, MeanStrain)]
    strain: list[list[Any]] = [[0.0] * gdim for _ in range(gdim)]
    for condition in wanted:
        i, j = condition.axes
        if i not in periods or j not in periods:
            raise ModelError(f"a mean strain {AXES[i]}{AXES[j]} needs periodic sides across both axes")
        period = periods[i]
        start = 0.0 if condition.value is None else condition.value * period
        name = f"{'lengthening along' if i == j else 'shear'} {AXES[i]}{'' if i == j else AXES[j]}"
        number = model.add_number(Number.create(name, model.geometry.mesh, start, condition.value is None))
        mechanics.mean_strains[i, j] = number
        strain[i][j] = strain[j][i] = number.variable / period
    if wanted:
        for unknown in mechanics.displacements:
            unknown.mean = ufl.dot(ufl.as_matrix(strain), ufl.SpatialCoordinate(model.geometry.mesh))


def close_mean_strain(mechanics: Mechanics) -> None:
    """Balances of the mean strains, the forces across the sides, and the point that holds the displacement."""
    model = mechanics.model
    for (i, j), number in mechanics.mean_strains.items():
        for layer in mechanics.solids:
            stress = mechanics.stress(layer)[i, j] * (1 if i == j else 2) / model.tagged.periods[i]
            model.charges[number].append(model.geometry.integral(stress, layer))
    for axis in model.tagged.periods:
        held = [f for f in mechanics.displacements if np.any(f.constrained() % model.geometry.gdim == axis)]
        if not model.geometry.comm.allreduce(len(held)):
            pin(mechanics.displacements[0], axis, model.tagged.periods)


def pin(field: Field, component: int, periods: Mapping[int, float]) -> None:
    """Hold one component of a field at zero in one of its vertices, the same on any number of ranks. Collective."""
    space = field.space
    index_map, size = space.dofmap.index_map, space.dofmap.index_map_bs
    layout = space.dofmap.dof_layout
    vertex = [layout.entity_dofs(0, v)[0] for v in range(space.mesh.topology.dim + 1)]
    mine = np.unique(space.dofmap.list[:, vertex])
    mine = mine[mine < index_map.size_local]
    points = space.tabulate_dof_coordinates()[mine]
    for axis, period in periods.items():  # which image is named is left to chance
        points[np.abs(points[:, axis] - period) <= 1e-9 * period, axis] = 0.0
    own = _first(points) if len(mine) else None
    found = space.mesh.comm.allgather(None if own is None else (tuple(points[own]), int(mine[own])))
    ranks = [rank for rank, entry in enumerate(found) if entry is not None]
    if not ranks:
        return
    best = ranks[_first(np.array([found[rank][0] for rank in ranks]))]
    number = np.array([index_map.local_range[0] + found[best][1]], dtype=np.int64)
    number = np.array(space.mesh.comm.bcast(number, root=best), dtype=np.int64)
    local = np.asarray(index_map.global_to_local(number), dtype=np.int64)
    dofs: npt.NDArray[np.int32] = (local[local >= 0] * size + component).astype(np.int32)
    field.tie(dofs, None, 0.0)


def _first(points: npt.NDArray[np.float64]) -> int:
    """The lowest point, of those the one with the smallest y, then x; rounding errors do not count."""
    span = float(np.abs(points).max(initial=0.0)) or 1.0
    rounded = np.round(points / span, 9)
    keys: Sequence[Any] = [rounded[:, k] for k in (0, *range(rounded.shape[1] - 1, 0, -1))]
    return int(np.lexsort(keys)[0])
