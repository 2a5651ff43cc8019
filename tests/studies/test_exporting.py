"""Results in the formats of other programs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from study_samples import layered

from studies.cli import main
from studies.errors import InputError
from studies.exporting import export


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run in two dimensions with a void and two operating points."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "study.yaml").write_text(STUDY)
    assert main(["run", str(folder / "study.yaml"), "--out", str(folder / "out"), "--quiet"]) == 0
    return folder / "out"


STUDY = layered(
    10,
    "void: {at: anode|electrolyte, radius: 2 um, depth: 1 um}",
    """operation: {sweep: {current: [1 A/m^2, 2 A/m^2]}, temperature: 298.15 K}
mesh: {bulk: 3 um, edge: 0.5 um, error_estimate: none}
pictures: []
""",
)


@pytest.mark.parametrize("name", ["x.vtu", "x.xdmf", "x.vtk", "x.msh"])
def test_fields_arrive_whole(run: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    import meshio

    assert main(["export", str(run), "--to", str(tmp_path / name)]) == 0
    assert "regions: 1 anode, 2 electrolyte, 3 counter" in capsys.readouterr().out
    mesh = meshio.read(tmp_path / name)
    (block,) = mesh.cells
    assert block.type == "triangle6"
    key = "gmsh:physical" if name.endswith("msh") else "region"
    tags = np.asarray(mesh.cell_data[key][0])
    x = mesh.points[block.data[:, :3]]
    area = 0.5 * np.abs(np.cross(x[:, 1] - x[:, 0], x[:, 2] - x[:, 0])[:, 2])
    assert area[tags == 2].sum() == pytest.approx(100e-12, rel=1e-6)
    assert area[tags == 3].sum() == pytest.approx(50e-12, rel=1e-6)
    ionic = np.asarray(mesh.point_data["ionic_potential"]).reshape(-1)
    nodes = np.unique(block.data[tags == 2])
    assert np.isfinite(ionic[nodes]).all()
    assert np.isnan(ionic[np.unique(block.data[tags == 1])]).all()
    y = mesh.points[nodes, 1]
    assert np.corrcoef(ionic[nodes], y)[0, 1] < -0.9  # the current flows upwards
    current = np.asarray(mesh.cell_data["ionic_current_density"][0])[tags == 2]
    assert np.average(current[:, 1], weights=area[tags == 2]) == pytest.approx(2.0, rel=0.02)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted({name, name.replace("xdmf", "h5")} | {name})


def test_steps_and_interfaces(run: Path, tmp_path: Path) -> None:
    import meshio

    made = export(run, tmp_path / "first.vtu", step=0)
    assert made.regions == ("anode", "electrolyte", "counter")
    mesh = meshio.read(tmp_path / "first.vtu")
    current = np.asarray(mesh.cell_data["ionic_current_density"][0])[:, 1]
    assert np.nanmedian(current) == pytest.approx(1.0, rel=0.1)
    made = export(run, tmp_path / "faces.vtu", interfaces=True)
    assert made.regions == ("anode|electrolyte", "electrolyte|counter")
    assert meshio.read(tmp_path / "faces.vtu").cells[0].type == "line"


def test_what_cannot_be_exported(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match=r"operating points 0 to 1"):
        export(run, tmp_path / "x.vtu", step=2)
    with pytest.raises(InputError, match=r"no format has this ending; there are .*\.vtu"):
        export(run, tmp_path / "x.doc")
    with pytest.raises(InputError, match="neither a results folder nor a stored mesh"):
        export(tmp_path, tmp_path / "x.vtu")
    (tmp_path / "file").write_text("")
    assert main(["export", str(run), "--to", str(tmp_path / "file" / "x.vtu")]) == 2
    assert "Traceback" not in capsys.readouterr().err
    with pytest.raises(InputError, match="cannot be written as stl"):
        export(run, tmp_path / "x.stl")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_stored_mesh_comes_back(tmp_path: Path) -> None:
    """Gmsh's mesh into a store, from there into a .msh, and read again: same regions, same facets."""
    from meshes.importing import arrays_from_meshio

    (tmp_path / "study.yaml").write_text(STUDY)
    command = ["mesh", str(tmp_path / "study.yaml"), "--out", str(tmp_path / "out"), "--quiet"]
    assert main([*command, "--store", str(tmp_path / "store")]) == 0
    made = export(tmp_path / "store", tmp_path / "x.msh")
    assert made.regions == ("anode", "electrolyte", "counter")
    arrays = arrays_from_meshio(tmp_path / "x.msh")
    assert set(arrays.facet_names) == {
        "anode|electrolyte",
        "electrolyte|counter",
        "void|anode",
        "void|electrolyte",
        "bottom",
        "top",
        "left",
        "right",
    }
    x = arrays.points[arrays.facets[arrays.facet_tags == arrays.facet_names["anode|electrolyte"]]]
    assert np.linalg.norm(x[:, 1] - x[:, 0], axis=1).sum() == pytest.approx(6e-6)
