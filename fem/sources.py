"""Sources in the volume and on surfaces: what a model is fed with beside its electrodes and loads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ufl

from fem.conditions import Source, SurfaceSource
from fem.errors import ModelError
from fem.interface.names import both_sides
from fem.unknowns import Field, Number

if TYPE_CHECKING:
    from fem.model import Model

__all__ = ["feed"]


def feed(model: Model) -> None:
    """Add the sources of a model to the balances of what they feed.

    Raises:
        ModelError: what a source feeds is not there.
    """
    x = ufl.SpatialCoordinate(model.geometry.mesh)
    for source in model.conditions:
        if not isinstance(source, Source | SurfaceSource):
            continue
        target = _fed_by(model, source)
        if isinstance(source, SurfaceSource) and source.quantity not in ("inner", "thickness"):
            _check_touching(model, source, target)
        density = source.density(x, model.time) if source.timed else source.density(x)
        if isinstance(target, Number):
            if not isinstance(source, SurfaceSource) or source.layer in model.geometry.layers:
                raise ModelError(f"layer {source.layer!r} is an equipotential: no source there")
            model.charges[target].append(model.geometry.interface_integral(-density * model.one, source.facets))
            continue
        if isinstance(source, Source):
            form = model.geometry.integral(-ufl.inner(density, target.test), source.layer, source.degree)
        elif source.facets in (*model.geometry.interfaces, *model.geometry.gaps):
            side = "-" if source.layer == both_sides(source.facets)[1] else "+"
            form = model.geometry.interface_integral(-ufl.inner(density, target.test(side)), source.facets)
        else:
            form = model.geometry.outer_integral(-ufl.inner(density, target.test), source.facets, target.layers)
        model.residuals[target].append(form)
        if source.quantity == "force" and model.mechanics is not None:
            model.mechanics.dead.append(form)


def _check_touching(model: Model, source: SurfaceSource, target: Field | Number) -> None:
    """Refuse a source where its unknown does not exist: dolfinx would read beyond the end of a field there."""
    if source.facets in (*model.geometry.interfaces, *model.geometry.gaps):
        if source.layer not in both_sides(source.facets):
            raise ModelError(f"surface source at {source.facets!r}: layer {source.layer!r} is on neither side of it")
        return
    there = model.geometry.layers_on(source.facets)
    known = target.layers if isinstance(target, Field) else (source.layer,)
    if not there & set(known):
        raise ModelError(
            f"surface source of {source.quantity} on {source.facets!r}: layer {source.layer!r} has no facets "
            f"there; those that have are {', '.join(sorted(there)) or 'none'}"
        )


def _fed_by(model: Model, source: Source | SurfaceSource) -> Field | Number:
    """The unknown whose balance a source feeds."""
    if source.quantity == "force":
        if model.mechanics is None:
            raise ModelError("a force source needs mechanics")
        return model.mechanics.displacement_of(source.layer)
    voids = model.void_phases
    if voids is not None and source.layer in voids.layers and source.quantity in ("lithium", "order"):
        return voids.fed_by(source.layer, source.quantity)
    if source.quantity in ("salt", "lithium"):
        if model.transport is None or source.layer not in model.transport.fields:
            raise ModelError(f"layer {source.layer!r} stores nothing: no source of {source.quantity} there")
        return model.transport.fields[source.layer]
    if source.quantity == "liquid":
        if model.transport is None or source.layer not in model.transport.liquids:
            raise ModelError(f"layer {source.layer!r} has no ionic liquid: no source of it there")
        return model.transport.liquids[source.layer]
    if isinstance(source, SurfaceSource) and source.quantity == "inner":
        return model.inner[source.facets].carrier
    if isinstance(source, SurfaceSource) and source.quantity == "thickness":
        return model.thickness[source.facets][source.layer].carrier
    return model.handle(source.layer, source.quantity).carrier
