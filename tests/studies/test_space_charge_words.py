"""Words of space-charge studies: what they become, what is refused, and the numbers that interfaces take from them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI

from fem.constants import FARADAY, GAS
from fem.interface.space_charge import SpaceChargeTable
from studies.errors import InputError, SolveError
from studies.progress import Silent
from studies.runner import run
from studies.schema import Study
from studies.space_charge import build
from studies.space_charge.injection import injected, table_of


def study(**changes: Any) -> dict[str, Any]:
    """A lattice gas on planes beside an electrode."""
    data: dict[str, Any] = {
        "study": "layer",
        "geometry": {
            "dimension": 1,
            "layers": [
                {"name": "metal", "material": "Cu", "thickness": "1 nm"},
                {
                    "name": "glass",
                    "material": "LLZO",
                    "thickness": "4 nm",
                    "properties": {"ionic_conductivity": "0.05 S/m"},
                },
            ],
        },
        "space_charge": {
            "mode": "planes",
            "electrodes": {"metal": {"potential": "0.3 V"}},
            "media": {"glass": {"model": "lattice-gas"}},
        },
        "operation": {"temperature": "300 K"},
        "quantities": ["electrode_charge"],
    }
    for path, value in changes.items():
        place = data
        *keys, last = path.split("__")
        for key in keys:
            place = place.setdefault(key, {})
        place[last] = value
    return data


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        ({"space_charge__electrodes": {"metall": {"potential": "0 V"}}}, "space_charge.electrodes.metall", "no layer"),
        ({"space_charge__media": {}}, "geometry.layers.glass.name", "needs a role"),
        ({"space_charge__electrodes": {"metal": {}}}, "space_charge.electrodes.metal", "either its potential"),
        ({"space_charge__media__glass": {"model": "dilute"}}, "density", "is needed"),
        ({"space_charge__media__glass": {"model": "dilute", "occupancy": 0.3}}, "media.glass", "has no occupancy"),
        ({"space_charge__media__glass__interaction": "-12 kJ/mol"}, "interaction", "above -4 RT"),
        ({"space_charge__media__glass__conserved": True}, "conserved", "mode continuum"),
        ({"space_charge__sweep": {"electrode": "glass", "potential": ["1 V"]}}, "sweep.electrode", "an electrode with"),
        ({"operation__current": "1 A/m^2"}, "operation.current", "no current"),
        ({"interfaces": {"metal|glass": {}}}, "interfaces", "no charge transfer"),
        ({"impedance": {"from": "1 Hz", "to": "1 kHz"}}, "impedance", "at rest"),
        ({"quantities": ["cell_voltage"]}, "quantities.0", "no value in a space-charge study"),
        ({"quantities": [{"electrode_charge": {"electrode": "glass"}}]}, "electrode", "must be one of"),
        ({"quantities": [{"space_charge_width": {"share": 2}}]}, "share", "above 0 and below 1"),
        ({"quantities": ["space_charge_width"], "geometry__dimension": 2, "geometry__width": "9 nm",
          "space_charge__mode": "continuum",
          "geometry__features": [{"waviness": {"at": "metal|glass", "amplitude": "0.1 nm", "wavelength": "9 nm"}}]},
         "quantities.0", "flat layers"),
        ({"space_charge__interfaces": {"metal|glass": {"sites": "5e18 1/m^2"}}}, "metal|glass", "go together"),
        ({"space_charge__interfaces": {"metal|glass": {}}}, "metal|glass", "give its charge"),
        ({"quantities": [{"depletion": {"ion": "Na+"}}]}, "ion", "must be one of"),
        ({"mesh": {"tolerance": "1 %"}}, "mesh.tolerance", "mesh family"),
        ({"geometry__dimension": 2, "geometry__width": "1 nm"}, "geometry.dimension", "one-dimensional"),
        ({"space_charge__interfaces": {"metal|glass": {"charge": "1 C/m^2"}}}, "metal|glass", "screens"),
        ({"space_charge__electrodes": {"metal": {"charge": "0 C/m^2"}},
          "space_charge__mode": "continuum",
          "space_charge__media__glass__conserved": True}, "space_charge.electrodes", "nothing fixes"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_key(changes: dict[str, Any], path: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        Study.from_mapping(study(**changes))
    assert any(path in p.path and message in p.message for p in caught.value.problems), str(caught.value)


def test_quantities_of_space_charge_need_a_space_charge() -> None:
    data = study(quantities=["electrode_charge"])
    del data["space_charge"]
    with pytest.raises(InputError, match="is for space-charge studies"):
        Study.from_mapping(data)


def test_a_resolved_study_reads_back_as_equal() -> None:
    sweep = {"electrode": "metal", "potential": {"from": "0 V", "to": "0.3 V", "points": 4}}
    made = Study.from_mapping(study(space_charge__sweep=sweep))
    assert Study.from_mapping(made.resolved()) == made
    assert build.sweep(made) == pytest.approx((0.0, 0.1, 0.2, 0.3))
    assert made.hash != Study.from_mapping(study()).hash


def test_models_become_media() -> None:
    """The numbers of the material, of the study, and the bulk that follows."""
    unit = GAS * 300.0 / FARADAY

    def medium(**mobile: Any) -> Any:
        return build.media(
            Study.from_mapping(study(space_charge__mode="continuum", space_charge__media__glass=mobile))
        )["glass"]

    garnet = medium(model="lattice-gas")
    assert garnet.background == pytest.approx(-1.602176634e-19 * 5.4995e28 * 7 / 15, rel=1e-9)
    assert garnet.conductivity == 0.05
    crowded = medium(model="bikerman", density="1e25 1/m^3", crowding=0.1)
    plain = medium(model="dilute", density="1e25 1/m^3")
    assert crowded.background == pytest.approx(0.0, abs=1e-9)
    expected = math.sqrt(50 * 8.8541878128e-12 * unit / (2 * 1.602176634e-19 * 1e25))
    assert crowded.debye_length(300.0) == pytest.approx(expected, rel=1e-9)
    assert plain.debye_length(300.0) == pytest.approx(expected, rel=1e-9)
    defects = medium(model="saturating-defects")
    assert [ion.name for ion in defects.ions] == ["Li_i+", "V_Li-"]
    frozen = medium(model="frozen-background", density="1e25 1/m^3", charge=-1, fixed_charge="2e25 1/m^3")
    assert frozen.background == pytest.approx(1.602176634e-19 * 2e25, rel=1e-9)
    assert frozen.ions[0].charge == -1
    electrons = medium(model="insulator", electrons={"electrode": "metal", "density": "1e26 1/m^3", "offset": "0.2 eV"})
    assert electrons.ions[0].fraction == pytest.approx(1 / (1 + math.exp(0.2 / unit)))
    assert electrons.background == 0.0


def test_cells_follow_the_shortest_screening_length() -> None:
    made = Study.from_mapping(study(space_charge__mode="continuum"))
    length = build.shortest_length(made)
    assert length < build.media(made)["glass"].debye_length(300.0) * 1.0001
    assert made.sizes().interface == pytest.approx(length / build.CELLS_PER_LENGTH)
    given = Study.from_mapping(study(space_charge__mode="continuum", mesh={"interface": "0.1 nm"}))
    assert given.sizes().interface == pytest.approx(1e-10)


def test_planes_of_a_study_leave_results(tmp_path: Any) -> None:
    sweep = {"electrode": "metal", "potential": ["-0.2 V", "0.1 V"]}
    quantities = ["electrode_charge", "depletion", "space_charge_resistance", "space_charge_width",
                  {"electric_potential": {"distance": "0.2 nm"}}]  # fmt: skip
    made = Study.from_mapping(study(space_charge__sweep=sweep, quantities=quantities))
    results = run(made, tmp_path / "out", MPI.COMM_SELF, Silent())
    assert results.series["electrode_potential"] == pytest.approx((-0.2, 0.1, 0.3))
    charges = results.series["electrode_charge"]
    assert charges[0] < 0 < charges[1] < charges[2]
    assert results.quantities["depletion"].value > 0
    assert results.quantities["space_charge_resistance"].error == 0.0
    for name in ("results.json", "study.yaml", "profile-glass.csv", "space-charge.png", "space-charge-curves.png"):
        assert (tmp_path / "out" / name).is_file(), name
    table = np.loadtxt(tmp_path / "out" / "profile-glass.csv", delimiter=",")
    assert table.shape == (25, 4)
    assert abs(table[:, 2]).argmax() == 0


# ---------------------------------------------------------------------- injection
def cell(**interface: Any) -> Study:
    """Two Li electrodes with LLZO between them; the second one with a space-charge layer."""
    second = {"kinetics": "butler-volmer", "exchange_current": "100 A/m^2", **interface}
    layers = [("anode", "Li", "1 um"), ("electrolyte", "LLZO", "10 um"), ("cathode", "LCO", "1 um")]
    return Study.from_mapping(
        {
            "study": "cell",
            "geometry": {
                "dimension": 1,
                "layers": [
                    {
                        "name": n,
                        "material": m,
                        "thickness": t,
                        "conduction": "ionic" if m == "LLZO" else "equipotential",
                    }
                    for n, m, t in layers
                ],
            },
            "interfaces": {
                "anode|electrolyte": {"kinetics": "linear", "exchange_current": "100 A/m^2"},
                "electrolyte|cathode": second,
            },
            "operation": {"current": "1 A/m^2"},
            "mesh": {"error_estimate": "none"},
            "quantities": ["area_specific_resistance", "film_resistance"],
        }
    )


def test_a_layer_becomes_resistance_and_capacitance(tmp_path: Any) -> None:
    """By file; at the equilibrium potential or at one that is named; beside a film of its own."""
    import yaml

    sweep = {"electrode": "metal", "potential": {"from": "3.6 V", "to": "4.6 V", "points": 11}}
    data = study(
        space_charge__electrodes={"metal": {"potential": "4.6 V", "flat_band": "3.7157 V"}}, space_charge__sweep=sweep
    )
    data["geometry"]["layers"][1]["properties"]["ionic_conductivity"] = "1e-6 S/m"
    path = tmp_path / "layer.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    table = table_of(str(path), MPI.COMM_SELF)
    assert np.all(np.diff(table.drop) > 0)
    assert table.at(4.3).drop == pytest.approx(4.3 - 3.7157, rel=1e-9)
    own = {"equilibrium_potential": "4.2 V", "film_resistance": "2 ohm*cm^2"}
    plain = run(cell(**own), None, MPI.COMM_SELF, Silent()).quantities["film_resistance"].value
    for extra, potential in (({}, 4.2), ({"potential": "4.5 V"}, 4.5)):
        made = cell(**own, space_charge={"study": str(path), **extra})
        results = run(made, None, MPI.COMM_SELF, Silent())
        added = results.quantities["film_resistance"].value - plain
        assert added == pytest.approx(table.at(potential).resistance, rel=1e-6)
        assert any("space charge of electrolyte|cathode" in note for note in results.solver.notes)
        changed, _ = injected(made, MPI.COMM_SELF)
        capacitance = changed.interfaces["electrolyte|cathode"].double_layer_capacitance
        assert capacitance == pytest.approx(table.at(potential).capacitance, rel=1e-6)
    with pytest.raises(SolveError, match="lies beyond"):
        injected(cell(**own, space_charge={"study": str(path), "potential": "5 V"}), MPI.COMM_SELF)


def test_a_layer_that_hardly_resists_is_left_to_the_kinetics() -> None:
    made = cell(equilibrium_potential="3.9 V", space_charge="space-charge-llzo-lco")
    changed, notes = injected(made, MPI.COMM_SELF)
    assert changed.interfaces["electrolyte|cathode"].film_resistance == 0.0
    assert changed.interfaces["electrolyte|cathode"].double_layer_capacitance > 1.0
    assert "too small" in notes[0]


@pytest.mark.parametrize(("name", "message"), [("planar-cell", "no study of space charge"), ("nowhere", "no such")])
def test_only_space_charge_studies_can_be_named(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        cell(equilibrium_potential="4 V", space_charge=name)


def test_tables_interpolate_and_say_where_they_end() -> None:
    potential = np.array([3.0, 3.5, 4.0])
    table = SpaceChargeTable(potential, np.array([1e-8, 1e-6, 1e-4]), np.array([3.0, 2.0, 1.0]), potential - 3.2)
    assert table.at(3.25).resistance == pytest.approx(1e-7, rel=1e-6)  # the logarithm is linear here
    assert table.at(3.75).drop == pytest.approx(0.55)
    with pytest.raises(ValueError, match="lies beyond 3 to 4 V"):
        table.at(4.2)
    assert SpaceChargeTable(np.zeros(1), np.ones(1), np.zeros(1), np.zeros(1)).at(7.0).resistance == 1.0
    with pytest.raises(ValueError, match="increase"):
        SpaceChargeTable(np.zeros(2), np.ones(2), np.ones(2), np.ones(2))
    mixed = SpaceChargeTable(potential, np.array([-1e-9, 1e-9, 1e-6]), np.ones(3), np.ones(3))
    assert -1e-9 <= mixed.at(3.2).resistance <= 1e-9


def test_dilute_ions_denser_than_matter_are_remarked() -> None:
    mobile = {"model": "dilute", "density": "1e25 1/m^3"}
    made = Study.from_mapping(study(space_charge__mode="continuum", space_charge__media__glass=mobile))
    assert build.crowded(made, 0.0, 0.2) == []
    (note,) = build.crowded(made, 0.0, 1.0)
    assert "anion of glass reach 1e42 per m^3" in note
