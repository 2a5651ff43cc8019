"""The table of contents of a fields folder: what a reader needs to know, as plain data (fields.json)."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fem.output.profiles import AXES

if TYPE_CHECKING:
    from fem.domains import Domains
    from fem.output.grids import LayerGrid

CONTENTS = "fields.json"
FORMAT = 1

#: name -> (place, SI unit, dimension in `fem.dimensions`, what it is).
FIELDS: dict[str, tuple[str, str, str, str]] = {
    "ionic_potential": ("node", "V", "potential", "electric potential that the ions see"),
    "electronic_potential": ("node", "V", "potential", "electric potential that the electrons see"),
    "displacement": ("node", "m", "length", "displacement"),
    "ionic_current_density": ("cell", "A/m^2", "current density", "ionic current density, cell mean"),
    "electronic_current_density": ("cell", "A/m^2", "current density", "electronic current, cell mean"),
    "von_mises_stress": ("cell", "Pa", "stress", "von Mises stress of the cell mean"),
    "mean_stress": ("cell", "Pa", "stress", "mean (hydrostatic) stress, tension positive, cell mean"),
    "stacking_stress": ("cell", "Pa", "stress", "normal stress in the stacking direction, tension positive"),
    "stress": ("cell", "Pa", "stress", "stress 11 22 33 12 23 13 in the axes of the model, cell mean"),
    "layer": ("cell", "", "dimensionless", "number of the layer, from the bottom"),
    "cell_size": ("cell", "m", "length", "edge of the equilateral simplex of the same measure"),
}
#: Axes 1 2 3 of stresses: the third is out of plane in planar models, the hoop in axisymmetric ones.
STRESS_AXES = {"1": "xyz", "2": "xyz", "axisymmetric": ("r", "z", "theta"), "3": "xyz"}


def describe(geometry: Domains, grids: Mapping[str, LayerGrid]) -> dict[str, Any]:
    """The table of contents without operating points: dimension, layers, interfaces, openings. Collective.

    Lengths are in metres. Keys of a layer, which is any region of the mesh: ``name``, ``material``, ``body`` (what
    it is a part of: regions ``grains`` and ``grains.2`` are one body), ``kind`` (``layer`` of the stack, or
    ``body`` that a feature adds), ``low`` and ``high`` (corners of its bounding box), ``cells``. Keys of an opening
    (void or contact spot): those of `meshes.features.Opening`, and the ``level`` of its interface.
    """
    tagged, gdim = geometry.tagged, geometry.gdim
    stack = tagged.stack
    materials = {region.name: region.material for region in stack.regions} if stack is not None else {}
    stacked = {layer.name for layer in stack.layers} if stack is not None else {body_of(n) for n in grids}
    layers = []
    for layer, grid in grids.items():
        points = grid.points[:, :gdim]
        low, high = (
            (points.min(axis=0), points.max(axis=0)) if len(points) else (np.full(gdim, np.inf), np.full(gdim, -np.inf))
        )
        parts = geometry.comm.allgather((low, high, len(grid.owned_cells)))
        layers.append(
            {
                "name": layer,
                "material": materials.get(layer, ""),
                "body": body_of(layer),
                "kind": "layer" if body_of(layer) in stacked else "body",
                "low": np.min([p[0] for p in parts], axis=0).tolist(),
                "high": np.max([p[1] for p in parts], axis=0).tolist(),
                "cells": int(sum(p[2] for p in parts)),
            }
        )
    openings = (
        [
            {
                "at": o.at,
                "level": stack.z_of(o.at),
                "centre": list(o.centre),
                "radius": o.radius,
                "below": o.below,
                "above": o.above,
                "shape": o.shape,
                "label": o.label,
            }
            for _, o in stack.openings()
        ]
        if stack is not None
        else []
    )
    return {
        "format": FORMAT,
        "dimension": tagged.dimension,
        "axes": list(AXES[tagged.dimension]),
        "stress_axes": list(STRESS_AXES[tagged.dimension]),
        "layers": layers,
        "interfaces": list(geometry.interfaces),
        "openings": openings,
        "surfaces": [],
        "fields": {
            name: {"place": place, "unit": unit, "dimension": dimension, "meaning": meaning}
            for name, (place, unit, dimension, meaning) in FIELDS.items()
        },
        "steps": [],
    }


def body_of(region: str) -> str:
    """The body that a region of the mesh is a part of: ``grains`` for ``grains.3``."""
    return region.split(".")[0]


def file_stems(names: Iterable[str]) -> dict[str, str]:
    """A file name without ending for every name of a layer or interface, all different."""
    stems: dict[str, str] = {}
    for name in names:
        stem = "-".join(re.sub(r"[^\w.]+", "_", part).strip(".") or "_" for part in name.split("|"))
        number, unique = 1, stem
        while unique in stems.values():
            number += 1
            unique = f"{stem}-{number}"
        stems[name] = unique
    return stems


def write_contents(folder: Path, data: Mapping[str, Any]) -> None:
    """Write fields.json at once: a reader never sees half of it.

    Raises:
        OSError: it cannot be written.
    """
    beside = folder / f".{CONTENTS}.part"
    beside.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(beside, folder / CONTENTS)
