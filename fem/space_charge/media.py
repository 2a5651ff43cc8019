"""What an electrolyte is made of, as far as its space charge is concerned; bulk properties in closed form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from fem.constants import FARADAY, GAS
from fem.energy.dielectric import VACUUM_PERMITTIVITY
from fem.energy.dilute import Dilute
from fem.energy.lattice_gas import LatticeGas
from fem.energy.populations import NUMBERS, SYMBOLS

Array = npt.NDArray[np.float64]
Transport = Literal["hopping", "carriers", "none"]

BULK, CONSERVED = "bulk", "conserved"
"""Levels of an ion that are no electrode; see `Ion`."""


@dataclass(frozen=True)
class Ion:
    """A mobile species.

    Attributes:
        name: e.g. ``Li+``.
        charge: in elementary charges, not zero.
        fraction: of the sites of its sublattice (of the reference concentration, if dilute) that it has where its
            reduced potential is that of the level: in the neutral bulk, or beside the electrode.
        level: what its electrochemical potential is fixed by: ``bulk`` (a reservoir far away, where the medium is
            neutral at its bulk potential), ``conserved`` (its amount is that of the neutral bulk: blocking
            electrodes) or the name of an electrode (electrons that a metal exchanges).
        transport: its contribution to the conductivity: proportional to theta (1 - theta) (``hopping`` into
            vacancies), to its concentration (``carriers``), or none.
        mobility: relative to the other species of the medium.
    """

    name: str
    charge: int
    fraction: float
    level: str = BULK
    transport: Transport = "hopping"
    mobility: float = 1.0

    def __post_init__(self) -> None:
        if self.charge == 0:
            raise ValueError(f"{self.name}: a species without charge makes no space charge")
        if not self.mobility >= 0:
            raise ValueError(f"{self.name}: mobility must not be negative, got {self.mobility}")


@dataclass(frozen=True)
class Sublattice:
    """Species that share sites.

    Attributes:
        statistics: of the sites.
        ions: on them.
        interaction: energy J by which the chemical potential of the (only) ion rises with its excess over the bulk
            value, mu = RT ln(theta/(1 - theta)) + J (theta - theta_bulk), J/mol; positive: like charges repel.
    """

    statistics: LatticeGas | Dilute
    ions: tuple[Ion, ...]
    interaction: float = 0.0

    def __post_init__(self) -> None:
        self.statistics.potentials([ion.fraction for ion in self.ions])
        if self.interaction and (len(self.ions) != 1 or isinstance(self.statistics, Dilute)):
            raise ValueError("an interaction is for one ion on the sites of a lattice")

    @property
    def levels(self) -> tuple[float, ...]:
        """Reduced potentials x_k of the ions at their levels."""
        return tuple(self.statistics.potentials([ion.fraction for ion in self.ions]))

    @property
    def concentration(self) -> float:
        """Sites (or reference concentration), mol/m^3."""
        return float(self.statistics.concentration)

    @property
    def conductances(self) -> list[float]:
        """Weights of the ions in the conductivity, up to a common factor: z^2, mobility and sites; 0: none."""
        return [
            0.0 if ion.transport == "none" else ion.charge**2 * ion.mobility * self.concentration for ion in self.ions
        ]

    def conduction(self, reduced: Sequence[Any], weights: Sequence[Any], functions: Any = SYMBOLS) -> Any:
        """Weighted sum of the ions' mobile fractions; None where no species moves."""
        shares, vacant = self.statistics.fractions(reduced, functions)
        total = None
        for ion, share, weight, own in zip(self.ions, shares, weights, self.conductances, strict=True):
            if own == 0:
                continue
            part = weight * share * (vacant if ion.transport == "hopping" else 1.0)
            total = part if total is None else total + part
        return total


@dataclass(frozen=True)
class Medium:
    """An electrolyte, or an insulator if nothing moves in it.

    Attributes:
        relative_permittivity: eps / eps_0.
        sublattices: of the mobile species.
        fixed_charge: immobile charge density, C/m^3; None: what makes the bulk neutral.
        bulk_potential: electric potential of the neutral bulk relative to other media in equilibrium with it, V.
        conductivity: of the neutral bulk, S/m, for resistances.
        coulomb: share of the ions' charge that makes fields: 1; less leaves out part of their interaction.
    """

    relative_permittivity: float
    sublattices: tuple[Sublattice, ...] = ()
    fixed_charge: float | None = None
    bulk_potential: float = 0.0
    conductivity: float | None = None
    coulomb: float = 1.0

    def __post_init__(self) -> None:
        if not self.relative_permittivity >= 1:
            raise ValueError(f"relative_permittivity must be at least 1, got {self.relative_permittivity}")
        if not 0 <= self.coulomb <= 1:
            raise ValueError(f"coulomb must lie between 0 and 1, got {self.coulomb}")

    @property
    def permittivity(self) -> float:
        """F/m."""
        return VACUUM_PERMITTIVITY * self.relative_permittivity

    @property
    def ions(self) -> tuple[Ion, ...]:
        """All species."""
        return tuple(ion for group in self.sublattices for ion in group.ions)

    @property
    def neutralising_charge(self) -> float:
        """Charge density of the frozen background that makes the bulk neutral, C/m^3."""
        return -sum(
            FARADAY * ion.charge * ion.fraction * group.concentration
            for group in self.sublattices
            for ion in group.ions
            if ion.level in (BULK, CONSERVED)
        )

    @property
    def background(self) -> float:
        """Immobile charge density, C/m^3."""
        return self.neutralising_charge if self.fixed_charge is None else self.fixed_charge

    def reduced(self, group: Sublattice, potential: Array, temperature: float, levels: Mapping[str, float]) -> Array:
        """(ions, n) reduced potentials of a sublattice's ions, interaction left out, at electric potentials (n,)."""
        unit = GAS * temperature / FARADAY
        rows = []
        for ion, level in zip(group.ions, group.levels, strict=True):
            origin = self.bulk_potential if ion.level in (BULK, CONSERVED) else 0.0
            own = f"{CONSERVED} {ion.name}" if ion.level == CONSERVED else ion.level
            rows.append(level - ion.charge * (potential - origin - levels.get(own, 0.0)) / unit)
        return np.array(rows)

    def state(
        self, group: Sublattice, potential: Array, temperature: float, levels: Mapping[str, float] | None = None
    ) -> tuple[Array, Array]:
        """Reduced potentials and fractions, (ions, n) each, of a sublattice at electric potentials (n,).

        Args:
            group: one of the sublattices. potential: V. temperature: K.
            levels: electrode, or ``conserved`` and the ion's name -> V, where it is not zero.
        """
        reduced = self.reduced(group, potential, temperature, levels or {})
        if group.interaction:
            reduced = reduced - excess(group, reduced[0], group.interaction / (GAS * temperature))
        fractions, _ = group.statistics.fractions(list(reduced), NUMBERS)
        return reduced, np.array(fractions)

    def debye_length(self, temperature: float) -> float:
        """Screening length of small perturbations of the bulk, m; infinite where no ion from the bulk moves."""
        return self._screening([np.array(g.levels)[:, None] for g in self.sublattices], temperature)

    def shortest_length(self, temperature: float, low: float, high: float) -> float:
        """Least screening length that occurs while the potential goes from ``low`` to ``high`` V beyond the bulk's."""
        unit = GAS * temperature / FARADAY
        lengths = []
        for way in np.linspace(low, high, 201):
            states = [
                np.array([[x - ion.charge * way / unit] for x, ion in zip(g.levels, g.ions, strict=True)])
                for g in self.sublattices
            ]
            lengths.append(self._screening(states, temperature))
        return min(lengths, default=float("inf"))

    def _screening(self, states: Sequence[Array], temperature: float) -> float:
        response = 0.0
        for group, state in zip(self.sublattices, states, strict=True):
            slopes = group.statistics.response(list(state))[..., 0]
            charges = np.array([float(ion.charge) for ion in group.ions])
            charges[[ion.level not in (BULK, CONSERVED) for ion in group.ions]] = 0.0
            own = float(charges @ slopes @ charges)
            if group.interaction:
                own /= 1 + group.interaction / (GAS * temperature) * float(slopes[0, 0])
            response += group.concentration * own
        response *= self.coulomb
        if not response > 0:
            return float("inf")
        return float(np.sqrt(self.permittivity * GAS * temperature / response) / FARADAY)

    def bulk_conduction(self) -> float:
        """Value of the sum of `Sublattice.conduction` in the neutral bulk."""
        parts = [g.conduction([np.array(x) for x in g.levels], g.conductances, NUMBERS) for g in self.sublattices]
        return float(sum(p for p in parts if p is not None))


@dataclass(frozen=True)
class Electrode:
    """A metal layer.

    Attributes:
        layer: its name.
        potential: imposed, V; None: it has a given charge.
        flat_band: potential at which the electrolyte beside it stays flat, V: the inner potential of the metal,
            counted from the bulk of the electrolyte, is ``potential - flat_band``.
        charge: C/m^2 of the model's area, when the potential is not imposed: 0 for a floating metal.
    """

    layer: str
    potential: float | None = None
    flat_band: float = 0.0
    charge: float = 0.0

    @property
    def contact_potential(self) -> float | None:
        """Inner potential that is imposed, V."""
        return None if self.potential is None else self.potential - self.flat_band


@dataclass(frozen=True)
class ChargedInterface:
    """Charge on an interface between two media: a fixed sheet, sites of its own, or both (a grain-boundary core).

    Attributes:
        interface: ``a|b``.
        charge: fixed, C/m^2.
        sublattices: sites per area (mol/m^2) with the species on them; fractions hold at zero potential.
    """

    interface: str
    charge: float = 0.0
    sublattices: tuple[Sublattice, ...] = field(default=())

    def __post_init__(self) -> None:
        if any(g.interaction for g in self.sublattices):
            raise ValueError(f"{self.interface}: sites of an interface have no interaction")


def excess(group: Sublattice, reduced: Array, strength: float) -> Array:
    """J (theta - theta_bulk) / RT where theta is the occupancy at ``reduced`` minus just that: a scalar equation.

    Unique for J > -4 RT; by Newton's method in x = ln(theta / (1 - theta)), bracketed.
    """
    bulk = group.ions[0].fraction
    low = reduced - abs(strength)
    high = reduced + abs(strength)
    x = reduced.copy()
    for _ in range(200):
        share = group.statistics.fractions([x], NUMBERS)[0][0]
        value = x + strength * (share - bulk) - reduced
        low, high = np.where(value < 0, x, low), np.where(value < 0, high, x)
        slope = 1 + strength * group.statistics.response([x])[0, 0]
        new = x - value / np.where(slope > 1e-12, slope, 1.0)
        new = np.where((new <= low) | (new >= high), 0.5 * (low + high), new)
        if np.all(np.abs(new - x) <= 1e-15 * np.maximum(1.0, np.abs(new))):
            x = new
            break
        x = new
    return np.asarray(reduced - x)
