"""Potential, charge density and occupancies of a space-charge study in space, for ParaView."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fem.constants import FARADAY
from fem.output.grids import LayerGrid
from fem.output.vtu import write_pvd
from fem.output.writer import together, write_grid

if TYPE_CHECKING:
    from studies.space_charge.session import ContinuumSession


def write_fields(session: ContinuumSession, folder: Path) -> str:
    """Write the fields of the present equilibrium; what the folder holds. Collective.

    Raises:
        OSError: a file could not be written.
    """
    problem, comm = session.problem, session.comm
    if comm.rank == 0:
        (folder / "data").mkdir(parents=True, exist_ok=True)
    comm.barrier()
    entries = []
    levels = {name: number.value for name, number in problem.numbers.items()}
    for number, layer in enumerate(problem.layers):
        grid = LayerGrid(problem.geometry, layer, problem.degree)
        phi = grid.at_nodes(problem.potential.function, problem.potential.region.from_parent())
        medium = problem.media[layer]
        charge = np.full_like(phi, medium.background)
        data = {"electric_potential": phi}
        for group in medium.sublattices:
            _, fractions = medium.state(group, phi, problem.temperature, levels)
            for ion, own in zip(group.ions, fractions, strict=True):
                charge += FARADAY * ion.charge * group.concentration * own
                data[f"share_of_{ion.name}"] = own
        data["charge_density"] = charge
        path = write_grid(comm, folder, f"{layer}", grid.grid(data, {}))
        entries.append((0.0, number, layer, path))
    together(comm, (lambda: write_pvd(folder / "fields.pvd", entries)) if comm.rank == 0 else None)
    return "potential, charge density and occupancies for ParaView (fields.pvd)"
