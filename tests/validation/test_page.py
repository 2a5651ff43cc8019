"""The page of published numbers: verdicts are honest, and every section of the program is on it."""

from __future__ import annotations

import pytest

from studies.validation import __main__ as program
from studies.validation.__main__ import PAGE, SECTIONS, Section, page
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


def test_sections_can_be_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are not asked for stay to the letter, whatever they would say now."""
    values = {"A (E1)": 1.0, "B (E2)": 1.0}

    def section(title: str) -> Section:
        return Section(title, lambda: [Row("x", (1.0, 1.0), values[title], "m")], "nothing", ("Remark.",))

    monkeypatch.setattr(program, "SECTIONS", tuple(section(title) for title in values))
    before = page()
    values |= {"A (E1)": 2.0, "B (E2)": 3.0}
    after = page("E2", before)
    first, second = before.index("## A"), before.index("## B")
    assert after[first : after.index("## B")] == before[first:second]
    assert "| x | 1 | 3 | m | DIFFERS |  |" in after
    assert page("", before) == page()
    assert page("E2", "") == page()


def test_a_section_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        program.main(["--section", "E77"])
    assert stopped.value.code == 2
    assert "E77" in (said := capsys.readouterr().err)
    assert all(section.title in said.replace("\n", " ") for section in SECTIONS)
