"""Momentum balance of the solids of a stack: strains, stresses, loads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import ufl
from dolfinx import default_scalar_type, fem
from mpi4py import MPI

from fem import balance
from fem.bonded import bonded
from fem.conditions import Anchor, ImposedDisplacement, Platen, Pressure, Roller, Traction
from fem.constants import FARADAY
from fem.energy.crystal import CrystalElastic
from fem.energy.elastic import Elastic
from fem.energy.fracture import Fracture
from fem.errors import ModelError
from fem.interface.names import both_sides, whole
from fem.kinematics import strain
from fem.openings import Opening, make_openings
from fem.periodic import close_mean_strain, set_mean_strain
from fem.protocol import Course
from fem.unknowns import Field, Number, Tie

if TYPE_CHECKING:
    from fem.membranes import Skin
    from fem.model import Model


@dataclass
class Support:
    """What holds one component of the displacements on an outer side.

    Attributes:
        parts: fields and their ties.
        number: displacement of the platen; None: a given one.
    """

    parts: tuple[tuple[Field, Tie], ...]
    number: Number | None = None

    @property
    def offset(self) -> Any:
        """The given displacement, m."""
        return self.parts[0][1].offset if self.parts else 0.0

    @offset.setter
    def offset(self, value: float) -> None:
        for _, tie in self.parts:
            tie.offset = value


@dataclass
class Mechanics:
    """Displacements of all solids and what derives from them.

    Solids that are bonded share one displacement. Between the two sides of an interface with a law of its own (contact,
    cohesion) it jumps: there every side has its own, or, where both hang together elsewhere, the common one is parted
    (`fem.parted`), as it is at slits.

    Attributes:
        model: owner.
        displacements: one field for every set of bonded solids.
        solids: layers with an energy.
        supports: outer side -> what its rollers or platen hold.
        loads: pressures.
        tractions: interface -> field of the pressure on it, where something asks for it.
        pressures: side -> pressure in Pa as a constant of the forms.
        imposed: outer side -> fields and ties of a given displacement.
        dead: residuals of loads that do not depend on the state.
        courses: outer side -> load as a function of the time since the run began.
        openings: interface -> jump of the displacement where something grows.
        skins: interface -> membrane force of the films on it.
        mean_strains: pair of axes -> lengthening (shear) over one period, where the model is periodic, m.
    """

    model: Model
    displacements: tuple[Field, ...]
    solids: tuple[str, ...]
    supports: dict[str, Support] = field(default_factory=dict)
    loads: list[Pressure] = field(default_factory=list)
    tractions: dict[str, Field] = field(default_factory=dict)
    pressures: dict[str, Any] = field(default_factory=dict)
    imposed: dict[str, list[tuple[Field, Tie]]] = field(default_factory=dict)
    dead: list[Any] = field(default_factory=list)
    courses: dict[str, Course] = field(default_factory=dict)
    openings: dict[str, Opening] = field(default_factory=dict)
    skins: dict[str, Skin] = field(default_factory=dict)
    mean_strains: dict[tuple[int, int], Number] = field(default_factory=dict)

    @classmethod
    def build(cls, model: Model) -> Mechanics | None:
        """Register the displacements with their residuals and conditions; None when no layer has an energy."""
        geometry = model.geometry
        solids = tuple(layer for layer in geometry.layers if model.energies[layer])
        if not solids:
            return None
        groups = bonded(geometry, solids, model.joint_laws)
        fields = []
        for layers in groups:
            apart = tuple(n for n in model.joint_laws if n not in geometry.slits and set(both_sides(n)) <= set(layers))
            region = geometry.region(layers, apart)
            degree = model.settings.displacement_degree
            space = fem.functionspace(region.mesh, ("Lagrange", degree, (geometry.gdim,)))
            function = fem.Function(space, name="displacement")
            name = "displacement" if len(groups) == 1 else f"displacement of {'+'.join(layers)}"
            fields.append(model.add_field(Field(name, "displacement", function, region, layers)))
        mechanics = cls(model, tuple(fields), solids)
        set_mean_strain(mechanics)
        mechanics.openings = make_openings(mechanics)
        for layer in solids:
            unknown = mechanics.displacement_of(layer)
            density = mechanics.virtual_work(layer, unknown.test)
            model.residuals[unknown].append(geometry.integral(density, layer))
        mechanics._conditions()
        close_mean_strain(mechanics)
        return mechanics

    @property
    def displacement(self) -> Field:
        """The field of a model whose solids are all bonded.

        Raises:
            ModelError: there are several.
        """
        if len(self.displacements) != 1:
            names = ", ".join(f.name for f in self.displacements)
            raise ModelError(f"solids that come apart have no common displacement ({names})")
        return self.displacements[0]

    def displacement_of(self, layer: str) -> Field:
        """The field that a layer moves with.

        Raises:
            ModelError: the layer has no mechanics.
        """
        for unknown in self.displacements:
            if layer in unknown.layers:
                return unknown
        raise ModelError(f"layer {layer!r} has no mechanics")

    def on_side(self, density: Callable[[Field], Any], side: str) -> list[tuple[Field, Any]]:
        """For every field that has facets on an outer side: the integral there of a density that is made from it."""
        geometry, found = self.model.geometry, []
        for unknown in self.displacements:
            layers = geometry.layers_on(side) & set(unknown.layers)
            if layers:
                found.append((unknown, geometry.outer_integral(density(unknown), side, tuple(sorted(layers)))))
        return found

    def _displacement(self, layer: str) -> Any:
        """Displacement in a layer, with the openings of interfaces below it."""
        size = self.model.geometry.gdim
        above = (x.displacement(size) for x in self.openings.values() if x.layer == layer)
        return sum(above, start=self.displacement_of(layer).total)

    def _strain(self, displacement: Any, layer: str, virtual: bool = False) -> Any:
        geometry = self.model.geometry
        total = strain(displacement, geometry.mesh, geometry.axisymmetric)
        if virtual or self.model.settings.plane != "stress":
            return total
        if geometry.gdim != 2 or geometry.axisymmetric:
            raise ModelError("plane stress is for 2-D models")
        terms = self.model.energies[layer]
        if len(terms) != 1 or not isinstance(terms[0], Elastic | CrystalElastic | Fracture):
            raise ModelError(f"plane stress needs linear elasticity alone in layer {layer!r}")
        return terms[0].plane_stress_strain(total, self._concentration(layer))

    def _recoverable(self, layer: str) -> Any:
        """(3, 3) strain without that of creep."""
        total = self._strain(self._displacement(layer), layer)
        return total - self.model.creeps[layer].strain() if layer in self.model.creeps else total

    def _concentration(self, layer: str) -> Any:
        """Of lithium in a host, mol/m^3; None where nothing is stored."""
        transport = self.model.transport
        return transport.concentration(layer) if transport is not None and transport.is_host(layer) else None

    def _damage(self, layer: str) -> Any:
        """0 whole, 1 broken; None where nothing breaks."""
        return None if self.model.damage is None else self.model.damage.at(layer)

    def virtual_work(self, layer: str, virtual: Any) -> Any:
        """Density of the internal virtual work of a virtual displacement in a layer, J/m^3."""
        return ufl.inner(self.stress(layer), self._strain(virtual, layer, virtual=True))

    def stress(self, layer: str) -> Any:
        """(3, 3) stress in a layer as UFL, Pa."""
        terms = self.model.energies[layer]
        if not terms:
            raise ModelError(f"layer {layer!r} has no mechanics")
        total = self._recoverable(layer)
        temperature = self.model.settings.temperature
        return balance.stress(terms, total, temperature, self._concentration(layer), self._damage(layer))

    def energy_density(self, layer: str) -> Any:
        """Stored energy density in a layer as UFL, J/m^3."""
        from fem.terms import State

        total = self._recoverable(layer)
        temperature = self.model.settings.temperature
        state = State(total, temperature, self._concentration(layer), self._damage(layer))
        return sum(term.density(state) for term in self.model.energies[layer])

    def chemical_potential(self, layer: str) -> Any:
        """h = d(psi)/dc of a host in J/mol: what stress adds to the chemical potential of lithium."""
        total = self._recoverable(layer)
        return balance.elastic_potential(
            self.model.energies[layer],
            total,
            self.model.settings.temperature,
            self._concentration(layer),
            self._damage(layer),
        )

    def interface_pressure(self, name: str, layer: str) -> Any:
        """Compression p_n on an interface as a restricted UFL expression, Pa.

        Not the trace of the stress, which is discontinuous and misses the force where stresses are singular, but
        the traction that the nodal forces of the finite-element solution stand for: t with
        integral(t v) = virtual work of the layer for every v on the interface, and p_n = -t n. Its integral is the
        force that passes, exactly. A plane interface across the stack needs one component of t, any other all.

        Args:
            name: interface ``a|b``, all parts of which have one pressure.
            layer: the side whose submesh carries p (the one that has a submesh anyway is cheapest).
        """
        name = whole(name)
        below, above = both_sides(name)
        if below not in self.solids or above not in self.solids:
            raise ModelError(f"interface {name!r}: both layers need mechanics, else its pressure is unknown")
        if name in self.model.joints:
            return self.model.joints[name].pressure()
        if name not in self.tractions:
            self.tractions[name] = self._traction(name, layer)
        field = self.tractions[name]
        side = "+" if field.layers == (below,) else "-"
        if not field.function.ufl_shape:
            return field.function(side)
        normal = ufl.FacetNormal(self.model.geometry.mesh)
        return -ufl.dot(field.function(side), normal(side))

    def _traction(self, name: str, layer: str) -> Field:
        geometry, model = self.model.geometry, self.model
        below, axis = name.split("|")[0], geometry.gdim - 1
        plane = geometry.is_level(name)
        region = geometry.region((layer,))
        element = ("Lagrange", model.settings.displacement_degree)
        space = fem.functionspace(region.mesh, element if plane else (*element, (geometry.gdim,)))
        function = fem.Function(space, name="interface_pressure" if plane else "interface_traction")
        title = f"{'pressure' if plane else 'traction'} on {name}"
        unknown = model.add_field(Field(title, "traction", function, region, (layer,)))
        parts = geometry.parts(name)
        wanted = np.unique(np.concatenate([geometry.facet_dofs(space, region, n) for n in parts]))
        total = space.dofmap.index_map.size_local + space.dofmap.index_map.num_ghosts
        others = np.setdiff1d(np.arange(total, dtype=np.int32), wanted).astype(np.int32)
        size = space.dofmap.index_map_bs
        fixed = (others[:, None] * size + np.arange(size)).reshape(-1)
        if not plane:
            # no shear acts on a symmetry plane: what the roller carries there is none of the interface's
            held = [geometry.facet_dofs(space, region, c.side) * size + c.axis for c in self._rollers()]
            fixed = np.unique(np.concatenate([fixed, *held]))
        unknown.tie(fixed.astype(np.int32), None, 0.0)
        side = "+" if layer == below else "-"
        for part in parts:
            mass = ufl.inner(function(side), unknown.test(side))
            model.residuals[unknown].append(geometry.interface_integral(mass, part))
        if not plane:
            model.residuals[unknown].append(-geometry.integral(self.virtual_work(layer, unknown.test), layer))
            return unknown
        # the part above is pushed up by p, the part below down
        virtual = ufl.as_vector([unknown.test if k == axis else 0 * unknown.test for k in range(geometry.gdim)])
        work = geometry.integral(self.virtual_work(layer, virtual), layer)
        model.residuals[unknown].append(work if layer == below else -work)
        return unknown

    def _rollers(self) -> list[Roller]:
        last = self.model.geometry.gdim - 1
        return [c for c in self.model.conditions if isinstance(c, Roller) and c.axis != last and not c.displacement]

    def work_potential(
        self, name: str, layer: str, partial_molar_volume: float, largest_pressure: float | None = None
    ) -> Any:
        """dOmega p_n / F in V, with p_n within +- `largest_pressure`; ``layer`` as in ``interface_pressure``."""
        pressure = self.interface_pressure(name, layer)
        if largest_pressure is not None:
            pressure = ufl.max_value(ufl.min_value(pressure, largest_pressure), -largest_pressure)
        return partial_molar_volume / FARADAY * pressure

    # ---------------------------------------------------------------- conditions
    def _conditions(self) -> None:
        model, geometry = self.model, self.model.geometry
        for condition in model.conditions:
            if isinstance(condition, Pressure):
                normal = ufl.FacetNormal(geometry.mesh)
                start = self._start(condition.side, condition.pressure)
                pressure = fem.Constant(geometry.mesh, default_scalar_type(start))
                self.pressures[condition.side] = pressure
                self._load(pressure * normal, condition.side)
                self.loads.append(condition)
            elif isinstance(condition, Traction):
                vector = fem.Constant(geometry.mesh, default_scalar_type(condition.value))
                self._load(-vector, condition.side)
            elif isinstance(condition, Roller):
                self.supports[condition.side] = self._hold(
                    condition.side, condition.axis, None, self._start(condition.side, condition.displacement)
                )
            elif isinstance(condition, Anchor):
                self._anchor(condition)
            elif isinstance(condition, Platen):
                number = model.add_number(
                    Number.create(
                        f"displacement of {condition.side}",
                        geometry.mesh,
                        0.0,
                        unknown=True,
                        source=self._start(condition.side, condition.force),
                    )
                )
                self.supports[condition.side] = self._hold(condition.side, condition.axis, number, 0.0)
            elif isinstance(condition, ImposedDisplacement):
                self.imposed[condition.side] = [
                    (unknown, model._impose(unknown, condition.side, condition.values, 0.0))
                    for unknown in self.displacements
                ]

    def _start(self, side: str, load: float | Course) -> float:
        """What a load begins with; remembers its course."""
        if not isinstance(load, Course):
            return load
        self.courses[side] = load
        return load.value_at(0.0)

    def present_loads(self) -> dict[str, float]:
        """Outer side -> pressure (Pa), given displacement (m) or force (N), as `set_load` takes them."""
        found = {side: float(np.real(constant.value)) for side, constant in self.pressures.items()}
        for side, support in self.supports.items():
            if side not in found and np.isscalar(support.offset):
                given: Any = support.offset
                found[side] = float(given) if support.number is None else support.number.source
        return found

    def set_loads(self, loads: Mapping[str, float]) -> None:
        """Give outer sides other loads; see `set_load`."""
        for side, value in loads.items():
            self.set_load(side, value)

    def set_load(self, side: str, value: float) -> None:
        """Give an outer side another pressure in Pa (roller: displacement in m; platen: force in N).

        Raises:
            ModelError: there is nothing of the kind.
        """
        if side in self.pressures:
            self.pressures[side].value = value
        elif side not in self.supports:
            raise ModelError(f"no pressure, roller or platen at {side!r} whose load could change")
        elif (number := self.supports[side].number) is not None:
            number.source = value
        else:
            self.supports[side].offset = value

    def impose(self, side: str, values: Callable[[Any], Any]) -> None:
        """Give another displacement to a side with an `ImposedDisplacement`; it holds from the next solve on.

        Args:
            side: outer side. values: points (3, n) in m -> (components, n) in m.
        """
        for unknown, tie in self.imposed[side]:
            given = fem.Function(unknown.space)
            given.interpolate(values)
            tie.offset = np.array(given.x.array[tie.dofs])

    def _load(self, inward: Any, side: str) -> None:
        """Let a dead traction act: minus ``inward``, Pa."""
        for unknown, form in self.on_side(lambda u: ufl.dot(inward, u.test), side):
            self.dead.append(form)
            self.model.residuals[unknown].append(form)

    def _anchor(self, condition: Anchor) -> None:
        geometry, found = self.model.geometry, 0
        size = geometry.comm.allreduce(float(np.abs(geometry.mesh.geometry.x).max(initial=0.0)), op=MPI.MAX)
        for unknown in self.displacements:
            points = unknown.space.tabulate_dof_coordinates()[:, : geometry.gdim]
            blocks = np.flatnonzero(np.all(np.abs(points - np.array(condition.point)) <= 1e-9 * size, axis=1))
            found += geometry.comm.allreduce(len(blocks))
            unknown.tie((blocks * geometry.gdim + condition.axis).astype(np.int32), None, 0.0)
        if not found:
            raise ModelError(f"there is no node at {condition.point}, where the displacement is to be held")

    def _hold(self, side: str, axis: int, number: Number | None, offset: float) -> Support:
        geometry, held = self.model.geometry, []
        for unknown in self.displacements:
            blocks = geometry.facet_dofs(unknown.space, unknown.region, side)
            dofs = (blocks * geometry.gdim + axis).astype(np.int32)
            if geometry.comm.allreduce(len(dofs)):
                held.append((unknown, unknown.tie(dofs, number, offset)))
        return Support(tuple(held), number)
