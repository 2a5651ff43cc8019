"""Layers in a plane: colours, lines, outlines and names in a view of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from studies.pictures import style
from studies.pictures.dataset import Dataset
from studies.pictures.labels import OUTSIDE, VOID, Placer, Tag
from studies.pictures.regions import Array, Layer, boundary
from studies.pictures.views import Panel, View

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_BOX = {"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
#: Triangles of a layer from which on quadratic cells are drawn as linear ones.
_MANY = 100_000
#: Height of a line of text and width of a letter, inches.
_LINE, _LETTER = 0.165, 0.075
#: Pixels per inch of the raster that names are placed on.
_PIXELS = 60
#: Points between two level lines below which they merge.
_MERGED = 1.2


@dataclass(frozen=True)
class Sheet:
    """A layer as triangles in a plane: of a 2-D model, or cut out of a 3-D one.

    Attributes:
        layer: what it is a picture of.
        points: (n, 2) m. triangles: (m, 3).
        nodes: name -> (n,) or (n, components).
        outline: (k, 2, 2) ends of the segments around it, m.
    """

    layer: Layer
    points: Floats
    triangles: Ints
    nodes: Mapping[str, Array]
    outline: Floats

    def areas(self) -> Floats:
        """(m,) areas of the triangles, m^2."""
        a, b, c = (self.points[self.triangles[:, k]] for k in range(3))
        u, v = b - a, c - a
        return np.asarray(0.5 * np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]))

    def weights(self, view: View) -> Floats:
        """(n,) share of the area in a view that belongs to every node, m^2."""
        middles = self.points[self.triangles].mean(axis=1)
        inside = view.contains(middles)
        third = np.where(inside, self.areas() / 3, 0.0)
        size = len(self.points)
        total = np.zeros(size)
        for column in self.triangles.T:
            total += np.bincount(column, third, size)
        return total


def sheet_of(layer: Layer, smooth: Sequence[str] = ()) -> Sheet:
    """A layer of a 2-D model.

    Args:
        layer: the layer.
        smooth: cell means to average to the nodes.
    """
    nodes = {**layer.nodes, **{n: layer.smooth(n) for n in smooth if n in layer.means}}
    ends = boundary(layer.corners)
    triangles = layer.cells if len(layer.cells) < _MANY else layer.corners
    return Sheet(layer, layer.points, triangles, nodes, layer.points[ends])


def fill_flat(panel: Panel, sheet: Sheet, colour: str = style.METAL) -> None:
    """A layer in one colour."""
    from matplotlib.colors import ListedColormap, Normalize

    fill_values(panel, sheet, np.zeros(len(sheet.points)), Normalize(0.0, 1.0), ListedColormap([colour] * 2))


def fill_values(panel: Panel, sheet: Sheet, values: Floats, norm: Any, cmap: Any) -> None:
    """A layer coloured by node values in the unit of the norm."""
    from matplotlib.tri import Triangulation

    points = sheet.points * panel.unit(1.0)
    triangles = sheet.triangles[_near(panel.view, sheet)]
    if not len(triangles):
        return
    mesh = Triangulation(points[:, 0], points[:, 1], triangles)
    panel.axes.tripcolor(mesh, values, shading="gouraud", norm=norm, cmap=cmap, zorder=1)


def level_lines(panel: Panel, sheet: Sheet, values: Floats, levels: Floats) -> None:
    """Thin white lines on which node values take the given levels, but where they would merge into an area."""
    if not np.any((levels > values.min()) & (levels < values.max())):
        return
    width, height = _inches(panel)
    apart = crowded(sheet, values, levels, (72 * width / panel.view.size[0], 72 * height / panel.view.size[1]))
    triangles = sheet.triangles[_near(panel.view, sheet) & ~apart]
    if not len(triangles):
        return
    points = sheet.points * panel.unit(1.0)
    panel.axes.tricontour(
        points[:, 0], points[:, 1], triangles, values, levels=levels, colors="white", linewidths=0.4, zorder=2
    )


def crowded(sheet: Sheet, values: Floats, levels: Floats, scale: tuple[float, float]) -> npt.NDArray[np.bool_]:
    """(m,) triangles in which level lines of node values would be closer than they are wide.

    Args:
        scale: points of the picture per metre, along both axes.
    """
    corners = sheet.points[sheet.triangles] * np.asarray(scale)
    u, v = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    a, b = (values[sheet.triangles[:, k]] - values[sheet.triangles[:, 0]] for k in (1, 2))
    twice = np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])
    slope = np.hypot(a * v[:, 1] - b * u[:, 1], b * u[:, 0] - a * v[:, 0])
    return np.asarray(slope * _MERGED > float(np.diff(levels).min()) * twice)


def outline(panel: Panel, sheet: Sheet) -> None:
    """A thin dark line around a layer."""
    from matplotlib.collections import LineCollection

    segments = sheet.outline * panel.unit(1.0)
    panel.axes.add_collection(LineCollection(list(segments), colors="#202020", linewidths=0.6, zorder=4), autolim=False)


@dataclass(frozen=True)
class Seam:
    """Lines in a plane that nothing passes: a slit, or a part of an interface without contact.

    Attributes:
        name: what to call it.
        kind: ``slit`` or ``gap``.
        segments: (k, 2, 2) ends, m.
    """

    name: str
    kind: str
    segments: Floats


def seams_of(dataset: Dataset) -> list[Seam]:
    """The slits and the parts without contact of a 2-D model."""
    return [
        Seam(x.name if x.kind == "slit" else "no contact", x.kind, x.corners)
        for x in dataset.surfaces
        if x.kind in ("slit", "gap")
    ]


def draw_seams(panel: Panel, seams: Sequence[Seam]) -> None:
    """Slits as thick dark lines, interfaces without contact as broken ones on white."""
    from matplotlib.collections import LineCollection

    for seam in seams:
        lines = _chained(seam.segments * panel.unit(1.0))
        if seam.kind == "slit":
            drawn = [LineCollection(lines, colors="black", linewidths=2.0, zorder=6, capstyle="round")]
        else:
            drawn = [
                LineCollection(lines, colors="white", linewidths=2.6, zorder=5),
                LineCollection(lines, colors="black", linewidths=1.2, linestyles=(0, (2, 1)), zorder=6),
            ]
        for collection in drawn:
            panel.axes.add_collection(collection, autolim=False)


def annotate(
    panel: Panel,
    dataset: Dataset,
    sheets: Sequence[Sheet],
    seams: Sequence[Seam],
    texts: Mapping[str, str],
    hole: str | None = None,
) -> list[str]:
    """Name the bodies that a view shows (with lines more, `texts` by body), every kind of hole and of seam.

    Args:
        hole: what to call all holes; None: what they are in the undeformed model.

    Returns:
        names for which there was no room.
    """
    owner, holes = _named_holes(panel, dataset, raster(panel, dataset, sheets, seams), hole)
    names = [b.name for b in dataset.bodies]
    placer = Placer(owner, [k for k, b in enumerate(dataset.bodies) if b.is_layer])
    tags = []
    for k, body in enumerate(dataset.bodies):
        if body.is_layer:
            if not np.any(owner == k):
                continue
            corner = "bottom" if np.any(owner[-1] == k) else "top"
            tags.append(Tag((*_lines_of(body.title, texts.get(body.name, "")), body.name), k, corner, short=True))
        else:
            at = _largest_piece(panel, owner.shape, [s for s in sheets if s.layer.body == body.name])
            if at is not None or np.any(owner == k):
                tags.append(Tag((*_lines_of(body.title, texts.get(body.name, "")), body.name), k, at=at, short=True))
    tags.sort(key=lambda tag: (tag.owner not in placer.ground, -int(np.sum(owner == tag.owner))))
    tags += [Tag((word,), number) for number, word in holes.items() if np.sum(owner == number) > 4]
    done = set[str]()
    for k, seam in enumerate(seams):
        if seam.name not in done and np.any(owner == len(names) + k):
            tags.append(Tag((seam.name,), len(names) + k, inside=False))
            done.add(seam.name)
    return _write(panel, placer, tags)


def _lines_of(title: str, text: str) -> tuple[str, ...]:
    more = (f"{title}, {text}",) if text and "\n" not in text else ()
    return (f"{title}\n{text}", *more, title) if text else (title,)


def _named_holes(panel: Panel, dataset: Dataset, owner: Ints, hole: str | None) -> tuple[Ints, dict[int, str]]:
    """What a view shows with a number for every kind of hole, and how each is called."""
    rows, columns = np.nonzero(owner == VOID)
    low, size = np.array(panel.view.low), np.array(panel.view.size)
    share = np.column_stack([(columns + 0.5) / owner.shape[1], 1 - (rows + 0.5) / owner.shape[0]])
    words = dataset.hole_words(low + share * size) if hole is None else np.full(len(rows), hole)
    numbers = {str(word): OUTSIDE - 1 - k for k, word in enumerate(np.unique(words))}
    named = owner.copy()
    for word, number in numbers.items():
        named[rows[words == word], columns[words == word]] = number
    return named, {number: word for word, number in numbers.items()}


def raster(panel: Panel, dataset: Dataset, sheets: Sequence[Sheet], seams: Sequence[Seam] = ()) -> Ints:
    """(rows, columns) what a view shows: the number of a body, `VOID`, or of a seam (after the bodies)."""
    from PIL import Image, ImageDraw

    width, height = (max(int(v * _PIXELS), 2) for v in _inches(panel))
    names = [b.name for b in dataset.bodies]
    image = Image.new("I", (width, height), VOID)
    pen = ImageDraw.Draw(image)
    for sheet in sorted(sheets, key=lambda s: s.layer.kind != "layer"):  # films are drawn last: they are thin
        number = names.index(sheet.layer.body)
        corners = _pixels(panel, (width, height), sheet.points[sheet.triangles[_near(panel.view, sheet)]])
        large = np.ptp(corners, axis=1).max(axis=1) > 1.0
        for triangle in corners[large]:
            pen.polygon([(float(x), float(y)) for x, y in triangle], fill=number)
        for x, y in corners[~large].mean(axis=1):
            pen.point((float(x), float(y)), fill=number)
    for k, seam in enumerate(seams):
        for start, end in _pixels(panel, (width, height), seam.segments):
            pen.line([(float(start[0]), float(start[1])), (float(end[0]), float(end[1]))], fill=len(names) + k)
    return np.asarray(image, dtype=np.int64)


def _pixels(panel: Panel, size: tuple[int, int], points: Floats) -> Floats:
    """Points (..., 2) in metres as (column, row)."""
    low, extent = np.array(panel.view.low), np.array(panel.view.size)
    share = (points - low) / extent
    return np.asarray(np.stack([share[..., 0] * size[0], (1 - share[..., 1]) * size[1]], axis=-1))


def _largest_piece(panel: Panel, shape: tuple[int, ...], sheets: Sequence[Sheet]) -> tuple[float, float] | None:
    """(column, row) of the middle of the largest triangle that a view shows of a body."""
    best, found = 0.0, None
    for sheet in sheets:
        middles, areas = sheet.points[sheet.triangles].mean(axis=1), sheet.areas()
        areas = np.where(panel.view.contains(middles), areas, 0.0)
        if len(areas) and areas.max() > best:
            best, point = float(areas.max()), middles[np.argmax(areas)]
            column, row = _pixels(panel, (shape[1], shape[0]), point)
            found = (float(column), float(row))
    return found


def _write(panel: Panel, placer: Placer, tags: Sequence[Tag]) -> list[str]:
    from matplotlib.patheffects import Normal, Stroke

    rows, columns = placer.owner.shape
    missing = []
    for tag in tags:
        placed = placer.place(tag, [_text_size(panel, text) for text in tag.texts])
        if placed is None:
            missing.append(tag.texts[-1])
            continue
        x, y = placed.middle
        where = (x / columns, 1 - y / rows)
        options = {"transform": panel.axes.transAxes, "ha": "center", "va": "center", "zorder": 8, "bbox": _BOX}
        if placed.tip is None:
            panel.axes.text(*where, placed.text, multialignment="left", **options)
            continue
        tip = (placed.tip[0] / columns, 1 - placed.tip[1] / rows)
        del options["transform"]
        made = panel.axes.annotate(
            placed.text,
            tip,
            xycoords="axes fraction",
            xytext=where,
            textcoords="axes fraction",
            multialignment="left",
            arrowprops={"arrowstyle": "-", "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0},
            **options,
        )
        made.arrow_patch.set_path_effects([Stroke(linewidth=2.0, foreground="white", alpha=0.8), Normal()])
    return missing


def _text_size(panel: Panel, text: str) -> tuple[int, int]:
    """Width and height in pixels of the raster of a name with its box."""
    made = panel.axes.get_figure()
    probe = made.text(0.0, 0.0, text)
    extent = probe.get_window_extent(made.canvas.get_renderer())
    probe.remove()
    scale = _PIXELS / made.dpi
    return int(extent.width * scale + 0.13 * _PIXELS), int(extent.height * scale + 0.12 * _PIXELS)


def label_overview(small: Panel, part: View, dataset: Dataset, texts: Mapping[str, str]) -> None:
    """Write names (and what is in `texts`) into the layers of the overview, beside the frame of the part."""
    width, inches = _inches(small)
    per_metre = inches / small.view.size[1]
    for body in (b for b in dataset.bodies if b.is_layer):
        bottom, top = float(body.low[-1]), float(body.high[-1])
        pieces = [(bottom, min(top, part.low[1])), (max(bottom, part.high[1]), top)]
        bottom, top = max(pieces, key=lambda piece: piece[1] - piece[0])
        room = (top - bottom) * per_metre
        lines = [body.name, *filter(None, [texts.get(body.name)])]
        longest = max(map(len, lines)) * _LETTER + 0.1
        turned = longest > width
        if turned and longest < room and width > _LINE * len(lines) + 0.1:
            rotation = 90
        elif not turned and room > _LINE * len(lines) + 0.08:
            rotation = 0
        elif not turned and room > _LINE + 0.08:
            rotation, lines = 0, lines[:1]
        else:
            continue
        x, y = 0.5 * (small.view.low[0] + small.view.high[0]), 0.5 * (bottom + top)
        at = (small.unit(x), small.unit(y))
        small.axes.text(*at, "\n".join(lines), ha="center", va="center", rotation=rotation, zorder=8, bbox=_BOX)


def _inches(panel: Panel) -> tuple[float, float]:
    """Width and height of the axes of a panel."""
    size, box = panel.axes.get_figure().get_size_inches(), panel.axes.get_position()
    return float(size[0] * box.width), float(size[1] * box.height)


def _chained(segments: Floats) -> list[Floats]:
    """Segments that follow each other as one line, so that a broken line style runs on."""
    ordered = segments[np.argsort(segments.min(axis=1)[:, 0], kind="stable")]
    turned = np.where((ordered[:, 0, 0] > ordered[:, 1, 0])[:, None, None], ordered[:, ::-1], ordered)
    lines: list[list[Floats]] = []
    for start, end in turned:
        if lines and np.array_equal(lines[-1][-1], start):
            lines[-1].append(end)
        else:
            lines.append([start, end])
    return [np.array(line) for line in lines]


def _near(view: View, sheet: Sheet) -> npt.NDArray[np.bool_]:
    """(m,) triangles that can be seen in a view."""
    corners = sheet.points[sheet.triangles]
    return np.asarray(
        np.all(corners.max(axis=1) >= view.low, axis=1) & np.all(corners.min(axis=1) <= view.high, axis=1)
    )
