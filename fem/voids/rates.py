"""How fast voids change: flow of the lithium, vacancies and current at one shape."""

from __future__ import annotations

from dataclasses import dataclass
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
from fem.voids.outline import CONTACT, VOID, Cell
from fem.voids.surface import area_vectors, surface_gradient, volume
from fem.voids.vacancies import Vacancies

Floats = npt.NDArray[np.float64]

__all__ = ["Interface", "Lithium", "Physics", "Rates", "point_velocities", "void_volume", "weights_of_points"]


@dataclass(frozen=True)
class Lithium:
    """Properties of the metal.

    Attributes:
        creep: law. molar_volume: Omega, m^3/mol. surface_energy: gamma, N/m; 0 switches capillarity off.
        self_diffusivity: D*, m^2/s. temperature: K.
    """

    creep: Norton
    molar_volume: float = 13.0e-6
    surface_energy: float = 0.0
    self_diffusivity: float = 0.0
    temperature: float = STANDARD_TEMPERATURE

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
    """

    velocities: tuple[Floats, ...]
    growth: Floats
    platen: float
    stripped: float
    contact: float
    focusing: float


class Physics:
    """Flow, vacancies and current on a body.

    Args:
        body: the lithium. lithium, interface: properties. stress: a stress typical of the loads, Pa.
    """

    def __init__(self, body: Body, lithium: Lithium, interface: Interface, stress: float) -> None:
        self.body, self.lithium, self.interface = body, lithium, interface
        cell = body.cell
        power = 1 / 3 if cell.axisymmetric else 1 / 2
        length = max(abs(void_volume(cell, arc)) ** power for arc in body.arcs)
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
            surface=VOID,
        )
        self.flow = Flow(body.tagged, lithium.creep, sides, length, stress, lithium.temperature)
        flow = self.flow
        normal = ufl.FacetNormal(body.mesh)
        wall = flow.ds(body.tagged.facets[VOID])
        p = ufl.TestFunction(body.hats)
        passing = ufl.dot(flow.velocity, normal) * p * flow.weight * wall
        self._flux_form = fem.form(passing, jit_options=JIT_OPTIONS)
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

    # ------------------------------------------------------------------ parts
    def capillary_pressures(self) -> list[Floats]:
        """Pressure by which the surface energy acts on the points of each arc, Pa (negative where it pulls)."""
        gamma = self.lithium.surface_energy
        made = []
        for arc in self.body.arcs:
            area, along = weights_of_points(self.body.cell, arc)
            energy = gamma * np.sum(surface_gradient(arc, self.body.cell.axisymmetric) * along, axis=1)
            for place, sign in ((0, 1.0), (-1, -1.0)):
                wall = self.body.cell.walls[self.body.cell.place(arc[place])[1]]
                if wall.name == CONTACT and gamma > 0:
                    width = 2 * np.pi * arc[place, 0] if self.body.cell.axisymmetric else 1.0
                    if self.interface.work_of_adhesion is not None:
                        wetting = gamma - self.interface.work_of_adhesion
                        energy[place] += wetting * sign * width * along[place, 0]
                    else:
                        inner = 1 if place == 0 else -2
                        energy[place] = energy[inner] / area[inner] * area[place]
            made.append(np.asarray(energy / area))
        return made

    def _inject(self, current_density: float) -> tuple[float, float, float]:
        """Set the volume of lithium that leaves per area; returns contact fraction, whole rate, focusing."""
        body, cell = self.body, self.body.cell
        width = float(next(w for w in cell.walls if w.name == CONTACT).points[-1, 0])
        whole = np.pi * width**2 if cell.axisymmetric else width
        places = self._places()
        values = self._injected.x.array
        values[:] = 0.0
        values[self._dofs] = 1.0
        touching = self._integral(self._total_form)
        speed = self.lithium.strip_velocity(current_density)
        if self.interface.electrolyte is not None and current_density != 0:
            borders = self._borders(width)
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

    def _borders(self, width: float) -> list[float]:
        """Places where contact begins and ends, from the present arcs."""
        made = [0.0]
        for arc in sorted(self.body.arcs, key=lambda a: float(a[-1, 0])):
            for point, opens in ((arc[0], False), (arc[-1], True)):
                if abs(point[1]) > 1e-9 * width:
                    continue
                if opens and len(made) % 2 == 1:  # the arc began on the left wall
                    made[-1] = float(point[0])
                else:
                    made.append(float(point[0]))
        if len(made) % 2:
            made.append(width)
        return made

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
        vector = petsc.assemble_vector(self._flux_form)
        vector.ghostUpdate(addv=PETSc.InsertMode.ADD, mode=PETSc.ScatterMode.REVERSE)
        flown = body.collect(np.asarray(vector.array, dtype=np.float64))
        vector.destroy()
        velocities, growth = [], []
        for k, (one, other) in enumerate(zip(flown, gained, strict=True)):
            velocities.append(point_velocities(body.cell, body.arcs[k], one + other))
            growth.append(-float(np.sum(one + other)))
        platen = -flow.platen_velocity if body.cell.platen else 0.0
        return Rates(tuple(velocities), np.array(growth), platen, stripped, contact, focusing)


#: Sine of the angle between the surface of a void and the wall below which its end takes less than its share of the
#: swept volume: it would run away.
_FLATTEST = 0.4


def weights_of_points(cell: Cell, arc: Floats) -> tuple[Floats, Floats]:
    """Area (m,) swept per way of the points of an arc, and their directions (m, 2): normals, along the wall at ends."""
    vectors = area_vectors(arc, cell.axisymmetric)
    size = np.linalg.norm(vectors, axis=1)
    along = vectors / size[:, None]
    for place in (0, -1):
        wall = cell.walls[cell.place(arc[place])[1]]
        direction = np.array([0.0, 1.0]) if wall.axis == 0 else np.array([1.0, 0.0])
        share = float(np.dot(vectors[place], direction))
        along[place] = direction * np.sign(share)
        size[place] = max(abs(share), 1e-3 * size[place])
    return size, along


def point_velocities(cell: Cell, arc: Floats, swept: Floats) -> Floats:
    """(m, 2) velocities, m/s, of the points of an arc that sweep the volumes ``swept`` (m,), m^3/s, towards the void.

    An end that meets its wall at a flat angle does not take all of its share; the point next to it takes the rest.
    """
    area, along = weights_of_points(cell, arc)
    full = np.linalg.norm(area_vectors(arc, cell.axisymmetric), axis=1)
    swept = swept.copy()
    for end, neighbour in ((0, 1), (-1, -2)):
        taken = min(1.0, float(area[end] / (_FLATTEST * full[end])))
        swept[neighbour] += (1 - taken) * swept[end]
        swept[end] *= taken
    return np.asarray((swept / area)[:, None] * along)


def void_volume(cell: Cell, arc: Floats) -> float:
    """Volume between an arc and the walls, m^3 (plane: m^2)."""
    start, end = cell.place(arc[0])[0], cell.place(arc[-1])[0]
    end = end if end > start else end + float(cell.lengths()[-1])
    walls = [points[:-1] for _, points in cell.between(start, end)]
    return volume(np.concatenate([*walls, arc[::-1][:-1]]), cell.axisymmetric)
