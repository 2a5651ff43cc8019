"""The images in the cache folder: found, held while they are used, removed when they are old.

An image is the folder ``NAME-DIGEST``; it appears by one rename when it is complete. Beside it lie
``NAME.lock`` (held while an image of that name is built) and ``NAME-DIGEST.TAG.part`` (being built, or
left over by a build that was killed).
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from .recipe import LauncherError, Recipe

FORMAT = "image.json"
"""Description of an image, written last; a folder without it is not an image."""


@dataclass(frozen=True)
class Image:
    """A complete image in the cache."""

    folder: Path

    @property
    def label(self) -> str:
        return self.folder.name

    @property
    def root(self) -> Path:
        return self.folder / "root"

    @property
    def mount_point(self) -> Path:
        """Empty folder on which each command puts its own root together."""
        return self.folder / "mnt"

    def description(self) -> dict[str, object]:
        """What the build recorded: suite, mirror, seconds, size."""
        return dict(json.loads((self.folder / FORMAT).read_text(encoding="utf-8")))

    def complete(self) -> bool:
        return (self.folder / FORMAT).is_file()

    def hold(self) -> bool:
        """Keep the image from being removed as long as this process, or one that it becomes or starts, lives.

        Returns:
            False if the image has just been removed.
        """
        try:
            handle = os.open(self.folder / "in-use", os.O_RDONLY)
        except FileNotFoundError:
            return False
        fcntl.flock(handle, fcntl.LOCK_SH)
        high = fcntl.fcntl(handle, fcntl.F_DUPFD, 100)
        os.close(handle)
        os.set_inheritable(high, True)
        if not self.complete():
            os.close(high)
            return False
        return True

    def cache_for(self, uid: int, gid: int) -> Path:
        """Folder of compiled kernels and the like, one per image and user.

        Raises:
            LauncherError: it cannot be made.
        """
        folder = self.folder / "cache" / str(uid)
        if not folder.is_dir():
            try:
                folder.mkdir(mode=0o755)
                if os.geteuid() == 0:
                    os.chown(folder, uid, gid)
            except FileExistsError:
                pass
            except OSError as error:
                raise LauncherError(
                    f"the cache of {self.label} cannot be written ({error.strerror}): give this user an "
                    "image of its own with SSBFEM_CACHE=FOLDER"
                ) from None
        if folder.stat().st_uid != uid:
            raise LauncherError(f"{folder} belongs to another user: remove it")
        return folder


def image_of(recipe: Recipe, cache: Path) -> Image:
    """Where the image of a recipe is or will be."""
    return Image(cache / "images" / f"{recipe.name}-{recipe.digest()}")


@contextmanager
def build_lock(name: str, images: Path, wait_message: str) -> Iterator[int]:
    """One build of a name at a time; yields the handle of the lock.

    Children of the build inherit the handle: the lock is free only when the last of them is gone, also after
    this process was killed.
    """
    images.mkdir(parents=True, exist_ok=True)
    handle = os.open(images / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(wait_message, file=sys.stderr, flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)


def leftovers(name: str, images: Path) -> list[Path]:
    """Parts of builds of this name; garbage for whoever holds the build lock."""
    return sorted(path for path in images.glob(f"{name}-*.part") if path.is_dir())


def outdated(name: str, images: Path, current: Image) -> list[Path]:
    """Images of this name from other recipes."""
    return sorted(
        path for path in images.glob(f"{name}-*") if path.is_dir() and path != current.folder and path.suffix != ".part"
    )


def remove(folder: Path) -> None:
    """Remove a folder of the cache, never what is mounted below it.

    Raises:
        LauncherError: something is mounted below, or the folder cannot be removed.
    """
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        mounted = line.split()[4].encode().decode("unicode_escape")
        if mounted.startswith(f"{folder}/"):
            raise LauncherError(f"{mounted} is still mounted: unmount it, then remove {folder}")
    shutil.rmtree(folder, onerror=_make_writable)
    if folder.exists():
        raise LauncherError(f"{folder} cannot be removed")


def _make_writable(function: object, path: str, _error: object) -> None:
    # a build as a normal user leaves folders without write permission
    with suppress(OSError):
        os.chmod(os.path.dirname(path), 0o755)
        if os.path.isdir(path) and not os.path.islink(path):
            os.chmod(path, 0o755)
            shutil.rmtree(path, ignore_errors=True)
        else:
            os.unlink(path)


def retire(folder: Path) -> bool:
    """Remove an image that nobody uses.

    Returns:
        False if a command still runs in it; a later build removes it.
    """
    try:
        handle = os.open(folder / "in-use", os.O_RDONLY)
    except OSError:
        remove(folder)
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    try:
        grave = folder.with_name(f"{folder.name}.{os.getpid()}-old.part")
        os.rename(folder, grave)
        remove(grave)
    finally:
        os.close(handle)
    return True
