"""The quantities of a space-charge study, read off an equilibrium."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fem.errors import ModelError
from fem.units import parse
from studies.errors import SolveError
from studies.schema.outputs import QuantityRequest
from studies.space_charge import build

if TYPE_CHECKING:
    from studies.space_charge.states import State


def evaluate(state: State) -> dict[str, float]:
    """Label -> SI value of every quantity of the study.

    Raises:
        SolveError: a quantity has no value although the study was accepted.
    """
    try:
        return {request.label: _EVALUATE[request.name](state, request) for request in state.study.quantities}
    except ModelError as error:
        raise SolveError(str(error)) from error


def _electrode(state: State, request: QuantityRequest) -> str:
    given = request.parameters.get("electrode")
    return str(given) if given is not None else next(iter(build.section(state.study).electrodes))


def _layer(state: State, request: QuantityRequest) -> str:
    given = request.parameters.get("layer")
    return str(given) if given is not None else next(iter(state.media))


def _share(request: QuantityRequest) -> float:
    return parse(request.parameters["share"], "dimensionless")


def _depletion(state: State, request: QuantityRequest) -> float:
    layer = _layer(state, request)
    ions = state.media[layer].ions
    name = request.parameters.get("ion", ions[0].name if ions else "")
    for ion in ions:
        if ion.name == name:
            return 1 - state.fraction(_at(request), layer, ion.name) / ion.fraction
    raise SolveError(f"depletion: layer {layer!r} has no ion {name!r}")


def _at(request: QuantityRequest) -> str:
    return str(request.parameters["at"])


def _potential(state: State, request: QuantityRequest) -> float:
    distance = parse(request.parameters["distance"], "length")
    return state.potential(_at(request), _layer(state, request), distance)


def _integral(state: State, request: QuantityRequest) -> float:
    electrode = _electrode(state, request)
    potential = state.contact_potential(electrode)
    return state.charge(electrode) / potential if potential else float("nan")


_EVALUATE: dict[str, Callable[[Any, QuantityRequest], float]] = {
    "electrode_charge": lambda s, r: s.charge(_electrode(s, r)),
    "differential_capacitance": lambda s, r: s.capacitance(_electrode(s, r)),
    "integral_capacitance": _integral,
    "contact_potential": lambda s, r: s.contact_potential(_electrode(s, r)),
    "space_charge": lambda s, r: s.layer_charge(_layer(s, r)),
    "interface_charge": lambda s, r: s.interface_charge(_at(r)),
    "space_charge_width": lambda s, r: s.width(_at(r), _layer(s, r), _share(r)),
    "space_charge_resistance": lambda s, r: s.resistance(_layer(s, r)),
    "depletion": _depletion,
    "electric_potential": _potential,
    "debye_length": lambda s, r: s.media[_layer(s, r)].debye_length(s.study.operation.temperature),
}
