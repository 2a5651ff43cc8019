"""The physical dimensions that quantities of studies and materials may have.

Data only: each dimension has a name in plain words, its SI unit, examples for messages, and the units in
which people read it. `fem.units` turns text into numbers with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Dimension:
    """One physical dimension.

    Attributes:
        name: plain words, e.g. ``"current density"``; the key in `DIMENSIONS`.
        si: coherent SI unit in the grammar of `fem.units`; ``""`` for pure numbers.
        examples: quantities shown in error messages.
        readable: units for reports, from small to large; empty means `si`.
        per_particle: eV and its multiples count per particle and are multiplied by the Avogadro constant.
        absolute_temperature: degC is an offset scale here and zero kelvin is the lower bound.
    """

    name: str
    si: str
    examples: tuple[str, ...]
    readable: tuple[str, ...] = ()
    per_particle: bool = False
    absolute_temperature: bool = False


_TABLE: tuple[Dimension, ...] = (
    Dimension("dimensionless", "", ("0.3", "1 %")),
    Dimension("length", "m", ("20 um", "3 nm", "0.1 mm"), ("nm", "µm", "mm", "m")),
    Dimension("area", "m^2", ("1 cm^2", "20 um^2"), ("µm²", "cm²", "m²")),
    Dimension("volume", "m^3", ("10 um^3", "1 cm^3"), ("µm³", "cm³", "m³")),
    Dimension("angle", "rad", ("30 deg", "0.5 rad"), ("deg",)),
    Dimension("time", "s", ("10 s", "5 min", "2 h"), ("ns", "µs", "ms", "s", "h")),
    Dimension("frequency", "Hz", ("1 kHz", "10 mHz"), ("mHz", "Hz", "kHz", "MHz", "GHz")),
    Dimension("rate", "1/s", ("1e-3 1/s", "0.1 1/h"), ("1/s",)),
    Dimension("velocity", "m/s", ("1.3 nm/s", "5 um/h"), ("nm/s", "µm/s", "mm/s", "m/s")),
    Dimension("mass", "kg", ("1 mg", "2 g"), ("mg", "g", "kg")),
    Dimension("force", "N", ("10 uN", "5 N"), ("µN", "mN", "N", "kN")),
    Dimension("temperature", "K", ("25 degC", "298.15 K"), ("°C",), absolute_temperature=True),
    Dimension("temperature difference", "K", ("10 K",), ("K",)),
    # electrical
    Dimension("current", "A", ("1 mA", "20 uA"), ("nA", "µA", "mA", "A")),
    Dimension("current density", "A/m^2", ("1 mA/cm^2", "10 A/m^2"), ("nA/cm²", "µA/cm²", "mA/cm²", "A/cm²")),
    Dimension("charge", "C", ("1 mAh", "3.6 C"), ("µC", "mC", "C")),
    Dimension("areal capacity", "C/m^2", ("1 mAh/cm^2", "3.6 C/cm^2"), ("µAh/cm²", "mAh/cm²")),
    Dimension("surface charge density", "C/m^2", ("0.1 C/m^2", "1 e/nm^2"), ("µC/cm²", "C/m²")),
    Dimension("potential", "V", ("50 mV", "3.9 V"), ("nV", "µV", "mV", "V")),
    Dimension("scan rate", "V/s", ("1 mV/s", "0.1 mV/s"), ("µV/s", "mV/s", "V/s")),
    Dimension("electric field", "V/m", ("1 MV/m", "0.1 V/nm"), ("V/m", "kV/m", "MV/m")),
    Dimension("resistance", "ohm", ("10 ohm", "3 kohm"), ("mΩ", "Ω", "kΩ", "MΩ")),
    Dimension("area-specific resistance", "ohm*m^2", ("5 ohm*cm^2", "1e-4 ohm*m^2"), ("mΩ cm²", "Ω cm²")),
    Dimension("conductivity", "S/m", ("0.5 mS/cm", "0.05 S/m"), ("S/cm",)),
    Dimension("capacitance", "F", ("1 uF", "10 nF"), ("pF", "nF", "µF", "F")),
    Dimension("capacitance per area", "F/m^2", ("10 uF/cm^2", "0.1 F/m^2"), ("µF/cm²",)),
    Dimension("polarisation", "C/m^2", ("0.26 C/m^2", "26 uC/cm^2"), ("C/m²",)),
    Dimension("piezoelectric stress constant", "C/m^2", ("2.6 C/m^2",), ("C/m²",)),
    Dimension("piezoelectric strain constant", "C/N", ("8.6 pC/N",), ("pC/N",)),
    # mechanical
    Dimension("pressure", "Pa", ("5 MPa", "150 GPa"), ("Pa", "kPa", "MPa", "GPa")),
    Dimension("stress", "Pa", ("5 MPa", "150 GPa"), ("Pa", "kPa", "MPa", "GPa")),
    Dimension("fracture toughness", "Pa*m^0.5", ("1.25 MPa*m^0.5",), ("MPa m^0.5",)),
    Dimension("energy per area", "J/m^2", ("9.7 J/m^2",), ("J/m²",)),
    Dimension("power per area", "W/m^2", ("10 W/m^2", "1 mW/cm^2"), ("µW/cm²", "mW/cm²", "W/cm²")),
    Dimension("energy density", "J/m^3", ("1 MJ/m^3",), ("J/m³", "kJ/m³", "MJ/m³")),
    Dimension("energy", "J", ("1 nJ", "2 J"), ("nJ", "µJ", "mJ", "J")),
    Dimension("power", "W", ("1 mW", "2 W"), ("nW", "µW", "mW", "W")),
    Dimension("viscosity", "Pa*s", ("80 mPa*s",), ("mPa s", "Pa s")),
    Dimension("thermal expansion", "1/K", ("16e-6 1/K",), ("1/K",)),
    # chemical
    Dimension("density", "kg/m^3", ("5.1 g/cm^3", "534 kg/m^3"), ("g/cm³",)),
    Dimension("concentration", "mol/m^3", ("1 mol/L", "50 kmol/m^3"), ("mol/L",)),
    Dimension("number density", "1/m^3", ("3.3e22 1/cm^3", "6e27 1/m^3"), ("1/cm³",)),
    Dimension("sites per area", "1/m^2", ("5 1/nm^2", "5e18 1/m^2"), ("1/nm^2",)),
    Dimension("molar volume", "m^3/mol", ("13 cm^3/mol", "13e-6 m^3/mol"), ("cm³/mol",)),
    Dimension("molar mass", "kg/mol", ("6.94 g/mol",), ("g/mol",)),
    Dimension("molar energy", "J/mol", ("0.34 eV", "37 kJ/mol"), ("J/mol", "kJ/mol"), per_particle=True),
    Dimension("diffusivity", "m^2/s", ("1e-14 m^2/s", "1e-10 cm^2/s"), ("m²/s",)),
    Dimension("molar flux", "mol/m^2/s", ("1e-5 mol/m^2/s",), ("mol/(m² s)",)),
    # phase-field models of voids and of ferroelectrics
    Dimension("gradient energy", "N", ("4.5e-7 N",), ("N",)),
    Dimension("interface mobility", "m^2/N/s", ("1e-9 m^2/(N*s)",), ("m²/(N s)",)),
    Dimension("landau coefficient of 2nd order", "J*m/C^2", ("-2.8e7 J*m/C^2",), ("J m/C²",)),
    Dimension("landau coefficient of 4th order", "J*m^5/C^4", ("-6.5e8 J*m^5/C^4",), ("J m⁵/C⁴",)),
    Dimension("landau coefficient of 6th order", "J*m^9/C^6", ("8.0e9 J*m^9/C^6",), ("J m⁹/C⁶",)),
    Dimension("electrostriction", "m^4/C^2", ("0.11 m^4/C^2",), ("m⁴/C²",)),
    Dimension("polarisation gradient energy", "J*m^3/C^2", ("0.51e-9 J*m^3/C^2",), ("J m³/C²",)),
)

DIMENSIONS: Mapping[str, Dimension] = MappingProxyType({d.name: d for d in _TABLE})
"""All dimensions by name."""
