"""From a checked study to a model: materials to energies and dissipations, words to laws and conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fem.conditions import Anchor, MeanStrain, Pressure, Roller, Terminal
from fem.dissipation.conduction import Conduction, Equipotential
from fem.dissipation.ternary import SaltElectrolyte
from fem.energy.dielectric import VACUUM_PERMITTIVITY
from fem.energy.elastic import Elastic
from fem.interface.charge_transfer import Blocked, ChargeTransfer, OhmicContact
from fem.interface.interphase import Interphase
from fem.interface.kinetics import ButlerVolmer, LinearKinetics
from fem.interface.names import FACES, both_sides, is_covered, whole
from fem.interface.permeable import Permeable
from fem.joints import JointLaw
from fem.model import Condition, Domain, Model, Settings
from fem.potentials import InterfaceLaw
from fem.terms import EnergyTerm
from studies.breaking import filling_of, fracture_of
from studies.creep import creep_of
from studies.graded import Values
from studies.homogenise import field_conditions
from studies.joints import joint_law
from studies.moving import electrolyte_of, following_kinetics, host_of
from studies.rims import joint_resistance
from studies.schema.body import body_pair
from studies.schema.cracks import Slit
from studies.schema.protocol import entries_in
from studies.solids import solid_of
from studies.void_phase import voids_of

if TYPE_CHECKING:
    from meshes.tagged import TaggedMesh
    from studies.schema import Study
    from studies.schema.interfaces import Interface


INSULATING = 1e12
"""ohm m^2: what a pore resists, so that no potential hangs in the air."""


def build_model(study: Study, tagged: TaggedMesh, current: float | None, enriched: bool = False) -> Model:
    """The model of a study on a mesh.

    Args:
        study: checked study with defaults filled in.
        tagged: its mesh.
        current: current density in A/m^2 that the working electrode receives; None: potentiostatic.
        enriched: with elements of one degree more, for error estimates.

    Raises:
        ModelError: the study describes something that the core cannot pose.
    """
    domains = {region: _domain(study, region) for region in tagged.layers}
    touching = [n for n in tagged.facets if "|" in n and (":" not in n or is_covered(n))]
    touching = [n for n in touching if set(both_sides(n)) <= set(tagged.layers)]
    interfaces = {name: _laws(study, name, study.interface(name)) for name in touching}
    interfaces.update(_gaps(study, tagged))
    if study.mechanics.on:
        interfaces.update(_touching(study, tagged))
    settings = Settings(
        potential_degree=study.discretisation.degree,
        displacement_degree=study.discretisation.displacement_degree,
        concentration_degree=study.discretisation.degree,
        phase_degree=study.discretisation.degree,
        temperature=study.operation.temperature,
        plane=study.mechanics.plane,
        damage_lags=study.operation.protocol is not None,
    )
    conditions = [*_terminals(study, current), *field_conditions(study), *_mechanical(study), *filling_of(study)]
    return Model(tagged, domains, interfaces, conditions, settings.enriched() if enriched else settings)


def _domain(study: Study, name: str) -> Domain:
    layer = study.body(name)
    value = Values(study, name)
    conduction: list[Conduction | SaltElectrolyte | Equipotential] = []
    salt = electrolyte_of(study, name)
    if layer.conduction == "equipotential":
        conduction.append(Equipotential())
    if salt is not None:
        conduction.append(salt)
    elif layer.conduction in ("ionic", "mixed"):
        conduction.append(Conduction("ionic", value.of("ionic_conductivity")))
    if layer.conduction in ("electronic", "mixed"):
        conduction.append(Conduction("electronic", value.of("electronic_conductivity")))
    energy: tuple[EnergyTerm, ...] = ()
    if study.mechanics.on:
        solid = solid_of(study, name)
        energy = (fracture_of(study, name, solid) if isinstance(solid, Elastic) else solid,)
    return Domain(
        tuple(conduction),
        energy,
        host=host_of(study, name),
        permittivity=_permittivity(study, name),
        creep=creep_of(study, name),
        voids=voids_of(study, name),
    )


def _permittivity(study: Study, name: str) -> float:
    """F/m of what stores charge as a dielectric: in studies of impedance, as far as the material is known."""
    material = study.material(name)
    if study.impedance is None or not material.has("relative_permittivity"):
        return 0.0
    return VACUUM_PERMITTIVITY * material.value("relative_permittivity", study.operation.temperature)


def _laws(study: Study, name: str, spec: Interface) -> list[InterfaceLaw | JointLaw | Permeable]:
    laws: list[InterfaceLaw | JointLaw | Permeable] = []
    if spec.kinetics is not None and spec.kinetics != "none":
        laws.append(_charge_transfer(study, name, spec))
    for carrier in ("electronic", "ionic"):
        contact = getattr(spec, f"{carrier}_contact")
        if contact == "blocked":
            laws.append(Blocked(carrier))
        elif contact == "resistive":
            resistance = getattr(spec, f"{carrier}_resistance")
            laws.append(OhmicContact(carrier, resistance, spec.contact_fraction))
    if spec.ionic_contact == "perfect" and (rim := joint_resistance(study, body_pair(name))) is not None:
        laws.append(OhmicContact("ionic", rim))
    if spec.permeability is not None:
        laws.append(Permeable(spec.permeability))
    if name == whole(name) and (joint := joint_law(study, name, spec)) is not None:
        laws.append(joint)
    return laws


def _touching(study: Study, tagged: TaggedMesh) -> dict[str, list[InterfaceLaw | JointLaw | Permeable]]:
    """Slits whose two faces may touch."""
    found: dict[str, list[InterfaceLaw | JointLaw | Permeable]] = {}
    for words in (f.content for f in study.geometry.features if isinstance(f.content, Slit)):
        name = words.build().name
        if words.contact is not None and name + FACES in tagged.facets:
            found[name] = [words.contact.law()]
    return found


def _gaps(study: Study, tagged: TaggedMesh) -> dict[str, list[InterfaceLaw | JointLaw | Permeable]]:
    """Thin pores: parts of interfaces without contact that let displacement current pass."""
    found: dict[str, list[InterfaceLaw | JointLaw | Permeable]] = {}
    for name in (n for n in tagged.facets if n.endswith(":gap") and set(both_sides(n)) <= set(tagged.layers)):
        spec = study.interface(whole(name))
        if study.impedance is not None and spec.gap_capacitance > 0:
            found[name] = [
                ChargeTransfer(
                    electrode=electrode_of(study, whole(name)),
                    kinetics=LinearKinetics(INSULATING),
                    equilibrium_potential=spec.equilibrium_potential or 0.0,
                    double_layer_capacitance=spec.gap_capacitance,
                )
            ]
    return found


def _charge_transfer(study: Study, name: str, spec: Interface) -> ChargeTransfer:
    anodic, cathodic = spec.transfer_coefficients()
    kinetics: Any = None
    if spec.kinetics == "butler-volmer":
        kinetics = following_kinetics(spec, anodic, cathodic)
    if spec.kinetics == "butler-volmer" and kinetics is None:
        assert spec.exchange_current is not None
        share = spec.mechanical_transfer_coefficient
        kinetics = ButlerVolmer(spec.exchange_current, anodic, cathodic, share)
    elif spec.kinetics == "linear":
        assert spec.exchange_current is not None
        effective = spec.exchange_current * (anodic + cathodic)
        kinetics = LinearKinetics.from_exchange_current(effective, study.operation.temperature)
    volume = spec.partial_molar_volume if spec.stress_shift else None
    return ChargeTransfer(
        electrode=electrode_of(study, name),
        kinetics=kinetics,
        electrode_carrier="ionic" if study.passage(name).between_electrolytes else "electronic",
        equilibrium_potential=spec.equilibrium_potential or 0.0,
        film_resistance=spec.film_resistance,
        contact_fraction=spec.contact_fraction,
        partial_molar_volume=volume or 0.0,
        largest_pressure=spec.largest_pressure,
        double_layer_capacitance=spec.double_layer_capacitance,
        film_capacitance=spec.film_capacitance,
        interphase=_interphase(study, spec),
    )


def _interphase(study: Study, spec: Interface) -> Interphase | None:
    if spec.interphase is None:
        return None
    made = spec.interphase.build()
    # without time nothing grows
    return made if study.operation.protocol is not None else made.frozen()


def electrode_of(study: Study, interface: str) -> str:
    """The region whose electrons take part in the charge transfer of an interface of the mesh; else the one below."""
    below, above = both_sides(interface)
    return above if study.passage(interface).electrode == "above" else below


def _terminals(study: Study, current: float | None) -> list[Condition]:
    layers = study.geometry.layers
    working = study.operation.working_electrode
    if working is None or study.operation.mean_field is not None or all(x.conduction == "none" for x in layers):
        return []
    counter = study.counter_electrode
    made: list[Condition] = []
    for name, is_working in ((working, True), (counter, False)):
        layer = next(x for x in layers if x.name == name)
        side = "bottom" if name == layers[0].name else "top"
        place: dict[str, Any] = {"name": name, "at": name}
        if layer.conduction != "equipotential":
            carrier = "ionic" if layer.conduction == "ionic" else "electronic"
            place = {"name": name, "at": side, "carrier": carrier}
        if not is_working:
            made.append(Terminal(**place, potential=0.0))
        elif current is None:
            made.append(Terminal(**place, potential=study.operation.voltage))
        else:
            made.append(Terminal(**place, current=current * study.geometry.area))
    return made


def _pressed(study: Study) -> bool:
    """Whether the protocol changes the stack pressure."""
    entries = study.operation.protocol or ()
    return any(entry.stack_pressure is not None for _, entry in entries_in(list(entries)))


def _mechanical(study: Study) -> list[Condition]:
    if not study.mechanics.on:
        return []
    dimension, operation = study.geometry.dimension, study.operation
    axis = {1: 0, 2: 1, "axisymmetric": 1, 3: 2}[dimension]
    lateral, periodic = study.mechanics.lateral, study.geometry.periodic
    made: list[Condition] = []
    if periodic and lateral == "free":
        made += [MeanStrain((i, j)) for i in periodic for j in periodic if i <= j]
    if axis in periodic:
        return made
    made.append(Roller("bottom", axis))
    if operation.stack_control == "fixed-gap":
        made.append(Roller("top", axis, -(operation.stack_displacement or 0.0)))
    elif operation.stack_pressure or _pressed(study):
        made.append(Pressure("top", operation.stack_pressure or 0.0))
    if periodic:
        return made
    if lateral == "free-standing":
        made += [Anchor((0.0,) * (axis + 1), across) for across in range(axis)]
        if axis == 2:  # nor does it turn
            made.append(Anchor((study.geometry.width or 0.0, 0.0, 0.0), 1))
        return made
    # the left and front sides are symmetry planes (or the axis)
    held = {"confined": (("left", "right"), ("front", "back")), "free": (("left",), ("front",))}
    for across, sides in enumerate(held[lateral][:axis]):
        made += [Roller(side, across) for side in sides]
    return made
