"""Two blocks with a law of contact or cohesion between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fem.compat import shared_facet_partitioner
from fem.energy.elastic import Elastic
from fem.model import Domain, Model, Settings
from meshes.tagged import TaggedMesh
from support.layered import layered_arrays

Floats = npt.NDArray[np.float64]


def moved_mesh(comm: Any, dimension: str, move: Callable[[Floats], Floats], *args: Any, **options: Any) -> TaggedMesh:
    """A layered mesh whose nodes are moved: points (n, d) -> points; other arguments as for `layered_arrays`."""
    arrays = None
    if comm.rank == 0:
        arrays = layered_arrays(dimension, *args, **options)
        arrays.points[:] = move(arrays.points)
    tagged = TaggedMesh.from_arrays(arrays, comm, shared_facet_partitioner(), ())
    return replace(tagged, dimension=dimension)  # type: ignore[arg-type]


def pair(
    mesh: TaggedMesh,
    law: Any,
    conditions: list[Any],
    low: tuple[float, float],
    high: tuple[float, float],
    **settings: Any,
) -> Model:
    """Layers ``low`` and ``high`` of given Young's modulus and Poisson's ratio."""
    domains = {"low": Domain((), (Elastic(*low),)), "high": Domain((), (Elastic(*high),))}
    return Model(mesh, domains, {"low|high": [law]}, conditions, Settings(**settings))


def at_points(model: Model, expression: Any) -> Floats:
    """Values of a restricted scalar expression at the points of the interface on this rank."""
    points = model.joints["low|high"].points
    space = points.function("sample").function_space
    there = points.sampler(model.one, space)() > 0.5
    values: Floats = points.sampler(expression, space)()[there]
    return values


def over(model: Model, density: Any) -> float:
    """Integral over the interface."""
    from dolfinx import fem

    form = model.geometry.entity_maps().form(model.joints["low|high"].points.integral(density * model.one))
    return float(model.geometry.comm.allreduce(fem.assemble_scalar(form)))
