"""Particles that shrink: traction on them in a shell, bonds that let go."""

from __future__ import annotations

import pytest

from studies.validation.debonding import OUTER, POISSON, closed_form, in_argyrodite, in_shell, traction


def test_traction_in_a_shell() -> None:
    """A hollow sphere that is held outside, within 1 %; the bond of 2018 opens at half of that strain per pascal."""
    assert pytest.approx(1.0) == 0.55 * OUTER**3
    assert closed_form(25e9, POISSON, OUTER) == pytest.approx(150e9)
    # in much electrolyte 4 G by strain
    assert closed_form(25e9, POISSON, 1e3) == pytest.approx(4 * 25e9 / (2 * (1 + POISSON)), rel=1e-6)
    assert traction(25.0) == pytest.approx(150e9, rel=0.01)
    assert in_shell(25.0, 5.0) == pytest.approx(3 * 10e9 / 150e9, rel=0.01)


@pytest.mark.slow
def test_a_weak_bond_lets_go_during_the_first_charge() -> None:
    """It begins where 785 MPa at 7.8 % come to its strength, and all is off in the end."""
    first, half, off = in_argyrodite(50e6, 0.6)
    assert first == pytest.approx(0.078 * 50 / 785, rel=0.1)
    assert first < half < 0.03
    assert off == pytest.approx(1.0)
