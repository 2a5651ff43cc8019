"""What is read off a spectrum."""

from __future__ import annotations

from typing import Any

from studies.quantities.spec import Parameter, QuantitySpec

__all__ = ["SPECS"]

_SPECTRUM: dict[str, Any] = {
    "dimension": "area-specific resistance", "unit": "ohm m^2", "needs_impedance": True,
}  # fmt: skip
_FREQUENCY = Parameter("frequency", "frequency, within the range of the spectrum", required=True)
_COMPONENT = Parameter("choice", "real or imaginary part, or the modulus", "real", ("real", "imaginary", "modulus"))
_ARC = Parameter("number", "which arc, counted from high frequencies", "1")

SPECS = (
    QuantitySpec(
        "high_frequency_resistance", description="real part of the impedance at the highest frequency", **_SPECTRUM
    ),
    QuantitySpec(
        "polarisation_resistance",
        description="real part of the impedance at the lowest frequency minus that at the highest", **_SPECTRUM,
    ),
    QuantitySpec(
        "impedance", description="impedance of the cell at a frequency",
        parameters={"frequency": _FREQUENCY, "component": _COMPONENT}, **_SPECTRUM,
    ),
    QuantitySpec(
        "impedance_part", description="what one mechanism contributes to the impedance at a frequency: complex power"
        " over the squared current; all parts add up to the impedance",
        parameters={
            "of": Parameter(
                "choice", "bulk: layers at uniform current; constriction: the rest of conduction, bodies included;"
                " diffusion: gradients of salt and lithium; kinetics with their double layers; films; contacts",
                "constriction", ("bulk", "constriction", "diffusion", "kinetics", "films", "contacts"),
            ),
            "frequency": _FREQUENCY, "component": _COMPONENT,
        }, **_SPECTRUM,
    ),
    QuantitySpec(
        "arc_resistance", description="resistance of an arc of the spectrum: integral over a peak of the distribution"
        " of relaxation times", parameters={"arc": _ARC}, **_SPECTRUM,
    ),
    QuantitySpec(
        "arc_frequency", "frequency", "Hz", "characteristic frequency of an arc of the spectrum: that of the peak of"
        " the distribution of relaxation times", {"arc": _ARC}, needs_impedance=True,
    ),
    QuantitySpec(
        "kramers_kronig_residual", "dimensionless", "", "largest deviation of the spectrum from a sum of resistors and"
        " capacitors, relative to its modulus", needs_impedance=True,
    ),
)  # fmt: skip
