"""Local refinement: volumes, tags, sides, ghosts, round walls; the same on any number of ranks."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from support.layered import layered
from support.round import shell

from fem.compat import shared_facet_partitioner
from fem.domains import Domains
from meshes import ContactSpot, Layer, MeshSizes, Stack, Void
from meshes.curvature import Bodies, Ellipsoids, Level, Nearest, Rims, Rough, Shape, shape_of
from meshes.features.crack import Crack
from meshes.features.delamination import Delamination
from meshes.features.fill import Fill
from meshes.features.particle import Particle
from meshes.features.roughness import Waviness
from meshes.features.shapes_of_bodies import Shape as Solidity
from meshes.features.solids import Solid
from meshes.films import Coat
from meshes.generate import generate
from meshes.problems import MeshError
from meshes.refine import known_shape, refine
from meshes.tagged import TaggedMesh

COMM = MPI.COMM_WORLD
LAYERS = (("a", 1.0), ("b", 2.0), ("c", 1.0))


def measures(tagged: TaggedMesh) -> dict[str, float]:
    """Volume of every layer, area of every facet group, by their names."""
    from dolfinx import default_scalar_type, fem

    domains = Domains(tagged)
    one = fem.Constant(tagged.mesh, default_scalar_type(1.0))
    found = {name: domains.integral(one, name) for name in tagged.layers}
    for name in tagged.facets:
        inner = name in (*domains.interfaces, *domains.gaps)
        found[name] = domains.interface_integral(one, name) if inner else domains.outer_integral(one, name)
    return {k: float(COMM.allreduce(fem.assemble_scalar(fem.form(form)).real)) for k, form in found.items()}


def some(tagged: TaggedMesh, share: float = 0.4) -> np.ndarray:
    """A part of the owned cells, chosen by place: the same cells on any number of ranks."""
    points, cells, _ = tagged.owned_cells()
    middle = points[cells].mean(axis=1)
    return np.asarray(np.sin(37.0 * middle.sum(axis=1)) > 1 - 2 * share)


def count(tagged: TaggedMesh) -> int:
    return int(tagged.mesh.topology.index_map(tagged.tdim).size_global)


@pytest.mark.mpi
@pytest.mark.parametrize("dimension", ["1", "2", "axisymmetric", "3"])
def test_measures_and_names_stay(dimension: str) -> None:
    """Every layer, interface, gap and side has the size that it had; every interface its sides."""
    gaps = {"a|b": lambda x: x[:, 0] > 0.5} if dimension != "1" else None
    coarse = layered(COMM, dimension, LAYERS, lateral=4, across=2, jitter=0.2, gaps=gaps)
    fine = refine(coarse, some(coarse), shared_facet_partitioner())
    again = refine(fine, some(fine), shared_facet_partitioner())
    assert count(coarse) < count(fine) < count(again)
    assert again.dimension == dimension
    assert again.layers == coarse.layers
    assert again.facets == coarse.facets
    before, after = measures(coarse), measures(again)
    assert after == pytest.approx(before, rel=1e-12)
    for name in Domains(again).interfaces:
        Domains(again).interface_entities(name)  # raises where a facet does not touch the layer below


@pytest.mark.mpi
def test_marked_cells_are_divided_and_far_ones_are_not() -> None:
    """All edges of a marked cell are halved; cells that no neighbour forces stay whole."""
    coarse = layered(COMM, "2", LAYERS, lateral=8, across=4)
    points, cells, _ = coarse.owned_cells()
    marked = np.linalg.norm(points[cells].mean(axis=1) - 0.1, axis=1) < 0.15
    fine = refine(coarse, marked, shared_facet_partitioner())
    sizes = fine.mesh.h(2, np.arange(fine.mesh.topology.index_map(2).size_local, dtype=np.int32))
    largest = coarse.mesh.h(2, np.arange(coarse.mesh.topology.index_map(2).size_local, dtype=np.int32))
    smallest = COMM.allreduce(sizes.min(initial=9.0), op=MPI.MIN)
    assert smallest == pytest.approx(0.5 * COMM.allreduce(largest.min(initial=9.0), op=MPI.MIN))
    points, cells, _ = fine.owned_cells()
    away = np.linalg.norm(points[cells].mean(axis=1), axis=1) > 1.5
    assert (sizes[away] > 0.24).all()


@pytest.mark.mpi
def test_nothing_marked_changes_nothing() -> None:
    """Also where a rank has nothing to divide."""
    coarse = layered(COMM, "3", LAYERS, lateral=2, across=2)
    fine = refine(coarse, np.zeros(len(some(coarse)), dtype=bool), shared_facet_partitioner())
    assert count(fine) == count(coarse)
    assert measures(fine) == pytest.approx(measures(coarse), rel=1e-12)


def everywhere(tagged: TaggedMesh) -> np.ndarray:
    """Every owned cell."""
    return np.ones(tagged.mesh.topology.index_map(tagged.tdim).size_local, dtype=bool)


@pytest.mark.mpi
@pytest.mark.parametrize("dimension", ["2", "axisymmetric", "3"])
def test_walls_become_round(dimension: str) -> None:
    """The volume of a shell is approached with the square of the cell size; without the shape it stays as it is."""
    axes = 3 if dimension == "3" else 2
    radii = {"inner": 1.0, "outer": 2.0}
    walls = {n: Ellipsoids(np.zeros((1, axes)), np.array([r]), np.array([r])) for n, r in radii.items()}
    exact = {"2": math.pi / 4 * 3, "axisymmetric": math.pi * 2 / 3 * 7, "3": math.pi / 6 * 7}[dimension]
    mesh = shell(COMM, 1.0, 2.0, 0.5, dimension)
    straight = refine(mesh, everywhere(mesh), shared_facet_partitioner())
    assert measures(straight)["body"] == pytest.approx(measures(mesh)["body"], rel=1e-12)
    errors = []
    for _ in range(3):
        errors.append(abs(measures(mesh)["body"] - exact))
        mesh = refine(mesh, everywhere(mesh), shared_facet_partitioner(), Shape(walls))
    assert errors[1] < 0.35 * errors[0]
    assert errors[2] < 0.35 * errors[1]


def points_on(tagged: TaggedMesh, name: str) -> np.ndarray:
    """(n, gdim) points of the facets called `name` that this rank sees."""
    from dolfinx import mesh as dmesh

    facets = tagged.facets_of(name)
    if not len(facets):
        return np.zeros((0, tagged.mesh.geometry.dim))
    nodes = dmesh.entities_to_geometry(tagged.mesh, tagged.tdim - 1, facets)
    return np.asarray(tagged.mesh.geometry.x[np.unique(nodes), : tagged.mesh.geometry.dim])


@pytest.mark.mpi
@pytest.mark.parametrize("shape", ["cap", "ellipsoid", "lens"])
def test_voids_of_a_stack(shape: str) -> None:
    """Two voids in three dimensions: new points of walls lie on their surface, those of edges on the circles."""
    voids = tuple(
        Void("a|b", r, depth=d, shape=shape, position=x)  # type: ignore[arg-type]
        for r, d, x in ((1.0, 0.6, (1.4, 1.4)), (0.8, 0.5, (3.6, 4.0)))
    )
    stack = Stack("3", (Layer("a", 2.0), Layer("b", 2.0)), width=5.0, depth=5.0, features=voids)
    coarse = generate(stack, MeshSizes(bulk=1.0, edge=0.4, wall=0.4), COMM, shared_facet_partitioner())
    fine = refine(coarse, everywhere(coarse), shared_facet_partitioner())
    assert fine.stack is stack
    known = shape_of(stack)
    for name, surface in known.walls.items():
        found = points_on(fine, name)
        assert surface.project(found) == pytest.approx(found, abs=1e-9)
    edge = points_on(fine, "void|a")
    edge = edge[np.isclose(edge[:, 2], 2.0, atol=1e-9)]
    away = np.array([np.linalg.norm(edge[:, :2] - v.position, axis=1) for v in voids])
    off = np.minimum(abs(away[0] - 1.0), abs(away[1] - 0.8))
    assert off.max(initial=0.0) < 1e-9
    assert COMM.allreduce(len(edge)) > 30


@pytest.mark.mpi
def test_round_contact_in_three_dimensions() -> None:
    """The area of a contact disc approaches that of the circle."""
    stack = Stack("3", (Layer("a", 1.0), Layer("b", 1.0)), width=3.0, depth=3.0, features=(ContactSpot("a|b", 0.8),))
    mesh = generate(stack, MeshSizes(bulk=0.8, edge=0.4), COMM, shared_facet_partitioner())
    errors = []
    for _ in range(2):
        errors.append(math.pi * 0.64 - measures(mesh)["a|b"])
        mesh = refine(mesh, everywhere(mesh), shared_facet_partitioner())
    assert 0 < errors[1] < 0.3 * errors[0]


UM = 1e-6
BODIES = (Layer("cathode", 20 * UM), Layer("electrolyte", 10 * UM))
BALL, EGG = Solidity(4 * UM), Solidity(semi_axes=(4 * UM, 2.5 * UM), direction=(1.0, 0.6))
ROD, COATS = Solidity(1.5 * UM, 7 * UM), (Coat("film", 0.1 * UM), Coat("shell", 0.3 * UM))


@pytest.mark.parametrize(
    ("dimension", "feature", "names"),
    [
        ("2", Particle(BALL, "cathode"), {"cathode|particle"}),
        ("2", Particle(EGG, "cathode"), {"cathode|particle"}),
        ("2", Particle(ROD, "cathode"), {"cathode|particle"}),
        ("2", Particle(BALL, "cathode", coats=COATS), {"cathode|shell", "particle|film", "film|shell"}),
        ("3", Particle(BALL, at="cathode|electrolyte"), {"cathode|particle", "electrolyte|particle"}),
        ("2", Waviness("cathode|electrolyte", 1 * UM, 10 * UM), {"cathode|electrolyte"}),
        ("2", Void("cathode|electrolyte", 3 * UM, 2 * UM, fill=Fill("gel")), {"cathode|gel"}),
        (
            "axisymmetric",
            Void("cathode|electrolyte", 3 * UM, 2 * UM, fill=Fill("gel", 0.4)),
            {"cathode|gel", "void|cathode"},
        ),
    ],
    ids=lambda v: type(v).__name__ if not isinstance(v, str | set) else None,
)
def test_known_shapes_of_features(dimension: str, feature: Any, names: set[str]) -> None:
    """Facets of bodies, films, waves and fills lie on surfaces that are known, and new points are put onto them."""
    stack = Stack(dimension, BODIES, 20 * UM, 20 * UM if dimension == "3" else None, (feature,))  # type: ignore[arg-type]
    mesh = generate(stack, None, MPI.COMM_SELF)
    assert set(known_shape(mesh).walls) == names
    fine = refine(mesh, everywhere(mesh))
    assert set(known_shape(fine).walls) == names
    known, plain = measures(fine), measures(refine(mesh, everywhere(mesh), shape=Shape()))
    for name in names:
        assert known[name] > plain[name] * (1 + 1e-5), name


@pytest.mark.mpi
@pytest.mark.parametrize("dimension", ["2", "3"])
def test_slits_stay_open(dimension: str) -> None:
    """A delamination and a crack: both faces keep their size, and no facet of them has two cells."""
    features: list[Any] = [Delamination("cathode|electrolyte", 6 * UM)]
    features += [Crack(((5 * UM, 5 * UM), (12 * UM, 9 * UM)))] if dimension == "2" else []
    depth = 20 * UM if dimension == "3" else None
    stack = Stack(dimension, BODIES, 20 * UM, depth, tuple(features))  # type: ignore[arg-type]
    sizes = MeshSizes(bulk=5 * UM, edge_fraction=0.2)
    mesh = generate(stack, sizes, COMM, shared_facet_partitioner())
    fine = refine(mesh, everywhere(mesh), shared_facet_partitioner(), Shape())
    before, after = measures(mesh), measures(fine)
    assert after == pytest.approx(before, rel=1e-12)
    slits = [f"{name}:{face}" for name in stack.slits for face in ("lower", "upper")]
    assert len(slits) == 2 * len(features)
    topology = fine.mesh.topology
    topology.create_connectivity(fine.tdim - 1, fine.tdim)
    cells = np.diff(topology.connectivity(fine.tdim - 1, fine.tdim).offsets)
    for name in slits:
        assert after[name] > 0
        assert (cells[fine.facets_of(name)] == 1).all()


def test_surfaces_without_points() -> None:
    """A rank may have none."""
    nothing = np.zeros((0, 3))
    ball = Ellipsoids(np.zeros((1, 3)), np.ones(1), np.ones(1))
    particle = Bodies((Solid(np.zeros(3), np.ones(3), np.eye(3)),))
    rough = Rough(lambda x: x, 1.0)
    for surface in (
        ball,
        particle,
        rough,
        Level(particle),
        Rims(np.zeros((1, 2)), np.ones(1)),
        Nearest((ball, particle)),
    ):
        assert surface.project(nothing).shape == (0, 3)


def test_a_surface_that_points_do_not_lie_on_is_not_followed() -> None:
    """A mesh that says it is of another stack stays straight."""
    made = Stack("2", BODIES, 20 * UM, features=(Particle(BALL, "cathode"),))
    said = Stack("2", BODIES, 20 * UM, features=(Particle(Solidity(4.2 * UM), "cathode"),))
    mesh = replace(generate(made, None, MPI.COMM_SELF), stack=said)
    assert not known_shape(mesh)
    fine = refine(mesh, everywhere(mesh))
    assert measures(fine)["cathode|particle"] == pytest.approx(measures(mesh)["cathode|particle"], rel=1e-12)


@pytest.mark.mpi
def test_walls_that_cells_cannot_follow() -> None:
    """One message on all ranks instead of folded cells."""
    mesh = shell(COMM, 1.0, 2.0, 0.5)
    far = Ellipsoids(np.zeros((1, 2)), np.array([2.5]), np.array([2.5]))
    with pytest.raises(MeshError, match="fold"):
        refine(mesh, everywhere(mesh), shared_facet_partitioner(), Shape({"inner": far}))
