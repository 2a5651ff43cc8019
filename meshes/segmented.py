"""A segmented image as the geometry of a model: which labels are which region, what lies below and above, how fine."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from meshes.arrays import MeshArrays
from meshes.flat_layers import Slab
from meshes.images import LabelImage, read_labels
from meshes.islands import find_islands, islands_text, without_islands
from meshes.lattice import measures
from meshes.problems import MeshError, MeshProblem, Problem
from meshes.smoothing import SmoothReport, lattice_counts, smooth_mesh
from meshes.voxels import voxel_mesh

__all__ = ["Segmented", "segmented_arrays"]

Method = Literal["smooth", "voxel"]
Islands = Literal["refuse", "remove", "keep"]


@dataclass(frozen=True)
class Segmented:
    """Plain description of a mesh from a segmented image.

    Attributes:
        path: the image, see `meshes.images.read_labels`. axes, key: likewise.
        voxel: size of a voxel along x, y (and z) in metres.
        regions: names and their labels. void: labels of holes.
        below, above: flat layers that the image has not, each from bottom to top.
        method: `smooth` (`meshes.smoothing`) or `voxel` (`meshes.voxels`).
        size: edge of the cells of the smooth mesh in metres; None: the smallest edge of a voxel.
        smoothing: standard deviation of the blur in voxels. tolerance: of the volume fractions.
    """

    path: Path
    voxel: tuple[float, ...]
    regions: tuple[tuple[str, tuple[int, ...]], ...]
    void: tuple[int, ...] = ()
    below: tuple[Slab, ...] = ()
    above: tuple[Slab, ...] = ()
    axes: tuple[str, ...] | None = None
    key: str | None = None
    method: Method = "smooth"
    size: float | None = None
    smoothing: float = 1.0
    tolerance: float = 2e-3


def segmented_arrays(
    spec: Segmented,
    scale: float = 1.0,
    islands: Islands = "refuse",
    conducting: Collection[str] = (),
    passing: Collection[str] = (),
) -> tuple[MeshArrays, SmoothReport | None, tuple[str, ...]]:
    """The mesh of a segmented image, what smoothing did, and remarks for the user.

    Args:
        spec: what to mesh.
        scale: factor on the size of the cells. The voxels of a voxel mesh can only be divided.
        islands: what to do with parts of `conducting` regions that current cannot reach through the interfaces
            `passing`: refuse the mesh, remove them, or keep them.

    Raises:
        MeshProblem, MeshError: what does not fit; see the modules.
    """
    labels = read_labels(spec.path, spec.axes, spec.key)
    if labels.ndim != len(spec.voxel):
        message = f"the image has {labels.ndim} dimensions: as many sizes of a voxel are needed"
        raise MeshProblem([Problem("voxel", str(len(spec.voxel)), message)])
    image = LabelImage(labels, spec.voxel)
    regions = dict(spec.regions)
    report: SmoothReport | None = None
    remarks: list[str] = []
    if spec.method == "smooth":
        own = spec.size if spec.size is not None else min(spec.voxel)
        size = scale * own
        if scale > 1 and lattice_counts(image.lengths, size) == lattice_counts(image.lengths, own):
            message = "the image is too small for coarser cells than these"
            raise MeshProblem([Problem("size", f"{size:.3g} m", message)])
        arrays, report = smooth_mesh(
            image, regions, size, spec.void, spec.smoothing, spec.tolerance, spec.below, spec.above
        )
        remarks.append(
            f"smooth mesh of {'x'.join(map(str, labels.shape))} voxels: volume fractions within"
            f" {100 * report.deviation:.2g} % of the image,"
            f" at most {100 * max(report.misplaced.values()):.2g} % of a region beyond its voxels,"
            f" worst radius ratio {report.worst:.2g}"
        )
    else:
        arrays = voxel_mesh(image, regions, spec.void, _divisions(spec, scale), spec.below, spec.above)
    if islands == "keep":
        return arrays, report, tuple(remarks)
    lost = find_islands(arrays, conducting, passing)
    if lost:
        text = islands_text(lost, float(measures(arrays.points, arrays.cells).sum()))
        if islands == "refuse":
            raise MeshError(f"{text}; `islands: remove` gives them to what surrounds them")
        arrays = without_islands(arrays, lost)
        remarks.append(f"{text}: removed")
    return arrays, report, tuple(remarks)


def _divisions(spec: Segmented, scale: float) -> int:
    """Cells along each edge of a voxel."""
    wanted = (1.0 if spec.size is None else min(spec.voxel) / spec.size) / scale
    if wanted < 1 - 1e-6:
        message = "a voxel mesh cannot be coarser than its voxels (`method: smooth` can)"
        raise MeshProblem([Problem("size", f"{min(spec.voxel) / wanted:.3g} m", message)])
    if abs(wanted - round(wanted)) > 1e-6 * wanted:
        message = "a voxel can be divided into a whole number of cells only"
        raise MeshProblem([Problem("size", f"{min(spec.voxel) / wanted:.3g} m", message)])
    return round(wanted)
