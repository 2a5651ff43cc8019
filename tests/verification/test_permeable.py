"""Lithium that passes an interface directly: closed forms, other hosts beyond it, and bonds that break."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from dolfinx import fem
from mpi4py import MPI
from scipy.optimize import brentq
from support.layered import layered
from support.norms import integrate

from fem.conditions import Roller, SurfaceSource
from fem.constants import FARADAY
from fem.dissipation.electrolyte import BinaryElectrolyte
from fem.dissipation.intercalation import Intercalation
from fem.energy.elastic import Elastic
from fem.energy.swelling import Swelling
from fem.errors import ModelError
from fem.interface.cohesive import Cohesive
from fem.interface.permeable import Permeable
from fem.model import Domain, Model
from fem.protocol import Protocol, Step
from fem.solve.transient import TimeSettings, Transient

LENGTH, CMAX = 4e-6, 5e4


def host(stoichiometry: float, level: float = 4.0, diffusivity: float = 1e-14) -> Intercalation:
    """A host whose potential falls evenly."""
    return Intercalation(lambda x: level - 0.5 * x, CMAX, diffusivity, stoichiometry)


def slabs(
    comm: Any,
    laws: list[Any],
    low: Intercalation,
    high: Intercalation,
    conditions: tuple[Any, ...] = (),
    **options: Any,
) -> Model:
    """Two slabs of thickness LENGTH, one on the other."""
    dimension = options.get("dimension", "1")
    boxes = options.get("boxes", 12)
    tagged = layered(comm, dimension, [("low", LENGTH), ("high", LENGTH)], 2e-6, lateral=4, across=boxes)
    energy = options.get("energy", ())
    domains = {"low": Domain((), energy, host=low), "high": Domain((), energy, host=high)}
    return Model(tagged, domains, {"low|high": laws}, list(conditions))


def mean(model: Model, layer: str) -> float:
    """Mean concentration of a layer, mol/m^3."""
    assert model.transport is not None
    held = integrate(model, model.geometry.integral(model.transport.concentration(layer), layer))
    return float(held / integrate(model, model.geometry.integral(model.one, layer)))


@pytest.mark.mpi
@pytest.mark.parametrize(("dimension", "biot"), [("1", 0.5), ("2", 4.0)])
def test_two_slabs_exchange(dimension: str, biot: float) -> None:
    """From unequal to equal: series of the slab with a surface resistance, 2 P L / D = Bi (Crank, chapter 4.3.6)."""
    diffusivity = 1e-14
    permeability = 0.5 * biot * diffusivity / LENGTH
    comm = MPI.COMM_WORLD
    model = slabs(comm, [Permeable(permeability)], host(0.4), host(0.6), dimension=dimension, boxes=10)
    instant = 0.3 * LENGTH**2 / diffusivity
    whole = mean(model, "low") + mean(model, "high")
    run = Transient(model, Protocol((Step.hold("rest", instant),)), None, 1.0, TimeSettings(tolerance=1e-5))
    for _ in run.points():
        assert mean(model, "low") + mean(model, "high") == pytest.approx(whole, rel=1e-10)
    left = 0.0
    for n in range(30):
        beta = brentq(lambda b: b * math.sin(b) - biot * math.cos(b), n * math.pi, (n + 0.5) * math.pi)
        size = 4 * math.sin(beta) / (2 * beta + math.sin(2 * beta)) * math.sin(beta) / beta
        left += size * math.exp(-(beta**2) * diffusivity * instant / LENGTH**2)
    assert mean(model, "high") - mean(model, "low") == pytest.approx(0.2 * CMAX * left, rel=2e-3)
    run.destroy()


def test_steady_flux_needs_a_jump_of_the_potential() -> None:
    """What is fed in at one end and taken at the other: mu jumps by N mu' / P, between other hosts, too."""
    flux, permeability = 3e-6, 2e-9
    # potentials at rest: 4.0 - 0.5 x = 3.9 - 0.5 (x - 0.2)
    low, high = host(0.4), host(0.2, 3.9)

    def feed(layer: str, side: str, sign: float) -> SurfaceSource:
        return SurfaceSource(side, layer, "lithium", lambda x: sign * flux * FARADAY)

    sources = (feed("low", "bottom", 1.0), feed("high", "top", -1.0))
    model = slabs(MPI.COMM_SELF, [Permeable(permeability)], low, high, sources, boxes=6)
    span = 20 * LENGTH**2 / 1e-14
    run = Transient(model, Protocol((Step.hold("feed", span),)), None, 1.0, TimeSettings(tolerance=1e-4))
    list(run.points())
    assert model.transport is not None
    through = integrate(model, model.geometry.interface_integral(model.transport.flux_through("low|high"), "low|high"))
    assert through == pytest.approx(flux, rel=1e-6)
    ends = [model.transport.fields[x].function.x.array for x in ("low", "high")]
    jump = ends[0].min() - ends[1].max()  # falls along the way in both
    assert jump - 0.2 * CMAX == pytest.approx(flux / permeability, rel=1e-4)
    run.destroy()


def fed(model: Model) -> tuple[float, float]:
    """What the balances of both slabs lose through their interface without rates, in A, by their rows."""
    found = []
    assert model.transport is not None
    for layer in ("low", "high"):
        unknown = model.transport.fields[layer]
        form = model.geometry.entity_maps().form(model.system.residuals[unknown])
        rows = fem.assemble_vector(form)
        found.append(model.geometry.comm.allreduce(float(np.sum(np.real(rows.array)))))
    return found[0], found[1]


@pytest.mark.mpi
def test_a_broken_bond_lets_nothing_pass() -> None:
    """Whole, broken on a half of its area, broken: the flux follows, and what leaves one side enters the other."""
    permeability = 2e-9
    bond = Cohesive(strength=50e6, toughness=2.0)
    laws = [Permeable(permeability), bond]
    options: dict[str, Any] = {"dimension": "2", "boxes": 2, "energy": (Elastic(1e11, 0.3),)}
    supports = (Roller("bottom", 1), Roller("left", 0), Roller("right", 0))
    model = slabs(MPI.COMM_WORLD, laws, host(0.6), host(0.4), supports, **options)
    flux = permeability * 0.2 * CMAX * FARADAY * 2e-6
    joint: Any = model.joints["low|high"]
    for share, inside in ((1.0, None), (0.5, lambda x: x[0] - 1e-6), (0.0, lambda x: x[0])):
        if inside is not None:
            joint.break_where(lambda x, inside=inside: inside(x) > 0)
        low, high = fed(model)
        assert low == pytest.approx(share * flux, rel=1e-9, abs=1e-12 * flux)
        assert abs(low + high) < 1e-10 * flux


def test_stress_drives_through_an_interface() -> None:
    """Alike concentrations, unlike stress: P (h_1 - h_2) / mu'(c)."""
    permeability = 2e-9
    material = Elastic(1e11, 0.3, swelling=Swelling(3e-6, 0.5 * CMAX))
    supports = (Roller("bottom", 0), Roller("top", 0))
    model = slabs(MPI.COMM_SELF, [Permeable(permeability)], host(0.5), host(0.5), supports, energy=(material,), boxes=2)
    assert model.transport is not None
    for layer, potential in (("low", 300.0), ("high", -100.0)):
        model.transport.stress[layer].function.x.array[:] = potential
    through = integrate(model, model.geometry.interface_integral(model.transport.flux_through("low|high"), "low|high"))
    assert through == pytest.approx(permeability * 400.0 / (0.5 * FARADAY / CMAX), rel=1e-12)


def test_salt_passes_between_electrolytes() -> None:
    """From more to less of it, P (c_1 - c_2): what leaves one side enters the other. Only of one kind they do."""
    permeability, conductivity = 2e-9, 0.1

    def both(other: float) -> Model:
        tagged = layered(MPI.COMM_SELF, "1", [("low", LENGTH), ("high", LENGTH)], None, lateral=1, across=2)
        salts = BinaryElectrolyte(conductivity, 1e-11, 0.3, 1200.0), BinaryElectrolyte(other, 1e-11, 0.3, 900.0)
        domains = {name: Domain((salt,)) for name, salt in zip(("low", "high"), salts, strict=True)}
        return Model(tagged, domains, {"low|high": [Permeable(permeability)]})

    model = both(conductivity)
    assert model.transport is not None
    low, high = fed(model)
    assert low == pytest.approx(permeability * 300.0 * FARADAY, rel=1e-9)
    assert high == pytest.approx(-low, rel=1e-9)
    with pytest.raises(ModelError, match="the same on both sides"):
        both(2 * conductivity)


def test_what_is_permeable_stores_something() -> None:
    """A wall beyond which there is nothing to hold lithium; alike hosts have one concentration each beside it."""
    tagged = layered(MPI.COMM_SELF, "1", [("low", LENGTH), ("high", LENGTH)], None, lateral=1, across=2)
    domains = {"low": Domain((), (), host=host(0.4)), "high": Domain()}
    with pytest.raises(ModelError, match="stores nothing"):
        Model(tagged, domains, {"low|high": [Permeable(1e-9)]})
    with pytest.raises(ValueError, match="negative"):
        Permeable(-1.0)
    alike = host(0.4)
    model = slabs(MPI.COMM_SELF, [Permeable(1e-9)], alike, alike, boxes=2)
    assert model.transport is not None
    assert model.transport.fields["low"] is not model.transport.fields["high"]
