"""The properties that a material may have: key, symbol, dimension, meaning, allowed range.

Keys are the standard terms of the field. Tensor components carry their indices (Voigt for stiffness and
piezoelectric constants, crystal axes), named as in IEEE Std 176.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from fem.dimensions import DIMENSIONS


@dataclass(frozen=True)
class Variable:
    """What a property may be given against.

    Attributes:
        dimension: key of `fem.dimensions.DIMENSIONS`.
        example: a unit for messages and reports; empty for pure numbers.
        least, most: its bounds in SI.
    """

    dimension: str
    example: str
    least: float
    most: float


VARIABLES: Mapping[str, Variable] = MappingProxyType(
    {
        "concentration": Variable("concentration", "mol/L", 0.0, math.inf),
        "stoichiometry": Variable("dimensionless", "", 0.0, 1.0),
    }
)
"""Concentration of the salt in an electrolyte; lithium in a host over what it can hold."""


@dataclass(frozen=True)
class Property:
    """One property.

    Attributes:
        key: name in material files and in `Material.value`.
        symbol: as printed.
        dimension: key of `fem.dimensions.DIMENSIONS`.
        description: one line.
        above: values must be greater than this (-inf: no bound).
        at_least, at_most: closed bounds in SI.
        group: heading under which tables print it.
        against: keys of `VARIABLES` that it may be given against, as a table or formula.
        ends: how such a curve goes on where it is not known: `fem.materials.curves.LevelEnds` or `EntropicEnds`.
    """

    key: str
    symbol: str
    dimension: str
    description: str
    above: float = -math.inf
    at_least: float = -math.inf
    at_most: float = math.inf
    group: str = ""
    against: tuple[str, ...] = ()
    ends: Literal["level", "entropic"] = "level"

    @property
    def si_unit(self) -> str:
        """SI unit of the values; empty for pure numbers."""
        return DIMENSIONS[self.dimension].si

    def objection(self, value: float) -> str | None:
        """Why `value` [SI] cannot be this property, or None."""
        if math.isnan(value):
            return f"{self.key} is not a number"
        if not value > self.above:
            return f"{self.key} must be above {self.above:g} {self.si_unit}".strip()
        if value < self.at_least:
            return f"{self.key} must be at least {self.at_least:g} {self.si_unit}".strip()
        if value > self.at_most:
            return f"{self.key} must be at most {self.at_most:g} {self.si_unit}".strip()
        return None


_UNBOUNDED = math.inf
_RANGES: dict[str, tuple[float, float, float]] = {
    # above, at least, at most [SI]
    "positive": (0.0, -_UNBOUNDED, _UNBOUNDED),
    "nonnegative": (-_UNBOUNDED, 0.0, _UNBOUNDED),
    "any": (-_UNBOUNDED, -_UNBOUNDED, _UNBOUNDED),
    "fraction": (0.0, 0.0, 1.0),
    "transference": (-_UNBOUNDED, -5.0, 1.0),  # negative in a window of salt concentrations
    "poisson": (-1.0, -_UNBOUNDED, 0.4999),
    "permittivity": (-_UNBOUNDED, 1.0, _UNBOUNDED),
    "strain": (-0.95, -_UNBOUNDED, 5.0),
    "stability": (-_UNBOUNDED, -0.1, 10.0),
}


def _group(name: str, *rows: tuple[str, ...]) -> list[Property]:
    """Properties under one heading; the fifth entry of a row names its range, by default "positive"."""
    properties = []
    for key, symbol, dimension, description, *allowed in rows:
        above, at_least, at_most = _RANGES[allowed[0] if allowed else "positive"]
        properties.append(Property(key, symbol, dimension, description, above, at_least, at_most, name))
    return properties


_TABLE = [
    *_group(
        "transport",
        ("ionic_conductivity", "σ_ion", "conductivity", "conductivity of lithium ions"),
        ("electronic_conductivity", "σ_el", "conductivity", "conductivity of electrons and holes"),
        ("transference_number", "t₊", "dimensionless", "current carried by Li⁺ at uniform c", "transference"),
        ("diffusivity", "D", "diffusivity", "chemical diffusivity of lithium in the material"),
        ("diffusivity_c", "D_c", "diffusivity", "of lithium along the c axis; diffusivity is that within the layers"),
        ("self_diffusivity", "D*", "diffusivity", "tracer diffusivity of lithium"),
        ("self_diffusivity_c", "D*_c", "diffusivity", "tracer diffusivity along the c axis of a layered crystal"),
        ("vacancy_diffusivity", "D_v", "diffusivity", "diffusivity of vacancies in the metal"),
        ("salt_diffusivity", "D_s", "diffusivity", "diffusivity of the salt in a binary electrolyte"),
        ("thermodynamic_factor", "χ", "dimensionless", "1 + d ln f± / d ln c of the salt"),
        ("lithium_ion_diffusivity", "D_Li", "diffusivity", "of Li⁺ against the polymer, beside an ionic liquid"),
        ("liquid_cation_diffusivity", "D_C", "diffusivity", "of the cation of an ionic liquid against the polymer"),
        ("anion_diffusivity", "D_X", "diffusivity", "of the anion that salt and ionic liquid share"),
        ("stefan_maxwell_lithium_cation", "𝔇_LiC", "diffusivity", "by which the two cations drag each other"),
        ("stefan_maxwell_lithium_anion", "𝔇_LiX", "diffusivity", "by which Li⁺ and the anion drag each other"),
        ("stefan_maxwell_cation_anion", "𝔇_CX", "diffusivity", "by which the ions of the liquid drag each other"),
        ("solvent_concentration", "c_0", "concentration", "of the polymer, for mole fractions of the ions"),
        ("virial_salt", "B_11", "molar volume", "in ψ = R T Σ B_jk c_j c_k / 2 of salt and liquid", "any"),
        ("virial_salt_liquid", "B_12", "molar volume", "in ψ = R T Σ B_jk c_j c_k / 2 of salt and liquid", "any"),
        ("virial_liquid", "B_22", "molar volume", "in ψ = R T Σ B_jk c_j c_k / 2 of salt and liquid", "any"),
        ("maximum_concentration", "c_max", "concentration", "lithium concentration at full occupation"),
        ("lowest_lithiation", "x_min", "dimensionless", "lithium over the maximum, at the end of charge", "fraction"),
        (
            "highest_lithiation",
            "x_max",
            "dimensionless",
            "lithium over the maximum, at the end of discharge",
            "fraction",
        ),
        ("lithium_site_density", "n_site", "number density", "lithium sites per volume"),
        ("lithium_density", "n_Li", "number density", "lithium atoms per volume"),
    ),
    *_group(
        "electrochemistry",
        ("equilibrium_potential", "U_eq", "potential", "equilibrium potential against Li/Li⁺", "any"),
        ("reduction_potential", "U_red", "potential", "reduced below this, against Li/Li⁺", "stability"),
        ("oxidation_potential", "U_ox", "potential", "oxidised above this, against Li/Li⁺", "stability"),
        ("open_circuit_potential", "U", "potential", "of a host against Li/Li⁺; falls with its lithiation", "any"),
        ("insertion_rate_constant", "k", "velocity", "i₀ = F k (c_e / 1 mol/L)^α_a (c_max - c)^α_a c^α_c"),
        ("exchange_current_density", "i₀", "current density", "exchange current density of charge transfer"),
        ("interphase_growth_constant", "k_p", "diffusivity", "k in L² = 2 k t of the interphase on lithium"),
        ("interphase_molar_volume", "Ω_int", "molar volume", "interphase formed per mole of Li consumed"),
        ("interphase_conductivity", "σ_amb", "conductivity", "ambipolar conductivity of the interphase"),
    ),
    *_group(
        "mechanics",
        ("young_modulus", "E", "stress", "Young's modulus"),
        ("poisson_ratio", "ν", "dimensionless", "Poisson's ratio", "poisson"),
        ("shear_modulus", "G", "stress", "shear modulus; follows from E and ν"),
        ("bulk_modulus", "K", "stress", "bulk modulus; follows from E and ν"),
        ("yield_strength", "σ_y", "stress", "uniaxial yield strength"),
        ("hardness", "H", "stress", "indentation hardness"),
        ("fracture_toughness", "K_IC", "fracture toughness", "mode-I fracture toughness"),
        (
            "fracture_energy",
            "G_c",
            "energy per area",
            "fracture energy; follows from K_IC, E, ν",
        ),
        ("density", "ρ", "density", "mass density"),
        ("thermal_expansion", "α_T", "thermal expansion", "linear coefficient of thermal expansion", "any"),
        ("viscosity", "η", "viscosity", "shear viscosity"),
        ("surface_energy", "γ", "energy per area", "surface energy or surface tension"),
        ("melting_temperature", "T_m", "temperature", "melting temperature"),
    ),
    *_group(
        "chemical strain",
        ("molar_volume", "V_m", "molar volume", "volume per mole of formula units"),
        ("partial_molar_volume", "Ω", "molar volume", "volume change per mole of lithium inserted", "any"),
        ("vacancy_molar_volume", "Ω_v", "molar volume", "volume change per mole of vacancies", "any"),
        ("volume_change", "ΔV/V", "dimensionless", "relative volume change on full lithiation", "strain"),
        ("lattice_strain_a", "Δa/a", "dimensionless", "a-axis strain on full delithiation", "strain"),
        ("lattice_strain_c", "Δc/c", "dimensionless", "c-axis strain on full delithiation", "strain"),
        ("lattice_parameter_a", "a", "length", "lattice parameter a"),
        ("lattice_parameter_c", "c", "length", "lattice parameter c"),
    ),
    *_group(
        "creep",
        ("norton_exponent", "n", "dimensionless", "n in ε̇ = ε̇_0 exp(-Q/RT) (σ/σ_0)ⁿ"),
        ("norton_reference_stress", "σ_0", "stress", "σ_0 in ε̇ = ε̇_0 exp(-Q/RT) (σ/σ_0)ⁿ"),
        ("norton_reference_rate", "ε̇_0", "rate", "ε̇_0 in ε̇ = ε̇_0 exp(-Q/RT) (σ/σ_0)ⁿ"),
        ("norton_activation_energy", "Q", "molar energy", "Q in ε̇ = ε̇_0 exp(-Q/RT) (σ/σ_0)ⁿ"),
        ("anand_rate_prefactor", "A", "rate", "A in ε̇ = A exp(-Q/RT) (σ/S)^(1/m)"),
        ("anand_activation_energy", "Q", "molar energy", "Q in ε̇ = A exp(-Q/RT) (σ/S)^(1/m)"),
        ("anand_rate_sensitivity", "m", "dimensionless", "m in ε̇ = A exp(-Q/RT) (σ/S)^(1/m)"),
        ("anand_saturation_stress", "S_0", "stress", "S_0 in S* = S_0 [ε̇ exp(Q/RT)/A]ⁿ"),
        ("anand_saturation_exponent", "n", "dimensionless", "n in S* = S_0 [ε̇ exp(Q/RT)/A]ⁿ", "nonnegative"),
        ("anand_initial_resistance", "S(0)", "stress", "flow resistance S of the undeformed metal"),
        ("anand_hardening_modulus", "H_0", "stress", "H_0 in dS/dt = H_0 |1-S/S*|^a sgn(1-S/S*) ε̇"),
        ("anand_hardening_exponent", "a", "dimensionless", "a in dS/dt = H_0 |1-S/S*|^a sgn(1-S/S*) ε̇"),
    ),
    *_group(
        "void phase field",
        ("phase_field_barrier", "w", "energy density", "height w of the double well w ξ²(1-ξ)²"),
        ("phase_field_gradient", "κ", "gradient energy", "κ of the gradient term κ/2 |∇ξ|²"),
        ("phase_field_mobility", "L", "interface mobility", "L of the Allen–Cahn equation"),
    ),
    *_group(
        "dielectric",
        ("relative_permittivity", "ε_r", "dimensionless", "relative permittivity", "permittivity"),
        ("relative_permittivity_11", "ε_11", "dimensionless", "clamped, along a", "permittivity"),
        ("relative_permittivity_33", "ε_33", "dimensionless", "clamped, along c", "permittivity"),
        (
            "background_permittivity",
            "ε_b",
            "dimensionless",
            "without the soft mode",
            "permittivity",
        ),
        ("spontaneous_polarisation", "P_s", "polarisation", "spontaneous polarisation"),
        *(
            (f"stiffness_c{ij}", f"C_{ij}", "stress", f"stiffness C_{ij} at constant field", "any")
            for ij in ("11", "12", "13", "14", "33", "44", "66")
        ),
        *(
            (f"piezoelectric_e{ij}", f"e_{ij}", "piezoelectric stress constant", f"e_{ij} in D = e ε", "any")
            for ij in ("15", "22", "31", "33")
        ),
        *(
            (f"piezoelectric_d{ij}", f"d_{ij}", "piezoelectric strain constant", f"d_{ij} in D = d σ", "any")
            for ij in ("15", "22", "31", "33")
        ),
        ("landau_alpha1", "α_1", "landau coefficient of 2nd order", "Σ P_i²", "any"),
        ("landau_alpha11", "α_11", "landau coefficient of 4th order", "Σ P_i⁴", "any"),
        ("landau_alpha12", "α_12", "landau coefficient of 4th order", "Σ P_i² P_j²", "any"),
        ("landau_alpha111", "α_111", "landau coefficient of 6th order", "Σ P_i⁶", "any"),
        ("landau_alpha112", "α_112", "landau coefficient of 6th order", "Σ P_i⁴ (P_j² + P_k²)", "any"),
        ("landau_alpha123", "α_123", "landau coefficient of 6th order", "P_1² P_2² P_3²", "any"),
        *(
            (f"electrostriction_q{ij}", f"Q_{ij}", "electrostriction", f"Q_{ij} in ε = Q P²", "any")
            for ij in ("11", "12", "44")
        ),
        *(
            (f"gradient_g{ij}", f"G_{ij}", "polarisation gradient energy", f"G_{ij} of |∇P|²", "any")
            for ij in ("11", "12", "44")
        ),
    ),
    *_group(
        "space charge",
        ("lithium_occupancy", "θ_b", "dimensionless", "share of the lithium sites that are occupied", "fraction"),
        ("lattice_plane_spacing", "h", "length", "distance of lattice planes with lithium sites"),
        ("mobile_defect_density", "N_d", "number density", "charges per volume that a space charge can shift"),
        ("pfd_neutrality_potential", "φ_0", "potential", "charge-neutrality potential", "any"),
        ("pfd_site_density", "N", "number density", "density of defect sites"),
        ("pfd_formation_energy", "E_f", "molar energy", "defect formation energy at charge neutrality"),
        ("pfd_saturation", "α", "dimensionless", "fraction of the sites that can fill", "fraction"),
    ),
]

_AGAINST: Mapping[str, tuple[str, ...]] = {
    "ionic_conductivity": ("concentration",),
    "transference_number": ("concentration",),
    "salt_diffusivity": ("concentration",),
    "thermodynamic_factor": ("concentration",),
    "diffusivity": ("stoichiometry",),
    "diffusivity_c": ("stoichiometry",),
    "self_diffusivity": ("stoichiometry",),
    "self_diffusivity_c": ("stoichiometry",),
    "open_circuit_potential": ("stoichiometry",),
    "lattice_parameter_a": ("stoichiometry",),
    "lattice_parameter_c": ("stoichiometry",),
}

PROPERTIES: Mapping[str, Property] = MappingProxyType(
    {
        p.key: replace(
            p, against=_AGAINST.get(p.key, ()), ends="entropic" if p.key == "open_circuit_potential" else "level"
        )
        for p in _TABLE
    }
)
"""All properties by key."""
