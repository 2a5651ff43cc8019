"""Materials as people read them: a table on a terminal, lines of text in a file or a pipe."""

import re
from collections.abc import Iterable, Iterator
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from fem.materials import load, names
from fem.materials.material import Datum, Material
from fem.materials.properties import PROPERTIES, VARIABLES
from fem.units import ZERO_CELSIUS, from_si

_PRETTY = {"ohm": "Ω", "angstrom": "Å", "degC": "°C", "um": "µm", "*": " "}
_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def pretty_unit(unit: str) -> str:
    """Unit text as printed: ``ohm*cm^2`` -> ``Ω cm²``."""
    for plain, printed in _PRETTY.items():
        unit = unit.replace(plain, printed)
    return re.sub(r"\^(-?[0-9]+)(?![.0-9])", lambda m: m.group(1).translate(_SUPERSCRIPTS), unit)


def number(value: float) -> str:
    """Six significant digits, with an exponent where zeros would need counting: ``4.6e-4``."""
    if value != 0.0 and not 1e-2 <= abs(value) < 1e5:
        mantissa, exponent = f"{value:.5e}".split("e")
        return f"{float(mantissa):g}e{int(exponent)}"
    return f"{value:.6g}"


def value(datum: Datum) -> str:
    """The value as its source gives it, with its unit."""
    return f"{number(datum.given)} {pretty_unit(datum.unit)}".strip()


def temperature(datum: Datum) -> str:
    """Temperature of the value in degrees Celsius, or nothing."""
    return "" if datum.temperature is None else f"{datum.temperature - float(ZERO_CELSIUS):.4g} °C"


def notes(key: str, datum: Datum) -> Iterator[str]:
    """Everything that qualifies a value, one statement each: activation, range, doubt."""
    if datum.curve is not None and datum.variable is not None and datum.reference is not None:
        axis = VARIABLES[datum.variable]
        low, high, here = (
            number(from_si(x, axis.example, axis.dimension))
            for x in (datum.curve.low, datum.curve.high, datum.reference)
        )
        unit = f" {pretty_unit(axis.example)}" if axis.example else ""
        yield f"against {datum.variable}, known from {low} to {high}{unit}; the value is at {here}{unit}"
    if datum.activation is not None:
        energy = from_si(datum.activation.energy, "eV", "molar energy")
        form = "E_a" if datum.activation.form == "exponential" else "E_a of σT"
        yield f"{form} {energy:.4g} eV"
    if datum.interval is not None:
        dimension = PROPERTIES[key].dimension
        low, high = (number(from_si(end, datum.unit, dimension)) for end in datum.interval)
        yield f"range {low} to {high} {pretty_unit(datum.unit)}".strip() + (
            f" ({datum.choice})" if datum.choice else ""
        )
    if datum.doubt:
        yield f"doubt: {datum.doubt}"


class Listing:
    """A table on terminals, one line per row elsewhere; ``str()`` gives those lines."""

    def __init__(self, rich_table: Table, lines: Iterable[str]) -> None:
        self.rich_table = rich_table
        self.lines = tuple(lines)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if console.is_terminal:
            yield self.rich_table
        else:
            for line in self.lines:  # folded at the width that the caller's console assumes
                yield Text(line)

    def __str__(self) -> str:
        return "\n".join(self.lines)


def show(listing: Listing, file: TextIO | None = None) -> None:
    """Print to a terminal as a table, to anything else as unbroken lines without colour.

    Args:
        listing: what `table` or `summary` gave.
        file: default is standard output.
    """
    console = Console(file=file)
    if console.is_terminal:
        console.print(listing)
    else:
        console.file.write(f"{listing}\n")


def table(material: Material) -> Listing:
    """What the library knows of one material, sources and doubts included.

    Returns:
        A rich renderable; as text (``str`` or a console that is no terminal) one line per value and no boxes.
    """
    rich_table = Table(
        title=f"{material.name}  {material.formula}  ({material.kind})",
        caption=material.description,
        title_justify="left",
        caption_justify="left",
    )
    rich_table.add_column("property", no_wrap=True)
    rich_table.add_column("value", no_wrap=True)
    rich_table.add_column("T", no_wrap=True)
    rich_table.add_column("source, range, doubt", overflow="fold")
    for key, datum in _ordered(material):
        for each in (datum, *datum.alternatives):
            head = Text(key) if each is datum else Text("")
            if each.label is not None:
                head.append(f"  {each.label}", style="italic")
            said = Text(f"[{each.provenance}] {each.source}".strip())
            for note in notes(key, each):
                said.append(f"\n{note}", style="yellow" if note.startswith("doubt") else "")
            rich_table.add_row(head, value(each), temperature(each), said)
    return Listing(rich_table, _lines(material))


def summary(materials: Iterable[Material] | None = None) -> Listing:
    """One line per material: name, formula, kind, variants; by default of the whole library."""
    rich_table = Table()
    for heading in ("name", "formula", "kind", "values", "variants"):
        rich_table.add_column(heading, overflow="fold", no_wrap=heading == "name")
    lines = []
    for material in map(load, names()) if materials is None else materials:
        row = (
            material.name,
            material.formula,
            material.kind,
            str(len(material.data)),
            ", ".join(material.variants),
        )
        rich_table.add_row(*(Text(cell) for cell in row))
        lines.append("\t".join(row))
    return Listing(rich_table, lines)


def _lines(material: Material) -> Iterator[str]:
    yield f"{material.name}: {material.formula}, {material.kind}"
    yield material.description
    for key, datum in _ordered(material):
        for each in (datum, *datum.alternatives):
            label = f" [{each.label}]" if each.label is not None else ""
            at = f" at {temperature(each)}" if each.temperature is not None else ""
            source = f"{each.provenance}: {each.source or 'no source given'}"
            yield "; ".join([f"{key}{label} = {value(each)}{at}", source, *notes(key, each)])


def _ordered(material: Material) -> Iterator[tuple[str, Datum]]:
    """Data in the order of the catalogue, whatever the file's."""
    for key in PROPERTIES:
        if key in material.data:
            yield key, material.data[key]
