"""What a quantity is, and what may be given with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Convergence", "Parameter", "ParameterKind", "QuantitySpec"]

ParameterKind = Literal[
    "electrode-interface",
    "interface",
    "layer",
    "crack",
    "number",
    "length",
    "choice",
    "share",
    "ion",
    "interphase",
    "interphase-layer",
    "frequency",
    "joint",
    "cohesive",
]
Convergence = Literal["functional", "flux"]


@dataclass(frozen=True)
class Parameter:
    """A parameter of a quantity.

    Attributes:
        kind: what its value is: the name of an interface (``a|b``; *electrode-interface*: one with charge
            transfer), of a layer, of a crack, a number from 1 on, a length or frequency with unit, a share above 0 and
            below 1, the name of an ion, or one of `choices`.
        description: what it does.
        default: value when left out; `None` as the description says.
        choices: the allowed words of kind *choice*.
    """

    kind: ParameterKind
    description: str
    default: str | None = None
    choices: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True)
class QuantitySpec:
    """What a quantity is.

    Attributes:
        name: the name in study files and results.
        dimension: physical dimension, a key of `fem.dimensions.DIMENSIONS`.
        unit: unit in results.json (SI; empty for pure numbers).
        description: one sentence, with the definition.
        parameters: what may be given with it.
        needs_mechanics: only defined where stresses are computed.
        needs_current: only defined at a current other than zero.
        convergence: *functional* (an integral: order 2 * degree on smooth solutions) or *flux* (a derivative
            at a place: order degree).
        space_charge: of space-charge studies, which have none of the others.
        needs_time: of studies with a protocol.
        needs_impedance: of studies with the section `impedance`.
        needs_fracture: of studies in which a layer may break.
        needs_joint: of studies in which the sides of an interface may part; of what kind it must be.
    """

    name: str
    dimension: str
    unit: str
    description: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    needs_mechanics: bool = False
    needs_current: bool = False
    convergence: Convergence = "functional"
    space_charge: bool = False
    needs_time: bool = False
    needs_impedance: bool = False
    needs_fracture: bool = False
    needs_joint: Literal["any", "contact", "cohesive"] | None = None

    def order(self, degree: int) -> int:
        """Theoretical order in the mesh size for elements of this degree and a smooth solution."""
        return 2 * degree if self.convergence == "functional" else degree
