"""A manufactured pair of layers in time: host|electrolyte or polymer|ceramic, with all that their interface stores.

All fields are linear in time, so that backward differentiation has them exactly and the error is that of the mesh.
Potentials jump at the interface, current and matter cross it unevenly, no coefficient is one. Currents, fluxes and
what the interface lets pass are written out by hand from the equations (physics: Newman & Thomas-Alyea, ch. 12;
Doyle, Fuller, Newman 1993; Deal & Grove 1965); nothing is taken from the package but the classes that describe a model.

No flux passes the lateral sides, because all fields go along them like cosines that are level there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import ufl

from fem.conditions import Source, SurfaceSource, Terminal
from fem.dissipation.conduction import Conduction
from fem.dissipation.electrolyte import BinaryElectrolyte
from fem.dissipation.intercalation import Intercalation
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.exchange import InsertionKinetics, PlatingKinetics
from fem.interface.interphase import Interphase, InterphaseLayer
from fem.model import Domain, Model, Settings
from fem.protocol import Protocol, Step
from fem.solve.transient import Position, TimeSettings, Transient
from support.layered import AXES, layered
from support.manufactured import divergence
from support.norms import integrate

WIDTH, LOWER, UPPER = 4.0e-5, 2.0e-5, 3.0e-5
HEIGHT = LOWER + UPPER
FARADAY, GAS, TEMPERATURE = 96485.33212331001, 8.31446261815324, 310.0
THERMAL = GAS * TEMPERATURE / FARADAY
SPAN = 60.0
CMAX, SALT = 4.0e4, 900.0
DONNAN = 0.03
RATE, REFERENCE = 2.0e-9, 1200.0
PRODUCT = InterphaseLayer("products", 2e-5, 3e-7, 2e-8, 3e-5, 0.7)
COATING = InterphaseLayer("coating", 5e-5, 1e-6, 1.5e-8)
REDUCTION, REACTION = 0.6, 20.0

Exact = Callable[[Any, Any, Any], Any]
"""(coordinates, time, module to compute with) -> value."""


@dataclass(frozen=True)
class Balance:
    """One balance law of one layer, in amperes.

    Attributes:
        layer, quantity: as in `Source`.
        storage: (coordinates, time) -> A/m^3.
        flux: (coordinates, time) -> vector in A/m^2.
        leaving: (coordinates, time) -> what the interface takes, A/m^2.
        ends: whether the outer end of the layer is free, so that the flux there has to be given.
    """

    layer: str
    quantity: str
    storage: Callable[[Any, Any], Any]
    flux: Callable[[Any, Any], Any]
    leaving: Callable[[Any, Any], Any]
    ends: bool


@dataclass(frozen=True)
class MovingPair:
    """Which variant is solved.

    Attributes:
        dimension: of the model.
        polymer: polymer|ceramic in the place of host|electrolyte.
        film: a film and an interphase that grows, with the potential before them as an unknown.
        stored: capacitances and displacement currents.
    """

    dimension: str
    polymer: bool = False
    film: bool = False
    stored: bool = True

    # ---------------------------------------------------------------- exact fields
    def _profile(self, c: Any, m: Any) -> Any:
        if self.dimension == "1":
            return 0.6
        x = c[0] / WIDTH
        if self.dimension == "axisymmetric":
            return m.cos(math.pi * x * x)
        along = m.cos(math.pi * x)
        return along + 0.5 * m.cos(math.pi * c[1] / WIDTH) if self.dimension == "3" else along

    def upper(self, c: Any, t: Any, m: Any) -> Any:
        """Potential of the upper layer, V; zero at its end."""
        z = c[-1] / HEIGHT
        return 0.03 * (1 - z) * (1.2 + 0.5 * self._profile(c, m) + 0.3 * m.sin(2 * z)) * (1 + 0.4 * t / SPAN)

    def lower(self, c: Any, t: Any, m: Any) -> Any:
        """Potential of the lower layer, V; level at its end."""
        z = c[-1] / HEIGHT
        rise = z * (0.05 + 0.03 * self._profile(c, m) + 0.02 * m.sin(3 * z)) * (1 + 0.3 * t / SPAN)
        return self.voltage(t) + rise

    def voltage(self, t: Any) -> Any:
        """Cell voltage, V."""
        return 0.1 + 0.05 * t / SPAN

    def inner(self, c: Any, t: Any, m: Any) -> Any:
        """Potential between reaction and film, V."""
        return self.upper(c, t, m) + 0.02 * (1 + 0.3 * self._profile(c, m)) * (1 + 0.5 * t / SPAN)

    def lithium(self, c: Any, t: Any, m: Any) -> Any:
        """Concentration in the host, mol/m^3."""
        z = c[-1] / HEIGHT
        return CMAX * (0.45 + 0.1 * self._profile(c, m) * m.cos(2 * z) + 0.2 * z) * (1 + 0.2 * t / SPAN)

    def salt(self, c: Any, t: Any, m: Any) -> Any:
        """Concentration of the salt, mol/m^3."""
        z = c[-1] / HEIGHT
        return SALT * (1 + 0.2 * self._profile(c, m) * m.cos(1.5 * z) + 0.4 * z) * (1 + 0.3 * t / SPAN)

    def thickness(self, c: Any, t: Any, m: Any) -> Any:
        """Of the growing layer, m."""
        return PRODUCT.thickness * (1 + 0.3 * self._profile(c, m)) * (1 + 0.8 * t / SPAN)

    # ---------------------------------------------------------------- media
    @property
    def layers(self) -> tuple[str, str]:
        """Names from bottom to top."""
        return ("polymer", "ceramic") if self.polymer else ("host", "electrolyte")

    @property
    def salted(self) -> str:
        """Name of the layer with salt."""
        return "polymer" if self.polymer else "electrolyte"

    @property
    def interface(self) -> str:
        """Name of the interface."""
        return "|".join(self.layers)

    @staticmethod
    def conductivity(c: Any) -> Any:
        """Of the salt, S/m."""
        return 0.12 * (c / SALT) * ufl.exp(-0.4 * c / SALT)

    @staticmethod
    def diffusivity(c: Any) -> Any:
        """Of the salt, m^2/s."""
        return 8e-12 * (1 + 0.3 * c / SALT)

    @staticmethod
    def transference(c: Any) -> Any:
        """Of the cation."""
        return 0.25 + 0.1 * c / SALT

    @staticmethod
    def factor(c: Any) -> Any:
        """Thermodynamic factor."""
        return 0.8 + 0.4 * c / SALT

    @staticmethod
    def open_circuit(x: Any) -> Any:
        """Of the host, V."""
        return 0.12 - 0.06 * x + 0.02 * x * x

    def spread(self, x: Any, coordinates: Any) -> Any:
        """Diffusivity of the host at a stoichiometry, m^2/s: anisotropic beyond 1-D, with slanted axes inside."""
        base = 2e-12 * (0.5 + x + 0.5 * x * x)
        n = AXES[self.dimension]
        if n == 1:
            return base
        lateral = coordinates[0] / WIDTH
        slant = 0.3 * ufl.sin(math.pi * lateral)
        rows = [[2.0 if i == j and i < n - 1 else float(i == j) for j in range(n)] for i in range(n)]
        rows[0][n - 1] = rows[n - 1][0] = slant
        return base * ufl.as_matrix(rows)

    @property
    def capacitances(self) -> tuple[float, float]:
        """Of double layer and film, F/m^2."""
        return (200.0, 300.0 if self.film else 0.0) if self.stored else (0.0, 0.0)

    @property
    def permittivities(self) -> dict[str, float]:
        """F/m, so large that displacement currents count."""
        lower, upper = self.layers
        return {lower: 1.5 if self.stored and self.polymer else 0.0, upper: 0.9 if self.stored else 0.0}

    @property
    def law(self) -> ChargeTransfer:
        """Of the interface."""
        layer, film = self.capacitances
        kinetics: Any = InsertionKinetics(RATE, 1000.0, 0.4, 0.6)
        if self.polymer:
            kinetics = PlatingKinetics(5.0, REFERENCE, 0.4, 0.6)
        given = ChargeTransfer(
            self.layers[0],
            kinetics,
            DONNAN if self.polymer else 0.0,
            contact_fraction=0.8,
            double_layer_capacitance=layer,
            film_capacitance=film,
            electrode_carrier="ionic" if self.polymer else "electronic",
        )
        if not self.film:
            return given
        return replace(
            given, film_resistance=3e-4, interphase=Interphase((PRODUCT, COATING), REDUCTION, None, REACTION)
        )

    # ---------------------------------------------------------------- currents and fluxes, by hand
    def _rate(self, field: Exact, c: Any) -> Any:
        return (field(c, SPAN, ufl) - field(c, 0.0, ufl)) / SPAN

    def _drift(self, layer: str, x: Any, t: Any) -> Any:
        """Current density without displacement."""
        c = list(x)
        if layer == self.salted:
            potential, salt = (self.lower if self.polymer else self.upper)(c, t, ufl), self.salt(c, t, ufl)
            kappa, share = self.conductivity(salt), self.transference(salt)
            diffusion = 2 * kappa * THERMAL * self.factor(salt) * (1 - share) * ufl.grad(salt) / salt
            return -kappa * ufl.grad(potential) + diffusion
        if self.polymer:
            return -0.07 * ufl.grad(self.upper(c, t, ufl))
        return -0.2 * ufl.grad(self.lower(c, t, ufl))

    def _charge(self, layer: str, x: Any, t: Any) -> Any:
        field = self.lower if layer == self.layers[0] else self.upper
        return self._drift(layer, x, t) - self.permittivities[layer] * ufl.grad(self._rate(field, list(x)))

    def _anions(self, x: Any, t: Any) -> Any:
        salt = self.salt(list(x), t, ufl)
        share = self.transference(salt)
        diffusion = -FARADAY * self.diffusivity(salt) * ufl.grad(salt)
        return diffusion - (1 - share) * self._drift(self.salted, x, t)

    def _diffusion(self, x: Any, t: Any) -> Any:
        lithium = self.lithium(list(x), t, ufl)
        spread = self.spread(lithium / CMAX, x)
        slope = ufl.grad(lithium)
        return -FARADAY * (ufl.dot(spread, slope) if spread.ufl_shape else spread * slope)

    def faradaic(self, x: Any, t: Any) -> Any:
        """Through the reaction, A/m^2 of the nominal area."""
        c = list(x)
        salt = self.salt(c, t, ufl)
        behind = self.inner if self.film else self.upper
        drop = self.lower(c, t, ufl) - behind(c, t, ufl)
        if self.polymer:
            # ions leave the salt in the anodic direction: its concentration has the exponent of that of deposition
            drop, exchange = drop - DONNAN, 5.0 * (salt / REFERENCE) ** 0.6
        else:
            lithium = self.lithium(c, t, ufl)
            drop = drop - self.open_circuit(lithium / CMAX)
            exchange = FARADAY * RATE * salt**0.4 * (CMAX - lithium) ** 0.4 * lithium**0.6
        return 0.8 * exchange * (ufl.exp(0.4 * drop / THERMAL) - ufl.exp(-0.6 * drop / THERMAL))

    def leaving(self, x: Any, t: Any) -> Any:
        """Reaction and double layer."""
        c = list(x)
        behind = self.inner if self.film else self.upper
        rate = self._rate(self.lower, c) - self._rate(behind, c)
        return self.faradaic(x, t) + 0.8 * self.capacitances[0] * rate

    def through_film(self, x: Any, t: Any) -> Any:
        """Film and its capacitance."""
        c = list(x)
        drop = self.inner(c, t, ufl) - self.upper(c, t, ufl)
        rate = self._rate(self.inner, c) - self._rate(self.upper, c)
        resistance = 3e-4 + self.thickness(c, t, ufl) / 2e-5 + COATING.thickness / 5e-5
        return 0.8 * (drop / resistance + self.capacitances[1] * rate)

    def decomposition(self, x: Any, t: Any) -> Any:
        """Current that decomposes, A/m^2."""
        c = list(x)
        drive = REDUCTION - self.lower(c, t, ufl) + self.upper(c, t, ufl)
        products, coating = 2e-5 * 3e-7 / (2e-5 + 3e-7), 5e-5 * 1e-6 / (5e-5 + 1e-6)
        conduction = (self.thickness(c, t, ufl) / products + COATING.thickness / coating) / drive
        return 1 / (conduction + 1 / REACTION)

    # ---------------------------------------------------------------- model
    def balances(self) -> list[Balance]:
        """Every balance law of the two layers."""
        lower, upper = self.layers

        def nothing(x: Any, t: Any) -> Any:
            return 0.0 * x[0]

        def entering(x: Any, t: Any) -> Any:
            return -(self.through_film if self.film else self.leaving)(x, t)

        def stored(field: Exact) -> Callable[[Any, Any], Any]:
            return lambda x, t: FARADAY * self._rate(field, list(x))

        below: Callable[[Any, Any], Any] = lambda x, t: self._charge(lower, x, t)  # noqa: E731
        above: Callable[[Any, Any], Any] = lambda x, t: self._charge(upper, x, t)  # noqa: E731
        found = [
            Balance(lower, "ionic" if self.polymer else "electronic", nothing, below, self.leaving, False),
            Balance(upper, "ionic", nothing, above, entering, False),
            Balance(self.salted, "salt", stored(self.salt), self._anions, nothing, True),
        ]
        if not self.polymer:
            found.append(Balance(lower, "lithium", stored(self.lithium), self._diffusion, self.faradaic, True))
        return found

    def medium(self) -> Any:
        """The electrolyte with salt."""
        return BinaryElectrolyte(self.conductivity, self.diffusivity, self.transference, SALT, self.factor)

    def model(self, comm: Any, lateral: int, across: int) -> Model:
        """On one structured mesh."""
        lower, upper = self.layers
        heights = [(lower, LOWER), (upper, UPPER)]
        tagged = layered(comm, self.dimension, heights, width=WIDTH, lateral=lateral, across=across)
        medium, eps = self.medium(), self.permittivities
        if self.polymer:
            domains = {
                lower: Domain((medium,), permittivity=eps[lower]),
                upper: Domain((Conduction("ionic", 0.07),), permittivity=eps[upper]),
            }
        else:
            x = ufl.SpatialCoordinate(tagged.mesh)
            host = Intercalation(self.open_circuit, CMAX, lambda share: self.spread(share, x), 0.45)
            domains = {
                lower: Domain((Conduction("electronic", 0.2),), host=host),
                upper: Domain((medium,), permittivity=eps[upper]),
            }
        below = "ionic" if self.polymer else "electronic"
        conditions: list[Any] = [
            Terminal("working", "bottom", current=0.0, carrier=below),
            Terminal("counter", "top", potential=0.0, carrier="ionic"),
        ]
        for balance in self.balances():
            conditions += self._sources(balance)
        if self.film:
            conditions += self._film_sources()
        return Model(tagged, domains, {self.interface: [self.law]}, conditions, Settings(temperature=TEMPERATURE))

    def _sources(self, b: Balance) -> list[Any]:
        axis = AXES[self.dimension] - 1
        out = 1.0 if b.layer == self.layers[0] else -1.0  # towards the interface
        end = "bottom" if b.layer == self.layers[0] else "top"

        def inside(x: Any, t: Any) -> Any:
            return b.storage(x, t) + divergence(b.flux(x, t), x, self.dimension)

        def at_interface(x: Any, t: Any) -> Any:
            return b.leaving(x, t) - out * b.flux(x, t)[axis]

        def at_end(x: Any, t: Any) -> Any:
            return out * b.flux(x, t)[axis]

        made: list[Any] = [
            Source(b.layer, b.quantity, inside, True),
            SurfaceSource(self.interface, b.layer, b.quantity, at_interface, True),
        ]
        return made + ([SurfaceSource(end, b.layer, b.quantity, at_end, True)] if b.ends else [])

    def _film_sources(self) -> list[Any]:
        def inner(x: Any, t: Any) -> Any:
            return self.through_film(x, t) - self.leaving(x, t)

        def growth(x: Any, t: Any) -> Any:
            return FARADAY / (0.7 * 3e-5) * self._rate(self.thickness, list(x)) - self.decomposition(x, t)

        return [
            SurfaceSource(self.interface, "", "inner", inner, True),
            SurfaceSource(self.interface, "products", "thickness", growth, True),
        ]

    # ---------------------------------------------------------------- solution
    def unknowns(self, model: Model) -> dict[str, tuple[Any, Exact, str | None]]:
        """Name -> carrier, exact field and layer (None: on the interface)."""
        lower, upper = self.layers
        assert model.transport is not None
        found: dict[str, tuple[Any, Exact, str | None]] = {
            "lower": (model.handle(lower, "ionic" if self.polymer else "electronic").carrier, self.lower, lower),
            "upper": (model.handle(upper, "ionic").carrier, self.upper, upper),
            "salt": (model.transport.fields[self.salted], self.salt, self.salted),
        }
        if not self.polymer:
            found["lithium"] = (model.transport.fields["host"], self.lithium, "host")
        if self.film:
            found["inner"] = (model.inner[self.interface].carrier, self.inner, None)
            found["thickness"] = (model.thickness[self.interface]["products"].carrier, self.thickness, None)
        return found

    def run(self, comm: Any, lateral: int, across: int, steps: int = 3) -> tuple[Model, float]:
        """Solve in time on one mesh; returns the model at the end, and the current at the working electrode, A/m^2."""
        model = self.model(comm, lateral, across)
        for carrier, exact, _layer in self.unknowns(model).values():
            if hasattr(carrier, "function"):
                carrier.function.interpolate(lambda p, exact=exact: exact(list(p[: AXES[self.dimension]]), 0.0, np))
                carrier.function.x.scatter_forward()
            else:
                carrier.value = float(exact([LOWER], 0.0, math))
        model.terminals["working"].value = float(self.voltage(0.0))
        step = Step.ramp("ramp", "voltage", (float(self.voltage(0.0)), float(self.voltage(SPAN))), SPAN)
        length = SPAN / steps
        settings = TimeSettings(tolerance=1e6, initial_step=length, largest_step=length)
        run = Transient(model, Protocol((step,)), "working", 1.0, settings)
        run.restore(Position())
        last = list(run.points())[-1]
        run.destroy()
        return model, last.current

    def errors(self, model: Model) -> dict[str, float]:
        """Error of every unknown at the end in L2, relative to its exact value."""
        x, found = ufl.SpatialCoordinate(model.geometry.mesh), {}
        for name, (carrier, exact, layer) in self.unknowns(model).items():
            if not hasattr(carrier, "function"):
                found[name] = abs(carrier.value / exact([LOWER], SPAN, math) - 1)
                continue
            truth = exact(list(x), SPAN, ufl)
            squares = []
            found_there = carrier.function("+") if layer is None else carrier.function
            for value in (found_there - truth, truth):
                square = value**2 * model.one
                if layer is None:
                    form = model.geometry.interface_integral(square, self.interface)
                else:
                    form = model.geometry.integral(square, layer, 8)
                squares.append(integrate(model, form))
            found[name] = math.sqrt(squares[0] / squares[1])
        return found
