"""The page of published numbers beside ours, docs/validation.md.

Run: ``python3 -m studies.validation`` prints it, ``--write`` writes it, in some minutes; ``--section E7`` makes those
sections anew that have the word in their titles, and leaves the others of the page as they are.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from studies.validation import (
    catalogue,
    contact_area,
    current_focusing,
    debonding,
    filled_crack,
    interphase_growth,
    particle_expansion,
    polycrystal_pressure,
    void_limits,
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
            "Flaw of 2 um, sink length of vacancies 10 um, lithium of 8 radii around; the first four rows take flaws "
            "of 0.5, 2 and 20 um. The map is stored (`studies/validation/results/void-map.csv`; the command makes it "
            "anew into a folder in ten minutes). The pressure goes like i^(1/n) but for capillarity, which helps by "
            "2 gamma / a (0.48 MPa at 2 um) and makes the curve steeper the smaller the flaw: 0.36 for 0.5 um. Bands "
            "are those of creep ten times slower or faster than LePage's, which is like ten times the current; the "
            "set of Anand and Narayan is a line, because lithium that has hardened creeps by another power, 5. From "
            "298 to 333 K all creep is 4.8 times faster, and thresholds fall by a fifth, small flaws' by more. What "
            "is not known decides more than what is calculated: with a sink length of 1, 3, 10 and 100 um the "
            "threshold of this flaw at 1 mA/cm^2 is 0, 1.0, 1.9 and 2.8 MPa, and no flaw grows where the contact "
            "itself takes up the vacancies. Lithium that sticks to the electrolyte: 2.3 MPa; 4 or 16 radii of "
            "lithium: 1.5 and 2.0 MPa.",
            "Neither measured series comes out: LLZO rises faster with the current than any power law of creep at "
            "one flaw, and LPSCl needs two to four times our pressure (hardened lithium around flaws of 0.5 um: 3.4 "
            "and 5.6 MPa where 3 and 7 were measured). They differ from each other by more than from the model, and "
            "measure the current at which a cell fails, not the one at which a flaw begins to grow.",
        ),
    ),
    Section(
        "No stack pressure, and too much of it (E7)",
        void_limits.rows,
        "studies.validation.void_limits",
        (
            "Without pressure capillarity alone closes a flaw, by 2 gamma / a to the power n: the current that is "
            "borne is that of the largest flaw there is. 50 to 200 uA/cm^2 are those of flaws of 0.3 um; larger ones "
            "are left with self-diffusion and bear a few uA/cm^2 at this sink length. We believe that measured cells "
            "have larger flaws, and bear more because vacancies find sinks nearer than 10 um (at 1 um no flaw of 2 "
            "um grows).",
            "Lithium that sticks to the wall of a pore creeps in to a number of radii that is one of pressure and "
            "time alone: 15 after 1000 h at 5 MPa, 42 after 48 h at 25 MPa, 38 after one minute at 75 MPa (hardened "
            "lithium: 12, 28 and 18). So the order and the spread of the published times are those of the power n, "
            "for any pore. But 42 radii are 21 um in pores 1 um wide: a separator of half a millimetre would need "
            "pores of 24 um right through it, which pressed argyrodite has not. Creep alone does not short these "
            "cells; lithium that is plated on the way, or slides, is not in this.",
            "As a crack full of lithium under the stack pressure (p sqrt(pi a) = 0.23 MPa m^0.5, Li6PS5Cl) flaws of "
            "half a length of 0.67 mm, 27 um and 3.0 um grow at 5, 25 and 75 MPa: 5 MPa open nothing that fits into "
            "a separator, 75 MPa the pores between its grains. No row: no length of a flaw is published with these "
            "times. The pressure of the stack on the faces from outside is left out; it makes flaws that lie along "
            "the current harder to open.",
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
        "Particles that come off their electrolyte (E9)",
        debonding.rows,
        "studies.validation.debonding",
        (
            "A bond opens where the traction is its strength; until then all is linear, so that size does not "
            "matter, stiff electrolytes part sooner and compliant ones bear more. The published numbers belong to a "
            "map over 20 to 200 GPa and 1 to 10 J/m^2 that we know second-hand; 7.5 % is what they call typical, and "
            "100 GPa with 5 J/m^2, about the middle of the map, is our choice. Ours are a fifth and a third below.",
            "Strengths of 2 to 20 GPa are those of perfect bonds: with 2 GPa NCM811 in an argyrodite would hold, 785 "
            "MPa are all that full delithiation asks for. Bonds of tens of MPa, as cohesive zones have them, begin "
            "to open after 0.4 to 0.5 % of volume, about a twentieth of the first charge, and all of the particle is "
            "off in the end. What a misfit of 2.6 % stores is 51 J/m^2 of a particle of 5 um: no toughness of these "
            "materials holds it once a crack is there; 0.6 J/m^2 would hold particles below 60 nm.",
            "The last row is no core-shell particle: one of NCM811, radius 5 um, diffusivity 3e-15 m^2/s, of which "
            "one half lets no lithium in. With a radius of 2 um it loses at most 3 %.",
        ),
    ),
    Section(
        "Particles that expand, films that are charged (E9)",
        particle_expansion.rows,
        "studies.validation.particle_expansion",
        (
            "First three rows: a round particle of 3.5 um in 10 um of an electrolyte that nothing holds; volume at "
            "which cracks have grown by a tenth. In a linear elastic electrolyte of a given fracture energy it goes "
            "like the root of G_c / (E L), L the size of the particle: a strain is forced on the electrolyte, and "
            "what is stored grows with the stiffness. So a compliant electrolyte breaks later here, not earlier.",
            "Next four rows: nearer to the published model as it is quoted second-hand (its size, share of "
            "particles, stiffness and walls; round particles, a sharper crack). The threshold of expansion is that "
            "of the publication then: 4.5 or 9.4 % by what of the energy drives cracks, 7.5 % lies between. The trend "
            "with the stiffness is not: ten times the stiffness breaks a fifth earlier, where nothing holds the cell "
            "four times the stiffness breaks half as late. Between walls the trend nearly goes, but does not turn. "
            "The authors ascribe it to large deformations, and say that a linear model would not show it; ours is "
            "one. Their bonds are also weak (20 MPa per J/m^2) and open by 100 nm, a tenth of a particle: we believe "
            "that there openings decide, which are larger in compliant electrolytes, and energies here; it was not "
            "tried. No parameter of ours was chosen for these numbers.",
            "The single crystal cracks later by the ratio of the K_IC, because both have the same length of the phase "
            "field: at a constant rate a time is an amount of lithium.",
        ),
    ),
    Section(
        "Polycrystals that are charged under pressure (E9)",
        polycrystal_pressure.rows,
        "studies.validation.polycrystal_pressure",
        (
            "A section of a particle of 3 um with grains of 1 um (plane strain, one seed, phase field of 0.12 um, so "
            "a strength of 0.5 GPa), evenly delithiated. It cracks long before the transition, because grains that "
            "are perfectly bonded and only elastic pull at each other from the first lithium on; creep of the "
            "electrolyte, room between particles and a slower growth of cracks are left out. The stack pressure does "
            "next to nothing: 100 MPa are little beside the gigapascals between grains, and in a die they shear as "
            "well (with a split where tension alone breaks: 12 % at 0 and at 100 MPa). The amount goes like "
            "K_IC but for the bend of the lattice parameters.",
        ),
    ),
    Section(
        "Lithium in a crack (B7.5)",
        filled_crack.rows,
        "studies.validation.filled_crack",
        ("A crack of the phase field is filled until it grows; its length is what it has cost over its toughness.",),
    ),
)


def _written(text: str) -> dict[str, str]:
    """Title -> text of the sections of a page."""
    parts = text.split("\n## ")[1:]
    return {part.split("\n", 1)[0]: f"## {part}".rstrip() for part in parts}


def page(word: str = "", before: str = "") -> str:
    """The whole page.

    Args:
        word: sections with it in their titles are made anew; "": all. before: page that the others are taken from.
    """
    kept = _written(before)
    made = [HEAD.rstrip()]
    for section in SECTIONS:
        keep = word not in section.title and section.title in kept
        made.append(kept[section.title] if keep else "\n".join(section.lines()).rstrip())
    return "\n\n".join(made) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print or write the page."""
    reader = argparse.ArgumentParser(prog="python3 -m studies.validation", description="Published numbers beside ours.")
    reader.add_argument("--write", action="store_true", help="write docs/validation.md")
    reader.add_argument(
        "--section", default="", metavar="WORD", help="make only sections anew that have it in the title"
    )
    given = reader.parse_args(arguments)
    if not any(given.section in section.title for section in SECTIONS):
        titles = "; ".join(section.title for section in SECTIONS)
        reader.error(f"--section {given.section}: no title has this word; there are {titles}")
    text = page(given.section, PAGE.read_text() if given.section else "")
    if given.write:
        PAGE.write_text(text)
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
