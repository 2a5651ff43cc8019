"""Checkpoints: bit by bit on any number of ranks, refused when damaged or foreign, whole at every instant."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dolfinx import fem
from mpi4py import MPI
from support.kept import fill, functions, slit_stack, values
from support.layered import layered

from fem.compat import shared_facet_partitioner
from fem.errors import CheckpointError, ModelError
from fem.output import checkpoint, checkpoint_files
from fem.output.dof_keys import dof_keys
from meshes.tagged import TaggedMesh

COMM = MPI.COMM_WORLD
NUMBERS = {"potential of anode": 0.1 + 0.2, "platen": -1e-300}
META = {"time": 1.0 / 3.0, "step": 5, "study": "3f", "history": [0.1, [2, None]]}


def assert_filled(found: dict[str, Any], step: int) -> None:
    """Every value, ghosts included, has the bits of that step."""
    for name, function in found.items():
        np.testing.assert_array_equal(function.x.array, values(name, function, step), err_msg=name)


@pytest.mark.mpi
@pytest.mark.parametrize("dimension", ["1", "2", "3"])
def test_written_and_read_on_every_number_of_ranks(
    dimension: str, shared_tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From any number of ranks to any other, with regions and interfaces that some ranks do not have."""
    monkeypatch.setattr(checkpoint, "_BLOCK", 50)  # many blocks of some functions, one of others
    teams = {n: COMM.Split(0 if COMM.rank < n else 1, COMM.rank) for n in range(1, COMM.size + 1)}
    geometries = {n: slit_stack(team, dimension) for n, team in teams.items() if COMM.rank < n}
    for n, geometry in geometries.items():
        found = functions(geometry)
        fill(found, n)
        if n == 3:
            for name in ("salt", "thickness"):
                owned = found[name].function_space.dofmap.index_map.size_local
                assert 0 in teams[n].allgather(owned), f"every rank has a part of {name}"
        checkpoint.write(shared_tmp_path / str(n), found, NUMBERS, META | {"step": n}, teams[n])
    COMM.barrier()
    for n, geometry in geometries.items():
        for written in teams:
            found = functions(geometry)
            newest = checkpoint.latest(shared_tmp_path / str(written))
            assert newest is not None
            numbers, meta = checkpoint.read(newest, found, teams[n], numbers=NUMBERS)
            assert numbers == NUMBERS
            assert meta == META | {"step": written}
            assert_filled(found, written)
    COMM.barrier()
    for team in teams.values():
        team.Free()


def test_faces_of_a_slit_differ() -> None:
    """What the test above relies on: nodes in one place with different values."""
    kept = functions(slit_stack(MPI.COMM_SELF, "2"))
    found = kept["displacement"]
    x = found.function_space.tabulate_dof_coordinates()
    assert len(np.unique(np.round(x, 9), axis=0)) < len(x)
    assert len(np.unique(values("displacement", found, 0).reshape(-1, 2), axis=0)) == len(x)
    for name, function in kept.items():
        keys = dof_keys(function.function_space)
        assert len(np.unique(keys, axis=0)) == len(keys), name


@pytest.mark.mpi
def test_the_stored_mesh_goes_on_on_other_ranks(shared_tmp_path: Path) -> None:
    """A mesh that was written and read has one numbering on every number of ranks."""
    layered(COMM, "2", (("a", 0.7), ("b", 1.1)), lateral=5, across=3).write(shared_tmp_path / "mesh")
    team, path = COMM.Split(COMM.rank, 0), Path()
    for comm in (COMM, team):
        tagged = TaggedMesh.read(shared_tmp_path / "mesh", comm, shared_facet_partitioner())
        kept = {"u": fem.Function(fem.functionspace(tagged.mesh, ("Lagrange", 2)))}
        if comm is COMM:
            fill(kept, 3)
            path = checkpoint.write(shared_tmp_path / "run", kept, {}, {}, comm)
        else:
            checkpoint.read(path, kept, comm)
            assert_filled(kept, 3)
    COMM.barrier()
    team.Free()


@pytest.mark.mpi
def test_damage_is_told_on_all_ranks(shared_tmp_path: Path) -> None:
    """One flipped bit in the part of the last rank: the same message everywhere, and nothing is changed."""
    found = functions(slit_stack(COMM, "2"))
    fill(found, 1)
    checkpoint.write(shared_tmp_path, found, {}, {}, COMM)
    path = checkpoint.write(shared_tmp_path, found, {}, {}, COMM)
    file = path / f"part-{COMM.size - 1:05d}.bin"
    if COMM.rank == 0:
        _flip(file, 100)
    COMM.barrier()
    fill(found, 2)
    with pytest.raises(CheckpointError, match=r"part-0000\d.bin is damaged.*remove .*000002 to go on from .*000001"):
        checkpoint.read(path, found, COMM)
    assert_filled(found, 2)


@pytest.mark.mpi
def test_a_rank_that_cannot_write(shared_tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All ranks raise, the older checkpoint stays, nothing is left beside it."""
    found = functions(slit_stack(COMM, "2"))
    fill(found, 1)
    checkpoint.write(shared_tmp_path, found, {}, {"step": 1}, COMM)

    def full(path: Path, *_: object) -> dict[str, Any]:
        raise OSError(28, "No space left on device", str(path))

    if COMM.rank == COMM.size - 1:
        monkeypatch.setattr(checkpoint, "_write_part", full)
    with pytest.raises(OSError, match="No space left"):
        checkpoint.write(shared_tmp_path, found, {}, {"step": 2}, COMM)
    COMM.barrier()
    assert [p.name for p in shared_tmp_path.iterdir()] == ["checkpoint-000001"]


# ------------------------------------------------------------------------------------------- one rank from here on
@pytest.fixture
def kept() -> dict[str, Any]:
    """Two small functions."""
    mesh = layered(MPI.COMM_SELF, "2", (("a", 1.0),), lateral=2, across=2).mesh
    made = {"u": fem.functionspace(mesh, ("Lagrange", 2, (2,))), "c": fem.functionspace(mesh, ("Lagrange", 1))}
    found = {name: fem.Function(space) for name, space in made.items()}
    fill(found, 1)
    return found


def write(folder: Path, found: dict[str, Any], step: int = 1, **options: Any) -> Path:
    """Write on one rank."""
    fill(found, step)
    return checkpoint.write(folder, found, NUMBERS, META | {"step": step}, MPI.COMM_SELF, **options)


def read(path: Path | None, found: dict[str, Any]) -> int:
    """Read on one rank; the step, whose values all functions have."""
    assert path is not None
    numbers, meta = checkpoint.read(path, found, MPI.COMM_SELF)
    assert numbers == NUMBERS
    assert_filled(found, meta["step"])
    return int(meta["step"])


def test_only_the_newest_are_kept(kept: dict[str, Any], tmp_path: Path) -> None:
    """Numbers go on, older ones and what killed processes left behind go."""
    assert checkpoint.latest(tmp_path) is None
    assert checkpoint.latest(tmp_path / "nowhere") is None
    for step in range(1, 4):
        write(tmp_path, kept, step)
    (tmp_path / ".checkpoint-1234.part").mkdir()
    write(tmp_path, kept, 4, keep=3)
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"checkpoint-{n:06d}" for n in (2, 3, 4)]
    path = write(tmp_path, kept, 5, keep=1)
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint-000005"]
    assert checkpoint.latest(tmp_path) == path
    assert checkpoint.contents(path).meta["step"] == 5
    assert checkpoint.contents(path).functions == {"u", "c"}


def test_names_must_match(kept: dict[str, Any], tmp_path: Path) -> None:
    """The message tells all names that differ, on either side."""
    path = write(tmp_path, kept)
    others = {"u": kept["u"], "phi": kept["c"]}
    with pytest.raises(CheckpointError, match=r"does not have: 'phi'.*model does not have: 'c'"):
        checkpoint.read(path, others, MPI.COMM_SELF)
    with pytest.raises(CheckpointError, match=r"numbers.*'gap'.*numbers.*'platen', 'potential of anode'"):
        checkpoint.read(path, kept, MPI.COMM_SELF, numbers=["gap"])


def test_other_meshes_and_elements(kept: dict[str, Any], tmp_path: Path) -> None:
    """Other counts, cells between other nodes, nodes in other places, another degree: one message each."""
    path = write(tmp_path, kept)

    def on(mesh: Any, degree: int = 2) -> dict[str, Any]:
        return {
            "u": fem.Function(fem.functionspace(mesh, ("Lagrange", degree, (2,)))),
            "c": fem.Function(fem.functionspace(mesh, ("Lagrange", 1))),
        }

    layers = (("a", 1.0),)
    finer = layered(MPI.COMM_SELF, "2", layers, lateral=3, across=2).mesh
    turned = layered(MPI.COMM_SELF, "2", layers, lateral=8, across=1).mesh
    same_counts = layered(MPI.COMM_SELF, "2", layers, lateral=1, across=8).mesh
    moved = layered(MPI.COMM_SELF, "2", layers, lateral=2, across=2, jitter=1e-6).mesh
    degree = on(kept["u"].function_space.mesh, 1)
    for found, message in (
        (on(finer), "'c' lives on another mesh.*8 cells against 12"),
        (on(moved), "nodes in other places"),
        (degree, "'u' has other elements.*degree 2.*degree 1"),
    ):
        fill(found, 7)
        with pytest.raises(CheckpointError, match=message):
            checkpoint.read(path, found, MPI.COMM_SELF)
        assert_filled(found, 7)
    path = checkpoint.write(tmp_path, on(turned), {}, {}, MPI.COMM_SELF)
    with pytest.raises(CheckpointError, match="between other nodes"):
        checkpoint.read(path, on(same_counts), MPI.COMM_SELF)


def test_elements_that_cannot_be_kept(kept: dict[str, Any], tmp_path: Path) -> None:
    """Edge elements are no values at points, mixed ones no single field."""
    import basix.ufl

    mesh = kept["u"].function_space.mesh
    mixed = basix.ufl.mixed_element([basix.ufl.element("P", "triangle", k) for k in (1, 2)])
    for element, message in ((("N1curl", 1), "not values at points"), (mixed, "no field of one kind")):
        function = fem.Function(fem.functionspace(mesh, element))
        with pytest.raises(ModelError, match=message):
            checkpoint.write(tmp_path, {"e": function}, {}, {}, MPI.COMM_SELF)
    assert not list(tmp_path.iterdir())


def _flip(file: Path, at: int) -> None:
    data = bytearray(file.read_bytes())
    data[at] ^= 1
    file.write_bytes(data)


def test_every_flipped_byte_is_seen(kept: dict[str, Any], tmp_path: Path) -> None:
    """In the table of contents everywhere, in the values at many places; what reads at all reads the truth."""
    path = write(tmp_path, kept)
    part, table = path / "part-00000.bin", path / "checkpoint.json"
    truth = json.loads(table.read_text())["contents"]
    for at in range(table.stat().st_size):
        _flip(table, at)
        try:
            found = checkpoint.contents(path)
        except CheckpointError as error:
            assert re.search("damaged|another version", str(error)), at  # noqa: PT017
        else:  # white space
            assert (found.numbers, found.meta, list(found.parts)) == (truth["numbers"], truth["meta"], truth["parts"])
        _flip(table, at)
    for at in range(0, part.stat().st_size, 97):
        _flip(part, at)
        with pytest.raises(CheckpointError, match=r"part-00000.bin is damaged: it does not have its checksum$"):
            checkpoint.read(path, kept, MPI.COMM_SELF)
        _flip(part, at)
    assert read(path, kept) == 1


def test_incomplete_ones_are_passed_over(kept: dict[str, Any], tmp_path: Path) -> None:
    """Without a part, with half of one, without a table: the one before it is the latest; none left is an error."""
    first, second = write(tmp_path, kept, 1), write(tmp_path, kept, 2)
    copy = tmp_path / "copy"
    shutil.copytree(second, copy)
    for spoil in (
        lambda: (second / "part-00000.bin").unlink(),
        lambda: os.truncate(second / "part-00000.bin", 50),
        lambda: (second / "checkpoint.json").unlink(),
        lambda: os.truncate(second / "checkpoint.json", 50),
    ):
        assert checkpoint.latest(tmp_path) == second
        spoil()
        assert checkpoint.latest(tmp_path) == first
        with pytest.raises(CheckpointError, match="checkpoint-000002"):
            checkpoint.read(second, kept, MPI.COMM_SELF)
        shutil.rmtree(second)
        shutil.copytree(copy, second)
    (first / "part-00000.bin").unlink()
    (second / "part-00000.bin").unlink()
    with pytest.raises(CheckpointError, match=r"checkpoint-000002 is not a complete checkpoint.*No such file"):
        checkpoint.latest(tmp_path)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_killed_at_every_step(kept: dict[str, Any], tmp_path: Path) -> None:
    """A writer that ends at any of its file operations leaves a checkpoint that reads, old or new."""

    def killed_at(count: int | None, step: int) -> int:
        """Write in a process of its own that ends before file operation `count`; operations seen, 0 when killed."""
        seen = [0]

        def hook(event: str, _: Any) -> None:
            if event in ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir"):
                seen[0] += 1
                if seen[0] == count:
                    os._exit(0)

        child = os.fork()
        if child == 0:
            sys.addaudithook(hook)
            try:
                write(tmp_path, kept, step, keep=1)
            except BaseException:
                os._exit(255)
            os._exit(min(seen[0], 254))
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    write(tmp_path, kept, 0)
    operations = killed_at(None, 1)
    assert 8 < operations < 60
    steps = [1]
    for count in range(1, operations + 1):
        assert killed_at(count, count + 1) == 0
        steps.append(read(checkpoint.latest(tmp_path), kept))
        assert steps[-1] in (count + 1, steps[-2]), count
    assert steps[1] == 1, "killed at once, it has written nothing"
    assert steps[-1] == operations + 1, "killed at the end, it is complete"
    write(tmp_path, kept, 99, keep=1)
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.slow
def test_killed_at_random_instants(tmp_path: Path) -> None:
    """Two ranks that write are killed together, again and again; on one rank the newest checkpoint reads each time."""
    found, random = functions(slit_stack(MPI.COMM_SELF, "2")), np.random.default_rng()
    script = Path(__file__).with_name("checkpoint_writer.py")
    paths = [str(script.parents[1]), str(script.parents[2]), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    last = 0
    for _ in range(3):
        (tmp_path / "pids").unlink(missing_ok=True)
        command = ["mpirun", "-n", "2", sys.executable, str(script), str(tmp_path), "60"]
        with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as run:
            while not (tmp_path / "pids").is_file() or not (tmp_path / "pids").read_text():
                assert run.poll() is None
                time.sleep(0.01)
            begun = checkpoint.latest(tmp_path / "checkpoints")
            while checkpoint.latest(tmp_path / "checkpoints") == begun:
                time.sleep(0.01)
            time.sleep(random.uniform(0.0, 0.5))
            for process in (tmp_path / "pids").read_text().split():
                os.kill(int(process), signal.SIGKILL)
        newest = checkpoint.latest(tmp_path / "checkpoints")
        assert newest is not None
        numbers, meta = checkpoint.read(newest, found, MPI.COMM_SELF)
        assert numbers == {"number": meta["step"]}
        assert_filled(found, meta["step"])
        assert meta["step"] > last, "it went on from the newest one"
        last = meta["step"]


def test_contents_need_no_dolfinx() -> None:
    """A command that only looks for a checkpoint starts at once."""
    assert checkpoint_files.latest is checkpoint.latest
    code = "import fem.output.checkpoint_files, sys; sys.exit('dolfinx' in sys.modules or 'mpi4py' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
