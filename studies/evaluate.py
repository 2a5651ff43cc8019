"""The quantities of a study, evaluated on a solved model: registry names to functions of ``fem.observe``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fem.estimate.recorded import plain
from fem.observe import electrical, homogenised, interphase, mechanical
from fem.observe.assembly import Assembly
from fem.observe.edges import EdgeDistance
from fem.units import parse
from studies import breaking, fracture, impedance_quantities, joints, time_quantities, void_phase
from studies.errors import SolveError
from studies.homogenise import AXES, driven_axes
from studies.schema import Study
from studies.schema.body import body_name
from studies.schema.collapse import on_mesh
from studies.schema.outputs import QuantityRequest


@dataclass
class Point:
    """One solved operating point.

    Attributes:
        study: the study.
        assembly: at the solution.
        current: current density at the working electrode, A/m^2 of nominal area.
        voltage: cell voltage, V.
        open_circuit: cell voltage at zero current, V.
        differential: slope dV/di at this point in ohm m^2, when asked for.
        path: of the loads (`studies.breaking.BrokenPath`), where something breaks.
        moment: accepted time step (`fem.solve.transient.Point`), in studies in time.
        spectrum: impedance at this point, in studies with one; None at times of a run without one.
    """

    study: Study
    assembly: Assembly
    current: float
    voltage: float
    open_circuit: float
    differential: Callable[[], float]
    spectrum: Callable[[], Any] | None = None
    moment: Any = None
    path: Any = None
    _split: electrical.ResistanceSplit | None = field(default=None, repr=False)

    @property
    def split(self) -> electrical.ResistanceSplit:
        """Parts of the area-specific resistance."""
        if self._split is None:
            total = self.current * self.assembly.area
            self._split = electrical.resistance_split(self.assembly, total, self.voltage, self.open_circuit)
        return self._split


def evaluate(point: Point) -> dict[str, float]:
    """Label -> SI value of every quantity of the study; not a number where it needs a current or a spectrum and there
    is none.

    Raises:
        SolveError: a quantity has no value although the study was accepted.
    """
    return {label: plain(value) for label, value in evaluate_recorded(point).items()}


def evaluate_recorded(point: Point) -> dict[str, Any]:
    """The same as the assembly gives them: by a `Recorder` with their derivatives where they have one."""
    return {request.label: evaluate_one(point, request) for request in point.study.quantities}


def evaluate_one(point: Point, request: QuantityRequest) -> Any:
    """SI value of one quantity."""
    spec = point.study.spec(request.label)
    if (spec.needs_current and point.current == 0.0) or (spec.needs_impedance and point.spectrum is None):
        return float("nan")
    return _EVALUATE[request.name](point, request)


def _length(request: QuantityRequest, key: str) -> float | None:
    given = request.parameters.get(key)
    return None if given is None else parse(given, "length")


def _at(point: Point, request: QuantityRequest) -> str:
    """The interface of the mesh."""
    return on_mesh(point.study, str(request.parameters["at"]), point.assembly.geometry.interfaces)[0]


def _interface_current(point: Point, request: QuantityRequest) -> float:
    name, sign = on_mesh(point.study, str(request.parameters["at"]), point.assembly.geometry.interfaces)
    return sign * point.assembly.interface_current(name) / point.assembly.area


def _samples(point: Point, name: str, distance: float) -> Any:
    stack = point.study.stack()
    features = [f for f in stack.features if f.at == name or any(o.at == name for o in f.openings(stack))]
    import numpy as np

    from meshes.morph import moved

    parts = [f.contact_edge_samples(stack, distance) for f in features]
    points = np.concatenate([p for p in parts if len(p)]) if any(len(p) for p in parts) else np.empty((0, 1))
    if len(points) == 0:
        raise SolveError(f"no point of {name} lies {distance:g} m from a contact edge")
    return moved(points, stack)


def _focusing(point: Point, request: QuantityRequest) -> float:
    distance = _length(request, "distance")
    if distance is None:
        return electrical.focusing(point.assembly, _at(point, request))
    samples = _samples(point, _at(point, request), distance)
    return electrical.focusing_at(point.assembly, _at(point, request), samples)


def _pressure(point: Point, request: QuantityRequest) -> float:
    distance = _length(request, "distance")
    if distance is None:
        return mechanical.mean_interface_pressure(point.assembly, _at(point, request))
    samples = _samples(point, _at(point, request), distance)
    return mechanical.interface_pressure_at(point.assembly, _at(point, request), samples)


def _crack(request: QuantityRequest) -> str:
    return str(request.parameters["crack"])


def _tip(request: QuantityRequest) -> int:
    return int(str(request.parameters["tip"]))


def _layers(point: Point, request: QuantityRequest) -> tuple[str, ...]:
    given, solids = request.parameters.get("layer"), point.assembly.mechanics.solids
    if given is None:
        return tuple(solids)
    return tuple(r for r in solids if r == given or body_name(r) == given) or (str(given),)


def _extreme(measure: Any) -> Callable[[Point, QuantityRequest], float]:
    def find(point: Point, request: QuantityRequest) -> float:
        clear = _length(request, "distance") or 0.0
        return mechanical.largest(
            point.assembly, measure, _layers(point, request), _nearest_edge(point.assembly), clear
        )

    return find


def _nearest_edge(assembly: Assembly) -> Any:
    """Distance from the nearest contact edge of any interface or crack front; None when there are none."""
    import numpy as np

    from fem.errors import ModelError

    edges = []
    for name in assembly.geometry.interfaces:
        try:
            edges.append(EdgeDistance.of(assembly, name))
        except ModelError:
            continue
    fronts = fracture.front_distance(assembly.geometry.tagged.stack)
    if fronts is not None:
        return lambda x: np.min([*(e.of_points(x) for e in edges), fronts(x)], axis=0)
    if not edges:
        return None
    return lambda x: np.min([e.of_points(x) for e in edges], axis=0)


def _effective_conductivity(point: Point, request: QuantityRequest) -> Any:
    """Not a number where the field of the present load case points elsewhere."""
    driven, given = driven_axes(point.study), request.parameters
    field, current = str(given["field"]), str(given["component"])
    if field == "driven":
        field = current if len(driven) > 1 and current in AXES else AXES[driven[-1]]
    if current == "along-field":
        current = field
    along = AXES.index(field)
    if homogenised.mean_field(point.assembly, along) == 0:
        return float("nan")
    return homogenised.effective_conductivity(point.assembly, AXES.index(current), along)


def _named_layer(request: QuantityRequest) -> str | None:
    layer = request.parameters.get("layer")
    return None if layer is None else str(layer)


_EVALUATE: dict[str, Callable[[Point, QuantityRequest], float]] = {
    **impedance_quantities.EVALUATE,
    **breaking.EVALUATE,
    **joints.EVALUATE,
    "cell_voltage": lambda p, r: p.voltage,
    "cell_current": lambda p, r: p.current,
    "area_specific_resistance": lambda p, r: p.split.total,
    "bulk_resistance": lambda p, r: p.split.bulk,
    "kinetic_resistance": lambda p, r: p.split.kinetic,
    "film_resistance": lambda p, r: p.split.film,
    "contact_resistance": lambda p, r: p.split.contact,
    "constriction_resistance": lambda p, r: p.split.constriction,
    "differential_resistance": lambda p, r: p.differential(),
    "electronic_current": lambda p, r: electrical.electronic_current(p.assembly, str(r.parameters["layer"])),
    "interface_current": _interface_current,
    "overpotential": lambda p, r: electrical.mean_overpotential(p.assembly, _at(p, r)),
    "current_focusing": _focusing,
    "edge_current_share": lambda p, r: electrical.edge_share(p.assembly, _at(p, r), _length(r, "distance") or 0.0),
    "contact_fraction": lambda p, r: electrical.contact_fraction(p.assembly, _at(p, r)),
    "interface_pressure": _pressure,
    "stress_shift": lambda p, r: mechanical.stress_shift(p.assembly, _at(p, r)),
    "max_von_mises": _extreme(mechanical.equivalent),
    "max_principal_stress": _extreme(mechanical.principal),
    "mean_stress": lambda p, r: mechanical.mean_stress(p.assembly, _layers(p, r), str(r.parameters["component"])),
    "mean_stack_pressure": lambda p, r: mechanical.stack_force(p.assembly) / p.assembly.area,
    "stack_shortening": lambda p, r: mechanical.stack_shortening(p.assembly),
    "elastic_energy": lambda p, r: mechanical.elastic_energy(p.assembly, _layers(p, r)) / p.assembly.area,
    "creep_dissipation": lambda p, r: mechanical.creep_dissipation(p.assembly, _layers(p, r)) / p.assembly.area,
    "creep_power": lambda p, r: mechanical.creep_power(p.assembly, _layers(p, r)) / p.assembly.area,
    "void_closure": lambda p, r: mechanical.void_closure(p.assembly),
    "mean_creep_strain": lambda p, r: mechanical.mean_creep_strain(p.assembly, _layers(p, r)),
    "energy_release_rate": lambda p, r: fracture.energy_release_rate(p.assembly, _crack(r), _tip(r)),
    "stress_intensity": lambda p, r: fracture.stress_intensity(
        p.assembly, _crack(r), _tip(r), str(r.parameters["mode"])
    ),
    "crack_opening": lambda p, r: fracture.crack_opening(p.assembly, _crack(r)),
    "effective_conductivity": _effective_conductivity,
    "interphase_thickness": lambda p, r: interphase.thickness(p.assembly, _at(p, r), _named_layer(r)),
    "interphase_force": lambda p, r: interphase.membrane_force(p.assembly, _at(p, r)),
    "interphase_resistance": lambda p, r: interphase.film_resistance(p.assembly, _at(p, r)),
    "decomposition_charge": lambda p, r: interphase.decomposition_charge(p.assembly, _at(p, r)),
    "dissipation": lambda p, r: electrical.power(p.assembly).total / p.assembly.area,
    **time_quantities.EVALUATE,
    **void_phase.EVALUATE,
}
