"""The disc-contact box: geometry, data and mesh.

Unit box; electrode 0 < z < 0.3 of conductivity 10, electrolyte above of conductivity 1. The two touch only on
the disc of radius 0.3 centred in the plane z = 0.3, with an area-specific resistance of 0.1; the rest of the
plane insulates. Potential 1 at the bottom, 0 at the top. The total current is about 0.7095.
"""

from __future__ import annotations

import numpy as np

from meshes.arrays import MeshArrays, arrays_from_gmsh
from meshes.generate import gmsh_session

PLANE, RADIUS, CENTRE = 0.3, 0.3, 0.5
CONDUCTIVITY = {"electrode": 10.0, "electrolyte": 1.0}
RESISTANCE = 0.1
CURRENT = 0.7095

# Elements at the disc's edge are this many times smaller than far away; both shrink together in the family.
EDGE_REFINEMENT = 4.0
REACH = 0.3
# (unknowns on quadratic elements, mesh size far from the edge): measured; between them about a power law.
_MEASURED = ((38_237, 0.0776), (251_610, 0.0393), (1_614_617, 0.0206))


def mesh_size(unknowns: float) -> float:
    """Mesh size that gives about this many unknowns with quadratic elements."""
    n, h = np.log(np.array(_MEASURED)).T
    slopes = np.diff(h) / np.diff(n)
    k = int(np.clip(np.searchsorted(n, np.log(unknowns)) - 1, 0, len(slopes) - 1))
    return float(np.exp(h[k] + slopes[k] * (np.log(unknowns) - n[k])))


def make_mesh(size: float) -> MeshArrays:
    """Mesh of the box in this process.

    Args:
        size: mesh size far from the disc's edge.
    """
    import gmsh

    with gmsh_session():
        model, occ = gmsh.model, gmsh.model.occ
        lower = occ.addBox(0, 0, 0, 1, 1, PLANE)
        upper = occ.addBox(0, 0, PLANE, 1, 1, 1 - PLANE)
        disc = occ.addDisk(CENTRE, CENTRE, PLANE, RADIUS, RADIUS)
        _, pieces = occ.fragment([(3, lower), (3, upper)], [(2, disc)])
        occ.synchronize()
        volumes = {"electrode": pieces[0], "electrolyte": pieces[1]}
        contact = [tag for _, tag in pieces[2]]
        faces = {
            "electrode|electrolyte": contact,
            "electrode|electrolyte:gap": [t for t in _faces_at(PLANE) if t not in contact],
            "bottom": _faces_at(0.0),
            "top": _faces_at(1.0),
        }
        for tag, (name, parts) in enumerate(volumes.items(), start=1):
            model.addPhysicalGroup(3, [t for _, t in parts], tag, name)
        for tag, (name, tags) in enumerate(faces.items(), start=1):
            model.addPhysicalGroup(2, tags, tag, name)
        edge = [t for _, t in model.getBoundary([(2, t) for t in contact], oriented=False)]
        _grade(edge, size)
        model.mesh.generate(3)
        return arrays_from_gmsh(3, 3)


def _faces_at(z: float) -> list[int]:
    import gmsh

    near = 1e-6
    found = gmsh.model.getEntitiesInBoundingBox(-near, -near, z - near, 1 + near, 1 + near, z + near, 2)
    return [tag for _, tag in found]


def _grade(edge: list[int], size: float) -> None:
    """Elements grow linearly with the distance from the edge."""
    import gmsh

    field = gmsh.model.mesh.field
    distance = field.add("Distance")
    field.setNumbers(distance, "CurvesList", edge)
    field.setNumber(distance, "Sampling", 200)
    growth = field.add("Threshold")
    options = {"SizeMin": size / EDGE_REFINEMENT, "SizeMax": size, "DistMin": 0, "DistMax": REACH}
    for name, value in {"InField": distance, **options}.items():
        field.setNumber(growth, name, value)
    field.setAsBackgroundMesh(growth)
    for name in ("MeshSizeFromPoints", "MeshSizeExtendFromBoundary", "MeshSizeFromCurvature"):
        gmsh.option.setNumber(f"Mesh.{name}", 0)
    gmsh.option.setNumber("Mesh.Algorithm3D", 10)  # HXT: five times faster than Delaunay, elements as good
