"""Which region and which interface an impedance comes from: complex powers that add up to it exactly.

With 1 A at the working electrode its potential equals the sum, over all regions and interfaces, of the potential
difference times the conjugate of the current that passes there, displacement and charging included (Tellegen; Penfield,
Spence and Duinker, Tellegen's Theorem and Electrical Networks, 1970). It holds for the discrete solution because each
product is one term of its balances; what acts on the current (ohm, dielectric, diffusion, kinetics) does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import default_scalar_type, fem

from fem import balance
from fem.dissipation.conduction import Conduction
from fem.dissipation.electrolyte import SaltConduction
from fem.interface.charge_transfer import ChargeTransfer
from fem.passages import InterfaceState
from fem.solve.frequency import FrequencyResponse
from fem.unknowns import Field, Number
from fem.values import realised

ComplexArray = npt.NDArray[np.complex128]


@dataclass(frozen=True)
class Parts:
    """An impedance and what it consists of, at each frequency; in the unit of the response.

    Attributes:
        total: (n,) impedance.
        regions: layer -> (n,) conduction and displacement.
        diffusion: layer -> (n,) gradients of salt, and lithium below the surface of hosts.
        kinetics: interface -> (n,) charge transfer with its double layer.
        films: interface -> (n,) films.
        contacts: interface -> (n,) contact resistances, and thin pores (``a|b:gap``).
    """

    total: ComplexArray
    regions: Mapping[str, ComplexArray]
    diffusion: Mapping[str, ComplexArray]
    kinetics: Mapping[str, ComplexArray]
    films: Mapping[str, ComplexArray]
    contacts: Mapping[str, ComplexArray]

    @property
    def groups(self) -> dict[str, Mapping[str, ComplexArray]]:
        """The parts by kind."""
        kinds = ("regions", "diffusion", "kinetics", "films", "contacts")
        return {kind: getattr(self, kind) for kind in kinds}

    @property
    def sum(self) -> ComplexArray:
        """Sum of all parts: equal to the total."""
        return np.asarray(sum(x for group in self.groups.values() for x in group.values()), dtype=complex)


class Splitter:
    """Evaluates the parts of a response. Collective.

    Args:
        response: of a model that still stands at the state of linearisation.
    """

    def __init__(self, response: FrequencyResponse) -> None:
        self.response, self.model = response, response.model
        self.geometry = response.model.geometry
        stage = response.stage
        self._real = {f: fem.Function(f.space) for f in stage.fields}
        self._imaginary = {f: fem.Function(f.space) for f in stage.fields}
        mesh = self.geometry.mesh
        zero = default_scalar_type(0.0)
        self._numbers = {n: (fem.Constant(mesh, zero), fem.Constant(mesh, zero)) for n in stage.numbers}
        self._omega = fem.Constant(mesh, zero)
        # currents: (layer, carrier) -> real and imaginary part of its density, displacement included (UFL)
        self._forms: dict[tuple[str, str], tuple[Any, ...]] = {}
        self.currents: dict[tuple[str, str], list[Any]] = {}
        self._collect()

    # ------------------------------------------------------------------ small signals in UFL
    def _small(self, expression: Any) -> tuple[Any, Any]:
        """Real and imaginary part of the small signal of an expression of the unknowns."""
        return self._along(expression, self._real, 0), self._along(expression, self._imaginary, 1)

    def _along(self, expression: Any, directions: Mapping[Field, Any], part: int) -> Any:
        expression = ufl.as_ufl(expression)
        total = 0
        for field, direction in directions.items():
            total += ufl.derivative(expression, field.function, direction)
        for number, values in self._numbers.items():
            total += ufl.diff(expression, number.variable) * values[part]
        return total

    def _charging(self, expression: Any) -> tuple[Any, Any]:
        """Small signal of an expression of the rates: j omega times that of the unknowns."""
        if isinstance(expression, float | int):
            return 0.0, 0.0
        parts = []
        for part, directions in enumerate((self._real, self._imaginary)):
            total = 0
            for field, direction in directions.items():
                if "rate" in field.__dict__:
                    total += ufl.derivative(expression, field.rate, direction)
            for number, values in self._numbers.items():
                total += ufl.diff(expression, number.rate_variable) * values[part]
            parts.append(total)
        return -self._omega * parts[1], self._omega * parts[0]

    # ------------------------------------------------------------------ forms
    def _collect(self) -> None:
        for (layer, carrier), term in self.model.conductors.items():
            handle = self.model.handle(layer, carrier)
            if isinstance(term, Conduction) and handle.carrier in self._real:
                self._region(layer, carrier, term, handle.carrier)
        for state in self.model.states:
            self._interface(state)

    def _region(self, layer: str, carrier: str, term: Conduction, potential: Field) -> None:
        field = [-ufl.grad(f[potential]) for f in (self._real, self._imaginary)]
        current = list(self._small(balance.current_density(term, potential.function)))
        permittivity = realised(self.model.domains[layer], self.geometry, layer).permittivity
        carries = carrier == "ionic" or (layer, "ionic") not in self.model.conductors
        storage: list[Any] = [0 * field[0], 0 * field[1]]
        if permittivity != 0.0 and carries:
            storage = [-self._omega * permittivity * field[1], self._omega * permittivity * field[0]]
        whole = self.currents[layer, carrier] = [current[0] + storage[0], current[1] + storage[1]]
        if isinstance(term, SaltConduction):
            drop = [current[0] / term.conductivity, current[1] / term.conductivity]
            rest = [field[0] - drop[0], field[1] - drop[1]]
            self._keep("diffusion", layer, self.geometry.integral, rest, whole)
            self._keep("regions", layer, self.geometry.integral, drop, whole)
        else:
            self._keep("regions", layer, self.geometry.integral, field, whole)

    def _interface(self, state: InterfaceState) -> None:
        name, law = state.link.interface, state.link.law
        on = self.geometry.interface_integral
        charging = self._charging(state.charging)
        current = [a + b for a, b in zip(self._small(state.current), charging, strict=True)]
        if not isinstance(law, ChargeTransfer) or name.endswith(":gap"):
            drop = state.film_drop if not isinstance(law, ChargeTransfer) else state.driving
            self._keep("contacts", name, on, self._small(drop), current)
            return
        driving, film = self._small(state.driving), self._small(state.film_drop)
        self._keep("kinetics", name, on, driving, current)
        through = current
        inner = self.model.inner.get(name)
        if inner is not None:
            stored = self._charging(state.film_charging)
            through = [a + b for a, b in zip(self._small(state.film_current), stored, strict=True)]
        if law.has_film:
            self._keep("films", name, on, film, through)
        host = state.link.first[0]
        if self.model.transport is not None and self.model.transport.is_host(host):
            jump = self._small(self._jump(state))
            rest = [j - d for j, d in zip(jump, driving, strict=True)]
            if inner is None:
                rest = [r - f for r, f in zip(rest, film, strict=True)]
            self._keep("diffusion", host, on, rest, current, place=name)

    def _jump(self, state: InterfaceState) -> Any:
        """Potential of the electrode minus that on the other side of the reaction."""
        link = state.link
        side = {True: "+", False: "-"}
        below = link.interface.split("|")[0]
        first = self.model.handle(*link.first).value(side[link.first[0] == below])
        inner = self.model.inner.get(link.interface)
        if inner is not None:
            return first - inner.value("+")
        return first - self.model.handle(*link.second).value(side[link.second[0] == below])

    def _keep(self, kind: str, name: str, integral: Any, drop: Any, current: Any, place: str | None = None) -> None:
        """Add drop times the conjugate of current, integrated, to a part."""
        compiled = self.geometry.entity_maps().form
        power = (
            ufl.inner(drop[0], current[0]) + ufl.inner(drop[1], current[1]),
            ufl.inner(drop[1], current[0]) - ufl.inner(drop[0], current[1]),
        )
        forms = [compiled(integral(p * self.model.one, place or name)) for p in power]
        self._forms[kind, name] = (*self._forms.get((kind, name), ()), *forms)

    # ------------------------------------------------------------------ values
    def follow(self, response: FrequencyResponse) -> None:
        """Evaluate another response of the same model from now on; nothing is compiled again.

        Args:
            response: of the same stage of the model.
        """
        self.response = response

    def take(self, frequency: float) -> tuple[dict[Field, ComplexArray], dict[Number, complex]]:
        """Let all expressions mean the response at a frequency in Hz; returns it, per ampere."""
        fields, numbers = self.response.solution(frequency)
        for item, values in fields.items():
            self._real[item].x.array[:] = values.real
            self._imaginary[item].x.array[:] = values.imag
        for number, (real, imaginary) in self._numbers.items():
            real.value, imaginary.value = numbers[number].real, numbers[number].imag
        self._omega.value = 2 * np.pi * frequency
        return fields, numbers

    def at(self, frequency: float) -> dict[tuple[str, str], complex]:
        """(kind, name) -> part at a frequency in Hz; kinds as in `Parts`."""
        self.take(frequency)
        local = [[float(np.real(fem.assemble_scalar(form))) for form in forms] for forms in self._forms.values()]
        comm = self.response.stage.comm
        sums = comm.allreduce(np.array([complex(sum(x[0::2]), sum(x[1::2])) for x in local]))
        return dict(zip(self._forms, (complex(x) for x in sums), strict=True))

    def parts(self, frequencies: Any) -> Parts:
        """The parts at all frequencies (Hz)."""
        found = [self.at(float(f)) for f in frequencies]
        columns = {key: np.array([x[key] for x in found]) for key in self._forms}
        kinds = ("regions", "diffusion", "kinetics", "films", "contacts")
        grouped = {kind: {name: v for (k, name), v in columns.items() if k == kind} for kind in kinds}
        return Parts(self.response.impedance(frequencies), **grouped)
