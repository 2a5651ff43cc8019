"""Studies on segmented images and mesh files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from mpi4py import MPI
from study_samples import layered
from support.ranks import alone, several

from studies.cli import main
from studies.errors import InputError
from studies.progress import Silent
from studies.runner import run
from studies.schema import Study
from studies.solving import make_mesh

LAYERS = layered(
    20,
    "contact_spot: {at: anode|electrolyte, radius: 6 um}",
    """operation: {current: 1 mA/cm^2, stack_pressure: 1 MPa, temperature: 298.15 K}
mesh: {bulk: 4 um, edge: 0.5 um, error_estimate: none}
quantities: [area_specific_resistance, kinetic_resistance, max_von_mises]
""",
)

IMAGE: dict[str, Any] = {
    "study": "sample",
    "geometry": {
        "dimension": 2,
        "image": {"file": "image.npy", "voxel": "1 um", "axes": ["y", "x"]},
        "layers": [
            {"name": "anode", "material": "Li", "thickness": "2 um"},
            {"name": "matrix", "material": "LPSCl", "labels": 1, "properties": {"ionic_conductivity": "0.1 S/m"}},
            {"name": "filler", "material": "LLZO", "labels": 2, "properties": {"ionic_conductivity": "1 S/m"}},
            {"name": "counter", "material": "Li", "thickness": "2 um"},
        ],
    },
    "interfaces": {"anode|matrix": {"kinetics": "perfect"}, "matrix|counter": {"kinetics": "perfect"}},
    "operation": {"current": "1 mA/cm^2", "temperature": "298.15 K"},
    "mesh": {"error_estimate": "none"},
    "quantities": ["area_specific_resistance"],
}


FLAT = {"name": "filler", "material": "LLZO", "thickness": "1 um"}
SPOT = {"at": "anode|matrix", "radius": "1 um"}


def disc(voxels: int = 24, radius: float = 8.0) -> Any:
    x = np.arange(voxels) + 0.5 - voxels / 2
    return np.where(x[:, None] ** 2 + x**2 < radius**2, 2, 1).astype(np.uint8)


def written(folder: Path, labels: Any, changes: dict[str, Any] | None = None) -> Path:
    """A study on an image, with changes by dotted path."""
    np.save(folder / "image.npy", labels)
    data = yaml.safe_load(yaml.safe_dump(IMAGE))
    for path, value in (changes or {}).items():
        *keys, last = path.split("/")
        place = data
        for key in keys:
            place = place[int(key) if isinstance(place, list) else key]
        if value is None:
            del place[last]
        else:
            place[int(last) if isinstance(place, list) else last] = value
    (folder / "study.yaml").write_text(yaml.safe_dump(data))
    return folder / "study.yaml"


def values(study: Study, comm: Any = MPI.COMM_SELF) -> dict[str, float]:
    return {k: q.value for k, q in run(study, None, comm, Silent()).quantities.items()}


@pytest.fixture(autouse=True)
def no_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSBFEM_MESH_CACHE", str(tmp_path_factory.mktemp("cache")))


# -------------------------------------------------------------------- images
def test_square_array_of_discs(tmp_path: Path) -> None:
    """Against Rayleigh's solution for a square array (to the order f^8): conductivity 10 times that of the matrix."""
    labels = disc()
    found = values(Study.load(written(tmp_path, labels)))["area_specific_resistance"]
    fraction = float((labels == 2).mean())
    contrast = (1 - 10) / (1 + 10)
    wanted = 1 - 2 * fraction / (1 / contrast + fraction - 0.305827 * fraction**4 * contrast)
    assert 24e-6 / (0.1 * found) == pytest.approx(wanted, rel=0.005)


def test_sizes_follow_from_the_image(tmp_path: Path) -> None:
    study = Study.load(written(tmp_path, disc()[:, :20], {"geometry/image/voxel": ["0.5 um", "1 um"]}))
    assert study.geometry.width == pytest.approx(10e-6)
    assert study.geometry.area == pytest.approx(10e-6)
    again = Study.from_mapping(study.resolved())
    assert again == study
    assert again.hash == study.hash


def test_the_hash_is_that_of_the_content(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, other = (Study.load(written(tmp_path / x, disc())) for x in "ab")
    assert one.hash == other.hash
    assert Study.load(written(tmp_path / "b", disc(radius=7))).hash != one.hash


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"geometry/image/file": "nothing.tif"}, r"image.file.*\n.*there is no such image"),
        ({"geometry/layers/2/labels": 5}, r"layers.filler.labels.*\n.*no voxel with this label; it has 1, 2"),
        ({"geometry/layers/2/labels": 1}, r"this label is given to two regions"),
        (
            {"geometry/layers/2": {"name": "filler", "material": "LLZO", "thickness": "1 um"}},
            "labels without a region: 2",
        ),
        ({"geometry/layers/1/labels": None}, r"matrix.*\n.*needs either a `thickness`"),
        ({"geometry/layers/1/thickness": "1 um"}, r"needs either a `thickness`"),
        ({"geometry/layers/0/tags": 3}, r"layers.anode.tags.*\n.*belongs to a geometry with `mesh`"),
        ({"geometry/image/axes": ["x", "x"]}, "name each of x, y once"),
        ({"geometry/image/voxel": ["1 um"] * 3}, "as many sizes as dimensions are needed"),
        ({"geometry/dimension": 3}, r"image.file.*\n.*has 2 dimensions, the model 3"),
        ({"geometry/dimension": 1}, "an image is a model in 2 or 3 dimensions"),
        ({"geometry/width": "20 um"}, "follows from the image: 24 um"),
        (
            {"geometry/features": [{"void": {"at": "anode|matrix", "radius": "1 um"}}]},
            "cannot be drawn into a geometry",
        ),
        ({"mesh/edge": "1 um"}, "cells of an image have one size, mesh.bulk"),
        ({"quantities": ["bulk_resistance"]}, "not defined in a geometry with `image`"),
        ({"interfaces/anode|matrix": None}, r"anode\|matrix.*\n.*kinetics is required"),
        ({"interfaces/matrix|anode": {"kinetics": "perfect"}}, r"no such interface|names go from below"),
    ],
)
def test_what_is_wrong_is_said_where(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Study.load(written(tmp_path, disc(), changes))


def test_flat_layers_within_an_image(tmp_path: Path) -> None:
    layers = IMAGE["geometry"]["layers"]
    mixed = [layers[1], layers[0], layers[2], layers[3]]
    with pytest.raises(InputError, match="flat layers lie below and above the image, not within it"):
        Study.load(written(tmp_path, disc(), {"geometry/layers": mixed}))


def test_no_labels_and_no_thickness_without_an_image() -> None:
    data = yaml.safe_load(LAYERS)
    data["geometry"]["layers"][1]["labels"] = [1]
    del data["geometry"]["layers"][0]["thickness"]
    with pytest.raises(InputError, match=r"anode.thickness(.|\n)*is required(.|\n)*belongs to a geometry with `image`"):
        Study.from_mapping(data)


def test_islands_of_conductors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Electrolyte within an insulating ring: no current reaches it."""
    labels = disc()
    labels[10:14, 10:14] = 1
    file = written(tmp_path, labels, {"geometry/layers/2/conduction": "none"})
    assert main(["run", str(file), "--out", str(tmp_path / "out"), "--quiet"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "1 part of matrix" in said
    assert "`islands: remove`" in said
    command = ["run", str(file), "--set", "geometry.image.islands=remove", "--set", "pictures=[]"]
    assert main([*command, "--out", str(tmp_path / "out")]) == 0
    for _ in range(2):  # made, and from the cache
        assert ": removed" in " ".join(capsys.readouterr().err.split())
        assert main([*command, "--out", str(tmp_path / "out")]) == 0
    notes = json.loads((tmp_path / "out" / "results.json").read_text())["solver"]["notes"]
    assert any(note.endswith(": removed") for note in notes)
    assert any("volume fractions within" in note for note in notes)


def test_ends_belong_to_one_region(tmp_path: Path) -> None:
    """Without electrodes current would enter one of the two regions at the bottom only."""
    layers = [dict(x) for x in IMAGE["geometry"]["layers"][1:3]]
    file = written(tmp_path, disc(radius=13), {"geometry/layers": layers, "interfaces": {}})
    with pytest.raises(InputError, match="filler, matrix lie at the bottom: current enters through matrix alone"):
        values(Study.load(file))


def test_metals_in_parts_are_pointed_out(tmp_path: Path) -> None:
    labels = disc(radius=3)
    labels[2:5, 2:5] = 2
    changes: dict[str, Any] = {
        "geometry/layers/2": {"name": "filler", "material": "Li", "labels": 2},
        "interfaces/matrix|filler": {"kinetics": "linear", "exchange_current": "10 A/m^2"},
    }
    study = Study.load(written(tmp_path, labels, changes))
    result = run(study, None, MPI.COMM_SELF, Silent())
    assert any(note.startswith("filler has 2 separate parts that share one potential") for note in result.solver.notes)


def test_voids_of_an_image(tmp_path: Path) -> None:
    """A square array of holes (Perrins, McKenzie and McPhedran: 0.537580 at f = 0.3)."""
    radius = 24 * (0.3 / np.pi) ** 0.5
    labels = disc(24, radius)
    changes = {"geometry/image/void": 2, "geometry/layers/2": None, "mesh/bulk": "0.75 um"}
    data = written(tmp_path, labels, {k: v for k, v in changes.items() if v is not None})
    text = yaml.safe_load(data.read_text())
    del text["geometry"]["layers"][2]
    data.write_text(yaml.safe_dump(text))
    found = values(Study.load(data))["area_specific_resistance"]
    fraction = float((labels == 2).mean())
    wanted = 0.537580 + (fraction - 0.3) * (0.537580 - 0.818177) / 0.2
    assert 24e-6 / (0.1 * found) == pytest.approx(wanted, rel=0.01)


def test_an_image_in_three_dimensions_by_voxels(tmp_path: Path) -> None:
    """A laminate across the current: resistances in series, exactly (B12.1)."""
    labels = np.ones((10, 3, 4), dtype=np.uint8)  # z, y, x
    labels[3:6] = 2
    changes = {
        "geometry/dimension": 3,
        "geometry/image": {"file": "image.npy", "voxel": "1 um", "method": "voxel"},
    }
    found = values(Study.load(written(tmp_path, labels, changes)))["area_specific_resistance"]
    assert 10e-6 / (0.1 * found) == pytest.approx(1.369863, rel=1e-6)


def test_two_conductors_at_one_electrode(tmp_path: Path) -> None:
    """A laminate along the current: conductances in parallel, exactly (B12.1); both touch both metals perfectly."""
    labels = np.ones((5, 10), dtype=np.uint8)
    labels[:, 3:6] = 2
    perfect = {"kinetics": "perfect"}
    changes = {
        "geometry/image/method": "voxel",
        "interfaces/anode|filler": perfect,
        "interfaces/filler|counter": perfect,
    }
    result = run(Study.load(written(tmp_path, labels, changes)), None, MPI.COMM_SELF, Silent())
    assert 5e-6 / (0.1 * result.quantities["area_specific_resistance"].value) == pytest.approx(3.7, rel=1e-9)
    assert result.failures == ()


# --------------------------------------------------------------- mesh files
@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, float]]:
    """A drawn study, its values, its mesh in a store and as a .msh."""
    folder = tmp_path_factory.mktemp("drawn")
    (folder / "study.yaml").write_text(LAYERS)
    command = ["mesh", str(folder / "study.yaml"), "--out", str(folder / "out"), "--quiet"]
    assert main([*command, "--store", str(folder / "store")]) == 0
    assert main(["export", str(folder / "store"), "--to", str(folder / "cell.msh")]) == 0
    return folder, values(Study.load(folder / "study.yaml"))


def outside(folder: Path, file: str, **mesh: Any) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(LAYERS)
    geometry = data["geometry"]
    del geometry["features"]
    for layer in geometry["layers"]:
        del layer["thickness"]
        if file != "store":
            layer["tags"] = layer["name"]
    geometry["mesh"] = {"file": str(folder / file), **mesh}
    data["mesh"] = {"error_estimate": "none"}
    return data


def test_a_mesh_file_gives_the_numbers_of_the_drawing(drawn: tuple[Path, dict[str, float]]) -> None:
    folder, wanted = drawn
    data = outside(folder, "cell.msh", facets={"anode|electrolyte:gap": ["anode|electrolyte:gap"]})
    assert values(Study.from_mapping(data)) == pytest.approx(wanted, rel=1e-9)
    del data["geometry"]["mesh"]["facets"]  # the gap becomes contact
    assert values(Study.from_mapping(data))["kinetic_resistance"] < 0.8 * wanted["kinetic_resistance"]


@pytest.mark.mpi
def test_a_stored_mesh_gives_the_numbers_of_the_drawing(shared_tmp_path: Path) -> None:
    """Written by one rank, read by all."""
    comm = MPI.COMM_WORLD
    study = Study.from_mapping(yaml.safe_load(LAYERS))
    if comm.rank == 0:
        make_mesh(study, MPI.COMM_SELF).write(shared_tmp_path / "store")
    comm.barrier()
    found = values(Study.from_mapping(outside(shared_tmp_path, "store")), comm)
    assert found == pytest.approx(alone(lambda: values(study)), rel=1e-9)


@pytest.mark.mpi
@several
def test_an_image_on_any_number_of_ranks(shared_tmp_path: Path) -> None:
    comm = MPI.COMM_WORLD
    if comm.rank == 0:
        written(shared_tmp_path, disc())
    comm.barrier()
    study = Study.load(shared_tmp_path / "study.yaml")
    assert values(study, comm) == pytest.approx(alone(lambda: values(study)), rel=1e-9)


@pytest.mark.slow
def test_quantities_are_refined_to_a_tolerance_on_a_mesh_file(drawn: tuple[Path, dict[str, float]]) -> None:
    data = outside(drawn[0], "cell.msh", facets={"anode|electrolyte:gap": ["anode|electrolyte:gap"]})
    data["mesh"] = {"tolerance": "0.1 %", "quantities": ["area_specific_resistance"]}
    result = run(Study.from_mapping(data), None, MPI.COMM_SELF, Silent())
    assert result.failures == ()
    found = result.quantities["area_specific_resistance"]
    assert found.error is not None
    assert found.error < 2e-3 * found.value
    assert found.value == pytest.approx(drawn[1]["area_specific_resistance"], rel=0.01)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width": "10 um"}, r"geometry.width.*\n.*the mesh in the file is 2e-05 m wide"),
        ({"layers/1/tags": ["lithium"]}, r"layers.electrolyte.*\n.*nothing with this tag; it has 1, 2, 3, 'anode'"),
        ({"mesh/facets": {"bottom": ["top"]}}, r"mesh.facets.bottom.*\n.*do not lie in this plane"),
    ],
)
def test_what_a_mesh_file_has_not(drawn: tuple[Path, dict[str, float]], change: dict[str, Any], message: str) -> None:
    data = outside(drawn[0], "cell.msh")
    for path, value in change.items():
        *keys, last = path.split("/")
        place = data["geometry"]
        for key in keys:
            place = place[int(key) if isinstance(place, list) else key]
        place[last] = value
    study = Study.from_mapping(data)
    with pytest.raises(InputError, match=message):
        values(study)


def test_what_can_be_said_of_a_mesh_file_before_it_is_read(tmp_path: Path) -> None:
    data = outside(tmp_path, "nothing.msh")
    del data["geometry"]["width"]
    data["mesh"]["bulk"] = "1 um"
    data["geometry"]["layers"][0]["thickness"] = "1 um"
    with pytest.raises(InputError) as caught:
        Study.from_mapping(data)
    said = str(caught.value)
    for text in (
        "there is no such file",
        "extent of the mesh",
        "mesh.tolerance refines them where it matters",
        "has no meaning in a mesh file",
    ):
        assert text in said


def test_interfaces_of_the_mesh_are_all_described(drawn: tuple[Path, dict[str, float]]) -> None:
    data = outside(drawn[0], "store")
    del data["interfaces"]["electrolyte|counter"]
    with pytest.raises(
        InputError, match=r"electrolyte\|counter(.|\n)*the mesh has this interface, .*kinetics is required"
    ):
        values(Study.from_mapping(data))
    data = outside(drawn[0], "store")
    data["interfaces"]["anode|counter"] = {"resistance": "5 ohm*cm^2"}
    with pytest.raises(InputError, match="the regions do not touch in the mesh; its interfaces are anode"):
        values(Study.from_mapping(data))
    data = outside(drawn[0], "store")
    data["geometry"]["layers"].reverse()
    data["interfaces"] = {"|".join(reversed(k.split("|"))): v for k, v in data["interfaces"].items()}
    with pytest.raises(InputError, match="the stored mesh has the regions anode, electrolyte, counter, in this order"):
        values(Study.from_mapping(data))
