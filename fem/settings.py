"""What a model is made of, layer by layer, and how it is discretised."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from fem.constants import STANDARD_TEMPERATURE
from fem.dissipation.conduction import Conduction, Equipotential
from fem.dissipation.intercalation import Intercalation
from fem.dissipation.ternary import SaltElectrolyte
from fem.domains import INTERFACE_QUADRATURE_DEGREE
from fem.kinematics import Plane
from fem.terms import CreepLaw, EnergyTerm
from fem.void_phase import VoidPhase

__all__ = ["Domain", "Settings"]


@dataclass(frozen=True)
class Domain:
    """What a layer is made of.

    Attributes:
        conduction: dissipation (or equipotential) of every carrier that it conducts.
        energy: terms of the free energy; empty for a layer without mechanics.
        creep: how the layer creeps under deviatoric stress in time; None: not at all.
        host: lithium that is stored in the layer, in an active particle.
        permittivity: F/m; what the layer stores as a dielectric, beside its conduction. 0: not looked at.
        voids: that grow and shrink in the layer as a phase of their own.
    """

    conduction: tuple[Conduction | SaltElectrolyte | Equipotential, ...] = ()
    energy: tuple[EnergyTerm, ...] = ()
    creep: CreepLaw | None = field(default=None, kw_only=True)
    host: Intercalation | None = field(default=None, kw_only=True)
    permittivity: float = field(default=0.0, kw_only=True)
    voids: VoidPhase | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Settings:
    """Discretisation and common state.

    Attributes:
        potential_degree: polynomial degree of potentials.
        displacement_degree: polynomial degree of the displacement.
        concentration_degree: polynomial degree of concentrations.
        temperature: K.
        plane: plane strain or plane stress (2-D only).
        phase_degree: polynomial degree of order parameters and what belongs to them.
        interface_quadrature: degree up to which integrals over interfaces are exact.
        damage_lags: what passes through media sees the damage at the beginning of a time step (`fem.solve.cracking`),
            not the present one; for models that break in time.
    """

    potential_degree: int = 2
    displacement_degree: int = 2
    concentration_degree: int = 2
    temperature: float = STANDARD_TEMPERATURE
    plane: Plane = "strain"
    phase_degree: int = field(default=2, kw_only=True)
    interface_quadrature: int = INTERFACE_QUADRATURE_DEGREE
    damage_lags: bool = field(default=False, kw_only=True)

    def enriched(self) -> Settings:
        """One degree more, and twice the quadrature: what error estimates compare with."""
        return replace(
            self,
            potential_degree=self.potential_degree + 1,
            displacement_degree=self.displacement_degree + 1,
            concentration_degree=self.concentration_degree + 1,
            phase_degree=self.phase_degree + 1,
            interface_quadrature=2 * self.interface_quadrature,
        )
