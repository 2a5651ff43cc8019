"""Contacts that cover a part of an interface: models of one half period, and round bodies in three dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import dolfinx
import numpy as np
import numpy.typing as npt
from dolfinx import fem
from mpi4py import MPI

from fem.compat import shared_facet_partitioner
from fem.conditions import Terminal
from fem.dissipation.conduction import Conduction, Equipotential
from fem.interface.charge_transfer import ChargeTransfer
from fem.model import Domain, Model
from fem.solve.driver import Solver
from meshes import ContactSpot, Layer, MeshSizes, Stack
from meshes.arrays import arrays_from_gmsh
from meshes.generate import generate, gmsh_session
from meshes.tagged import TaggedMesh

Floats = npt.NDArray[np.float64]


def contact_model(
    dimension: str,
    contact: float,
    width: float,
    conductivity: float,
    kinetics: Any,
    edge: float,
    height: float = 3.0,
    growth: float = 1.25,
) -> Model:
    """An electrolyte column above a metal that touches it between the lateral coordinates 0 and `contact` only.

    Half a period of a strip (2-D), or a disc in a tube (axisymmetric). The metal is at 1 V, the top at 0 V.

    Args:
        dimension: ``"2"`` or ``"axisymmetric"``.
        contact, width: half width of contact and of the period, m.
        conductivity: S/m. kinetics: of the contact; None: perfect.
        edge: cell size at the edge of the contact, m.
        height: of the column in units of `width`. growth: of the cells.
    """
    position = (0.0,) if dimension == "2" else None
    stack = Stack(
        dimension,  # type: ignore[arg-type]
        (Layer("metal", width / 4), Layer("column", height * width), Layer("counter", width / 4)),
        width=width,
        features=(ContactSpot("metal|column", contact, position),),
    )
    sizes = MeshSizes(bulk=width / 8, interface=width / 8, edge=edge, growth=growth)
    tagged = generate(stack, sizes, MPI.COMM_SELF)
    metal = Domain((Equipotential(),))
    model = Model(
        tagged,
        {"metal": metal, "column": Domain((Conduction("ionic", conductivity),)), "counter": metal},
        {
            "metal|column": [ChargeTransfer("metal", kinetics)],
            "column|counter": [ChargeTransfer("counter", None)],
        },
        [Terminal("metal", "metal", potential=1.0), Terminal("counter", "counter", current=0.0)],
    )
    return model


def resistance(model: Model, current: float) -> float:
    """Voltage over current with `current` (A) through the column: ohm, or ohm m in 2-D."""
    model.terminals["counter"].source = -current
    Solver(model).solve()
    return (model.terminals["metal"].value - model.terminals["counter"].value) / current


def values_at(mesh: Any, expression: Any, points: Floats) -> Floats:
    """Values (n, components) of an expression on `mesh` at points (n, gdim), in one cell that holds each."""
    padded = np.zeros((len(points), 3))
    padded[:, : points.shape[1]] = points
    tree = dolfinx.geometry.bb_tree(mesh, mesh.topology.dim)
    candidates = dolfinx.geometry.compute_collisions_points(tree, padded)
    hits = dolfinx.geometry.compute_colliding_cells(mesh, candidates, padded)
    cells = np.array([hits.links(k)[0] for k in range(len(points))], dtype=np.int32)
    out = []
    for point, cell in zip(padded, cells, strict=True):
        nodes = dolfinx.mesh.entities_to_geometry(mesh, mesh.topology.dim, np.array([cell])).reshape(-1)
        corners = mesh.geometry.x[nodes, : mesh.geometry.dim]
        local = np.linalg.solve((corners[1:] - corners[0]).T, point[: mesh.geometry.dim] - corners[0])
        out.append(fem.Expression(expression, local[None, :]).eval(mesh, np.array([cell], dtype=np.int32)).reshape(-1))
    return np.array(out)


def half_spheroid(dimension: str, zeta: float, edge: float, growth: float) -> TaggedMesh:
    """The space between a disc of radius 1 um and the confocal oblate half spheroid with semi-axis `zeta` um.

    Layer ``body``; facets ``contact``, ``outer``; everything else insulates.

    Args:
        dimension: ``"axisymmetric"`` or ``"3"`` (an octant).
        zeta: height of the spheroid over the radius of the disc.
        edge: cell size at the edge of the disc over its radius.
        growth: increase of the cell size per distance from there.
    """
    dim = 3 if dimension == "3" else 2

    def draw(occ: Any) -> list[tuple[int, int]]:
        wide = (1 + zeta**2) ** 0.5
        if dim == 2:
            body = occ.intersect([(2, occ.addDisk(0, 0, 0, wide, zeta))], [(2, occ.addRectangle(0, 0, 0, wide, zeta))])
            line = occ.addLine(occ.addPoint(0, 0, 0), occ.addPoint(1, 0, 0))
            return list(occ.fragment(body[0], [(1, line)])[0])
        ball = occ.addSphere(0, 0, 0, 1.0)
        occ.dilate([(3, ball)], 0, 0, 0, wide, wide, zeta)
        body = occ.intersect([(3, ball)], [(3, occ.addBox(0, 0, 0, wide, wide, zeta))])
        return list(occ.fragment(body[0], [(2, occ.addDisk(0, 0, 0, 1.0, 1.0))])[0])

    def name(box: Any) -> str:
        flat = abs(box[dim + 2]) < 1e-4 if dim == 3 else abs(box[4]) < 1e-4
        if flat:
            return "contact" if max(box[3], box[4] if dim == 3 else 0.0) < 1.001 else "rest"
        return "rest" if min(box[3 + k] - box[k] for k in range(dim - 1)) < 1e-4 else "outer"

    return _drawn(dimension, draw, name, edge, growth)


def quarter_tube(radius: float, height: float, edge: float, growth: float) -> TaggedMesh:
    """A quarter of a round tube whose bottom is in contact on the disc of radius 1 um.

    Layer ``body``; facets ``contact`` and ``outer`` (the top). Lengths in units of the radius of the disc.
    """

    def draw(occ: Any) -> list[tuple[int, int]]:
        tube = occ.addCylinder(0, 0, 0, 0, 0, height, radius)
        body = occ.intersect([(3, tube)], [(3, occ.addBox(0, 0, 0, radius, radius, height))])
        return list(occ.fragment(body[0], [(2, occ.addDisk(0, 0, 0, 1.0, 1.0))])[0])

    def name(box: Any) -> str:
        if abs(box[2] - height) < 1e-4:
            return "outer"
        return "contact" if box[5] < 1e-4 and max(box[3], box[4]) < 1.001 else "rest"

    return _drawn("3", draw, name, edge, growth)


def _drawn(dimension: str, draw: Any, name: Any, edge: float, growth: float) -> TaggedMesh:
    import gmsh

    dim = 3 if dimension == "3" else 2
    with gmsh_session():
        parts = draw(gmsh.model.occ)
        gmsh.model.occ.synchronize()
        bodies = [tag for d, tag in parts if d == dim]
        loose = [(d, t) for d, t in gmsh.model.getEntities(dim - 1) if not len(gmsh.model.getAdjacencies(d, t)[0])]
        gmsh.model.occ.remove(loose, recursive=True)
        gmsh.model.occ.synchronize()
        facets: dict[str, list[int]] = {}
        for _, tag in gmsh.model.getEntities(dim - 1):
            facets.setdefault(name(gmsh.model.getBoundingBox(dim - 1, tag)), []).append(tag)
        _named_groups(dim, {"body": bodies}, facets)
        distance = "Abs(Sqrt(x*x+y*y)-1)" if dim == 3 else "Abs(x-1)"
        height = "z" if dim == 3 else "y"
        field = gmsh.model.mesh.field.add("MathEval")
        gmsh.model.mesh.field.setString(field, "F", f"{edge}+{growth}*Sqrt({distance}^2+{height}^2)")
        gmsh.model.mesh.field.setAsBackgroundMesh(field)
        gmsh.option.setNumber("Mesh.Algorithm", 6)
        gmsh.option.setNumber("Mesh.Algorithm3D", 1)
        gmsh.model.mesh.generate(dim)
        arrays = arrays_from_gmsh(dim, dim, 1e-6)
    tagged = TaggedMesh.from_arrays(arrays, MPI.COMM_SELF, shared_facet_partitioner())
    return replace(tagged, dimension=dimension)  # type: ignore[arg-type]


def _named_groups(dim: int, layers: Mapping[str, list[int]], facets: Mapping[str, list[int]]) -> None:
    import gmsh

    for d, groups in ((dim, layers), (dim - 1, facets)):
        for number, (name, tags) in enumerate(groups.items(), start=1):
            gmsh.model.addPhysicalGroup(d, tags, number, name)
