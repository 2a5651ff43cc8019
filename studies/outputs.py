"""Fields for ParaView and pictures of a solved study."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meshes.tagged import TaggedMesh
    from studies.schema import Study
    from studies.solving import Session, Solved


def write_outputs(
    study: Study, session: Session, solved: Solved, history: list[Mapping[str, float]], folder: Path
) -> dict[str, str]:
    """Write fields and pictures of a solved study into its folder; file name -> what it shows (collective)."""
    return {}


def write_mesh(study: Study, tagged: TaggedMesh, folder: Path) -> dict[str, Any]:
    """Write a mesh for ParaView and its picture (collective)."""
    return {}
