"""Space charge on lattice planes: where the screening length is below their distance, the continuum says nothing.

Every plane of lithium sites is one layer of charge. Between planes the field is uniform, so that Poisson's equation
is a second difference, and on each plane the ions are in equilibrium with the bulk:

    eps_k (phi_k - phi_(k-1)) / h_k - eps_(k+1) (phi_(k+1) - phi_k) / h_(k+1) = s_k = F sum_i z_i Gamma_i(phi_k) + s_k0

with Gamma per area of the plane. The equations are the stationarity of a convex function of the potentials, as in the
continuum; the Jacobian is tridiagonal.

Source of the idea: de Klerk and Wagemaker, ACS Appl. Energy Mater. 1 (2018) 5609; the equations are derived here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.linalg import solveh_banded

from fem.constants import FARADAY, GAS, STANDARD_TEMPERATURE
from fem.energy.populations import NUMBERS
from fem.errors import ConvergenceError, ModelError
from fem.space_charge.media import BULK, Medium, Sublattice

Array = npt.NDArray[np.float64]
MOST_ITERATIONS = 200
TOLERANCE = 1e-13


@dataclass(frozen=True)
class Slab:
    """A stack of equal planes.

    Attributes:
        medium: its composition; concentrations per volume, of which every plane has those of one spacing.
        spacing: distance of the planes, m.
        planes: how many.
    """

    medium: Medium
    spacing: float
    planes: int

    def __post_init__(self) -> None:
        if not self.spacing > 0 or self.planes < 1:
            raise ValueError(f"spacing and number of planes must be positive, got {self.spacing}, {self.planes}")
        for ion in self.medium.ions:
            if ion.level != BULK:
                raise ValueError(f"{ion.name}: ions on planes are in equilibrium with the bulk")


@dataclass(frozen=True)
class PlanesSolution:
    """Equilibrium of a stack of planes.

    Attributes:
        position: (planes,) distance from the lower end, m.
        potential: (planes,) V. field: (planes + 1,) electric field in the gaps, V/m, the outer ones included.
        charge: (planes,) net charge of the planes, C/m^2.
        fractions: ion -> (planes,) occupancy of its sites.
        lower_charge, upper_charge: charge of the electrodes, C/m^2; 0 at an end without one.
        lower_capacitance: d(lower charge)/d(lower potential), F/m^2; likewise `upper_capacitance`.
    """

    position: Array
    potential: Array
    field: Array
    charge: Array
    fractions: dict[str, Array]
    lower_charge: float
    upper_charge: float
    lower_capacitance: float
    upper_capacitance: float


@dataclass(frozen=True)
class Planes:
    """Slabs of lattice planes between two electrodes, or an electrode and the bulk.

    The lower electrode is a plane at 0, one spacing below the first plane of ions; the upper one likewise. Between two
    slabs lie the halves of their spacings, in series.

    Attributes:
        slabs: from bottom to top.
        lower, upper: inner potential of the electrode there, V; None: the field vanishes beyond the last plane.
        temperature: K.
    """

    slabs: tuple[Slab, ...]
    lower: float | None
    upper: float | None = None
    temperature: float = STANDARD_TEMPERATURE

    def __post_init__(self) -> None:
        if not self.slabs:
            raise ModelError("there are no lattice planes")
        if not any(s.medium.ions for s in self.slabs) and self.lower is None and self.upper is None:
            raise ModelError("nothing fixes the potential: impose that of an electrode")

    @cached_property
    def _slices(self) -> list[slice]:
        ends = np.cumsum([0, *(s.planes for s in self.slabs)])
        return [slice(int(a), int(b)) for a, b in pairwise(ends)]

    @property
    def count(self) -> int:
        """Number of planes."""
        return sum(s.planes for s in self.slabs)

    @cached_property
    def _gaps(self) -> tuple[Array, Array]:
        """(planes + 1,) capacitances per area of the gaps, F/m^2, and their widths, m."""
        half = np.repeat([s.spacing / 2 for s in self.slabs], [s.planes for s in self.slabs])
        eps = np.repeat([s.medium.permittivity for s in self.slabs], [s.planes for s in self.slabs])
        series = np.concatenate([[2 * half[0] / eps[0]], half[:-1] / eps[:-1] + half[1:] / eps[1:]])
        widths = np.concatenate([[2 * half[0]], half[:-1] + half[1:], [2 * half[-1]]])
        return np.concatenate([1 / series, [eps[-1] / (2 * half[-1])]]), widths

    # ------------------------------------------------------------------ charge of the planes
    def _plane_charge(self, potential: Array, share: float = 1.0) -> tuple[Array, Array]:
        """(planes,) charge in C/m^2 and its derivative by the potential in F/m^2."""
        charge, slope = np.zeros_like(potential), np.zeros_like(potential)
        for slab, part in zip(self.slabs, self._slices, strict=True):
            medium = slab.medium
            charge[part] += medium.background * slab.spacing
            for group in medium.sublattices:
                sites = FARADAY * group.concentration * slab.spacing
                fractions, response = self._state(medium, group, potential[part])
                for ion, own in zip(group.ions, fractions, strict=True):
                    charge[part] += sites * ion.charge * own
                charges = np.array([float(ion.charge) for ion in group.ions])
                unit = GAS * self.temperature / FARADAY
                slope[part] -= sites * np.einsum("i,ij...,j->...", charges, response, charges) / unit
            charge[part] *= medium.coulomb
            slope[part] *= medium.coulomb
        return share * charge, share * slope

    def _state(self, medium: Medium, group: Sublattice, potential: Array) -> tuple[Array, Array]:
        """Fractions of a sublattice's ions, and their derivatives by the reduced potentials."""
        reduced, fractions = medium.state(group, potential, self.temperature)
        plain = group.statistics.response(list(reduced))
        return fractions, plain / (1 + group.interaction / (GAS * self.temperature) * plain)

    # ------------------------------------------------------------------ solving
    def solve(self) -> PlanesSolution:
        """Newton's method with step control on the convex function; from the bulk potentials.

        Raises:
            ConvergenceError: no solution within the iterations.
        """
        phi = np.concatenate([np.full(s.planes, s.medium.bulk_potential) for s in self.slabs])
        capacitance, _ = self._gaps
        scale = float(capacitance.max()) * GAS * self.temperature / FARADAY
        reached = 0.0
        step = 1.0
        guess = phi
        # the load is the potential of the electrodes: it is raised as far as Newton's method follows
        while reached < 1.0:
            now = min(1.0, reached + step)
            try:
                guess = self._newton(phi, now, scale)
            except ConvergenceError:
                step /= 2
                if step < 1e-4:
                    raise
                continue
            phi, reached = guess, now
        return self._solution(phi)

    def _ends(self, load: float) -> tuple[float | None, float | None]:
        first, last = self.slabs[0].medium.bulk_potential, self.slabs[-1].medium.bulk_potential
        lower = None if self.lower is None else first + load * (self.lower - first)
        upper = None if self.upper is None else last + load * (self.upper - last)
        return lower, upper

    def _residual(self, phi: Array, load: float) -> tuple[Array, Array, Array, Array]:
        """Residual, and diagonal, off-diagonal and charge slope of the Jacobian."""
        capacitance, _ = self._gaps
        lower, upper = self._ends(load)
        charge, slope = self._plane_charge(phi)
        flow = capacitance[1:-1] * np.diff(phi)
        residual = -charge
        residual[:-1] -= flow
        residual[1:] += flow
        diagonal = -slope
        diagonal[:-1] += capacitance[1:-1]
        diagonal[1:] += capacitance[1:-1]
        if lower is not None:
            residual[0] += capacitance[0] * (phi[0] - lower)
            diagonal[0] += capacitance[0]
        if upper is not None:
            residual[-1] += capacitance[-1] * (phi[-1] - upper)
            diagonal[-1] += capacitance[-1]
        return residual, diagonal, -capacitance[1:-1], slope

    def _newton(self, start: Array, load: float, scale: float) -> Array:
        phi = start.copy()
        limit = 4 * GAS * self.temperature / FARADAY
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(MOST_ITERATIONS):
                residual, diagonal, off, _ = self._residual(phi, load)
                if not np.all(np.isfinite(residual)):
                    break
                change = -_tridiagonal(diagonal, off, residual)
                largest = float(np.abs(change).max())
                phi = phi + change * min(1.0, limit / largest if largest > 0 else 1.0)
                if largest <= TOLERANCE * max(1.0, float(np.abs(phi).max())):
                    return phi
                if float(np.abs(residual).max()) <= TOLERANCE * scale and largest < 1e-12:
                    return phi
        raise ConvergenceError("the lattice planes found no equilibrium; try a smaller potential")

    def _solution(self, phi: Array) -> PlanesSolution:
        capacitance, widths = self._gaps
        lower, upper = self._ends(1.0)
        below = phi[0] if lower is None else lower
        above = phi[-1] if upper is None else upper
        drops = np.diff(np.concatenate([[below], phi, [above]]))
        _, diagonal, off, _ = self._residual(phi, 1.0)
        outer = []
        for k, end in ((0, lower), (-1, upper)):
            unit = np.zeros_like(phi)
            unit[k] = capacitance[k]
            response = _tridiagonal(diagonal, off, unit)[k]
            outer.append(0.0 if end is None else float(capacitance[k] * (1 - response)))
        fractions: dict[str, Array] = {}
        for slab, part in zip(self.slabs, self._slices, strict=True):
            for group in slab.medium.sublattices:
                for ion, own in zip(group.ions, self._state(slab.medium, group, phi[part])[0], strict=True):
                    fractions.setdefault(ion.name, np.full(len(phi), np.nan))[part] = own
        return PlanesSolution(
            position=np.cumsum(widths)[:-1],
            potential=phi,
            field=-drops / widths,
            charge=self._plane_charge(phi)[0],
            fractions=fractions,
            lower_charge=0.0 if lower is None else float(capacitance[0] * (lower - phi[0])),
            upper_charge=0.0 if upper is None else float(capacitance[-1] * (upper - phi[-1])),
            lower_capacitance=outer[0],
            upper_capacitance=outer[1],
        )

    # ------------------------------------------------------------------ results
    def resistance(self, solution: PlanesSolution, slab: int = 0) -> float:
        """Resistance of a slab beyond that of its bulk, sum of h (1/sigma - 1/sigma_bulk), ohm m^2.

        Raises:
            ModelError: the medium has no conductivity.
        """
        one, part = self.slabs[slab], self._slices[slab]
        medium = one.medium
        bulk = medium.bulk_conduction()
        if medium.conductivity is None or bulk == 0:
            raise ModelError("a resistance needs a conductivity of the bulk and an ion that moves")
        total = np.zeros(one.planes)
        for group in medium.sublattices:
            reduced, _ = medium.state(group, solution.potential[part], self.temperature)
            found = group.conduction(list(reduced), group.conductances, NUMBERS)
            if found is not None:
                total += found
        return float(np.sum(bulk / total - 1) * one.spacing / medium.conductivity)

    def at(self, lower: float | None, upper: float | None = None) -> Planes:
        """The same planes between electrodes at other potentials."""
        return replace(self, lower=lower, upper=upper)


def _tridiagonal(diagonal: Array, off: Array, rhs: Array) -> Array:
    """Solution with a symmetric positive definite tridiagonal matrix."""
    banded = np.zeros((2, len(diagonal)))
    banded[1] = diagonal
    banded[0, 1:] = off
    return np.asarray(solveh_banded(banded, rhs))


def planes_of(slabs: Sequence[tuple[Medium, float, float]], lower: float | None, upper: float | None = None,
              temperature: float = STANDARD_TEMPERATURE) -> Planes:  # fmt: skip
    """Planes of slabs given by (medium, spacing, thickness): as many as fit best."""
    made = tuple(Slab(m, h, max(1, round(t / h))) for m, h, t in slabs)
    return Planes(made, lower, upper, temperature)
