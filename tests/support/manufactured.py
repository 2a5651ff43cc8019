"""A manufactured electrode|electrolyte pair: exact potentials, currents, displacements, and their sources.

Two layers of different, non-uniform conductivity and different stiffness. The potential jumps at their
interface, a current crosses it, and neither is constant along it. Everything here is written out by hand from
the equations; nothing is taken from the package but the classes that describe a model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import ufl

from fem.conditions import ImposedDisplacement, ImposedPotential, Source, SurfaceSource
from fem.dissipation.conduction import Conduction
from fem.energy.elastic import Elastic
from fem.interface.charge_transfer import ChargeTransfer, OhmicContact
from fem.interface.kinetics import ButlerVolmer, LinearKinetics
from fem.model import Domain, Model, Settings
from fem.solve.driver import Solver
from support.layered import AXES, layered
from support.norms import relative_errors

WIDTH, LOWER, UPPER = 2.0e-4, 0.8e-4, 1.2e-4
HEIGHT = LOWER + UPPER
FARADAY, GAS, TEMPERATURE = 96485.33212331001, 8.31446261815324, 310.0
SIDES = {
    "2": ("bottom", "top", "left", "right"),
    "axisymmetric": ("bottom", "top", "right"),
    "3": ("bottom", "top", "left", "right", "front", "back"),
}
# equal lambda, unequal mu: lateral strains that vary along the layers then ask for no force across them
LAME = {"electrode": (5.0e10, 2.5e10), "electrolyte": (5.0e10, 6.0e10)}
STRAIN = 2.0e-3

Coordinates = Sequence[Any]


@dataclass(frozen=True)
class Pair:
    """Which variant is solved.

    Attributes:
        dimension: of the model.
        law: interface law.
        electrode_below: order of the two layers.
        stressed: with elasticity, so that the stress shifts the kinetics.
        carrier: carrier of the electrode layer; ``ionic`` makes both layers electrolytes.
        periodic: the lateral sides are one, and everything goes on over them with any slope.
    """

    dimension: str
    law: ChargeTransfer | OhmicContact
    electrode_below: bool = True
    stressed: bool = False
    carrier: str = "electronic"
    periodic: bool = False

    # ---------------------------------------------------------------- exact fields
    def _profile(self, c: Coordinates, m: Any) -> Any:
        x = c[0] / WIDTH
        if self.periodic:
            along = m.cos(2 * np.pi * x + 0.4)
            return along + 0.5 * m.sin(2 * np.pi * c[1] / WIDTH + 0.3) if self.dimension == "3" else along
        if self.dimension == "axisymmetric":
            return m.cos(1.4 * x * x)
        along = m.cos(1.3 * x + 0.2)
        return along + 0.5 * m.sin(1.1 * c[1] / WIDTH) if self.dimension == "3" else along

    def electrolyte(self, c: Coordinates, m: Any) -> Any:
        """Potential of the electrolyte layer, V."""
        return 0.04 * m.sin(1.1 * c[-1] / HEIGHT + 0.3) * (1 + 0.5 * self._profile(c, m))

    def affinity(self, c: Coordinates, m: Any) -> Any:
        """Drop over the kinetics or the contact, V, as a function of the lateral coordinates."""
        return 0.02 + 0.02 * self._profile(c, m)

    def current(self, c: Coordinates, m: Any) -> Any:
        """Current density through the interface from electrode to electrolyte, A/m^2."""
        law, drop = self.law, self.affinity(c, m)
        if isinstance(law, OhmicContact):
            return law.contact_fraction * drop / law.resistance
        work = law.partial_molar_volume * self.pressure(c) / FARADAY if self.stressed else 0.0
        kinetics = law.kinetics
        if isinstance(kinetics, LinearKinetics):
            return law.contact_fraction * (drop + work) / kinetics.resistance
        assert isinstance(kinetics, ButlerVolmer)
        f = FARADAY / (GAS * TEMPERATURE)
        a, b = kinetics.anodic, kinetics.cathodic
        share = a / (a + b) if kinetics.mechanical is None else kinetics.mechanical
        forward = m.exp(f * (a * drop + share * (a + b) * work))
        backward = m.exp(-f * (b * drop + (1 - share) * (a + b) * work))
        return law.contact_fraction * kinetics.exchange_current * (forward - backward)

    def electrode(self, c: Coordinates, m: Any) -> Any:
        """Potential of the electrode layer, V."""
        law = self.law
        level = [*c[:-1], LOWER]
        jump = self.affinity(c, m)
        if isinstance(law, ChargeTransfer):
            jump = jump + law.equilibrium_potential
            jump = jump + law.film_resistance / law.contact_fraction * self.current(level, m)
        away = (c[-1] - LOWER) / HEIGHT
        profile = self._profile(c, m)
        rise = away * (0.05 + 0.03 * profile) + 0.03 * m.sin(2 * away) * away
        return self.electrolyte(level, m) + jump + rise

    def conductivity(self, layer: str, c: Coordinates) -> Any:
        """S/m."""
        if layer == "electrode" and self.periodic:
            return 0.2 * (1 + 0.3 * ufl.sin(2 * np.pi * c[0] / WIDTH))
        if layer == "electrode":
            return 0.2 * (1 + 0.3 * c[0] / WIDTH)
        return 0.05 * (1 + 0.4 * c[-1] / HEIGHT)

    # ---------------------------------------------------------------- mechanics
    def _slopes(self) -> tuple[float, float]:
        """Strain across the lower and the upper layer: the normal stress is continuous between them."""
        stiff = [lam + 2 * mu for lam, mu in (LAME[name] for name in self.layers)]
        return -1.2 * STRAIN, -1.2 * STRAIN * stiff[0] / stiff[1]

    def displacement(self, points: Any) -> Any:
        """(components, n) displacement at dolfinx' (3, n) points, m.

        Quadratic along the layers and linear in each of them across, so that quadratic elements have it exactly.
        """
        c = _used(points, self.dimension)
        low, high = self._slopes()
        lateral = [STRAIN * (c[0] + 0.4 * c[0] * c[0] / WIDTH)]
        if self.dimension == "3":
            lateral.append(STRAIN * (0.7 * c[1] - 0.3 * c[1] * c[1] / WIDTH))
        return np.array([*lateral, low * c[-1] + (high - low) * np.maximum(c[-1] - LOWER, 0.0)])

    def _dilatation(self, c: Coordinates) -> Any:
        """Sum of the lateral normal strains."""
        x = c[0] / WIDTH
        if self.dimension == "axisymmetric":
            return STRAIN * (2 + 1.2 * x)
        first = STRAIN * (1 + 0.8 * x)
        return first + STRAIN * (0.7 - 0.6 * c[1] / WIDTH) if self.dimension == "3" else first

    def pressure(self, c: Coordinates) -> Any:
        """Compression on the interface, Pa: minus the normal stress across the layers; varies along them."""
        lam, mu = LAME[self.layers[0]]
        return -(lam * self._dilatation(c) + (lam + 2 * mu) * self._slopes()[0])

    def force(self, layer: str) -> Any:
        """Body force that balances the stress as a UFL vector, N/m^3; lateral, because no shear acts."""
        lam, mu = LAME[layer]
        stiff = (lam + 2 * mu) * STRAIN / WIDTH
        sides = {"axisymmetric": [-1.2], "2": [-0.8], "3": [-0.8, 0.6]}
        return ufl.as_vector([*(stiff * factor for factor in sides[self.dimension]), 0.0])

    # ---------------------------------------------------------------- model
    @property
    def layers(self) -> tuple[str, str]:
        """Names from bottom to top."""
        return ("electrode", "electrolyte") if self.electrode_below else ("electrolyte", "electrode")

    @property
    def interface(self) -> str:
        """Name of the interface."""
        return "|".join(self.layers)

    def exact(self, layer: str) -> Callable[[Coordinates, Any], Any]:
        """Exact potential of a layer as a function of coordinates and of the module to compute with."""
        return self.electrode if layer == "electrode" else self.electrolyte

    def solve(self, comm: Any, lateral: int, across: int, degree: int) -> Model:
        """Solve on one structured mesh."""
        heights = list(zip(self.layers, (LOWER, UPPER), strict=True))
        tagged = layered(
            comm, self.dimension, heights, width=WIDTH, lateral=lateral, across=across, periodic=self.periodic
        )
        x = list(ufl.SpatialCoordinate(tagged.mesh))
        carriers = {"electrode": self.carrier, "electrolyte": "ionic"}
        domains = {
            name: Domain(
                (Conduction(carriers[name], self.conductivity(name, x)),),  # type: ignore[arg-type]
                (Elastic(*young_poisson(*LAME[name])),) if self.stressed else (),
            )
            for name in self.layers
        }
        conditions: list[Any] = [*self._electric_conditions(carriers)]
        if self.stressed:
            conditions += self._mechanical_conditions()
        settings = Settings(potential_degree=degree, displacement_degree=2, temperature=TEMPERATURE)
        model = Model(tagged, domains, {self.interface: [self.law]}, conditions, settings)
        Solver(model).solve()
        return model

    def errors(self, model: Model, layer: str) -> tuple[float, float]:
        """Relative errors of the potential of a layer in L2 and H1."""
        carrier = self.carrier if layer == "electrode" else "ionic"
        value = model.handle(layer, carrier).value(None)
        return relative_errors(model, value, lambda x: self.exact(layer)(list(x), ufl), layer)

    def _electric_conditions(self, carriers: dict[str, str]) -> list[Any]:
        conditions: list[Any] = []
        outward = 1.0 if self.electrode_below else -1.0  # from electrode to electrolyte, along the stack
        for name in self.layers:
            exact, carrier = self.exact(name), carriers[name]

            def flux(x: Any, name: str = name, exact: Any = exact) -> Any:
                return self.conductivity(name, list(x)) * ufl.grad(exact(list(x), ufl))

            def source(x: Any, flux: Any = flux) -> Any:
                return -divergence(flux(x), x, self.dimension)

            def surface(x: Any, name: str = name, flux: Any = flux) -> Any:
                # what the law alone does not balance: flux out of the layer against the exact current
                sign = 1.0 if name == "electrode" else -1.0
                return sign * (outward * flux(x)[AXES[self.dimension] - 1] + self.current(list(x), ufl))

            conditions.append(Source(name, carrier, source))
            conditions.append(SurfaceSource(self.interface, name, carrier, surface))
            far = "bottom" if name == self.layers[0] else "top"
            for side in SIDES[self.dimension]:
                if (self.periodic or side in ("bottom", "top")) and side != far:
                    continue

                def given(points: Any, exact: Any = exact) -> Any:
                    return exact(_used(points, self.dimension), np)

                conditions.append(ImposedPotential(side, name, carrier, given))
        return conditions

    def _mechanical_conditions(self) -> list[Any]:
        def force(layer: str) -> Callable[[Any], Any]:
            return lambda x: self.force(layer)

        conditions: list[Any] = [Source(name, "force", force(name)) for name in self.layers]
        axis = ("left",) if self.dimension == "axisymmetric" else ()
        held = (*SIDES[self.dimension], *axis)
        return conditions + [ImposedDisplacement(side, self.displacement) for side in held]


def _used(points: Any, dimension: str) -> list[Any]:
    """Coordinates of dolfinx' (3, n) points in the dimension of a model."""
    return list(points[: AXES[dimension]])


def young_poisson(lam: float, mu: float) -> tuple[float, float]:
    """Young's modulus and Poisson's ratio of Lame's constants."""
    return mu * (3 * lam + 2 * mu) / (lam + mu), lam / (2 * (lam + mu))


def divergence(v: Any, x: Any, dimension: str) -> Any:
    """Divergence of a UFL vector field."""
    plain = sum(v[k].dx(k) for k in range(AXES[dimension]))
    return plain + v[0] / x[0] if dimension == "axisymmetric" else plain
