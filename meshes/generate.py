"""A stack and sizes in, a tagged mesh out. Gmsh runs on rank 0 only, on one thread, the same every time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from meshes.arrays import MeshArrays, arrays_from_gmsh
from meshes.blame import involved, places
from meshes.cache import load_arrays, mesh_key, save_arrays
from meshes.collective import on_root
from meshes.films import grow_films
from meshes.interval import interval_arrays
from meshes.morph import moved_arrays
from meshes.periodic import match_sides
from meshes.problems import MeshError, MeshProblem
from meshes.quality import require_layer_cells
from meshes.sizes import MeshSizes
from meshes.stack import Stack

if TYPE_CHECKING:
    from meshes.tagged import TaggedMesh

__all__ = ["generate", "generate_arrays", "gmsh_session"]

Floats = npt.NDArray[np.float64]
#: Same input, same mesh: one thread, sequential algorithms, fixed seed, no user's .gmshrc.
_OPTIONS: dict[str, float] = {
    "General.Terminal": 0,
    "General.NumThreads": 1,
    "Geometry.OCCParallel": 0,
    "Mesh.MaxNumThreads1D": 1,
    "Mesh.MaxNumThreads2D": 1,
    "Mesh.MaxNumThreads3D": 1,
    "Mesh.RandomSeed": 1,
    "Mesh.MeshSizeExtendFromBoundary": 0,
    "Mesh.MeshSizeFromPoints": 0,
    "Mesh.MeshSizeFromCurvature": 0,
    "Mesh.MeshSizeMin": 0,
    "Mesh.ElementOrder": 1,
    "Mesh.LcIntegrationPrecision": 1e-4,  # of the size along curves; 1e-9 takes longer than all the rest
    "Mesh.Optimize": 1,
    "Mesh.OptimizeThreshold": 0.3,
    "Mesh.Renumber": 1,
}
#: Surface and volume algorithms, the next pair when one fails: frontal Delaunay with HXT (on one thread
#: reproducible, and 6 times as fast as the Delaunay of Gmsh), then Delaunay with Delaunay.
_ALGORITHMS = ((6, 10), (5, 1))
#: Where the size grows faster than this per distance HXT refines for minutes what Delaunay makes in seconds.
_STEEP = 0.6
#: Where it grows faster than this few cells are good, and HXT tries for long to mend those of a quality below 0.3:
#: those below the second number are mended, the worst cell is as good.
_LEAST_EVEN, _MENDED = 0.35, 0.2
_CHANGED = ("General.AbortOnError", "Mesh.Algorithm", "Mesh.Algorithm3D", "Mesh.MeshSizeMax")


def generate(
    stack: Stack,
    sizes: MeshSizes | None,
    comm: Any,
    partitioner: Callable[..., Any] | None = None,
    cache: Path | None = None,
) -> TaggedMesh:
    """The distributed, tagged mesh of `stack`.

    Args:
        stack: what to mesh. sizes: how finely; None: defaults that suit the stack.
        comm: MPI communicator; Gmsh runs on its rank 0.
        partitioner: of dolfinx, with ghost cells across shared facets (needed on more than one rank).
        cache: folder for finished meshes; a damaged file in it is replaced.

    Raises:
        MeshProblem: the input is wrong. MeshError: the mesh could not be made. Both on all ranks.
    """
    from meshes.tagged import TaggedMesh

    arrays = on_root(comm, lambda: generate_arrays(stack, sizes, cache))
    made = TaggedMesh.from_arrays(arrays, comm, partitioner, stack.periodic)
    return replace(made, dimension=stack.dimension, stack=stack)


def generate_arrays(stack: Stack, sizes: MeshSizes | None = None, cache: Path | None = None) -> MeshArrays:
    """The mesh of `stack` as arrays on this process. Needs no dolfinx and no MPI.

    Raises:
        MeshProblem: the input is wrong. MeshError: Gmsh failed; the message names the features.
    """
    stack.check()
    sizes = sizes if sizes is not None else MeshSizes.default(stack)
    sizes.check(stack)
    path = None
    if cache is not None:
        path = Path(cache) / f"{mesh_key(stack, sizes, _generator(stack))}.npz"
        if path.exists():
            try:
                return load_arrays(path)
            except MeshError:
                pass  # damaged: made again and replaced below
    arrays = interval_arrays(stack, sizes) if stack.dimension == "1" else _with_gmsh(stack, sizes)
    arrays.check()
    require_layer_cells(arrays, [layer.name for layer in stack.layers])
    if path is not None:
        save_arrays(arrays, path)
    return arrays


class GmshFailure(MeshError):
    """Gmsh failed; `where` (n, 3) are the places in metres of which its messages speak."""

    def __init__(self, text: str, where: Floats) -> None:
        super().__init__(text)
        self.where = where


@contextmanager
def gmsh_session(unit: float = 1.0) -> Iterator[None]:
    """Gmsh with a fresh model and reproducible options, silent; a session of the caller is left as it was.

    Errors of Gmsh within become `GmshFailure` with the last messages of its log, and the places of which they speak.

    Args:
        unit: length in metres that is 1 in the model.
    """
    import gmsh

    mine = not gmsh.isInitialized()
    before: dict[str, float] = {}
    if mine:
        gmsh.initialize(readConfigFiles=False, interruptible=False)
    else:
        before = {name: gmsh.option.getNumber(name) for name in (*_OPTIONS, *_CHANGED)}
        model = gmsh.model.getCurrent()
    name = "ssbfem"
    try:
        for option, value in _OPTIONS.items():
            gmsh.option.setNumber(option, value)
        gmsh.model.add(name)
        gmsh.logger.start()
        try:
            yield
        except MeshError:
            raise
        except Exception as error:
            log = [line for line in gmsh.logger.get() if line.startswith(("Error", "Warning"))]
            text = "; ".join(dict.fromkeys([str(error), *log[-3:]]))
            raise GmshFailure(text, places("\n".join([str(error), *log]), unit)) from error
        finally:
            gmsh.logger.stop()
            gmsh.model.setCurrent(name)
            gmsh.model.remove()
    finally:
        if mine:
            gmsh.finalize()
        else:
            for option, value in before.items():
                gmsh.option.setNumber(option, value)
            gmsh.model.setCurrent(model)


def _generator(stack: Stack) -> str:
    if stack.dimension == "1":
        return "intervals"
    import gmsh

    return f"gmsh {gmsh.__version__}"


def _with_gmsh(stack: Stack, sizes: MeshSizes) -> MeshArrays:
    import gmsh

    from meshes.build import LayeredModel, model_unit
    from meshes.fields import set_size_field

    model = LayeredModel(stack, model_unit(stack))
    try:
        with gmsh_session(model.unit):
            named = model.assemble()
            set_size_field(model, named, sizes)
            if stack.periodic:
                match_sides(model, named)
            facets = named.facets | named.slits
            for dim, groups in ((model.tdim, named.layers), (model.tdim - 1, facets)):
                for number, (name, tags) in enumerate(groups.items(), start=1):
                    gmsh.model.addPhysicalGroup(dim, tags, number, name)
            if sizes.slope > _LEAST_EVEN:
                gmsh.option.setNumber("Mesh.OptimizeThreshold", _MENDED)
            # HXT refuses surfaces that end within a body
            first = _ALGORITHMS if sizes.slope <= _STEEP and not named.slits else _ALGORITHMS[::-1]
            arrays = _meshed(model.tdim, stack.gdim, model.unit, first)
        arrays = _snapped(arrays, stack)
    except MeshProblem:
        raise
    except MeshError as error:
        where = error.where if isinstance(error, GmshFailure) else np.zeros((0, 3))
        labels = involved(stack, sizes, str(error), where)
        raise MeshError(f"this geometry could not be meshed (features: {labels}): {error}") from error
    arrays = grow_films(arrays, stack)
    if named.slits:
        from meshes.loose import require_held
        from meshes.slit import open_slits

        arrays = open_slits(arrays, {name: arrays.facet_names[name] for name in named.slits}, stack.touching_slits)
        require_held(arrays, named.slits)
    return moved_arrays(arrays, stack)


def _meshed(tdim: int, gdim: int, unit: float, algorithms: tuple[tuple[int, int], ...]) -> MeshArrays:
    """Mesh the current model and read it; with the next algorithms where the first leave a hole."""
    import gmsh

    failure: Exception | None = None
    gmsh.option.setNumber("General.AbortOnError", 0)  # what Gmsh cannot mesh at once it tries in other ways
    for surface, volume in algorithms:
        gmsh.option.setNumber("Mesh.Algorithm", surface)
        gmsh.option.setNumber("Mesh.Algorithm3D", volume)
        try:
            gmsh.model.mesh.generate(tdim)
            return arrays_from_gmsh(tdim, gdim, unit)
        except Exception as error:  # Gmsh raises plain Exception
            failure = error
            gmsh.model.mesh.clear()
    assert failure is not None
    raise failure


def _snapped(arrays: MeshArrays, stack: Stack) -> MeshArrays:
    """Points of flat facets put exactly into their plane (Gmsh leaves rounding errors of its own unit)."""
    points = arrays.points.copy()
    lateral = stack.lateral
    planes = {
        "bottom": (-1, 0.0),
        "top": (-1, stack.levels[-1]),
        "left": (0, 0.0),
        "right": (0, lateral[0] if lateral else 0.0),
        "front": (1, 0.0),
        "back": (1, lateral[-1] if lateral else 0.0),
    }
    shaped = any(feature.regions(stack) for feature in stack.features)
    for name, tag in arrays.facet_names.items():
        interface = name.split(":")[0]
        if name not in planes and interface not in stack.interfaces:
            continue  # walls of voids, slits, surfaces of bodies
        axis, value = planes[name] if name in planes else (-1, stack.z_of(interface))
        at = np.unique(arrays.facets[arrays.facet_tags == tag])
        off = np.abs(points[at, axis] - value) > 1e-6 * max(stack.height, *lateral, value)
        if off.any() and (name in planes or not shaped):
            raise MeshError(f"facets called {name!r} do not lie in its plane")
        points[at[~off], axis] = value  # a body of a layer's own material bends the interface elsewhere
    _require_walls_inside(arrays, stack)
    return replace(arrays, points=points)


def _require_walls_inside(arrays: MeshArrays, stack: Stack) -> None:
    """The walls of voids are all facets that are left over: none of them may lie in an outer side."""
    extents = (*stack.lateral, stack.levels[-1])
    for name, tag in arrays.facet_names.items():
        if name.startswith("void|"):
            x = arrays.points[arrays.facets[arrays.facet_tags == tag]]
            for axis, extent in enumerate(extents):
                for value in (0.0, extent):
                    if np.any(np.all(np.abs(x[:, :, axis] - value) < 1e-9 * max(stack.height, *stack.lateral), axis=1)):
                        raise MeshError(f"a part of an outer side was taken for {name!r}")
