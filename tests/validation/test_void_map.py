"""The map of stack pressure against current density as it is stored, and the run of growth and healing."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from studies.validation import void_map
from studies.validation.void_cycle import run
from studies.validation.void_map import CURRENTS, RADII, lithium, pressure, slope

STORED = Path(void_map.__file__).parent / "results" / "void-map.csv"


def test_stored_map_is_that_of_the_program() -> None:
    """One row for every flaw, temperature and current; the pressure rises with the current and falls with the heat."""
    with STORED.open(newline="") as file:
        rows = [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]
    assert len(rows) == 2 * len(RADII) * (len(CURRENTS) - 2)
    for cold, warm in zip(rows[: len(rows) // 2], rows[len(rows) // 2 :], strict=True):
        assert warm["P_Pa"] < cold["P_Pa"] < cold["P_slow"] < void_map.SAFE
    for k in range(0, len(rows), 3):
        assert rows[k]["P_Pa"] < rows[k + 1]["P_Pa"] < rows[k + 2]["P_Pa"]
    assert slope([1.0, 10.0, 100.0], [2.0, 4.0, 8.0]) == pytest.approx(0.30103, rel=1e-4)


@pytest.mark.slow
def test_a_number_of_the_map() -> None:
    """The stored threshold of 2 um at 1 mA/cm^2, and that capillarity helps by 2 gamma / a."""
    from dataclasses import replace

    own = pressure(1.0, 2e-6, lithium())
    bare = pressure(1.0, 2e-6, replace(lithium(), surface_energy=0.0))
    assert own == pytest.approx(1.908e6, rel=0.01)
    assert bare - own == pytest.approx(2 * 0.48 / 2e-6, rel=0.05)


@pytest.mark.slow
def test_growth_then_healing_conserves_lithium() -> None:
    """The void grows along the electrolyte while the current crowds, then shrinks; lithium is accounted for."""
    story = run(stripping=25.0, rest=5.0, edges=10)
    growing = [i for i in story.instants if i.time <= story.stopped]
    assert growing[-1].volumes[0] > growing[0].volumes[0]
    assert growing[-1].contact < growing[0].contact
    assert growing[-1].focusing > growing[0].focusing
    assert story.instants[-1].volumes[0] < growing[-1].volumes[0]
    assert abs(story.imbalance()) < 1e-6
