"""Charge-transfer and constriction resistance against the contact area, after Eckhardt et al. 2023."""

from __future__ import annotations

import pytest

from studies.validation.contact_area import FRACTIONS, PATTERNS, PUBLISHED, resistances, slope

COARSE = 0.6


@pytest.mark.slow
def test_slopes_and_order_of_the_patterns() -> None:
    """R_CT ~ A^-1, of the single spot as steep as published.

    Constriction falls faster than that, vanishes at full contact, and is less for finer contacts.
    """
    found = {p: [resistances(p, f, COARSE) for f in FRACTIONS] for p in PATTERNS}
    for pattern, values in found.items():
        kinetic = slope([v["contact_fraction"] for v in values], [v["kinetic_resistance"] for v in values])
        assert PUBLISHED[0] < kinetic < -0.99, pattern
        constriction = [v["constriction_resistance"] for v in values]
        assert abs(constriction[-1]) < 1e-6 * constriction[0]
        assert slope(FRACTIONS[2:4], constriction[2:4]) < -1.5, pattern
    single, frame, distributed = (
        [v["constriction_resistance"] for v in found[p]] for p in ("single spot", "frame", "distributed")
    )
    assert all(d < f < s for d, f, s in zip(distributed[:3], frame[:3], single[:3], strict=True))
    steepest = slope(
        [v["contact_fraction"] for v in found["single spot"]], [v["kinetic_resistance"] for v in found["single spot"]]
    )
    assert PUBLISHED[0] < steepest < PUBLISHED[1]
