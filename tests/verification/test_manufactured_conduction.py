"""Manufactured solutions of conduction through a jumping, current-carrying interface: observed orders."""

from __future__ import annotations

from typing import Any

import pytest
from mpi4py import MPI
from support.manufactured import Pair
from support.norms import require_order

from fem.interface.charge_transfer import ChargeTransfer, OhmicContact
from fem.interface.kinetics import ButlerVolmer, LinearKinetics

ASYMMETRIC = ButlerVolmer(12.0, anodic=0.35, cathodic=0.75, mechanical=0.2)
FILM = ChargeTransfer("electrode", ASYMMETRIC, 0.3, 7e-4, 0.6, 13e-6)
BARE = ChargeTransfer("electrode", ASYMMETRIC, -0.2, 0.0, 0.8, 9e-6)
LINEAR = ChargeTransfer("electrode", LinearKinetics(1.5e-3), 0.1, 8e-4, 0.7, 13e-6)
OHMIC = OhmicContact("ionic", 2e-3, 0.5)

MESHES = {"2": (4, 8, 16), "axisymmetric": (4, 8, 16), "3": (2, 4, 6)}


def observe(pair: Pair, degree: int, comm: Any) -> None:
    """Solve on three meshes and require theoretical orders of both potentials in L2 and H1."""
    found: dict[tuple[str, int], list[float]] = {}
    sizes = MESHES[pair.dimension]
    for n in sizes:
        model = pair.solve(comm, lateral=n, across=n, degree=degree)
        for layer in pair.layers:
            for norm, error in enumerate(pair.errors(model, layer)):
                found.setdefault((layer, norm), []).append(error)
    for (layer, norm), errors in found.items():
        what = f"{layer} in {('L2', 'H1')[norm]}"
        require_order(what, [1 / n for n in sizes], errors, degree + 1 - norm)


@pytest.mark.mpi
@pytest.mark.parametrize("degree", [1, 2])
@pytest.mark.parametrize("dimension", ["2", "3"])
def test_butler_volmer_with_film_and_stress(dimension: str, degree: int) -> None:
    """Asymmetric Butler-Volmer, film with an inner potential, contact fraction, stress shift."""
    observe(Pair(dimension, FILM, stressed=True), degree, MPI.COMM_WORLD)


@pytest.mark.mpi
@pytest.mark.parametrize("degree", [1, 2])
@pytest.mark.parametrize("dimension", ["2", "3"])
def test_contact_resistance(dimension: str, degree: int) -> None:
    """Two electrolytes with a contact resistance and a contact fraction between them."""
    observe(Pair(dimension, OHMIC, carrier="ionic"), degree, MPI.COMM_WORLD)


@pytest.mark.parametrize("degree", [1, 2])
def test_axisymmetric(degree: int) -> None:
    """The same with the weight 2 pi r."""
    observe(Pair("axisymmetric", FILM, stressed=True), degree, MPI.COMM_SELF)


@pytest.mark.parametrize("law", [BARE, LINEAR], ids=["butler-volmer", "linear"])
def test_electrode_above_without_film(law: ChargeTransfer) -> None:
    """The electrode lies above the electrolyte, so that the normal points the other way."""
    observe(Pair("2", law, electrode_below=False, stressed=True), 2, MPI.COMM_SELF)
