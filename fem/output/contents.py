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
    from meshes.stack import Stack

CONTENTS = "fields.json"
FORMAT = 1

#: name -> (place, SI unit, dimension in `fem.dimensions`, what it is).
FIELDS: dict[str, tuple[str, str, str, str]] = {
    "ionic_potential": ("node", "V", "potential", "electric potential that the ions see"),
    "electronic_potential": ("node", "V", "potential", "electric potential that the electrons see"),
    "concentration": ("node", "mol/m^3", "concentration", "concentration of the salt, or of lithium in a host"),
    "ionic_liquid_concentration": ("node", "mol/m^3", "concentration", "concentration of the ionic liquid"),
    "damage": ("node", "", "dimensionless", "damage, 0 whole to 1 broken"),
    "order_parameter": ("node", "", "dimensionless", "order parameter of voids, 1 lithium to 0 void"),
    "vacancy_excess": ("node", "", "dimensionless", "ln of the vacancies over those at a flat surface"),
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
    (void or contact spot): those of `meshes.features.Opening`, and the ``level`` of its interface. Holes are the names
    of the features that leave others: pores and notches.
    """
    tagged, gdim = geometry.tagged, geometry.gdim
    stack = tagged.stack
    materials = {region.name: region.material for region in stack.regions} if stack is not None else {}
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
                "kind": "layer",
                "low": np.min([p[0] for p in parts], axis=0).tolist(),
                "high": np.max([p[1] for p in parts], axis=0).tolist(),
                "cells": int(sum(p[2] for p in parts)),
            }
        )
    drawn = stack is not None and (bool(stack.features) or _as_stacked(stack, layers))
    wide = {x.name for x in stack.layers} if drawn and stack is not None else _layers_of(geometry, grids, layers)
    for entry in layers:
        entry["kind"] = "layer" if entry["body"] in wide else "body"
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
        "holes": [] if stack is None else _holes(stack),
        "surfaces": [],
        "fields": {
            name: {"place": place, "unit": unit, "dimension": dimension, "meaning": meaning}
            for name, (place, unit, dimension, meaning) in FIELDS.items()
        },
        "steps": [],
    }


def _holes(stack: Stack) -> list[str]:
    """Names of the features with walls of a void but no footprint on an interface."""
    bare = [
        f.name
        for f in stack.features
        if not f.openings(stack) and any(name.startswith("void|") for name in f.facet_names(stack))
    ]
    return list(dict.fromkeys(bare))


def _as_stacked(stack: Stack, entries: list[dict[str, Any]]) -> bool:
    """Whether regions lie where the layers of a stack do; not so where its thicknesses are means of a given mesh."""
    near = 1e-6 * stack.height
    spans = {x.name: stack.span(x.name) for x in stack.layers}
    return all(
        entry["name"] in spans and np.allclose(spans[entry["name"]], (entry["low"][-1], entry["high"][-1]), 0, near)
        for entry in entries
    )


def _layers_of(geometry: Domains, grids: Mapping[str, LayerGrid], entries: list[dict[str, Any]]) -> set[str]:
    """What to call layers in a mesh from elsewhere: what is as wide as the model and fills its bounding box by half.

    Collective.
    """
    low, high = (np.array([entry[key] for entry in entries]) for key in ("low", "high"))
    near = 1e-6 * float((high.max(axis=0) - low.min(axis=0)).max())
    found = set()
    for k, (name, grid) in enumerate(grids.items()):
        corners = grid.points[grid.cells[:, : geometry.tdim + 1]][:, :, : geometry.gdim]
        edges = corners[:, 1:] - corners[:, :1]
        own = float(np.abs(np.linalg.det(edges)).sum()) / (1.0, 1.0, 2.0, 6.0)[geometry.tdim]
        volume = sum(geometry.comm.allgather(own))
        wide = np.all(low[k, :-1] <= low.min(axis=0)[:-1] + near) and np.all(
            high[k, :-1] >= high.max(axis=0)[:-1] - near
        )
        if wide and volume > 0.5 * float(np.prod(high[k] - low[k])):
            found.add(body_of(name))
    return found or {body_of(name) for name in grids}


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
