"""Quantities of studies in time: what they are, and how they are read off the state at a recorded time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fem.constants import FARADAY
from fem.dissipation.intercalation import Intercalation
from fem.observe.interphase import stored_lithium
from studies.errors import SolveError
from studies.schema.body import body_name
from studies.schema.collapse import on_mesh
from studies.stored import amount, extremes, volume

if TYPE_CHECKING:
    from studies.evaluate import Point
    from studies.schema.outputs import QuantityRequest

__all__ = ["EVALUATE"]


def _regions(point: Point, request: QuantityRequest, hosts: bool | None = None) -> tuple[str, ...]:
    """Regions of the mesh that the request means: those of a body, or all with a concentration."""
    transport = point.assembly.model.transport
    all_of_them = tuple(transport.fields) if transport is not None else ()
    given = request.parameters.get("layer")
    found = tuple(r for r in all_of_them if given is None or body_name(r) == given)
    if hosts is not None and transport is not None:
        found = tuple(r for r in found if transport.is_host(r) == hosts)
    if not found:
        raise SolveError(f"{request.label}: no concentration changes in {given or 'any region'}")
    return found


def _concentration(point: Point, request: QuantityRequest) -> tuple[tuple[str, ...], bool]:
    """Regions that the request means, and whether it asks for their ionic liquid."""
    liquid = request.parameters.get("of") == "ionic_liquid"
    transport = point.assembly.model.transport
    found = _regions(point, request)
    if liquid and transport is not None:
        found = tuple(r for r in found if r in transport.liquids)
    if not found:
        raise SolveError(f"{request.label}: no ionic liquid in {request.parameters.get('layer') or 'any region'}")
    return found, liquid


def _mean(point: Point, request: QuantityRequest) -> float:
    regions, liquid = _concentration(point, request)
    return sum(amount(point.assembly, r, liquid) for r in regions) / sum(volume(point.assembly, r) for r in regions)


def _extreme(point: Point, request: QuantityRequest, which: int) -> float:
    regions, liquid = _concentration(point, request)
    return extremes(point.assembly, regions, liquid)[which]


def _lithiation(point: Point, request: QuantityRequest) -> float:
    regions = _regions(point, request, hosts=True)
    transport = point.assembly.model.transport
    assert transport is not None
    full = 0.0
    for region in regions:
        host = transport.given[region]
        assert isinstance(host, Intercalation)
        full += float(host.maximum) * volume(point.assembly, region)
    return sum(amount(point.assembly, r) for r in regions) / full


def _stored_lithium(point: Point, request: QuantityRequest) -> float:
    name = on_mesh(point.study, str(request.parameters["at"]), point.assembly.geometry.interfaces)[0]
    return FARADAY * stored_lithium(point.assembly, name)


def _moment(point: Point) -> Any:
    if point.moment is None:
        raise SolveError("this quantity is of studies in time")
    return point.moment


EVALUATE: Mapping[str, Callable[[Point, QuantityRequest], float]] = {
    "elapsed_time": lambda p, r: float(_moment(p).time),
    "passed_charge": lambda p, r: float(_moment(p).charge),
    "mean_concentration": _mean,
    "lowest_concentration": lambda p, r: _extreme(p, r, 0),
    "highest_concentration": lambda p, r: _extreme(p, r, 1),
    "mean_lithiation": _lithiation,
    "stored_lithium": _stored_lithium,
}
