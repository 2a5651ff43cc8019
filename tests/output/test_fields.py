"""Fields and interface tables of planar cells against closed forms, on any number of ranks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from mpi4py import MPI
from support.cells import AREA, DIMENSIONS, WIDTH, planar_cell, solve
from support.layered import layered

from fem.conditions import Pressure, Roller, Terminal
from fem.dissipation.conduction import Conduction, Equipotential
from fem.energy.elastic import Elastic
from fem.interface.charge_transfer import ChargeTransfer, OhmicContact
from fem.interface.kinetics import LinearKinetics
from fem.model import Domain, Model, Settings
from fem.output import FieldWriter, interface_profile, write_mesh
from fem.output.grids import stress_measures
from fem.output.vtu import read_vtu

COMM = MPI.COMM_WORLD
CURRENT, SIGMA, OTHER, FILM, R_CT = 12.0, 0.04, 0.09, 6e-4, 2e-3
LAYERS = (("anode", 1e-5), ("electrolyte", 4e-5), ("coating", 2e-5), ("counter", 1e-5))
PRESSURE = 3e6


def cell(dimension: str, degree: int = 2, mechanics: bool = True) -> Model:
    """Metal, two electrolytes with a resistance between them, metal at 3.7 V; solved."""
    energy = (Elastic(1e10, 0.3),) if mechanics else ()
    metal = Domain((Equipotential(),), energy)
    domains = {
        "anode": metal,
        "electrolyte": Domain((Conduction("ionic", SIGMA),), energy),
        "coating": Domain((Conduction("ionic", OTHER),), energy),
        "counter": metal,
    }
    laws = {
        "anode|electrolyte": [ChargeTransfer("anode", LinearKinetics(R_CT), 0.1, FILM, 1.0, 13e-6)],
        "electrolyte|coating": [OhmicContact("ionic", 1e-3)],
        "coating|counter": [ChargeTransfer("counter", None, 0.2)],
    }
    axis = {"1": 0, "2": 1, "axisymmetric": 1, "3": 2}[dimension]
    sides = {"1": (), "2": ("left", "right"), "axisymmetric": ("right",), "3": ("left", "right", "front", "back")}
    loads = [Pressure("top", PRESSURE), Roller("bottom", axis)] if mechanics else []
    if mechanics:
        loads += [Roller(s, 1 if s in ("front", "back") else 0) for s in sides[dimension]]
    terminals = [Terminal("w", "anode", current=CURRENT), Terminal("c", "counter", potential=3.7)]
    settings = Settings(degree, degree)
    model = planar_cell(dimension, LAYERS, domains, laws, [*terminals, *loads], settings, COMM)
    solve(model)
    return model


@pytest.mark.mpi
@pytest.mark.parametrize("degree", [1, 2])
@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_fields_of_a_planar_cell(dimension: str, degree: int, shared_tmp_path: Path) -> None:
    """Potentials with their offsets, currents, stresses, displacements; every cell once, on any ranks."""
    model = cell(dimension, degree)
    writer = FieldWriter(model, shared_tmp_path / "fields")
    writer.write({"current": CURRENT})
    COMM.barrier()
    folder = shared_tmp_path / "fields"
    table = json.loads((folder / "fields.json").read_text())
    step = table["steps"][0]
    assert [layer["name"] for layer in table["layers"]] == [name for name, _ in LAYERS]
    stacking = {"1": 0, "2": 1, "axisymmetric": 1, "3": 2}[dimension]
    total = 0
    for layer in table["layers"]:
        grid = read_vtu(folder / step["layers"][layer["name"]])
        assert len(grid.cells) == layer["cells"]
        total += layer["cells"]
        np.testing.assert_allclose(grid.cell_data["stacking_stress"], -PRESSURE, rtol=1e-6)
        # uniaxial strain under a pressure: what is held at the bottom moves down linearly
        modulus = 1e10 * (1 - 0.3) / ((1 + 0.3) * (1 - 0.6))
        down = -PRESSURE / modulus * grid.points[:, stacking]
        np.testing.assert_allclose(
            grid.point_data["displacement"][:, stacking], down, atol=1e-6 * abs(down).max() + 1e-18
        )
    assert total == model.geometry.mesh.topology.index_map(model.geometry.tdim).size_global
    assert step["equipotentials"]["counter"]["electronic"] == pytest.approx(3.7)
    coating = read_vtu(folder / step["layers"]["coating"])
    height = coating.points[:, stacking]
    expected = 3.7 - 0.2 + CURRENT / OTHER * (7e-5 - height)  # perfect contact with U_eq = 0.2 V
    np.testing.assert_allclose(coating.point_data["ionic_potential"], expected, rtol=1e-9)
    density = coating.cell_data["ionic_current_density"]
    np.testing.assert_allclose(density[:, stacking], CURRENT, rtol=1e-5)
    np.testing.assert_allclose(np.delete(density, stacking, axis=1), 0.0, atol=1e-4)


@pytest.mark.mpi
@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_tables_of_a_planar_cell(dimension: str) -> None:
    """Current, drops and pressure at kinetics, at a contact resistance, and at a perfect contact."""
    model = cell(dimension)
    kinetic = interface_profile(model, "anode|electrolyte")
    ohmic = interface_profile(model, "electrolyte|coating")
    perfect = interface_profile(model, "coating|counter")
    if COMM.rank > 0:
        assert kinetic is None
        return
    assert kinetic is not None
    assert ohmic is not None
    assert perfect is not None
    shift = -13e-6 * PRESSURE / 96485.33212  # pressure favours stripping: lower equilibrium potential
    for values, expected in (
        (kinetic.values["current_density"], CURRENT),
        (kinetic.values["overpotential"], CURRENT * R_CT),
        (kinetic.values["film_drop"], CURRENT * FILM),
        (kinetic.values["stress_shift"], shift),
        (kinetic.values["pressure"], PRESSURE),
        (ohmic.values["ionic_current_density"], CURRENT),
        (ohmic.values["ionic_contact_drop"], CURRENT * 1e-3),
        (perfect.values["current_density"], -CURRENT),  # cathodic: from the electrolyte into the counter
        (perfect.values["pressure"], PRESSURE),
    ):
        np.testing.assert_allclose(values, expected, rtol=1e-7)
    for profile in (kinetic, ohmic, perfect):
        assert profile.area.sum() == pytest.approx(AREA[dimension])
    assert kinetic.points[:, -1] == pytest.approx(1e-5)
    assert np.all(np.diff(kinetic.points[:, 0]) >= 0)


@pytest.mark.mpi
@pytest.mark.parametrize("degree", [1, 2])
@pytest.mark.parametrize("dimension", ["2", "axisymmetric", "3"])
def test_current_through_a_perfect_contact_adds_up(dimension: str, degree: int) -> None:
    """Beside a contact edge the current is singular; the table still holds all of it, to rounding."""
    gaps = {"anode|electrolyte": lambda points: points[:, 0] > 0.5 * WIDTH}
    layers = (("anode", 1e-5), ("electrolyte", 3e-5), ("counter", 1e-5))
    tagged = layered(COMM, dimension, layers, WIDTH, 2e-5, lateral=4, across=3, gaps=gaps)
    metal = Domain((Equipotential(),))
    domains = {"anode": metal, "electrolyte": Domain((Conduction("ionic", SIGMA),)), "counter": metal}
    laws = {f"{a}|{b}": [ChargeTransfer(e, None)] for a, b, e in (("anode", "electrolyte", "anode"),)}
    laws["electrolyte|counter"] = [ChargeTransfer("counter", None)]
    terminals = [Terminal("w", "anode", current=1e-9), Terminal("c", "counter", potential=0.0)]
    model = Model(tagged, domains, laws, terminals, Settings(degree, degree))
    solve(model)
    profile = interface_profile(model, "anode|electrolyte")
    if profile is not None:
        assert profile.corners[:, :, 0].max() == pytest.approx(0.5 * WIDTH)
        assert np.dot(profile.area, profile.values["current_density"]) == pytest.approx(1e-9, rel=1e-9)
        # more current per area next to the edge than far from it
        near = profile.points[:, 0] > 0.35 * WIDTH
        assert profile.values["current_density"][near].mean() > profile.values["current_density"][~near].mean()


@pytest.mark.mpi
def test_potentials_that_share_a_field_keep_their_offset(shared_tmp_path: Path) -> None:
    """A resolved electrode in perfect contact lies U_eq above the electrolyte at the interface."""
    tagged = layered(COMM, "2", (("electrolyte", 2e-5), ("electrode", 1e-5)), WIDTH, lateral=3, across=3)
    domains = {
        "electrolyte": Domain((Conduction("ionic", SIGMA),)),
        "electrode": Domain((Conduction("electronic", OTHER),)),
    }
    laws = {"electrolyte|electrode": [ChargeTransfer("electrode", None, 3.9)]}
    terminals = [
        Terminal("below", "bottom", potential=0.0, carrier="ionic"),
        Terminal("above", "top", current=CURRENT * WIDTH),
    ]
    model = Model(tagged, domains, laws, terminals)
    solve(model)
    FieldWriter(model, shared_tmp_path / "fields").write()
    COMM.barrier()
    step = json.loads((shared_tmp_path / "fields" / "fields.json").read_text())["steps"][0]
    grids = {name: read_vtu(shared_tmp_path / "fields" / file) for name, file in step["layers"].items()}
    top = CURRENT * 2e-5 / SIGMA
    ionic, electronic = grids["electrolyte"], grids["electrode"]
    expected = CURRENT / SIGMA * ionic.points[:, 1]
    np.testing.assert_allclose(ionic.point_data["ionic_potential"], expected, atol=1e-9)
    expected = 3.9 + top + CURRENT / OTHER * (electronic.points[:, 1] - 2e-5)
    np.testing.assert_allclose(electronic.point_data["electronic_potential"], expected, rtol=1e-9)


@pytest.mark.mpi
def test_series_and_mesh(shared_tmp_path: Path) -> None:
    """Every operating point has its own files; a mesh alone has layers and sizes."""
    model = cell("2", mechanics=False)
    writer = FieldWriter(model, shared_tmp_path / "fields", series=True)
    for current in (1.0, 2.0):
        model.terminals["w"].source = current * AREA["2"]
        solve(model)
        writer.write({"current": current})
    write_mesh(model.tagged, shared_tmp_path / "mesh")
    COMM.barrier()
    table = json.loads((shared_tmp_path / "fields" / "fields.json").read_text())
    means = []
    for step in table["steps"]:
        with np.load(shared_tmp_path / "fields" / step["interfaces"]["anode|electrolyte"]["table"]) as arrays:
            means.append(float(arrays["current_density"].mean()))
    assert means == pytest.approx([1.0, 2.0])
    assert (shared_tmp_path / "fields" / "anode-electrolyte-0001.csv").read_text().startswith("x [m],y [m],area [m]")
    mesh = json.loads((shared_tmp_path / "mesh" / "fields.json").read_text())
    grid = read_vtu(shared_tmp_path / "mesh" / mesh["steps"][0]["layers"]["electrolyte"])
    area = grid.cell_data["cell_size"].astype(float) ** 2 * np.sqrt(3) / 4
    assert area.sum() == pytest.approx(WIDTH * 4e-5, rel=1e-5)


@pytest.mark.mpi
def test_all_ranks_fail_together(shared_tmp_path: Path) -> None:
    """A folder that cannot be made raises everywhere, and nobody waits for anybody."""
    if COMM.rank == 0:
        (shared_tmp_path / "taken").write_text("a file")
    COMM.barrier()
    model = cell("2", degree=1, mechanics=False)
    with pytest.raises(OSError, match="taken"):
        FieldWriter(model, shared_tmp_path / "taken").write()


def test_stress_measures() -> None:
    """Uniaxial, hydrostatic and shear states."""
    states = np.array([[5.0, 0, 0, 0, 0, 0], [-2, -2, -2, 0, 0, 0], [0, 0, 0, 3, 0, 0]])
    found = stress_measures(states, 0)
    np.testing.assert_allclose(found["von_mises_stress"], [5.0, 0.0, 3.0 * np.sqrt(3)], atol=1e-6)
    np.testing.assert_allclose(found["mean_stress"], [5 / 3, -2.0, 0.0], rtol=1e-6)
    np.testing.assert_allclose(found["stacking_stress"], [5.0, -2.0, 0.0])
