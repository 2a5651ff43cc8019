#!/usr/bin/env python3
"""Runs the studies of the gallery and writes docs/gallery.md with their pictures and numbers.

    containers/run python3 docs/make_gallery.py [STUDY...] [--runs DIR] [--without-errors] [--written]

With names of studies only these are run, and only their entries change: those of the others stay as they are on the
page. `--written` runs nothing, but takes what is in the folder of runs (default: results/gallery).
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from studies.listing import CATALOGUE, catalogue
from studies.quantities import QUANTITIES
from studies.results import Results, read_results
from studies.schema import Study
from studies.tables import value_text

DOCS = Path(__file__).resolve().parent
PAGE = DOCS / "gallery.md"
PICTURES = DOCS / "images" / "gallery"
WIDTH, BYTES = 800, 110_000


@dataclass(frozen=True)
class Chapter:
    """Studies that belong together: a heading, and studies with their pictures."""

    title: str
    studies: Mapping[str, tuple[str, ...]]


ELECTRIC, STRESS, MAP = ("potential",), ("stress",), ("interface-current",)
BOTH, CRACKING = ("potential", "stress"), ("damage", "loading")

GALLERY = (
    Chapter(
        "Voids and pores",
        {
            "void-constriction": BOTH,
            "void-shapes": BOTH,
            "random-voids": STRESS,
            "filled-voids": ELECTRIC,
            "void-array-3d": MAP,
            "porous-electrolyte": BOTH,
            "stack-pressure": STRESS,
            "void-growth": ("voids",),
            "void-cycle": ("voids",),
            "void-stack-pressure": ("voids",),
        },
    ),
    Chapter(
        "Contact patterns",
        {
            "contact-spot": ELECTRIC,
            "contact-stripes": ELECTRIC,
            "contact-frame": ELECTRIC,
            "contact-array": ELECTRIC,
            "contact-picture": MAP,
            "random-contacts": MAP,
        },
    ),
    Chapter(
        "Cracks",
        {
            "edge-crack": STRESS,
            "slanted-crack": STRESS,
            "closed-crack": STRESS,
            "star-crack": BOTH,
            "notch": STRESS,
            "collinear-cracks": STRESS,
            "penny-crack": STRESS,
            "delamination": ELECTRIC,
            "cracked-film": BOTH,
            "cracked-grains": BOTH,
        },
    ),
    Chapter(
        "Coatings, buffer layers and rough interfaces",
        {
            "coated-particle": BOTH,
            "coated-sphere": STRESS,
            "coated-packing": BOTH,
            "coated-fillers": ELECTRIC,
            "graded-coating": ELECTRIC,
            "patchy-coating": MAP,
            "wavy-buffer": BOTH,
            "rough-interface": BOTH,
            "rough-both-sides": BOTH,
        },
    ),
    Chapter(
        "Particles, grains and inclusions",
        {
            "polycrystal-particle": STRESS,
            "grain-boundaries": ELECTRIC,
            "ellipsoid-particle": BOTH,
            "random-composite": ELECTRIC,
            "aligned-wires": ELECTRIC,
            "random-wires": ELECTRIC,
            "disc-array": ELECTRIC,
            "sphere-array": ELECTRIC,
            "laminate-along": ELECTRIC,
            "laminate-across": STRESS,
            "checkerboard": ELECTRIC,
        },
    ),
    Chapter(
        "Periodic cells",
        {"periodic-pores": ELECTRIC, "periodic-composite": ELECTRIC, "periodic-voids": BOTH},
    ),
    Chapter(
        "Solids that swell, creep and crack",
        {
            "swelling-particle": ("stress", "concentration"),
            "bonded-misfit": STRESS,
            "delithiated-polycrystal": STRESS,
            "void-closure": STRESS,
            "polycrystal-cracking": ("damage",),
            "fracture-strip": CRACKING,
            "lithium-in-crack": CRACKING,
            "lithium-filling-crack": ("damage", "history"),
            "cracking-charge": ("damage", "concentration"),
        },
    ),
    Chapter(
        "Interfaces that part",
        {
            "debonding-particle": ("opening", "loading"),
            "debonding-charge": ("opening", "history"),
            "rough-lithium-contact": ("loading",),
        },
    ),
    Chapter("All together", {"combined": BOTH}),
    Chapter("Microstructures from images", {"segmented-sphere": ELECTRIC, "segmented-composite": ELECTRIC}),
    Chapter("Cells in time", {"coated-cathode-particle": ("concentration",)}),
    Chapter("Cells in one dimension", {"planar-cell": ELECTRIC, "mixed-conductor": ELECTRIC}),
)


def main() -> int:
    """Run what is to be run, then write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", nargs="*", metavar="STUDY")
    parser.add_argument("--runs", type=Path, default=DOCS.parent / "results" / "gallery")
    parser.add_argument("--without-errors", action="store_true", help="no error bars: twice as fast")
    parser.add_argument("--written", action="store_true", help="run nothing, take the runs that are there")
    options = parser.parse_args()
    quick = ("--set", "mesh.error_estimate=none") if options.without_errors else ()
    shown = {name: pictures for chapter in GALLERY for name, pictures in chapter.studies.items()}
    unknown = set(options.studies) - set(shown)
    if unknown:
        parser.error(f"not in the gallery: {', '.join(sorted(unknown))}")
    entries = written()
    for name in options.studies or shown:
        folder = options.runs / name
        if not options.written:
            run(name, folder, quick)
        if (folder / "results.json").is_file():
            entries[name] = entry(name, shown[name], folder)
    missing = [name for name in shown if name not in entries]
    if missing:
        parser.error(f"never run: {', '.join(missing)}")
    PAGE.write_text(page(entries), encoding="utf-8")
    return 0


def run(name: str, out: Path, options: tuple[str, ...]) -> None:
    """Run a study; a check that fails ends all."""
    print(name, flush=True)
    command = [sys.executable, "-m", "studies", "run", name, "--out", str(out), "--quiet", *options]
    subprocess.run(command, check=True, cwd=DOCS.parent)


def written() -> dict[str, str]:
    """The entries that are on the page already, by study."""
    if not PAGE.is_file():
        return {}
    found = {}
    for block in re.split(r"^(?=##)", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE):
        name = re.search(r"^`ssbfem run (\S+)`", block, flags=re.MULTILINE)
        if name and block.startswith("### "):
            found[name[1]] = block.rstrip()
    return found


def page(entries: Mapping[str, str]) -> str:
    """The page, in Markdown."""
    parts = [
        "# Gallery",
        "One study for every kind of defect and layer. All of them are in the catalogue: `ssbfem run NAME`. Numbers\n"
        "have their discretisation error. This page is written by `docs/make_gallery.py`.",
    ]
    for chapter in GALLERY:
        parts += [f"## {chapter.title}", *(entries[name] for name in chapter.studies)]
    others = [x for x in catalogue() if not any(x.name in chapter.studies for chapter in GALLERY)]
    if others:
        parts += ["## More in the catalogue", "\n".join(f"- `{x.name}`: {x.title}" for x in others)]
    return "\n\n".join(parts) + "\n"


def entry(name: str, pictures: tuple[str, ...], folder: Path) -> str:
    """A study: title, description, pictures, numbers; copies the pictures."""
    study = Study.load(CATALOGUE / f"{name}.yaml")
    shown = []
    for k, picture in enumerate(pictures):
        made = shrink(folder / f"{picture}.png", name if k == 0 else f"{name}-{picture}")
        shown.append(f"![{picture} of {name}](images/gallery/{made.name})")
    return "\n\n".join(
        [
            f"### {study.title}",
            "\n".join(plain(study.description)),
            *shown,
            "\n".join(table(read_results(folder))),
            f"`ssbfem run {name}` ([study file](../studies/catalogue/{name}.yaml))",
        ]
    )


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


def shrink(path: Path, stem: str) -> Path:
    """A copy of a picture for the page, small enough."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    out = PICTURES / f"{stem}.png"
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
