"""Materials of the user's own: read whole, or refused with everything that is wrong."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fem.materials import PROPERTIES, MaterialError, check_mapping, from_mapping, load, load_file, names

# each level merges the one before nine times: 9^12 entries
MERGES_OF_MERGES = b"m0: &m0 {x: 1}\n" + b"".join(
    b"m%d: &m%d {<<: [%s]}\n" % (i, i, b",".join([b"*m%d" % (i - 1)] * 9)) for i in range(1, 13)
)

GOOD: dict[str, Any] = {
    "kind": "single-ion conductor",
    "formula": "Li7La3Zr2O12",
    "description": "  our  own\n batch ",
    "ionic_conductivity": {
        "value": "0.3 mS/cm",
        "temperature": "30 degC",
        "activation": {"energy": "0.3 eV", "form": "prefactor-over-T"},
        "source": "our own impedance",
        "range": ["0.2 mS/cm", "0.4 mS/cm"],
        "choice": "mean of five pellets",
        "label": "as sintered",
        "variants": {"annealed": "0.5 mS/cm"},
    },
    "young_modulus": "140 GPa",
    "poisson_ratio": 0.25,
}


def test_a_users_material_needs_no_sources() -> None:
    m = from_mapping("mine", GOOD)
    assert m.name == "mine"
    assert m.description == "our own batch"
    datum = m.datum("ionic_conductivity")
    assert datum.value == 0.03
    assert (datum.given, datum.unit, datum.temperature) == (0.3, "mS/cm", 303.15)
    assert datum.interval == (0.02, 0.04)
    assert datum.activation is not None
    assert datum.activation.reference_temperature == 303.15
    assert m.value("ionic_conductivity", temperature=303.15) == 0.03
    assert m.value("ionic_conductivity", variant="annealed") == 0.05
    assert m.datum("young_modulus").provenance == "given"
    assert m.datum("young_modulus").value == 140e9


def test_based_on_starts_from_the_library() -> None:
    m = from_mapping("mine", {"based_on": "llzo", "variant": "Ga-LLZO", "young_modulus": "100 GPa"})
    assert m.kind == "single-ion conductor"
    assert m.value("ionic_conductivity") == pytest.approx(0.153)
    assert m.value("young_modulus") == 100e9
    assert m.value("density") == load("LLZO").value("density")
    assert load("LLZO").value("young_modulus") == 149.8e9


@pytest.mark.parametrize(
    ("change", "path", "part"),
    [
        (
            {"ionic_conductivty": "1 S/m"},
            "materials.mine.ionic_conductivty",
            "did you mean ionic_conductivity",
        ),
        ({"kind": "metl"}, "materials.mine.kind", "one of metal"),
        ({"kind": None}, "materials.mine.kind", "one of metal"),
        ({"formula": 3}, "materials.mine.formula", "text"),
        ({"young_modulus": "140 mm"}, "materials.mine.young_modulus", "another dimension"),
        ({"young_modulus": 140e9}, "materials.mine.young_modulus", "no unit"),
        ({"young_modulus": "-1 GPa"}, "materials.mine.young_modulus", "above 0"),
        ({"young_modulus": "0 GPa"}, "materials.mine.young_modulus", "above 0"),
        ({"young_modulus": None}, "materials.mine.young_modulus", "not a quantity"),
        ({"young_modulus": ["1 GPa"]}, "materials.mine.young_modulus", "not a quantity"),
        ({"young_modulus": {}}, "materials.mine.young_modulus.value", "missing"),
        ({"young_modulus": {"value": "1 GPa", "sorce": "x"}}, "materials.mine.young_modulus.sorce", "source"),
        ({"young_modulus": {"value": "1 Gpa"}}, "materials.mine.young_modulus.value", "GPa"),
        ({"poisson_ratio": 0.5}, "materials.mine.poisson_ratio", "at most 0.4999"),
        ({"poisson_ratio": -1}, "materials.mine.poisson_ratio", "above -1"),
        ({"relative_permittivity": 0.5}, "materials.mine.relative_permittivity", "at least 1"),
        (
            {"density": {"value": "5 g/cm^3", "temperature": "25 C"}},
            "materials.mine.density.temperature",
            "degC",
        ),
        ({"density": {"value": "5 g/cm^3", "range": "4"}}, "materials.mine.density.range", "list"),
        (
            {"density": {"value": "5 g/cm^3", "range": ["6 g/cm^3", "7 g/cm^3"]}},
            "materials.mine.density.range",
            "does not contain",
        ),
        (
            {"density": {"value": "5 g/cm^3", "range": ["7 g/cm^3", "4 g/cm^3"]}},
            "materials.mine.density.range",
            "smaller value first",
        ),
        (
            {"density": {"value": "5 g/cm^3", "provenance": "guess"}},
            "materials.mine.density.provenance",
            "found",
        ),
        ({"density": {"value": "5 g/cm^3", "variants": []}}, "materials.mine.density.variants", "mapping"),
        (
            {"density": {"value": "5 g/cm^3", "variants": {"a": "1 s"}}},
            "materials.mine.density.variants.a",
            "dim",
        ),
        (
            {"diffusivity": {"value": "1 m^2/s", "activation": {}}},
            "materials.mine.diffusivity.activation.energy",
            "",
        ),
        (
            {"diffusivity": {"value": "1 m^2/s", "activation": {"energy": "1 eV", "form": "vft"}}},
            "materials.mine.diffusivity.activation.form",
            "exponential",
        ),
        ({"based_on": "LLZZO"}, "materials.mine.based_on", "did you mean LLZO"),
        ({"based_on": 3}, "materials.mine.based_on", "library"),
        ({"based_on": "LLZO", "variant": "Nb"}, "materials.mine.variant", "no variant"),
        ({"variant": "Nb"}, "materials.mine.variant", "needs based_on"),
        (
            {"reduction_potential": "2 V", "oxidation_potential": "1 V"},
            "materials.mine.oxidation_potential",
            "above",
        ),
    ],
)
def test_each_mistake_is_named(change: dict[str, Any], path: str, part: str) -> None:
    material, problems = check_mapping("mine", GOOD | change)
    assert material is None
    assert [p for p in problems if p.path == path and part in p.message], problems
    assert len(problems) <= 2


def test_all_problems_come_at_once() -> None:
    material, problems = check_mapping(
        "x", {"kind": "metl", "dnsity": "1", "young_modulus": "5 m", "poisson_ratio": 2}, path="materials.a.b"
    )
    assert material is None
    assert {p.path.removeprefix("materials.a.b.") for p in problems} == {
        "kind",
        "dnsity",
        "young_modulus",
        "poisson_ratio",
    }


def test_a_material_needs_a_kind_and_a_property() -> None:
    assert [p.path for p in check_mapping("x", {"young_modulus": "1 GPa"})[1]] == ["materials.x.kind"]
    assert "no property" in check_mapping("x", {"kind": "metal"})[1][0].message


@pytest.mark.parametrize("content", [None, 3, "LLZO", [], [1]])
def test_a_material_is_a_mapping(content: object) -> None:
    with pytest.raises(MaterialError) as caught:
        from_mapping("x", content)
    assert caught.value.problems[0].path == "materials.x"


def test_files(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("name: ours\nkind: metal\nyoung_modulus: 5 GPa\n", encoding="utf-8")
    assert load_file(file).name == "ours"
    assert load_file(str(file)).value("young_modulus") == 5e9


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"kind: metal\nyoung_modulus: 5 GPa\nyoung_modulus: 6 GPa\n", "given twice"),
        (b"kind: [metal\n", "not a YAML file"),
        (b"\xff\xfe\x00bad", "not a YAML file"),
        (b"- 1\n- 2\n", "must hold a mapping"),
        (b"", "must hold a mapping"),
        (b"!!python/object/apply:os.system ['true']", "not a YAML file"),
        (b"kind: metal\nyoung_modulus: 5 m\n", "mine.yaml.young_modulus"),
        (b"a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nkind: metal\n", "not a property"),
        (b"[" * 300_000, "nested more than"),
        (b"{a: " * 200_000, "nested more than"),
        (MERGES_OF_MERGES, "merged"),
        (b"a: &a 1\nb: [" + b"*a," * 2000 + b"]", "aliases"),
        (b"- " * 300_000, "nested more than"),
    ],
)
def test_bad_files_get_one_message(tmp_path: Path, content: bytes, part: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_bytes(content)
    with pytest.raises(MaterialError, match=part):
        load_file(file)


def test_missing_and_huge_files(tmp_path: Path) -> None:
    with pytest.raises(MaterialError, match="cannot read"):
        load_file(tmp_path / "none.yaml")
    with pytest.raises(MaterialError, match="cannot read"):
        load_file(tmp_path)
    huge = tmp_path / "huge.yaml"
    huge.write_bytes(b"#" * 2_000_000)
    with pytest.raises(MaterialError, match="larger"):
        load_file(huge)


_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["5 GPa", "1 S/m", "0.3", "LLZO", "metal", "0.3 eV", "exponential", "known", "25 degC"]),
)
_KEYS = st.one_of(
    st.sampled_from(["kind", "name", "based_on", "variant", "formula", "description", *sorted(PROPERTIES)]),
    st.text(max_size=6),
    st.integers(),
    st.none(),
)
_INNER = st.dictionaries(
    st.sampled_from(["value", "temperature", "source", "provenance", "activation", "range", "variants", "label", "x"]),
    st.one_of(
        _SCALARS,
        st.lists(_SCALARS, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(["energy", "form", "value"]), st.integers()), _SCALARS, max_size=3),
    ),
    max_size=5,
)


@settings(max_examples=200, deadline=None)
@given(st.one_of(_SCALARS, st.dictionaries(_KEYS, st.one_of(_SCALARS, _INNER), max_size=6)))
def test_any_input_gives_a_material_or_problems(content: object) -> None:
    material, problems = check_mapping("x", content)
    assert (material is None) == bool(problems)
    for problem in problems:
        assert problem.path.startswith("materials.x")
        assert problem.message


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_any_name_gives_a_material_or_an_error(name: str) -> None:
    try:
        found = load(name)
    except MaterialError:
        return
    assert found.name in names()
