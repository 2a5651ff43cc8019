"""Where contacts end at the border of two conductors: what a continuous potential cannot describe there.

Let a body of conductivity s touch a metal perfectly, beside an electrolyte of conductivity S >> s that does not (it has
kinetics, or no contact). Where the three meet, the potential is that of the metal on one side and jumps to that of the
electrolyte: like r^l with tan(l a) tan(l b) = s/S (angles a, b), l = 0.06 at s/S = 0.01 and 90 degrees each. On no mesh
does a continuous potential follow this: its common node is the metal's, and joins metal and electrolyte past the body.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fem.errors import ModelError
from fem.interface.names import both_sides
from fem.levels import plain_conductivity

if TYPE_CHECKING:
    from fem.model import Model

__all__ = ["LEAST_RATIO", "refuse_short_circuits"]

LEAST_RATIO = 0.03
"""Conductivities further apart than this are not joined at the end of a perfect contact."""


def refuse_short_circuits(model: Model) -> None:
    """Refuse perfect contacts of bad conductors that end where a better one begins. Collective.

    Raises:
        ModelError: naming the contact and what would help.
    """
    geometry = model.geometry
    perfect = {(spec.interface, spec.resolved) for spec, _, _ in model.perfect_ties}
    for spec, field, _ in model.perfect_ties:
        own = plain_conductivity(model, spec.resolved)
        metals = {layer for layer, _ in model.network.metals[model.network.root[spec.metal][0]]}
        for layer in field.layers:
            node = (layer, spec.resolved[1])
            other = plain_conductivity(model, node)
            if own is None or other is None or own >= LEAST_RATIO * other or model.handle(*node).carrier is not field:
                continue
            for name in geometry.interfaces:
                sides = set(both_sides(name))
                if layer not in sides or not sides & metals or (name, node) in perfect:
                    continue
                mine = geometry.facet_dofs(field.space, field.region, spec.interface)
                theirs = geometry.facet_dofs(field.space, field.region, name)
                if geometry.comm.allreduce(len(np.intersect1d(mine, theirs))):
                    raise ModelError(
                        f"interface {spec.interface!r} is in perfect contact and ends where {name!r} begins, which is "
                        f"not; {spec.resolved[0]!r} conducts {other / own:.3g} times worse than {layer!r}, to which it "
                        f"is joined: their common edge would be a short circuit. Give {spec.interface!r} kinetics or a "
                        f"resistance, or one to the contact between {spec.resolved[0]!r} and {layer!r}"
                    )
