"""From the words of a study to the voids, the lithium and the interface of `fem.voids`."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fem.constants import FARADAY, GAS
from fem.voids.body import Body
from fem.voids.current import Electrolyte
from fem.voids.evolve import TimeSettings
from fem.voids.outline import Cell
from fem.voids.rates import Interface, Lithium, Physics
from fem.voids.sites import Site
from studies.schema.void_surface import Flaw, VoidSurface

if TYPE_CHECKING:
    from studies.schema import Study
    from studies.schema import interfaces as words

Floats = npt.NDArray[np.float64]

__all__ = ["LEAST_EDGES", "Posed", "arc_of_flaw", "interface_resistance", "pose"]

LEAST_EDGES = 4
"""Of an outline: runs for error bars have fewer edges than the least that a study may ask for."""


@dataclass(frozen=True)
class Posed:
    """A study as `fem.voids` wants it. The lithium lies above the electrolyte here, y = 0 is the interface.

    Attributes:
        cell: walls. arcs: of the flaws. lithium, interface: properties. settings: of time steps.
        area: of the interface, m^2 (plane: m). side: 1, or -1 where positive currents plate lithium.
        radius: of the first flaw or site, m. sites: where voids may open.
    """

    cell: Cell
    arcs: tuple[Floats, ...]
    lithium: Lithium
    interface: Interface
    settings: TimeSettings
    area: float
    side: float
    radius: float
    sites: tuple[Site, ...] = ()

    def physics(self, comm: Any, stress: float) -> Physics:
        """Flow, vacancies and current at the beginning; stress: typical, Pa."""
        return Physics(Body(comm, self.cell, self.arcs), self.lithium, self.interface, stress)

    def thickness_of(self, volume: float) -> float:
        """Volume over the nominal area, m."""
        return volume / self.area


def pose(study: Study, scale: float = 1.0, looser: float = 1.0) -> Posed:
    """What a checked study describes.

    Args:
        scale: factor on the lengths of edges. looser: factor on the tolerance of time steps.
    """
    layer = study.void_layer
    assert layer is not None
    said = layer.void_surface
    assert said is not None
    geometry, operation = study.geometry, study.operation
    width, thickness = geometry.width, layer.thickness
    assert width is not None
    assert thickness is not None
    finer = study.mesh.refinement / scale
    edges = max(LEAST_EDGES, round(said.edges * finer))
    cell = Cell.box(width, thickness, geometry.dimension == "axisymmetric", study.mesh.bulk)
    cell = replace(cell, largest=cell.largest / finer)
    tolerance = study.time.tolerance if study.time is not None else TimeSettings.tolerance
    return Posed(
        cell=cell,
        arcs=tuple(arc_of_flaw(flaw, width, edges) for flaw in said.flaws),
        lithium=_lithium(study, layer.name, said),
        interface=_interface(study, layer.name, said),
        settings=TimeSettings(looser * tolerance, edges, healed=said.healed, contact=said.contact_lost),
        area=geometry.area,
        side=1.0 if operation.working_electrode in (None, layer.name) else -1.0,
        radius=said.flaws[0].radius if said.flaws else said.sites[0].radius,
        sites=tuple(Site(site.position, site.radius, site.degrees) for site in said.sites),
    )


def arc_of_flaw(flaw: Flaw, width: float, edges: int) -> Floats:
    """(edges + 1, 2) points of a flaw, clockwise, m; half of them where its middle is on a side of the model."""
    radius = (flaw.radius**2 + flaw.height**2) / (2 * flaw.height)
    half = 2 * math.atan2(flaw.height, flaw.radius)
    begin = 0.0 if flaw.position == 0 else -half
    end = 0.0 if flaw.position == width else half
    angle = np.linspace(begin, end, edges + 1)
    points = np.column_stack([flaw.position + radius * np.sin(angle), flaw.height - radius * (1 - np.cos(angle))])
    for place, cut in ((0, begin == 0.0), (-1, end == 0.0)):
        if not cut:
            points[place, 1] = 0.0
    return np.asarray(points, dtype=np.float64)


def interface_resistance(said: words.Interface, temperature: float) -> float:
    """Of linear kinetics, R T / (F i0 (a_a + a_c)), and of the film, ohm m^2; Butler-Volmer kinetics linearised."""
    if said.kinetics == "perfect":
        return said.film_resistance
    assert said.exchange_current is not None
    anodic, cathodic = said.transfer_coefficients()
    return GAS * temperature / (FARADAY * said.exchange_current * (anodic + cathodic)) + said.film_resistance


def _lithium(study: Study, layer: str, said: VoidSurface) -> Lithium:
    found = Lithium.of(study.material(layer), study.operation.temperature)
    if said.surface_diffusion is not None:
        found = replace(found, surface_diffusivity=said.surface_diffusion.product)
    return found if said.surface_energy is None else replace(found, surface_energy=said.surface_energy)


def _interface(study: Study, layer: str, said: VoidSurface) -> Interface:
    below, above = (x for x in study.geometry.layers)
    electrolyte = above if below.name == layer else below
    temperature = study.operation.temperature
    assert electrolyte.thickness is not None
    resistance = interface_resistance(study.interface(f"{below.name}|{above.name}"), temperature)
    conductivity = study.material(electrolyte.name).value("ionic_conductivity", temperature)
    return Interface(
        said.sink_length,
        said.work_of_adhesion,
        said.friction == "sticking",
        Electrolyte(conductivity, resistance, electrolyte.thickness),
    )
