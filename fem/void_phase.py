"""Voids in lithium as a phase: the fields that a layer needs for them, their balances, and what they do to contacts.

The order parameter xi relaxes; where vacancies count, their potential u and the change m of the lithium per site are
fields as well:

    d(xi)/dt = -L dF/d(xi),    dm/dt = -Omega div N + sinks,    m = h(xi) (1 - x(u)) - the same at the beginning.

The third makes the lithium an unknown of its own, so that every multistep formula conserves it to the solver's
tolerance: what has left through the interfaces is what voids and lattice lack, and what sinks have brought. Balances
are in amperes, as those of other species; the order parameter takes part with the current that would drain its well in
its own time. Lithium is an equipotential: h(xi) at an interface is the share of its area that is in contact.

Source: Zhao, Wang & Martinez-Paneda, J. Mech. Phys. Solids 167 (2022) 104999, without mechanics.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem
from scipy.spatial import cKDTree

from fem.constants import FARADAY, GAS
from fem.dissipation.phase_field import AllenCahn, SelfDiffusion
from fem.energy.phase_field import DoubleWell, LatticeVacancies, Wetting, solid
from fem.errors import ModelError
from fem.interface.names import both_sides
from fem.unknowns import Field, Number
from fem.values import realised

if TYPE_CHECKING:
    from fem.model import Model

__all__ = ["LayerPhase", "Seed", "Vacancies", "VoidPhase", "VoidPhases", "seeded"]

Floats = npt.NDArray[np.float64]
BLOCKED = 1e-6
"""Share of the current that passes where a void is, so that every potential is defined."""
FAR = 40.0
"""In lengths of the profile, where a void is no longer seen: exp(-FAR) is rounding."""


@dataclass(frozen=True)
class Seed:
    """A round void at the beginning.

    Attributes:
        centre: m, in the coordinates of the model.
        radius: m.
    """

    centre: tuple[float, ...]
    radius: float


@dataclass(frozen=True)
class Vacancies:
    """The conserved part: where the lithium of a void goes to.

    Attributes:
        lattice: ideal solution of vacancies. diffusion: self-diffusion and sinks.
    """

    lattice: LatticeVacancies
    diffusion: SelfDiffusion


@dataclass(frozen=True)
class VoidPhase:
    """Voids of a layer of lithium.

    Attributes:
        well: energy of their surface.
        relaxation: of the order parameter.
        vacancies: None: xi relaxes alone and conserves nothing.
        start: points (n, gdim) in m -> xi (n,) at the beginning; see `seeded`.
        cosine: of the contact angle of lithium on what it touches, 0 at 90 degrees.
    """

    well: DoubleWell
    relaxation: AllenCahn
    vacancies: Vacancies | None
    start: Callable[[Floats], Floats]
    cosine: float = 0.0


def seeded(well: DoubleWell, seeds: tuple[Seed, ...]) -> Callable[[Floats], Floats]:
    """The order parameter of round voids with the profile of a flat surface, as a function of points (n, gdim)."""
    length = well.length

    def values(points: Floats) -> Floats:
        depth = np.full(len(points), FAR)
        tree = cKDTree(points) if len(points) and seeds else None
        for seed in seeds if tree is not None else ():
            assert tree is not None
            centre = np.asarray(seed.centre, dtype=float)
            near = np.asarray(tree.query_ball_point(centre, seed.radius + FAR * length), dtype=int)
            own = (np.linalg.norm(points[near] - centre, axis=1) - seed.radius) / length
            depth[near] = np.minimum(depth[near], own)
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(depth, -FAR, FAR))))

    return values


@dataclass
class LayerPhase:
    """Voids of one layer.

    Attributes:
        layer: name.
        spec: as it was given, with plain numbers.
        order: xi.
        well, relaxation, wetting, lattice, diffusion: with constants for their numbers; None where there is none.
        excess: u. change: m. absorbed: lithium per site of the layer that sinks have brought.
        initial: xi at the beginning, which m counts from.
    """

    layer: str
    spec: VoidPhase
    order: Field
    initial: Any
    well: DoubleWell
    relaxation: AllenCahn
    wetting: Wetting | None
    lattice: LatticeVacancies | None = None
    diffusion: SelfDiffusion | None = None
    excess: Field | None = None
    change: Field | None = None
    absorbed: Number | None = None

    @property
    def lithium(self) -> Any:
        """Lithium per site of a full lattice, h (1 - x) or h (UFL)."""
        if self.lattice is None or self.excess is None:
            return solid(self.order.function)
        return self.lattice.occupancy(self.order.function, self.excess.function)

    @property
    def surface_density(self) -> Any:
        """Energy of surfaces per volume, J/m^3 (UFL)."""
        return self.well.density(self.order.function, ufl.grad(self.order.function))


@dataclass
class VoidPhases:
    """Voids of all layers of a model that may have some.

    Attributes:
        model: owner.
        layers: layer -> its voids.
    """

    model: Model
    layers: dict[str, LayerPhase] = field(default_factory=dict)

    @classmethod
    def build(cls, model: Model) -> VoidPhases | None:
        """Register the fields; None when no layer has voids as a phase."""
        chosen = {name: domain.voids for name, domain in model.domains.items() if domain.voids is not None}
        if not chosen:
            return None
        made = cls(model)
        for layer, spec in chosen.items():
            made._add(layer, spec)
        return made

    def _add(self, layer: str, spec: VoidPhase) -> None:
        model = self.model
        if model.domains[layer].energy:
            raise ModelError(
                f"layer {layer!r}: voids as a phase know no mechanics: the layer would be solid where they are"
            )
        region = model.geometry.region((layer,))
        space = fem.functionspace(region.mesh, ("Lagrange", model.settings.phase_degree))

        def unknown(title: str, name: str, scale: float) -> Field:
            made = model.add_field(
                Field(f"{title} of {layer}", "phase", fem.Function(space, name=name), region, (layer,))
            )
            made.scale, made.unsymmetric = scale, True
            return made

        order = unknown("order parameter", "order_parameter", 1.0)
        initial = fem.Function(space, name="initial_order_parameter")
        gdim = model.geometry.gdim
        initial.interpolate(lambda x: spec.start(np.ascontiguousarray(x[:gdim].T)))
        order.function.x.array[:] = initial.x.array
        well = realised(spec.well, model.geometry, layer)
        made = LayerPhase(
            layer,
            spec,
            order,
            initial,
            well,
            realised(spec.relaxation, model.geometry, layer),
            _wetting(model, layer, spec),
        )
        if spec.vacancies is not None:
            given = spec.vacancies
            made.lattice = realised(given.lattice, model.geometry, layer)
            made.diffusion = realised(given.diffusion, model.geometry, layer)
            # the excess at which the lattice is worth a well
            drive = spec.well.barrier * given.lattice.molar_volume / (GAS * model.settings.temperature)
            made.excess = unknown("excess of vacancies", "vacancy_excess", drive)
            made.change = unknown("change of lithium", "lithium_change", 1.0)
            if given.diffusion.sink_length is not None:
                made.absorbed = model.add_number(
                    Number.create(f"lithium from sinks in {layer}", model.geometry.mesh, 0.0, unknown=True)
                )
                made.absorbed.scale, made.absorbed.state = 1.0, True
        self.layers[layer] = made

    # ------------------------------------------------------------------ balances
    def balances(self) -> None:
        """Add relaxation, diffusion and storage to the residuals."""
        for phase in self.layers.values():
            self._relax(phase)
            if phase.lattice is not None:
                self._conserve(phase)

    def _integral(self, density: Any, layer: str) -> Any:
        return self.model.geometry.integral(density, layer, 4 * self.model.settings.phase_degree)

    def energy(self, layer: str, excess: Any = None) -> Any:
        """Energy of surfaces and contacts of a layer as a UFL form, J (2-D: per depth); grand with the lattice at u."""
        phase, temperature = self.layers[layer], self.model.settings.temperature
        density = phase.surface_density
        if phase.lattice is not None and excess is not None:
            density = density + phase.lattice.grand_density(phase.order.function, excess, temperature)
        total = self._integral(density, layer)
        if phase.wetting is not None:
            for name, side in self.sides(layer):
                wet = phase.wetting.density(phase.order.function(side))
                total = total + self.model.geometry.interface_integral(wet, name)
        return total

    def free_energy(self, layer: str) -> Any:
        """Helmholtz energy of a layer as a UFL form, J: it never rises while nothing passes its interfaces."""
        phase = self.layers[layer]
        total = self.energy(layer)
        if phase.lattice is not None and phase.excess is not None:
            lattice = phase.lattice.density(
                phase.order.function, phase.excess.function, self.model.settings.temperature
            )
            total = total + self._integral(lattice, layer)
        return total

    def sides(self, layer: str) -> list[tuple[str, str]]:
        """Interfaces of a layer with the restriction under which it is seen from there."""
        names = [n for n in self.model.geometry.interfaces if layer in both_sides(n)]
        return [(n, "+" if both_sides(n)[0] == layer else "-") for n in names]

    def _relax(self, phase: LayerPhase) -> None:
        model, temperature = self.model, self.model.settings.temperature
        order = phase.order
        # amperes: the current that drains the well in its own time 1 / (L w)
        amperes = FARADAY / (GAS * temperature) * phase.well.barrier * phase.relaxation.mobility
        rate = ufl.variable(order.rate)
        friction = ufl.diff(phase.relaxation.potential(rate), rate)
        model.residuals[order].append(self._integral(amperes * friction * order.test, phase.layer))
        excess = None if phase.excess is None else phase.excess.function
        energy = amperes * self.energy(phase.layer, excess)
        model.residuals[order].append(ufl.derivative(energy, order.function, order.test))

    def _conserve(self, phase: LayerPhase) -> None:
        model, temperature = self.model, self.model.settings.temperature
        excess, change, lattice, diffusion = phase.excess, phase.change, phase.lattice, phase.diffusion
        assert excess is not None
        assert change is not None
        assert lattice is not None
        assert diffusion is not None
        xi, thermal = phase.order.function, GAS * temperature
        force = ufl.variable(thermal * ufl.grad(excess.function))
        flux = ufl.diff(diffusion.potential(force, xi, lattice.molar_volume, temperature), force)
        density = change.rate * excess.test / lattice.molar_volume - ufl.inner(flux, ufl.grad(excess.test))
        if diffusion.sink_length is not None:
            drive = ufl.variable(thermal * excess.function)
            brought = ufl.diff(diffusion.absorption(drive, xi, lattice.molar_volume, temperature), drive)
            density = density - brought * excess.test
            assert phase.absorbed is not None
            gap = phase.absorbed.rate_variable / lattice.molar_volume - brought
            model.charges[phase.absorbed].append(self._integral(FARADAY * gap, phase.layer))
        model.residuals[excess].append(self._integral(FARADAY * density, phase.layer))
        amperes = FARADAY / lattice.molar_volume * phase.well.barrier * phase.relaxation.mobility
        zero = fem.Constant(model.geometry.mesh, 0.0)
        missing = change.function - phase.lithium + lattice.occupancy(phase.initial, zero)
        model.residuals[change].append(self._integral(amperes * missing * change.test, phase.layer))

    def fed_by(self, layer: str, quantity: str) -> Field:
        """The field whose balance a source feeds: ``lithium`` or ``order`` (of the order parameter, in amperes too)."""
        phase = self.layers[layer]
        found = {"lithium": phase.excess, "order": phase.order}.get(quantity)
        if found is None:
            raise ModelError(f"layer {layer!r}: no source of {quantity} where voids are a phase")
        return found

    # ------------------------------------------------------------------ interfaces
    def contact(self, layer: str) -> Any:
        """Share of an interface of a layer that is in contact (UFL, to be restricted); None where no void can be."""
        if layer not in self.layers:
            return None
        return BLOCKED + (1 - BLOCKED) * solid(self.layers[layer].order.function)

    def equilibrium_shift(self, layer: str, side: str) -> Any:
        """-mu / F = R T u / F in V, what vacancies add to the potential of lithium; 0 where they do not count."""
        phase = self.layers.get(layer)
        if phase is None or phase.excess is None:
            return 0.0
        return GAS * self.model.settings.temperature / FARADAY * phase.excess.function(side)

    def take_lithium(self, layer: str, side: str, name: str, current: Any) -> None:
        """Let a current density (A/m^2) of lithium ions leave a layer through an interface."""
        phase = self.layers.get(layer)
        if phase is not None and phase.excess is not None:
            form = self.model.geometry.interface_integral(current * phase.excess.test(side), name)
            self.model.residuals[phase.excess].append(form)


def _wetting(model: Model, layer: str, spec: VoidPhase) -> Wetting | None:
    if spec.cosine == 0.0:
        return None
    if not -1 < spec.cosine < 1:
        raise ModelError(f"layer {layer!r}: the cosine of a contact angle lies between -1 and 1, got {spec.cosine}")
    return realised(Wetting(spec.well.surface_energy, spec.cosine), model.geometry, layer)
