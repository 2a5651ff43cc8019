"""Time to mesh against number: random voids, coated particles, ellipsoids and grains in three dimensions.

``python3 -m studies.benchmarks.meshing voids particles --numbers 50 100 200 300``. The model grows with the number, so
that the density stays; a cost that is proportional to the number shows as an exponent of 1. Seconds are of the
processor, which a busy machine changes less; every run is appended to ``results/meshing.jsonl``, ``--table`` prints
what is there.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from meshes import Layer, MeshSizes, RandomVoids, Stack, Void
from meshes.cache import GENERATOR_VERSION
from meshes.features.inclusion import Inclusion
from meshes.features.packing import Packing
from meshes.features.polycrystal import Polycrystal
from meshes.features.shapes_of_bodies import Shape
from meshes.films import Coat
from meshes.generate import generate_arrays
from meshes.random.grains import GrainStructure
from meshes.random.sizes import SizeDistribution

__all__ = ["CASES", "measure", "table"]

RESULTS = Path(__file__).parent / "results" / "meshing.jsonl"

_UM = 1e-6


def voids(number: int) -> Stack:
    """Lens-shaped voids of many sizes over a quarter of an interface."""
    side = math.sqrt(number * math.pi / 0.25) * _UM
    layers = (Layer("anode", 6 * _UM), Layer("electrolyte", 6 * _UM))
    void = Void("anode|electrolyte", 1 * _UM, 0.5 * _UM, "lens")
    sizes = SizeDistribution("lognormal", 0.3)
    return Stack("3", layers, side, side, (RandomVoids(void, 0.25, seed=1, sizes=sizes),))


def particles(number: int) -> Stack:
    """Coated balls of one size that fill 0.3 of a layer six diameters thick."""
    thick = 12 * _UM
    side = math.sqrt(number * 4 / 3 * math.pi * _UM**3 / (0.3 * thick))
    layers = (Layer("electrolyte", 3 * _UM), Layer("cathode", thick))
    film = (Coat("film", 0.02 * _UM),)
    return Stack("3", layers, side, side, (Packing(Shape(1 * _UM), "cathode", 0.3, coats=film, seed=1),))


def ellipsoids(number: int) -> Stack:
    """Ellipsoids of three different axes in random directions that fill 0.2 of a layer."""
    thick, axes = 12 * _UM, (1.4 * _UM, 1 * _UM, 0.7 * _UM)
    side = math.sqrt(number * 4 / 3 * math.pi * math.prod(axes) / (0.2 * thick))
    layers = (Layer("anode", 3 * _UM), Layer("electrolyte", thick))
    return Stack("3", layers, side, side, (Inclusion(Shape(semi_axes=axes), "electrolyte", 0.2, seed=1),))


def grains(number: int) -> Stack:
    """Voronoi grains of a layer four grains thick."""
    thick = 4 * _UM
    side = math.sqrt(number * math.pi / 6 * _UM**3 / thick)
    layers = (Layer("anode", 2 * _UM), Layer("electrolyte", thick))
    return Stack("3", layers, side, side, (Polycrystal("electrolyte", GrainStructure(1 * _UM, seed=1)),))


CASES: dict[str, Callable[[int], Stack]] = {
    "voids": voids,
    "particles": particles,
    "ellipsoids": ellipsoids,
    "grains": grains,
}


def measure(case: str, number: int) -> dict[str, Any]:
    """Processor seconds to place the bodies and check the stack, and to mesh it; wall seconds of both, and cells."""
    stack = CASES[case](number)
    began, wall = time.process_time(), time.perf_counter()
    stack.check()
    placed = time.process_time()
    # the rims of voids are not resolved as for a current: the cost of the geometry is what is measured
    sizes = MeshSizes(bulk=2 * _UM, edge_fraction=0.4, wall_fraction=0.5, growth=1.5)
    arrays = generate_arrays(stack, sizes)
    return {
        "benchmark": "meshing",
        "case": case,
        "number": number,
        "cells": len(arrays.cells),
        "expected_cells": round(sizes.expected_cells(stack)),
        "place": round(placed - began, 3),
        "mesh": round(time.process_time() - placed, 3),
        "wall": round(time.perf_counter() - wall, 3),
        "machine": {
            "date": datetime.now(UTC).date().isoformat(),
            "cpu": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "load": round(os.getloadavg()[0], 1),
            "gmsh": metadata.version("gmsh"),
            "generator": GENERATOR_VERSION,
        },
    }


def table(records: list[dict[str, Any]]) -> str:
    """Rows of seconds and cells, with the exponent of the time in the number from the row before."""
    lines = [f"{'case':10} {'number':>6} {'cells':>9} {'place/s':>8} {'mesh/s':>8}  exponent"]
    before: dict[str, Any] | None = None
    for one in records:
        exponent = ""
        if before is not None and before["case"] == one["case"] and before["number"] != one["number"]:
            ratio = (one["place"] + one["mesh"]) / (before["place"] + before["mesh"])
            exponent = f"{math.log(ratio) / math.log(one['number'] / before['number']):.2f}"
        lines.append(
            f"{one['case']:10} {one['number']:6} {one['cells']:9} {one['place']:8.2f} {one['mesh']:8.2f}  {exponent}"
        )
        before = one
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, record and print a table."""
    parser = argparse.ArgumentParser(prog="python3 -m studies.benchmarks.meshing", description=__doc__)
    parser.add_argument("cases", nargs="*", default=list(CASES), help=", ".join(CASES))
    parser.add_argument("--numbers", type=int, nargs="+", default=[50, 100, 200, 300])
    parser.add_argument("--no-record", action="store_true", help="print only")
    parser.add_argument("--table", action="store_true", help="print the recorded results and run nothing")
    given = parser.parse_args(arguments)
    if given.table:
        print(table([json.loads(line) for line in RESULTS.read_text().splitlines()]))
        return
    for case in given.cases:
        records = []
        for number in given.numbers:
            records.append(measure(case, number))
            if not given.no_record:
                with RESULTS.open("a") as file:
                    file.write(json.dumps(records[-1]) + "\n")
        print(table(records), flush=True)


if __name__ == "__main__":
    main()
