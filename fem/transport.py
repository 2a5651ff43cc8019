"""Concentrations of a model: which fields there are, what moves in them, and what passes their interfaces.

A host (active particle) holds lithium, an electrolyte holds salt. Every connected region of one such medium has one
field of concentration, and a second one where an ionic liquid is mixed with the salt. The balance of a species is
written in amperes (times the Faraday constant), so that its residual is measured like that of a charge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import ufl
from dolfinx import fem

from fem.constants import FARADAY, GAS
from fem.dissipation.electrolyte import SaltConduction
from fem.dissipation.intercalation import Intercalation
from fem.dissipation.ternary import SaltElectrolyte, TernaryElectrolyte
from fem.errors import ModelError
from fem.interface.charge_transfer import Blocked, ChargeTransfer
from fem.interface.cohesive import Cohesive
from fem.interface.contact import Contact
from fem.interface.names import both_sides, whole
from fem.interface.permeable import Permeable
from fem.sharing import passing_share
from fem.unknowns import Field
from fem.values import constant, realised

if TYPE_CHECKING:
    from fem.model import Model

Medium = SaltElectrolyte | Intercalation


@dataclass
class Transport:
    """The concentrations of a model.

    Attributes:
        model: owner.
        fields: layer -> its field of concentration, mol/m^3.
        liquids: layer -> the concentration of the ionic liquid there, mol/m^3, where there is one.
        media: layer -> what moves there, with numbers as constants.
        given: layer -> the same as it was given, with plain numbers.
        stress: layer -> what stress adds to the chemical potential, as a continuous field in J/mol: its gradient drives
            lithium, and an elastic energy has none that is square integrable.
    """

    model: Model
    fields: dict[str, Field] = field(default_factory=dict)
    media: dict[str, Medium] = field(default_factory=dict)
    given: dict[str, Medium] = field(default_factory=dict)
    stress: dict[str, Field] = field(default_factory=dict)
    liquids: dict[str, Field] = field(default_factory=dict)

    @classmethod
    def build(cls, model: Model) -> Transport | None:
        """Register the concentrations with the storage of their balances; None when nothing is stored."""
        given = {layer: _medium(domain) for layer, domain in model.domains.items()}
        media = {layer: medium for layer, medium in given.items() if medium is not None}
        if not media:
            return None
        made = cls(model, given=media)
        for layers in _joined(model, media):
            made._add(layers)
        return made

    def _add(self, layers: tuple[str, ...]) -> None:
        model, medium = self.model, self.given[layers[0]]
        # sides that hang together elsewhere, but not here
        apart = tuple(
            name
            for name in model.geometry.interfaces
            if set(both_sides(name)) <= set(layers) and any(_stops(law) for law in model.interfaces.get(name, ()))
        )
        region = model.geometry.region(layers, apart)
        space = fem.functionspace(region.mesh, ("Lagrange", model.settings.concentration_degree))

        def add(what: str, name: str, scale: float) -> Field:
            function = fem.Function(space, name=name)
            unknown = model.add_field(Field(f"{what} in {'+'.join(layers)}", "concentration", function, region, layers))
            unknown.scale = scale
            return unknown

        host = isinstance(medium, Intercalation)
        largest = float(medium.maximum) if isinstance(medium, Intercalation) else _start(medium)
        self.fields |= dict.fromkeys(layers, add("lithium" if host else "salt", "concentration", largest))
        if isinstance(medium, TernaryElectrolyte):
            liquid = add("ionic liquid", "ionic_liquid_concentration", float(medium.liquid))
            self.liquids |= dict.fromkeys(layers, liquid)
            self.reset(liquid)
        for layer in layers:
            self.media[layer] = realised(self.given[layer], model.geometry, layer)
        self.reset(self.fields[layers[0]])

    def reset(self, unknown: Field) -> None:
        """Give a field its concentration at the beginning."""
        layer = unknown.layers[0]
        medium = self.given[layer]
        if unknown is self.liquids.get(layer):
            assert isinstance(medium, TernaryElectrolyte)
            unknown.function.x.array[:] = float(medium.liquid)
        else:
            unknown.function.x.array[:] = _start(medium)

    def start(self, layer: str) -> float:
        """mol/m^3 at the beginning."""
        return _start(self.given[layer])

    def concentration(self, layer: str) -> Any:
        """The concentration in a layer as UFL, of the salt in a mixture; None where nothing is stored."""
        return self.fields[layer].function if layer in self.fields else None

    def stored(self) -> Iterator[tuple[str, Field]]:
        """Layers with each of their concentrations."""
        yield from self.fields.items()
        yield from self.liquids.items()

    def conduction(self, layer: str) -> SaltConduction:
        """The passage of ions in an electrolyte at the present concentrations."""
        medium = self.media[layer]
        assert not isinstance(medium, Intercalation)
        return medium.conduction(self._state(layer), self.model.settings.temperature)

    def _state(self, layer: str) -> Any:
        """Concentration of an electrolyte as UFL; those of salt and liquid in a mixture."""
        salt = self.fields[layer].function
        return (salt, self.liquids[layer].function) if layer in self.liquids else salt

    def _fluxes(self, layer: str) -> list[tuple[Field, Any]]:
        """Every concentration of a layer with the flux that its balance has, mol/(m^2 s)."""
        medium, unknown = self.media[layer], self.fields[layer]
        temperature = self.model.settings.temperature
        if isinstance(medium, Intercalation):
            flux = medium.flux(unknown.function)
            if layer in self.stress:
                flux = flux + medium.drift(self.stress[layer].function, unknown.function, temperature)
            return [(unknown, flux)]
        potential = self.model.handle(layer, medium.carrier).value(None)
        if isinstance(medium, TernaryElectrolyte):
            both = medium.fluxes(potential, self._state(layer), temperature)
            return list(zip((unknown, self.liquids[layer]), both, strict=True))
        return [(unknown, medium.salt_flux(potential, unknown.function, temperature))]

    def balances(self) -> None:
        """Add storage and diffusion to the residuals: F (dc/dt + div N) = 0, what leaves counts positive."""
        model = self.model
        degree = 2 * model.settings.concentration_degree + 2
        for layer in self.fields:
            for unknown, flux in self._fluxes(layer):
                density = unknown.rate * unknown.test - ufl.inner(flux, ufl.grad(unknown.test))
                model.residuals[unknown].append(model.geometry.integral(FARADAY * density, layer, degree))

    def pass_through(self) -> None:
        """Let species pass interfaces that are permeable, as far as these are closed and whole.

        Raises:
            ModelError: a side stores nothing, or the two store different things.
        """
        for name, laws in self.model.interfaces.items():
            for law in laws:
                if isinstance(law, Permeable):
                    self._permeate(name, law)

    def flux_through(self, name: str) -> Any:
        """Flux of a species through a permeable interface from below to above as UFL, mol/(m^2 s)."""
        law = next(law for law in self.model.interfaces[name] if isinstance(law, Permeable))
        return self._through(name, law)

    def _through(self, name: str, law: Permeable) -> Any:
        model, geometry = self.model, self.model.geometry
        sides = list(zip(both_sides(name), "+-", strict=True))
        if any(layer not in self.media for layer, _ in sides):
            raise ModelError(f"interface {name!r} is permeable, but one of its sides stores nothing")
        media = [self.media[layer] for layer, _ in sides]
        held: list[Any] = [self.fields[layer].function(side) for layer, side in sides]
        temperature = model.settings.temperature
        share: Any = passing_share(model, name)
        made = Permeable(constant(geometry.mesh, law.permeability))
        if all(isinstance(medium, Intercalation) for medium in media):
            energies = [medium.energy for medium in media if isinstance(medium, Intercalation)]
            potentials = [energy.potential(c) for energy, c in zip(energies, held, strict=True)]
            for k, (layer, side) in enumerate(sides):
                if layer in self.stress:
                    potentials[k] = potentials[k] + self.stress[layer].function(side)
            slopes = [energy.slope(c, temperature) for energy, c in zip(energies, held, strict=True)]
            return share * made.flux(potentials[0] - potentials[1], (slopes[0], slopes[1]))
        first, second = (self.given[layer] for layer, _ in sides)
        if not _same_salt(first, second):
            raise ModelError(f"interface {name!r}: what passes it directly must be the same on both sides")
        if isinstance(first, TernaryElectrolyte):
            raise ModelError(f"interface {name!r}: two electrolytes with an ionic liquid have no permeability")
        return share * made.flux(held[0] - held[1], (1.0, 1.0))

    def _permeate(self, name: str, law: Permeable) -> None:
        flux = self._through(name, law)
        below, above = both_sides(name)
        degree = {"quadrature_degree": 2 * self.model.settings.concentration_degree + 2}
        joint = self.model.joints.get(whole(name))
        rule = degree if joint is None else joint.points.rule
        for layer, side, sign in ((below, "+", 1.0), (above, "-", -1.0)):
            unknown = self.fields[layer]
            form = sign * FARADAY * flux * unknown.test(side)
            self.model.residuals[unknown].append(self.model.geometry.interface_integral(form, name, rule=rule))

    def couple(self) -> None:
        """Let stress drive lithium where a host swells: one field of h = d(psi)/dc per connected host."""
        model = self.model
        for unknown in dict.fromkeys(self.fields.values()):
            swelling = [x for x in unknown.layers if self.is_host(x) and _swells(model.energies[x])]
            if not swelling:
                continue
            space = fem.functionspace(unknown.region.mesh, ("Lagrange", model.settings.concentration_degree))
            h = model.add_field(
                Field(
                    f"mechanical potential of {'+'.join(unknown.layers)}",
                    "state",
                    fem.Function(space, name="mechanical_potential"),
                    unknown.region,
                    unknown.layers,
                )
            )
            h.scale = GAS * model.settings.temperature
            assert model.mechanics is not None
            for layer in unknown.layers:
                self.stress[layer] = h
                density = h.function - (model.mechanics.chemical_potential(layer) if layer in swelling else 0.0)
                degree = 2 * model.settings.concentration_degree + 2
                model.residuals[h].append(model.geometry.integral(density / h.scale * h.test, layer, degree))

    def is_host(self, layer: str) -> bool:
        """Whether a layer holds lithium."""
        return isinstance(self.given.get(layer), Intercalation)

    def take_lithium(self, layer: str, side: str, name: str, current: Any) -> None:
        """Let a current density (A/m^2) of lithium ions leave the host ``layer`` through an interface."""
        if self.is_host(layer):
            unknown = self.fields[layer]
            self.model.residuals[unknown].append(
                self.model.geometry.interface_integral(current * unknown.test(side), name)
            )


def _medium(domain: Any) -> Medium | None:
    if domain.host is not None:
        host: Intercalation = domain.host
        return host
    return next((t for t in domain.conduction if isinstance(t, SaltElectrolyte)), None)


def _swells(terms: Any) -> bool:
    """Whether the stress of a host drives its lithium."""
    swelling = [getattr(term, "swelling", None) for term in terms]
    return any(strain is not None and strain.drives for strain in swelling)


def _start(medium: Medium) -> float:
    return float(medium.concentration)


def _stops(law: Any) -> bool:
    """Whether no salt or lithium passes an interface with this law beside the current."""
    return isinstance(law, Blocked | Contact | Cohesive | Permeable) or (
        isinstance(law, ChargeTransfer) and law.electrode_carrier == "ionic"
    )


def _alike(a: Medium, b: Medium) -> bool:
    """Whether two media that touch share their concentration: hosts where they store alike, as grains do."""
    if isinstance(a, Intercalation) and isinstance(b, Intercalation):
        return (a.energy, a.stoichiometry) == (b.energy, b.stoichiometry)
    return a == b


def _same_salt(a: Medium, b: Medium) -> bool:
    """Whether two electrolytes are of one kind, however much salt they hold at the beginning."""
    if isinstance(a, Intercalation) or isinstance(b, Intercalation):
        return False
    return type(a) is type(b) and a == replace(b, concentration=a.concentration)


def _joined(model: Model, media: Mapping[str, Medium]) -> list[tuple[str, ...]]:
    """Layers of media that store alike and touch, without anything between them, share one field."""
    group = {layer: layer for layer in media}

    def root(layer: str) -> str:
        while group[layer] != layer:
            layer = group[layer]
        return layer

    for name in model.geometry.interfaces:
        a, b = both_sides(name)
        laws = model.interfaces.get(name, ())
        if a not in media or b not in media or any(_stops(law) for law in laws):
            continue
        if _alike(media[a], media[b]):
            group[root(b)] = root(a)
        elif not laws and all(isinstance(media[x], SaltElectrolyte) for x in (a, b)):
            raise ModelError(
                f"interface {name!r}: the salts of {a!r} and {b!r} differ (in a property, or in the concentration at "
                "the beginning), and no salt passes between such electrolytes: say so with kinetics between the two, "
                "a resistance, or a blocked carrier; or give both layers the same electrolyte"
            )
    found: dict[str, list[str]] = {}
    for layer in model.geometry.layers:
        if layer in media:
            found.setdefault(root(layer), []).append(layer)
    return [tuple(members) for members in found.values()]
