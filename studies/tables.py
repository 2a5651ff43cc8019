"""What commands print: results, mesh families, materials."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from studies import units
from studies.quantities import QUANTITIES

if TYPE_CHECKING:
    from fem.materials import Datum
    from studies.converge import Family
    from studies.results import QuantityValue, RefinementStep, Results

_WIDTH_OF_PIPES = 120


def console() -> Console:
    """Standard output; as wide as the terminal, or 120 columns into a file or pipe."""
    terminal = sys.stdout.isatty()
    return Console(width=None if terminal else _WIDTH_OF_PIPES, highlight=False, soft_wrap=False)


def value_text(value: float, dimension: str, error: float | None = None) -> tuple[str, str]:
    """A number with as many digits as its error bar allows, and its readable unit.

    Args:
        value: SI.
        dimension: key of `fem.dimensions.DIMENSIONS`.
        error: absolute error bar, SI.
    """
    known = error if error is not None and math.isfinite(error) else 0.0
    scale = units.scale([value, known], dimension)  # a value of zero within its bar is shown in the bar's unit
    number = scale(value)
    if error is None or not math.isfinite(error) or not math.isfinite(number):
        return f"{number:.6g}", scale.unit
    bar = abs(scale(1.0) - scale(0.0)) * error
    if bar <= abs(number) * 2e-9:
        return f"{number:.9g}", scale.unit
    decimals = max(0, 1 - math.floor(math.log10(bar) + 1e-9))
    if decimals > 12 or abs(number) >= 1e9:
        return f"{number:.6g} ± {bar:.1g}", scale.unit
    number = round(number, decimals) + 0.0  # no negative zero
    return f"{number:.{decimals}f} ± {bar:.{decimals}f}", scale.unit


def print_results(results: Results, folder: Path | None = None) -> None:
    """Quantities with error bars, balances, checks, size and cost of a run."""
    out = console()
    out.print(Text(results.study, style="bold"), Text(results.title))
    if results.quantities:
        out.print(_quantities(results.quantities))
    if results.refinement:
        out.print(_refinement(results))
    if results.balances:
        out.print(_balances(results))
    if results.checks:
        out.print(_checks(results))
    solver = results.solver
    seconds = solver.wall_seconds.get("total", sum(solver.wall_seconds.values()))
    parts = [f"{solver.dofs} unknowns"] if solver.dofs else []
    parts += [f"{solver.newton_iterations} Newton steps"] if solver.newton_iterations else []
    parts += [f"{solver.linear_iterations} linear iterations"] if solver.linear_iterations else []
    parts += [f"{seconds:.1f} s"] if seconds else []
    parts += [f"{solver.peak_memory_bytes / 2**20:.0f} MiB"] if solver.peak_memory_bytes else []
    parts += [f"{solver.ranks} ranks" if solver.ranks > 1 else "1 rank"]
    out.print(Text(", ".join(parts), style="dim"))
    for note in solver.notes:
        out.print(Text(f"note: {note}"))
    if folder is not None:
        out.print(Text(f"results in {folder}"))


def _quantities(quantities: Mapping[str, QuantityValue]) -> Table:
    table = _table("quantity", ">value", "unit", "error from")
    for label, q in quantities.items():
        spec = QUANTITIES.get(q.quantity or label)
        if spec is None:
            table.add_row(Text(label), f"{q.value:.6g}", Text(q.unit), q.error_kind or "")
            continue
        number, unit = value_text(q.value, spec.dimension, q.error)
        table.add_row(Text(label), number, Text(unit), q.error_kind or "")
    return table


def _refinement(results: Results) -> Table:
    """Value and error bar of every quantity on every mesh, unknowns across."""
    steps = results.refinement
    table = _table("refinement", "unit", *(f">{step.unknowns} unknowns" for step in _few(steps)))
    for label, q in results.quantities.items():
        spec = QUANTITIES.get(q.quantity or label)
        if spec is None:
            continue
        cells = [value_text(s.values[label], spec.dimension, s.errors.get(label)) for s in _few(steps)]
        table.add_row(Text(label), Text(cells[-1][1]), *(number for number, _ in cells))
    return table


def _few(steps: Sequence[RefinementStep], most: int = 5) -> list[RefinementStep]:
    """The first, the last and some steps between."""
    count = len(steps)
    return [steps[k] for k in sorted({round(j * (count - 1) / max(1, most - 1)) for j in range(most)})]


def _balances(results: Results) -> Table:
    table = _table("balance", ">left over", ">of", ">relative", "allowed", "")
    for name, balance in results.balances.items():
        table.add_row(
            Text(name),
            f"{balance.residual:.2e} {balance.unit}",
            f"{balance.scale:.4g} {balance.unit}",
            f"{balance.relative:.1e}",
            f"{balance.limit:.0e}",
            _verdict(balance.holds),
        )
    return table


def _checks(results: Results) -> Table:
    table = _table("check", ">value", ">expected", ">tolerance", "unit", "", "source")
    for check in results.checks:
        q = results.quantities.get(check.name)
        spec = QUANTITIES.get((q.quantity if q is not None else "") or check.name)
        scale = units.scale(check.expected or check.value, spec.dimension) if spec is not None else None
        number = scale if scale is not None else float
        width = f"{check.relative:.2g}" if check.relative is not None else f"{number(check.tolerance):.2g}"
        table.add_row(
            Text(check.name),
            f"{number(check.value):.8g}",
            f"{number(check.expected):.8g}",
            width + (" rel." if check.relative is not None else ""),
            Text(scale.unit if scale is not None else check.unit),
            _verdict(check.passed),
            Text(check.source),
        )
    return table


def print_facts(title: str, facts: Mapping[str, Any], folder: Path | None = None) -> None:
    """A list of names and values, such as those of a mesh."""
    out = console()
    out.print(Text(title, style="bold"))
    table = _table("", "")
    table.show_header = False
    for name, value in facts.items():
        table.add_row(Text(str(name)), Text(f"{value:.6g}" if isinstance(value, float) else str(value)))
    out.print(table)
    if folder is not None:
        out.print(Text(f"files in {folder}"))


def print_family(family: Family, folder: Path | None = None) -> None:
    """A mesh family: values, observed orders, extrapolated values with error bars."""
    out = console()
    out.print(Text(f"mesh family of {family.study}", style="bold"))
    sizes = [f">h x {scale:.3g}" for scale in family.scales]
    table = _table("quantity", "unit", *sizes, ">order", ">smooth", ">extrapolated", ">error bar")
    remarks = []
    for column in family.columns:
        scale = units.scale(column.values[-1], column.dimension)
        fit = column.fit
        table.add_row(
            Text(column.label),
            Text(scale.unit),
            *(f"{scale(v):.7g}" for v in column.values),
            "" if fit.order is None else f"{fit.order:.2f}",
            str(column.theory),
            "" if fit.limit is None else f"{scale(fit.limit):.8g}",
            f"{abs(scale(1.0) - scale(0.0)) * fit.error:.1e}",
        )
        if fit.remark:
            remarks.append(f"{column.label}: {fit.remark}")
    table.add_row("wall time", "s", *(f"{s:.1f}" for s in family.seconds), "", "", "", "")
    out.print(table)
    for remark in remarks:
        out.print(Text(remark))
    if folder is not None:
        out.print(Text(f"results in {folder}"))


def print_materials() -> None:
    """All materials of the library."""
    from fem import materials

    table = _table("material", "formula", "kind", "what")
    for name in materials.names():
        material = materials.load(name)
        table.add_row(Text(name), Text(material.formula), material.kind, Text(material.description))
    console().print(table)


def print_material(name: str) -> None:
    """One material: every value with unit, temperature, source, and doubt.

    Raises:
        InputError: unknown material.
    """
    from fem import materials
    from studies.errors import InputError

    try:
        material = materials.load(name)
    except materials.MaterialError as error:
        raise InputError.single(str(error), source="materials") from error
    out = console()
    out.print(Text(f"{material.name}  {material.formula}  ({material.kind})", style="bold"))
    out.print(Text(material.description))
    table = _table("property", ">value", "unit", "at", "trust", "source and doubt", lines=True)
    for key, datum in material.data.items():
        _add_datum(table, key, key, datum)
        for other in datum.alternatives:
            _add_datum(table, key, f"  or: {other.label}", other)
    out.print(table)


def _add_datum(table: Table, key: str, label: str, datum: Datum) -> None:
    from fem.materials import PROPERTIES

    number, unit = f"{datum.given:g}", datum.unit
    at = "" if datum.temperature is None else units.format(datum.temperature, "temperature", 4)
    about = [datum.source] if datum.source else []
    if datum.label is not None and not label.endswith(datum.label):
        about.insert(0, f"{datum.label}:")
    if datum.activation is not None:
        energy = units.format(datum.activation.energy, "molar energy", 4)
        about.append(f"activation energy {energy} ({datum.activation.form})")
    if datum.interval is not None:
        low, high = (units.format(x, PROPERTIES[key].dimension, 4) for x in datum.interval)
        about.append(f"reported {low} to {high}" + (f"; {datum.choice}" if datum.choice else ""))
    text = Text("\n".join(about))
    if datum.doubt:
        text.append(f"\ndoubt: {datum.doubt}", style="italic")
    table.add_row(Text(label), number, Text(unit), at, datum.provenance, text)


def _table(*columns: str, lines: bool = False) -> Table:
    table = Table(box=None, pad_edge=False, show_lines=lines, header_style="bold")
    for k, column in enumerate(columns):
        right = column.startswith(">")
        justify: Literal["left", "right"] = "right" if right else "left"
        table.add_column(column.removeprefix(">"), justify=justify, overflow="fold", no_wrap=k == 0)
    return table


def _verdict(good: bool) -> Text:
    return Text("holds", style="green") if good else Text("FAILS", style="bold red")
