"""The same model with elements of one degree more, on cells that follow round walls.

The difference of a quantity between the two is its error, up to what the richer model still misses. The curved
cells share the topology of the straight ones: nothing is renumbered, and the error of straight facets is part of
the difference.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import dolfinx
import numpy as np
import numpy.typing as npt
from dolfinx import fem

from fem import compat
from fem.domains import Domains
from fem.estimate.recorded import interpolated
from fem.model import Model
from meshes.curvature import Shape, moved_onto, shape_of

if TYPE_CHECKING:
    from meshes.tagged import TaggedMesh


def enriched(model: Model, shape: Shape | None = None) -> Model:
    """The model with potentials and displacement of one degree more; not solved yet.

    Args:
        model: the model.
        shape: true shape of curved facets; None: what the stack of the mesh knows.
    """
    richer = replace(
        model.settings,
        potential_degree=model.settings.potential_degree + 1,
        displacement_degree=model.settings.displacement_degree + 1,
    )
    return replace(model, tagged=curved(model.tagged, shape), settings=richer)


def curved(tagged: TaggedMesh, shape: Shape | None = None) -> TaggedMesh:
    """The mesh with quadratic cells whose nodes lie on the true surface; itself where nothing is round."""
    shape = shape_of(tagged.stack) if shape is None else shape
    mesh, tdim = tagged.mesh, tagged.tdim
    if not shape or tdim == 1:
        return tagged
    space = fem.functionspace(mesh, ("Lagrange", 2))
    domains = Domains(tagged)
    whole = compat.SubMesh(mesh, mesh, tdim, np.arange(len(domains.cell_values), dtype=np.int32))
    points = space.tabulate_dof_coordinates()[:, : mesh.geometry.dim].copy()

    def on(name: str) -> npt.NDArray[np.bool_] | None:
        if name not in tagged.facets:
            return None
        mask = np.zeros(len(points), dtype=bool)
        mask[domains.facet_dofs(space, whole, name)] = True
        return mask

    bent = compat.quadratic_mesh(mesh, space, moved_onto(shape, points, on))
    tags = []
    for old, dim in ((tagged.cell_tags, tdim), (tagged.facet_tags, tdim - 1)):
        tags.append(dolfinx.mesh.meshtags(bent, dim, old.indices, old.values))
        tags[-1].name = old.name
    return replace(tagged, mesh=bent, cell_tags=tags[0], facet_tags=tags[1])


def transfer(source: Model, target: Model) -> None:
    """Write the state of a model into its enriched copy, and its sources; given values stay those of the copy."""
    for ours, theirs in zip(target.numbers, source.numbers, strict=True):
        ours.value, ours.source = theirs.value, theirs.source
    for mine, other in zip(target.fields, source.fields, strict=True):
        interpolated(other.function, mine.function)
        mine.apply_ties()
