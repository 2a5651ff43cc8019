"""The fields folder of a run, read back on one process as plain arrays. Needs neither VTK nor dolfinx."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fem.output.vtu import Grid, read_vtu
from meshes.features.base import Opening as Footprint
from studies.pictures.regions import Array, Body, Floats, Ints, Layer

__all__ = ["Dataset", "DatasetError", "Interface", "Opening", "Surface"]


#: Linear simplices into which a quadratic one is divided for drawing, by the number of its nodes.
_PARTS: dict[int, tuple[tuple[int, ...], ...]] = {
    3: ((0, 2), (2, 1)),
    6: ((0, 3, 5), (3, 1, 4), (5, 4, 2), (3, 4, 5)),
    10: (
        (0, 4, 6, 7),
        (4, 1, 5, 8),
        (6, 5, 2, 9),
        (7, 8, 9, 3),
        (4, 6, 7, 8),
        (4, 5, 6, 8),
        (6, 7, 8, 9),
        (5, 6, 9, 8),
    ),
}


class DatasetError(Exception):
    """The folder holds no fields that could be drawn; the message says why."""


@dataclass(frozen=True)
class Opening(Footprint):
    """Footprint of a void or contact spot; lengths in metres.

    Attributes:
        level: height of its interface, as drawn: where that is moved afterwards, the height about which it is.
    """

    level: float = 0.0

    @property
    def contact(self) -> bool:
        """True for a contact spot: current passes within the radius only."""
        return self.solid


@dataclass(frozen=True)
class Surface:
    """Facets that nothing passes.

    Attributes:
        name: ``void|a``, ``a|b:gap``, or that of a slit.
        kind: ``void``, ``gap`` or ``slit``.
        corners: (n, corners, gdim) m.
    """

    name: str
    kind: str
    corners: Floats


@dataclass(frozen=True)
class Interface:
    """Table of an interface: facet means (see `fem.output.profiles.Profile`).

    Attributes:
        name: ``a|b``: regions of the mesh, or bodies where it is joined of several (`studies.pictures.joined`).
        points: (n, gdim). corners: (n, corners, gdim). area: (n,).
        values: name -> (n,), SI; NaN where a part of the interface does not have it.
        meaning: name -> what it is, with its sign.
    """

    name: str
    points: Floats
    corners: Floats
    area: Floats
    values: Mapping[str, Floats]
    meaning: Mapping[str, str]


class Dataset:
    """One operating point of a fields folder.

    Args:
        folder: the folder with fields.json.
        step: index of the operating point; -1: the last one.

    Raises:
        DatasetError: nothing readable there.
    """

    def __init__(self, folder: Path, step: int = -1) -> None:
        self.folder = Path(folder)
        try:
            self.contents = json.loads((self.folder / "fields.json").read_text(encoding="utf-8"))
            self.step = self.contents["steps"][step]
            self.dimension: str = self.contents["dimension"]
            self.axes: tuple[str, ...] = tuple(self.contents["axes"])
            self.fields: Mapping[str, Mapping[str, str]] = self.contents["fields"]
            self.openings = tuple(Opening(**{**o, "centre": tuple(o["centre"])}) for o in self.contents["openings"])
            self.holes: tuple[str, ...] = tuple(self.contents.get("holes", ()))
        except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
            raise DatasetError(f"{self.folder}: no readable fields.json ({error})") from error

    @property
    def gdim(self) -> int:
        """Number of coordinates."""
        return len(self.axes)

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """All layers from bottom to top.

        Raises:
            DatasetError: a file is missing or damaged.
        """
        found = []
        for entry in self.contents["layers"]:
            try:
                file = self.folder / self.step["layers"][entry["name"]]
                grid = read_vtu(file)
            except (OSError, ValueError, KeyError) as error:
                raise DatasetError(f"layer {entry['name']!r}: {error}") from error
            found.append(self._layer(entry, _merged(grid) if file.suffix == ".pvtu" else grid))
        return tuple(found)

    @cached_property
    def bodies(self) -> tuple[Body, ...]:
        """The regions by the bodies that they belong to, in the order of the first of each."""
        names = dict.fromkeys(x.body for x in self.layers)
        sides = (self.low, self.high)
        return tuple(Body(name, tuple(x for x in self.layers if x.body == name), sides) for name in names)

    @cached_property
    def contacts(self) -> tuple[Interface, ...]:
        """Tables of all interfaces between regions, as they are on file.

        Raises:
            DatasetError: a file is missing or damaged.
        """
        found = []
        for name, entry in self.step["interfaces"].items():
            arrays = self._arrays(entry["table"], f"interface {name!r}")
            points, corners, area = (arrays.pop(key) for key in ("points", "corners", "area"))
            if len(area):
                found.append(Interface(name, points, corners, area, arrays, entry.get("meaning", {})))
        return tuple(found)

    @cached_property
    def interfaces(self) -> tuple[Interface, ...]:
        """Tables of all interfaces between bodies: the contacts of their regions joined."""
        from studies.pictures.joined import join

        return join(self.contacts, {x.name: x.body for x in self.layers})

    @cached_property
    def surfaces(self) -> tuple[Surface, ...]:
        """Walls of voids, parts of interfaces without contact, and slits.

        Raises:
            DatasetError: a file is missing or damaged.
        """
        found, files = [], dict[str, dict[str, Array]]()
        for entry in self.contents.get("surfaces", ()):
            if entry["file"] not in files:
                files[entry["file"]] = self._arrays(entry["file"], "surfaces")
            found.append(Surface(entry["name"], entry["kind"], files[entry["file"]][entry["key"]]))
        return tuple(found)

    def hole_words(self, points: Floats) -> npt.NDArray[np.str_]:
        """(n,) what holes at points (n, gdim; in a cut n, 2) are called: void, or as the features that leave them."""
        other = ", ".join(self.holes) or "void"
        words = np.full(len(points), other, dtype=f"<U{max(len(other), 4)}")
        for o in (o for o in self.openings if self.holes and not o.contact):
            away = np.linalg.norm(points[:, :-1] - np.asarray(o.centre)[: points.shape[1] - 1], axis=1)
            high = points[:, -1] - o.level
            slack = 0.01 * o.radius
            words[(away < o.radius + slack) & (high > -o.below - slack) & (high < o.above + slack)] = "void"
        return words

    def _arrays(self, file: str, what: str) -> dict[str, Array]:
        try:
            with np.load(self.folder / file) as table:
                return {key: table[key] for key in table.files}
        except (OSError, ValueError) as error:
            raise DatasetError(f"{what}: {error}") from error

    @property
    def low(self) -> Floats:
        """(gdim,) lower corner of the model, m."""
        return np.asarray(np.min([x["low"] for x in self.contents["layers"]], axis=0))

    @property
    def high(self) -> Floats:
        """(gdim,) upper corner of the model, m."""
        return np.asarray(np.max([x["high"] for x in self.contents["layers"]], axis=0))

    @property
    def area(self) -> float:
        """Nominal area of the model: 1 (1-D), m (2-D), m^2."""
        extent = (self.high - self.low)[:-1]
        if self.dimension == "axisymmetric":
            return float(np.pi * self.high[0] ** 2)
        return float(np.prod(extent))

    def _layer(self, entry: Mapping[str, Any], grid: Grid) -> Layer:
        gdim = self.gdim
        corners = grid.cells[:, : gdim + 1]
        parts = _PARTS.get(grid.cells.shape[1]) if grid.cells.shape[1] > gdim + 1 else None
        cells = grid.cells if parts is None else grid.cells[:, parts].reshape(-1, gdim + 1)
        count = 1 if parts is None else len(parts)
        return Layer(
            entry["name"],
            entry["material"],
            np.asarray(entry["low"], dtype=float),
            np.asarray(entry["high"], dtype=float),
            grid.points[:, :gdim],
            cells,
            corners,
            np.repeat(np.arange(len(corners)), count),
            grid.point_data,
            grid.cell_data,
            entry.get("potentials", {}),
            self.step["equipotentials"].get(entry["name"], {}),
            entry.get("body", entry["name"]),
            entry.get("kind", "layer"),
        )


def _merged(grid: Grid) -> Grid:
    """The grid with points that several pieces share made one: the same place (bitwise) and the same values.

    The two faces of a slit are at the same place and differ in what they carry.
    """
    points = np.ascontiguousarray(grid.points + 0.0)
    rows = points.view([("", points.dtype)] * points.shape[1]).reshape(-1)
    group = np.unique(rows, return_inverse=True)[1].reshape(-1)
    for values in grid.point_data.values():
        for column in np.asarray(values, dtype=float).reshape(len(points), -1).T:
            group = _divided(group, column)
    _, first, inverse = np.unique(group, return_index=True, return_inverse=True)
    if len(first) == len(points):
        return grid
    data = {name: values[first] for name, values in grid.point_data.items()}
    return replace(grid, points=points[first], cells=inverse.reshape(-1)[grid.cells], point_data=data)


def _divided(group: Ints, values: Floats) -> Ints:
    """The groups, divided where values within one are further apart than rounding makes them."""
    order = np.lexsort((values, group))
    jump = np.diff(values[order]) > 1e-6 * float(np.ptp(values))
    number = np.cumsum(np.concatenate([[True], jump | (np.diff(group[order]) != 0)]))
    divided = np.empty_like(group)
    divided[order] = number
    return divided
