"""Impedance at instants of a run in time: words, what is found, and that the run does not notice."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI

from fem.energy.dielectric import VACUUM_PERMITTIVITY
from fem.output.checkpoint import latest
from studies.errors import InputError
from studies.pictures.spectra import tracks
from studies.progress import Silent
from studies.schema import Study
from studies.space_charge.injection import state_of
from studies.transient import Recorded, TransientSession

GROWING: dict[str, Any] = {
    "study": "growing",
    "geometry": {
        "dimension": 1,
        "layers": [
            {"name": "anode", "material": "Li", "thickness": "10 um"},
            {"name": "electrolyte", "material": "LLZO", "thickness": "100 um"},
            {"name": "counter", "material": "Li", "thickness": "10 um"},
        ],
    },
    "interfaces": {
        "anode|electrolyte": {
            "kinetics": "butler-volmer",
            "exchange_current": "10 A/m^2",
            "double_layer_capacitance": "10 uF/cm^2",
            "film_capacitance": "0.1 uF/cm^2",
            "interphase": {
                "reduction_potential": "1.7 V",
                "layers": [
                    {
                        "name": "products",
                        "ionic_conductivity": "1e-7 S/cm",
                        "electronic_conductivity": "2.141e-12 S/cm",
                        "molar_volume": "24.121 cm^3/mol",
                    }
                ],
            },
        },
        "electrolyte|counter": {"kinetics": "butler-volmer", "exchange_current": "10 A/m^2"},
    },
    "operation": {
        "working_electrode": "anode",
        "protocol": [{"rest": "40 h", "name": "first"}, {"rest": "60 h", "name": "second", "record_every": "20 h"}],
    },
    "impedance": {"from": "0.1 Hz", "to": "10 MHz", "per_decade": 5, "when": ["10 h", "end of first", "55 h"]},
    "mesh": {"error_estimate": "none"},
    "quantities": [
        "interphase_thickness",
        "interphase_resistance",
        {"impedance_part": {"of": "films", "frequency": "0.1 Hz"}},
    ],
}
HOUR = 3600.0


def changed(**parts: Any) -> Study:
    made = copy.deepcopy(GROWING)
    for key, value in parts.items():
        if value is None:
            made.pop(key)
        else:
            made[key] = value
    return Study.from_mapping(made)


def recorded(study: Study, **options: Any) -> Recorded:
    session = TransientSession(study, MPI.COMM_SELF, 1.0, Silent(), **options)
    for _ in session.points():
        pass
    session.destroy()
    return session.recorded


@pytest.fixture(scope="module")
def found() -> Recorded:
    return recorded(changed())


def test_instants_are_met_and_the_end_is_one(found: Recorded) -> None:
    times = [s["time"] / HOUR for s in found.spectra]
    assert times == pytest.approx([10.0, 40.0, 55.0, 100.0], rel=1e-12)
    assert [s["name"] for s in found.spectra] == ["first", "first", "second", "second"]
    columns = found.columns
    known = np.flatnonzero(np.isfinite(columns["impedance_part"]))
    assert [columns["time"][k] / HOUR for k in known] == pytest.approx(times, rel=1e-12)
    assert len({len(column) for column in columns.values()}) == 1


def test_the_film_of_the_spectrum_is_the_interphase(found: Recorded) -> None:
    """Thickness over conductivity of the ions, and its root in time (Wagner: L^2 = 2 k t)."""
    columns = found.columns
    known = np.flatnonzero(np.isfinite(columns["impedance_part"]))
    part, thick = (np.array(columns[k])[known] for k in ("impedance_part", "interphase_thickness"))
    # beside its capacitance: at 0.1 Hz it takes (omega R C)^2 of the real part
    share = 1 / (1 + (2 * np.pi * 0.1 * part * 1e-3) ** 2)
    assert part == pytest.approx(thick / 1e-5 * share, rel=1e-8)
    slope = np.diff(np.log(part)) / np.diff(np.log([s["time"] for s in found.spectra]))
    assert slope == pytest.approx(np.full(3, 0.5), abs=2e-3)
    for spectrum, resistance in zip(found.spectra, thick / 1e-5, strict=True):
        nearest = min(abs(r / resistance - 1) for _, r in spectrum["arcs"])
        assert nearest < 0.03


def test_the_capacitance_falls_as_the_layer_grows() -> None:
    """Plates as far apart as the layers are thick: L / (sigma + j omega eps) at two instants and all frequencies."""
    interfaces = copy.deepcopy(GROWING["interfaces"])
    interface = interfaces["anode|electrolyte"]
    del interface["film_capacitance"]
    interface["interphase"]["layers"][0]["relative_permittivity"] = 12
    grown = recorded(
        changed(
            interfaces=interfaces,
            operation={"working_electrode": "anode", "protocol": [{"rest": "20 h"}]},
            impedance={"from": "0.1 Hz", "to": "10 MHz", "per_decade": 2, "when": ["1 h"]},
        )
    )
    known = np.flatnonzero(np.isfinite(grown.columns["impedance_part"]))
    thick = np.array(grown.columns["interphase_thickness"])[known]
    assert thick[1] > 4 * thick[0]
    for spectrum, length in zip(grown.spectra, thick, strict=True):
        columns = spectrum["columns"]
        found = [np.array(columns[f"films of anode|electrolyte_{part}"]) for part in ("real", "imaginary")]
        omega = 2 * np.pi * np.array(columns["frequency"])
        plates = length / (1e-5 + 1j * omega * 12 * VACUUM_PERMITTIVITY)
        assert np.max(np.abs((found[0] + 1j * found[1]) / plates - 1)) < 1e-8


def test_the_run_does_not_notice(found: Recorded) -> None:
    """Bit by bit the same as without impedance, although LLZO is a dielectric in the linearised model."""
    plain = recorded(changed(impedance=None, quantities=GROWING["quantities"][:2]))
    steps = [k for k in range(len(found)) if k not in found.between]
    at = {t: k for k, t in enumerate(plain.columns["time"])}
    assert len(found.between) == 2
    kept = [k for k in steps if found.columns["time"][k] in at]
    assert len(kept) == len(plain) == len(steps)
    for name, column in plain.columns.items():
        assert [found.columns[name][k] for k in steps] == column, name


def test_going_on_equals_never_stopping(tmp_path: Path) -> None:
    def short(session: TransientSession) -> TransientSession:
        session.run.settings = type(session.run.settings)(leg=8)
        return session

    def begun() -> TransientSession:
        return short(TransientSession(changed(), MPI.COMM_SELF, 1.0, Silent()))

    whole = begun()
    for _ in whole.points():
        pass
    first = begun()
    first.keep_in(tmp_path)
    first._keep = tmp_path, 0.0
    for point in first.points():
        if point.time > 30 * HOUR:
            break
    again = begun()
    where = latest(tmp_path)
    assert where is not None
    again.resume(where)
    assert 0 < len(again.recorded.spectra) < len(whole.recorded.spectra)
    for _ in again.points():
        pass
    assert again.recorded.between == whole.recorded.between
    for name, column in whole.recorded.columns.items():
        assert again.recorded.columns[name] == pytest.approx(column, rel=1e-10, nan_ok=True), name
    for one, other in zip(again.recorded.spectra, whole.recorded.spectra, strict=True):
        for name, column in other["columns"].items():
            assert one["columns"][name] == pytest.approx(column, rel=1e-8, abs=1e-14), name
    for session in (whole, first, again):
        session.destroy()


def test_space_charge_of_an_interface_counts_in_time() -> None:
    """What a space-charge study gives stands in the model of the run and in its impedance."""
    layers = [*GROWING["geometry"]["layers"][:2], {"name": "cathode", "material": "LCO", "thickness": "5 um"}]
    layers[2]["transport"] = {"lithiation": 0.5}
    source = {"study": "space-charge-llzo-lco", "potential": "4.3 V"}
    study = changed(
        geometry={"dimension": 1, "layers": layers},
        interfaces={
            "anode|electrolyte": {"kinetics": "butler-volmer", "exchange_current": "10 A/m^2"},
            "electrolyte|cathode": {
                "kinetics": "butler-volmer", "exchange_current": "1e4 A/m^2", "space_charge": source,
            },
        },
        operation={"working_electrode": "cathode", "protocol": [{"rest": "1 min"}]},
        impedance={"from": "1 kHz", "to": "1 MHz"},
        quantities=[{"impedance_part": {"of": "films", "frequency": "1 kHz"}}],
    )  # fmt: skip
    layer = state_of("space-charge-llzo-lco", 4.3, MPI.COMM_SELF)
    assert layer.resistance > 0.0
    assert recorded(study).last["impedance_part"] == pytest.approx(layer.resistance, rel=1e-6)


@pytest.mark.mpi
@pytest.mark.parametrize("kind", ["flat"])
def test_ranks_change_nothing(kind: str) -> None:
    """In two dimensions, where the thickness is a field on the interface."""
    geometry = {**GROWING["geometry"], "dimension": 2, "width": "40 um"}
    operation = {"working_electrode": "anode", "protocol": [{"rest": "1 h"}]}
    study = changed(
        geometry=geometry, operation=operation, impedance={"from": "1 Hz", "to": "1 MHz", "when": ["0.5 h"]},
        mesh={"error_estimate": "none", "bulk": "40 um"},
        quantities=["interphase_thickness", {"impedance_part": {"of": "films", "frequency": "1 Hz"}}],
    )  # fmt: skip
    session = TransientSession(study, MPI.COMM_WORLD, 1.0, Silent())
    for _ in session.points():
        pass
    columns, spectra = session.recorded.columns, session.recorded.spectra
    assert [s["time"] for s in spectra] == pytest.approx([1800.0, 3600.0], rel=1e-12)
    thick = columns["interphase_thickness"][-1]
    # L^2 = 2 k t with the numbers above
    conductivity = 1 / (1 / 1e-5 + 1 / 2.141e-10)
    exact = (1e-22 + 2 * conductivity * 1.7 * 24.121e-6 / 96485.33212 * 3600.0) ** 0.5
    assert thick == pytest.approx(exact, rel=5e-3)
    share = 1 / (1 + (2 * np.pi * thick / 1e-5 * 1e-3) ** 2)
    assert columns["impedance_part"][-1] == pytest.approx(thick / 1e-5 * share, rel=1e-6)
    session.destroy()


BOTH = copy.deepcopy(GROWING["interfaces"])
BOTH["anode|electrolyte"]["interphase"]["layers"][0]["relative_permittivity"] = 12
MIXED = copy.deepcopy(GROWING["interfaces"])
MIXED["anode|electrolyte"]["interphase"]["layers"] += [
    {
        "name": "coating",
        "thickness": "5 nm",
        "ionic_conductivity": "1e-7 S/cm",
        "electronic_conductivity": "1e-12 S/cm",
        "relative_permittivity": 20,
    }
]
PULSES = {
    "protocol": [{"cycle": [{"current": "1 A/m^2", "for": "1 h", "name": "charge"}, {"rest": "1 h"}], "times": 2}]
}
REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "unknown step": ({"impedance": {"when": ["end of third"]}}, "impedance.when.0", "first, second"),
    "too late": ({"impedance": {"when": ["101 h"]}}, "impedance.when.0", "after the end"),
    "no instant": ({"impedance": {"when": ["sometimes"]}}, "impedance.when.0", "end of rest"),
    "too many": ({"impedance": {"every": "1 s"}}, "impedance.every", "at most 1000"),
    "capacitance twice": ({"interfaces": BOTH}, "interfaces.anode|electrolyte.film_capacitance", "one of the two"),
    "some permittivities": ({"interfaces": MIXED}, "interfaces.anode|electrolyte.interphase", "products has none"),
    "current": ({"impedance": {"at": "1 A/m^2"}}, "impedance.at", "`when`"),
    "no protocol": ({"operation": {"current": "0 A/m^2"}}, "impedance.when", "needs operation.protocol"),
}


@pytest.mark.parametrize(("parts", "path", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(parts: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        changed(**parts)
    assert any(p.path == path and words in str(p.message) for p in caught.value.problems), caught.value


def test_words_read_back_and_cycles_are_known() -> None:
    words = {"when": ["start", "1.5 h", "end of charge", "end of rest"], "every": "30 min"}
    study = changed(operation=PULSES, impedance=words)
    assert Study.from_mapping(study.resolved()) == study
    assert study.impedance is not None
    given = study.impedance.when or []
    assert [str(x) for x in given] == words["when"]
    assert given[2].ends("cycle 2: charge")
    assert not given[2].ends("cycle 2: rest")


def test_arcs_are_followed_by_their_frequency() -> None:
    spectra = [
        {"time": 1.0, "arcs": [[1e4, 2.0], [10.0, 5.0]]},
        {"time": 2.0, "arcs": [[2e4, 3.0], [8.0, 5.1], [0.01, 1.0]]},
        {"time": 3.0, "arcs": [[9.0, 5.2]]},
    ]
    found = sorted(tracks(spectra), key=lambda x: -x[0][1])
    assert [[arc[2] for arc in track] for track in found] == [[2.0, 3.0], [5.0, 5.1, 5.2], [1.0]]
