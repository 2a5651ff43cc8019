"""The fields folder of a run: grids per layer for ParaView, tables per interface, and a table of contents.

Every rank writes its own cells; only interface data and counts travel to rank 0. What lies in the folder:

    fields.pvd         all layers as one multi-block data set, one time per operating point
    interfaces.pvd     all interfaces likewise
    fields.json        names, units, layers, files: what the pictures read (see `fem.output.contents`)
    surfaces.npz       walls of voids, parts without contact, slits (see `fem.output.surfaces`)
    data/              the grids: one .vtu per layer, or a .pvtu with one .vtu per rank that has a part of it
    A-B.csv, .npz      table of interface A|B; with the number of the operating point in a series

All values are SI. Potentials and displacements live on the nodes; current densities and stresses are cell
means.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fem.domains import Domains
from fem.interface.names import FACES
from fem.output.contents import CONTENTS, describe, file_stems, write_contents
from fem.output.grids import (
    CellMeans,
    LayerGrid,
    node_concentrations,
    node_damage,
    node_displacements,
    node_phase,
    node_potentials,
    padded,
    simplex_measures,
    stress_measures,
)
from fem.output.profiles import InterfaceMeans, Profile, parting_slits
from fem.output.surfaces import bare_surfaces, save_surfaces, surface_entries
from fem.output.vtu import CellKind, Grid, write_pvd, write_pvtu, write_vtu
from fem.unknowns import Field, Number

if TYPE_CHECKING:
    from fem.model import Model
    from meshes.tagged import TaggedMesh

_FACET_KINDS: dict[int, CellKind] = {1: "vertex", 2: "line", 3: "triangle"}
_CARRIERS = ("ionic", "electronic")
Entries = list[tuple[float, int, str, str]]


class FieldWriter:
    """Writes the states of one model, one after the other. All methods are collective.

    Args:
        model: the model.
        folder: created when missing; files of the same names are replaced.
        series: True when several operating points follow: interface tables then carry their number.
    """

    def __init__(self, model: Model, folder: Path, series: bool = False) -> None:
        self.model, self.folder, self.series = model, Path(folder), series
        self.comm = model.geometry.comm
        degrees = [f.space.ufl_element().degree for f in model.fields]
        degree = 2 if max(degrees, default=1) > 1 else 1
        geometry = model.geometry
        self.grids = {layer: LayerGrid(geometry, layer, degree) for layer in geometry.layers}
        self.means = CellMeans(model)
        self.profiles = {name: InterfaceMeans(model, name) for name in (*geometry.interfaces, *parting_slits(model))}
        self.layer_stems = file_stems(geometry.layers)
        stems = file_stems((*geometry.interfaces, *(name.removesuffix(FACES) for name in parting_slits(model))))
        self.interface_stems = dict(zip(self.profiles, stems.values(), strict=True))
        self.contents = describe(geometry, self.grids)
        for entry in self.contents["layers"]:
            entry["potentials"] = _potential_kinds(model, entry["name"])
        self._layer_entries: Entries = []
        self._interface_entries: Entries = []

    def go_on(self, steps: int) -> None:
        """Go on after the first `steps` states that an earlier writer left in the same folder.

        Raises:
            OSError: they cannot be read; on all ranks.
        """

        def read() -> None:
            try:
                found.append(json.loads((self.folder / CONTENTS).read_text(encoding="utf-8")))
            except ValueError as error:
                raise OSError(0, f"cannot be read ({error})", str(self.folder / CONTENTS)) from error

        found: list[Any] = []
        self._on_root(read)
        self.contents = self.comm.bcast(found[0] if found else None)
        del self.contents["steps"][steps:]
        for k, step in enumerate(self.contents["steps"]):
            for number, (layer, file) in enumerate(step["layers"].items()):
                self._layer_entries.append((float(k), number, layer, file))
            tables = step["interfaces"] | step.get("slits", {})
            for number, (name, entry) in enumerate(tables.items()):
                self._interface_entries.append((float(k), number, name, entry["grid"]))

    def write(self, label: Mapping[str, Any] | None = None) -> None:
        """Write the present state.

        Args:
            label: what distinguishes this operating point, e.g. ``{"current": 10.0}``; plain data.

        Raises:
            OSError: something could not be written; on all ranks.
        """
        step = len(self.contents["steps"])
        self._on_root(partial(_make_folders, self.folder))
        if step == 0:
            self.contents["surfaces"] = _surfaces(self.model.geometry, self.folder)
        layers, tables = self._write_layers(step), self._write_interfaces(step)
        self.contents["steps"].append(
            {
                "label": dict(label or {}),
                "layers": layers,
                "interfaces": {n: entry for n, entry in tables.items() if not n.endswith(FACES)},
                "slits": {n.removesuffix(FACES): entry for n, entry in tables.items() if n.endswith(FACES)},
                "equipotentials": self._equipotentials(),
            }
        )
        self._on_root(self._write_tables_of_contents)

    def _write_layers(self, step: int) -> dict[str, str]:
        means, stacking = self.means.evaluate(), self.model.geometry.gdim - 1
        files = {}
        for number, (layer, grid) in enumerate(self.grids.items()):
            nodes: dict[str, Any] = dict(node_potentials(self.model, layer, grid))
            nodes |= node_concentrations(self.model, layer, grid)
            nodes |= node_displacements(self.model, layer, grid)
            nodes |= node_damage(self.model, layer, grid)
            nodes |= node_phase(self.model, layer, grid)
            cells: dict[str, Any] = {"layer": np.full(len(grid.owned_cells), number, dtype=np.int32)}
            for name, (layers, values) in means.items():
                if layer in layers:
                    own = values[grid.owned_cells]
                    cells |= stress_measures(own, stacking) if name == "stress" else {name: padded(own)}
            stem = f"{number}-{self.layer_stems[layer]}-{step:04d}"
            files[layer] = write_grid(self.comm, self.folder, stem, grid.grid(nodes, cells))
            self._layer_entries.append((float(step), number, layer, files[layer]))
        return files

    def _write_interfaces(self, step: int) -> dict[str, dict[str, Any]]:
        entries = {}
        for number, (name, means) in enumerate(self.profiles.items()):
            profile = means.evaluate()
            stem = self.interface_stems[name] + (f"-{step:04d}" if self.series else "")
            grid = f"data/interface-{number}-{step:04d}.vtu"
            self._on_root(partial(_write_profile, self.folder, profile, stem, grid))
            entry: dict[str, Any] = {"table": f"{stem}.npz", "csv": f"{stem}.csv", "grid": grid}
            if profile is not None:
                entry |= {"units": profile.units, "meaning": profile.meaning}
            entries[name] = entry
            self._interface_entries.append((float(step), number, name, grid))
        return entries

    def _equipotentials(self) -> dict[str, dict[str, float]]:
        """Layer -> carrier -> physical potential in V of what is not resolved."""
        found: dict[str, dict[str, float]] = {}
        for layer, carrier in self.model.conductors:
            handle = self.model.handle(layer, carrier)
            if isinstance(handle.carrier, Number):
                found.setdefault(layer, {})[carrier] = handle.carrier.value + handle.offset
        return found

    def _write_tables_of_contents(self) -> None:
        write_pvd(self.folder / "fields.pvd", self._layer_entries)
        if self._interface_entries:
            write_pvd(self.folder / "interfaces.pvd", self._interface_entries)
        write_contents(self.folder, self.contents)

    def _on_root(self, action: Callable[[], None]) -> None:
        together(self.comm, action if self.comm.rank == 0 else None)


def write_mesh(tagged: TaggedMesh, folder: Path) -> None:
    """Write a mesh without fields (layer numbers and cell sizes) in the same form. Collective.

    Raises:
        OSError: something could not be written; on all ranks.
    """
    geometry = Domains(tagged)
    comm, folder, root = geometry.comm, Path(folder), geometry.comm.rank == 0
    together(comm, partial(_make_folders, folder) if root else None)
    grids = {layer: LayerGrid(geometry, layer, 1) for layer in geometry.layers}
    table, stems = describe(geometry, grids), file_stems(geometry.layers)
    table["surfaces"] = _surfaces(geometry, folder)
    files: dict[str, str] = {}
    entries: Entries = []
    for number, (layer, grid) in enumerate(grids.items()):
        cells = {
            "layer": np.full(len(grid.owned_cells), number, dtype=np.int32),
            "cell_size": _cell_sizes(grid, geometry.gdim).astype(np.float32),
        }
        files[layer] = write_grid(comm, folder, f"{number}-{stems[layer]}-0000", grid.grid({}, cells))
        entries.append((0.0, number, layer, files[layer]))
    table["steps"].append({"label": {}, "layers": files, "interfaces": {}, "equipotentials": {}})

    def finish() -> None:
        write_pvd(folder / "fields.pvd", entries)
        write_contents(folder, table)

    together(comm, finish if root else None)


def write_grid(comm: Any, folder: Path, stem: str, grid: Grid) -> str:
    """Write the pieces of all ranks that have cells; the file to open, relative to `folder`. Collective.

    Raises:
        OSError: a piece could not be written; on all ranks.
    """
    counts = comm.allgather(len(grid.cells))
    ranks = [rank for rank, count in enumerate(counts) if count]
    here = folder / "data"
    if len(ranks) == 1:
        together(comm, partial(write_vtu, here / f"{stem}.vtu", grid) if comm.rank in ranks else None)
        return f"data/{stem}.vtu"
    pieces = [f"{stem}-r{rank}.vtu" for rank in ranks]
    own = partial(write_vtu, here / f"{stem}-r{comm.rank}.vtu", grid)
    together(comm, own if comm.rank in ranks else None)
    index = partial(write_pvtu, here / f"{stem}.pvtu", pieces, grid)
    together(comm, index if comm.rank == ranks[0] else None)
    return f"data/{stem}.pvtu"


def together(comm: Any, action: Callable[[], None] | None) -> None:
    """Run an action on the ranks that have one; when it fails on one, all ranks raise. Collective.

    Raises:
        OSError: the first failure.
    """
    failure = None
    if action is not None:
        try:
            action()
        except OSError as error:
            failure = f"{error.filename or 'output'}: {error.strerror or error}"
    failures = [text for text in comm.allgather(failure) if text is not None]
    if failures:
        raise OSError(failures[0])


def _surfaces(geometry: Domains, folder: Path) -> list[dict[str, Any]]:
    """Write what nothing passes; its entries in the table of contents on rank 0. Collective."""
    found = bare_surfaces(geometry)
    together(geometry.comm, partial(save_surfaces, folder, found) if found else None)
    return surface_entries(found)


def _potential_kinds(model: Model, layer: str) -> dict[str, str]:
    """Carrier -> ``resolved`` or ``equipotential``."""
    return {
        carrier: "resolved" if isinstance(model.handle(layer, carrier).carrier, Field) else "equipotential"
        for carrier in _CARRIERS
        if (layer, carrier) in model.conductors
    }


def _cell_sizes(grid: LayerGrid, gdim: int) -> Any:
    """(cells,) edge in metres of the equilateral simplex of the same measure."""
    unit = {1: 1.0, 2: np.sqrt(3.0) / 4, 3: np.sqrt(2.0) / 12}[grid.tdim]
    corners = grid.points[grid.cells][:, :, :gdim]
    return (simplex_measures(corners, axisymmetric=False) / unit) ** (1 / grid.tdim)


def _make_folders(folder: Path) -> None:
    (folder / "data").mkdir(parents=True, exist_ok=True)


def _write_profile(folder: Path, profile: Profile | None, stem: str, grid_file: str) -> None:
    assert profile is not None
    profile.write_csv(folder / f"{stem}.csv")
    profile.write_npz(folder / f"{stem}.npz")
    count, corners, gdim = profile.corners.shape
    points = np.zeros((count * corners, 3))
    points[:, :gdim] = profile.corners.reshape(-1, gdim)
    cells = np.arange(count * corners, dtype=np.int64).reshape(count, corners)
    data = {name: values.astype(np.float32) for name, values in profile.values.items()}
    write_vtu(folder / grid_file, Grid(_FACET_KINDS[corners], points, cells, {}, data))
