"""Media on a mesh, electrodes and charged interfaces as one functional whose stationary point is equilibrium.

The functional, to be minimised over the electric potential and the unknown numbers, is

    G = int eps/2 |grad phi|^2 - omega(mu~ - z F phi) - rho_fixed phi dx - int q_s phi + omega_s ds

per nominal area of the model. It is convex, because every omega is concave; its derivative by phi is Poisson's
equation, that by the potential of an electrode is the electrode's charge, that by the level of a conserved ion the
ion's amount.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import ufl
from dolfinx import default_scalar_type, fem

from fem.constants import FARADAY, GAS, STANDARD_TEMPERATURE
from fem.domains import Domains
from fem.energy.dielectric import Dielectric
from fem.errors import ModelError
from fem.jit import prepare_cache
from fem.solve.system import System
from fem.space_charge.media import BULK, CONSERVED, ChargedInterface, Electrode, Ion, Medium, Sublattice
from fem.unknowns import Field, Number

if TYPE_CHECKING:
    from meshes.tagged import TaggedMesh


@dataclass
class Control:
    """Something that is imposed and can be reached in steps: zero when nothing is charged.

    Attributes:
        name: for messages.
        holder: number or constant.
        target: V or C/m^2.
        scale: what one thermal voltage of it is.
    """

    name: str
    holder: Any
    target: float
    scale: float

    @property
    def value(self) -> float:
        """Present value."""
        return float(np.real(self.holder.value))

    @value.setter
    def value(self, new: float) -> None:
        self.holder.value = new


@dataclass(frozen=True)
class Placed:
    """A sublattice in a layer or on an interface, as symbols.

    Attributes:
        group: the sublattice, with numbers.
        statistics: the same statistics with constants.
        reduced: reduced potentials x_k of its ions, UFL.
        excess: potential J (theta - theta_bulk) / F of the interaction, V: a field, or None.
        strength: J / F in V as a constant, or None.
    """

    group: Sublattice
    statistics: Any
    reduced: tuple[Any, ...]
    excess: Field | None = None
    strength: Any = None


class SpaceChargeProblem:
    """Equilibrium of space charge on a mesh.

    Args:
        tagged: distributed, named mesh.
        media: layer -> what it is made of; the other layers must be electrodes.
        electrodes: the metal layers.
        interfaces: charged interfaces between media.
        temperature: K.
        degree: polynomial degree of the potential.
        area: nominal area of the model, m^2 (2-D: per depth; 1-D: 1), which charges per area refer to.

    Attributes:
        potential: electric potential, the field on all media.
        numbers: electrode -> its inner potential; ``conserved ION`` -> level of an ion whose amount is given.

    Raises:
        ModelError: naming what does not exist or leaves the potential undetermined.
    """

    def __init__(
        self,
        tagged: TaggedMesh,
        media: Mapping[str, Medium],
        electrodes: Sequence[Electrode] = (),
        interfaces: Sequence[ChargedInterface] = (),
        temperature: float = STANDARD_TEMPERATURE,
        degree: int = 2,
        area: float = 1.0,
    ) -> None:
        prepare_cache(tagged.mesh.comm)
        self.geometry = Domains(tagged)
        self.media, self.temperature, self.degree, self.area = dict(media), temperature, degree, area
        self.electrodes = {e.layer: e for e in electrodes}
        self.interfaces = {i.interface: i for i in interfaces}
        self._check_names()
        self.thermal_voltage = GAS * temperature / FARADAY
        self._unit = self.constant(self.thermal_voltage)
        self.quadrature = 2 * degree + 2
        self.layers = tuple(x for x in self.geometry.layers if x in self.media)
        self.controls: list[Control] = []
        self.numbers: dict[str, Number] = {}
        region = self.geometry.region(self.layers)
        function = fem.Function(fem.functionspace(region.mesh, ("Lagrange", degree)), name="electric_potential")
        self.potential = Field("electric potential", "potential", function, region, self.layers)
        self.fields = [self.potential]
        self._make_electrodes()
        self._make_levels()
        self.placed: dict[str, tuple[Placed, ...]] = {}
        total = self._media() + self._charged_interfaces()
        # per area, so that its derivatives are of the size of one whatever the model's width is
        self.functional = self.constant(1 / area) * sum(total[1:], start=total[0])
        residuals = {f: [ufl.derivative(self.functional, f.function, f.test)] for f in self.fields}
        charges: dict[Number, list[Any]] = {n: [] for n in self.numbers.values()}
        for number in self.numbers.values():
            slope = ufl.algorithms.expand_derivatives(ufl.diff(self.functional, number.variable))
            if not slope.empty():
                charges[number].append(slope)
        self.system = System(
            self.geometry, self.fields, list(self.numbers.values()), residuals, charges, self.geometry.entity_maps()
        )
        self._check_determined()

    # ------------------------------------------------------------------ checks
    def _check_names(self) -> None:
        layers, known = set(self.geometry.layers), set(self.media) | set(self.electrodes)
        if layers != known or set(self.media) & set(self.electrodes):
            wrong = (layers ^ known) | (set(self.media) & set(self.electrodes))
            raise ModelError(f"every layer is either a medium or an electrode: {', '.join(sorted(wrong))}")
        if not self.media:
            raise ModelError("there is no medium: all layers are electrodes")
        for name in self.interfaces:
            if name not in self.geometry.interfaces or any(side in self.electrodes for side in name.split("|")):
                raise ModelError(f"{name!r} is no interface between two media")
        for layer, medium in self.media.items():
            for ion in medium.ions:
                if ion.level not in (BULK, CONSERVED, *self.electrodes):
                    raise ModelError(f"{layer}: no electrode {ion.level!r} to exchange {ion.name} with")

    def _check_determined(self) -> None:
        """Without a reservoir and without an imposed potential a constant may be added to the potential."""
        reservoir = any(ion.level == BULK for group in self._groups() for ion in group.ions)
        if not reservoir and all(e.potential is None for e in self.electrodes.values()):
            raise ModelError(
                "nothing fixes the potential: impose that of an electrode, or let an ion have its bulk level"
            )

    def _groups(self) -> Iterator[Sublattice]:
        for medium in self.media.values():
            yield from medium.sublattices
        for interface in self.interfaces.values():
            yield from interface.sublattices

    # ------------------------------------------------------------------ unknowns
    def constant(self, value: float) -> Any:
        """A number of the forms that may change without a new compilation."""
        return fem.Constant(self.geometry.mesh, default_scalar_type(value))

    def _make_electrodes(self) -> None:
        for layer, electrode in self.electrodes.items():
            wanted = electrode.contact_potential
            name = f"potential of {layer}"
            number = Number.create(name, self.geometry.mesh, 0.0, wanted is None, electrode.charge)
            touching = [n for n in self.geometry.interfaces if layer in n.split("|") and self._is_wet(n)]
            if not touching:
                raise ModelError(f"electrode {layer!r} touches no medium")
            for name in touching:
                dofs = self.geometry.facet_dofs(self.potential.space, self.potential.region, name)
                self.potential.tie(dofs, number, 0.0)
            self.numbers[layer] = number
            if wanted is not None:
                self.controls.append(Control(f"potential of {layer}", number, wanted, self.thermal_voltage))

    def _is_wet(self, interface: str) -> bool:
        return any(side in self.media for side in interface.split("|"))

    def _make_levels(self) -> None:
        names = {ion.name for m in self.media.values() for ion in m.ions if ion.level == CONSERVED}
        for name in sorted(names):
            number = Number.create(f"level of {name}", self.geometry.mesh, 0.0, unknown=True)
            for layer, medium in self.media.items():
                amount = sum(
                    ion.charge * ion.fraction * group.concentration * FARADAY * medium.coulomb
                    for group in medium.sublattices
                    for ion in group.ions
                    if ion.name == name and ion.level == CONSERVED
                )
                if amount:
                    number.source += amount * self.volume(layer) / self.area
            self.numbers[f"conserved {name}"] = number

    def volume(self, layer: str) -> float:
        """Volume of a layer (per depth or area in 2-D, 1-D). Collective."""
        form = self.geometry.entity_maps().form(self.geometry.integral(self.constant(1.0), layer))
        return float(self.geometry.comm.allreduce(np.real(fem.assemble_scalar(form))))

    def set_potential(self, electrode: str, potential: float) -> None:
        """Another imposed potential (V) of an electrode, reached with the next solve.

        Raises:
            ModelError: its potential is not imposed.
        """
        old = self.electrodes[electrode]
        if old.potential is None:
            raise ModelError(f"electrode {electrode!r} has a given charge, not a given potential")
        self.electrodes[electrode] = new = replace(old, potential=potential)
        for control in self.controls:
            if control.holder is self.numbers[electrode]:
                control.target = float(new.contact_potential or 0.0)

    # ------------------------------------------------------------------ functional
    def _media(self) -> list[Any]:
        parts = []
        for layer in self.layers:
            medium = self.media[layer]
            phi = self.potential.function
            dielectric = Dielectric(self.constant(medium.relative_permittivity))
            density = -dielectric.density(-ufl.grad(phi))
            origin = self._origin(layer, medium)
            share = self.share(layer)
            placed = [self._place(group, phi, origin, layer) for group in medium.sublattices]
            for item in placed:
                density += share * self._weight(item)
            if medium.background != 0.0:
                density -= share * self.constant(medium.background) * phi
            self.placed[layer] = tuple(placed)
            parts.append(self.geometry.integral(density, layer, self.quadrature))
        return parts

    def share(self, layer: str) -> Any:
        """Share of the ions' charge that makes fields in a layer: 1, or a constant."""
        coulomb = self.media[layer].coulomb
        return 1.0 if coulomb == 1.0 else self.constant(coulomb)

    def _charged_interfaces(self) -> list[Any]:
        parts = []
        for name, item in self.interfaces.items():
            phi = self.potential.function("+")
            density: Any = 0.0
            if item.charge != 0.0:
                charge = self.constant(0.0)
                self.controls.append(Control(f"charge of {name}", charge, item.charge, self._thermal_charge(name)))
                density -= charge * phi
            placed = [self._place(group, phi, 0.0, None) for group in item.sublattices]
            for one in placed:
                density += self._weight(one)
            self.placed[name] = tuple(placed)
            if placed or item.charge != 0.0:
                parts.append(self.geometry.interface_integral(density, name))
        return parts

    def _thermal_charge(self, interface: str) -> float:
        """Charge per area that bends the bands beside an interface by about the thermal voltage."""
        found = []
        for side in interface.split("|"):
            length = self.media[side].debye_length(self.temperature)
            if np.isfinite(length):
                found.append(self.media[side].permittivity / length)
        return self.thermal_voltage * (sum(found) or 1e-3)

    def _origin(self, layer: str, medium: Medium) -> Any:
        if medium.bulk_potential == 0.0:
            return 0.0
        constant = self.constant(0.0)
        self.controls.append(
            Control(f"bulk potential of {layer}", constant, medium.bulk_potential, self.thermal_voltage)
        )
        return constant

    def _weight(self, placed: Placed) -> Any:
        """-omega, J/m^3 (J/m^2 on an interface), and what makes the interaction a convex function of its field."""
        density = (
            placed.statistics.concentration * FARADAY * self._unit * placed.statistics.reduced_potential(placed.reduced)
        )
        if placed.excess is not None:
            sites = placed.statistics.concentration * FARADAY
            field = placed.excess.function
            fraction = self.constant(placed.group.ions[0].fraction)
            density += sites * (field**2 / (2 * placed.strength) + field * fraction)
        return density

    def _place(self, group: Sublattice, phi: Any, origin: Any, layer: str | None) -> Placed:
        statistics = replace(group.statistics, concentration=self.constant(group.concentration))
        excess, strength = None, None
        if group.interaction and layer is not None:
            region = self.geometry.region((layer,))
            function = fem.Function(fem.functionspace(region.mesh, ("Lagrange", self.degree)), name="interaction")
            excess = Field(f"interaction of {group.ions[0].name} in {layer}", "potential", function, region, (layer,))
            strength = self.constant(group.interaction / FARADAY)
            self.fields.append(excess)
        unit, reduced = self._unit, []
        for ion, level in zip(group.ions, group.levels, strict=True):
            x = self.constant(level) - ion.charge * (phi - self._level(ion, origin)) / unit
            reduced.append(x if excess is None else x - excess.function / unit)
        return Placed(group, statistics, tuple(reduced), excess, strength)

    def _level(self, ion: Ion, origin: Any) -> Any:
        if ion.level == BULK:
            return origin
        if ion.level == CONSERVED:
            return origin + self.numbers[f"conserved {ion.name}"].variable
        return self.numbers[ion.level].variable
