"""Quantities: what users write, what they get, and what they are told."""

import math
import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from studies import units
from studies.units import DIMENSIONS, UnitError


@pytest.mark.parametrize(
    ("text", "dimension", "expected"),
    [
        ("1 mA/cm^2", "current density", 10.0),
        ("1 mA cm-2", "current density", 10.0),
        ("1 mA cm⁻²", "current density", 10.0),
        ("1 mA/cm²", "current density", 10.0),
        ("5 ohm*cm^2", "area-specific resistance", 5e-4),
        ("5 Ω cm²", "area-specific resistance", 5e-4),
        ("5 \u2126·cm^2", "area-specific resistance", 5e-4),
        ("25 degC", "temperature", 298.15),
        ("-20 °C", "temperature", 253.15),
        ("\u221220 degC", "temperature", 253.15),
        ("298.15 K", "temperature", 298.15),
        ("10 degC", "temperature difference", 10.0),
        ("0.3", "dimensionless", 0.3),
        (0.3, "dimensionless", 0.3),
        (2, "dimensionless", 2.0),
        ("1 %", "dimensionless", 0.01),
        ("20 µm", "length", 20e-6),
        ("20 μm", "length", 20e-6),
        ("20um", "length", 20e-6),
        (" 1e-3 mm ", "length", 1e-6),
        ("3 Å", "length", 3e-10),
        ("0.46 mS/cm", "conductivity", 0.046),
        ("1 MPa", "pressure", 1e6),
        ("1.25 MPa*m^(1/2)", "fracture toughness", 1.25e6),
        ("1.25 MPa m^0.5", "fracture toughness", 1.25e6),
        ("37 kJ/mol", "molar energy", 37e3),
        ("1e-9 m^2/(N*s)", "interface mobility", 1e-9),
        ("13 cm^3/mol", "molar volume", 13e-6),
        ("1 mAh/cm^2", "areal capacity", 36e3),
        ("10 uF/cm^2", "capacitance per area", 0.1),
        ("8.6 pC/N", "piezoelectric strain constant", 8.6e-12),
        ("2 hours", "time", 7200.0),
        ("5 ms", "time", 5e-3),
        ("180 deg", "angle", math.pi),
        ("16e-6 1/K", "thermal expansion", 16e-6),
        ("0 m", "length", 0.0),
    ],
)
def test_parse_gives_exactly_the_si_float(text: object, dimension: str, expected: float) -> None:
    # exact on purpose: a mesh cache is keyed by such numbers
    assert units.parse(text, dimension) == expected


def test_electron_volts_are_per_particle() -> None:
    # 1 eV per particle = e N_A = F J/mol
    assert units.parse("1 eV", "molar energy") == pytest.approx(96485.33212331001, rel=1e-14)
    with pytest.raises(UnitError, match="another dimension"):
        units.parse("1 J", "molar energy")


@pytest.mark.parametrize(
    ("given_", "dimension", "part"),
    [
        ("5", "length", "has no unit"),
        (5, "length", "has no unit"),
        (0, "current density", "'1 mA/cm^2'"),
        ("5 s", "length", "another dimension"),
        ("1e-3 s/cm", "conductivity", "another dimension"),
        ("5 mpa", "pressure", "MPa"),
        ("25 C", "temperature", "written degC"),
        ("-300 degC", "temperature", "absolute zero"),
        ("0 K", "temperature", "absolute zero"),
        ("20 degC", "length", "degC"),
        ("1 degC/min", "rate", "degC"),
        ("5 Vs", "potential", "unknown unit 'Vs'"),
        ("5 kkg", "mass", "unknown unit"),
        ("1,5 mm", "length", "decimal comma"),
        ("5 J/mol K", "molar energy", "two ways"),
        ("", "length", "empty"),
        ("   ", "length", "empty"),
        ("abc", "length", "begin with a number"),
        ("nan m", "length", "begin with a number"),
        ("inf", "dimensionless", "begin with a number"),
        ("1e999 m", "length", "beyond floating point"),
        ("1e-320 nm", "length", "beyond floating point"),
        (float("nan"), "dimensionless", "finite"),
        (float("inf"), "dimensionless", "finite"),
        (10**400, "dimensionless", "beyond floating point"),
        (True, "dimensionless", "not a quantity"),
        (None, "length", "not a quantity"),
        ([1, "m"], "length", "not a quantity"),
        ({"value": 1}, "length", "not a quantity"),
        ("__import__('os').system('true')", "length", "begin with a number"),
        ("1 m**9**9**9", "length", "not a unit"),
        ("1 m^99999999", "length", "exponent"),
        ("1 m^(1/0)", "length", "zero"),
        ("1 " + "(" * 50 + "m" + ")" * 50, "length", "too long"),
        ("1 " + "(" * 9 + "m" + ")" * 9, "length", "parentheses"),
        ("1 (m", "length", "open parenthesis"),
        ("1 m)", "length", "not a unit"),
        ("1 m*", "length", "not a unit"),
        ("1 /m", "length", "not a unit"),
        ("5 %", "length", "another dimension"),
        ("30 deg", "dimensionless", "another dimension"),
    ],
)
def test_refusals_say_what_was_given_and_what_is_allowed(given_: object, dimension: str, part: str) -> None:
    with pytest.raises(UnitError) as caught:
        units.parse(given_, dimension)
    assert part in str(caught.value)


@pytest.mark.parametrize("name", DIMENSIONS)
def test_every_dimension_is_consistent(name: str) -> None:
    dimension = DIMENSIONS[name]
    assert dimension.examples
    for text in dimension.examples:
        units.parse(text, name)
    for unit in dimension.readable:
        units.to_si(1.0, unit, name)
    sizes = [units.to_si(1.0, unit, name) for unit in dimension.readable]
    assert sizes == sorted(sizes)
    if not dimension.absolute_temperature:
        assert units.to_si(1.0, dimension.si, name) == 1.0 if dimension.si else units.parse(1, name) == 1.0


def test_an_unknown_dimension_is_the_callers_mistake() -> None:
    with pytest.raises(KeyError):
        units.parse("1 m", "lenght")


_ALPHABET = "0123456789.eE+-*/^() %µΩ°²⁻·_'\"mkMGunpcsAVSCKPahgoldtreN\x00\n"


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        st.text(max_size=120),
        st.text(alphabet=_ALPHABET, max_size=40),
        st.builds(lambda n, u: f"{n} {u}", st.floats(), st.text(alphabet=_ALPHABET, max_size=20)),
        st.integers(),
        st.floats(),
        st.none(),
        st.booleans(),
        st.lists(st.integers(), max_size=3),
        st.complex_numbers(),
        st.decimals(),
        st.binary(max_size=8),
    ),
    st.sampled_from(sorted(DIMENSIONS)),
)
@example("1 m^-9*m^-9*m^-9*m^-9", "length")
@example("1e308 Gm^9/nm^9*Gm^9/nm^9*Gm^9/nm^9*Gm^9/nm^9", "length")
@example("1 degC", "length")
@example("1 \u2103", "temperature")
def test_parse_raises_nothing_but_unit_errors(given_: object, dimension: str) -> None:
    try:
        value = units.parse(given_, dimension)
    except UnitError:
        return
    assert isinstance(value, float)
    assert math.isfinite(value)


@settings(max_examples=300, deadline=None)
@given(
    st.floats(min_value=-1e30, max_value=1e30).filter(lambda x: x == 0 or abs(x) > 1e-60),
    st.sampled_from(sorted(DIMENSIONS)),
)
def test_what_is_written_reads_back(value: float, dimension: str) -> None:
    if DIMENSIONS[dimension].absolute_temperature:
        value = 200.0 + abs(value) % 1000.0
    text = units.format(value, dimension, digits=12)
    assert units.parse(text, dimension) == pytest.approx(value, rel=1e-11, abs=1e-9 if "temp" in dimension else 0)


@pytest.mark.parametrize(
    ("value", "dimension", "text"),
    [
        (10.0, "current density", "1 mA/cm²"),
        (5e-4, "area-specific resistance", "5 Ω cm²"),
        (298.15, "temperature", "25 °C"),
        (0.0794543, "potential", "79.4543 mV"),
        (-0.0794543, "potential", "-79.4543 mV"),
        (20e-6, "length", "20 µm"),
        (999.9999999999999e-9, "length", "1 µm"),
        (0.0, "length", "0 m"),
        (5e6, "pressure", "5 MPa"),
        (13e-6, "molar volume", "13 cm³/mol"),
        (0.3, "dimensionless", "0.3"),
        (1e-30, "length", "1e-21 nm"),
        (math.nan, "potential", "nan V"),
        (math.inf, "potential", "inf V"),
    ],
)
def test_format_chooses_a_readable_unit(value: float, dimension: str, text: str) -> None:
    assert units.format(value, dimension) == text


def test_scale_serves_a_whole_field() -> None:
    chosen = units.scale([1e3, -4.2e6, math.nan], "stress")
    assert chosen.unit == "MPa"
    assert chosen(4.2e6) == pytest.approx(4.2, rel=1e-15)
    assert chosen.label("von Mises stress") == "von Mises stress [MPa]"
    assert units.scale([], "stress").unit == "Pa"
    assert units.scale(0.5, "dimensionless").label("contact fraction") == "contact fraction"


def test_importing_units_imports_neither_pint_nor_dolfinx() -> None:
    code = "import sys, studies.units; sys.exit(bool({'pint', 'dolfinx', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
