"""The pressure on an interface that is not flat: one material under uniaxial strain, where all is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import ufl
from mpi4py import MPI
from support.norms import integrate

from fem.conditions import Pressure, Roller, Terminal
from fem.constants import FARADAY
from fem.dissipation.conduction import Conduction, Equipotential
from fem.energy.elastic import Elastic
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.kinetics import ButlerVolmer
from fem.model import Domain, Model
from fem.solve.driver import Solver
from meshes import Layer, MeshSizes, Stack
from meshes.features.roughness import Waviness
from meshes.generate import generate

UM = 1e-6
PRESSURE, POISSON = 5e6, 0.3
VOLUME = 13e-6


def pressed(dimension: str, cells: float) -> Model:
    """Two layers of one material with a wavy interface between smooth walls, pressed from above."""
    stack = Stack(
        dimension,  # type: ignore[arg-type]
        (Layer("a", 10 * UM), Layer("e", 10 * UM), Layer("c", 10 * UM)),
        width=10 * UM,
        depth=10 * UM if dimension == "3" else None,
        features=(Waviness("a|e", amplitude=0.5 * UM, wavelength=10 * UM),),
    )
    sizes = MeshSizes(bulk=10 * UM / cells, interface=10 * UM / cells, growth=1.5)
    solid = (Elastic(1e10, POISSON),)
    metal = Domain((Equipotential(),), solid)
    walls = [Roller("bottom", stack.gdim - 1), Roller("left", 0), Roller("right", 0)]
    walls += [Roller("front", 1), Roller("back", 1)] if dimension == "3" else []
    law = ChargeTransfer("a", ButlerVolmer(10.0), partial_molar_volume=VOLUME)
    return Model(
        generate(stack, sizes, MPI.COMM_SELF),
        {"a": metal, "e": Domain((Conduction("ionic", 0.1),), solid), "c": metal},
        {"a|e": [law], "e|c": [ChargeTransfer("c", ButlerVolmer(10.0))]},
        [
            Terminal("a", "a", current=0.0),
            Terminal("c", "c", potential=0.0),
            Pressure("top", PRESSURE),
            *walls,
        ],
    )


@pytest.mark.parametrize(("dimension", "cells"), [("2", (8, 16, 32)), ("3", (8, 12, 14))])
def test_pressure_on_a_wave(dimension: str, cells: tuple[float, ...]) -> None:
    """p_n = -n sigma n, with sigma = -P and, across, -P nu / (1 - nu).

    First order, because a straight facet has one normal.
    """
    errors = []
    for number in cells:
        model = pressed(dimension, number)
        Solver(model).solve()
        (state,) = (s for s in model.states if s.link.interface == "a|e")
        normal = ufl.FacetNormal(model.geometry.mesh)("+")
        across = POISSON / (1 - POISSON)
        steep = normal[model.geometry.gdim - 1] ** 2
        exact = VOLUME / FARADAY * PRESSURE * (steep + across * (1 - steep))
        miss = integrate(model, model.geometry.interface_integral((state.shift - exact) ** 2, "a|e"))
        size = integrate(model, model.geometry.interface_integral(exact**2, "a|e"))
        errors.append(math.sqrt(miss / size))
    assert errors[-1] < 4e-3, errors
    assert np.all(np.diff(errors) < 0), errors
    assert math.log(errors[0] / errors[-1]) / math.log(cells[-1] / cells[0]) > 0.8, errors
