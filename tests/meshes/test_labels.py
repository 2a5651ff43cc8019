"""Reading segmented images: how pictures and stacks stand, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from image_samples import UM, pattern

from meshes import MeshError, MeshProblem
from meshes.images import LabelImage, image_shape, read_labels
from meshes.voxels import voxel_mesh


def test_stacks_run_along_z_rows_along_y(tmp_path: Path) -> None:
    from PIL import Image

    stack = pattern((4, 3, 5))  # pages, rows, columns
    pages = [Image.fromarray(page.astype(np.uint8)) for page in stack]
    pages[0].save(tmp_path / "stack.tif", save_all=True, append_images=pages[1:], compression="tiff_lzw")
    (tmp_path / "slices").mkdir()
    for i, page in enumerate(pages):
        page.save(tmp_path / "slices" / f"slice-{i + 8}.png")  # 8, 9, 10, 11: in the order of numbers
    np.save(tmp_path / "stack.npy", stack)
    np.savez(tmp_path / "stack.npz", labels=stack, other=stack[:1])
    wanted = stack.transpose(2, 1, 0)
    for name, more in (
        ("stack.tif", {}),
        ("slices", {}),
        ("slices/slice-*.png", {}),
        ("stack.npy", {}),
        ("stack.npz", {"key": "labels"}),
    ):
        found = read_labels(tmp_path / name, **more)  # type: ignore[arg-type]
        assert np.array_equal(found, wanted), name
        assert image_shape(tmp_path / name, **more) == (5, 3, 4)  # type: ignore[arg-type]
    turned = read_labels(tmp_path / "stack.npy", ("-x", "z", "y"))
    assert np.array_equal(turned, stack.transpose(0, 2, 1)[::-1])


@pytest.mark.parametrize("mode", ["1", "L", "P", "I;16", "I"])
def test_a_picture_stands_upright(tmp_path: Path, mode: str) -> None:
    from PIL import Image

    rows = pattern((3, 4)) % 2 if mode == "1" else pattern((3, 4)) * (1000 if mode in ("I;16", "I") else 1)
    kind = {"1": bool, "I;16": np.uint16, "I": np.int32}.get(mode, np.uint8)
    picture = Image.fromarray(rows.astype(kind))
    if mode == "P":
        picture.putpalette([i % 256 for i in range(768)])
    picture.save(tmp_path / "x.tif")
    found = read_labels(tmp_path / "x.tif")
    assert np.array_equal(found, rows[::-1].T)  # the lowest row of the picture is y = 0


def test_what_is_no_segmented_image(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (3, 3)).save(tmp_path / "colour.png")
    np.save(tmp_path / "grey.npy", np.full((2, 2), 0.5))
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    np.save(tmp_path / "line.npy", np.arange(3))
    np.save(tmp_path / "negative.npy", np.array([[-1, 0]]))
    np.savez(tmp_path / "two.npz", a=np.zeros((2, 2)), b=np.zeros((2, 2)))
    (tmp_path / "broken.tif").write_bytes(b"II*\x00nonsense")
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04")
    (tmp_path / "empty").mkdir()
    for name, message in (
        ("colour.png", "colours"),
        ("grey.npy", "fractions"),
        ("objects.npy", "Python objects"),
        ("line.npy", "1 dimensions"),
        ("negative.npy", "labels from -1 to 0"),
        ("two.npz", r"say which one by `key` \(a, b\)"),
        ("broken.tif", "cannot be read"),
        ("broken.npz", "cannot be read"),
        ("empty", "there are no pictures"),
        ("missing.npy", "there is no such image"),
        ("x.doc", "there is no such image"),
    ):
        with pytest.raises(MeshError, match=message):
            read_labels(tmp_path / name)
    np.save(tmp_path / "flat.npy", np.zeros((2, 2)))
    with pytest.raises(MeshError, match="name each of x, y once"):
        read_labels(tmp_path / "flat.npy", ("x", "x"))


# -------------------------------------------------------------------- meshes


def test_labels_are_all_spoken_of() -> None:
    image = LabelImage(np.array([[1, 2], [3, 3]], dtype=np.int32), (UM, UM))
    with pytest.raises(MeshProblem, match=r"labels without a region: 3 \(50 % of the voxels\)"):
        voxel_mesh(image, {"a": [1], "b": [2]})
    with pytest.raises(MeshProblem, match="b = 7: the image has no voxel with this label; it has 1, 2, 3"):
        voxel_mesh(image, {"a": [1], "b": [2, 7]}, [3])
    with pytest.raises(MeshProblem, match="b = 1: this label is given to two regions"):
        voxel_mesh(image, {"a": [1, 2], "b": [1]}, [3])
