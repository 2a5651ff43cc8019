"""Random features of every kind, alone and together: a sound mesh and a solution, or one message that helps.

The cases of the ordinary run are always the same; ``SSBFEM_CASES=5000`` adds further ones up to that many in all. A
case that fails is reduced to the features that it needs, and reported as a study file.
"""

from __future__ import annotations

import contextlib
import copy
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from mpi4py import MPI
from random_studies import KINDS, KINETICS, random_study
from soundness import assert_helpful, assert_sound

from meshes.generate import generate_arrays
from meshes.problems import MeshError
from studies.errors import InputError
from studies.progress import Silent
from studies.runner import BALANCE_LIMIT, run
from studies.schema import Study
from studies.schema.geometry import Feature

#: Cases of the ordinary run; those in space and those that are solved cost a second or two each.
CASES = {"1": 20, "2": 320, "axisymmetric": 160, "3": 24, "solved": 18}
ASKED = max(1.0, int(os.environ.get("SSBFEM_CASES", "0")) / sum(CASES.values()))
#: Cases of one test.
BATCH = 40
MOST_CELLS = {"1": 1e5, "2": 1e4, "axisymmetric": 1e4, "3": 4e4}
LONGEST = 60.0
"""Seconds that a case may take."""

Words = dict[str, Any]


def batches(name: str) -> list[tuple[str, int]]:
    """Name and first seed of every test of some cases."""
    return [(name, first) for first in range(0, round(ASKED * CASES[name]), BATCH)]


def seeds(name: str, first: int) -> range:
    """Seeds of a test."""
    return range(first, min(first + BATCH, round(ASKED * CASES[name])))


def read(data: Words) -> Study:
    """The study, with kinetics wherever it turns out that electrons become ions.

    Raises:
        InputError: something else is wrong with it.
    """
    for _ in range(2):
        try:
            return Study.from_mapping(copy.deepcopy(data))
        except InputError as error:
            missing = [p.path.split(".", 1)[1] for p in error.problems if "kinetics is required" in p.message]
            gone = [p.path.split(".", 1)[1] for p in error.problems if "no such interface" in p.message]
            gone = [name for name in gone if name in data["interfaces"]]
            if not missing and not gone:
                raise
            data["interfaces"].update({name: dict(KINETICS) for name in missing})
            for name in gone:
                del data["interfaces"][name]
    return Study.from_mapping(copy.deepcopy(data))


def meshed(data: Words) -> str:
    """What became of a random study: ``sound``, ``refused``, ``too large`` or ``not meshed``.

    Raises:
        AssertionError: neither a sound mesh nor a message that helps.
    """
    try:
        study = read(data)
    except InputError as error:
        assert_helpful(error, data)
        return "refused"
    stack, sizes = study.stack(), study.sizes()
    assert stack.problems() == []
    if sizes.expected_cells(stack) > MOST_CELLS[stack.dimension]:
        return "too large"
    try:
        arrays = generate_arrays(stack, sizes)
    except MeshError as error:
        assert_helpful(error, data)
        return "not meshed"
    assert_sound(arrays, stack)
    return "sound"


def solved(data: Words) -> str:
    """What became of a random cell, balances of charge and power included.

    Raises:
        AssertionError: a balance does not hold, or a message does not help.
    """
    try:
        study = read(data)
        if study.sizes().expected_cells(study.stack()) > MOST_CELLS["2"]:
            return "too large"
        results = run(study, None, MPI.COMM_SELF, Silent())
    except (InputError, MeshError) as error:
        assert_helpful(error, data)
        return "refused"
    assert results.balances
    for name, balance in results.balances.items():
        assert balance.relative <= BALANCE_LIMIT, name
    assert results.quantities["cell_voltage"].value > 0
    return "sound"


def failure(judge: Callable[[Words], str], data: Words) -> BaseException | None:
    """What `judge` raises for the study."""
    try:
        judge(copy.deepcopy(data))
    except Exception as error:
        return error
    return None


def fewer(data: Words) -> Iterator[Words]:
    """The study without one of its features."""
    features = data["geometry"]["features"]
    for k in range(len(features)):
        yield {**data, "geometry": {**data["geometry"], "features": features[:k] + features[k + 1 :]}}


@contextlib.contextmanager
def reported(judge: Callable[[Words], str], seed: int, data: Words) -> Iterator[None]:
    """Fail with the smallest study file that fails in the same way."""
    try:
        yield
    except Exception as error:
        smallest = data
        while found := next((x for x in fewer(smallest) if type(failure(judge, x)) is type(error)), None):
            smallest = found
        text = yaml.safe_dump(smallest, sort_keys=False, default_flow_style=None, width=110)
        pytest.fail(f"case {seed}: {type(error).__name__}: {error}\n{text}")


def outcomes(judge: Callable[[Words], str], cases: range, dimension: int | str, most: int) -> Counter[str]:
    """How often what came of the cases."""
    found: Counter[str] = Counter()
    for seed in cases:
        data = random_study(seed, dimension, most=most)
        began = time.monotonic()
        with reported(judge, seed, data):
            found[judge(copy.deepcopy(data))] += 1
            assert time.monotonic() - began < LONGEST, "it takes too long"
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("name", "first"), [b for n in ("1", "2", "axisymmetric", "3") for b in batches(n)])
def test_random_features_are_meshed_or_refused(name: str, first: int) -> None:
    dimension = int(name) if name.isdigit() else name
    found = outcomes(meshed, seeds(name, first), dimension, 3)
    print(dict(found))
    # a test that refuses everything would test nothing
    assert found["sound"] >= 0.2 * found.total()
    assert found["not meshed"] <= 0.15 * found.total()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "first"), batches("solved"))
def test_random_cells_are_solved(name: str, first: int) -> None:
    """Balances of charge and power, whatever lies in the cell."""
    found = outcomes(solved, seeds(name, first), 2, 2)
    print(dict(found))
    assert found["sound"] >= 0.2 * found.total()


def test_every_kind_of_feature_is_there() -> None:
    assert set(KINDS) == set(Feature.model_fields)
