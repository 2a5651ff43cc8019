"""Views in three dimensions, rendered by VTK in a process of its own.

Without a graphics library VTK ends the process that it runs in, and it writes to the terminal behind Python's
back: neither may happen to a study. `python -m studies.pictures.scene FOLDER STEP OUT` renders and writes OUT, an
.npz with pictures and with the places in them that text belongs to; `spatial` starts it and adds the text.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from studies.pictures import style
from studies.pictures.dataset import Dataset, Layer
from studies.pictures.section import cut_position, cut_sheet

Floats = npt.NDArray[np.float64]

PIXELS = (1200, 1200)
#: Current lines across the width of the model.
LINES = 9


class Scene:
    """The model cut open: solid behind the cut, in front of it only what bounds the openings, and the current.

    Lengths are in units of the largest extent of the model: VTK's tolerances suit those.
    """

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.size = float(np.max(dataset.high - dataset.low))
        self.cut = cut_position(dataset) / self.size
        self.floor = self._floor()

    def _floor(self) -> int | None:
        """Index of the equipotential layer at the busiest interface, which is shown whole; None without one."""
        names = [o.at for o in self.dataset.openings]
        if not names:
            return None
        pair = max(dict.fromkeys(names), key=names.count).split("|")
        for k, layer in enumerate(self.dataset.layers):
            if layer.name in pair and "resolved" not in layer.potentials.values():
                return k
        return None

    @property
    def upside_down(self) -> bool:
        """True when the layer that is shown whole is above its interface: it is then seen from below."""
        return self.floor is not None and self.floor > 0

    def grid(self, layer: Layer, smooth: Sequence[str] = ()) -> Any:
        """A layer for pyvista, divided for drawing, with its node values."""
        made = self.tetrahedra(layer.points, layer.cells)
        for name, values in layer.nodes.items():
            made.point_data[name] = np.asarray(values, dtype=float)
        for name in smooth:
            if name in layer.means:
                made.point_data[name] = layer.smooth(name)
        return made

    def tetrahedra(self, points: Floats, cells: npt.NDArray[np.int64]) -> Any:
        """Cells for pyvista, all turned the same way, so that normals of faces point outwards."""
        import pyvista

        corners = points[cells]
        left = np.linalg.det(corners[:, 1:] - corners[:, :1]) < 0
        turned = np.where(left[:, None], cells[:, [0, 2, 1, 3]], cells)
        table = np.hstack([np.full((len(cells), 1), 4), turned]).reshape(-1)
        return pyvista.UnstructuredGrid(table, np.full(len(cells), 10), points / self.size)

    def behind(self, grid: Any, crinkle: bool = False) -> Any:
        """The part of a grid behind the cut."""
        if crinkle:
            return grid.extract_cells(np.flatnonzero(grid.cell_centers().points[:, 1] > self.cut))
        return grid.clip(normal=(0, -1, 0), origin=(0, self.cut, 0))

    def camera(self, plotter: Any) -> None:
        """Look from the front, from the right and from above (or below), with parallel rays."""
        low, high = self.dataset.low / self.size, self.dataset.high / self.size
        middle = 0.5 * (low + high)
        way = np.array([0.5, -1.0, -0.7 if self.upside_down else 0.7])
        way /= np.linalg.norm(way)
        right = np.cross([0.0, 0.0, 1.0], way)
        right /= np.linalg.norm(right)
        up = np.cross(way, right)
        half = 0.5 * (high - low)
        tall, wide = float(np.abs(up) @ half), float(np.abs(right) @ half)
        plotter.camera_position = [tuple(middle + 3 * way), tuple(middle), (0, 0, 1)]
        plotter.enable_parallel_projection()
        plotter.camera.parallel_scale = 1.03 * max(tall, wide * PIXELS[1] / PIXELS[0])
        plotter.renderer.ResetCameraClippingRange()

    def places(self, plotter: Any) -> dict[str, Floats]:
        """Pixels (column, row from the top) of what text is written beside."""
        low, high = self.dataset.low / self.size, self.dataset.high / self.size
        points: dict[str, Any] = {
            "width start": (low[0], low[1], low[2]),
            "width end": (high[0], low[1], low[2]),
            "depth end": (high[0], high[1], low[2]),
        }
        for layer in self.dataset.layers:
            middle = 0.5 * float(layer.low[2] + layer.high[2]) / self.size
            points[f"layer {layer.name}"] = (low[0], self.cut, middle)
            if layer is self.dataset.layers[self.floor if self.floor is not None else -1]:
                points[f"layer {layer.name}"] = (low[0], low[1] if self.floor is not None else self.cut, middle)
        floor = self.dataset.layers[self.floor].name if self.floor is not None else None
        openings = [o for o in self.dataset.openings if floor in o.at.split("|") and not o.contact]
        front = sorted(openings, key=lambda o: (o.centre[1], -o.centre[0]))
        if front:
            o = front[0]
            level = self.dataset.level(o.at)
            points["void"] = np.array([o.centre[0], o.centre[1] - 0.5 * o.radius, level]) / self.size
        return {name: _pixel(plotter, np.array(p)) for name, p in points.items()}


def _pixel(plotter: Any, point: Floats) -> Floats:
    renderer = plotter.renderer
    renderer.SetWorldPoint(*point, 1.0)
    renderer.WorldToDisplay()
    x, y, _ = renderer.GetDisplayPoint()
    return np.array([x, PIXELS[1] - y])


def render_potential(dataset: Dataset, carrier: str) -> dict[str, Any]:
    """The potential on the cut, metals in grey, and current lines in front of the cut."""
    scene = Scene(dataset)
    name, current = f"{carrier}_potential", f"{carrier}_current_density"
    resolved = [x for x in dataset.layers if x.potentials.get(carrier) == "resolved"]
    values = np.concatenate([x.nodes[name] for x in resolved])
    limits = (float(values.min()), float(values.max()))
    plotter = _plotter()
    lines, upward = 0, 0.0
    for k, layer in enumerate(dataset.layers):
        grid = scene.grid(layer, (current,))
        shown = grid if k == scene.floor else scene.behind(grid)
        if layer in resolved:
            plotter.add_mesh(
                shown,
                scalars=name,
                clim=limits,
                cmap=style.colours(style.SEQUENTIAL),
                show_scalar_bar=False,
                lighting=False,
            )
            tubes, count = _tubes(scene, layer, grid, current)
            lines += count
            upward += float(layer.measures @ layer.means[current][:, 2])
            if count:
                plotter.add_mesh(tubes, color="#303030", smooth_shading=True, ambient=0.3)
        else:
            plotter.add_mesh(shown, color=style.METAL, ambient=0.55, diffuse=0.45)
    _edges(scene, plotter)
    scene.camera(plotter)
    return {
        "image": _shot(plotter),
        "limits": np.array(limits),
        "lines": lines,
        "upward": upward,
        **scene.places(plotter),
    }


def render_mesh(dataset: Dataset) -> dict[str, Any]:
    """The cells behind the cut, layers tinted."""
    scene = Scene(dataset)
    plotter = _plotter()
    for k, layer in enumerate(dataset.layers):
        grid = scene.tetrahedra(layer.points, layer.corners)
        tint = style.LAYER_TINTS[k % len(style.LAYER_TINTS)]
        shown = grid if k == scene.floor else scene.behind(grid, crinkle=True)
        surface = shown.extract_surface()
        width = 0.6 if surface.n_cells > 20_000 else 1.2
        plotter.add_mesh(
            surface, color=tint, show_edges=True, edge_color="#404040", line_width=width, ambient=0.5, diffuse=0.5
        )
    scene.camera(plotter)
    return {"image": _shot(plotter), **scene.places(plotter)}


def _tubes(scene: Scene, layer: Layer, grid: Any, current: str) -> tuple[Any, int]:
    """Current lines in front of the cut, from points evenly spaced far from the openings."""
    import pyvista

    dataset = scene.dataset
    low, high = dataset.low / scene.size, dataset.high / scene.size
    bottom, top = float(layer.low[2]) / scene.size, float(layer.high[2]) / scene.size
    near_top = scene.floor is not None and not scene.upside_down
    level = top - 0.01 * (top - bottom) if near_top else bottom + 0.01 * (top - bottom)
    step = float(high[0] - low[0]) / LINES
    rows = max(1, round((scene.cut - float(low[1])) / step))
    x = low[0] + (np.arange(LINES) + 0.5) * step
    y = low[1] + (np.arange(rows) + 0.5) * (scene.cut - low[1]) / rows
    seeds = np.array([(a, b, level) for b in y for a in x])
    lines = grid.streamlines_from_source(
        pyvista.PolyData(seeds),
        vectors=current,
        integration_direction="both",
        initial_step_length=0.2,
        max_step_length=0.5,
        terminal_speed=0.0,
        max_length=20.0,
        max_steps=20_000,
    )
    if lines.n_points == 0:
        return None, 0
    return lines.tube(radius=0.0035, n_sides=12), len(seeds)


def _edges(scene: Scene, plotter: Any) -> None:
    """Outlines of the layers as they are shown, and the rims of the openings."""
    import pyvista

    dataset = scene.dataset
    segments = []
    for k, layer in enumerate(dataset.layers):
        low, high = layer.low.copy(), layer.high
        if k != scene.floor:
            low[1] = scene.cut * scene.size
            segments += list(_lifted(cut_sheet(layer, low[1]).outline, low[1]))
        segments += _box(low, high)
    for opening in dataset.openings:
        turn = np.linspace(0.0, 2 * np.pi, 97)
        x = opening.centre[0] + opening.radius * np.cos(turn)
        y = opening.centre[1] + opening.radius * np.sin(turn)
        rim = np.column_stack([x, y, np.full_like(x, dataset.level(opening.at))])
        segments += list(np.stack([rim[:-1], rim[1:]], axis=1))
    ends = np.asarray(segments)
    inside = np.all((ends >= dataset.low - 1e-12) & (ends <= dataset.high + 1e-12), axis=(1, 2))
    ends = ends[inside].reshape(-1, 3) / scene.size
    table = np.column_stack([np.full(len(ends) // 2, 2), np.arange(len(ends)).reshape(-1, 2)]).reshape(-1)
    plotter.add_mesh(pyvista.PolyData(ends, lines=table), color="#202020", line_width=1.6, lighting=False)


def _lifted(segments: Floats, y: float) -> Floats:
    """Segments (k, 2, 2) of (x, z) in the plane y as (k, 2, 3)."""
    return np.stack([segments[:, :, 0], np.full(segments.shape[:2], y), segments[:, :, 1]], axis=2)


def _box(low: Floats, high: Floats) -> list[Floats]:
    """The 12 edges of a box, (2, 3) each."""
    corners = np.array([[(low, high)[b >> k & 1][k] for k in range(3)] for b in range(8)])
    pairs = [(a, a | 1 << k) for a in range(8) for k in range(3) if not a >> k & 1]
    return [corners[list(pair)] for pair in pairs]


def _plotter() -> Any:
    import pyvista

    plotter = pyvista.Plotter(off_screen=True, window_size=list(PIXELS), lighting="light kit")
    plotter.set_background("white")
    return plotter


def _shot(plotter: Any) -> npt.NDArray[np.uint8]:
    plotter.enable_anti_aliasing("ssaa")
    image = np.asarray(plotter.screenshot(return_img=True), dtype=np.uint8)
    return image[:, :, :3]


def main(arguments: Sequence[str]) -> int:
    """Render what `arguments` (folder, step, file to write, names) ask for."""
    folder, step, out, *names = arguments
    dataset = Dataset(Path(folder), int(step))
    found: dict[str, Any] = {}
    for name in names:
        kind, _, carrier = name.partition(":")
        made = render_mesh(dataset) if kind == "mesh" else render_potential(dataset, carrier)
        found |= {f"{name}/{key}": value for key, value in made.items()}
    np.savez(out, **found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
