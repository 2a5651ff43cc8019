"""Views in three dimensions, rendered by VTK in a process of its own.

Without a graphics library VTK ends the process that it runs in, and it writes to the terminal behind Python's
back: neither may happen to a study. `python -m studies.pictures.scene FOLDER STEP OUT` renders and writes OUT, an
.npz with pictures and with the places in them that text belongs to; `spatial` starts it and adds the text.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from studies.pictures import style
from studies.pictures.dataset import Dataset
from studies.pictures.outlines import lifted, outlines
from studies.pictures.potential import groups
from studies.pictures.regions import Layer
from studies.pictures.section import cut_place, cut_seams
from studies.pictures.section_lines import lines_of, probed

Floats = npt.NDArray[np.float64]

PIXELS = (1200, 1200)
#: Every so many pixels of a picture it is known which region is seen.
COARSE = 4
#: Points along the largest extent of a cut at which the current is looked up.
_PROBES = 240
#: Current lines across the width of the model.
LINES = 9


class Scene:
    """The model cut open: solid behind the cut, in front of it only what bounds the openings, and the current.

    Lengths are in units of the largest extent of the model: VTK's tolerances suit those.
    """

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.size = float(np.max(dataset.high - dataset.low))
        self.position, self.where = cut_place(dataset)
        self.cut = self.position / self.size
        self.floor = self._floor()

    def _floor(self) -> int | None:
        """Index of the equipotential layer at the busiest interface, which is shown whole; None without one."""
        names = [o.at for o in self.dataset.openings]
        if not names:
            return None
        pair = max(dict.fromkeys(names), key=names.count).split("|")
        for k, layer in enumerate(self.dataset.layers):
            if layer.name in pair and layer.kind == "layer" and "resolved" not in layer.potentials.values():
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

    @property
    def way(self) -> Floats:
        """(3,) direction from the model to the eye: from the front, from the right, from above or below."""
        way = np.array([0.5, -1.0, -0.7 if self.upside_down else 0.7])
        return np.asarray(way / np.linalg.norm(way))

    def camera(self, plotter: Any) -> None:
        """Look from the front, from the right and from above (or below), with parallel rays."""
        low, high = self.dataset.low / self.size, self.dataset.high / self.size
        middle = 0.5 * (low + high)
        way = self.way
        right = np.cross([0.0, 0.0, 1.0], way)
        right /= np.linalg.norm(right)
        up = np.cross(way, right)
        half = 0.5 * (high - low)
        tall, wide = float(np.abs(up) @ half), float(np.abs(right) @ half)
        plotter.camera_position = [tuple(middle + 3 * way), tuple(middle), (0, 0, 1)]
        plotter.enable_parallel_projection()
        plotter.camera.parallel_scale = 1.03 * max(tall, wide * PIXELS[1] / PIXELS[0])
        plotter.renderer.ResetCameraClippingRange()

    def places(self, plotter: Any) -> dict[str, Any]:
        """Pixels (column, row from the top) of what text is written beside, and where the cut is."""
        low, high = self.dataset.low / self.size, self.dataset.high / self.size
        lowest = self.dataset.layers[0]
        front = low[1] if self.floor is not None and self.dataset.layers[self.floor] is lowest else self.cut
        points: dict[str, Any] = {
            "width start": (low[0], front, low[2]),
            "width end": (high[0], front, low[2]),
            "depth start": (high[0], front, low[2]),
            "depth end": (high[0], high[1], low[2]),
        }
        if self.upside_down:  # the sides behind are the lower ones in the picture
            points |= {"width start": (low[0], high[1], low[2]), "width end": (high[0], high[1], low[2])}
            points |= {"depth start": (low[0], front, low[2]), "depth end": (low[0], high[1], low[2])}
        for layer in (x for x in self.dataset.layers if x.kind == "layer" and x.name == x.body):
            middle = 0.5 * float(layer.low[2] + layer.high[2]) / self.size
            whole = self.floor is not None and layer is self.dataset.layers[self.floor]
            points[f"body {layer.body}"] = (low[0], low[1] if whole else self.cut, middle)
        void = self._void()
        if void is not None:
            points["mark void"] = void / self.size
        for seam in cut_seams(self.dataset, self.position):
            middles = seam.segments.mean(axis=1)
            x, z = middles[np.argmin(((middles - middles.mean(axis=0)) ** 2).sum(axis=1))]
            points[f"mark {seam.name}"] = np.array([x, self.position, z]) / self.size
        found: dict[str, Any] = {name: _pixel(plotter, np.array(p)) for name, p in points.items()}
        return {**found, "where": self.where, "depth": (high[1] - front) * self.size}

    def _void(self) -> Floats | None:
        """A point in metres in the hollow of a void that can be seen; None without one."""
        if not any(x.kind == "void" for x in self.dataset.surfaces):
            return None
        floor = self.dataset.layers[self.floor].name if self.floor is not None else ""
        for o in sorted(self.dataset.openings, key=lambda o: (o.centre[1], -o.centre[0])):
            if o.contact or o.shape == "slit":
                continue
            if floor in o.at.split("|"):
                return np.array([o.centre[0], o.centre[1] - 0.5 * o.radius, o.level])
            if not floor and abs(o.centre[1] - self.position) < 0.5 * o.radius:
                return np.array([o.centre[0], self.position, o.level + 0.5 * (o.above - o.below)])
        return None

    def owner(self, solids: Sequence[tuple[int, Any]]) -> npt.NDArray[np.int16]:
        """(rows, columns) number of the region that is seen in every `COARSE`th pixel, -1 where there is none.

        Args:
            solids: number and grid of everything that is shown.
        """
        plotter = _plotter()
        for number, grid in solids:
            if grid.n_cells:
                plotter.add_mesh(grid, color=[*divmod(number + 1, 256), 128], lighting=False)
        self.camera(plotter)
        plotter.disable_anti_aliasing()
        image = np.asarray(plotter.screenshot(return_img=True), dtype=np.int16)[::COARSE, ::COARSE, :3]
        seen = image[:, :, 0] * 256 + image[:, :, 1] - 1
        return np.where((image[:, :, 2] == 128) & (seen < len(self.dataset.layers)), seen, -1).astype(np.int16)


def _pixel(plotter: Any, point: Floats) -> Floats:
    renderer = plotter.renderer
    renderer.SetWorldPoint(*point, 1.0)
    renderer.WorldToDisplay()
    x, y, _ = renderer.GetDisplayPoint()
    return np.array([x, PIXELS[1] - y])


def render_potential(dataset: Dataset, carrier: str) -> dict[str, Any]:
    """The potential on the cut, metals in grey, and lines of the current in the plane of the cut."""
    scene = Scene(dataset)
    name, current = f"{carrier}_potential", f"{carrier}_current_density"
    resolved = [x for x in dataset.layers if x.potentials.get(carrier) == "resolved"]
    values = np.concatenate([x.nodes[name] for x in resolved])
    limits = (float(values.min()), float(values.max()))
    plotter = _plotter()
    upward = 0.0
    grids, solids = {}, []
    for k, layer in enumerate(dataset.layers):
        grid = scene.grid(layer, (current,))
        shown = grid if k == scene.floor else scene.behind(grid)
        solids.append((k, shown))
        if not shown.n_cells:
            continue
        if layer in resolved:
            plotter.add_mesh(
                shown,
                scalars=name,
                clim=limits,
                cmap=style.colours(style.SEQUENTIAL),
                show_scalar_bar=False,
                lighting=False,
            )
            upward += float(layer.measures @ layer.means[current][:, 2])
            grids[layer.name] = grid
        else:
            plotter.add_mesh(shown, color=style.METAL, ambient=0.55, diffuse=0.45)
    lines = _current_lines(scene, plotter, grids, carrier)
    _edges(scene, plotter)
    scene.camera(plotter)
    return {
        "image": _shot(plotter),
        "owner": scene.owner(solids),
        "limits": np.array(limits),
        "lines": lines,
        "upward": upward,
        **scene.places(plotter),
    }


def render_mesh(dataset: Dataset) -> dict[str, Any]:
    """The cells behind the cut, bodies tinted."""
    scene = Scene(dataset)
    plotter = _plotter()
    tints = {body.name: style.LAYER_TINTS[k % len(style.LAYER_TINTS)] for k, body in enumerate(dataset.bodies)}
    solids = []
    for k, layer in enumerate(dataset.layers):
        grid = scene.tetrahedra(layer.points, layer.corners)
        tint = tints[layer.body]
        shown = grid if k == scene.floor else scene.behind(grid, crinkle=True)
        solids.append((k, shown))
        if not shown.n_cells:
            continue
        surface = shown.extract_surface()
        width = 0.6 if surface.n_cells > 20_000 else 1.2
        plotter.add_mesh(
            surface, color=tint, show_edges=True, edge_color="#404040", line_width=width, ambient=0.5, diffuse=0.5
        )
    scene.camera(plotter)
    return {"image": _shot(plotter), "owner": scene.owner(solids), **scene.places(plotter)}


def _current_lines(scene: Scene, plotter: Any, grids: Mapping[str, Any], carrier: str) -> int:
    """Draw the lines of the current on the cut, of every conductor by itself; how many."""
    import pyvista

    count = 0
    up = scene.floor is not None and not scene.upside_down
    slits = [x.segments for x in cut_seams(scene.dataset, scene.position) if x.kind == "slit"]
    walls = np.concatenate([np.empty((0, 2, 2)), *slits]) / scene.size
    for group in groups(scene.dataset, carrier):
        field = probed(
            [grids[x.name] for x in group if x.name in grids], f"{carrier}_current_density", scene.cut, _PROBES
        )
        for line in lines_of(field, LINES, up, walls):
            points = np.column_stack([line[:, 0], np.full(len(line), scene.cut), line[:, 1]])
            tube = pyvista.lines_from_points(points).tube(radius=0.003, n_sides=12)
            plotter.add_mesh(tube, color="#303030", ambient=0.3)
            count += 1
    return count


def _edges(scene: Scene, plotter: Any) -> None:
    """Outlines of the regions as they are shown, the rims of the openings in what is shown whole, and slits."""
    import pyvista

    dataset = scene.dataset
    segments = [outlines(dataset, scene.position, scene.floor)]
    if scene.floor is not None:
        for opening in (o for o in dataset.openings if o.at.count(dataset.layers[scene.floor].name)):
            turn = np.linspace(0.0, 2 * np.pi, 97)
            x = opening.centre[0] + opening.radius * np.cos(turn)
            y = opening.centre[1] + opening.radius * np.sin(turn)
            rim = np.column_stack([x, y, np.full_like(x, opening.level)])
            ends = np.stack([rim[:-1], rim[1:]], axis=1)
            inside = np.all((ends >= dataset.low - 1e-12) & (ends <= dataset.high + 1e-12), axis=(1, 2))
            segments.append(ends[inside])
    seams = [lifted(seam.segments, scene.position) for seam in cut_seams(dataset, scene.position)]
    for parts, colour, width in ((segments, "#202020", 1.6), (seams, "black", 4.5)):
        ends = np.concatenate([np.empty((0, 2, 3)), *parts]).reshape(-1, 3) / scene.size
        ends = ends + 1e-3 * scene.way  # lines lie in front of the faces that they bound
        if len(ends):
            table = np.column_stack([np.full(len(ends) // 2, 2), np.arange(len(ends)).reshape(-1, 2)]).reshape(-1)
            plotter.add_mesh(pyvista.PolyData(ends, lines=table), color=colour, line_width=width, lighting=False)


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
