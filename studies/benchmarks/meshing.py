"""Time to mesh against number: random voids, coated particles and grains in three dimensions.

``python3 -m studies.benchmarks.meshing voids particles grains --numbers 75 150 300``. The model grows with the
number, so that the density stays; a cost that is proportional to the number shows as an exponent of 1.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Sequence

from meshes import Layer, MeshSizes, RandomVoids, Stack, Void
from meshes.features.packing import Packing
from meshes.features.polycrystal import Polycrystal
from meshes.features.shapes_of_bodies import Shape
from meshes.films import Coat
from meshes.generate import generate_arrays
from meshes.random.grains import GrainStructure
from meshes.random.sizes import SizeDistribution

__all__ = ["CASES", "measure"]

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


def grains(number: int) -> Stack:
    """Voronoi grains of a layer four grains thick."""
    thick = 4 * _UM
    side = math.sqrt(number * math.pi / 6 * _UM**3 / thick)
    layers = (Layer("anode", 2 * _UM), Layer("electrolyte", thick))
    return Stack("3", layers, side, side, (Polycrystal("electrolyte", GrainStructure(1 * _UM, seed=1)),))


CASES: dict[str, Callable[[int], Stack]] = {"voids": voids, "particles": particles, "grains": grains}


def measure(case: str, number: int) -> tuple[float, float, int]:
    """Seconds to place the bodies and check the stack, seconds to mesh it, and cells."""
    stack = CASES[case](number)
    began = time.perf_counter()
    stack.check()
    placed = time.perf_counter()
    # the rims of voids are not resolved as for a current: the cost of the geometry is what is measured
    arrays = generate_arrays(stack, MeshSizes(bulk=2 * _UM, edge_fraction=0.4, wall_fraction=0.5, growth=1.5))
    return placed - began, time.perf_counter() - placed, len(arrays.cells)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(prog="python3 -m studies.benchmarks.meshing", description=__doc__)
    parser.add_argument("cases", nargs="*", default=list(CASES), help=", ".join(CASES))
    parser.add_argument("--numbers", type=int, nargs="+", default=[75, 150, 300])
    given = parser.parse_args(arguments)
    for case in given.cases:
        before: tuple[int, float] | None = None
        for number in given.numbers:
            place, mesh, cells = measure(case, number)
            exponent = ""
            if before is not None:
                exponent = f"   exponent {math.log((place + mesh) / before[1]) / math.log(number / before[0]):.2f}"
            print(
                f"{case:10} {number:6}  places {place:6.2f} s  mesh {mesh:7.2f} s  {cells:9} cells{exponent}",
                flush=True,
            )
            before = number, place + mesh


if __name__ == "__main__":
    main()
