"""What a space-charge layer does to the passage through an interface: numbers against the potential."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.interpolate import PchipInterpolator

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SpaceChargeState:
    """A space-charge layer at one potential of its electrode.

    Attributes:
        resistance: beyond that of the bulk, ohm m^2; negative where the layer is enriched.
        capacitance: differential, F/m^2; zero where no electrode bounds the layer.
        drop: potential of the electrode beyond its flat band, V.
    """

    resistance: float
    capacitance: float
    drop: float


@dataclass(frozen=True)
class SpaceChargeTable:
    """Resistance, capacitance and potential drop of a space-charge layer against the potential of its electrode.

    Between the points monotone cubics are used, of the logarithm of the resistance where it has one sign.

    Attributes:
        potential: (n,) increasing, V. resistance, capacitance, drop: (n,), units as in `SpaceChargeState`.
    """

    potential: Array
    resistance: Array
    capacitance: Array
    drop: Array

    def __post_init__(self) -> None:
        if len(self.potential) < 1 or np.any(np.diff(self.potential) <= 0):
            raise ValueError("potentials must increase")

    def covers(self, potential: float) -> bool:
        """Whether a potential lies within the table; a table of one point holds everywhere."""
        if len(self.potential) == 1:
            return True
        slack = 1e-9 * float(np.ptp(self.potential))
        return bool(self.potential[0] - slack <= potential <= self.potential[-1] + slack)

    def at(self, potential: float) -> SpaceChargeState:
        """The layer at a potential in V.

        Raises:
            ValueError: beyond the table.
        """
        if not self.covers(potential):
            raise ValueError(f"{potential:g} V lies beyond {self.potential[0]:g} to {self.potential[-1]:g} V")
        if len(self.potential) == 1:
            return SpaceChargeState(float(self.resistance[0]), float(self.capacitance[0]), float(self.drop[0]))
        place = float(np.clip(potential, self.potential[0], self.potential[-1]))
        sign = np.sign(self.resistance)
        if np.all(sign == sign[0]) and sign[0] != 0:
            resistance = float(sign[0] * np.exp(self._between(np.log(np.abs(self.resistance)), place)))
        else:
            resistance = self._between(self.resistance, place)
        return SpaceChargeState(resistance, self._between(self.capacitance, place), self._between(self.drop, place))

    def _between(self, values: Array, place: float) -> float:
        return float(PchipInterpolator(self.potential, values)(place))
