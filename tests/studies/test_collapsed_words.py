"""Films that are not meshed: what a study makes of them."""

from __future__ import annotations

import pytest

from studies.listing import find_study
from studies.schema import Study


def test_a_film_between_two_ionic_conductors_is_a_resistance() -> None:
    """10 nm of 1/720 S/m: a (1 / m - 1 / s) of neutral particles of a = 0.8 um with 1 S/m in 0.1 S/m."""
    found = Study.load(find_study("coated-packing")).interface("upper|covered")
    assert found.ionic_contact == "resistive"
    assert found.ionic_resistance == pytest.approx(0.8e-6 * (1 / 0.1 - 1 / 1.0), rel=1e-6, abs=0.0)
