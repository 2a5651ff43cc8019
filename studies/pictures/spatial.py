"""Pictures of models in three dimensions: starts the renderer, adds text and colour bars to what it made."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from studies import units
from studies.pictures import style
from studies.pictures.dataset import Dataset
from studies.pictures.labels import deepest
from studies.pictures.potential import metal_text
from studies.pictures.regions import Body
from studies.pictures.views import View, unseen

__all__ = ["RenderError", "compose_mesh", "compose_potential", "render"]

_COARSE = 4  # see `studies.pictures.scene`
_LINE = 13.5  # height of a line of text in points, with what is between lines
_DPI = 200  # of pictures with a rendered view
_PATIENCE = 120.0  # seconds for all views of a study
#: Variables by which a process believes that it is a rank of an MPI job.
_RANK_VARIABLES = ("OMPI_", "PMIX_", "PMI_", "PRTE_", "MPI_", "SLURM_", "HYDRA_")


class RenderError(Exception):
    """Nothing could be rendered; the message says why."""


def render(dataset: Dataset, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Render views (``potential:<carrier>``, ``mesh``) in a process of its own.

    Raises:
        RenderError: there is no off-screen rendering here, or it failed.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith(_RANK_VARIABLES)}
    environment.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
    root = str(Path(__file__).resolve().parents[2])
    environment["PYTHONPATH"] = os.pathsep.join([root, *filter(None, [environment.get("PYTHONPATH")])])
    steps = dataset.contents["steps"]
    step = next(k for k, entry in enumerate(steps) if entry is dataset.step)
    with tempfile.TemporaryDirectory(prefix="ssbfem-pictures-") as folder:
        out = Path(folder) / "views.npz"
        command = [sys.executable, "-m", "studies.pictures.scene", str(dataset.folder), str(step), str(out), *names]
        try:
            done = subprocess.run(
                command, env=environment, capture_output=True, timeout=_PATIENCE, check=False, stdin=subprocess.DEVNULL
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise RenderError(str(error)) from error
        if done.returncode != 0 or not out.exists():
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            reason = f"signal {-done.returncode}" if done.returncode < 0 else (lines or ["no message"])[-1]
            raise RenderError(f"off-screen rendering failed ({reason})")
        views: dict[str, dict[str, Any]] = {}
        with np.load(out) as arrays:
            for key in arrays.files:
                name, _, item = key.partition("/")
                views.setdefault(name, {})[item] = arrays[key]
        return views


def compose_potential(dataset: Dataset, view: Mapping[str, Any], carrier: str, path: Path) -> Path:
    """The rendered potential with names, lengths and a colour bar."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    texts = {body.name: metal_text(body, short=True) for body in dataset.bodies}
    where = str(view["where"])
    lines = ""
    if int(view["lines"]):
        way = "upwards" if float(view["upward"]) > 0 else "downwards"
        lines = f"dark: direction of the {carrier} current in the plane of the cut ({way})"
    made, _ = _framed(dataset, view, texts, [*filter(None, [lines]), where, *filter(None, [_thin(dataset)])])
    unit = units.scale(view["limits"], "potential")
    norm = Normalize(unit(float(view["limits"][0])), unit(float(view["limits"][1])))
    bar = made.add_axes((0.9, 0.2, 0.02, 0.6))
    mappable = ScalarMappable(norm=norm, cmap=style.colours(style.SEQUENTIAL))
    style.colour_bar(made, mappable, unit.label(f"{carrier} potential"), bar)
    return style.save(made, path, "; ".join([f"{carrier} potential", *filter(None, [lines]), where]), _DPI)


def compose_mesh(dataset: Dataset, view: Mapping[str, Any], path: Path) -> Path:
    """The rendered mesh with names and lengths."""
    cells = sum(len(layer.corners) for layer in dataset.layers)
    text, where = f"{cells} tetrahedra", str(view["where"])
    made, _ = _framed(dataset, view, {}, [f"{text}, {where}", *filter(None, [_thin(dataset)])])
    return style.save(made, path, f"mesh: {text}; {where}", _DPI)


def _framed(
    dataset: Dataset, view: Mapping[str, Any], texts: Mapping[str, str], notes: Sequence[str]
) -> tuple[Any, Any]:
    """The picture without its white margins, with sentences above, names of the bodies and lengths of the sides."""
    image = view["image"]
    dark = np.argwhere((image < 250).any(axis=2))
    (top, left), (bottom, right) = dark.min(axis=0), dark.max(axis=0) + 1
    pad = 8
    top, left = max(top - pad, 0), max(left - pad, 0)
    image = image[top : bottom + pad, left : right + pad]
    width, margin = 0.58 * style.WIDTH, 0.28
    height = width * image.shape[0] / image.shape[1]
    made = style.figure(style.WIDTH, height)
    words = style.wrapped(made, notes, style.WIDTH - 0.16)
    total = height + 0.5 + 0.17 * (words.count("\n") + 1)
    made.set_size_inches(style.WIDTH, total)
    axes = made.add_axes((margin, 0.38 / total, width / style.WIDTH, height / total))
    axes.imshow(image, interpolation="antialiased")
    axes.set_axis_off()
    made.text(0.08 / style.WIDTH, 1 - 0.05 / total, words, ha="left", va="top")
    shift = np.array([left, top])
    _name_bodies(axes, dataset, view, texts, shift, image.shape[0] / (height * 72))
    for key in view:
        if key.startswith("mark "):
            x, y = view[key] - shift
            box = {"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
            line = {"arrowstyle": "-", "linewidth": 0.8, "shrinkB": 0}
            text = key.removeprefix("mark ")
            axes.annotate(text, (x, y), xytext=(-24, -22), textcoords="offset points", arrowprops=line, bbox=box)
    start, end = (view[key] - shift for key in ("width start", "width end"))
    front, back = (view[key] - shift for key in ("depth start", "depth end"))
    _side(axes, start, end, units.format(float(dataset.high[0] - dataset.low[0]), "length", 4))
    depth, seen = float(dataset.high[1] - dataset.low[1]), float(view["depth"])
    whole = units.format(depth, "length", 4)
    cut = f"{units.format(float(f'{seen:.3g}'), 'length', 3)} of {whole}" if seen < 0.999 * depth else whole
    _side(axes, front, back, cut)
    return made, axes


def _name_bodies(
    axes: Any, dataset: Dataset, view: Mapping[str, Any], texts: Mapping[str, str], shift: Any, point: float
) -> None:
    """Names in a column at the left, none over another, with lines to what is not at the same height there.

    Args:
        axes: that show the picture. dataset: the model. view: what was rendered. texts: body -> more lines.
        shift: (2,) pixels that were cut off at the left and at the top. point: pixels in a typographic point.
    """
    body_of = np.array([*(dataset.bodies.index(_body(dataset, x.body)) for x in dataset.layers), -1])
    owner = body_of[np.asarray(view["owner"], dtype=int)]
    items: list[tuple[str, Any, bool]] = []
    for number, body in enumerate(dataset.bodies):
        seen = owner == number
        tip, at_edge = None, False
        if f"body {body.name}" in view and body.is_layer and _sees(seen, view[f"body {body.name}"]):
            tip, at_edge = view[f"body {body.name}"], True
        elif seen.any():
            at_edge = body.is_layer and len(body.parts) > 1
            tip = (_leftmost(seen) if at_edge else deepest(seen)) * _COARSE
        words = body.title.replace(" (", "\n(") + (f"\n{texts[body.name]}" if texts.get(body.name) else "")
        if tip is None:
            words += "\n(not in the cut)"
        items.append((words, None if tip is None else tip - shift, at_edge))
    known = sorted((x for x in items if x[1] is not None), key=lambda x: float(x[1][1]))
    known += [x for x in items if x[1] is None]
    tall = [_LINE * (words.count("\n") + 1) * point for words, _, _ in known]
    lowest = max((float(x[1][1]) for x in known if x[1] is not None), default=0.0)
    wanted = [lowest if tip is None else float(tip[1]) for _, tip, _ in known]
    for (words, tip, at_edge), middle, wish in zip(known, spread(wanted, tall), wanted, strict=True):
        left = min([-14 * point, *([float(tip[0]) - 14 * point] if tip is not None and at_edge else [])])
        options = {"ha": "right", "va": "center", "annotation_clip": False}
        if tip is None or (at_edge and abs(middle - wish) < 2 * point):
            x = left if tip is None else float(tip[0]) - 14 * point
            axes.annotate(words, (x, middle), **options)
            continue
        line = {"arrowstyle": "-", "linewidth": 0.8, "shrinkA": 1, "shrinkB": 0, "relpos": (1.0, 0.5)}
        axes.annotate(words, (float(tip[0]), float(tip[1])), xytext=(left, middle), arrowprops=line, **options)
        axes.plot(*tip, marker="o", markersize=2.5, color="black")


def _thin(dataset: Dataset) -> str:
    """What is too thin to be seen."""
    low, high = dataset.low, dataset.high
    return unseen(dataset, View((float(low[0]), float(low[2])), (float(high[0]), float(high[2]))))


def spread(wanted: Sequence[float], tall: Sequence[float]) -> list[float]:
    """Middles of boxes of given heights in the order given, as near to what is wanted as they do not overlap."""
    # runs of boxes that touch move together to the mean of what they want
    runs: list[tuple[float, float, list[int]]] = []
    for k, (wish, height) in enumerate(zip(wanted, tall, strict=True)):
        start, size, members = wish - 0.5 * height, height, [k]
        while runs and runs[-1][0] + runs[-1][1] > start:
            before, length, others = runs.pop()
            weight = len(others) / (len(others) + len(members))
            start = weight * before + (1 - weight) * (start - length)
            size, members = length + size, [*others, *members]
        runs.append((start, size, members))
    middles = [0.0] * len(wanted)
    for start, _, members in runs:
        for k in members:
            middles[k] = start + 0.5 * tall[k]
            start += tall[k]
    return middles


def _body(dataset: Dataset, name: str) -> Body:
    return next(b for b in dataset.bodies if b.name == name)


def _sees(seen: Any, point: Any) -> bool:
    """Whether a mask of the picture reaches a point (column, row) on the left edge of the model."""
    column, row = (int(v) // _COARSE for v in point)
    return bool(seen[max(row - 1, 0) : row + 3, max(column - 1, 0) : column + 4].any())


def _leftmost(seen: Any) -> Any:
    """(column, row) of the middle of the left edge of a mask."""
    column = int(np.argmax(seen.any(axis=0)))
    return np.array([float(column), float(np.mean(np.flatnonzero(seen[:, column])))])


def _side(axes: Any, start: Any, end: Any, text: str) -> None:
    """The length of a side below its middle: outside of the model where it falls to the right in the picture."""
    x, y = 0.5 * (start + end)
    steep = abs(end[1] - start[1]) > 0.6 * abs(end[0] - start[0])
    left = bool(steep and (end[1] - start[1]) * (end[0] - start[0]) > 0)
    options = {"ha": "right" if left else "left", "va": "top", "annotation_clip": False}
    axes.annotate(text, (x, y), xytext=(-6 if left else 6, -10), textcoords="offset points", **options)
