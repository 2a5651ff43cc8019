"""Exchange current densities that follow the concentrations beside an interface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fem.constants import FARADAY
from fem.interface.kinetics import ButlerVolmer


@dataclass(frozen=True)
class InsertionKinetics:
    """Butler-Volmer kinetics of a host: i0 = F k c_e^a_a (c_max - c_s)^a_a c_s^a_c (Doyle, Fuller, Newman 1993).

    Attributes:
        rate_constant: k in m/s (mol/m^3)^-a_a.
        electrolyte_concentration: c_e in mol/m^3 of an electrolyte without a concentration field (the lithium ions of
            a single-ion conductor); an electrolyte with salt gives its own.
        anodic, cathodic: transfer coefficients.
        mechanical: as for `ButlerVolmer`.
    """

    rate_constant: float
    electrolyte_concentration: float = 1000.0
    anodic: float = 0.5
    cathodic: float = 0.5
    mechanical: float | None = None

    @property
    def linear(self) -> bool:
        """False."""
        return False

    def at(self, lithium: Any, maximum: Any, salt: Any, leaves: bool = False) -> ButlerVolmer:
        """The law at concentrations (UFL or numbers, mol/m^3) of the host, its maximum, and the salt (None: fixed).

        ``leaves``: of no meaning, ions of a host enter the salt.
        """
        electrolyte = self.electrolyte_concentration if salt is None else salt
        exchange = FARADAY * self.rate_constant * electrolyte**self.anodic
        exchange = exchange * (maximum - lithium) ** self.anodic * lithium**self.cathodic
        return ButlerVolmer(exchange, self.anodic, self.cathodic, self.mechanical)


@dataclass(frozen=True)
class PlatingKinetics:
    """Butler-Volmer kinetics of lithium metal in an electrolyte with salt: i0 = i_ref (c_e / c_ref)^a_a.

    Where ions pass from an electrolyte with salt into one without, they leave the salt in the anodic direction, in
    proportion to its concentration: i0 = i_ref (c_e / c_ref)^a_c.

    Attributes:
        exchange_current: i_ref in A/m^2.
        reference: c_ref in mol/m^3.
        anodic, cathodic: transfer coefficients.
        mechanical: as for `ButlerVolmer`.
    """

    exchange_current: float
    reference: float
    anodic: float = 0.5
    cathodic: float = 0.5
    mechanical: float | None = None

    @property
    def linear(self) -> bool:
        """False."""
        return False

    def at(self, lithium: Any, maximum: Any, salt: Any, leaves: bool = False) -> ButlerVolmer:
        """The law at the concentration of the salt (UFL or number, mol/m^3; None: at the reference).

        ``leaves``: whether ions leave the salt in the anodic direction.
        """
        into = self.cathodic if leaves else self.anodic
        share = 1.0 if salt is None else (salt / self.reference) ** into
        return ButlerVolmer(self.exchange_current * share, self.anodic, self.cathodic, self.mechanical)


FollowingKinetics = InsertionKinetics | PlatingKinetics
