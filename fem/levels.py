"""Potentials of metals that are resolved: counted from that of their terminal, so that their currents have all digits.

Across 10 um of lithium (1e7 S/m) 10 A/m^2 take 1e-11 V, of which volts in double precision keep five digits. The
function of such a field holds the difference from the potential of its terminal instead (`Field.level`), and the number
of the terminal what it is beyond the last solution (`Number.zero`); both are brought up to date after every solve.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fem.dissipation.conduction import Conduction
from fem.errors import ModelError
from fem.unknowns import Field, Number, Tie

if TYPE_CHECKING:
    from fem.model import Model
    from fem.potentials import Node

__all__ = ["anchor_metal", "plain_conductivity"]

METAL = 10.0
"""S/m above which the potential of a conductor counts from that of its terminal."""
_DIGITS = 1e6


def anchor_metal(model: Model, field: Field, tie: Tie, layer: str, carrier: str) -> None:
    """Let the potential of a field count from a terminal in a metal, to which `tie` ties it.

    Raises:
        ModelError: the field has another terminal at its other end, and its conductivities are too far apart.
    """
    own = plain_conductivity(model, (layer, carrier))
    if own is None or own < METAL:
        return
    if field.level is None:
        field.anchor = tie
        name = f"level of {field.name}"
        field.level = model.add_number(Number.create(name, model.geometry.mesh, 0.0, unknown=False))
        return
    nodes = [(name, kind) for name in field.layers for kind in ("ionic", "electronic")]
    least = min(value for node in nodes if (value := plain_conductivity(model, node)) is not None)
    if own > _DIGITS * least:
        raise ModelError(
            f"layer {layer!r} conducts {own / least:.3g} times better than another one to which perfect contacts join "
            "it, and so does the layer at the other end: the potential drop within them is lost in rounding. Take one "
            "of them as an equipotential, or give one of the contacts kinetics or a resistance"
        )


def plain_conductivity(model: Model, node: Node) -> float | None:
    """Conductivity of a node in S/m as a number; None where it has none, or one that varies."""
    term: Any = model.conductors.get(node)
    if not isinstance(term, Conduction):
        return None
    value = getattr(term.conductivity, "value", term.conductivity)
    return float(value) if isinstance(value, int | float | np.ndarray | np.number) and np.size(value) == 1 else None
