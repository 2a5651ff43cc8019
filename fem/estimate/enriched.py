"""The same model with elements of one degree more, on cells that follow round walls.

The difference of a quantity between the two is its error, up to what the richer model still misses. The curved
cells share the topology of the straight ones: nothing is renumbered, and the error of straight facets is part of
the difference.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import basix
import dolfinx
import numpy as np
import numpy.typing as npt
from dolfinx import fem

from fem import compat
from fem.domains import Domains
from fem.estimate.recorded import interpolated
from fem.model import Model
from meshes.curvature import Shape, moved_within
from meshes.refine import known_shape
from meshes.unrolled import Nodes, cell_corners, unrolled, with_nodes

if TYPE_CHECKING:
    from fem.unknowns import Field
    from meshes.tagged import TaggedMesh


def enriched(model: Model, shape: Shape | None = None) -> Model:
    """The model with potentials and displacement of one degree more; not solved yet.

    Args:
        model: the model.
        shape: true shape of curved facets; None: what the stack of the mesh knows.
    """
    return replace(model, tagged=curved(model.tagged, shape), settings=model.settings.enriched())


def curved(tagged: TaggedMesh, shape: Shape | None = None) -> TaggedMesh:
    """The mesh with quadratic cells whose nodes lie on the true surface; itself where nothing is round."""
    shape = known_shape(tagged) if shape is None else shape
    mesh, tdim = tagged.mesh, tagged.tdim
    if not shape or tdim == 1:
        return tagged
    space = fem.functionspace(mesh, ("Lagrange", 2))
    domains = Domains(tagged)
    whole = compat.SubMesh(mesh, mesh, tdim, np.arange(len(domains.cell_values), dtype=np.int32))
    points = space.tabulate_dof_coordinates()[:, : mesh.geometry.dim].copy()
    nodes: Nodes | None = None
    if tagged.periods:
        nodes = unrolled(space.dofmap.index_map, space.dofmap.list, _node_places(mesh), tagged.periods)
        points = nodes.points

    def on(name: str) -> npt.NDArray[np.bool_] | None:
        if name not in tagged.facets:
            return None
        mask = np.zeros(len(points) if nodes is None else int(nodes.of.max(initial=-1)) + 1, dtype=bool)
        mask[domains.facet_dofs(space, whole, name)] = True
        return mask if nodes is None else mask[nodes.of]

    moved = moved_within(shape, points, on, tagged.periods)
    if nodes is None:
        bent = compat.quadratic_mesh(mesh, space, moved)
    else:
        bent = with_nodes(mesh, nodes.index_map, nodes.dofmap, moved, degree=2)
    tags = []
    for old, dim in ((tagged.cell_tags, tdim), (tagged.facet_tags, tdim - 1)):
        tags.append(dolfinx.mesh.meshtags(bent, dim, old.indices, old.values))
        tags[-1].name = old.name
    return replace(tagged, mesh=bent, cell_tags=tags[0], facet_tags=tags[1])


def _node_places(mesh: Any) -> npt.NDArray[np.float64]:
    """(cells, nodes, gdim) where the nodes of quadratic cells lie on straight ones, ghosts included."""
    cell = getattr(basix.CellType, mesh.topology.cell_name())
    family, variant = basix.ElementFamily.P, basix.LagrangeVariant.gll_warped
    points = basix.create_element(family, cell, 2, variant).points
    table = basix.create_element(family, cell, 1, variant).tabulate(0, points)[0, :, :, 0]
    return np.asarray(np.einsum("nv,cvk->cnk", table, cell_corners(mesh)))


def transfer(source: Model, target: Model) -> None:
    """Write the state of a model into its enriched copy, and its sources; given values stay those of the copy."""
    for ours, theirs in zip(target.numbers, source.numbers, strict=True):
        ours.value, ours.source = theirs.value, theirs.source
    for mine, other in zip(target.fields, source.fields, strict=True):
        interpolated(other.function, mine.function)
        if source.tagged is not target.tagged and source.tagged.mesh is not target.tagged.mesh:
            _continue_to_walls(other, mine)
        mine.apply_ties()


def _continue_to_walls(source: Field, target: Field) -> None:
    """Nodes that curved cells have moved take the value that the polynomials of the straight cells have there.

    With the value of the node before it was moved the field would have a dent along every wall, whose residual is
    larger than that of the straight facets themselves, although it cancels in sums.
    """
    rich = target.space
    straight = fem.functionspace(source.space.mesh, rich.ufl_element())
    here, before = rich.tabulate_dof_coordinates(), straight.tabulate_dof_coordinates()
    moved = np.flatnonzero(np.abs(here - before).max(axis=1, initial=0.0) > 1e-12 * np.abs(before).max(initial=0.0))
    cells = np.zeros(len(here), dtype=np.int32)
    dofs = rich.dofmap.list
    cells[dofs.reshape(-1)] = np.repeat(np.arange(len(dofs), dtype=np.int32), dofs.shape[1])
    if len(moved):
        size = rich.dofmap.index_map_bs
        values = source.function.eval(here[moved], cells[moved]).reshape(len(moved), size)
        target.function.x.array[(moved[:, None] * size + np.arange(size)).reshape(-1)] = values.reshape(-1)
    target.function.x.scatter_forward()
