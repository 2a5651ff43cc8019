"""What moves and is stored in regions of a study: salt in electrolytes, lithium in hosts, and their kinetics."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fem.constants import FARADAY, GAS
from fem.dissipation.electrolyte import BinaryElectrolyte
from fem.dissipation.intercalation import Intercalation
from fem.dissipation.ternary import SaltElectrolyte, TernaryElectrolyte
from fem.interface.exchange import FollowingKinetics, InsertionKinetics, PlatingKinetics
from fem.materials import Material
from fem.materials.curves import Curve
from fem.values import at
from studies.schema.ionic_liquid import DRAGS, MIXTURE, VIRIALS
from studies.solids import axes_of

if TYPE_CHECKING:
    from studies.schema import Study
    from studies.schema.interfaces import Interface

__all__ = ["NernstEinstein", "TracerDiffusion", "electrolyte_of", "following_kinetics", "host_of"]


@dataclass(frozen=True)
class NernstEinstein:
    """Conductivity of a dilute solution: F^2 c (D_+ + D_-) / (R T), with D_+ = D / (2 (1 - t)), D_- = D / (2 t).

    Attributes:
        diffusivity: D of the salt in m^2/s. transference_number: t. Numbers or curves of c.
        temperature: K.
    """

    diffusivity: Any
    transference_number: Any
    temperature: float

    def __call__(self, concentration: Any) -> Any:
        """S/m at a concentration in mol/m^3."""
        t = at(self.transference_number, concentration)
        both = at(self.diffusivity, concentration) / (2 * t * (1 - t))
        return FARADAY**2 / (GAS * self.temperature) * concentration * both


@dataclass(frozen=True)
class TracerDiffusion:
    """Chemical diffusivity from the mobility of the ions (Darken): D = D* x d(mu)/dx / (R T) = -D* x U'(x) F / (R T).

    Attributes:
        tracer: D* in m^2/s, a number or a curve of x.
        open_circuit: U(x) in V.
        temperature: K.
    """

    tracer: Any
    open_circuit: Curve
    temperature: float

    def __call__(self, x: Any) -> Any:
        """m^2/s at a stoichiometry."""
        factor = -x * self.open_circuit(x, 1) * (FARADAY / (GAS * self.temperature))
        return at(self.tracer, x) * factor


def _property(material: Material, key: str, temperature: float) -> Any:
    """A property as a number, which becomes a constant of the forms, or as a curve where it is one."""
    if material.datum(key).curve is None:
        return material.value(key, temperature)
    return material.curve(key, temperature)


def electrolyte_of(study: Study, region: str) -> SaltElectrolyte | None:
    """The electrolyte of a region whose salt moves; None where there is none."""
    transport = study.body(region).transport
    if transport is None or transport.salt_concentration is None:
        return None
    material, temperature = study.material(region), study.operation.temperature
    if transport.ionic_liquid is not None:
        return _mixture(material, temperature, transport.salt_concentration, transport.ionic_liquid.concentration)
    spread = _property(material, "salt_diffusivity", temperature)
    share = _property(material, "transference_number", temperature)
    if transport.model == "dilute":
        conductivity: Any = NernstEinstein(spread, share, temperature)
        factor: Any = 1.0
    else:
        conductivity = _property(material, "ionic_conductivity", temperature)
        factor = _property(material, "thermodynamic_factor", temperature)
    return BinaryElectrolyte(conductivity, spread, share, transport.salt_concentration, factor)


def _mixture(material: Material, temperature: float, salt: float, liquid: float) -> TernaryElectrolyte:
    def known(key: str, absent: float | None) -> float | None:
        return material.value(key, temperature) if material.has(key) else absent

    lithium, cation, anion = (material.value(key, temperature) for key in MIXTURE)
    made = TernaryElectrolyte(lithium, cation, anion, salt, liquid, solvent=known("solvent_concentration", 0.0))
    drags = zip(("lithium_cation", "lithium_anion", "cation_anion"), (known(x, None) for x in DRAGS), strict=True)
    virials = zip(("virial_salt", "virial_cross", "virial_liquid"), (known(x, 0.0) for x in VIRIALS), strict=True)
    return replace(made, **dict(drags), **dict(virials))  # type: ignore[arg-type]


def host_of(study: Study, region: str) -> Intercalation | None:
    """The host of a region that stores lithium; None where there is none."""
    transport = study.body(region).transport
    if transport is None or transport.lithiation is None:
        return None
    material, temperature = study.material(region), study.operation.temperature
    curve = material.curve("open_circuit_potential", temperature)

    def spread(suffix: str) -> Any:
        if transport.diffusion == "tracer":
            return TracerDiffusion(_property(material, f"self_diffusivity{suffix}", temperature), curve, temperature)
        return _property(material, f"diffusivity{suffix}", temperature)

    along = "self_diffusivity_c" if transport.diffusion == "tracer" else "diffusivity_c"
    axes = axes_of(study, region) if material.has(along) else None
    return Intercalation(
        curve,
        material.value("maximum_concentration", temperature),
        spread(""),
        transport.lithiation,
        axes,
        None if axes is None else spread("_c"),
    )


def following_kinetics(spec: Interface, anodic: float, cathodic: float) -> FollowingKinetics | None:
    """Kinetics whose exchange current follows concentrations; None for a constant one."""
    reference, share = spec.reference_concentration, spec.mechanical_transfer_coefficient
    if spec.insertion_rate_constant is not None:
        assert reference is not None
        rate = spec.insertion_rate_constant * reference**-anodic
        return InsertionKinetics(rate, reference, anodic, cathodic, share)
    if reference is not None and spec.exchange_current is not None:
        return PlatingKinetics(spec.exchange_current, reference, anodic, cathodic, share)
    return None
