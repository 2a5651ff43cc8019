"""From a checked study to media, electrodes and charged interfaces; cell sizes that follow the screening length."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from fem.constants import FARADAY, GAS
from fem.energy.dilute import Dilute
from fem.energy.lattice_gas import LatticeGas
from fem.space_charge.media import BULK, CONSERVED, ChargedInterface, Electrode, Ion, Medium, Sublattice
from fem.space_charge.planes import Planes, Slab
from studies.schema.space_charge import FROM_MATERIAL, IONS

if TYPE_CHECKING:
    from fem.materials import Material
    from meshes.sizes import MeshSizes
    from studies.schema import Study
    from studies.schema.space_charge import Mobile, Sheet, SpaceCharge

AVOGADRO = 6.02214076e23
CELLS_PER_LENGTH = 8.0
"""Cells per shortest screening length at interfaces, unless the study says how large they are."""
GROWTH = 1.2
LEAST_SIZE = 1e-4
"""Smallest cell at an interface, over the thickness of the thinnest layer."""
MOST_DECADES = 29.0
"""Logarithm of the largest density of ions per m^3 that passes without a remark: that of atoms in solids."""
UNKNOWN_SWING = 0.3
"""Change of potential that is reckoned with where charges are imposed, V."""


def section(study: Study) -> SpaceCharge:
    """The space_charge section of a study that has one."""
    assert study.space_charge is not None
    return study.space_charge


def media(study: Study) -> dict[str, Medium]:
    """Layer -> what it is made of."""
    temperature = study.operation.temperature
    return {name: _medium(study.material(name), mobile, temperature) for name, mobile in section(study).media.items()}


def _value(material: Material, mobile: Mobile, key: str, temperature: float) -> float:
    given = getattr(mobile, key)
    if given is not None:
        return float(given)
    return float(material.value(FROM_MATERIAL[mobile.model][key], temperature))


def _medium(material: Material, mobile: Mobile, temperature: float) -> Medium:
    conductivity = material.value("ionic_conductivity", temperature) if material.has("ionic_conductivity") else None
    groups = _sublattices(material, mobile, temperature)
    if mobile.electrons is not None:
        edge = math.exp(mobile.electrons.offset / (GAS * temperature))
        electron = Ion("e-", -1, 1 / (1 + edge), mobile.electrons.electrode, "none")
        groups = (*groups, Sublattice(LatticeGas(mobile.electrons.density / AVOGADRO), (electron,)))
    fixed = mobile.fixed_charge
    return Medium(
        relative_permittivity=float(material.value("relative_permittivity", temperature)),
        sublattices=groups,
        fixed_charge=None if fixed is None else fixed * FARADAY / AVOGADRO,
        bulk_potential=mobile.bulk_potential,
        conductivity=conductivity,
        coulomb=mobile.coulomb,
    )


def _sublattices(material: Material, mobile: Mobile, temperature: float) -> tuple[Sublattice, ...]:
    level = CONSERVED if mobile.conserved else BULK
    names = IONS[mobile.model]

    def ion(k: int, charge: int, fraction: float) -> Ion:
        return Ion(names[k], charge, fraction, level, mobile.transport)

    def value(key: str) -> float:
        return _value(material, mobile, key, temperature)

    if mobile.model == "lattice-gas":
        sites = LatticeGas(value("site_density") / AVOGADRO)
        return (Sublattice(sites, (ion(0, 1, value("occupancy")),), mobile.interaction),)
    if mobile.model == "bikerman":
        crowding = value("crowding")
        sites = LatticeGas(2 * value("density") / crowding / AVOGADRO)
        return (Sublattice(sites, (ion(0, 1, crowding / 2), ion(1, -1, crowding / 2))),)
    if mobile.model == "dilute":
        return (Sublattice(Dilute(value("density") / AVOGADRO), (ion(0, 1, 1.0), ion(1, -1, 1.0))),)
    if mobile.model == "frozen-background":
        return (Sublattice(Dilute(value("density") / AVOGADRO), (ion(0, mobile.charge, 1.0),)),)
    if mobile.model == "saturating-defects":
        saturation = value("saturation")
        factor = saturation * math.exp(value("formation_energy") / (GAS * temperature))
        sites = LatticeGas(saturation * value("site_density") / AVOGADRO)
        share = 1 / (1 + factor)
        return (Sublattice(sites, (ion(0, 1, share),)), Sublattice(sites, (ion(1, -1, share),)))
    return ()


def electrodes(study: Study) -> list[Electrode]:
    """The metal layers with their flat bands filled in."""
    found = []
    for name, contact in section(study).electrodes.items():
        flat = _flat_band(study, name) if contact.flat_band is None else contact.flat_band
        found.append(Electrode(name, contact.potential, flat, contact.charge or 0.0))
    return found


def _flat_band(study: Study, electrode: str) -> float:
    """Charge-neutrality potential of the saturating defects beside an electrode; 0 V where there are none."""
    part = section(study)
    names = [layer.name for layer in study.geometry.layers]
    beside = [] if electrode not in names else [k for k in (names.index(electrode) + d for d in (-1, 1)) if k >= 0]
    for k in beside:
        mobile = part.media.get(names[k]) if k < len(names) else None
        if mobile is not None and mobile.model == "saturating-defects":
            material = study.material(names[k])
            if material.has("pfd_neutrality_potential"):
                return float(material.value("pfd_neutrality_potential", study.operation.temperature))
    return 0.0


def interfaces(study: Study) -> list[ChargedInterface]:
    """The charged interfaces between media."""
    return [ChargedInterface(name, sheet.charge, _core(sheet)) for name, sheet in section(study).interfaces.items()]


def _core(sheet: Sheet) -> tuple[Sublattice, ...]:
    if sheet.sites is None or sheet.occupancy is None:
        return ()
    return (Sublattice(LatticeGas(sheet.sites / AVOGADRO), (Ion("Li+", 1, sheet.occupancy),)),)


def sweep(study: Study) -> tuple[float, ...]:
    """Potentials of the swept electrode, its own one last; empty without a sweep."""
    part = section(study)
    if part.sweep is None:
        return ()
    own = part.electrodes[part.sweep.electrode].potential
    assert own is not None
    points = part.sweep.potential.expand()
    return points if points[-1] == own else (*points, own)


def planes(study: Study) -> Planes:
    """The lattice planes of a study in that mode."""
    slabs = []
    found = media(study)
    for layer in study.geometry.layers:
        if layer.name in found:
            given = section(study).media[layer.name].plane_spacing
            spacing = given or study.material(layer.name).value("lattice_plane_spacing", study.operation.temperature)
            slabs.append(Slab(found[layer.name], float(spacing), max(1, round((layer.thickness or 0.0) / spacing))))
    ends = {e.layer: e.contact_potential for e in electrodes(study)}
    first, last = (study.geometry.layers[k].name for k in (0, -1))
    return Planes(tuple(slabs), ends.get(first), ends.get(last), study.operation.temperature)


def graded(study: Study, sizes: MeshSizes) -> MeshSizes:
    """The same sizes with those at interfaces, if the study leaves them out, fine enough for the space charge."""
    changed = sizes
    if sizes.interface is None and (shortest := shortest_length(study)) < math.inf:
        thinnest = min(x.thickness for x in study.geometry.layers if x.thickness)
        size = min(max(shortest / CELLS_PER_LENGTH, LEAST_SIZE * thinnest), thinnest / 6)
        changed = replace(changed, interface=size)
    return replace(changed, growth=GROWTH) if study.mesh.growth is None else changed


def swings(study: Study, found: Mapping[str, Medium]) -> dict[str, tuple[float, float]]:
    """Layer -> how far below and above its bulk the potential goes at any of the study's potentials, V."""
    levels = [e.contact_potential for e in electrodes(study) if e.contact_potential is not None]
    part = section(study)
    if part.sweep is not None:
        flat = next(e.flat_band for e in electrodes(study) if e.layer == part.sweep.electrode)
        levels += [v - flat for v in sweep(study)]
    levels += [m.bulk_potential for m in found.values()]
    low, high = min(levels), max(levels)
    if part.interfaces or any(c.charge for c in part.electrodes.values()):
        low, high = low - UNKNOWN_SWING, high + UNKNOWN_SWING
    return {name: (low - m.bulk_potential, high - m.bulk_potential) for name, m in found.items()}


def shortest_length(study: Study) -> float:
    """Least screening length that occurs in any layer at any of the study's potentials, m."""
    found, temperature = media(study), study.operation.temperature
    ways = swings(study, found)
    return min((m.shortest_length(temperature, *ways[name]) for name, m in found.items()), default=math.inf)


def crowded(study: Study, low: float, high: float) -> list[str]:
    """What to say of dilute ions that are denser than matter is, at potentials from ``low`` to ``high`` V."""
    found, unit = media(study), GAS * study.operation.temperature / FARADAY
    notes = []
    for name, medium in found.items():
        below, above = low - medium.bulk_potential, high - medium.bulk_potential
        for group in medium.sublattices:
            for ion in group.ions if isinstance(group.statistics, Dilute) else ():
                most = max(-ion.charge * below, -ion.charge * above) / unit
                decades = math.log10(group.concentration * ion.fraction * AVOGADRO) + most / math.log(10)
                if decades > MOST_DECADES:
                    notes.append(
                        f"dilute {ion.name} of {name} reach 1e{decades:.0f} per m^3, more than there are sites in"
                        " any solid: take a model in which sites fill (bikerman, lattice-gas)"
                    )
    return notes
