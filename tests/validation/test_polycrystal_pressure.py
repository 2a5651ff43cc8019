"""A polycrystal that is charged cracks between two amounts of lithium."""

from __future__ import annotations

from studies.validation.polycrystal_pressure import SPLITS, cracked


def test_first_crack() -> None:
    """Whole after 5 % of the lithium has left, cracked after 15 %; whole then with the toughness of single crystals."""
    assert not cracked(0.0, 0.05, 0.3, SPLITS[0])
    assert cracked(0.0, 0.15, 0.3, SPLITS[0])
    assert not cracked(0.0, 0.15, 1.0, SPLITS[0])
