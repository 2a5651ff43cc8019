#!/usr/bin/env python3
"""Runs the studies of the gallery and writes docs/gallery.md with their pictures and numbers.

    containers/run python3 docs/make_gallery.py [STUDY...] [--runs DIR] [--without-errors]

With names of studies only these are run again; the others keep what they have in the folder of runs (default:
results/gallery). A study of which there is no run is run in any case.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from studies.listing import CATALOGUE
from studies.quantities import QUANTITIES
from studies.results import Results, read_results
from studies.schema import Study
from studies.tables import value_text

DOCS = Path(__file__).resolve().parent
PICTURES = DOCS / "images" / "gallery"
WIDTH, BYTES = 900, 150_000


@dataclass(frozen=True)
class Chapter:
    """Studies that belong together: a heading, and (study, picture) pairs."""

    title: str
    studies: tuple[tuple[str, str], ...]


GALLERY = (
    Chapter(
        "Voids and pores",
        (
            ("void-constriction", "potential"),
            ("random-voids", "stress"),
            ("filled-voids", "potential"),
            ("void-array-3d", "interface-current"),
            ("porous-electrolyte", "potential"),
            ("stack-pressure", "stress"),
        ),
    ),
    Chapter(
        "Contact patterns",
        (
            ("contact-spot", "potential"),
            ("contact-stripes", "potential"),
            ("contact-frame", "potential"),
            ("contact-picture", "interface-current"),
            ("random-contacts", "potential"),
        ),
    ),
    Chapter(
        "Cracks",
        (("collinear-cracks", "stress"), ("penny-crack", "stress"), ("delamination", "potential")),
    ),
    Chapter(
        "Coatings, buffer layers and rough interfaces",
        (
            ("coated-particle", "potential"),
            ("graded-coating", "potential"),
            ("patchy-coating", "interface-current"),
            ("coated-fillers", "potential"),
            ("wavy-buffer", "stress"),
            ("rough-interface", "stress"),
        ),
    ),
    Chapter(
        "Particles, grains and inclusions",
        (
            ("polycrystal-particle", "stress"),
            ("grain-boundaries", "potential"),
            ("random-composite", "potential"),
            ("aligned-wires", "potential"),
            ("disc-array", "potential"),
            ("sphere-array", "potential"),
            ("laminate-along", "potential"),
            ("laminate-across", "stress"),
            ("checkerboard", "potential"),
        ),
    ),
    Chapter(
        "Microstructures from images",
        (("segmented-sphere", "potential"), ("segmented-composite", "potential")),
    ),
)


def main() -> int:
    """Run what is to be run, then write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", nargs="*", metavar="STUDY")
    parser.add_argument("--runs", type=Path, default=DOCS.parent / "results" / "gallery")
    parser.add_argument("--without-errors", action="store_true", help="no error bars: twice as fast")
    options = parser.parse_args()
    quick = ("--set", "mesh.error_estimate=none") if options.without_errors else ()
    names = [name for chapter in GALLERY for name, _ in chapter.studies]
    unknown = set(options.studies) - set(names)
    if unknown:
        parser.error(f"not in the gallery: {', '.join(sorted(unknown))}")
    for name in names:
        if name in options.studies or not options.studies or not (options.runs / name / "results.json").is_file():
            run(name, options.runs / name, quick)
    text = page(options.runs)
    (DOCS / "gallery.md").write_text(text, encoding="utf-8")
    return 0


def run(name: str, out: Path, options: tuple[str, ...]) -> None:
    """Run a study; a check that fails ends all."""
    print(name, flush=True)
    command = [sys.executable, "-m", "studies", "run", name, "--out", str(out), "--quiet", *options]
    subprocess.run(command, check=True, cwd=DOCS.parent)


def page(runs: Path) -> str:
    """The page, in Markdown; copies the pictures."""
    lines = [
        "# Gallery",
        "",
        "One study for every kind of defect and layer. All of them are in the catalogue: `ssbfem run NAME`. This page",
        "is written by `docs/make_gallery.py`.",
        "",
    ]
    for chapter in GALLERY:
        lines += [f"## {chapter.title}", ""]
        for name, picture in chapter.studies:
            lines += entry(name, picture, runs / name)
    return "\n".join(lines).rstrip() + "\n"


def entry(name: str, picture: str, folder: Path) -> list[str]:
    """A study: title, description, picture, numbers."""
    study = Study.load(CATALOGUE / f"{name}.yaml")
    results = read_results(folder)
    made = shrink(folder / f"{picture}.png", name)
    return [
        f"### {study.title}",
        "",
        *plain(study.description),
        "",
        f"![{picture} of {name}](images/gallery/{made.name})",
        "",
        *table(results),
        "",
        f"`ssbfem run {name}` ([study file](../studies/catalogue/{name}.yaml))",
        "",
    ]


def plain(description: str) -> list[str]:
    """The description; indented formulas as code."""
    lines = []
    for line in description.strip().splitlines():
        lines.append(line if not re.match(r"  +\S", line) else f"    {line.strip()}")
    return lines


def table(results: Results) -> list[str]:
    """Quantities with error bars, and what they should be."""
    lines = ["| quantity | value | expected | source |", "|---|---|---|---|"]
    checks = {check.name: check for check in results.checks}
    for label, found in results.quantities.items():
        dimension = QUANTITIES[found.quantity or label].dimension
        value = " ".join(value_text(found.value, dimension, found.error)).strip()
        check = checks.get(label)
        expected = "" if check is None else " ".join(value_text(check.expected, dimension)).strip()
        source = "" if check is None else check.source.replace("|", "\\|")
        lines.append(f"| {label.replace('_', ' ')} | {value} | {expected} | {source} |")
    return lines


def shrink(path: Path, name: str) -> Path:
    """A copy of a picture for the page, small enough."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    out = PICTURES / f"{name}.png"
    with Image.open(path) as picture:
        image = picture.convert("RGB")
    if image.width > WIDTH:
        image = image.resize((WIDTH, round(image.height * WIDTH / image.width)), Image.Resampling.LANCZOS)
    for colours in (256, 128, 64, 32):
        image.quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(out, optimize=True)
        if out.stat().st_size <= BYTES:
            break
    return out


if __name__ == "__main__":
    sys.exit(main())
