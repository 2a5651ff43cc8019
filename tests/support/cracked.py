"""Rectangles with given lines of nodes, and models of one brittle layer on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from mpi4py import MPI

from fem.compat import shared_facet_partitioner
from fem.energy.elastic import Elastic
from fem.energy.fracture import Fracture
from fem.model import Domain, Model, Settings
from meshes.tagged import TaggedMesh
from support.layered import layered_arrays

Floats = npt.NDArray[np.float64]


def graded(fine: tuple[float, float], size: float, low: float, high: float, growth: float = 1.4) -> Floats:
    """Coordinates from `low` to `high`: steps of `size` within `fine`, growing outside."""
    count = max(round((fine[1] - fine[0]) / size), 1)
    middle = np.linspace(*fine, count + 1)

    def outward(length: float) -> Floats:
        steps = [size * growth]
        while sum(steps) < length:
            steps.append(steps[-1] * growth)
        found = np.cumsum(steps)
        return found * length / found[-1] if length > 0.5 * size else np.empty(0)

    return np.concatenate([(fine[0] - outward(fine[0] - low))[::-1], middle, fine[1] + outward(high - fine[1])])


def lattice(x: Floats, y: Floats, comm: Any = MPI.COMM_SELF) -> TaggedMesh:
    """One layer ``body`` with nodes at the crossings of lines x and y, metres."""
    arrays = None
    if comm.rank == 0:
        arrays = layered_arrays("2", [("body", 1.0)], 1.0, None, len(x) - 1, len(y) - 1)
        index = np.rint(arrays.points * [len(x) - 1, len(y) - 1]).astype(int)
        arrays = replace(arrays, points=np.stack([x[index[:, 0]], y[index[:, 1]]], axis=-1))
    return replace(TaggedMesh.from_arrays(arrays, comm, shared_facet_partitioner()), dimension="2")


def brittle(
    tagged: TaggedMesh,
    young: float,
    poisson: float,
    toughness: Any,
    length: float,
    conditions: Sequence[Any],
    degree: int = 1,
    **words: Any,
) -> Model:
    """A model of brittle layers, all alike."""
    term = Fracture(Elastic(young, poisson), toughness, length, **words)
    domains = {layer: Domain((), (term,)) for layer in tagged.layers}
    return Model(tagged, domains, {}, list(conditions), Settings(displacement_degree=degree))


def effective(toughness: float, size: float, length: float, model: str) -> float:
    """What a crack costs on cells of the given size: its core is as wide as one of them."""
    return toughness * (1 + (3 * size / (8 * length) if model == "AT1" else size / (2 * length)))


def mode_one(intensity: float, young: float, poisson: float, tip: tuple[float, float]) -> Any:
    """Displacement about the tip of a crack along -x in plane strain (Williams 1957)."""
    shear, kappa = young / (2 * (1 + poisson)), 3 - 4 * poisson

    def values(points: Any) -> Any:
        z = points[0] - tip[0] + 1j * (points[1] - tip[1])
        radius, angle = np.abs(z), np.angle(z)
        size = intensity / (2 * shear) * np.sqrt(radius / (2 * np.pi)) * (kappa - np.cos(angle))
        return np.array([size * np.cos(angle / 2), size * np.sin(angle / 2)])

    return values
