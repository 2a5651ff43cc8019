"""Interfaces: what can pass between two layers, what must be said about it, and the defaults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fem.materials import Material
from studies.schema.body import Conduction
from studies.schema.draft import Draft
from studies.schema.explain import one_of
from studies.schema.interfaces import CHARGE_TRANSFER_KEYS, Interface
from studies.schema.ion_transfer import check_ion_transfer, complete_ion_transfer
from studies.schema.transport import Transport
from studies.schema.transport_rules import check_storing_interface, storing_defaults, transport_of

_ELECTRONS = ("equipotential", "electronic", "mixed")
_IONS = ("ionic", "mixed")
_NO_OVERPOTENTIAL = ("perfect", "none")


@dataclass(frozen=True)
class Passage:
    """What may pass an interface.

    Attributes:
        electrons: both sides conduct electrons.
        ions: both sides conduct ions.
        electrode: the side whose electrons can become the other's ions, if any.
        needs_kinetics: the sides share no carrier, so that charge transfer is all there is.
    """

    electrons: bool
    ions: bool
    electrode: Literal["below", "above"] | None
    needs_kinetics: bool

    @classmethod
    def between(cls, below: Conduction, above: Conduction) -> Passage:
        """From what the two layers conduct."""
        electrons = below in _ELECTRONS and above in _ELECTRONS
        ions = below in _IONS and above in _IONS
        # A metal next to a mixed conductor is the electrode of its ions; so is a mixed conductor next to an
        # electrolyte.
        if below in _ELECTRONS and above in _IONS and not (below == "mixed" == above):
            return cls(electrons, ions, "below", below != "mixed")
        if above in _ELECTRONS and below in _IONS and not (below == "mixed" == above):
            return cls(electrons, ions, "above", above != "mixed")
        return cls(electrons, ions, None, False)

    @property
    def shared(self) -> int:
        """Number of carriers that both sides conduct."""
        return int(self.electrons) + int(self.ions)

    @property
    def between_electrolytes(self) -> bool:
        """Whether ions are all that passes, from one electrolyte into another: kinetics are possible, not needed."""
        return self.ions and not self.electrons and self.electrode is None


def passages(conduction: Mapping[str, Conduction], interfaces: Iterable[str]) -> dict[str, Passage]:
    """Passage of every one of `interfaces` (``first|second``) whose two bodies are known."""
    found = {}
    for name in interfaces:
        sides = name.split("|")
        if len(sides) == 2 and all(side in conduction for side in sides):
            found[name] = Passage.between(conduction[sides[0]], conduction[sides[1]])
    return found


def electrode_material(draft: Draft, interface: str, passage: Passage) -> Material | None:
    """Material of the electrode side, None when it is wrong or there is no electrode."""
    below, above = interface.split("|")
    if passage.electrode is None:
        return None
    return draft.material_of(below if passage.electrode == "below" else above)


def default_potential(material: Material) -> float | None:
    """Equilibrium potential of an electrode of this material against Li/Li+ in V; None when unknown."""
    if material.has("equilibrium_potential"):
        return material.value("equilibrium_potential")
    return 0.0 if material.name == "Li" else None


def default_molar_volume(material: Material, temperature: float) -> float | None:
    """Volume per mole of lithium taken from a metal electrode in m^3/mol; None when unknown or no metal."""
    if material.kind != "metal":
        return None
    for key in ("partial_molar_volume", "molar_volume"):
        if material.has(key):
            return material.value(key, temperature)
    return None


def check_interfaces(draft: Draft, mechanics: bool) -> None:
    """Report interfaces that do not exist, and what they lack or say in vain."""
    known = draft.interface_names
    complete = draft.places_known
    for name in draft.interfaces:
        if name in known or not complete or name.count("|") != 1:
            continue
        reverse = "|".join(reversed(name.split("|")))
        if reverse in known:
            message = f"names go from below to above, bodies of features last: {reverse!r}"
        else:
            message = one_of(known, name, "no such interface; there are" if known else "no such interface: there are")
        draft.report(("interfaces", name), message)
    for name, passage in passages(draft.conduction, draft.interface_names).items():
        if name not in draft.interfaces:
            if passage.needs_kinetics:
                message = "charge transfer is not described: kinetics is required\n" + _kinetics_help()
                draft.report(("interfaces", name), message)
            continue
        interface = draft.interfaces[name]
        if interface is not None:
            _check_interface(draft, name, interface, passage, mechanics)


def _kinetics_help() -> str:
    return "one of butler-volmer, linear (both with exchange_current), perfect, none"


def _check_interface(draft: Draft, name: str, interface: Interface, passage: Passage, mechanics: bool) -> None:
    def report(key: str, message: str) -> None:
        draft.report(("interfaces", name, key), message)

    if passage.between_electrolytes:
        check_ion_transfer(draft, name, interface)
        if interface.kinetics is not None:
            _check_coefficients(report, interface)
    elif passage.electrode is None:
        sides = " and ".join(f"{layer} ({draft.conduction[layer]})" for layer in name.split("|"))
        for key in CHARGE_TRANSFER_KEYS:
            # the resolved study writes defaults out
            default = Interface.model_fields[key].default
            if key in interface.model_fields_set and getattr(interface, key) not in (None, default):
                report(key, f"has no meaning here: no charge transfer between {sides}")
    elif interface.kinetics is None:
        given = interface.model_fields_set & set(CHARGE_TRANSFER_KEYS)
        if passage.needs_kinetics or given:
            report("kinetics", f"is required: {_kinetics_help()}")
    else:
        _check_charge_transfer(draft, name, interface, passage, mechanics)
    _check_contact(report, interface, passage)


def _check_charge_transfer(draft: Draft, name: str, interface: Interface, passage: Passage, mechanics: bool) -> None:
    def report(key: str, message: str) -> None:
        draft.report(("interfaces", name, key), message)

    host = host_of(draft, name, passage)
    check_storing_interface(draft, name, interface, host, electrode_material(draft, name, passage))
    given = interface.exchange_current is not None or host is not None
    if interface.kinetics not in _NO_OVERPOTENTIAL and not given:
        report("exchange_current", f"is required for {interface.kinetics} kinetics, for example 10 A/m^2")
    _check_coefficients(report, interface)
    material = electrode_material(draft, name, passage)
    if material is None or interface.kinetics == "none":
        return
    if host is None and interface.equilibrium_potential is None and default_potential(material) is None:
        report("equilibrium_potential", f"is required: {material.name} has none in the library; against Li/Li+")
    if interface.contact_fraction < 1 and _short_circuit(interface):
        report(
            "contact_fraction",
            "needs kinetics or a film: a perfect contact has no resistance that grows with lost area",
        )
    if interface.largest_pressure is not None and interface.stress_shift is False:
        report("largest_pressure", "limits the stress shift, which is switched off")
    if interface.stress_shift:
        if _short_circuit(interface):
            report("stress_shift", "needs kinetics or a film: a perfect contact takes one potential for all of it")
        if not mechanics:
            report("stress_shift", "needs stresses: switch mechanics on")
        elif interface.partial_molar_volume is None and default_molar_volume(material, 298.15) is None:
            report(
                "partial_molar_volume",
                f"is required for the stress shift: {material.name} has no molar volume",
            )


def _check_coefficients(report: Any, interface: Interface) -> None:
    anodic, cathodic = interface.transfer_coefficients()
    for key, value, other in (
        ("anodic_transfer_coefficient", anodic, "cathodic_transfer_coefficient"),
        ("cathodic_transfer_coefficient", cathodic, "anodic_transfer_coefficient"),
    ):
        if value < 0:
            report(other, f"is more than 1: give {key}, too")
    if anodic == cathodic == 0:
        report("anodic_transfer_coefficient", "anodic and cathodic transfer coefficient cannot both be 0")


def host_of(draft: Draft, name: str, passage: Passage) -> Transport | None:
    """The transport of the electrode of an interface, when it is a host."""
    if passage.electrode is None:
        return None
    found = transport_of(draft, name.split("|")[0 if passage.electrode == "below" else 1])
    return found if found is not None and found.is_host else None


def _short_circuit(interface: Interface) -> bool:
    """Whether nothing at all resists the charge transfer."""
    return interface.kinetics == "perfect" and interface.film_resistance == 0


def _check_contact(report: Any, interface: Interface, passage: Passage) -> None:
    for carrier, both in (("electronic", passage.electrons), ("ionic", passage.ions)):
        contact = getattr(interface, f"{carrier}_contact")
        resistance = getattr(interface, f"{carrier}_resistance")
        if not both:
            for key, value in ((f"{carrier}_contact", contact), (f"{carrier}_resistance", resistance)):
                if value is not None:
                    charge = "electrons" if carrier == "electronic" else "ions"
                    report(key, f"has no meaning here: the two layers do not both conduct {charge}")
        elif contact == "resistive" and resistance is None and interface.resistance is None:
            report(f"{carrier}_resistance", "is required for a resistive contact, for example 5 ohm*cm^2")
        elif contact in ("perfect", "blocked") and resistance is not None:
            report(f"{carrier}_resistance", f"contradicts {carrier}_contact: {contact}")
    if interface.resistance is None:
        return
    if passage.shared == 0:
        report("resistance", "is for conductors of the same kind; use film_resistance for charge transfer")
    elif passage.shared == 2:
        report(
            "resistance",
            "is ambiguous between two mixed conductors: electronic_resistance or ionic_resistance",
        )
    else:
        carrier = "electronic" if passage.electrons else "ionic"
        if getattr(interface, f"{carrier}_resistance") is not None:
            report("resistance", f"is given twice: as resistance and as {carrier}_resistance")
        if getattr(interface, f"{carrier}_contact") in ("perfect", "blocked"):
            report("resistance", f"contradicts {carrier}_contact: {getattr(interface, f'{carrier}_contact')}")


def complete_interface(
    interface: Interface,
    passage: Passage,
    electrode: Material | None,
    temperature: float,
    mechanics: bool,
    host: Transport | None = None,
) -> Interface:
    """The interface with every default written out (checked before by `check_interfaces`).

    Args:
        interface, passage, temperature, mechanics: of the study.
        electrode: material of the electrode side, if there is one.
        host: its transport, when it stores lithium.
    """
    filled: dict[str, Any] = {"resistance": None}
    for carrier, both in (("electronic", passage.electrons), ("ionic", passage.ions)):
        if not both:
            continue
        resistance = getattr(interface, f"{carrier}_resistance")
        if resistance is None and passage.shared == 1:
            resistance = interface.resistance
        contact = getattr(interface, f"{carrier}_contact")
        filled[f"{carrier}_contact"] = contact or ("perfect" if resistance is None else "resistive")
        filled[f"{carrier}_resistance"] = resistance
    if passage.between_electrolytes and interface.kinetics is not None:
        filled |= complete_ion_transfer(interface)
    if passage.electrode is not None:
        filled["kinetics"] = interface.kinetics or "none"
    if interface.kinetics is not None and interface.kinetics != "none" and electrode is not None:
        anodic, cathodic = interface.transfer_coefficients()
        volume = interface.partial_molar_volume
        if volume is None:
            volume = default_molar_volume(electrode, temperature)
        shift = False if _short_circuit(interface) else interface.stress_shift
        filled |= {
            "anodic_transfer_coefficient": anodic,
            "cathodic_transfer_coefficient": cathodic,
            "partial_molar_volume": volume,
            "stress_shift": (mechanics and volume is not None) if shift is None else shift,
        }
        if host is not None:  # its potential follows from its lithiation
            filled |= storing_defaults(interface, electrode)
        elif interface.equilibrium_potential is None:
            filled["equilibrium_potential"] = default_potential(electrode)
        if interface.mechanical_transfer_coefficient is None:
            filled["mechanical_transfer_coefficient"] = anodic / (anodic + cathodic)
    return interface.model_copy(update=filled)
