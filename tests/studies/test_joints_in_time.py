"""Contact and cohesion in studies in time: relaxation, resumed runs, any number of ranks, the work balance."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI

from fem.output.checkpoint import latest
from fem.solve.ledger import Ledger
from studies.progress import Silent
from studies.schema import Study
from studies.transient import TransientSession

LITHIUM: dict[str, Any] = {
    "study": "relaxing",
    "geometry": {
        "dimension": "axisymmetric",
        "width": "10 um",
        "layers": [
            {
                "name": "anode",
                "material": "Li",
                "thickness": "10 um",
                "creep": "norton",
                "properties": {"young_modulus": "5 GPa", "poisson_ratio": 0.3},
            },
            {
                "name": "electrolyte",
                "material": "LLZO",
                "thickness": "10 um",
                "properties": {"young_modulus": "150 GPa", "poisson_ratio": 0.25},
            },
            {
                "name": "counter",
                "material": "Li",
                "thickness": "5 um",
                "properties": {"young_modulus": "150 GPa", "poisson_ratio": 0.25},
            },
        ],
    },
    "interfaces": {
        "anode|electrolyte": {
            "kinetics": "linear",
            "exchange_current": "25.69257912 A/m^2",
            "stress_shift": False,
            "contact": {"rough": {"model": "persson", "slope": 0.01, "modulus": "5 GPa"}},
        },
        "electrolyte|counter": {"kinetics": "perfect"},
    },
    "operation": {
        "temperature": "298.15 K",
        "stack_control": "fixed-gap",
        "stack_displacement": "4 nm",
        "protocol": [{"current": "0.1 A/m^2", "for": "10 s", "name": "relax"}],
    },
    "mechanics": {"lateral": "free"},
    "time": {"tolerance": "1e-4"},
    "discretisation": {"degree": 1},
    "mesh": {"bulk": "10 um", "error_estimate": "none"},
    "quantities": ["cell_voltage", "contact_pressure", "contact_fraction", "closed_fraction", "work_of_loads"],
    "pictures": [],
}

BOND: dict[str, Any] = {
    "study": "parting",
    "geometry": {
        "dimension": 2,
        "width": "2 um",
        "layers": [
            {"name": "collector", "material": "Cu", "thickness": "1 um"},
            {"name": "electrolyte", "material": "LLZO", "thickness": "1 um"},
            {
                "name": "cathode",
                "material": "NCM811",
                "thickness": "1 um",
                "conduction": "equipotential",
                "transport": {"lithiation": 0.9},
                "swelling": {"model": "isotropic", "stress": "is driven"},
                "properties": {"diffusivity": "1e-13 m^2/s"},
            },
        ],
    },
    "interfaces": {
        "collector|electrolyte": {
            "equilibrium_potential": "0 V",
            "kinetics": "butler-volmer",
            "exchange_current": "100 A/m^2",
            "stress_shift": False,
        },
        "electrolyte|cathode": {
            "kinetics": "butler-volmer",
            "exchange_current": "2 A/m^2",
            "stress_shift": False,
            "cohesive": {"strength": "20 MPa", "toughness": "0.02 J/m^2", "open_share": "10 %"},
        },
    },
    "operation": {
        "temperature": "298.15 K",
        "working_electrode": "cathode",
        "stack_control": "fixed-gap",
        "protocol": [{"current": "0.1 A/m^2", "for": "3000 s", "name": "charge"}, {"rest": "100 s"}],
    },
    "mechanics": {"lateral": "confined"},
    "time": {"tolerance": "1e-2"},
    "discretisation": {"degree": 1},
    "mesh": {"bulk": "1 um", "interface": "0.35 um", "error_estimate": "none"},
    "quantities": [
        "cell_voltage",
        "mean_lithiation",
        "cohesive_damage",
        {"gap": {"at": "electrolyte|cathode", "of": "largest"}},
        "bond_dissipation",
        "work_of_loads",
        "lost_work",
        {"critical_time": {"share": 0.5}},
    ],
    "pictures": [],
}


def _crowned() -> dict[str, Any]:
    """The lithium with a rounded side that touches in part: contact that is open at some points of a facet."""
    words = copy.deepcopy(LITHIUM)
    words["interfaces"]["anode|electrolyte"]["contact"]["crown_radius"] = "20 mm"
    words["operation"]["stack_displacement"] = "1 nm"
    words["mesh"]["interface"] = "2 um"
    return words


def _session(words: dict[str, Any], comm: MPI.Comm = MPI.COMM_WORLD, leg: int = 200) -> TransientSession:
    made = TransientSession(Study.from_mapping(copy.deepcopy(words)), comm, 1.0, Silent())
    made.run.settings = replace(made.run.settings, leg=leg)
    return made


def _to_the_end(session: TransientSession) -> dict[str, Any]:
    """Columns of the whole run; the work balance holds at every recorded time."""
    for point in session.points():
        assert session.stored.balances(point.charge, 0.0)["work"].relative < 1e-9
    return {name: np.array(column) for name, column in session.recorded.columns.items()}


def test_pressure_relaxes_as_lithium_creeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between plates at a fixed distance: s^(1 - n) = s0^(1 - n) + (n - 1) A E t with E of both layers in series.

    The share of the asperities follows by Persson's formula, and the voltage by that share. Work that is not counted
    opens the balance.
    """
    session = _session(LITHIUM)
    found = _to_the_end(session)
    time, pressure = found["time"], found["contact_pressure"]
    exponent, thickness = 6.6, 10e-6
    rate = 0.0135233 / (1e6) ** exponent  # of lithium at 298.15 K, as in the catalogue's lithium-creep
    compliance = thickness / 5e9 + (thickness + 5e-6) / 150e9
    first, stiffness = 4e-9 / compliance, thickness / compliance
    exact = (first ** (1 - exponent) + (exponent - 1) * rate * stiffness * time) ** (1 / (1 - exponent))
    assert pressure[0] == pytest.approx(first, rel=1e-3)
    assert exact[-1] < 0.6 * first
    assert pressure == pytest.approx(exact, rel=2e-3)
    from scipy.special import erf

    share = erf(np.sqrt(2) * pressure / (5e9 * 0.01))
    assert found["contact_fraction"] == pytest.approx(share, rel=1e-6)
    area_specific = 8.31446 * 298.15 / 96485.33 / 25.69257912
    passed = 0.1 * (area_specific / share - area_specific / share[0])
    assert found["cell_voltage"] - found["cell_voltage"][0] == pytest.approx(passed, rel=1e-4, abs=1e-9)
    monkeypatch.setattr(Ledger, "terms", lambda self, old=Ledger.terms: (*old(self)[:2], 0.999 * old(self)[2]))
    assert not session.stored.balances(0.0, 0.0)["work"].holds
    session.destroy()


@pytest.mark.parametrize(
    "words", [pytest.param(BOND, id="bond", marks=pytest.mark.mpi), pytest.param(_crowned(), id="contact")]
)
def test_resumed_is_uninterrupted(words: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    """On all ranks and on one alone; a bond with half of it broken, and lithium that creeps on what it presses."""
    folder = Path(MPI.COMM_WORLD.bcast(str(tmp_path_factory.mktemp("kept")) if MPI.COMM_WORLD.rank == 0 else None))
    words = words | {"time": {"tolerance": "1e-2", "initial_step": "0.1 s"}}
    first = _session(words, leg=5)
    kept: list[Path] = []

    def keep(position: Any) -> None:
        columns = first.recorded.columns
        spent = columns.get("bond_dissipation", [0.01])[-1]
        if not kept and len(columns["time"]) > 9 and 0.001 < spent < 0.019:
            first.keep_in(folder)
            first.checkpoint()
            path = latest(folder)
            assert path is not None
            kept.append(path)

    first.run.boundary = keep
    whole = _to_the_end(first)
    second = _session(words, leg=5)
    second.resume(kept[0])
    again = _to_the_end(second)
    alone = whole
    if MPI.COMM_WORLD.size > 1:
        third = _session(words, MPI.COMM_SELF, 5)
        alone = _to_the_end(third)
        third.destroy()
    if words["study"] == "parting":
        assert whole["bond_dissipation"][-1] == pytest.approx(0.02, rel=1e-3)
        assert 0.0 < whole["critical_time"][-1] < 3000.0
    whole.pop("lost_work", None)  # rounding
    for name, column in whole.items():
        largest = np.nanmax(np.abs(column))
        assert again[name] == pytest.approx(column, rel=1e-8, abs=1e-9 * largest, nan_ok=True), name
        assert alone[name] == pytest.approx(column, rel=1e-6, abs=1e-8 * largest, nan_ok=True), name
    for session in (first, second):
        session.destroy()
