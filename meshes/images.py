"""Segmented images (FIB-SEM, tomography, masks) as arrays of labels: TIFF, PNG, NumPy."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from meshes.problems import MeshError

__all__ = ["IMAGE_SUFFIXES", "LabelImage", "image_files", "image_shape", "read_labels"]

Labels = npt.NDArray[np.int32]
PICTURES = (".tif", ".tiff", ".png")
IMAGE_SUFFIXES = (*PICTURES, ".npy", ".npz")
_AXES = {2: ("-y", "x"), 3: ("z", "y", "x")}
_LARGEST_LABEL = 2**31 - 1


@dataclass(frozen=True)
class LabelImage:
    """A segmented image in the coordinates of the model.

    Attributes:
        labels: (nx, ny) or (nx, ny, nz); the last axis is the stacking direction.
        voxel: size of a voxel along each axis, metres.
    """

    labels: Labels
    voxel: tuple[float, ...]

    @property
    def lengths(self) -> tuple[float, ...]:
        """Extent along each axis in metres."""
        return tuple(n * v for n, v in zip(self.labels.shape, self.voxel, strict=True))

    def fractions(self) -> dict[int, float]:
        """Label -> fraction of the voxels."""
        values, counts = np.unique(self.labels, return_counts=True)
        return {int(v): float(c) / self.labels.size for v, c in zip(values, counts, strict=True)}


def read_labels(path: Path, axes: Sequence[str] | None = None, key: str | None = None) -> Labels:
    """Labels (nx, ny) or (nx, ny, nz) of a segmented image.

    Args:
        path: a TIFF (all its pages), a PNG, a ``.npy`` or ``.npz`` file; or a folder or pattern (``slice-*.png``) of
            pictures of one size, taken in the natural order of their names.
        axes: which axis of the model every axis of the array runs along: pages, rows, columns. ``-y``: against it.
            Default: ``z y x``; of a single picture ``-y x``, so that its lowest row is the bottom.
        key: array of an ``.npz`` file; may be left out where there is only one.

    Raises:
        MeshError: naming the file and what is wrong with it.
    """
    found = _read(Path(path), key)
    if found.ndim == 3 and 1 in found.shape and (axes is None or len(axes) == 2):
        found = found.reshape([n for n in found.shape if n > 1] or [1, 1])
    if found.ndim not in (2, 3):
        raise MeshError(f"{path} holds an array of {found.ndim} dimensions: 2 or 3 are needed")
    return _oriented(_whole_numbers(found, path), axes, path)


def image_shape(path: Path, axes: Sequence[str] | None = None, key: str | None = None) -> tuple[int, ...]:
    """Number of voxels along x, y (and z) as `read_labels` gives them, without reading more than is needed.

    Raises:
        MeshError: as `read_labels`.
    """
    if Path(path).suffix.lower() == ".npy":
        array = _load(lambda: np.load(path, mmap_mode="r", allow_pickle=False), Path(path))
        if array.ndim in (2, 3) and 1 not in array.shape:
            places = _places(array.ndim, axes, Path(path))
            return tuple(array.shape[place] for place, _ in places)
    return read_labels(path, axes, key).shape


def image_files(path: Path) -> list[Path]:
    """The files that an image consists of, in their order; empty when there are none."""
    if any(c in path.name for c in "*?["):
        return sorted(path.parent.glob(path.name), key=_natural)
    if path.is_dir():
        return sorted((p for p in path.iterdir() if p.suffix.lower() in PICTURES), key=_natural)
    return [path] if path.is_file() else []


def _read(path: Path, key: str | None) -> npt.NDArray[Any]:
    suffix = path.suffix.lower()
    if path.is_dir() or any(c in path.name for c in "*?["):
        return _pictures(image_files(path), path)
    if not path.is_file():
        raise MeshError(f"{path}: there is no such image")
    if suffix in PICTURES:
        return _pages(path)
    if suffix == ".npy":
        return np.asarray(_load(lambda: np.load(path, allow_pickle=False), path))
    if suffix == ".npz":
        return np.asarray(_load(lambda: _member(path, key), path))
    raise MeshError(f"{path}: images are read from {', '.join(IMAGE_SUFFIXES)} files or a folder of pictures")


def _load(work: Callable[[], Any], path: Path) -> Any:
    try:
        return work()
    except (OSError, ValueError, EOFError, SyntaxError, zipfile.BadZipFile, TypeError) as error:
        text = "holds Python objects, which are not read" if "pickle" in str(error) else str(error)
        raise MeshError(f"{path} cannot be read as an image: {text}") from error


def _member(path: Path, key: str | None) -> npt.NDArray[Any]:
    with np.load(path, allow_pickle=False) as data:
        if key is None and len(data.files) != 1:
            raise MeshError(f"{path} holds {len(data.files)} arrays: say which one by `key` ({', '.join(data.files)})")
        name = key if key is not None else data.files[0]
        if name not in data.files:
            raise MeshError(f"{path} has no array {name!r}; it has {', '.join(data.files)}")
        return np.asarray(data[name])


def _pages(path: Path) -> npt.NDArray[Any]:
    """(pages, rows, columns), or (rows, columns) of a single picture."""
    from PIL import Image, ImageSequence

    def work() -> npt.NDArray[Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what cannot be read is said below
            picture = Image.open(path)
        with picture:
            pages = []
            for page in ImageSequence.Iterator(picture):
                if page.mode not in ("1", "L", "P", "I", "F") and not page.mode.startswith("I;16"):
                    text = f"has colours (mode {page.mode}): labels are grey values or palette numbers"
                    raise MeshError(f"{path} {text}")
                pages.append(np.asarray(page).copy())
        if len({page.shape for page in pages}) > 1:
            raise MeshError(f"{path} has pages of different sizes")
        return np.stack(pages) if len(pages) > 1 else pages[0]

    try:
        return work()
    except MeshError:
        raise
    except Exception as error:  # Pillow raises whatever its decoders do, DecompressionBombError among them
        raise MeshError(f"{path} cannot be read as an image: {error}") from error


def _pictures(files: list[Path], path: Path) -> npt.NDArray[Any]:
    if not files:
        raise MeshError(f"{path}: there are no pictures ({', '.join(PICTURES)})")
    pages = [_pages(file) for file in files]
    first = pages[0].shape
    for file, page in zip(files, pages, strict=True):
        if page.ndim != 2 or page.shape != first:
            raise MeshError(
                f"{file} has the size {page.shape}, unlike {files[0].name} with {first}: one page, one size"
            )
    return np.stack(pages)


def _natural(path: Path) -> list[Any]:
    """Sorting key: slice-2 before slice-10."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", path.name)]


def _whole_numbers(found: npt.NDArray[Any], path: Path) -> Labels:
    if found.size == 0:
        raise MeshError(f"{path} holds no voxels")
    if found.dtype.kind not in "buif":
        raise MeshError(f"{path} holds values of type {found.dtype}: labels are whole numbers")
    if found.dtype.kind == "f" and not (np.isfinite(found).all() and np.all(found == np.round(found))):
        raise MeshError(f"{path} holds fractions: labels are whole numbers (is it a grey image before segmentation?)")
    if found.min() < 0 or found.max() > _LARGEST_LABEL:
        raise MeshError(f"{path} has labels from {found.min()} to {found.max()}: 0 to {_LARGEST_LABEL} are possible")
    return found.astype(np.int32)


def _places(ndim: int, axes: Sequence[str] | None, path: Path) -> list[tuple[int, bool]]:
    """Axis of the array and whether it runs backwards, for x, y (and z)."""
    given = tuple(axes) if axes is not None else _AXES[ndim]
    wanted = ("x", "y", "z")[:ndim]
    if sorted(a.removeprefix("-") for a in given) != sorted(wanted):
        text = f"the array has {ndim} axes: name each of {', '.join(wanted)} once"
        raise MeshError(f"{path}: axes {' '.join(given)} do not fit: {text}")
    plain = [a.removeprefix("-") for a in given]
    return [(plain.index(name), given[plain.index(name)].startswith("-")) for name in wanted]


def _oriented(found: Labels, axes: Sequence[str] | None, path: Path) -> Labels:
    places = _places(found.ndim, axes, path)
    turned = found.transpose([place for place, _ in places])
    for axis, (_, backwards) in enumerate(places):
        if backwards:
            turned = np.flip(turned, axis)
    return np.ascontiguousarray(turned)
