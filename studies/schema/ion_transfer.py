"""Kinetics of lithium ions that pass from one electrolyte into another: what may be said about it, and the defaults.

Between a polymer and a ceramic lithium ions have an activation barrier; the salt stays where it is. The potentials of
both sides count against a lithium reference. Where they are equal the ions are in equilibrium, whatever the salt: the
Donnan potential is part of the references, and no word of an interface sets one. The current is Butler and Volmer's of
the difference of the two potentials,

    i = i0 (exp(a_a F eta / R T) - exp(-a_c F eta / R T)),    i0 = i_ref (c / c_ref)^a

with a the transfer coefficient of the direction into the salt: ions leave it in proportion to their concentration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studies.schema.collapse import CollapsedFilm, collapsed_films
from studies.schema.draft import Draft
from studies.schema.interfaces import CHARGE_TRANSFER_KEYS, Interface
from studies.schema.transport_rules import transport_of

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["check_ion_transfer", "complete_ion_transfer", "ion_transfers"]

KINETICS = ("butler-volmer", "linear")
ALLOWED = (
    "kinetics",
    "exchange_current",
    "reference_concentration",
    "anodic_transfer_coefficient",
    "cathodic_transfer_coefficient",
    "film_resistance",
    "double_layer_capacitance",
    "film_capacitance",
)
"""Keys of charge transfer that mean something between two electrolytes, too."""

_CONTACT = ("resistance", "ionic_contact", "ionic_resistance")


def ion_transfers(draft: Draft) -> list[str]:
    """Interfaces between two electrolytes with kinetics."""
    told = {name: spec for name, spec in draft.interfaces.items() if spec is not None and spec.kinetics is not None}
    return [name for name in told if all(draft.conduction.get(side) == "ionic" for side in name.split("|"))]


def check_ion_transfer(draft: Draft, name: str, interface: Interface) -> None:
    """Report what is missing or has no meaning at an interface between two electrolytes."""

    def report(key: str, message: str) -> None:
        draft.report(("interfaces", name, key), message)

    for key in CHARGE_TRANSFER_KEYS:
        # the resolved study writes defaults out
        told = key in interface.model_fields_set
        if not told or getattr(interface, key) in (None, Interface.model_fields[key].default):
            continue
        if key == "equilibrium_potential":
            report(key, "has no meaning here: both potentials count against lithium, so that they are equal at rest")
        elif key not in ALLOWED:
            report(key, "has no meaning here: no electrons take part between two electrolytes")
        elif interface.kinetics is None:
            words = "; a resistance alone is `resistance`" if key == "film_resistance" else ""
            report(key, f"needs kinetics here: one of {', '.join(KINETICS)}{words}")
    if interface.kinetics is None:
        return
    if interface.kinetics not in KINETICS:
        instead = {
            "perfect": "perfect contact is what there is without kinetics",
            "none": "say `ionic_contact: blocked`",
        }
        report("kinetics", f"must be one of {', '.join(KINETICS)} here: {instead[interface.kinetics]}")
        return
    if interface.exchange_current is None:
        report("exchange_current", f"is required for {interface.kinetics} kinetics, for example 10 A/m^2")
    for key in _CONTACT:
        if getattr(interface, key) is not None:
            report(key, "contradicts kinetics, which already say how ions pass; use film_resistance beside them")
    if interface.film_capacitance and not interface.film_resistance:
        report("film_capacitance", "needs a film_resistance beside it: without one the film carries no voltage")
    if interface.reference_concentration is not None:
        _check_reference(draft, name, interface, report)
    other = _other_kinetics(draft, name)
    if other is not None:
        report("kinetics", f"cannot be collapsed together with {other}: resolve the coating")


def _check_reference(draft: Draft, name: str, interface: Interface, report: Any) -> None:
    salted = [side for side in name.split("|") if transport_of(draft, side) is not None]
    if interface.kinetics == "linear":
        report("reference_concentration", "is for butler-volmer kinetics")
    elif not salted:
        report("reference_concentration", "needs a salt on one side: give it `transport: {salt_concentration: ...}`")
    elif len(salted) > 1:
        report("reference_concentration", "has no meaning between two salts: give a constant exchange_current")


def _other_kinetics(draft: Draft, name: str) -> str | None:
    """What else resists at a collapsed film that this interface is a face of; None when it can stand for the film."""
    first, second = name.split("|")
    for film in collapsed_films(f.content for f in draft.features if f is not None):
        chain = [film.inner, *(coat.name for coat in film.coats)]
        if first not in chain[1:] and second not in chain[1:]:
            continue
        faces = [n for n in draft.interface_names if n != name and _is_face(n, film, chain)]
        outer = first if second in chain else second
        if not (first in chain and second in chain):  # faces with other bodies are parts of other interfaces
            faces = [n for n in faces if set(n.split("|")) <= set(chain) or outer in n.split("|")]
        for face in faces:
            spec = draft.interfaces.get(face)
            sides = {draft.conduction.get(side) for side in face.split("|")}
            if (spec is not None and spec.kinetics is not None) or sides != {"ionic"}:
                return f"what passes {face}"
    return None


def _is_face(name: str, film: CollapsedFilm, chain: Iterable[str]) -> bool:
    coats = {coat.name for coat in film.coats}
    sides = set(name.split("|"))
    return bool(sides & coats) and len(sides & set(chain)) >= 1


def complete_ion_transfer(interface: Interface) -> dict[str, Any]:
    """What an interface between two electrolytes with kinetics says, with its defaults."""
    anodic, cathodic = interface.transfer_coefficients()
    return {
        "ionic_contact": None,
        "ionic_resistance": None,
        "anodic_transfer_coefficient": anodic,
        "cathodic_transfer_coefficient": cathodic,
    }
