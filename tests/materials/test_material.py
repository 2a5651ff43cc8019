"""Material, Datum, Activation: values at temperatures, variants, derived properties, messages, printing."""

import io
import math
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from fem.constants import GAS
from fem.materials import PROPERTIES, Activation, Datum, Material, MaterialError, load, names, printing

E_A = 32805.0  # J/mol


@pytest.mark.parametrize("reference", [298.15, 333.15])
def test_arrhenius_exponential_is_the_closed_form(reference: float) -> None:
    a = Activation(E_A, "exponential", reference)
    prefactor = 0.046 * math.exp(E_A / (GAS * reference))
    assert 0.046 * a.factor(reference) == 0.046
    assert 0.046 * a.factor(333.15) == pytest.approx(prefactor * math.exp(-E_A / (GAS * 333.15)), rel=1e-13)


@pytest.mark.parametrize("reference", [298.15, 333.15])
def test_arrhenius_with_prefactor_over_t_is_the_closed_form(reference: float) -> None:
    a = Activation(E_A, "prefactor-over-T", reference)
    prefactor = 0.046 * reference * math.exp(E_A / (GAS * reference))
    assert 0.046 * a.factor(reference) == 0.046
    assert 0.046 * a.factor(333.15) == pytest.approx(prefactor / 333.15 * math.exp(-E_A / (GAS * 333.15)), rel=1e-13)


def test_the_two_forms_differ_by_the_ratio_of_temperatures() -> None:
    ratio = Activation(E_A, "prefactor-over-T").factor(333.15) / Activation(E_A, "exponential").factor(333.15)
    assert ratio == pytest.approx(298.15 / 333.15, rel=1e-14)


def test_garnet_at_60_degrees() -> None:
    # 4.6e-4 S/cm at 25 degC with 0.34 eV per ion
    k_b = 8.617333262e-5  # eV/K
    expected = 0.046 * math.exp(-0.34 / k_b * (1 / 333.15 - 1 / 298.15))
    assert load("LLZO").value("ionic_conductivity", temperature=333.15) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("name", names())
def test_activated_values_hold_at_their_own_temperature(name: str) -> None:
    for key, default in load(name).data.items():
        for datum in (default, *default.alternatives):
            at = 298.15 if datum.temperature is None else datum.temperature
            assert datum.at(at) == pytest.approx(datum.value, rel=1e-14), key


def test_values_without_activation_do_not_change() -> None:
    assert load("LLZO").value("young_modulus", temperature=400.0) == 149.8e9


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.nan, math.inf])
def test_impossible_temperatures_are_refused(temperature: float) -> None:
    with pytest.raises(MaterialError, match="not a temperature"):
        load("LLZO").value("ionic_conductivity", temperature=temperature)


def test_missing_property_names_material_key_and_what_is_there() -> None:
    with pytest.raises(MaterialError) as caught:
        load("Li7TaO6").value("ionic_conductivity")
    message = str(caught.value)
    assert "Li7TaO6" in message
    assert "ionic_conductivity" in message
    assert "diffusivity" in message
    with pytest.raises(KeyError):
        load("Li7TaO6").value("ionic_conductivity")


def test_unknown_property_gets_a_suggestion() -> None:
    with pytest.raises(MaterialError, match="did you mean ionic_conductivity"):
        load("LLZO").value("ionic_conductivty")


def test_unknown_variant_lists_those_there() -> None:
    with pytest.raises(MaterialError, match=r"'grain boundary'.*'LLZTO'"):
        load("LLZO").value("ionic_conductivity", variant="Nb-LLZO")


def test_derived_moduli_and_fracture_energy() -> None:
    llzo = load("LLZO")
    e, nu, k = 149.8e9, 0.26, 1.25e6
    assert llzo.value("shear_modulus") == pytest.approx(e / (2 * (1 + nu)), rel=1e-14)
    assert llzo.value("bulk_modulus") == pytest.approx(e / (3 * (1 - 2 * nu)), rel=1e-14)
    assert llzo.value("fracture_energy") == pytest.approx(k**2 * (1 - nu**2) / e, rel=1e-14)
    assert llzo.datum("fracture_energy").provenance == "computed"
    assert llzo.has("fracture_energy")
    assert not load("Cu").has("fracture_energy")


@pytest.mark.parametrize(("label", "expected"), [(None, 0.60268), ("single crystal", 6.6964)])
def test_cathode_fracture_energies(label: str | None, expected: float) -> None:
    assert load("NCM811").value("fracture_energy", variant=label) == pytest.approx(expected, rel=1e-4)


def test_with_variant_changes_every_property_that_has_it() -> None:
    doped = load("LLZO").with_variant("llzto")
    assert doped.value("ionic_conductivity") == pytest.approx(0.0454)
    assert doped.value("young_modulus") == pytest.approx(158.47e9)
    assert doped.value("density") == load("LLZO").value("density")
    assert doped.value("ionic_conductivity", variant="bulk") == pytest.approx(0.046)
    assert len(doped.variants) == len(load("LLZO").variants)
    with pytest.raises(MaterialError, match="no variant"):
        load("LLZO").with_variant("Nb")


def test_materials_travel_between_processes() -> None:
    llzo = load("LLZO")
    assert pickle.loads(pickle.dumps(llzo)) == llzo
    assert hash(llzo) == hash(load("LLZO"))


@given(st.floats(150.0, 1000.0), st.floats(150.0, 1000.0), st.floats(0.0, 1.5e5))
def test_conductivity_rises_with_temperature(t1: float, t2: float, energy: float) -> None:
    a = Activation(energy)
    low, high = sorted((t1, t2))
    assert 0.0 < a.factor(low) <= a.factor(high) * (1 + 1e-12)


def _material(**data: float) -> Material:
    return Material("m", "M", "test", "metal", {k: Datum(v, v, PROPERTIES[k].si_unit) for k, v in data.items()})


@settings(max_examples=50)
@given(st.floats(1e6, 1e12), st.floats(-0.9, 0.49))
def test_derived_moduli_are_mutually_consistent(e: float, nu: float) -> None:
    m = _material(young_modulus=e, poisson_ratio=nu)
    g, k = m.value("shear_modulus"), m.value("bulk_modulus")
    assert 9 * k * g / (3 * k + g) == pytest.approx(e, rel=1e-9)


@pytest.mark.parametrize("name", names())
def test_every_material_prints(name: str) -> None:
    material = load(name)
    out = io.StringIO()
    printing.show(printing.table(material), out)
    text = out.getvalue()
    assert "\x1b" not in text
    assert "┃" not in text
    data = [d for default in material.data.values() for d in (default, *default.alternatives)]
    assert len(text.splitlines()) == 2 + len(data)
    for datum in data:
        assert datum.source in text
        assert (datum.doubt or "") in text


def test_terminals_get_a_table() -> None:
    out = io.StringIO()
    Console(file=out, force_terminal=True, width=140).print(printing.table(load("LLZO")))
    assert "4.6e-4 S/cm" in out.getvalue()
    assert "┃" in out.getvalue()


def test_summary_has_a_line_per_material() -> None:
    assert [line.split("\t")[0] for line in str(printing.summary()).splitlines()] == list(names())


@pytest.mark.parametrize(
    ("unit", "printed"),
    [
        ("ohm*cm^2", "Ω cm²"),
        ("MPa*m^0.5", "MPa m^0.5"),
        ("1/cm^3", "1/cm³"),
        ("J*m^9/C^6", "J m⁹/C⁶"),
        ("", ""),
    ],
)
def test_units_print_as_people_write_them(unit: str, printed: str) -> None:
    assert printing.pretty_unit(unit) == printed


@pytest.mark.parametrize(
    ("value", "printed"),
    [(4.6e-4, "4.6e-4"), (149.8, "149.8"), (5.4995e28, "5.4995e28"), (0.0, "0"), (-2.77e7, "-2.77e7")],
)
def test_numbers_print_without_zeros_to_count(value: float, printed: str) -> None:
    assert printing.number(value) == printed
