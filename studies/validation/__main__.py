"""The page of published numbers beside ours, docs/validation.md.

Run: ``python3 -m studies.validation`` prints it, ``--write`` writes it. Takes some minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from studies.validation import (
    catalogue,
    contact_area,
    current_focusing,
    interphase_growth,
    particle_expansion,
    void_map,
)
from studies.validation.rows import Row, table

PAGE = Path(__file__).parents[2] / "docs" / "validation.md"

HEAD = """# Published numbers beside ours

Made by `python3 -m studies.validation --write`; every number of ours was a result of this package when it was written.
*agrees*: ours lies in the published range, a tenth added at both ends (nothing added where digits count). *fitted*: a
parameter of ours was chosen for this very number, so that agreement proves no more than that the model can do it.
**DIFFERS**: it does not; what we believe about it stands below the table.
"""


@dataclass(frozen=True)
class Section:
    """One table of the page.

    Attributes:
        title: heading. rows: makes the rows. command: that prints them, behind ``python3 -m``.
        remarks: paragraphs below the table.
    """

    title: str
    rows: Callable[[], Sequence[Row]]
    command: str
    remarks: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Markdown."""
        made = [f"## {self.title}", "", f"`python3 -m {self.command}`", "", *table(self.rows()), ""]
        for remark in self.remarks:
            made += [remark, ""]
        return made


SECTIONS = (
    Section(
        "Current at the edges of voids (E1)",
        current_focusing.rows,
        "studies.validation.current_focusing",
        (
            "![current over the distance from the edge](images/current-focusing.png)",
            "Without kinetics the current has no largest value: it goes like the root of the distance, and what "
            "is read off is a matter of the shortest distance. Four orders of magnitude at 1 nm, taken as the "
            "shortest that means something, come out where small spots are all the contact there is, three of the "
            "four from the lost area alone. A void in good contact has two. With the charge-transfer resistance "
            "of a clean electrolyte the current is flat within sigma R_ct, and less than five times the mean.",
        ),
    ),
    Section(
        "Resistance against the contact area (E2)",
        contact_area.rows,
        "studies.validation.contact_area",
        (
            "A kinetic resistance of contacts that share one overpotential goes like the area to the power -1; what is "
            "steeper comes from currents that crowd at the edges of the contact. Ours are so for the single spot only. "
            "The published cell has grain boundaries, which are left out here.",
            "At 70 % contact a frame has its gap in the middle as one large piece: wider than the rim that is left "
            "around a single spot, and its constriction is larger.",
        ),
    ),
    Section(
        "Space charge (E3, E4, E5)",
        catalogue.space_charge,
        "studies.validation.catalogue",
        (
            "One relative permittivity of LLZO on lattice planes is calibrated to the two depletions (E3).",
            "The double layers beside lithium (E4) are those of the published program, whose inputs are published with "
            "it. The sign of the drop between LiPON and LiCoO2 that is reported (lithium depleted in LiPON) does not "
            "come out of these models with the flat bands that we know; no row, because we have no number for it.",
            "The width of the layer at copper (E5) follows from one fitted density of mobile charges, 0.24 to 0.72 % "
            "of all lithium; a lattice on which all lithium is mobile gives less than 1 nm.",
        ),
    ),
    Section(
        "Stack pressure against voids (E7)",
        void_map.rows,
        "studies.validation.void_map",
        (
            "![stack pressure against current density](images/void-map.png)",
            "Flaw of 2 um, sink length of vacancies 10 um, lithium of 8 radii around; the first row takes flaws of "
            "0.5, 2 and 20 um. The pressure goes like i^(1/n) but for capillarity, which helps by 2 gamma / a (0.48 "
            "MPa at 2 um) and makes the curve steeper the smaller the flaw: 0.33 for 0.5 um. Creep ten times slower or"
            " faster moves it like ten times the current. What is not known decides more than what is calculated: with"
            " a sink length of 1, 3, 10 and 100 um the threshold of this flaw at 1 mA/cm^2 is 0, 1.0, 1.9 and 2.8 MPa,"
            " and no flaw grows where the contact itself takes up the vacancies. Lithium that sticks to the "
            "electrolyte: 2.3 MPa; 4 or 16 radii of lithium: 1.5 and 2.0 MPa.",
            "Neither measured series comes out: LLZO rises faster with the current than any power law of creep at one "
            "flaw, and LPSCl needs two to four times our pressure. They differ from each other by more than from the "
            "model, and measure the current at which a cell fails, not the one at which a flaw begins to grow.",
        ),
    ),
    Section(
        "Growth of interphases at rest (E8)",
        interphase_growth.rows,
        "studies.validation.interphase_growth",
        (
            "A layer that is limited by diffusion from the beginning grows like the root of the time: 540 nm after "
            "400 h make 350 nm after 7 d. The published 235 to 315 nm need a slower beginning, which a limit by the "
            "reaction would give; it was not fitted.",
        ),
    ),
    Section("Cathodes that shrink (E9)", catalogue.misfit, "studies.validation.catalogue"),
    Section(
        "Particles that expand, films that are charged (E9)",
        particle_expansion.rows,
        "studies.validation.particle_expansion",
        (
            "A round particle of 3.5 um in 10 um of an electrolyte that nothing holds; volume at which cracks have "
            "grown by a tenth. In a linear elastic electrolyte of a given fracture energy it goes like the root of "
            "G_c / E: a strain is forced on it, and what is stored grows with the stiffness. So a compliant "
            "electrolyte breaks later here, not earlier. The published models have cohesive zones and particles of "
            "other shapes, of which we have no numbers; at an equal strength instead of an equal fracture energy the "
            "trend of ours would be the same. With 8 J/m^2 (4.4 %) ours is still below 7.5 %.",
            "The single crystal cracks later by the ratio of the K_IC, because both have the same length of the phase "
            "field: at a constant rate a time is an amount of lithium.",
        ),
    ),
)


def page() -> str:
    """The whole page."""
    lines = [HEAD]
    for section in SECTIONS:
        lines += section.lines()
    return "\n".join(lines).rstrip() + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print or write the page."""
    given = sys.argv[1:] if arguments is None else arguments
    text = page()
    if "--write" in given:
        PAGE.write_text(text)
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
