"""Which folders a command sees: the image, and everything of the host that belongs to the user."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .recipe import LauncherError

CACHE_INSIDE = "/var/cache/ssbfem"
"""Where the command finds its persistent cache (compiled kernels, fonts, shaders)."""

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"

SYSTEM = frozenset(
    [
        "bin",
        "boot",
        "dev",
        "etc",
        "initrd",
        "lib",
        "lib32",
        "lib64",
        "libo32",
        "libx32",
        "lost+found",
        "proc",
        "root",
        "run",
        "sbin",
        "snap",
        "sys",
        "tmp",
        "usr",
        "var",
    ]
)
"""Names in / that are the operating system's: the image has its own, or the command needs none."""

FREE = ("/var", "/run", "/usr/src", "/usr/local")
"""System folders that are empty inside, so that a checkout below them finds its place."""


@dataclass(frozen=True)
class Mount:
    """One mount: `kind` is ``bind`` (with all that is mounted below), ``tmpfs``, ``folder`` or ``link``.

    For a link `source` is what it points to. An optional bind that fails is left out.
    """

    kind: str
    target: str
    source: str = ""
    read_only: bool = False
    optional: bool = False


def within(path: str, folder: str) -> bool:
    """Whether `path` is `folder` or lies below it (both absolute and normalised)."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def image_mounts(root: Path, *, writable: bool = False) -> list[Mount]:
    """The image on an empty file system, and the kernel's file systems; only a build may write the image."""
    plan = [Mount("tmpfs", "/")]
    for entry in sorted(os.scandir(root), key=lambda item: item.name):
        if entry.is_symlink():
            plan.append(Mount("link", "/" + entry.name, os.readlink(entry.path)))
        elif entry.name in ("usr", "etc"):
            plan.append(Mount("bind", "/" + entry.name, entry.path, read_only=not writable))
    plan += [Mount("tmpfs", folder) for folder in FREE]
    plan += [
        Mount("bind", "/var/lib/dpkg", str(root / "var/lib/dpkg"), read_only=True),
        Mount("bind", "/var/tmp", "/var/tmp", optional=True),
        Mount("folder", "/run/lock"),
        *kernel_mounts(),
        Mount("bind", "/tmp", "/tmp"),
    ]
    return plan


def kernel_mounts() -> list[Mount]:
    """Devices (with the shared memory that MPI uses), processes and /sys of the host."""
    return [Mount("bind", "/" + name, "/" + name) for name in ("dev", "proc", "sys")]


def network_mounts(root: Path, certificates: str | None) -> list[Mount]:
    """Names and certificates of the host over those of the image."""
    files = {
        "/etc/resolv.conf": "/etc/resolv.conf",
        "/etc/hosts": "/etc/hosts",
        "/etc/hostname": "/etc/hostname",
    }
    if certificates:
        files[CERTIFICATES] = certificates
    return [
        Mount("bind", target, os.path.realpath(source), read_only=True, optional=True)
        for target, source in files.items()
        if os.path.isfile(source) and (root / target.lstrip("/")).is_file()
    ]


def host_folders() -> dict[str, str | None]:
    """Folders in / of the host: name -> None, or -> what it points to where it is a symbolic link."""
    found: dict[str, str | None] = {}
    for entry in os.scandir("/"):
        if entry.is_dir():
            found[entry.name] = os.readlink(entry.path) if entry.is_symlink() else None
    return found


def user_mounts(folders: Mapping[str, str | None], needed: Iterable[str], root: Path) -> list[Mount]:
    """Folders of the host, each at its own path.

    Args:
        folders: folders in / of the host, see `host_folders`.
        needed: absolute folders that must be there too: checkout, working folder, home.
        root: root folder of the image; a needed folder that exists there is the image's, not the host's.

    Raises:
        LauncherError: a needed folder lies where the image has its own files.
    """
    plan: list[Mount] = []
    covered = ["/tmp", "/var/tmp", "/dev", "/proc", "/sys"]
    for name, link in sorted(folders.items()):
        if name in SYSTEM:
            continue
        if link is not None:
            plan.append(Mount("link", "/" + name, link))
        else:
            plan.append(Mount("bind", "/" + name, "/" + name, optional=True))
            covered.append("/" + name)
    for path in sorted({os.path.realpath(path) for path in needed}):
        if path == "/" or any(within(path, folder) for folder in covered):
            continue
        if within(path, "/root") or any(within(path, free) and path != free for free in FREE):
            plan.append(Mount("bind", path, path))
            covered.append(path)
        elif not (root / path.lstrip("/")).is_dir():
            raise LauncherError(
                f"{path} lies in a folder of the operating system and cannot be seen in the environment; "
                "work from another folder, such as one below /home, /opt or /srv"
            )
    return plan
