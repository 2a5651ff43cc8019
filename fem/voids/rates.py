"""How fast voids change: flow of the lithium, vacancies and current at one shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem
from dolfinx.fem import petsc
from mpi4py import MPI
from petsc4py import PETSc

from fem.compat import JIT_OPTIONS
from fem.constants import FARADAY, GAS, STANDARD_TEMPERATURE
from fem.dissipation.norton import Norton
from fem.voids.body import Body
from fem.voids.current import Electrolyte, Focusing
from fem.voids.flow import Flow, Sides
from fem.voids.outline import CONTACT, VOID, contact_borders
from fem.voids.points import capillary_pressures, point_velocities, void_volume, weights_of_points
from fem.voids.sites import Site, vacancy_pressure
from fem.voids.vacancies import Vacancies

Floats = npt.NDArray[np.float64]

__all__ = ["Interface", "Lithium", "Physics", "Rates", "point_velocities", "void_volume", "weights_of_points"]


@dataclass(frozen=True)
class Lithium:
    """Properties of the metal.

    Attributes:
        creep: law. molar_volume: Omega, m^3/mol. surface_energy: gamma, N/m; 0 switches capillarity off.
        self_diffusivity: D*, m^2/s. temperature: K.
        surface_diffusivity: D_s delta_s, diffusivity along surfaces times the thickness of the layer, m^3/s; 0: none.
    """

    creep: Norton
    molar_volume: float = 13.0e-6
    surface_energy: float = 0.0
    self_diffusivity: float = 0.0
    temperature: float = STANDARD_TEMPERATURE
    surface_diffusivity: float = field(default=0.0, kw_only=True)

    @classmethod
    def of(cls, material: Any, temperature: float = STANDARD_TEMPERATURE, faster: float = 1.0) -> Lithium:
        """The metal of the library.

        Args:
            material: `fem.materials.material.Material` with a creep law. temperature: K.
            faster: factor on the creep rate, for the spread of the data.
        """
        law = Norton(
            material.value("norton_reference_stress")
            * material.value("norton_reference_rate") ** (-1 / material.value("norton_exponent"))
            * faster ** (-1 / material.value("norton_exponent")),
            material.value("norton_exponent"),
            material.value("norton_activation_energy"),
        )
        return cls(
            law,
            material.value("molar_volume"),
            material.value("surface_energy"),
            material.value("self_diffusivity", temperature),
            temperature,
        )

    def strip_velocity(self, current_density: float) -> float:
        """Omega i / F, m/s."""
        return self.molar_volume * current_density / FARADAY


@dataclass(frozen=True)
class Interface:
    """What the contact with the electrolyte does.

    Attributes:
        sink_length: mean free path of the vacancies that stripping injects, m; 0: the contact itself is the sink, the
            lattice moves through it at Omega i / F.
        work_of_adhesion: J/m^2, for the contact angle by Young's equation; None: the line of contact is not pulled, the
            angle follows from the motion (creep with a large exponent relaxes a pulled line within tiny time steps).
        stuck: lithium cannot slide along the electrolyte.
        electrolyte: distributes the current; None: the current density is the same everywhere on the contact.
    """

    sink_length: float = 0.0
    work_of_adhesion: float | None = None
    stuck: bool = False
    electrolyte: Electrolyte | None = None


@dataclass(frozen=True)
class Rates:
    """Rates at one shape.

    Attributes:
        velocities: of the points of each arc, (k, 2) m/s. growth: of the volume of each void, m^3/s (plane: m^2/s).
        platen: velocity at which the platen comes down, m/s (0 without one).
        stripped: volume of lithium that leaves through the contact, m^3/s (plane: m^2/s).
        contact: area of the contact over that of the wall. focusing: greatest current density over that mean.
        driving: pressure that opens each site, less the stack pressure, Pa; NaN where there is no lithium on it.
    """

    velocities: tuple[Floats, ...]
    growth: Floats
    platen: float
    stripped: float
    contact: float
    focusing: float
    driving: Floats = field(default_factory=lambda: np.zeros(0))


class Physics:
    """Flow, vacancies and current on a body.

    Args:
        body: the lithium. lithium, interface: properties. stress: a stress typical of the loads, Pa.
        sites: where voids may open.
    """

    def __init__(
        self, body: Body, lithium: Lithium, interface: Interface, stress: float, sites: Sequence[Site] = ()
    ) -> None:
        self.body, self.lithium, self.interface, self.sites = body, lithium, interface, tuple(sites)
        cell = body.cell
        power = 1 / 3 if cell.axisymmetric else 1 / 2
        length = max((abs(void_volume(cell, arc)) ** power for arc in body.arcs), default=cell.contact_width)
        rollers = {
            wall.name: wall.axis
            for wall in cell.walls
            if wall.axis is not None and wall.name not in (CONTACT, cell.pressed) and wall.name in body.tagged.facets
        }
        sides = Sides(
            rollers,
            stuck=(CONTACT,) if interface.stuck else (),
            feed=CONTACT,
            platen=cell.pressed if cell.platen else "",
            loaded=(cell.pressed,),
            surface=VOID if body.arcs else "",
        )
        self.flow = Flow(body.tagged, lithium.creep, sides, length, stress, lithium.temperature)
        flow = self.flow
        self._flux_form: Any = None
        if body.arcs:
            passing = ufl.dot(flow.velocity, ufl.FacetNormal(body.mesh)) * ufl.TestFunction(body.hats) * flow.weight
            self._flux_form = fem.form(passing * flow.ds(body.tagged.facets[VOID]), jit_options=JIT_OPTIONS)
        self._injected = fem.Function(flow.scalar)
        leaving = self._injected * flow.weight * flow.ds(body.tagged.facets[CONTACT])
        self._total_form = fem.form(leaving, jit_options=JIT_OPTIONS)
        self._dofs = np.asarray(
            fem.locate_dofs_topological(flow.scalar, 1, body.tagged.facets_of(CONTACT)), dtype=np.int32
        )
        self.vacancies: Vacancies | None = None
        if interface.sink_length > 0:
            self.vacancies = Vacancies(body, flow.scalar, flow.weight, flow.ds, interface.sink_length, self._injected)
        self._focusing: Focusing | None = None

    def destroy(self) -> None:
        """Free the solvers and what moves the body: on several ranks nothing else does. Collective."""
        for part in (self.flow, self.vacancies, self._focusing, self.body):
            if part is not None:
                part.destroy()

    # ------------------------------------------------------------------ parts
    def capillary_pressures(self) -> list[Floats]:
        """Pressure by which the surface energy acts on the points of each arc, Pa (negative where it pulls)."""
        gamma, adhesion = self.lithium.surface_energy, self.interface.work_of_adhesion
        return [capillary_pressures(self.body.cell, arc, gamma, adhesion) for arc in self.body.arcs]

    def _inject(self, current_density: float) -> tuple[float, float, float]:
        """Set the volume of lithium that leaves per area; returns contact fraction, whole rate, focusing."""
        body, cell = self.body, self.body.cell
        width = cell.contact_width
        whole = np.pi * width**2 if cell.axisymmetric else width
        places = self._places()
        values = self._injected.x.array
        values[:] = 0.0
        values[self._dofs] = 1.0
        touching = self._integral(self._total_form)
        speed = self.lithium.strip_velocity(current_density)
        if self.interface.electrolyte is not None and current_density != 0:
            borders = contact_borders(cell, body.arcs)
            if self._focusing is None:
                self._focusing = Focusing(body.comm, self.interface.electrolyte, borders, width, cell.axisymmetric)
            at, density = self._focusing.distribution(borders)
            values[self._dofs] = np.interp(places, at, density)
            values[self._dofs] *= speed * whole / self._integral(self._total_form)
        else:
            values[self._dofs] = speed * whole / touching
        top = float(np.max(np.abs(values[self._dofs]), initial=0.0))
        top = float(body.comm.allreduce(top, op=MPI.MAX))
        return touching / whole, speed * whole, top / abs(speed) if speed else 1.0

    def _places(self) -> Floats:
        """Where the dofs of the contact are now, along the wall."""
        return np.asarray(self.flow.scalar.tabulate_dof_coordinates()[self._dofs, 0])

    def _integral(self, form: Any) -> float:
        return float(self.body.comm.allreduce(fem.assemble_scalar(form), op=MPI.SUM))

    # ------------------------------------------------------------------ rates
    def rates(self, pressure: float, current_density: float) -> Rates:
        """Rates at the present shape. Collective.

        Args:
            pressure: stack pressure, Pa. current_density: mean over the wall towards the electrolyte, A/m^2, positive
                when lithium is stripped.

        Raises:
            ConvergenceError: the flow was not found.
        """
        body, flow, lithium = self.body, self.flow, self.lithium
        suction = self.capillary_pressures()
        body.spread(suction, flow.surface_pressure)
        contact, stripped, focusing = self._inject(current_density)
        gained: list[Floats] = [np.zeros(len(arc)) for arc in body.arcs]
        feed: Any = None
        if self.vacancies is not None:
            mobility = lithium.self_diffusivity * lithium.molar_volume / (GAS * lithium.temperature)
            self.vacancies.solve([mobility * (pressure - s) for s in suction])
            flow.sink.x.array[:] = self.vacancies.field.x.array / self.interface.sink_length**2
            gained = self.vacancies.absorbed()
        else:
            feed = self._injected
        flow.solve({body.cell.pressed: pressure}, feed)
        flown = self._flown()
        velocities, growth = [], []
        for k, (one, other) in enumerate(zip(flown, gained, strict=True)):
            velocities.append(point_velocities(body.cell, body.arcs[k], one + other))
            growth.append(-float(np.sum(one + other)))
        platen = -flow.platen_velocity if body.cell.platen else 0.0
        driving = self._driving(pressure)
        return Rates(tuple(velocities), np.array(growth), platen, stripped, contact, focusing, driving)

    def _flown(self) -> list[Floats]:
        """Volume of lithium that flows through the surface at the points of each arc, m^3/s."""
        if self._flux_form is None:
            return []
        vector = petsc.assemble_vector(self._flux_form)
        vector.ghostUpdate(addv=PETSc.InsertMode.ADD, mode=PETSc.ScatterMode.REVERSE)
        found = self.body.collect(np.asarray(vector.array, dtype=np.float64))
        vector.destroy()
        return found

    def _driving(self, pressure: float) -> Floats:
        """(sites,) see `Rates`. Collective."""
        if not self.sites:
            return np.zeros(0)
        pressing = np.zeros(len(self.sites))
        if self.vacancies is not None:
            values = self.vacancies.field.x.array[self._dofs]
            known = np.concatenate(self.body.comm.allgather(np.column_stack([self._places(), values])))
            known = known[np.argsort(known[:, 0], kind="stable")]
            excess = np.interp([site.place for site in self.sites], *known.T)
            lithium = self.lithium
            pressing = vacancy_pressure(excess, lithium.self_diffusivity, lithium.molar_volume, lithium.temperature)
        borders = contact_borders(self.body.cell, self.body.arcs)
        free = [site.free(borders, self.body.cell.contact_width) for site in self.sites]
        return np.where(free, pressing - pressure, np.nan)
