"""Fields of the linear response at one frequency as grids for ParaView: real and imaginary parts, per layer."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import ufl
from dolfinx import fem, la

from fem.observe.impedance_parts import Splitter
from fem.output.contents import file_stems
from fem.output.grids import LayerGrid, cell_weights, padded
from fem.output.vtu import write_pvd
from fem.output.writer import together, write_grid
from fem.unknowns import Field

PARTS = ("real", "imaginary")


def write_map(splitter: Splitter, folder: Path, frequency: float, area: float) -> None:
    """Write potentials (nodes) and current densities (cell means, displacement included). Collective.

    Args:
        splitter: of the response.
        folder: created when missing.
        frequency: Hz.
        area: of the model, m^2: all values are for 1 A/m^2 over it; 0 degrees is the phase of the current.

    Raises:
        OSError: something could not be written; on all ranks.
    """
    model, comm = splitter.model, splitter.geometry.comm
    folder = Path(folder)
    together(comm, partial((folder / "data").mkdir, parents=True, exist_ok=True) if comm.rank == 0 else None)
    fields, numbers = splitter.take(frequency)
    currents = {key: [mean * area for mean in _means(splitter, *key)] for key in splitter.currents}
    stems = file_stems(model.geometry.layers)
    entries = []
    for number, layer in enumerate(model.geometry.layers):
        grid = LayerGrid(model.geometry, layer, 2 if max(f.space.ufl_element().degree for f in fields) > 1 else 1)
        nodes: dict[str, Any] = {}
        cells: dict[str, Any] = {}
        for carrier in ("ionic", "electronic"):
            if (layer, carrier) not in model.conductors:
                continue
            carried = model.handle(layer, carrier).carrier
            for part, values in zip(PARTS, _potential(carried, fields, numbers, grid), strict=True):
                nodes[f"{carrier}_potential_{part}"] = values * area
            for part, mean in zip(PARTS, currents.get((layer, carrier), ()), strict=False):
                cells[f"{carrier}_current_density_{part}"] = padded(mean[grid.owned_cells])
        file = write_grid(comm, folder, f"{number}-{stems[layer]}-0000", grid.grid(nodes, cells))
        entries.append((0.0, number, layer, file))
    together(comm, partial(write_pvd, folder / "fields.pvd", entries) if comm.rank == 0 else None)


def _potential(carried: Any, fields: Any, numbers: Any, grid: LayerGrid) -> list[Any]:
    """Real and imaginary part at the nodes of a grid; zero where a potential is prescribed."""
    if not isinstance(carried, Field):
        value = numbers.get(carried, 0.0)
        return [np.full(len(grid.points), x) for x in (np.real(value), np.imag(value))]
    found = []
    for values in (fields[carried].real, fields[carried].imag):
        work = fem.Function(carried.space)
        work.x.array[:] = values
        found.append(grid.at_nodes(work, carried.region.from_parent()))
    return found


def _means(splitter: Splitter, layer: str, carrier: str) -> list[Any]:
    """Real and imaginary current density, mean over every cell (owned and ghost, components)."""
    geometry = splitter.geometry
    space = fem.functionspace(geometry.mesh, ("DG", 0, (geometry.gdim,)))
    test = ufl.TestFunction(space)
    weights = cell_weights(geometry)[:, None]
    found = []
    for density in splitter.currents[layer, carrier]:
        vector = fem.assemble_vector(geometry.entity_maps().form(geometry.integral(ufl.inner(density, test), layer)))
        vector.scatter_reverse(la.InsertMode.add)
        values = np.real(vector.array).reshape(-1, geometry.gdim)
        found.append(values / weights[: len(values)])
    return found
