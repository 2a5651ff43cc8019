"""What the table of contents says of bodies, and of the surfaces that nothing passes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI

from fem.compat import shared_facet_partitioner
from fem.output import write_mesh
from fem.output.contents import body_of
from fem.output.surfaces import surface_kind
from meshes.features.contact_pattern import ContactStripes
from meshes.features.crack import Crack
from meshes.features.particle import Particle
from meshes.features.polycrystal import Polycrystal
from meshes.features.shapes_of_bodies import Shape
from meshes.features.void import Void
from meshes.generate import generate
from meshes.random.grains import GrainStructure
from meshes.sizes import MeshSizes
from meshes.stack import Layer, Stack

COMM = MPI.COMM_WORLD
UM = 1e-6


def stack_of(dimension: str, *features: Any) -> Stack:
    """Three layers, 20 um wide."""
    layers = (Layer("anode", 5 * UM, "Li"), Layer("electrolyte", 20 * UM, "LLZO"), Layer("counter", 5 * UM, "Li"))
    depth = 20 * UM if dimension == "3" else None
    return Stack(dimension, layers, 20 * UM, depth, features)  # type: ignore[arg-type]


def contents_of(stack: Stack, folder: Path, sizes: MeshSizes, elsewhere: bool = False) -> Any:
    """The table of contents of the mesh of a stack; `elsewhere`: of one that is not known to be of a stack."""
    tagged = generate(stack, sizes, COMM, shared_facet_partitioner())
    write_mesh(replace(tagged, stack=None) if elsewhere else tagged, folder)
    COMM.barrier()
    return json.loads((folder / "fields.json").read_text())


@pytest.mark.mpi
def test_surfaces_in_a_plane(shared_tmp_path: Path) -> None:
    """Lengths of the walls of a void, of what has no contact and of a slit, on any number of ranks."""
    stack = stack_of(
        "2",
        Void("anode|electrolyte", 3 * UM, shape="hemisphere"),
        ContactStripes("electrolyte|counter", 2, 0.6),
        Crack(((0.0, 15 * UM), (8 * UM, 15 * UM)), name="split"),
    )
    table = contents_of(stack, shared_tmp_path / "mesh", MeshSizes(bulk=2 * UM, edge=0.3 * UM))
    lengths = {}
    for entry in table["surfaces"]:
        with np.load(shared_tmp_path / "mesh" / entry["file"]) as arrays:
            corners = arrays[entry["key"]]
        assert corners.shape[1:] == (2, 2)
        lengths[entry["name"], entry["kind"]] = float(np.linalg.norm(corners[:, 1] - corners[:, 0], axis=1).sum())
    assert lengths["split", "slit"] == pytest.approx(8 * UM)
    assert lengths["electrolyte|counter:gap", "gap"] == pytest.approx(0.4 * 20 * UM)
    assert lengths["void|anode", "void"] == pytest.approx(np.pi * 3 * UM, rel=0.01)
    assert lengths["void|electrolyte", "void"] == pytest.approx(6 * UM)
    assert len(lengths) == 4
    void = next(o for o in table["openings"] if o["below"] > 0)
    assert void["level"] == pytest.approx(5 * UM)


@pytest.mark.mpi
def test_bodies_and_layers(shared_tmp_path: Path) -> None:
    """Grains of a layer are parts of it; a particle is a body, also where the stack is not known."""
    ball = Particle(Shape(4 * UM), layer="electrolyte", material="LATP", name="filler")
    sizes = MeshSizes(bulk=3 * UM)
    table = contents_of(stack_of("2", ball), shared_tmp_path / "stack", sizes)
    expected = {"anode": "layer", "electrolyte": "layer", "counter": "layer", "filler": "body"}
    assert {e["body"]: e["kind"] for e in table["layers"]} == expected
    assert next(e["material"] for e in table["layers"] if e["name"] == "filler") == "LATP"
    found = contents_of(stack_of("2", ball), shared_tmp_path / "other", sizes, elsewhere=True)
    assert {e["body"]: e["kind"] for e in found["layers"]} == expected
    grains = stack_of("2", Polycrystal("electrolyte", GrainStructure(6 * UM)))
    table = contents_of(grains, shared_tmp_path / "grains", sizes)
    assert {e["body"] for e in table["layers"]} == {"anode", "electrolyte", "counter"}
    assert {e["kind"] for e in table["layers"]} == {"layer"}
    assert len(table["layers"]) > 4


def test_names() -> None:
    """Which facets nothing passes, by their names."""
    names = ["void|a", "a|b:gap", "split:lower", "split:upper", "a|b", "left"]
    assert [surface_kind(n) for n in names] == ["void", "gap", "slit", None, None, None]
    assert [body_of(n) for n in ("grains", "grains.12")] == ["grains", "grains"]
