"""Distributed meshes: tags on every rank, ghosts, errors that reach all ranks, files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mesh_samples import HIGH, LAYERS, LOW, UM, facet_sizes, layer_sizes, stack

from meshes import ContactSpot, MeshError, MeshProblem, MeshSizes, TaggedMesh, Void
from meshes.arrays import MeshArrays
from meshes.collective import fetch_rows, on_root
from meshes.generate import generate, generate_arrays
from meshes.quality import report

pytestmark = pytest.mark.mpi
SIZES = MeshSizes(bulk=5 * UM, interface=2.5 * UM, edge=0.6 * UM, wall=UM, growth=1.6)


@pytest.fixture
def comm() -> Any:
    from mpi4py import MPI

    return MPI.COMM_WORLD


def sample(dimension: str) -> Any:
    if dimension == "1":
        return stack("1")
    if dimension == "3":
        return stack("3", Void(LOW, 5 * UM, 2 * UM, "lens", position=(0.0, 0.0)), ContactSpot(HIGH, 4 * UM))
    return stack(dimension, Void(LOW, 3 * UM, UM), ContactSpot(HIGH, 4 * UM))


def integrals(tagged: TaggedMesh) -> tuple[dict[str, float], dict[str, float]]:
    """Content by layer and by facet name through dolfinx, summed over the ranks."""
    import ufl
    from dolfinx import fem

    mesh = tagged.mesh
    one = fem.Constant(mesh, 1.0)

    def total(form: Any) -> float:
        return float(mesh.comm.allreduce(fem.assemble_scalar(fem.form(form))))

    dx = ufl.Measure("dx", mesh, subdomain_data=tagged.cell_tags)
    ds = ufl.Measure("ds", mesh, subdomain_data=tagged.facet_tags)
    dS = ufl.Measure("dS", mesh, subdomain_data=tagged.facet_tags)
    inner = {n: "|" in n and not n.startswith("void|") for n in tagged.facets}
    return (
        {n: total(one * dx(t)) for n, t in tagged.layers.items()},
        {n: total(one * (dS if inner[n] else ds)(t)) for n, t in tagged.facets.items()},
    )


@pytest.mark.parametrize("dimension", ["1", "2", "3"])
def test_everything_has_its_size_on_any_number_of_ranks(dimension: str, comm: Any, partitioner: Any) -> None:
    s = sample(dimension)
    tagged = generate(s, SIZES, comm, partitioner)
    assert tagged.dimension == dimension
    assert tagged.stack == s
    assert list(tagged.layers) == [x.name for x in LAYERS]
    assert tuple(tagged.facets) == s.facet_names()
    layers, facets = integrals(tagged)
    arrays = generate_arrays(s, SIZES)  # the same on every rank: compared on all of them
    assert layers == pytest.approx(layer_sizes(arrays), rel=1e-12)
    assert facets == pytest.approx(facet_sizes(arrays), rel=1e-12)


@pytest.mark.parametrize("dimension", ["1", "2", "3"])
def test_tags_cover_ghosts_and_lie_where_they_belong(dimension: str, comm: Any, partitioner: Any) -> None:
    import dolfinx

    s = sample(dimension)
    tagged = generate(s, SIZES, comm, partitioner)
    mesh, tdim = tagged.mesh, tagged.tdim
    cells = mesh.topology.index_map(tdim)
    number = cells.size_local + cells.num_ghosts
    assert np.array_equal(tagged.cell_tags.indices, np.arange(number))
    assert comm.size == 1 or comm.allreduce(cells.num_ghosts) > 0
    middle = dolfinx.mesh.compute_midpoints(mesh, tdim, np.arange(number, dtype=np.int32))
    for layer in LAYERS:
        low, high = s.span(layer.name)
        z = middle[tagged.cells(layer.name), tdim - 1]
        assert ((z > low) & (z < high)).all()
    facets = mesh.topology.index_map(tdim - 1)
    every = np.arange(facets.size_local + facets.num_ghosts, dtype=np.int32)
    x = dolfinx.mesh.compute_midpoints(mesh, tdim - 1, every)[:, :tdim]
    for name in (LOW, HIGH):
        there = np.isclose(x[:, -1], s.z_of(name), rtol=0, atol=1e-14)
        tags = [tagged.facets_of(n) for n in tagged.facets if n.startswith(name)]
        if name == LOW and dimension != "1":
            # a lens leaves no face at this height, the flat side of a cap is a face of the void
            tags.append(tagged.facets_of("void|electrolyte") if dimension == "2" else np.zeros(0, np.int32))
        assert np.array_equal(np.flatnonzero(there), np.sort(np.concatenate(tags)))
    if dimension != "1":
        left = tagged.facets_of("left")
        assert np.array_equal(np.flatnonzero(x[:, 0] == 0.0), left)


def test_no_ghosts_is_an_error_on_all_ranks(comm: Any) -> None:
    import dolfinx.mesh as dm

    try:
        without = dm.create_cell_partitioner(dm.GhostMode.none)
    except TypeError:
        without = dm.create_cell_partitioner(dm.GhostMode.none, 2)
    if comm.size == 1:
        generate(stack("2"), SIZES, comm, without)
        return
    with pytest.raises(MeshError, match="ghost"):
        generate(stack("2"), SIZES, comm, without)
    with pytest.raises(MeshError, match="ghost"):
        generate(stack("2"), SIZES, comm)


def test_errors_of_rank_0_reach_all_ranks(comm: Any, partitioner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MeshProblem, match="positive") as caught:
        generate(stack("2", Void(LOW, -UM, UM)), SIZES, comm, partitioner)
    assert caught.value.problems[0].path == "features[0].radius"
    with pytest.raises(MeshError, match="no mesh"):
        TaggedMesh.from_arrays(None, comm, partitioner)

    def fail() -> None:
        raise ZeroDivisionError("oops")

    with pytest.raises(MeshError, match="ZeroDivisionError: oops"):
        on_root(comm, fail)


def test_rows_come_from_the_ranks_that_hold_them(comm: Any) -> None:
    count = 5 + 3 * comm.rank if comm.rank != 1 else 0
    start = sum(comm.allgather(count)[: comm.rank])
    total = int(comm.allreduce(count))
    mine = np.arange(start, start + count, dtype=np.int32)
    table = np.column_stack([mine, mine**2]).astype(np.int32)
    wanted = np.random.default_rng(comm.rank).integers(0, total, 50 * (comm.rank != 2))
    found = fetch_rows(comm, table, wanted)
    assert found.shape == (len(wanted), 2)
    assert np.array_equal(found[:, 0], wanted)
    assert np.array_equal(found[:, 1], wanted**2)


def test_a_rank_without_interface_facets(comm: Any, partitioner: Any) -> None:
    """A tall stack is cut across its layers: one rank has all facets of the lower interface."""
    tagged = generate(stack("2"), SIZES, comm, partitioner)
    counts = comm.allgather(len(tagged.facets_of(LOW)))
    assert max(counts) > 0
    assert comm.size == 1 or min(counts) == 0
    _, facets = integrals(tagged)
    assert facets[LOW] == pytest.approx(20 * UM)


def test_written_and_read(comm: Any, partitioner: Any, shared_tmp_path: Path) -> None:
    tagged = generate(sample("3"), SIZES, comm, partitioner)
    folder = shared_tmp_path / "mesh"
    tagged.write(folder)
    tagged.write(folder)  # replaces itself
    again = TaggedMesh.read(folder, comm, partitioner)
    assert (again.layers, again.facets, again.dimension) == (tagged.layers, tagged.facets, "3")
    for old, new in zip(integrals(tagged), integrals(again), strict=True):
        assert new == pytest.approx(old, rel=1e-12)
    # on one rank each, from the parts of all
    from mpi4py import MPI

    alone = TaggedMesh.read(folder, MPI.COMM_SELF)
    for old, new in zip(integrals(tagged), integrals(alone), strict=True):
        assert new == pytest.approx(old, rel=1e-12)
    comm.barrier()
    if comm.rank == 0:
        part = folder / "part-00000-cells.npy"
        part.write_bytes(part.read_bytes()[:-10] + b"0123456789")
    comm.barrier()
    with pytest.raises(MeshError, match="checksum"):
        TaggedMesh.read(folder, comm, partitioner)
    with pytest.raises(MeshError, match="not a readable mesh"):
        TaggedMesh.read(shared_tmp_path / "nothing", comm, partitioner)


def test_a_folder_of_something_else_is_not_replaced(comm: Any, partitioner: Any, shared_tmp_path: Path) -> None:
    folder = shared_tmp_path / "precious"
    if comm.rank == 0:
        folder.mkdir()
        (folder / "data").write_text("x")
    comm.barrier()
    tagged = generate(stack("1"), SIZES, comm, partitioner)
    with pytest.raises(MeshError, match="not replaced"):
        tagged.write(folder)
    assert (folder / "data").read_text() == "x"
    assert [p.name for p in shared_tmp_path.iterdir()] == ["precious"]


def test_report_is_the_same_on_all_ranks(comm: Any, partitioner: Any) -> None:
    arrays = generate_arrays(sample("3"), SIZES)
    whole = report(arrays)
    distributed = report(generate(sample("3"), SIZES, comm, partitioner))
    assert distributed.cells == whole.cells
    assert distributed.points == whole.points
    assert distributed.cells_of == whole.cells_of
    assert distributed.histogram == whole.histogram
    assert distributed.worst == pytest.approx(whole.worst)
    assert distributed.mean == pytest.approx(whole.mean)
    assert (distributed.smallest, distributed.largest) == pytest.approx((whole.smallest, whole.largest))


def test_unknown_names_are_errors(comm: Any, partitioner: Any) -> None:
    tagged = generate(stack("1"), SIZES, comm, partitioner)
    with pytest.raises(KeyError, match="anode, electrolyte"):
        tagged.cells("cathode")
    with pytest.raises(KeyError, match="no facets"):
        tagged.facets_of("left")


def two_triangles() -> MeshArrays:
    return MeshArrays(
        np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]]),
        np.array([[0, 1, 2], [0, 2, 3]]),
        np.array([1, 2], dtype=np.int32),
        np.array([[2, 0]]),
        np.array([5], dtype=np.int32),
        {"a": 1, "b": 2},
        {"a|b": 5},
    )


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"cells": np.array([[0, 1, 2], [0, 2, 9]])}, "do not exist"),
        ({"cell_tags": np.array([1, 7], dtype=np.int32)}, "without a name"),
        ({"cell_tags": np.array([1, 1], dtype=np.int32)}, "nothing called b"),
        ({"facets": np.array([[1, 3]])}, "belongs to no cell"),
        ({"facet_tags": np.array([0], dtype=np.int32)}, "not positive"),
        ({"points": np.full((4, 2), np.nan)}, "do not fit"),
        ({"cell_tags": np.array([1], dtype=np.int32)}, "do not fit"),
    ],
)
def test_arrays_that_do_not_fit_together(change: dict[str, Any], word: str, comm: Any, partitioner: Any) -> None:
    arrays = replace(two_triangles(), **change) if comm.rank == 0 else None
    with pytest.raises(MeshError, match=word):
        TaggedMesh.from_arrays(arrays, comm, partitioner)
