"""Equilibria that quantities are read off: on a mesh, and on lattice planes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from fem.constants import FARADAY, GAS
from fem.observe.balances import Imbalance
from studies.space_charge import build

if TYPE_CHECKING:
    from fem.observe.space_charge import SpaceChargeObserver
    from fem.space_charge.media import Medium
    from fem.space_charge.planes import Planes, PlanesSolution
    from fem.space_charge.problem import SpaceChargeProblem
    from fem.space_charge.solver import SpaceChargeSolver
    from studies.schema import Study

Array = npt.NDArray[np.float64]


class State(Protocol):
    """An equilibrium that quantities are read off, on a mesh or on planes."""

    @property
    def study(self) -> Study:
        """The study."""
        ...

    @property
    def media(self) -> Mapping[str, Medium]:
        """Layer -> what it is made of."""
        ...

    def charge(self, electrode: str) -> float:
        """C/m^2."""
        ...

    def capacitance(self, electrode: str) -> float:
        """F/m^2."""
        ...

    def contact_potential(self, electrode: str) -> float:
        """V."""
        ...

    def layer_charge(self, layer: str) -> float:
        """C/m^2."""
        ...

    def interface_charge(self, at: str) -> float:
        """C/m^2."""
        ...

    def width(self, at: str, layer: str, share: float) -> float:
        """m."""
        ...

    def resistance(self, layer: str) -> float:
        """ohm m^2."""
        ...

    def fraction(self, at: str, layer: str, ion: str) -> float:
        """Share of the sites beside an interface."""
        ...

    def potential(self, at: str, layer: str, distance: float) -> float:
        """V."""
        ...

    def profile(self, layer: str) -> tuple[Array, Array]:
        """Positions (n,) along the stack in m and potentials (n,) in V."""
        ...

    def levels(self) -> Mapping[str, float]:
        """Electrode or ``conserved ION`` -> V."""
        ...


class MeshState:
    """The present equilibrium of a problem on a mesh."""

    def __init__(
        self, study: Study, problem: SpaceChargeProblem, solver: SpaceChargeSolver, observer: SpaceChargeObserver
    ) -> None:
        self.study, self.problem, self.solver, self.observer = study, problem, solver, observer
        self.media = problem.media

    def charge(self, electrode: str) -> float:
        """C/m^2."""
        return self.solver.charge(electrode)

    def capacitance(self, electrode: str) -> float:
        """F/m^2."""
        return self.solver.electrode_capacitance(electrode)

    def contact_potential(self, electrode: str) -> float:
        """V."""
        return self.problem.numbers[electrode].value

    def layer_charge(self, layer: str) -> float:
        """C/m^2."""
        return self.observer.layer_charge(layer)

    def interface_charge(self, at: str) -> float:
        """C/m^2."""
        return self.observer.interface_charge(at) if at in self.problem.interfaces else 0.0

    def width(self, at: str, layer: str, share: float) -> float:
        """m."""
        layers = [x.name for x in self.study.geometry.layers]
        inner = 0 < layers.index(layer) < len(layers) - 1
        return self.observer.width(layer, below=at.split("|")[1] == layer, share=share, reach=0.5 if inner else 1.0)

    def resistance(self, layer: str) -> float:
        """ohm m^2."""
        return self.observer.resistance(layer)

    def fraction(self, at: str, layer: str, ion: str) -> float:
        """Mean over the interface."""
        return self.observer.occupancy_at(at, layer, ion)

    def potential(self, at: str, layer: str, distance: float) -> float:
        """V."""
        stack = self.study.stack()
        height = stack.z_of(at)
        sign = 1.0 if at.split("|")[1] == layer else -1.0
        return float(self.observer.potential_at(self._line(np.array([height + sign * distance])))[0])

    def _line(self, heights: Array) -> Array:
        """(n, gdim) points in the middle of the model at these heights."""
        study = self.study
        middle = [0.5 * (study.geometry.width or 0.0), 0.5 * (study.geometry.depth or 0.0)]
        lateral = middle[: self.problem.geometry.gdim - 1]
        return np.column_stack([*(np.full(len(heights), x) for x in lateral), heights])

    def profile(self, layer: str) -> tuple[Array, Array]:
        """Along the middle of the model, denser towards both sides of the layer."""
        low, high = self.study.stack().span(layer)
        near = np.sort(np.concatenate([np.geomspace(1e-5, 0.5, 150), np.linspace(0.004, 0.496, 100)])) * (high - low)
        inner = (high - low) * 1e-9
        heights = np.concatenate([[low + inner], low + near, (high - near)[::-1][1:], [high - inner]])
        return heights, self.observer.potential_at(self._line(heights))

    def section(self, points: int = 160) -> tuple[Array, Array, Array]:
        """Coordinates across (m,) and along the stack (n,) and the potential there (n, m), V; collective.

        Of models in the plane; of models in space in the middle of their depth. Not a number within electrodes.
        """
        geometry = self.study.geometry
        height = self.study.stack().height
        width = geometry.width or 0.0
        fine = max(width, height) / points
        across = (np.arange(max(2, round(width / fine))) + 0.5) * width / max(2, round(width / fine))
        along = (np.arange(max(2, round(height / fine))) + 0.5) * height / max(2, round(height / fine))
        x, z = (part.reshape(-1) for part in np.meshgrid(across, along))
        middle = [np.full_like(x, 0.5 * (geometry.depth or 0.0))] if geometry.dimension == 3 else []
        phi = self.observer.potential_at(np.column_stack([x, *middle, z]))
        return across, along, phi.reshape(len(along), len(across))

    def levels(self) -> Mapping[str, float]:
        """V."""
        return {name: number.value for name, number in self.problem.numbers.items()}

    def balances(self) -> list[Imbalance]:
        """Charge of all there is, and the amounts of conserved ions."""
        parts = [self.solver.surface_charge(name) for name in self.problem.electrodes]
        parts += [self.observer.layer_charge(layer) for layer in self.problem.layers]
        parts += [self.observer.interface_charge(name) for name in self.problem.interfaces]
        return [Imbalance("charge", sum(parts), max([*map(abs, parts), _least_charge(self)]), "C/m^2")]


def _least_charge(state: State) -> float:
    """Charge that one thermal voltage makes, C/m^2: what a balance near the flat band is measured against."""
    temperature = state.study.operation.temperature
    lengths = [(m.permittivity, m.debye_length(temperature)) for m in state.media.values()]
    return GAS * temperature / FARADAY * min(eps / min(length, 1e-6) for eps, length in lengths)


class PlanesState:
    """An equilibrium of lattice planes."""

    def __init__(self, study: Study, planes: Planes, solution: PlanesSolution) -> None:
        self.study, self.planes, self.solution = study, planes, solution
        self.media = build.media(study)
        self._layers = [x.name for x in study.geometry.layers if x.name in self.media]
        self._first = study.geometry.layers[0].name

    def _end(self, electrode: str, lower: float, upper: float) -> float:
        return lower if electrode == self._first else upper

    def charge(self, electrode: str) -> float:
        """C/m^2."""
        return self._end(electrode, self.solution.lower_charge, self.solution.upper_charge)

    def capacitance(self, electrode: str) -> float:
        """F/m^2."""
        return self._end(electrode, self.solution.lower_capacitance, self.solution.upper_capacitance)

    def contact_potential(self, electrode: str) -> float:
        """V."""
        return self._end(electrode, self.planes.lower or 0.0, self.planes.upper or 0.0)

    def _part(self, layer: str) -> slice:
        ends = np.cumsum([0, *(s.planes for s in self.planes.slabs)])
        k = self._layers.index(layer)
        return slice(int(ends[k]), int(ends[k + 1]))

    def layer_charge(self, layer: str) -> float:
        """C/m^2."""
        return float(self.solution.charge[self._part(layer)].sum())

    def interface_charge(self, at: str) -> float:
        """Planes have none between them."""
        return 0.0

    def width(self, at: str, layer: str, share: float) -> float:
        """Distance of the plane with which the share is complete, between planes in proportion."""
        charge = np.abs(self.solution.charge[self._part(layer)])
        if at.split("|")[1] != layer:
            charge = charge[::-1]
        if len(self.study.geometry.layers) - 1 > [x.name for x in self.study.geometry.layers].index(layer) > 0:
            charge = charge[: (len(charge) + 1) // 2]
        total = np.concatenate([[0.0], np.cumsum(charge)])
        spacing = self.planes.slabs[self._layers.index(layer)].spacing
        if total[-1] == 0:
            return 0.0
        return float(np.interp(share * total[-1], total, spacing * np.arange(len(total))))

    def resistance(self, layer: str) -> float:
        """ohm m^2."""
        return self.planes.resistance(self.solution, self._layers.index(layer))

    def fraction(self, at: str, layer: str, ion: str) -> float:
        """On the plane next to the interface."""
        part = self.solution.fractions[ion][self._part(layer)]
        return float(part[0] if at.split("|")[1] == layer else part[-1])

    def potential(self, at: str, layer: str, distance: float) -> float:
        """V, linear between planes."""
        heights, phi = self.profile(layer)
        spacing = self.planes.slabs[self._layers.index(layer)].spacing
        upward = at.split("|")[1] == layer
        away = heights - heights[0] + spacing if upward else heights[-1] - heights + spacing
        order = np.argsort(away)
        wall = self.planes.lower if upward else self.planes.upper
        start = phi[order[0]] if wall is None else wall
        return float(np.interp(distance, [0.0, *away[order]], [start, *phi[order]]))

    def profile(self, layer: str) -> tuple[Array, Array]:
        """The planes; heights are those of the stack."""
        part = self._part(layer)
        low = self.study.stack().span(layer)[0]
        own = self.solution.position[part]
        spacing = self.planes.slabs[self._layers.index(layer)].spacing
        return low + own - own[0] + spacing, self.solution.potential[part]

    def levels(self) -> Mapping[str, float]:
        """V."""
        return {}

    def balances(self) -> list[Imbalance]:
        """Charge of electrodes and planes."""
        parts = [self.solution.lower_charge, self.solution.upper_charge, float(self.solution.charge.sum())]
        return [Imbalance("charge", sum(parts), max([*map(abs, parts), _least_charge(self)]), "C/m^2")]
