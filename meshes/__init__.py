"""Geometry to tagged mesh: layers, what interrupts their interfaces, and sizes in; named simplices out.

Stacks, features and sizes are plain data: importing this package loads neither Gmsh nor dolfinx. The mesh is
made by `meshes.generate.generate`; `TaggedMesh` is loaded when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshes.features import ContactSpot, Feature, RandomVoids, Void, VoidArray
from meshes.problems import MeshError, MeshProblem, Problem
from meshes.sizes import MeshSizes
from meshes.stack import Layer, Stack

if TYPE_CHECKING:
    from meshes.tagged import TaggedMesh

__all__ = [
    "ContactSpot",
    "Feature",
    "Layer",
    "MeshError",
    "MeshProblem",
    "MeshSizes",
    "Problem",
    "RandomVoids",
    "Stack",
    "TaggedMesh",
    "Void",
    "VoidArray",
]


def __getattr__(name: str) -> Any:
    """Load what needs dolfinx at first use."""
    if name == "TaggedMesh":
        from meshes.tagged import TaggedMesh

        return TaggedMesh
    raise AttributeError(f"module 'meshes' has no attribute {name!r}")
