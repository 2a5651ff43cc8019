"""What a result came from: versions, image, commit, study."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from studies.schema import Study


def provenance(study: Study) -> dict[str, Any]:
    """Versions of everything that computes, the image, the git commit and the hash of the study."""
    import dolfinx
    from petsc4py import PETSc

    versions = {"python": platform.python_version(), "dolfinx": dolfinx.__version__}
    versions["petsc"] = ".".join(map(str, PETSc.Sys.getVersion()))
    for name in ("gmsh", "numpy", "fenics-ufl", "pyvista", "ssbfem"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "versions": versions,
        "image": os.environ.get("SSBFEM_IMAGE", "none"),
        "git_commit": _commit(),
        "study_hash": study.hash,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _commit() -> str:
    """Commit of the checkout that this file lies in, with ``+changes`` when it has any; ``unknown`` outside."""
    here = Path(__file__).resolve().parent
    git = ["git", "-c", "safe.directory=*", "-C", str(here)]
    try:
        commit = subprocess.run(
            [*git, "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=True
        ).stdout.strip()
        changed = subprocess.run(
            [*git, "status", "--porcelain", "--untracked-files=no"],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return commit + ("+changes" if changed else "")
