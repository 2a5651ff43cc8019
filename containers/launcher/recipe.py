"""What an image is made of, and under which name it is kept."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CONTAINERS = Path(__file__).resolve().parent.parent
"""The folder of the recipe files."""

CHECKOUT = CONTAINERS.parent
"""The checkout that this launcher belongs to."""

VENV = "/usr/lib/ssbfem"
"""Virtual environment inside every image: under /usr, so that no folder of the host is mounted over it."""


class LauncherError(Exception):
    """A message for the user; the launcher prints it and exits with `status`."""

    def __init__(self, message: str, status: int = 125) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Recipe:
    """One image: a Debian suite, a list of its packages and a lock file of wheels.

    Attributes:
        name: name of the image and of its folder in the cache.
        suite: Debian suite, for example ``trixie``.
        title: what the user is told about it.
        folder: folder that holds the recipe files.
    """

    name: str
    suite: str
    title: str
    folder: Path = CONTAINERS

    @property
    def package_file(self) -> Path:
        return self.folder / f"packages-{self.suite}.txt"

    @property
    def lock_file(self) -> Path:
        return self.folder / f"requirements-{self.suite}.lock"

    @property
    def exclude_file(self) -> Path:
        return self.folder / "dpkg-excludes"

    @property
    def files(self) -> tuple[Path, ...]:
        """Everything that decides what is in the image; a change of any makes it another image."""
        launcher = self.folder / "launcher"
        return (
            self.package_file,
            self.lock_file,
            self.exclude_file,
            launcher / "stages.py",
            launcher / "recipe.py",
        )

    def packages(self) -> list[str]:
        """Debian packages of the image."""
        return list_lines(self.package_file)

    def digest(self) -> str:
        """Twelve hexadecimal digits that stand for the content of all recipe files."""
        total = hashlib.sha256(f"{self.name} {self.suite}".encode())
        for path in self.files:
            try:
                content = path.read_bytes()
            except OSError as error:
                raise LauncherError(f"recipe file {path} cannot be read: {error.strerror}") from None
            total.update(f"\0{path.name}\0{len(content)}\0".encode())
            total.update(content)
        return total.hexdigest()[:12]


STABLE = Recipe("trixie", "trixie", "Debian 13, dolfinx 0.9")
NEXT = Recipe("sid", "sid", "Debian unstable, dolfinx 0.11")


def list_lines(path: Path) -> list[str]:
    """Entries of a list file: one a line, `#` begins a comment, empty lines do not count."""
    lines = (line.split("#", 1)[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Folder of the images: ``$SSBFEM_CACHE``, else ``$XDG_CACHE_HOME/ssbfem``, else ``~/.cache/ssbfem``."""
    chosen = environment.get("SSBFEM_CACHE")
    if chosen:
        return Path(os.path.abspath(chosen))
    base = environment.get("XDG_CACHE_HOME")
    if base and os.path.isabs(base):
        return Path(base) / "ssbfem"
    home = environment.get("HOME") or os.path.expanduser("~")
    return Path(home) / ".cache" / "ssbfem"
