"""Where things live: regions as submeshes, interfaces with ordered sides, measures with their weight.

All integrals are on the parent mesh; unknowns live on submeshes of it. Side 0 (UFL ``+``) of interface ``a|b``
is always ``a``, because the side that Gmsh or dolfinx calls ``+`` is arbitrary per facet.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import ufl
from mpi4py import MPI

from fem import compat
from fem.errors import ModelError
from fem.interface.names import COVERED, FACES, both_sides, is_covered, whole
from fem.parted import parted
from fem.slit_faces import lower_first

if TYPE_CHECKING:
    from meshes.tagged import TaggedMesh

IntArray = npt.NDArray[np.int32]

# Exponential kinetics on straight facets: this degree integrates them to better than the discretisation error.
INTERFACE_QUADRATURE_DEGREE = 6


class Domains:
    """Regions, interfaces and measures of one tagged mesh.

    Args:
        tagged: distributed mesh with names (see ``meshes.tagged``).
        interface_quadrature: degree up to which integrals over interfaces are exact.
    """

    def __init__(self, tagged: TaggedMesh, interface_quadrature: int = INTERFACE_QUADRATURE_DEGREE) -> None:
        self.tagged, self.interface_quadrature = tagged, interface_quadrature
        self.mesh = tagged.mesh
        self.comm = tagged.mesh.comm
        self.tdim: int = self.mesh.topology.dim
        self.gdim: int = self.mesh.geometry.dim
        self.axisymmetric = tagged.dimension == "axisymmetric"
        self._regions: dict[tuple[frozenset[str], tuple[str, ...]], compat.SubMesh] = {}
        self._interface_meshes: dict[tuple[str, ...], compat.SubMesh] = {}
        self._entities: dict[str, IntArray] = {}
        self.pointwise: dict[Any, int] = {}  # functions known at the points of a quadrature rule -> its degree
        self._maps: tuple[int, compat.EntityMaps] | None = None

    # ------------------------------------------------------------------ names
    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers, in stacking order."""
        return tuple(self.tagged.layers)

    @property
    def interfaces(self) -> tuple[str, ...]:
        """Names ``a|b`` (``a|b:film`` under patches) of the interfaces in electrical contact, in stacking order."""
        order = {name: k for k, name in enumerate(self.layers)}
        plain = [n for n in self.tagged.facets if "|" in n and (":" not in n or is_covered(n))]
        names = [n for n in plain if all(side in order for side in both_sides(n))]
        return tuple(sorted(names, key=lambda n: order[both_sides(n)[0]]))

    @property
    def is_chain(self) -> bool:
        """Whether every region touches the next one and no other: a plain stack."""
        return self.interfaces == tuple(f"{a}|{b}" for a, b in pairwise(self.layers))

    @property
    def gaps(self) -> tuple[str, ...]:
        """Names ``a|b:gap`` of the parts of interfaces without electrical contact."""
        known = self.interfaces
        return tuple(n for n in self.tagged.facets if n.endswith(":gap") and n.removesuffix(":gap") in known)

    @property
    def slits(self) -> tuple[str, ...]:
        """Names of the slits whose two faces may touch; those whose faces are free are outer sides."""
        return tuple(n.removesuffix(FACES) for n in self.tagged.facets if n.endswith(FACES))

    def layers_beside(self, name: str) -> tuple[str, ...]:
        """Layers on either side of an interface, or of a slit. Collective."""
        if name not in self.slits:
            return both_sides(name)
        rows = self.interface_entities(name + FACES)
        found = set().union(*self.comm.allgather({int(v) for v in self.cell_values[rows[:, ::2].reshape(-1)]}))
        return tuple(layer for layer in self.layers if self.layer_tag(layer) in found)

    def parts(self, name: str) -> tuple[str, ...]:
        """Names of all groups of facets between the two layers of an interface: in contact, gap, under patches."""
        if name + FACES in self.tagged.facets:
            return (name + FACES,)
        pair = whole(name)
        return tuple(n for n in (pair, f"{pair}:gap", f"{pair}:{COVERED}") if n in self.tagged.facets)

    def layer_tag(self, layer: str) -> int:
        """Cell tag of a layer.

        Raises:
            ModelError: when the layer is unknown.
        """
        if layer not in self.tagged.layers:
            raise ModelError(f"no layer {layer!r}; there are {', '.join(self.layers)}")
        return int(self.tagged.layers[layer])

    def facet_tag(self, name: str) -> int:
        """Facet tag of an interface, an outer side or a void surface.

        Raises:
            ModelError: when there is no such facet group.
        """
        if name not in self.tagged.facets:
            raise ModelError(f"no facets named {name!r}; there are {', '.join(self.tagged.facets)}")
        return int(self.tagged.facets[name])

    # --------------------------------------------------------------- submeshes
    @cached_property
    def cell_values(self) -> IntArray:
        """(cells,) layer tag of every owned and ghost cell, -1 where untagged."""
        im = self.mesh.topology.index_map(self.tdim)
        values = np.full(im.size_local + im.num_ghosts, -1, dtype=np.int32)
        values[self.tagged.cell_tags.indices] = self.tagged.cell_tags.values
        return values

    def region(self, layers: tuple[str, ...] | frozenset[str], apart: tuple[str, ...] = ()) -> compat.SubMesh:
        """Submesh of the given layers; the parent itself when they are all layers and nothing parts them.

        Args:
            layers: of the region. apart: interfaces at which fields on it may jump, as they may at all slits.
        """
        chosen = frozenset(layers)
        key = chosen, tuple(sorted(apart))
        if key not in self._regions:
            tags = np.array([self.layer_tag(name) for name in chosen], dtype=np.int32)
            if chosen == frozenset(self.layers):
                cells: IntArray = np.arange(len(self.cell_values), dtype=np.int32)
                made = compat.SubMesh(self.mesh, self.mesh, self.tdim, cells)
            else:
                cells = np.asarray(np.flatnonzero(np.isin(self.cell_values, tags)), dtype=np.int32)
                made = compat.create_submesh(self.mesh, self.tdim, cells)
            facets = [self.facets(part) for name in (*apart, *self.slits) for part in self.parts(name)]
            self._regions[key] = parted(made, np.unique(np.concatenate(facets))) if facets else made
        return self._regions[key]

    @property
    def regions(self) -> tuple[compat.SubMesh, ...]:
        """Submeshes of layers made so far."""
        return tuple(self._regions.values())

    def interface_mesh(self, *names: str) -> compat.SubMesh:
        """Codimension-1 submesh of an interface, or of parts together (not in 1-D, where interfaces are points)."""
        key = names
        if key not in self._interface_meshes:
            facets = np.unique(np.concatenate([self.facets(n) for n in names])).astype(np.int32)
            self._interface_meshes[key] = compat.create_submesh(self.mesh, self.tdim - 1, facets)
        return self._interface_meshes[key]

    def entity_maps(self) -> compat.EntityMaps:
        """Entity maps of all submeshes made so far, for ``EntityMaps.form``."""
        submeshes = [*self._regions.values(), *self._interface_meshes.values()]
        if self._maps is None or self._maps[0] != len(submeshes):
            self._maps = (len(submeshes), compat.EntityMaps(submeshes))
        return self._maps[1]

    # -------------------------------------------------------------- facets
    def facets(self, name: str) -> IntArray:
        """Local facets (owned and ghost) of a facet group; may be empty on a rank."""
        return np.asarray(self.tagged.facet_tags.find(self.facet_tag(name)), dtype=np.int32)

    def interface_entities(self, name: str) -> IntArray:
        """(n, 4) rows (cell, local facet) of side 0 then side 1, owned facets only.

        ``name``: an interface ``a|b``, or the part without electrical contact, ``a|b:gap``.
        """
        if name not in self._entities:
            facets = self.facets(name)
            facets = facets[facets < self.mesh.topology.index_map(self.tdim - 1).size_local]
            rows = compat.interior_facet_entities(self.mesh, facets)
            if name.endswith(FACES):
                self._entities[name] = lower_first(self.mesh, rows)
                return self._entities[name]
            below = self.layer_tag(name.partition(":")[0].split("|")[0])
            swap = self.cell_values[rows[:, 0]] != below
            rows[swap] = rows[swap][:, [2, 3, 0, 1]]
            wrong = int(np.count_nonzero(self.cell_values[rows[:, 0]] != below))
            if self.comm.allreduce(wrong) > 0:
                raise ModelError(f"interface {name!r}: {wrong} facets do not touch layer {name.split('|')[0]!r}")
            self._entities[name] = rows
        return self._entities[name]

    def is_level(self, name: str) -> bool:
        """Whether an interface (all parts of it) lies in one plane across the stacking direction. Collective."""
        from dolfinx.mesh import entities_to_geometry

        facets = np.unique(np.concatenate([self.facets(n) for n in self.parts(name)]))
        x = self.mesh.geometry.x
        self.mesh.topology.create_connectivity(self.tdim - 1, self.tdim)
        # dolfinx divides by the number of entities: none on this rank is no question to ask
        nodes = entities_to_geometry(self.mesh, self.tdim - 1, facets).reshape(-1) if len(facets) else facets
        heights = x[np.asarray(nodes), self.gdim - 1]
        low = self.comm.allreduce(float(heights.min(initial=np.inf)), op=MPI.MIN)
        high = self.comm.allreduce(float(heights.max(initial=-np.inf)), op=MPI.MAX)
        span = self.comm.allreduce(float(np.abs(x).max(initial=0.0)), op=MPI.MAX)
        return bool(high - low <= 1e-9 * span)

    # -------------------------------------------------------------- measures
    @cached_property
    def _cell_measure(self) -> Any:
        return ufl.Measure("dx", domain=self.mesh, subdomain_data=self.tagged.cell_tags)

    @cached_property
    def _outer_measure(self) -> Any:
        data = []
        for name, rows in self._outer_sides.items():
            data.append((self.facet_tag(name), rows.reshape(-1)))
            values = self.cell_values[rows[:, 0]]
            for layer in self._layers_on[name] if len(self._layers_on[name]) > 1 else ():
                own = rows[values == self.layer_tag(layer)]
                data.append((self._outer_part(name, layer), own.reshape(-1)))
        return ufl.Measure("ds", domain=self.mesh, subdomain_data=sorted(data, key=lambda entry: entry[0]))

    @cached_property
    def _interface_measure(self) -> Any:
        names = (*self.interfaces, *self.gaps, *(slit + FACES for slit in self.slits))
        # dolfinx looks tags up by bisection: out of order they are dropped without a word
        names_by_tag = sorted(names, key=self.facet_tag)
        data = [(self.facet_tag(n), self.interface_entities(n).reshape(-1)) for n in names_by_tag]
        metadata = {"quadrature_degree": self.interface_quadrature}
        return ufl.Measure("dS", domain=self.mesh, subdomain_data=data, metadata=metadata)

    def weight(self, side: str | None = None) -> Any:
        """1, or 2 pi r in axisymmetric models (``side``: restriction for interface integrals)."""
        if not self.axisymmetric:
            return 1.0
        radius = ufl.SpatialCoordinate(self.mesh)[0]
        return 2 * ufl.pi * (radius(side) if side else radius)

    def integral(self, density: Any, layer: str, degree: int | None = None) -> Any:
        """Integral of a density over a layer (per depth in 2-D, per area in 1-D).

        ``degree``: up to which polynomials are integrated exactly; default: as the density suggests.
        """
        measure = self._cell_measure(self.layer_tag(layer))
        if degree is None and self.pointwise:
            found = ufl.algorithms.extract_coefficients(ufl.as_ufl(density))
            degree = next((self.pointwise[f] for f in found if f in self.pointwise), None)
        if degree is not None:
            measure = measure(metadata={"quadrature_degree": degree})
        return self.weight() * density * measure

    def interface_integral(
        self, density: Any, name: str, weighted: bool = True, rule: Mapping[str, Any] | None = None
    ) -> Any:
        """Integral of a density (with restricted operands) over an interface.

        ``weighted=False`` leaves out 2 pi r, for projections onto functions of the interface. ``rule``: metadata of
        another quadrature.
        """
        weight = self.weight("+") if weighted else 1.0
        measure = self._interface_measure(self.facet_tag(name))
        return weight * density * (measure if rule is None else measure(metadata=dict(rule)))

    def outer_integral(self, density: Any, name: str, layers: tuple[str, ...] | None = None) -> Any:
        """Integral of a density over an outer side or a void surface.

        ``layers``: over the facets of these alone, where the density exists nowhere else.
        """
        chosen: Any = self.facet_tag(name)
        if layers is not None and not self.layers_on(name) <= set(layers):
            chosen = tuple(sorted(self._outer_part(name, n) for n in layers if n in self.layers_on(name)))
        return self.weight() * density * self._outer_measure(chosen)

    def layers_on(self, side: str) -> frozenset[str]:
        """Layers that have facets on an outer side, the same on every rank."""
        self.facet_tag(side)
        return self._layers_on.get(side, frozenset())

    def _outer_part(self, side: str, layer: str) -> int:
        """Tag of the facets of a layer on an outer side, beyond those of the mesh."""
        count = len(self.layers)
        return max(self.tagged.facets.values()) + 1 + self.facet_tag(side) * count + self.layers.index(layer)

    @cached_property
    def _outer_sides(self) -> dict[str, IntArray]:
        """Outer side -> (n, 2) rows (cell, local facet) of owned facets."""
        from dolfinx.mesh import exterior_facet_indices

        top = self.mesh.topology
        top.create_connectivity(self.tdim - 1, self.tdim)
        top.create_connectivity(self.tdim, self.tdim - 1)
        outer = np.asarray(exterior_facet_indices(top), dtype=np.int32)
        links = top.connectivity(self.tdim - 1, self.tdim)
        faces = top.connectivity(self.tdim, self.tdim - 1).array.reshape(-1, self.tdim + 1)
        sides = {}
        for name in self.tagged.facets:
            own = np.intersect1d(self.facets(name), outer)
            cells = links.array[links.offsets[own]]
            local = np.argmax(faces[cells] == own[:, None], axis=1)
            sides[name] = np.stack([cells, local], axis=1).astype(np.int32)
        return sides

    @cached_property
    def _layers_on(self) -> dict[str, frozenset[str]]:
        tags = {int(self.tagged.layers[n]): n for n in self.layers}
        here = {s: {tags[int(t)] for t in np.unique(self.cell_values[r[:, 0]])} for s, r in self._outer_sides.items()}
        every = self.comm.allgather(here)
        return {side: frozenset().union(*(found[side] for found in every)) for side in here}

    # -------------------------------------------------------------- dofs
    def facet_dofs(self, space: Any, region: compat.SubMesh, name: str) -> IntArray:
        """Blocks of degrees of freedom of ``space`` (on ``region``) on a facet group, owned and ghost.

        A rank may own a node of the group without seeing any facet of it; marking is therefore reduced to the
        owners and sent back.
        """
        top = self.mesh.topology
        top.create_connectivity(self.tdim - 1, self.tdim)
        top.create_connectivity(self.tdim, self.tdim - 1)
        facets = self.facets(name)
        links = top.connectivity(self.tdim - 1, self.tdim)
        cell_facets = top.connectivity(self.tdim, self.tdim - 1).array.reshape(-1, self.tdim + 1)
        counts = np.diff(links.offsets)[facets]
        cells = _gather_rows(links.array, links.offsets[facets], counts)
        owner = np.repeat(facets, counts)
        local = np.argmax(cell_facets[cells] == owner[:, None], axis=1)
        inside = region.from_parent()[cells]
        keep = inside >= 0
        layout = space.dofmap.dof_layout
        marker = _marker(space)
        for facet in range(self.tdim + 1):
            chosen = inside[keep & (local == facet)]
            closure = layout.entity_closure_dofs(self.tdim - 1, facet)
            marker.array[space.dofmap.list[chosen][:, closure].reshape(-1)] = 1.0
        _reduce_marker(marker)
        return np.flatnonzero(marker.array > 0.5).astype(np.int32)


def _gather_rows(values: IntArray, starts: IntArray, counts: IntArray) -> IntArray:
    """Concatenate ``values[s:s+c]`` for all (s, c) without a Python loop."""
    total = int(counts.sum())
    ends = np.cumsum(counts)
    index = np.arange(total) - np.repeat(ends - counts, counts) + np.repeat(starts, counts)
    return np.asarray(values[index], dtype=np.int32)


def _marker(space: Any) -> Any:
    from dolfinx import la

    return la.vector(space.dofmap.index_map, 1)


def _reduce_marker(marker: Any) -> None:
    from dolfinx import la

    marker.scatter_reverse(la.InsertMode.add)
    marker.scatter_forward()
