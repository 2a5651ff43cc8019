"""Bodies with round walls made by Gmsh: annulus, hollow sphere, plate with a hole, sphere in a matrix."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from fem.compat import shared_facet_partitioner
from meshes.arrays import arrays_from_gmsh
from meshes.collective import on_root
from meshes.generate import gmsh_session
from meshes.tagged import TaggedMesh

Groups = Mapping[str, list[int]]
CLOSE = 1e-6


def shell(
    comm: Any, inner: float, outer: float, size: float, dimension: str = "2", core: str | None = None
) -> TaggedMesh:
    """A quarter annulus ("2"), or hollow sphere as meridian ("axisymmetric") or octant ("3").

    Layer ``body``; facets ``inner``, ``outer`` and the symmetry planes ``left`` (x = 0), ``bottom`` (last
    coordinate 0) and in 3-D ``front`` (y = 0).

    Args:
        comm: MPI communicator.
        inner, outer: radii. size: cell size over the distance from the centre (in the core: over `inner`).
        dimension: see above.
        core: name of a layer that fills the inside; its interface is then called ``<core>|body``.
    """
    return _meshed(comm, dimension, inner, lambda: _shell(1.0, outer / inner, size, dimension, core))


def nested(
    comm: Any, names: Sequence[str], radii: Sequence[float], size: float, dimension: str = "axisymmetric"
) -> TaggedMesh:
    """A ball in shells, as a quarter of the meridian plane or as an octant.

    Layers ``names`` from the inside to the outside, with the interfaces between them; facets ``outer`` and the
    symmetry planes as for `shell`.

    Args:
        comm: MPI communicator.
        names: of the layers. radii: outer radius of each.
        size: cell size over the first radius, in the ball; beyond it grows with the distance from the centre.
        dimension: ``axisymmetric`` or ``3``.
    """
    unit = radii[0]
    relative = [r / unit for r in radii]
    return _meshed(comm, dimension, unit, lambda: _nested(names, relative, size, dimension))


def plate_with_hole(comm: Any, radius: float, half_width: float, size: float) -> TaggedMesh:
    """A quarter of a square plate with a hole in its middle.

    Layer ``body``; facets ``hole``, ``left``, ``bottom`` (symmetry planes), ``right``, ``top``.

    Args:
        comm: MPI communicator.
        radius, half_width: of the hole and of the plate. size: cell size over the distance from the centre.
    """
    return _meshed(comm, "2", radius, lambda: _plate(1.0, half_width / radius, size))


def _meshed(comm: Any, dimension: str, unit: float, draw: Callable[[], tuple[Groups, Groups]]) -> TaggedMesh:
    """Mesh what `draw` draws; `unit` is the length that is 1 there, because OpenCASCADE's tolerance is absolute."""
    dim = 3 if dimension == "3" else 2

    def make() -> Any:
        import gmsh

        with gmsh_session():
            layers, facets = draw()
            for d, groups in ((dim, layers), (dim - 1, facets)):
                for number, (name, tags) in enumerate(groups.items(), start=1):
                    gmsh.model.addPhysicalGroup(d, tags, number, name)
            gmsh.option.setNumber("Mesh.Algorithm", 6)
            gmsh.option.setNumber("Mesh.Algorithm3D", 1)
            gmsh.model.mesh.generate(dim)
            return arrays_from_gmsh(dim, dim, unit)

    tagged = TaggedMesh.from_arrays(on_root(comm, make), comm, shared_facet_partitioner())
    return replace(tagged, dimension=dimension)  # type: ignore[arg-type]


def _size_field(size: float, least: float) -> None:
    import gmsh

    field = gmsh.model.mesh.field.add("MathEval")
    gmsh.model.mesh.field.setString(field, "F", f"{size}*Max({least}, Sqrt(x*x+y*y+z*z))")
    gmsh.model.mesh.field.setAsBackgroundMesh(field)


def _shell(inner: float, outer: float, size: float, dimension: str, core: str | None) -> tuple[Groups, Groups]:
    import gmsh

    occ = gmsh.model.occ
    dim = 3 if dimension == "3" else 2

    small, large = _sector(dim, inner), _sector(dim, outer)
    layers: dict[str, list[int]] = {}
    if core is None:
        layers["body"] = [tag for _, tag in occ.cut([large], [small])[0]]
    else:
        _, images = occ.fragment([large], [small])
        layers[core] = [tag for _, tag in images[1]]
        layers["body"] = [tag for _, tag in images[0] if tag not in layers[core]]
    occ.synchronize()
    wall = "inner" if core is None else f"{core}|body"
    facets: dict[str, list[int]] = {wall: [], "outer": []}
    for _, tag in gmsh.model.getEntities(dim - 1):
        facets.setdefault(_round_or_flat(dim, tag, inner, wall), []).append(tag)
    _size_field(size, inner)
    return layers, facets


def _nested(names: Sequence[str], radii: Sequence[float], size: float, dimension: str) -> tuple[Groups, Groups]:
    import gmsh

    dim = 3 if dimension == "3" else 2
    balls = [_sector(dim, radius) for radius in radii]
    _, images = gmsh.model.occ.fragment(balls[-1:], balls[:-1])
    gmsh.model.occ.synchronize()
    layers: dict[str, list[int]] = {}
    used: set[int] = set()
    for name, image in zip(names, [*images[1:], images[0]], strict=True):
        layers[name] = [tag for _, tag in image if tag not in used]
        used.update(layers[name])
    walls = [f"{a}|{b}" for a, b in pairwise(names)] + ["outer"]
    facets: dict[str, list[int]] = {}
    for _, tag in gmsh.model.getEntities(dim - 1):
        name = _round_or_flat(dim, tag, 0.0, "")
        if name in ("", "outer"):
            reach = gmsh.model.getBoundingBox(dim - 1, tag)[3]
            name = walls[min(range(len(radii)), key=lambda k: abs(radii[k] - reach))]
        facets.setdefault(name, []).append(tag)
    _size_field(size, 1.0)
    return layers, facets


def _sector(dim: int, radius: float) -> Any:
    """(dimension, tag) of a quarter disc or an eighth of a ball."""
    import gmsh

    occ = gmsh.model.occ
    if dim == 2:
        body = (2, occ.addDisk(0, 0, 0, radius, radius))
        return occ.intersect([body], [(2, occ.addRectangle(0, 0, 0, radius, radius))])[0][0]
    body = (3, occ.addSphere(0, 0, 0, radius))
    return occ.intersect([body], [(3, occ.addBox(0, 0, 0, radius, radius, radius))])[0][0]


def _round_or_flat(dim: int, tag: int, inner: float, wall: str) -> str:
    """Name of a facet of a sector of a sphere or disc, by its bounding box."""
    import gmsh

    box = gmsh.model.getBoundingBox(dim - 1, tag)
    names = ("left", "bottom") if dim == 2 else ("left", "front", "bottom")
    for k, name in enumerate(names):
        if box[3 + k] - box[k] < CLOSE * (inner or 1.0):
            return name
    return wall if abs(box[3] - inner) < 1e-3 * inner else "outer"


def _plate(radius: float, half_width: float, size: float) -> tuple[Groups, Groups]:
    import gmsh

    occ = gmsh.model.occ
    square = (2, occ.addRectangle(0, 0, 0, half_width, half_width))
    pieces = occ.cut([square], [(2, occ.addDisk(0, 0, 0, radius, radius))])[0]
    occ.synchronize()
    planes = {"left": (0, 0.0), "bottom": (1, 0.0), "right": (0, half_width), "top": (1, half_width)}
    facets: dict[str, list[int]] = {"hole": []}
    for _, tag in gmsh.model.getEntities(1):
        box = gmsh.model.getBoundingBox(1, tag)
        close = CLOSE * half_width
        flat = [n for n, (k, v) in planes.items() if abs(box[k] - v) < close and abs(box[3 + k] - v) < close]
        facets.setdefault(flat[0] if flat else "hole", []).append(tag)
    _size_field(size, radius)
    return {"body": [tag for _, tag in pieces]}, facets
