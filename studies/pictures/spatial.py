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
from studies.pictures.potential import metal_text

__all__ = ["RenderError", "compose_mesh", "compose_potential", "render"]

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

    texts = {x.name: metal_text(x, short=True) for x in dataset.layers}
    made, axes = _framed(dataset, view, texts)
    unit = units.scale(view["limits"], "potential")
    norm = Normalize(unit(float(view["limits"][0])), unit(float(view["limits"][1])))
    bar = made.add_axes((0.9, 0.2, 0.02, 0.6))
    mappable = ScalarMappable(norm=norm, cmap=style.colours(style.SEQUENTIAL))
    style.colour_bar(made, mappable, unit.label(f"{carrier} potential"), bar)
    lines = ""
    if int(view["lines"]):
        way = "upwards" if float(view["upward"]) > 0 else "downwards"
        lines = f"dark: lines of the {carrier} current ({way}), evenly spaced far from the openings"
    text = "cut open through the openings"
    axes.set_title(f"{lines}\n{text}" if lines else text, loc="left")
    return style.save(made, path, f"{carrier} potential; {lines}; {text}", _DPI)


def compose_mesh(dataset: Dataset, view: Mapping[str, Any], path: Path) -> Path:
    """The rendered mesh with names and lengths."""
    made, axes = _framed(dataset, view, {})
    cells = sum(len(layer.corners) for layer in dataset.layers)
    axes.set_title(f"{cells} tetrahedra, cut open", loc="left")
    return style.save(made, path, f"mesh: {cells} tetrahedra", _DPI)


def _framed(dataset: Dataset, view: Mapping[str, Any], texts: Mapping[str, str]) -> tuple[Any, Any]:
    """The picture without its white margins, with the names of the layers and the lengths of the sides."""
    image = view["image"]
    dark = np.argwhere((image < 250).any(axis=2))
    (top, left), (bottom, right) = dark.min(axis=0), dark.max(axis=0) + 1
    pad = 8
    top, left = max(top - pad, 0), max(left - pad, 0)
    image = image[top : bottom + pad, left : right + pad]
    width, margin = 0.62 * style.WIDTH, 0.24
    height = width * image.shape[0] / image.shape[1]
    total = height + 0.8
    made = style.figure(style.WIDTH, total)
    axes = made.add_axes((margin, 0.35 / total, width / style.WIDTH, height / total))
    axes.imshow(image, interpolation="antialiased")
    axes.set_axis_off()
    shift = np.array([left, top])
    for layer in dataset.layers:
        x, y = view[f"layer {layer.name}"] - shift
        words = layer.title.replace(" (", "\n(") + (f"\n{texts[layer.name]}" if texts.get(layer.name) else "")
        axes.annotate(words, (x, y), xytext=(-14, 0), textcoords="offset points", ha="right", va="center")
    if "void" in view:
        x, y = view["void"] - shift
        box = {"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
        line = {"arrowstyle": "-", "linewidth": 0.8, "shrinkB": 0}
        axes.annotate("void", (x, y), xytext=(-24, -22), textcoords="offset points", arrowprops=line, bbox=box)
    start, end, back = (view[key] - shift for key in ("width start", "width end", "depth end"))
    _side(axes, start, end, units.format(float(dataset.high[0] - dataset.low[0]), "length", 4))
    _side(axes, end, back, units.format(float(dataset.high[1] - dataset.low[1]), "length", 4))
    return made, axes


def _side(axes: Any, start: Any, end: Any, text: str) -> None:
    """The length of a side below its middle."""
    x, y = 0.5 * (start + end)
    axes.annotate(text, (x, y), xytext=(6, -10), textcoords="offset points", ha="left", va="top", annotation_clip=False)
