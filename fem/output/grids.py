"""Layers of a distributed mesh as grids: every rank its own cells, and what is known on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import basix.ufl
import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem, la

from fem import balance, compat
from fem.dissipation.conduction import Conduction
from fem.output.vtu import CellKind, Grid
from fem.unknowns import Field, Number

if TYPE_CHECKING:
    from fem.domains import Domains
    from fem.model import Model

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Corners of the edges of a simplex, in the order of VTK's quadratic cells.
_EDGES: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((0, 1),),
    2: ((0, 1), (1, 2), (2, 0)),
    3: ((0, 1), (1, 2), (2, 0), (0, 3), (1, 3), (2, 3)),
}
_LINEAR: dict[int, CellKind] = {0: "vertex", 1: "line", 2: "triangle", 3: "tetra"}
_QUADRATIC: dict[int, CellKind] = {1: "quadratic_line", 2: "quadratic_triangle", 3: "quadratic_tetra"}

#: Order of the components of a symmetric tensor in VTK; indices into the 3 x 3 matrix.
_SYMMETRIC = ((0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (0, 2))


class LayerGrid:
    """The owned cells of one layer on this rank, with nodes shared by neighbouring cells.

    Args:
        geometry: the mesh and its names.
        layer: name.
        degree: 1: nodes at the corners; 2: at the middles of the edges, too.
    """

    def __init__(self, geometry: Domains, layer: str, degree: int) -> None:
        mesh, tdim = geometry.mesh, geometry.tdim
        self.tdim, self.layer, self.degree = tdim, layer, degree
        owned = mesh.topology.index_map(tdim).size_local
        self.owned_cells = np.flatnonzero(geometry.cell_values[:owned] == geometry.layer_tag(layer))
        corners = np.asarray(compat.geometry_dofmap(mesh)[self.owned_cells], dtype=np.int64)
        used, cells = np.unique(corners, return_inverse=True)
        self.cells: Ints = cells.reshape(corners.shape).astype(np.int64)
        self.points: Floats = np.asarray(mesh.geometry.x[used], dtype=np.float64)
        if degree == 2:
            ends = np.sort(self.cells[:, _EDGES[tdim]], axis=2)
            pairs, number = np.unique(ends.reshape(-1, 2), axis=0, return_inverse=True)
            middles = number.reshape(len(self.cells), len(_EDGES[tdim])) + len(self.points)
            self.cells = np.hstack([self.cells, middles])
            self.points = np.vstack([self.points, self.points[pairs].mean(axis=1)])

    @property
    def kind(self) -> CellKind:
        """Kind of the cells in VTK."""
        return _QUADRATIC[self.tdim] if self.degree == 2 else _LINEAR[self.tdim]

    def grid(self, point_data: dict[str, Any], cell_data: dict[str, Any]) -> Grid:
        """The cells with data."""
        return Grid(self.kind, self.points, self.cells, point_data, cell_data)

    def at_nodes(self, function: Any, from_parent: npt.NDArray[np.int32]) -> Floats:
        """Values (nodes,) or (nodes, components) of a continuous function on a submesh that holds this layer.

        Args:
            function: dolfinx function.
            from_parent: (parent cells,) cells of its mesh.
        """
        space = function.function_space
        element = space.ufl_element()
        size = space.dofmap.index_map_bs
        scalar = element.sub_elements[0] if size > 1 else element
        table = _basis(scalar, self.tdim, self.degree)
        rows = from_parent[self.owned_cells]
        dofs = space.dofmap.list[rows]
        coefficients = np.real(function.x.array).reshape(-1, size)[dofs]
        local = np.einsum("kj,cjs->cks", table, coefficients)
        values = np.zeros((len(self.points), size))
        values[self.cells.reshape(-1)] = local.reshape(-1, size)
        return values if size > 1 else values[:, 0]


def _basis(element: Any, tdim: int, degree: int) -> Floats:
    """(nodes, basis functions) values of the basis at the nodes of VTK's cell."""
    corners = np.vstack([np.zeros((1, tdim)), np.eye(tdim)])
    nodes = corners
    if degree == 2:
        nodes = np.vstack([corners, [corners[list(edge)].mean(axis=0) for edge in _EDGES[tdim]]])
    lagrange = basix.ufl.element(element.family_name, element.cell_type, element.degree, element.lagrange_variant)
    return np.asarray(lagrange.tabulate(0, nodes)[0], dtype=np.float64)


def cell_weights(geometry: Domains) -> Floats:
    """(owned and ghost cells,) measures: m in 1-D, m^2 in 2-D, else m^3 (axisymmetric: with 2 pi r)."""
    corners = geometry.mesh.geometry.x[compat.geometry_dofmap(geometry.mesh)]
    return simplex_measures(corners[:, :, : geometry.gdim], geometry.axisymmetric)


def simplex_measures(corners: Floats, axisymmetric: bool) -> Floats:
    """Measures of simplices with corners (n, corners, gdim); of points: 1. Axisymmetric: times 2 pi r."""
    edges = corners[:, 1:] - corners[:, :1]
    dim = edges.shape[1]
    gram = np.einsum("cik,cjk->cij", edges, edges)
    factorial = (1.0, 1.0, 2.0, 6.0)[dim]
    measure = np.sqrt(np.clip(np.linalg.det(gram), 0.0, None)) / factorial if dim else np.ones(len(corners))
    if axisymmetric:  # r is linear: its mean is that of the corners
        measure = measure * 2 * np.pi * corners[:, :, 0].mean(axis=1)
    return np.asarray(measure, dtype=np.float64)


class CellMeans:
    """Means over cells of what the model derives: current densities and the stress, by one assembly each.

    The forms live on the parent mesh, as those of the model do: expressions that mix submeshes cannot be
    interpolated in dolfinx 0.9 to 0.11.

    Args:
        model: the model; its state is read when `evaluate` is called.
    """

    def __init__(self, model: Model) -> None:
        self.geometry = model.geometry
        self.forms: dict[str, tuple[int, Any, tuple[str, ...]]] = {}
        maps = model.geometry.entity_maps()
        for carrier in ("ionic", "electronic"):
            densities = {}
            for (layer, kind), term in model.conductors.items():
                handle = model.handle(layer, kind)
                if kind == carrier and isinstance(term, Conduction) and isinstance(handle.carrier, Field):
                    densities[layer] = balance.current_density(term, handle.carrier.total)
            self._add(f"{carrier}_current_density", densities, model.geometry.gdim, maps)
        if model.mechanics is not None:
            stresses = {}
            for layer in model.mechanics.solids:
                stress = model.mechanics.stress(layer)
                stresses[layer] = ufl.as_vector([stress[i, j] for i, j in _SYMMETRIC])
            self._add("stress", stresses, len(_SYMMETRIC), maps)

    def _add(self, name: str, densities: dict[str, Any], size: int, maps: compat.EntityMaps) -> None:
        if not densities:
            return
        space = fem.functionspace(self.geometry.mesh, ("DG", 0, (size,)))
        test = ufl.TestFunction(space)
        parts = [self.geometry.integral(ufl.inner(d, test), layer) for layer, d in densities.items()]
        self.forms[name] = (size, maps.form(sum(parts[1:], start=parts[0])), tuple(densities))

    def evaluate(self) -> dict[str, tuple[tuple[str, ...], Floats]]:
        """Name -> (layers on which it is defined, (owned and ghost cells, components) means). Collective."""
        weights = cell_weights(self.geometry)[:, None]
        result = {}
        for name, (size, form, layers) in self.forms.items():
            vector = fem.assemble_vector(form)
            vector.scatter_reverse(la.InsertMode.add)
            values = np.real(vector.array).reshape(-1, size)
            result[name] = (layers, values / weights[: len(values)])
        return result


def node_potentials(model: Model, layer: str, grid: LayerGrid) -> dict[str, Floats]:
    """Physical potentials (offsets included, V) of the carriers of a layer at the nodes of its grid."""
    found = {}
    for carrier in ("ionic", "electronic"):
        if (layer, carrier) not in model.conductors:
            continue
        handle = model.handle(layer, carrier)
        if isinstance(handle.carrier, Number):
            values: Floats = np.full(len(grid.points), handle.carrier.value)
        else:
            values = grid.at_nodes(handle.carrier.function, handle.carrier.region.from_parent())
            for axis, fall in model.mean_fields.items():
                values = values - fall.value / model.tagged.periods[axis] * grid.points[:, axis]
        found[f"{carrier}_potential"] = values + handle.constant
    return found


def node_concentrations(model: Model, layer: str, grid: LayerGrid) -> dict[str, Floats]:
    """Concentrations (mol/m^3) of salt, liquid or lithium of a layer at the nodes of its grid; or none."""
    transport = model.transport
    if transport is None or layer not in transport.fields:
        return {}
    known = {"concentration": transport.fields, "ionic_liquid_concentration": transport.liquids}
    found = {name: fields[layer] for name, fields in known.items() if layer in fields}
    return {name: grid.at_nodes(f.function, f.region.from_parent()) for name, f in found.items()}


def node_damage(model: Model, layer: str, grid: LayerGrid) -> dict[str, Floats]:
    """Damage of a layer at the nodes of its grid; empty where nothing breaks."""
    if model.damage is None or model.damage.at(layer) is None:
        return {}
    field = model.damage.unknown
    return {"damage": grid.at_nodes(field.function, field.region.from_parent())}


def node_phase(model: Model, layer: str, grid: LayerGrid) -> dict[str, Floats]:
    """Order parameter of voids, and the excess of vacancies, at the nodes of a grid; empty where no void can be."""
    phase = None if model.void_phases is None else model.void_phases.layers.get(layer)
    if phase is None:
        return {}
    found = {"order_parameter": phase.order, "vacancy_excess": phase.excess}
    return {n: grid.at_nodes(f.function, f.region.from_parent()) for n, f in found.items() if f is not None}


def node_displacements(model: Model, layer: str, grid: LayerGrid) -> dict[str, Any]:
    """Displacement (nodes, 3) of a layer in metres; empty when it has no mechanics."""
    mechanics = model.mechanics
    if mechanics is None or layer not in mechanics.solids:
        return {}
    field = mechanics.displacement_of(layer)
    values = grid.at_nodes(field.function, field.region.from_parent())
    if values.ndim == 1:
        values = values[:, None]
    for (i, j), number in mechanics.mean_strains.items():
        for k, along in {(i, j), (j, i)}:
            values[:, k] += number.value / model.tagged.periods[i] * grid.points[:, along]
    return {"displacement": padded(values)}


def padded(vectors: Floats) -> npt.NDArray[np.float32]:
    """Vectors of the model plane (n, gdim) as (n, 3), single precision."""
    full = np.zeros((len(vectors), 3), dtype=np.float32)
    full[:, : vectors.shape[1]] = vectors
    return full


def stress_measures(stress: Floats, stacking: int) -> dict[str, npt.NDArray[Any]]:
    """What is looked at of a stress (n, 6) in the order xx yy zz xy yz xz, Pa, tension positive.

    Args:
        stress: cell means.
        stacking: index of the stacking direction.
    """
    mean = stress[:, :3].mean(axis=1)
    deviator = stress[:, :3] - mean[:, None]
    equivalent = np.sqrt(1.5 * (deviator**2).sum(axis=1) + 3.0 * (stress[:, 3:] ** 2).sum(axis=1))
    parts = {
        "von_mises_stress": equivalent,
        "mean_stress": mean,
        "stacking_stress": stress[:, stacking],
        "stress": stress,
    }
    return {name: np.asarray(values, dtype=np.float32) for name, values in parts.items()}
