"""Properties against concentration or stoichiometry: as files write them, and those of the library."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fem.constants import FARADAY, GAS
from fem.materials import PROPERTIES, MaterialError, check_mapping, from_mapping, load, load_file, names
from fem.materials.printing import table

OCV = {"against": "stoichiometry", "unit": "mV", "rows": [[0.9, 3500], [0.1, 4300], [0.5, 3900]]}
KAPPA = {
    "against": {"concentration": "mol/L"},
    "unit": "mS/cm",
    "between": ["1e-1", 3],
    "terms": [{"polynomial": [0.5, "1e0", -0.2]}, {"exp": [0.1, -2]}],
}


def _with(key: str, **datum: Any) -> dict[str, Any]:
    return {"kind": "polymer electrolyte", key: datum}


def test_a_table_in_units_of_the_user() -> None:
    m = from_mapping("mine", _with("open_circuit_potential", table=OCV))
    curve = m.curve("open_circuit_potential")
    assert (curve.low, curve.high) == (0.1, 0.9)
    assert curve(np.array([0.1, 0.5, 0.9])) == pytest.approx([4.3, 3.9, 3.5])
    assert m.value("open_circuit_potential") == pytest.approx(3.9)  # in the middle
    assert curve(1e-9) > 4.6
    datum = m.datum("open_circuit_potential")
    assert (datum.unit, datum.variable, datum.reference) == ("mV", "stoichiometry", 0.5)
    assert datum.given == pytest.approx(3900.0)


def test_a_formula_in_units_of_the_user() -> None:
    m = from_mapping("mine", _with("ionic_conductivity", formula=KAPPA, at="2 mol/L"))
    expected = 0.1 * (0.5 + 2.0 - 0.8 + 0.1 * math.exp(-4.0))
    assert m.value("ionic_conductivity") == pytest.approx(expected)
    curve = m.curve("ionic_conductivity")
    assert curve(2000.0) == pytest.approx(expected)
    assert curve(2000.0, 1) == pytest.approx(0.1e-3 * (1.0 - 0.8 - 0.2 * math.exp(-4.0)))
    assert curve(-50.0) > 0.0
    assert curve(1e5) > 0.0


def test_activation_scales_the_whole_curve() -> None:
    datum = {"formula": KAPPA, "at": "1 mol/L", "temperature": "60 degC", "activation": "0.4 eV"}
    m = from_mapping("mine", _with("ionic_conductivity", **datum))
    factor = math.exp(-0.4 * FARADAY / GAS * (1 / 298.15 - 1 / 333.15))
    cold, warm = m.curve("ionic_conductivity", 298.15), m.curve("ionic_conductivity", 333.15)
    assert cold(1500.0) == pytest.approx(factor * warm(1500.0), rel=1e-6)
    assert m.value("ionic_conductivity", 298.15) == pytest.approx(cold(1000.0))


def test_a_number_is_the_same_everywhere() -> None:
    m = from_mapping("mine", {"kind": "cathode", "diffusivity": "1e-14 m^2/s", "open_circuit_potential": "3.4 V"})
    assert m.curve("diffusivity")(np.array([0.1, 0.9])) == pytest.approx(1e-14)
    assert m.curve("diffusivity")(0.5, 1) == 0.0
    flat = m.curve("open_circuit_potential")
    assert flat(np.array([0.02, 0.98])) == pytest.approx(3.4)
    assert flat(1e-6) > 3.6
    assert flat(1 - 1e-6) < 3.2


def test_rows_from_files(tmp_path: Path) -> None:
    (tmp_path / "ocv.csv").write_text("# measured\nx;U / V;note\n0.1;4.3;a\n0.5;3.9;b\n\n0.9;3.5;c\n", encoding="utf-8")
    content = "kind: cathode\nopen_circuit_potential:\n  table: {against: stoichiometry, unit: V, file: ocv.csv%s}\n"
    for columns in ("", ", columns: [x, U / V]", ", columns: [1, 2]"):
        path = tmp_path / "mine.yaml"
        path.write_text(content % columns, encoding="utf-8")
        assert load_file(path).curve("open_circuit_potential")(0.5) == pytest.approx(3.9)
    path.write_text(content % ", columns: [x, V]", encoding="utf-8")
    with pytest.raises(MaterialError, match="no column 'V'; there are 'x', 'U / V', 'note'"):
        load_file(path)


@pytest.mark.parametrize(
    ("key", "datum", "where", "why"),
    [
        ("young_modulus", {"table": OCV}, "young_modulus.table", "cannot depend on anything"),
        ("open_circuit_potential", {"table": OCV, "value": "3 V"}, "open_circuit_potential.value", "given twice"),
        ("open_circuit_potential", {"table": OCV, "formula": KAPPA}, "open_circuit_potential.formula", "not both"),
        ("open_circuit_potential", {"value": "3 V", "at": 0.5}, "open_circuit_potential.at", "needs a table"),
        ("open_circuit_potential", {"table": OCV, "at": 0.95}, "open_circuit_potential.at", "outside"),
        ("open_circuit_potential", {"table": [[0.1, 3]]}, "open_circuit_potential.table", "mapping"),
        ("open_circuit_potential", {"table": {**OCV, "unit": "A"}}, "open_circuit_potential.table.unit", "potential"),
        ("open_circuit_potential", {"table": {**OCV, "axis": 1}}, "open_circuit_potential.table.axis", "not a key"),
        (
            "open_circuit_potential",
            {"table": {**OCV, "against": {"concentration": "mol/L"}}},
            "open_circuit_potential.table.against",
            "stoichiometry",
        ),
        (
            "ionic_conductivity",
            {"formula": {**KAPPA, "against": {"concentration": "V"}}},
            "ionic_conductivity.formula.against",
            "concentration",
        ),
        (
            "open_circuit_potential",
            {"table": {**OCV, "rows": [[1, 2, 3]]}},
            "open_circuit_potential.table.rows",
            "pairs",
        ),
        ("open_circuit_potential", {"table": {**OCV, "rows": 3}}, "open_circuit_potential.table.rows", "pairs"),
        (
            "open_circuit_potential",
            {"table": {**OCV, "rows": [[0.5, 3]]}},
            "open_circuit_potential.table",
            "two points",
        ),
        (
            "open_circuit_potential",
            {"table": {**OCV, "rows": [[0.1, 3500], [0.9, 4300]]}},
            "open_circuit_potential.table",
            "must fall with the stoichiometry",
        ),
        (
            "open_circuit_potential",
            {"table": {**OCV, "rows": [[0, 4300], [0.9, 3500]]}},
            "open_circuit_potential.table",
            "between an empty and a full host",
        ),
        (
            "open_circuit_potential",
            {"table": {**OCV, "file": "x.csv"}},
            "open_circuit_potential.table",
            "rows, or a file",
        ),
        (
            "open_circuit_potential",
            {"table": {"against": "stoichiometry", "unit": "V", "file": "no-such.csv"}},
            "open_circuit_potential.table.file",
            "cannot read",
        ),
        ("ionic_conductivity", {"formula": {**KAPPA, "between": [3, 1]}}, "ionic_conductivity.formula.between", "two"),
        (
            "ionic_conductivity",
            {"formula": {**KAPPA, "terms": []}},
            "ionic_conductivity.formula.terms",
            "list of terms",
        ),
        (
            "ionic_conductivity",
            {"formula": {**KAPPA, "terms": [{"sin": [1, 2]}]}},
            "ionic_conductivity.formula.terms[0]",
            "polynomial, tanh, exp, power",
        ),
        (
            "ionic_conductivity",
            {"formula": {**KAPPA, "terms": [{"tanh": [1]}]}},
            "ionic_conductivity.formula.terms[0].tanh",
            "2 to 3",
        ),
        (
            "ionic_conductivity",
            {"formula": {**KAPPA, "terms": [{"polynomial": ["__import__('os')"]}]}},
            "ionic_conductivity.formula.terms[0].polynomial",
            "finite numbers",
        ),
        (
            "ionic_conductivity",
            {"formula": {**KAPPA, "terms": [{"polynomial": [1.0, -1.0]}]}},
            "ionic_conductivity.formula",
            "must be above 0",
        ),
    ],
)
def test_what_is_wrong_is_said_where(key: str, datum: dict[str, Any], where: str, why: str) -> None:
    material, problems = check_mapping("mine", _with(key, **datum))
    assert material is None
    assert [p.path for p in problems] == [f"materials.mine.{where}"]
    assert why in problems[0].message


HOSTS = [name for name in names() if load(name).has("open_circuit_potential")]


def test_the_hosts_of_the_scope_are_there() -> None:
    assert set(HOSTS) >= {"LCO", "NCM811", "LFP", "graphite"}


@pytest.mark.parametrize("name", HOSTS)
def test_hosts_are_complete_and_their_curves_fall(name: str) -> None:
    host = load(name)
    for key in ("maximum_concentration", "diffusivity", "insertion_rate_constant", "electronic_conductivity"):
        assert host.value(key) > 0.0
    x = np.linspace(1e-6, 1.0 - 1e-6, 4001)
    for variant in (None, *host.data["open_circuit_potential"].labels):
        curve = host.curve("open_circuit_potential", variant=variant)
        assert np.all(np.diff(curve(x)) <= 1e-12), variant
        low, high = host.value("lowest_lithiation"), host.value("highest_lithiation")
        assert curve.low - 0.01 <= low < high <= curve.high + 0.01
    # the capacity that the window gives, in mAh per cm^3 of host, is that of a battery material
    capacity = FARADAY * host.value("maximum_concentration") * (high - low) / 3.6e6
    assert 400.0 < capacity < 1200.0


@pytest.mark.parametrize(
    ("name", "variant", "x", "volts", "within"),
    [
        # points of the sources' own tables
        ("LCO", "Ai 2020", 0.7, 3.930, 0.002),
        ("NCM811", "Chen 2020", 0.266145, 4.2936, 0.01),
        ("LFP", None, 0.5, 3.3976, 0.001),
        ("graphite", None, 0.5, 0.1331, 0.001),
    ],
)
def test_potentials_of_the_sources(name: str, variant: str | None, x: float, volts: float, within: float) -> None:
    assert load(name).curve("open_circuit_potential", variant=variant)(x) == pytest.approx(volts, abs=within)


def test_the_fit_of_dualfoil_as_its_source_writes_it() -> None:
    x, tanh = np.linspace(0.45, 0.98, 30), np.tanh
    expected = (
        2.16216
        + 0.07645 * tanh(30.834 - 54.4806 * x)
        + 2.1581 * tanh(52.294 - 50.294 * x)
        - 0.14169 * tanh(11.0923 - 19.8543 * x)
        + 0.2051 * tanh(1.4684 - 5.4888 * x)
        + 0.2531 * tanh((0.56478 - x) / 0.1316)
        - 0.02167 * tanh((x - 0.525) / 0.006)
    )
    assert load("LCO").curve("open_circuit_potential", variant="Dualfoil")(x) == pytest.approx(expected, rel=1e-12)


def test_polymer_at_85_degrees() -> None:
    m = load("PEO-LiTFSI").with_variant("85 degC")
    t = m.curve("transference_number")
    # the two ends that the abstract of the source states
    assert t(742.0) == pytest.approx(0.17, abs=0.01)
    assert t(2982.0) == pytest.approx(0.60, abs=0.01)
    kappa, spread = m.curve("ionic_conductivity"), m.curve("salt_diffusivity")
    c = np.linspace(1.0, 5000.0, 200)
    assert np.all(kappa(c) > 0.0)
    assert np.all(spread(c) > 0.0)
    assert 0.03 < kappa(1000.0) < 0.2  # S/m; the order of every measurement at this temperature


def test_the_ideal_salt_obeys_nernst_and_einstein() -> None:
    m = load("ideal-salt")
    d, t = m.value("salt_diffusivity"), m.value("transference_number")
    for c in (100.0, 1000.0, 3000.0):
        expected = FARADAY**2 * c * d / (2 * GAS * 298.15 * t * (1 - t))
        assert m.curve("ionic_conductivity")(c) == pytest.approx(expected, rel=1e-6)


def test_tables_say_what_a_value_depends_on() -> None:
    lines = str(table(load("LCO")))
    assert "against stoichiometry, known from 0.4 to 0.9989; the value is at 0.6" in lines
    assert "against concentration, known from 0.742 to 2.982 mol/L; the value is at 1 mol/L" in str(
        table(load("PEO-LiTFSI"))
    )
    assert PROPERTIES["ionic_conductivity"].against == ("concentration",)
