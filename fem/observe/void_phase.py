"""Voids as a phase: their volume and surfaces, what is left in contact, and what became of the lithium."""

from __future__ import annotations

from fem.constants import FARADAY
from fem.energy.phase_field import solid
from fem.errors import ModelError
from fem.observe.assembly import Assembly
from fem.void_phase import VoidPhases

__all__ = ["contact_area", "lithium_lost", "sunk", "surface_energy", "void_volume"]


def _phases(assembly: Assembly) -> VoidPhases:
    phases = assembly.model.void_phases
    if phases is None:
        raise ModelError("no layer has voids as a phase")
    return phases


def void_volume(assembly: Assembly) -> float:
    """Volume of all voids, m^3 (2-D: per depth, 1-D: per area): 1 - h(xi) integrated."""
    phases = _phases(assembly)
    return sum(
        assembly.in_layer(1 - solid(x.order.function), layer, ("voids", layer)) for layer, x in phases.layers.items()
    )


def surface_energy(assembly: Assembly) -> float:
    """Energy of all surfaces between lithium and voids, J."""
    phases = _phases(assembly)
    return sum(assembly.in_layer(x.surface_density, n, ("void surfaces", n)) for n, x in phases.layers.items())


def sunk(assembly: Assembly) -> float:
    """Volume of the vacancies that have vanished in the lattice: what the lithium has come closer, m^3."""
    total = 0.0
    for layer, phase in _phases(assembly).layers.items():
        if phase.absorbed is not None:
            total += phase.absorbed.value * assembly.in_layer(1.0, layer, ("volume", layer))
    return total


def contact_area(assembly: Assembly, name: str) -> float:
    """Area of an interface beside which there is lithium, m^2; all of it where no void can be."""
    phases = assembly.model.void_phases
    for layer in phases.layers if phases is not None else ():
        for found, side in phases.sides(layer) if phases is not None else ():
            if found == name and phases is not None:
                touching = solid(phases.layers[layer].order.function(side))
                return assembly.on_interface(touching, name, ("touching", name))
    return assembly.contact_area(name)


def lithium_lost(assembly: Assembly, layer: str) -> float:
    """Lithium of a layer that voids, lattice and sinks lack since the beginning, as a charge in C."""
    phase = _phases(assembly).layers[layer]
    if phase.lattice is None or phase.spec.vacancies is None:
        raise ModelError(f"layer {layer!r} does not conserve its lithium")
    initial = phase.lattice.occupancy(phase.initial, 0.0 * assembly.model.one)
    degree = 4 * assembly.model.settings.phase_degree
    form = assembly.geometry.integral((initial - phase.lithium) * assembly.model.one, layer, degree)
    lost = assembly.scalar(form, ("lithium lost", layer))
    volume = assembly.in_layer(1.0, layer, ("volume", layer))
    brought = 0.0 if phase.absorbed is None else phase.absorbed.value * volume
    return FARADAY / float(phase.spec.vacancies.lattice.molar_volume) * (lost + brought)
