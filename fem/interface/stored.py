"""Lithium that is dissolved in a layer of an interphase, as neutral pairs of ions and electrons that move together.

Its chemical potential counts from that at which the electrolyte decomposes, in volts eta = mu / F. A layer that holds
kappa more moles per volume and unit of chemical potential (its chemical capacity) has the free energy

    psi(c) = c^2 / (2 kappa),    mu = d(psi)/dc,
    Xi(f)  = sigma_amb / (2 F^2) f^2,    N = d(Xi)/df,    f = -d(mu)/dz    (Wagner 1933; Maier 1993)

so that N = -D dc/dz with D = sigma_amb / (F^2 kappa). Across the layer, z = L(t) xi with xi in 0..1, the balance is
written with the amount per area a = L c, which makes storage linear in time: amounts are exact whatever the steps,

    d(a)/dt + d/dxi (N - xi L' c) = 0.

What is said of excess lithium under reduction holds for the lack of lithium under oxidation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl
from numpy.polynomial import legendre

from fem.constants import FARADAY

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class StoredLithium:
    """Lithium in a layer.

    Attributes:
        diffusivity: of lithium (ambipolar, chemical) in m^2/s at the temperature of the layer's conductivities.
        activation: J/mol, of the diffusivity.
        degree: of the polynomial that stands for the profile across the layer.
    """

    diffusivity: float
    activation: float = 0.0
    degree: int = 4

    def __post_init__(self) -> None:
        if not self.diffusivity > 0:
            raise ValueError(f"diffusivity must be positive, got {self.diffusivity}")
        if not 1 <= self.degree <= 12:
            raise ValueError(f"degree must lie in 1..12, got {self.degree}")

    @cached_property
    def nodes(self) -> Nodes:
        """Where the profile is known."""
        return Nodes.of_degree(self.degree)

    @staticmethod
    def energy(concentration: Any, capacity: Any) -> Any:
        """psi in J/m^3 at c in mol/m^3; capacity in mol^2/(J m^3)."""
        return concentration**2 / (2 * capacity)

    @staticmethod
    def dissipation(force: Any, conductivity: Any) -> Any:
        """Xi in W/m^3 of the force -d(mu)/dz in J/(mol m)."""
        return conductivity / (2 * FARADAY**2) * force**2

    def potential(self, concentration: Any, capacity: Any) -> Any:
        """eta = d(psi)/dc / F in V."""
        c = ufl.variable(concentration)
        return ufl.diff(self.energy(c, capacity), c) / FARADAY

    def leaving(self, amounts: list[Any], rates: list[Any], layer: Across) -> list[Any]:
        """What enters (first), leaves (last, negative) and must vanish (between) at the nodes, A/m^2 as UFL.

        Galerkin's equations of the balance, tested with the polynomials that are 1 at one node; their integrals by the
        rule of the nodes themselves, which leaves every node its own amount: a jump of the potential at one end does
        not reach the other at once. Their sum is F d/dt of the whole amount.

        Args:
            amounts, rates: a (mol/m^2) at the nodes and its time derivative.
            layer: what it moves in.
        """
        nodes = self.nodes
        held = [a / layer.thickness for a in amounts]
        eta = [self.potential(c, layer.capacity) for c in held]
        passing = []
        for q in range(nodes.count):
            slope = _sum(float(nodes.slopes[q, j]) * eta[j] for j in range(nodes.count))
            force = ufl.variable(-FARADAY * slope / layer.thickness)
            flux = ufl.diff(self.dissipation(force, layer.conductivity), force)
            passing.append(float(nodes.weights[q]) * (flux - float(nodes.points[q]) * layer.growth * held[q]))
        return [
            FARADAY
            * (
                float(nodes.weights[i]) * rates[i]
                - _sum(float(nodes.slopes[q, i]) * passing[q] for q in range(nodes.count))
            )
            for i in range(nodes.count)
        ]

    def total(self, amounts: list[Any]) -> Any:
        """mol/m^2 in the whole layer."""
        return _sum(float(w) * a for w, a in zip(self.nodes.weights, amounts, strict=True))


@dataclass(frozen=True)
class Across:
    """The layer that lithium moves in, as UFL.

    Attributes:
        thickness: m. growth: its rate, m/s.
        conductivity: for ions and electrons together, S/m.
        capacity: kappa in mol^2/(J m^3).
    """

    thickness: Any
    growth: Any
    conductivity: Any
    capacity: Any


@dataclass(frozen=True)
class Nodes:
    """Gauss-Lobatto points of 0..1 (both ends among them) and the polynomials that are 1 at one of them.

    Attributes:
        points, weights: (n,) of the quadrature, exact to degree 2 n - 3.
        slopes: (n, n) derivative at point q of polynomial j.
    """

    points: Array
    weights: Array
    slopes: Array

    @property
    def count(self) -> int:
        """Number of nodes."""
        return len(self.points)

    @classmethod
    def of_degree(cls, degree: int) -> Nodes:
        """For polynomials of a degree of 1 or more."""
        last = np.zeros(degree + 1)
        last[degree] = 1.0
        inner = np.sort(legendre.legroots(legendre.legder(last)).real) if degree > 1 else np.empty(0)
        x = np.concatenate(([-1.0], inner, [1.0]))
        p = np.asarray(legendre.legval(x, last))
        weights = 2.0 / (degree * (degree + 1) * p**2)
        apart = x[:, None] - x[None, :] + np.eye(degree + 1)
        slopes = p[:, None] / p[None, :] / apart
        # constants have no slope, exactly
        slopes -= np.diag(np.diag(slopes))
        slopes -= np.diag(slopes.sum(axis=1))
        return cls((x + 1) / 2, weights / 2, 2 * slopes)


def _sum(parts: Any) -> Any:
    items = list(parts)
    return sum(items[1:], start=items[0])
