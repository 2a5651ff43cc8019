"""The page of published numbers: verdicts are honest, and every section of the program is on it."""

from __future__ import annotations

import pytest

from studies.validation.__main__ import PAGE, SECTIONS
from studies.validation.catalogue import MISFIT, rows
from studies.validation.rows import Row, table


@pytest.mark.parametrize(
    ("published", "ours", "fitted", "margin", "verdict"),
    [
        ((1, 2), 2.19, False, 0.1, "agrees"),
        ((1, 2), 2.21, False, 0.1, "DIFFERS"),
        ((1, 2), 2.21, True, 0.1, "DIFFERS"),
        ((1, 2), 1.5, True, 0.1, "fitted"),
        ((-2, -1), -2.19, False, 0.1, "agrees"),
        ((-2, -1), -0.89, False, 0.1, "DIFFERS"),
        ((1, 2), 2.01, False, 0.0, "DIFFERS"),
    ],
)
def test_verdicts(published: tuple[float, float], ours: float, fitted: bool, margin: float, verdict: str) -> None:
    assert Row("x", published, ours, "m", fitted, "", margin).verdict == verdict


def test_a_number_of_the_catalogue_comes_from_its_run() -> None:
    (row,) = rows(MISFIT)
    assert row.agrees
    assert f"| {row.ours:.5g} | MPa | agrees |" in table([row])[-1]


def test_the_page_has_every_section() -> None:
    text = PAGE.read_text()
    for section in SECTIONS:
        assert f"## {section.title}" in text, section.title
        assert all(remark in text for remark in section.remarks)
