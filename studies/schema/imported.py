"""Geometry from outside: a segmented image between flat layers, or a mesh file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from studies.schema.fields import Bounds, In, NotABoolean, Part, PositiveFraction, PositiveLength
from studies.schema.places import lists

if TYPE_CHECKING:
    from meshes.images import LabelImage
    from meshes.importing import MeshFile
    from meshes.segmented import Segmented
    from studies.schema.geometry import Geometry

__all__ = ["SOURCES", "Image", "MeshSource", "absolute_files", "file_digest", "mesh_file", "segmented"]

SOURCES = ("image", "mesh")
Axis = Literal["x", "y", "z", "-x", "-y", "-z"]
LabelNumber = Annotated[int, NotABoolean, Field(ge=0)]


class Image(Part):
    """A segmented image. Layers with `labels` are its regions; flat layers lie below and above it."""

    file: str = Field(
        min_length=1,
        description="TIFF (all pages), PNG, .npy or .npz; or a folder or pattern (slices/*.png) of pictures."
        " Relative to the study file.",
    )
    voxel: list[PositiveLength] = Field(
        min_length=1, max_length=3, description="Size of a voxel; or its sizes along x, y (and z)."
    )
    axes: list[Axis] | None = Field(
        default=None,
        min_length=2,
        max_length=3,
        description="Axis of the model that pages, rows and columns run along, `-y`: against it;"
        " default: [z, y, x], of a single picture [-y, x].",
    )
    key: str | None = Field(default=None, description="Array of a .npz file that holds several.")
    void: list[LabelNumber] = Field(default_factory=list, description="Labels of holes.")
    method: Literal["smooth", "voxel"] = Field(
        default="smooth",
        description="smooth: interfaces follow the blurred labels, cells of the size mesh.bulk; voxel: every voxel"
        " is divided into simplices, interfaces are staircases.",
    )
    smoothing: Annotated[float, In("dimensionless", Bounds(above=0.0, at_most=10.0))] = Field(
        default=1.0, description="Standard deviation of the blur in voxels."
    )
    tolerance: PositiveFraction = Field(
        default=2e-3, description="Largest deviation of a volume fraction from that of the voxels."
    )
    islands: Literal["refuse", "remove", "keep"] = Field(
        default="refuse",
        description="Parts of conductors that no current can reach: refuse the mesh, give them to what surrounds"
        " them, or keep them.",
    )

    @model_validator(mode="before")
    @classmethod
    def _single_numbers(cls, data: Any) -> Any:
        return lists(data, "voxel", "void")

    def sizes(self, dimension: int) -> tuple[float, ...]:
        """Size of a voxel along every axis, in metres; as given when the number does not fit."""
        return tuple(self.voxel * dimension if len(self.voxel) == 1 else self.voxel)


class MeshSource(Part):
    """A mesh of another program, or a folder of `ssbfem mesh --store`. Layers with `tags` are its regions."""

    file: str = Field(
        min_length=1,
        description="Any file that meshio reads, or a stored mesh, which is read in parallel."
        " Relative to the study file.",
    )
    unit: PositiveLength = Field(default=1.0, description="Length of 1 of the file.")
    axes: list[Axis] | None = Field(
        default=None,
        min_length=2,
        max_length=3,
        description="Coordinates of the file that become x, y (and z) of the model, the last along the stack.",
    )
    tag_field: str | None = Field(default=None, description="Cell data that holds the tags; default: the usual one.")
    facets: dict[str, list[str | Annotated[int, NotABoolean]]] = Field(
        default_factory=dict,
        description="Tags of facets by name: a|b, a|b:gap (no contact), an outer side, void|a. All others are named by"
        " what lies beside them.",
    )
    join: bool | None = Field(
        default=None,
        description="Points at the same place: on joins them, off leaves the mesh open there; default: refuse them.",
    )


def absolute_files(data: Any, source: str) -> Any:
    """The same data with files of the geometry made absolute: in a study file they are relative to it."""
    geometry = data.get("geometry") if isinstance(data, dict) else None
    if not isinstance(geometry, dict):
        return data
    folder = Path(source).resolve().parent if Path(source).is_file() else Path.cwd()
    changed = dict(geometry)
    for key in SOURCES:
        item = geometry.get(key)
        if isinstance(item, dict) and isinstance(item.get("file"), str) and item["file"]:
            changed[key] = {**item, "file": str(folder / item["file"])}
    if isinstance(geometry.get("features"), list):
        changed["features"] = [_absolute(feature, folder) for feature in geometry["features"]]
    return {**data, "geometry": changed}


def _absolute(feature: Any, folder: Path) -> Any:
    """The same feature with the file of its picture made absolute."""
    picture = feature.get("contact_image") if isinstance(feature, dict) else None
    if not isinstance(picture, dict) or not isinstance(picture.get("file"), str) or not picture["file"]:
        return feature
    return {**feature, "contact_image": {**picture, "file": str(folder / picture["file"])}}


def file_digest(path: Path) -> str:
    """sha256 of what a file, the pictures of a folder or pattern, or a stored mesh hold."""
    from meshes.images import image_files
    from meshes.store import contents_file, is_store

    digest = hashlib.sha256()
    for file in [contents_file(path)] if is_store(path) else image_files(path):
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def load_image(file: str, axes: tuple[str, ...] | None, key: str | None, voxel: tuple[float, ...]) -> LabelImage:
    """The image of a study; kept, because several checks ask for it.

    Raises:
        MeshError: it cannot be read.
    """
    from meshes.images import image_files

    stats = [(str(path), path.stat()) for path in image_files(Path(file))]
    state = tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)
    return _load_image(file, axes, key, voxel, state)


@lru_cache(maxsize=2)
def _load_image(
    file: str, axes: tuple[str, ...] | None, key: str | None, voxel: tuple[float, ...], state: tuple[object, ...]
) -> LabelImage:
    from meshes.images import LabelImage, read_labels

    return LabelImage(read_labels(Path(file), axes, key), voxel)


def segmented(geometry: Geometry, size: float | None) -> Segmented:
    """The image of a checked geometry for `meshes`; `size`: of the cells in metres."""
    from meshes.flat_layers import Slab
    from meshes.segmented import Segmented

    image, layers = geometry.image, geometry.layers
    assert image is not None
    inside = [i for i, layer in enumerate(layers) if layer.labels is not None]
    slabs = [Slab(layer.name, layer.thickness or 0.0) for layer in layers]
    return Segmented(
        path=Path(image.file),
        voxel=image.sizes(3 if geometry.dimension == 3 else 2),
        regions=tuple((layers[i].name, tuple(layers[i].labels or ())) for i in inside),
        void=tuple(image.void),
        below=tuple(slabs[: inside[0]]),
        above=tuple(slabs[inside[-1] + 1 :]),
        axes=None if image.axes is None else tuple(image.axes),
        key=image.key,
        method=image.method,
        size=size,
        smoothing=image.smoothing,
        tolerance=image.tolerance,
    )


def mesh_file(geometry: Geometry) -> MeshFile:
    """The mesh file of a checked geometry for `meshes`."""
    from meshes.importing import MeshFile

    source = geometry.mesh
    assert source is not None
    return MeshFile(
        path=Path(source.file),
        regions=tuple((layer.name, tuple(layer.tags or ())) for layer in geometry.layers),
        facets=tuple((name, tuple(tags)) for name, tags in source.facets.items()),
        unit=source.unit,
        axes=None if source.axes is None else tuple(source.axes),
        tag_field=source.tag_field,
        join=source.join,
        axisymmetric=geometry.dimension == "axisymmetric",
    )


def without_place(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data of a geometry with files replaced by what they hold: where they lie does not matter."""
    found = dict(plain)
    for key in SOURCES:
        if isinstance(found.get(key), Mapping):
            item = dict(found[key])
            item["file"] = file_digest(Path(item["file"]))
            found[key] = item
    return found
