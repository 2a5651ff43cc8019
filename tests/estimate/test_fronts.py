"""Fronts of penny-shaped cracks are circles for error estimates, although the cells there are straight."""

from __future__ import annotations

import math

import numpy as np
import pytest
import ufl
from dolfinx import fem
from mpi4py import MPI

from fem.compat import shared_facet_partitioner
from fem.estimate.enriched import curved
from meshes.features.penny_crack import PennyCrack
from meshes.generate import generate
from meshes.sizes import MeshSizes
from meshes.stack import Layer, Stack
from meshes.tagged import TaggedMesh

UM = 1e-6


def area(tagged: TaggedMesh, name: str) -> float:
    """Of one face of the crack, m^2."""
    measure = ufl.Measure("ds", domain=tagged.mesh, subdomain_data=tagged.facet_tags)
    one = fem.Constant(tagged.mesh, 1.0)
    return float(tagged.mesh.comm.allreduce(fem.assemble_scalar(fem.form(one * measure(tagged.facets[name])))))


@pytest.mark.parametrize("tilt", [0.0, 0.4])
def test_the_front_of_a_disc_is_round(tilt: float) -> None:
    """The face of the bent mesh has the area of the disc to fourth order, that of the straight one to second."""
    radius, size = UM, 4 * UM
    disc = PennyCrack(size, radius, (size / 2, size / 2), tilt)
    stack = Stack("3", (Layer("body", 2 * size),), size, size, (disc,))
    sizes = MeshSizes(bulk=2 * UM, edge=0.35 * UM, growth=2.0)
    tagged = generate(stack, sizes, MPI.COMM_SELF, shared_facet_partitioner())
    exact = math.pi * radius**2
    for face in ("crack:lower", "crack:upper"):
        straight, bent = (abs(area(mesh, face) / exact - 1) for mesh in (tagged, curved(tagged)))
        assert straight > 5e-3
        assert bent < straight / 50
    assert np.isfinite(tagged.mesh.geometry.x).all()
