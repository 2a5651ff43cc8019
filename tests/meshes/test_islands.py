"""Parts of an image that no path reaches, and families of meshes of an image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from image_samples import UM, conforms, volumes

from meshes import MeshError, MeshProblem
from meshes.images import LabelImage
from meshes.islands import find_islands, without_islands
from meshes.segmented import Segmented, segmented_arrays
from meshes.voxels import voxel_mesh


def islands_image() -> LabelImage:
    """Electrolyte (1) with an inclusion (2) that holds electrolyte, and conductor (3) of which one part floats."""
    labels = np.ones((12, 12), dtype=np.int32)
    labels[2:9, 2:9] = 2
    labels[4:6, 4:6] = 1
    labels[10, 0:5] = 3
    labels[10, 8:10] = 3
    return LabelImage(labels, (UM, UM))


def test_parts_without_a_path_are_found_and_removed() -> None:
    arrays = voxel_mesh(islands_image(), {"electrolyte": [1], "stone": [2], "carbon": [3]})
    lost = find_islands(arrays, ["electrolyte", "carbon"], [])
    assert [(i.regions, round(i.volume / UM**2)) for i in lost] == [(("electrolyte",), 4), (("carbon",), 2)]
    assert lost[0].place == pytest.approx((5 * UM, 5 * UM))
    assert find_islands(arrays, ["electrolyte", "carbon"], ["electrolyte|carbon"])[0].regions == ("electrolyte",)
    assert find_islands(arrays, ["electrolyte", "stone"], ["electrolyte|stone"]) == ()
    mended = without_islands(arrays, lost)
    conforms(mended)
    assert find_islands(mended, ["electrolyte", "carbon"], []) == ()
    found = volumes(mended)
    assert [round(found[n] / UM**2) for n in ("electrolyte", "stone", "carbon")] == [144 - 49 - 5, 49, 5]


def test_what_touches_voids_only_becomes_a_void() -> None:
    image = islands_image()
    arrays = voxel_mesh(image, {"electrolyte": [1], "carbon": [3]}, [2])
    mended = without_islands(arrays, find_islands(arrays, ["electrolyte", "carbon"], []))
    conforms(mended)
    assert round(sum(volumes(mended).values()) / UM**2) == 144 - 49


def test_islands_are_refused_by_default(tmp_path: Path) -> None:
    image = islands_image()
    np.save(tmp_path / "x.npy", image.labels.T)
    spec = Segmented(
        tmp_path / "x.npy",
        image.voxel,
        (("electrolyte", (1,)), ("stone", (2,)), ("carbon", (3,))),
        axes=("y", "x"),
        method="voxel",
    )
    text = r"1 part of electrolyte \(2.78 % of the volume\) cannot be reached .* around \(5, 5\) um; `islands: remove`"
    with pytest.raises(MeshError, match=text):
        segmented_arrays(spec, conducting=("electrolyte",))
    _, _, remarks = segmented_arrays(spec, islands="remove", conducting=("electrolyte",))
    assert remarks[0].endswith(": removed")
    kept, _, remarks = segmented_arrays(spec, islands="keep", conducting=("electrolyte",))
    assert remarks == ()
    assert volumes(kept)["electrolyte"] == pytest.approx((144 - 49 + 4 - 7) * UM**2)


def test_voxels_are_divided_but_never_joined(tmp_path: Path) -> None:
    image = islands_image()
    np.save(tmp_path / "x.npy", image.labels.T)
    spec = Segmented(tmp_path / "x.npy", image.voxel, (("a", (1, 2, 3)),), axes=("y", "x"), method="voxel")
    assert len(segmented_arrays(spec, 0.5)[0].cells) == 4 * len(segmented_arrays(spec)[0].cells)
    with pytest.raises(MeshProblem, match="cannot be coarser than its voxels"):
        segmented_arrays(spec, 1.5)
    with pytest.raises(MeshProblem, match="a whole number of cells only"):
        segmented_arrays(spec, 0.7)


def test_a_family_has_no_two_equal_members(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([[1, 1], [2, 2]]))
    spec = Segmented(tmp_path / "x.npy", (UM, UM), (("a", (1,)), ("b", (2,))), size=1.8 * UM, tolerance=0.4)
    with pytest.raises(MeshProblem, match="too small for coarser cells"):
        segmented_arrays(spec, 1.5)
