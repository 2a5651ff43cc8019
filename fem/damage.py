"""Damage of the layers that may break: one continuous field, its irreversible bound and what drives it.

The field is no unknown of the standard stages: it minimises the total energy with the other fields fixed, between its
accepted value and 1 (`fem.solve.damage`), in turn with them (`fem.solve.alternate`). Its residual is the derivative of
the same energy that gives the stress.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import ufl
from dolfinx import fem

from fem.conditions import FilledCrack
from fem.constants import FARADAY
from fem.energy.fracture import CORE, NORMALISATION, Fracture
from fem.errors import ModelError
from fem.kinematics import strain
from fem.unknowns import Field, Number
from fem.values import at

if TYPE_CHECKING:
    from fem.model import Model

__all__ = ["Damage", "Fill"]

#: Of conductivities, diffusivities and exchange currents, what is left where the material is broken.
BLOCKED = 1e-6
#: What of a medium scales its fluxes; those of a mixture are proportional to all of its diffusivities.
_PASSAGES = {
    *("conductivity", "diffusivity", "across"),
    *("lithium", "cation", "anion", "lithium_cation", "lithium_anion", "cation_anion"),
}
#: Pa; pressures of lithium in cracks are of this order.
PRESSURE = 1e8


@dataclass(frozen=True)
class Fill:
    """What presses the faces of cracks apart: p d div(u) in the place of p times the opening.

    Source: Bourdin, Chukwudozie and Yoshioka, SPE 159154 (2012), with -u . grad(d) by parts.

    Attributes:
        pressure: in Pa, given or unknown; None where it differs from place to place.
        volume: opening of the cracks as a UFL form, m^3 (m^2 in 2-D).
        volume_given: the volume is prescribed and the pressure follows.
        energy: minus pressure times opening, integrated, as a UFL form, J.
        electrode: layer whose plated metal decides the volume, if one does.
        per_charge: volume in the cracks over the charge that has plated there, m^3/C.
    """

    pressure: Number | None
    volume: Any
    volume_given: bool
    energy: Any
    electrode: str | None = field(default=None, kw_only=True)
    per_charge: float = field(default=0.0, kw_only=True)

    def hold(self, charge: float) -> None:
        """Give the volume that belongs to a charge (C) that the electrode has plated."""
        assert self.pressure is not None
        # minus the volume, so that the bordered matrix stays symmetric
        self.pressure.source = -self.per_charge * max(charge, 0.0)


@dataclass
class Damage:
    """Damage of a model.

    Attributes:
        model: owner.
        unknown: the field, 0 whole to 1 broken, linear in every cell, on all layers that may break.
        accepted: damage of the last accepted state, below which it never falls.
        seen: damage that currents and diffusion see: the present one, or that at the beginning of the time step.
        terms: layer -> its energy.
        fills: what presses the cracks open.
        residual: UFL derivative of the total energy by the field.
    """

    model: Model
    unknown: Field
    accepted: Any
    seen: Any
    terms: Mapping[str, Fracture]
    fills: list[Fill] = field(default_factory=list)
    residual: Any = None

    @classmethod
    def build(cls, model: Model) -> Damage | None:
        """The field of all layers with a `Fracture` energy; None when there are none."""
        terms: dict[str, Fracture] = {}
        for layer, energies in model.energies.items():
            for term in (t for t in energies if isinstance(t, Fracture)):
                if len(energies) > 1:
                    raise ModelError(f"layer {layer!r}: fracture contains the energy of the solid: give it alone")
                planar = model.geometry.gdim < 3 and not isinstance(term.solid.eigenstrain, tuple | list)
                terms[layer] = replace(term, planar=planar and getattr(term.swelling, "axes", None) is None)
        if not terms:
            return None
        model.energies.update({layer: (term,) for layer, term in terms.items()})
        region = model.geometry.region(tuple(terms))
        space = fem.functionspace(region.mesh, ("Lagrange", 1))
        function = fem.Function(space, name="damage")
        seen = fem.Function(space, name="damage seen") if model.settings.damage_lags else function
        made = cls(model, Field("damage", "damage", function, region, tuple(terms)), fem.Function(space), seen, terms)
        model.histories.append(made)
        return made

    def at(self, layer: str) -> Any:
        """The damage in a layer as UFL; None where nothing breaks."""
        return self.unknown.function if layer in self.terms else None

    def passage(self, layer: str) -> Any:
        """Share of currents and of diffusion that damage lets pass in a layer as UFL; None: all of them."""
        if layer not in self.terms or not self.terms[layer].blocks:
            return None
        return BLOCKED + (1 - BLOCKED) * (1 - self.seen) ** 2

    def block(self) -> None:
        """Cut the conductivities and diffusivities of media with unknown concentrations."""
        transport = self.model.transport
        for layer in self.terms if transport is not None else ():
            assert transport is not None
            share, medium = self.passage(layer), transport.media.get(layer)
            if share is None or medium is None:
                continue
            own = {item.name for item in fields(medium)} & _PASSAGES
            found = {n: value for n in sorted(own) if (value := getattr(medium, n)) is not None}
            transport.media[layer] = replace(medium, **{n: _scaled(share, v) for n, v in found.items()})

    def drive(self) -> None:
        """Derive the residual, once all other fields are known, and let what fills cracks press on their faces."""
        mechanics, geometry = self.model.mechanics, self.model.geometry
        if mechanics is None:
            raise ModelError("damage needs mechanics")
        parts = [geometry.integral(mechanics.energy_density(x), x) for x in self.terms]
        parts += [self.surface_energy(x) for x in self.terms]
        for condition in (c for c in self.model.conditions if isinstance(c, FilledCrack)):
            parts.append(self._fill(condition))
        self.residual = ufl.derivative(sum(parts[1:], start=parts[0]), self.unknown.function, self.unknown.test)

    def _fill(self, condition: FilledCrack) -> Any:
        """Let a condition act on the displacement; returns minus its work as a UFL form."""
        model, moving = self.model, self.model.mechanics.displacement  # type: ignore[union-attr]
        unknown = [x for x in condition.layers if x not in self.terms]
        if unknown:
            raise ModelError(f"cracks cannot be filled in {', '.join(unknown)}: nothing breaks there")
        # -u . grad(d) by parts: no damage of its own at the borders of what breaks, which move, too
        opened = self.unknown.function * ufl.tr(strain(moving.total, model.geometry.mesh, model.geometry.axisymmetric))
        layers = condition.layers or tuple(self.terms)
        volumes = [model.geometry.integral(opened, x) for x in layers]
        volume = sum(volumes[1:], start=volumes[0])
        if condition.electrode is not None and condition.share is None:
            pressures = {x: self._plating_pressure(condition, x) for x in layers}
            works = [model.geometry.integral(-pressures[x] * opened, x) for x in layers]
            work = sum(works[1:], start=works[0])
            model.residuals[moving].append(ufl.derivative(work, moving.function, moving.test))
            self.fills.append(Fill(None, volume, False, work))
            return work
        start = condition.pressure if condition.pressure is not None else 0.0
        given = condition.volume is not None or condition.share is not None
        pressure = Number.create("pressure in cracks", model.geometry.mesh, start, unknown=given)
        pressure.scale = PRESSURE
        model.add_number(pressure)
        work = -pressure.variable * volume
        model.residuals[moving].append(ufl.derivative(work, moving.function, moving.test))
        if given:
            # minus the volume, so that the bordered matrix stays symmetric
            pressure.source = -(condition.volume or 0.0)
            model.charges[pressure].append(-volume)
        per_charge = (condition.share or 0.0) * (condition.molar_volume or 0.0) / FARADAY
        electrode = None if condition.share is None else condition.electrode
        self.fills.append(Fill(pressure, volume, given, work, electrode=electrode, per_charge=per_charge))
        return work

    def _plating_pressure(self, condition: FilledCrack, layer: str) -> Any:
        """p = F eta / Omega of metal that is deposited from the ions of a layer, Pa; 0 where it would dissolve."""
        assert condition.electrode is not None
        assert condition.molar_volume is not None
        metal = self.model.handle(condition.electrode, "electronic").value(None)
        drive = self.model.handle(layer, "ionic").value(None) - metal - condition.equilibrium_potential
        return FARADAY / condition.molar_volume * ufl.conditional(ufl.gt(drive, 0.0), drive, 0.0 * drive)

    def surface_energy(self, layer: str) -> Any:
        """Energy of the cracks in a layer as a UFL form, J (per depth in 2-D, per area in 1-D)."""
        transport = self.model.transport
        concentration = None if transport is None else transport.concentration(layer)
        geometry = self.model.geometry
        # d! simplices make a box: its edge is the width of a row of cells
        size = (math.factorial(geometry.tdim) * ufl.CellVolume(geometry.mesh)) ** (1 / geometry.tdim)
        return geometry.integral(self.terms[layer].surface(self.unknown.function, concentration, size), layer)

    def crack_area(self, layer: str) -> Any:
        """Area of the cracks in a layer as a UFL form, m^2 (length in 2-D): the energy at a toughness of one."""
        geometry, term = self.model.geometry, self.terms[layer]
        size = (math.factorial(geometry.tdim) * ufl.CellVolume(geometry.mesh)) ** (1 / geometry.tdim)
        core = 1 + CORE[term.model] * size / term.length if term.compensated else 1
        damage = self.unknown.function
        local = damage if term.model == "AT1" else damage**2
        slope = ufl.grad(damage)
        density = (local / term.length + term.length * ufl.inner(slope, slope)) / (NORMALISATION[term.model] * core)
        return geometry.integral(density, layer)

    def resistance(self) -> Any:
        """G_c v / (c_w l) integrated, as a UFL form: what the residual is measured against."""
        transport = self.model.transport
        parts = []
        for layer, term in self.terms.items():
            concentration = None if transport is None else transport.concentration(layer)
            density = term.toughness_at(concentration) / (NORMALISATION[term.model] * term.length)
            parts.append(self.model.geometry.integral(density * self.unknown.test, layer))
        return sum(parts[1:], start=parts[0])

    def break_where(self, inside: Any) -> None:
        """Nodes where ``inside(points (3, n)) -> (n,)`` says so are broken from the beginning. Collective."""
        broken = np.asarray(inside(self.unknown.space.tabulate_dof_coordinates().T), dtype=bool)
        for function in (self.unknown.function, self.accepted, self.seen):
            function.x.array[broken] = 1.0
            function.x.scatter_forward()

    # ------------------------------------------------------------------ history
    def accept(self) -> None:
        """Damage never heals: the present one is the bound of all later ones."""
        self.accepted.x.array[:] = self.unknown.function.x.array

    def retreat(self) -> None:
        """Back to the accepted damage."""
        self.unknown.function.x.array[:] = self.accepted.x.array

    def begin(self) -> None:
        """A time step begins: back to the accepted damage, which is what currents and diffusion see from now on."""
        self.retreat()
        self.seen.x.array[:] = self.accepted.x.array

    def functions(self) -> Mapping[str, Any]:
        """What a checkpoint keeps."""
        return {"damage": self.unknown.function, "accepted damage": self.accepted}


def _scaled(share: Any, value: Any) -> Any:
    """A property times a share: a function of the concentration stays one."""
    return lambda c: share * at(value, c)
