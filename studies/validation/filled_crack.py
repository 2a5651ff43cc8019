"""Lithium pressed into a crack: the pressure at which it grows and how far it is open then (B7.5).

Closed forms (I. N. Sneddon, Proc. R. Soc. A 187 (1946) 229): a crack of half length a under a pressure p within has
K_I = p sqrt(pi a) and is open by 4 p a / E' at its middle, E' = E / (1 - nu^2). So for a = 1 um p_c = K_IC / sqrt(pi a)
is 705.2 MPa in LLZO and 169.3 MPa in polycrystalline NCM811; by p = F eta / V_m lithium is deposited against them at 95
and 23 mV.

The crack is one of the phase field (AT1) that a given volume of lithium has opened until it grew. Its length a follows
from what it has cost; p sqrt(a) and opening / sqrt(a), constant while it grows, say what they are at 1 um. Lines of the
mesh are straight, and a crack costs 3 h / 8 l more than the toughness, h the size of the cells about it, which is taken
off the toughness.

Run: ``python3 -m studies.validation.filled_crack`` (a minute)
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from mpi4py import MPI

from fem.compat import shared_facet_partitioner
from fem.conditions import Anchor, FilledCrack, Roller
from fem.energy.elastic import Elastic
from fem.energy.fracture import Fracture
from fem.model import Domain, Model, Settings
from fem.solve.alternate import Breaking
from fem.solve.loadpath import LoadSettings, load_steps
from meshes.arrays import MeshArrays
from meshes.tagged import TaggedMesh
from studies.validation.rows import Row, table

Floats = npt.NDArray[np.float64]

HALF, FAR = 1e-6, 12e-6
"""m: half length of the crack, and of half the model."""
SNEDDON = "Sneddon 1946"


@dataclass(frozen=True)
class Solid:
    """Young's modulus in GPa, Poisson's ratio, K_IC in MPa m^0.5."""

    name: str
    young: float
    poisson: float
    intensity: float

    @property
    def modulus(self) -> float:
        """E / (1 - nu^2), Pa."""
        return 1e9 * self.young / (1 - self.poisson**2)

    @property
    def toughness(self) -> float:
        """K_IC^2 / E', J/m^2."""
        return (1e6 * self.intensity) ** 2 / self.modulus

    @property
    def critical(self) -> float:
        """K_IC / sqrt(pi a), Pa."""
        return 1e6 * self.intensity / math.sqrt(math.pi * HALF)

    @property
    def opening(self) -> float:
        """4 p_c a / E', m."""
        return 4 * self.critical * HALF / self.modulus


SOLIDS = (Solid("LLZO", 150.0, 0.26, 1.25), Solid("polycrystalline NCM811", 140.0, 0.25, 0.3))


def lines(low: float, high: float, size: float, end: float, growth: float = 1.4) -> Floats:
    """Coordinates from `low` on, steps of about `size` up to `high` and growing ones from there to `end`."""
    fine = np.linspace(low, high, round((high - low) / size) + 1)
    steps = [size * growth]
    while sum(steps) < end - high:
        steps.append(steps[-1] * growth)
    outer = np.cumsum(steps)
    return np.concatenate([fine, high + outer * (end - high) / outer[-1]])


def half_model(size: float, band: float) -> MeshArrays:
    """Half of the model, x > 0, cut into rectangles and these into triangles, fine about the crack on y = 0."""
    x = lines(0.0, 1.35 * HALF, size, FAR)
    # the crack runs in the middle of a row of cells, as cracks of the phase field do
    upper = lines(0.5 * size, band, size, FAR)
    y = np.concatenate([-upper[::-1], upper])
    points = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).reshape(-1, 2)
    index = np.arange(len(points)).reshape(len(x), len(y))
    a, b, c, d = (index[i, j].ravel() for i, j in (_CORNER[k] for k in range(4)))
    cells = np.concatenate([np.stack([a, b, c], axis=-1), np.stack([a, d, c], axis=-1)])
    left = np.stack([index[0, :-1], index[0, 1:]], axis=-1)
    tags = np.ones(len(cells), dtype=np.int32), np.ones(len(left), dtype=np.int32)
    return MeshArrays(points, cells, tags[0], left, tags[1], {"body": 1}, {"left": 1})


_LESS, _MORE = slice(None, -1), slice(1, None)
_CORNER = ((_LESS, _LESS), (_MORE, _LESS), (_MORE, _MORE), (_LESS, _MORE))


def opening_at_middle(breaking: Breaking) -> float:
    """Integral of -u_y d(d)/dy along x = 0, m."""
    points = breaking.damage.unknown.space.tabulate_dof_coordinates()
    on = np.flatnonzero(np.abs(points[:, 0]) < 1e-12)
    on = on[np.argsort(points[on, 1])]
    damage = breaking.damage.unknown.function.x.array[on]
    moved = breaking.mechanics.displacement.function.x.array.reshape(-1, 2)[on, 1]
    return -float(np.sum(0.5 * (moved[1:] + moved[:-1]) * np.diff(damage)))


@cache
def grown(solid: Solid, resolved: float = 16.0) -> tuple[float, float, float]:
    """(pressure in Pa, half length in m, opening at the middle in m) of a crack that is growing.

    Args:
        resolved: half length of the crack over the length of the phase field.
    """
    length = HALF / resolved
    size = length / 3
    arrays = half_model(size, 2.5 * length + 0.5 * size)
    tagged = TaggedMesh.from_arrays(arrays, MPI.COMM_SELF, shared_facet_partitioner())
    discrete = solid.toughness / (1 + 3 * size / (8 * length))
    term = Fracture(Elastic(1e9 * solid.young, solid.poisson), discrete, length, split="none")
    # of half a crack that begins to grow, pi a^2 p / E'
    volume = math.pi * HALF**2 * solid.critical / solid.modulus
    held: list[Any] = [FilledCrack(volume=volume), Roller("left", 0), Anchor((FAR, -FAR), 1)]
    flat = replace(tagged, dimension="2")
    breaking = Breaking(Model(flat, {"body": Domain((), (term,))}, {}, held, Settings(displacement_degree=1)))
    breaking.damage.break_where(lambda p: (np.abs(p[1]) < 0.6 * size) & (p[0] <= HALF + 1e-12))
    pressure = breaking.damage.fills[0].pressure
    assert pressure is not None

    def inject(load: float) -> None:
        pressure.source = -(0.9 + 0.5 * load) * volume

    points = list(load_steps(breaking, inject, LoadSettings(1 / 10, 1 / 20)))
    found = pressure.value, points[-1].energies.fracture / solid.toughness, opening_at_middle(breaking)
    breaking.destroy()
    return found


def rows() -> list[Row]:
    """Closed forms and ours."""
    made = []
    for solid in SOLIDS:
        pressure, length, opening = grown(solid)
        ours, wide = pressure * math.sqrt(length / HALF), opening * math.sqrt(HALF / length)
        told, name = solid.critical / 1e6, f"{solid.name}, crack of half length 1 um full of lithium"
        made.append(Row(f"{name}: grows at", (told, told), ours / 1e6, "MPa", source=SNEDDON, margin=0.03))
        told = solid.opening * 1e9
        made.append(Row(f"{name}: its opening then", (told, told), wide * 1e9, "nm", source=SNEDDON, margin=0.03))
    return made


def main() -> None:
    """Print the table."""
    print("\n".join(table(rows())))


if __name__ == "__main__":
    main()
