"""Random input never gives anything but a message."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from study_samples import cell

from studies.errors import InputError, format_error
from studies.schema import Study
from studies.schema.reader import read_yaml

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        [
            "1 um",
            "-1 um",
            "1e400 m",
            "nan m",
            "5 MPa",
            "1 mA/cm^2",
            "Li",
            "LLZO",
            "a|b",
            "|",
            "anode|electrolyte",
            "on",
        ]
    )
)
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12) | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)


def paths(data: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [here] if here else []
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        found += paths(value, (*here, key))
    return found


def study_or_message(read: Callable[..., Study], *given: Any, **options: Any) -> Study | None:
    try:
        return read(*given, **options)
    except InputError as caught:
        error = caught
    text = format_error(error)
    assert text
    assert "Traceback" not in text
    assert all(p.message for p in error.problems)
    return None


def only_a_message(data: Any) -> None:
    study = study_or_message(Study.from_mapping, data)
    if study is not None:
        # What is accepted must also be usable and read back.
        assert Study.from_mapping(study.resolved()).hash == study.hash
        assert study.stack().problems() == []


@settings(max_examples=150, deadline=None)
@given(TREES)
def test_random_trees(data: Any) -> None:
    only_a_message(data)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(where=st.sampled_from(paths(cell())), value=TREES)
def test_one_random_value_anywhere_in_a_sound_study(where: tuple[Any, ...], value: Any) -> None:
    data = cell()
    here = data
    for key in where[:-1]:
        here = here[key]
    here[where[-1]] = value
    only_a_message(data)


@settings(max_examples=150, deadline=None)
@given(drop=st.sets(st.sampled_from(paths(cell())), min_size=1, max_size=4))
def test_parts_left_out(drop: set[tuple[Any, ...]]) -> None:
    data = cell()
    for where in sorted(drop, key=lambda p: (-len(p), str(p))):
        here: Any = data
        for key in where[:-1]:
            here = here[key]
        if isinstance(here, dict):
            here.pop(where[-1], None)
        elif where[-1] < len(here):
            del here[where[-1]]
    only_a_message(data)


@settings(max_examples=150, deadline=None)
@given(
    section=st.sampled_from([*cell(), "materials", "mechanics", "mesh", "solver", "checks", "pictures"]),
    value=TREES,
)
def test_random_sections(section: str, value: Any) -> None:
    only_a_message({**cell(), section: value})


@settings(max_examples=150, deadline=None)
@given(name=st.text(max_size=20), value=TREES)
def test_random_overrides(name: str, value: Any) -> None:
    study_or_message(Study.from_mapping, cell(), overrides={name: value})


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200) | st.text(alphabet="{}[]:,-&*!|>'\"%@`#? \n\tab1", max_size=80))
def test_random_text(text: str) -> None:
    study_or_message(Study.from_text, text)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "random.yaml"
    path.write_bytes(raw)
    with pytest.raises(InputError):
        Study.load(path)


@settings(max_examples=100, deadline=None)
@given(TREES)
def test_plain_data_survive_yaml(data: Any) -> None:
    import yaml

    try:
        text = yaml.safe_dump(data, allow_unicode=True)
        read_yaml(text)
    except InputError:
        pass
    except yaml.YAMLError:
        pass  # what PyYAML itself cannot write


def test_the_sample_is_not_changed_by_validation() -> None:
    data = cell()
    before = copy.deepcopy(data)
    Study.from_mapping(data)
    assert data == before
