"""What passes an interface: currents by charge transfer, films and contacts, and what the two sides store.

Each link of the network becomes terms in the balances of its two sides. The current between them is derived from the
dissipation potential of the law; double layers and films store charge beside it; hosts give or take lithium.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from dolfinx import fem

from fem import balance, growths
from fem.constants import FARADAY
from fem.dissipation.ternary import SaltElectrolyte
from fem.errors import ModelError
from fem.interface.charge_transfer import ChargeTransfer, OhmicContact
from fem.interface.exchange import InsertionKinetics, PlatingKinetics
from fem.interface.kinetics import ButlerVolmer
from fem.potentials import Link
from fem.sharing import passing_share
from fem.unknowns import Field, Handle, Number
from fem.values import constant

if TYPE_CHECKING:
    from fem.model import Model


#: Numbers of kinetics that are constants of the forms; transfer coefficients are exponents.
_NUMBERS = ("resistance", "exchange_current", "reference", "rate_constant", "electrolyte_concentration")


@dataclass
class InterfaceState:
    """What a dissipative link offers to observables (UFL expressions on the interface).

    Attributes:
        link: law and nodes.
        current: faradaic current density from the first to the second node, A/m^2.
        driving: driving force of the kinetics or contact (A + W), V.
        film_drop: potential drop over the film, V.
        shift: stress work dOmega p_n / F, V.
        film_current: current density through the film, A/m^2: equal to ``current`` up to the solver's tolerance where
            nothing is stored.
        contact_fraction: share of the area in contact below the resolution of the mesh.
        charging: current density that charges the double layer (or the contact), A/m^2; 0 where nothing is stored.
        film_charging: the same of the film, where the potential between film and reaction is an unknown.
    """

    link: Link
    current: Any
    driving: Any
    film_drop: Any
    shift: Any
    film_current: Any
    contact_fraction: float
    charging: Any = 0.0
    film_charging: Any = 0.0


@dataclass(frozen=True)
class Sides:
    """The two ends of a link: their potentials and restrictions."""

    name: str
    first: Handle
    first_side: str
    second: Handle
    second_side: str


def connect(model: Model, link: Link) -> InterfaceState:
    """Add a link to the balances of its two sides."""
    name = link.interface
    below = name.split("|")[0]
    side = {True: "+", False: "-"}
    sides = Sides(
        name,
        model.handle(*link.first),
        side[link.first[0] == below],
        model.handle(*link.second),
        side[link.second[0] == below],
    )
    if isinstance(link.law, OhmicContact):
        return _contact(model, link, replace(link.law, contact_fraction=_whole_share(model, link)), sides)
    shift: Any = 0.0
    if link.law.partial_molar_volume != 0.0 and model.mechanics is not None:
        mesh, largest = model.geometry.mesh, link.law.largest_pressure
        volume = constant(mesh, link.law.partial_molar_volume)
        largest = None if largest is None else constant(mesh, largest)
        shift = model.mechanics.work_potential(name, link.second[0], volume, largest)
    law = replace(_present(model, link, sides), contact_fraction=_whole_share(model, link))
    if model.void_phases is not None and link.first[1] == "electronic":
        excess = model.void_phases.equilibrium_shift(link.first[0], sides.first_side)
        law = replace(law, equilibrium_potential=law.equilibrium_potential + excess)
    film = growths.Film(0.0)
    if law.interphase is not None:
        film = growths.grow(model, name, law.interphase, sides)
        law = replace(law, film_resistance=law.film_resistance + film.resistance)
    return (_with_film if law.needs_inner_potential else _without_film)(model, link, law, sides, shift, film)


def _whole_share(model: Model, link: Link) -> Any:
    """Share of the area that passes current: what is in contact and where neither side is broken."""
    return constant(model.geometry.mesh, link.law.contact_fraction) * passing_share(model, link.interface)


def law_at_start(model: Model, link: Link) -> ChargeTransfer | OhmicContact:
    """The law of a link at the concentrations of the beginning, in plain numbers: for first guesses."""
    if isinstance(link.law, OhmicContact):
        return link.law
    return _following(model, link, _starting(model), _starting(model), True)


def _starting(model: Model) -> Callable[[str], Any]:
    return lambda layer: None if model.transport is None else model.transport.start(layer)


def _present(model: Model, link: Link, sides: Sides) -> ChargeTransfer:
    """The law at the present concentrations on both sides of the interface."""
    restriction = {link.first[0]: sides.first_side, link.second[0]: sides.second_side}

    def here(layer: str) -> Any:
        assert model.transport is not None
        return model.transport.concentration(layer)(restriction[layer])

    def stress(layer: str) -> Any:
        assert model.transport is not None
        return model.transport.stress[layer].function(restriction[layer])

    return _following(model, link, here, stress, False)


def _following(
    model: Model, link: Link, concentration: Callable[[str], Any], stress: Callable[[str], Any], plain: bool
) -> ChargeTransfer:
    law, transport = link.law, model.transport
    assert isinstance(law, ChargeTransfer)
    if not plain:
        law = _with_constants(model, law)
    media = {} if transport is None else (transport.given if plain else transport.media)
    host = media.get(link.first[0])
    lithium = maximum = salt = None
    if transport is not None and _gives_lithium(model, link):
        lithium, maximum = concentration(link.first[0]), host.maximum  # type: ignore[union-attr]
        equilibrium = host.equilibrium_potential(lithium)  # type: ignore[union-attr]
        if not plain and link.first[0] in transport.stress:
            equilibrium = equilibrium - stress(link.first[0]) / FARADAY
        law = replace(law, equilibrium_potential=law.equilibrium_potential + equilibrium)
    # between two electrolytes the salt may be on either side
    ionic = (link.second, link.first) if link.first[1] == "ionic" else (link.second,)
    salted = [layer for layer, _ in ionic if isinstance(media.get(layer), SaltElectrolyte)]
    if salted:
        salt = concentration(salted[0])
    if isinstance(law.kinetics, InsertionKinetics) and lithium is None:
        raise ModelError(f"interface {link.interface!r}: insertion kinetics need a host, and {link.first[0]!r} is none")
    if isinstance(law.kinetics, InsertionKinetics | PlatingKinetics):
        leaves = salted == [link.first[0]] and link.first[1] == "ionic"
        law = replace(law, kinetics=law.kinetics.at(lithium, maximum, salt, leaves))
    if plain:
        kinetics = law.kinetics
        if isinstance(kinetics, ButlerVolmer):
            kinetics = replace(kinetics, exchange_current=float(kinetics.exchange_current))
        film = law.film_resistance
        if law.interphase is not None:
            film += law.interphase.film_resistance(lambda layer: layer.thickness, model.settings.temperature)
        equilibrium = float(law.equilibrium_potential)
        law = replace(law, equilibrium_potential=equilibrium, kinetics=kinetics, film_resistance=film)
    return law


def _with_constants(model: Model, law: ChargeTransfer) -> ChargeTransfer:
    """The law with constants for what a study varies, so that another value compiles nothing."""
    mesh, kinetics = model.geometry.mesh, law.kinetics
    if kinetics is not None:
        numbers = [f.name for f in fields(kinetics) if f.name in _NUMBERS]  # type: ignore[arg-type]
        kinetics = replace(kinetics, **{n: constant(mesh, getattr(kinetics, n)) for n in numbers})  # type: ignore[type-var]
    film, equilibrium = constant(mesh, law.film_resistance), constant(mesh, law.equilibrium_potential)
    return replace(law, kinetics=kinetics, film_resistance=film, equilibrium_potential=equilibrium)


def _leave(model: Model, name: str, side: str, handle: Handle, current: Any) -> None:
    """Let ``current`` (A/m^2) leave the potential ``handle`` through an interface."""
    if isinstance(handle.carrier, Number):
        model.charges[handle.carrier].append(model.geometry.interface_integral(current, name))
    else:
        test = handle.carrier.test(side)
        model.residuals[handle.carrier].append(model.geometry.interface_integral(current * test, name))


def _stored(model: Model, capacitance: float, fraction: Any, first: Any, second: Any) -> Any:
    """Current density that charges a capacitance between two potentials with the given rates, A/m^2."""
    return 0.0 if capacitance == 0.0 else fraction * constant(model.geometry.mesh, capacitance) * (first - second)


def _between(model: Model, link: Link, sides: Sides, current: Any, charging: Any) -> None:
    """Move a current from the first to the second side, and lithium out of a host with its faradaic part."""
    _leave(model, sides.name, sides.first_side, sides.first, current + charging)
    _leave(model, sides.name, sides.second_side, sides.second, -current - charging)
    _deliver(model, link, sides, current)


def _gives_lithium(model: Model, link: Link) -> bool:
    """Whether what passes is lithium of a host that meets the electrons of its layer."""
    charge = isinstance(link.law, ChargeTransfer) and link.first[1] == "electronic"
    return charge and model.transport is not None and model.transport.is_host(link.first[0])


def _deliver(model: Model, link: Link, sides: Sides, current: Any) -> None:
    if model.transport is not None and _gives_lithium(model, link):
        model.transport.take_lithium(link.first[0], sides.first_side, sides.name, current)
    if model.void_phases is not None and isinstance(link.law, ChargeTransfer) and link.first[1] == "electronic":
        model.void_phases.take_lithium(link.first[0], sides.first_side, sides.name, current)


def _contact(model: Model, link: Link, law: OhmicContact, sides: Sides) -> InterfaceState:
    jump = sides.first.value(sides.first_side) - sides.second.value(sides.second_side)
    passage = balance.ohmic_current(replace(law, resistance=constant(model.geometry.mesh, law.resistance)), jump)
    rates = sides.first.rate, sides.second.rate
    charging = 0.0
    if law.capacitance:
        charging = _stored(
            model, law.capacitance, law.contact_fraction, rates[0](sides.first_side), rates[1](sides.second_side)
        )
    _between(model, link, sides, passage.current, charging)
    return InterfaceState(
        link,
        passage.current,
        passage.driving,
        passage.film_drop,
        0.0,
        passage.current,
        link.law.contact_fraction,
        charging,
    )


def _without_film(
    model: Model, link: Link, law: ChargeTransfer, sides: Sides, shift: Any, grown: growths.Film
) -> InterfaceState:
    jump = sides.first.value(sides.first_side) - sides.second.value(sides.second_side)
    passage = balance.series_current(law, jump, shift, model.settings.temperature, model.exponent_limit)
    capacitance = law.film_capacitance if law.has_film else law.double_layer_capacitance
    charging: Any = 0.0
    if capacitance or grown.capacitance is not None:
        first, second = sides.first.rate(sides.first_side), sides.second.rate(sides.second_side)
        charging = _stored(model, capacitance, law.contact_fraction, first, second)
        charging = charging + law.contact_fraction * grown.charging(passage.film_drop, first - second)
    _between(model, link, sides, passage.current, charging)
    return InterfaceState(
        link,
        passage.current,
        passage.driving,
        passage.film_drop,
        shift,
        passage.current,
        link.law.contact_fraction,
        charging,
    )


def _with_film(
    model: Model, link: Link, law: ChargeTransfer, sides: Sides, shift: Any, grown: growths.Film
) -> InterfaceState:
    """Kinetics and film in series, with the potential between them as an unknown (decision 5)."""
    name = sides.name
    inner = model.inner[name] = _inner_potential(model, name)
    affinity = sides.first.value(sides.first_side) - inner.value("+")
    passage = balance.kinetic_current(law, affinity, shift, model.settings.temperature, model.exponent_limit)
    film_drop = inner.value("+") - sides.second.value(sides.second_side)
    film_current = balance.film_current(law, film_drop)
    layer: Any = 0.0
    film: Any = 0.0
    if law.double_layer_capacitance:
        rates = sides.first.rate(sides.first_side), inner.rate("+")
        layer = _stored(model, law.double_layer_capacitance, law.contact_fraction, *rates)
    if law.film_capacitance or grown.capacitance is not None:
        rates = inner.rate("+"), sides.second.rate(sides.second_side)
        film = _stored(model, law.film_capacitance, law.contact_fraction, *rates)
        film = film + law.contact_fraction * grown.charging(film_drop, rates[0] - rates[1])
    _leave(model, name, sides.first_side, sides.first, passage.current + layer)
    _leave(model, name, "+", inner, film_current + film - passage.current - layer)
    _leave(model, name, sides.second_side, sides.second, -film_current - film)
    _deliver(model, link, sides, passage.current)
    return InterfaceState(
        link, passage.current, passage.driving, film_drop, shift, film_current, link.law.contact_fraction, layer, film
    )


def _inner_potential(model: Model, name: str) -> Handle:
    """The potential between film and reaction: a field on the interface, a number in 1-D."""
    if model.geometry.tdim == 1:
        return Handle(
            model.add_number(Number.create(f"inner potential of {name}", model.geometry.mesh, 0.0, unknown=True))
        )
    region = model.geometry.interface_mesh(name)
    space = fem.functionspace(region.mesh, ("Lagrange", model.settings.potential_degree))
    function = fem.Function(space, name="inner_potential")
    return Handle(model.add_field(Field(f"inner potential of {name}", "potential", function, region, ())))
