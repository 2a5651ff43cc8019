"""Smooth conforming meshes of segmented images: a lattice cut along the interfaces of smoothed labels.

Every region has an indicator, 1 in its voxels and 0 elsewhere, blurred over about a voxel; a place belongs to the
region whose indicator is largest. The nodes of a regular lattice of simplices get their region so. Where an edge joins
two regions, it is cut where their indicators are equal; nodes close to such a cut are moved onto it first, so that no
sliver arises (isosurface stuffing: Labelle and Shewchuk, ACM Trans. Graph. 26 (2007) 57; for several materials:
Bronson, Levine and Whitaker, IEEE Trans. Vis. Comput. Graph. 20 (2014) 223). Cuts bisect edges, longest first, in one
order for all cells: the mesh conforms, and no cell can be inverted. Moves that would flatten a cell are taken back.

Blurring takes volume from convex bodies: an offset of each indicator gives it back, so that the volume fractions of
the mesh are those of the voxels. Outer sides stay plane (nodes on them move within them), and interfaces meet them at
right angles, because blurring mirrors the image there. The size of the lattice has nothing to do with that of a voxel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from meshes.arrays import MeshArrays
from meshes.cutting import bisect, cut_edges
from meshes.flat_layers import Slab
from meshes.images import LabelImage
from meshes.lattice import box_edges, box_points, box_simplices, measures
from meshes.problems import MeshError, MeshProblem, Problem
from meshes.quality import radius_ratio
from meshes.voxels import VOID, assemble, region_numbers

__all__ = ["SmoothReport", "lattice_counts", "smooth_mesh"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bits = npt.NDArray[np.int64]

#: A node nearer to a cut than this part of the edge moves onto it.
SNAP = 0.3
#: Cuts keep this distance from nodes that could not be moved.
CLEAR = 0.12
#: A move that leaves a cell less than this part of its volume is taken back.
FLATTEST = 0.2
MOST_REGIONS = 62  # one bit of an integer each
_MOST_MISPLACED = 0.5
_MOST_ROUNDS = 12
_AIM = 0.05  # of the tolerance: corrections end there
_SIDE = 1e-9


@dataclass(frozen=True)
class SmoothReport:
    """What became of an image.

    Attributes:
        wanted: region -> volume fraction in the image (``void`` included).
        reached: region -> volume fraction in the mesh.
        misplaced: region -> part of its volume that lies in voxels of other regions.
        worst: smallest radius ratio of a cell (1: equilateral, 0: flat).
        rounds: corrections of the volume fractions.
    """

    wanted: dict[str, float]
    reached: dict[str, float]
    misplaced: dict[str, float]
    worst: float
    rounds: int

    @property
    def deviation(self) -> float:
        """Largest difference between a wanted and a reached fraction."""
        return max(abs(self.wanted[name] - self.reached[name]) for name in self.wanted)


def smooth_mesh(
    image: LabelImage,
    regions: Mapping[str, Sequence[int]],
    size: float,
    void: Sequence[int] = (),
    smoothing: float = 1.0,
    tolerance: float = 2e-3,
    below: Sequence[Slab] = (),
    above: Sequence[Slab] = (),
) -> tuple[MeshArrays, SmoothReport]:
    """A conforming mesh with smooth interfaces.

    Args:
        image: labels and voxel sizes. regions: name -> labels. void: labels of holes.
        size: edge of the lattice in metres; rounded so that whole cells fit.
        smoothing: standard deviation of the blur, in voxels.
        tolerance: largest deviation of a region's volume from that of its voxels, as a fraction of the image.
        below, above: flat layers to add, each from bottom to top.

    Raises:
        MeshProblem: labels or sizes do not fit.
        MeshError: the volumes cannot be kept within `tolerance`, or a region would lie where it is not.
    """
    numbers = region_numbers(image, regions, void)
    if len(regions) > MOST_REGIONS:
        raise MeshProblem([Problem("regions", str(len(regions)), f"at most {MOST_REGIONS} can be meshed smoothly")])
    names = [*regions, *(["void"] if void else [])]
    numbers = np.where(numbers == VOID, len(regions), numbers)
    fields = Indicators(numbers, len(names), image.voxel, smoothing)
    wanted: Floats = np.bincount(numbers.reshape(-1), minlength=len(names)) / numbers.size
    lattice = _Lattice(image.lengths, size)
    offsets: Floats = np.zeros(len(names))
    best: tuple[float, Floats, Floats, Ints, Ints] | None = None
    trust: Floats = np.ones(len(names))
    before: Floats = np.zeros(len(names))
    rounds = -1
    while best is None or (best[0] > _AIM * tolerance and rounds < _MOST_ROUNDS):
        rounds += 1
        points, cells, owner = lattice.fitted(fields, offsets)
        volumes = np.bincount(owner, measures(points, cells), minlength=len(names))
        reached = np.asarray(volumes / volumes.sum(), dtype=np.float64)
        lacking = wanted - reached
        # nodes that snap make the volume jump a little: steps that swing to and fro become smaller
        trust = np.where(lacking * before < -0.25 * before**2, 0.5 * trust, trust)
        offsets, before = offsets + trust * lattice.corrections(fields, offsets, lacking), lacking
        worst = float(np.abs(reached - wanted).max())
        if best is None or worst < best[0]:
            best = (worst, reached, points, cells, owner)
    worst, final, points, cells, owner = best
    if worst > tolerance:
        text = ", ".join(f"{n} {w:.4f} instead of {v:.4f}" for n, v, w in zip(names, wanted, final, strict=True))
        raise MeshError(
            f"cells of {size:.3g} m are too coarse for this image: volume fractions would be {text}"
            f" (tolerance {tolerance:g}); take smaller cells, less smoothing or a voxel mesh"
        )
    misplaced = _misplaced(numbers, image.voxel, points, cells, owner, len(names))
    lost = [name for name, share in zip(names, misplaced, strict=True) if share > _MOST_MISPLACED]
    if lost:
        raise MeshError(
            f"cells of {size:.3g} m are too coarse for this image, or the smoothing of {smoothing:g} voxels too strong:"
            f" more than half of {', '.join(lost)} would lie in voxels of other regions"
        )
    kept = np.where(owner == len(regions), VOID, owner)
    arrays = assemble(points, cells, kept, tuple(regions), below, above, image.lengths[-1] / lattice.counts[-1])
    report = SmoothReport(
        {name: float(value) for name, value in zip(names, wanted, strict=True)},
        {name: float(value) for name, value in zip(names, final, strict=True)},
        {name: float(value) for name, value in zip(names, misplaced, strict=True)},
        float(radius_ratio(arrays.points, arrays.cells).min()),
        rounds,
    )
    return arrays, report


def _misplaced(numbers: Ints, voxel: tuple[float, ...], points: Floats, cells: Ints, owner: Ints, count: int) -> Floats:
    """(count,) part of the volume of each region in cells whose middle lies in a voxel of another one."""
    where = (points[cells].mean(axis=1) / np.array(voxel)).astype(np.int64)
    where = np.minimum(where, np.array(numbers.shape) - 1)
    wrong = numbers[tuple(where.T)] != owner
    volume = measures(points, cells)
    total = np.bincount(owner, volume, minlength=count)
    return np.asarray(np.bincount(owner, volume * wrong, minlength=count) / np.maximum(total, 1e-300))


class Indicators:
    """Blurred indicators of the regions, as functions of the place.

    Args:
        numbers: region of every voxel. count: number of regions. voxel: sizes in metres.
        smoothing: standard deviation of the blur in voxels.
    """

    def __init__(self, numbers: npt.NDArray[np.int64], count: int, voxel: tuple[float, ...], smoothing: float) -> None:
        from scipy.ndimage import gaussian_filter

        # the same length along every axis, measured by the smallest edge of a voxel
        widths = [smoothing * min(voxel) / v for v in voxel]
        self.voxel = np.array(voxel)
        self.fields = [
            gaussian_filter((numbers == k).astype(np.float32), widths, mode="reflect", truncate=3.0)
            for k in range(count)
        ]

    def at(self, points: Floats) -> Floats:
        """Values (regions, n) at `points` (n, dim), linear between the centres of voxels."""
        from scipy.ndimage import map_coordinates

        where = (points / self.voxel - 0.5).T
        return np.stack([map_coordinates(f, where, order=1, mode="nearest") for f in self.fields]).astype(np.float64)


def lattice_counts(lengths: tuple[float, ...], size: float) -> tuple[int, ...]:
    """Cells of the lattice along each edge of the image."""
    return tuple(max(1, round(length / size)) for length in lengths)


class _Lattice:
    """A box of simplices that is fitted to indicators."""

    def __init__(self, lengths: tuple[float, ...], size: float) -> None:
        self.counts = lattice_counts(lengths, size)
        self.points = box_points(self.counts, lengths)
        self.cells = box_simplices(self.counts)
        self.edges = box_edges(self.counts)
        high = np.array(lengths)
        near = _SIDE * high.max()
        sides = np.zeros(len(self.points), dtype=np.int64)
        for axis in range(len(lengths)):
            sides |= (np.abs(self.points[:, axis]) <= near).astype(np.int64) << (2 * axis)
            sides |= (np.abs(self.points[:, axis] - high[axis]) <= near).astype(np.int64) << (2 * axis + 1)
        self.sides = sides
        self._values: tuple[Indicators, Floats] | None = None

    def values(self, fields: Indicators) -> Floats:
        """Indicators (regions, n) at the nodes."""
        if self._values is None or self._values[0] is not fields:
            self._values = (fields, fields.at(self.points))
        return self._values[1]

    def corrections(self, fields: Indicators, offsets: Floats, lacking: Floats) -> Floats:
        """Changes of the offsets that give every region the fraction that it lacks.

        By the number of nodes whose indicator is nearly the largest; half of the change, because what one region
        wins is lost by its neighbours, which are changed as well.
        """
        if len(offsets) == 1:
            return np.zeros(1)
        values = self.values(fields) + offsets[:, None]
        weight = 0.5 ** np.array([bin(s).count("1") for s in range(64)])[self.sides]  # of a node's share of volume
        weight /= weight.sum()
        order = np.argsort(values, axis=0)
        top = np.take_along_axis(values, order[-2:], axis=0)
        changes = np.zeros(len(offsets))
        for k in range(len(offsets)):
            margin = values[k] - np.where(order[-1] == k, top[0], top[1])
            for width in (0.25, 0.5, 1.0):  # a body that the blur has lost is nowhere near the largest
                density = float(weight[np.abs(margin) < width].sum()) / (2 * width)  # of volume per change of offset
                if density > 0:
                    changes[k] = float(np.clip(0.5 * lacking[k] / density, -0.1, 0.1))
                    break
        return changes

    def fitted(self, fields: Indicators, offsets: Floats) -> tuple[Floats, Ints, Ints]:
        """Points, cells and regions of the lattice cut along the interfaces."""
        values = self.values(fields) + offsets[:, None]
        label = np.argmax(values, axis=0)
        i, j = self.edges.T
        mixed = np.flatnonzero(label[i] != label[j])
        points, bits = self._snapped(values, label, self.edges[mixed])
        i, j = self.edges[mixed].T
        edges = self.edges[mixed][(bits[i] & bits[j]) == 0]
        i, j = edges.T
        moved = np.unique(edges)
        moved = moved[np.any(points[moved] != self.points[moved], axis=1)]
        if len(moved):
            values = values.copy()
            values[:, moved] = fields.at(points[moved]) + offsets[:, None]
        t = np.clip(_crossing(values, label, edges), CLEAR, 1 - CLEAR)
        cuts = points[i] + t[:, None] * (points[j] - points[i])
        cells = bisect(self.cells, cut_edges(edges, points, len(points)))
        points = np.concatenate([points, cuts])
        bits = np.concatenate([bits, bits[i] | bits[j]])
        return points, cells, self._owners(points, cells, bits, fields, offsets)

    def _snapped(self, values: Floats, label: Ints, edges: Ints) -> tuple[Floats, Bits]:
        """Points with nodes near cuts moved onto them, and the regions that meet at each node as bits."""
        bits = np.int64(1) << label.astype(np.int64)
        t = _crossing(values, label, edges)
        length = np.linalg.norm(self.points[edges[:, 1]] - self.points[edges[:, 0]], axis=1)
        node = np.concatenate([edges[:, 0], edges[:, 1]])
        other = np.concatenate([edges[:, 1], edges[:, 0]])
        part = np.concatenate([t, 1 - t])
        far = np.concatenate([length, length]) * part
        # a node of an outer side may only move within it, along an edge that lies there
        near = np.flatnonzero((part < SNAP) & ((self.sides[node] & ~self.sides[other]) == 0))
        near = near[np.lexsort((other[near], far[near], node[near]))]
        first = near[np.unique(node[near], return_index=True)[1]]
        target = self.points.copy()
        target[node[first]] += part[first, None] * (self.points[other[first]] - self.points[node[first]])
        points = target.copy()
        still = np.zeros(len(points), dtype=bool)
        still[node[first]] = True  # moved so far
        touched = self.cells[still[self.cells].any(axis=1)]
        whole = np.abs(measures(self.points, touched[:1]))[0] if len(touched) else 0.0
        while len(touched):
            flat = touched[measures(points, touched) < FLATTEST * whole]
            back = np.unique(flat)
            back = back[still[back]]
            if not len(back):
                break
            points[back] = self.points[back]
            still[back] = False
        np.bitwise_or.at(bits, node[near][still[node[near]]], np.int64(1) << label[other[near][still[node[near]]]])
        return points, bits

    def _owners(self, points: Floats, cells: Ints, bits: Bits, fields: Indicators, offsets: Floats) -> Ints:
        """Region (m,) of each cell: the one that all its nodes share, else the strongest at its middle."""
        common = bits[cells[:, 0]].copy()
        every = common.copy()
        for column in cells.T[1:]:
            common &= bits[column]
            every |= bits[column]
        owner = np.zeros(len(cells), dtype=np.int64)
        single = (common != 0) & ((common & (common - 1)) == 0)
        owner[single] = np.round(np.log2(common[single].astype(np.float64))).astype(np.int64)
        open_ = np.flatnonzero(~single)
        if len(open_):
            allowed = np.where(common[open_] != 0, common[open_], every[open_])
            strength = fields.at(points[cells[open_]].mean(axis=1)) + offsets[:, None]
            possible = (allowed[None, :] >> np.arange(len(offsets))[:, None]) & 1
            owner[open_] = np.argmax(np.where(possible == 1, strength, -np.inf), axis=0)
        return owner


def _crossing(values: Floats, label: Ints, edges: Ints) -> Floats:
    """Where on each edge (e, 2) the indicators of the regions of its ends are equal: 0 first end, 1 second."""
    i, j = edges.T
    a, b = label[i], label[j]
    at_i = values[a, i] - values[b, i]
    at_j = values[a, j] - values[b, j]
    fall = at_i - at_j
    return np.asarray(np.clip(np.divide(at_i, fall, out=np.full(len(i), 0.5), where=fall > 1e-12), 0.0, 1.0))
