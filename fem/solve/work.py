"""Energies of a model and the work that is done on it: what must agree while nothing jumps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem, la
from mpi4py import MPI
from ufl.algorithms import estimate_total_polynomial_degree
from ufl.algorithms.apply_algebra_lowering import apply_algebra_lowering
from ufl.algorithms.apply_derivatives import apply_derivatives

from fem.errors import ModelError
from fem.solve.closing import Closing
from fem.unknowns import Field

if TYPE_CHECKING:
    from fem.model import Model

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Energies:
    """J (per depth in 2-D, per area in 1-D).

    Attributes:
        stored: elastic energy, that of bonds and closed contacts included.
        fracture: energy of the cracks, and what broken bonds have dissipated.
        loads: minus the work that dead loads, platens and pressures in cracks would do from the undeformed state.
    """

    stored: float
    fracture: float
    loads: float

    @property
    def potential(self) -> float:
        """What the state minimises."""
        return self.stored + self.fracture + self.loads


@dataclass(frozen=True)
class _Ends:
    """One end of a step.

    Attributes:
        forces, moved: (owned rows,) forces from outside, N; displacements, m.
        fills: pressure (Pa) and volume of what fills cracks with one pressure.
        bent: (owned rows,) inner forces of solids with cracks that close. pressed: of local pressures in cracks.
        fields: displacements and damage, ghosts included.
    """

    forces: Array
    moved: Array
    fills: list[tuple[float, float]]
    bent: Array
    pressed: Array
    fields: list[Array]


class Book:
    """Evaluates energies and adds up the work of supports, platens, loads, eigenstrains and pressures in cracks.

    The work between two states is that of the mean of both forces (the trapezoidal rule): exact for linear solids. What
    tractions of bonds and contacts do on their way from one state to the other is known from their laws
    (`Joint.extra_work`) and adds what the rule misses (Betti); so does what cracks that open or close bear
    (`fem.solve.closing`).

    Where the damage of a phase field changes, steps have two parts (`fem.solve.cracked`): in one the loads change and
    the damage stands still (``advance(damage_held=True)``), in the other the damage changes and the loads stand still.

    Args:
        model: with mechanics.

    Attributes:
        work: so far, J. pressed: that of local pressures in cracks in the last part of a step.

    Raises:
        ModelError: it has none.
    """

    def __init__(self, model: Model) -> None:
        if model.mechanics is None:
            raise ModelError("this model has no mechanics")
        self.model, mechanics = model, model.mechanics
        self.comm, self.unknowns = model.geometry.comm, mechanics.displacements
        form, integral = model.geometry.entity_maps().form, model.geometry.integral
        joints = list(model.joints.values())
        stored = [integral(mechanics.energy_density(x), x, _degree(model, x)) for x in mechanics.solids]
        self._stored = form(_total(stored))
        self._joined = form(_total([j.points.integral(j.stored() * model.one) for j in joints])) if joints else None
        self._extra = form(_total([j.extra_work() for j in joints])) if joints else None
        self._extra_before = 0.0
        cracks = [] if model.damage is None else [model.damage.surface_energy(x) for x in model.damage.terms]
        cracks += [j.points.integral(x * model.one) for j in joints if (x := j.dissipated()) is not None]
        self._cracks = form(_total(cracks)) if cracks else None
        dead = {u: [x for x in mechanics.dead if x.arguments()[0] == u.test] for u in self.unknowns}
        works = [ufl.replace(_total(forms), {u.test: u.function}) for u, forms in dead.items() if forms]
        self._dead = form(_total(works)) if works else None
        fills = [] if model.damage is None else model.damage.fills
        self._fills = [(fill.pressure, form(fill.volume)) for fill in fills if fill.pressure is not None]
        self._fills += [(driven.number, form(driven.moved)) for driven in model.opened.values()]
        pressing = [fill.energy for fill in fills]
        self._pressing = form(_total(pressing)) if pressing else None
        self._shut = [(fill.pressure, form(fill.volume)) for fill in fills if fill.volume_given]
        local = [fill.energy for fill in fills if fill.pressure is None]
        self._local = form(_total(local)) if local else None
        self._local_rows = None
        if local:
            u = mechanics.displacement
            self._local_rows = form(ufl.derivative(_total(local), u.function, u.test))
        self._closing = Closing.of(model, lambda layer: _degree(model, layer))
        self._rows_forms = {u: form(model.system.residuals[u]) for u in self.unknowns}
        self._dead_rows_forms = {u: form(_total(forms)) for u, forms in dead.items() if forms}
        self._strains = eigenstrains(model)
        transport = model.transport
        hosts = {} if transport is None else {id(f): f.function for f in transport.fields.values()}
        contained = {id(c) for x in stored for c in x.coefficients()}
        self._stored_in = [c for c in hosts.values() if id(c) in contained]
        self._stored_in += [opening.field.function for opening in mechanics.openings.values()]
        self._before: tuple[list[Array], list[Array], Array] | None = None
        self.work, self.pressed = 0.0, 0.0
        self._last: _Ends | None = None

    def _scalar(self, form: Any) -> float:
        return 0.0 if form is None else float(self.comm.allreduce(np.real(fem.assemble_scalar(form))))

    def energies(self) -> Energies:
        """Of the present state. Collective."""
        loads = self._scalar(self._dead)
        loads += self._scalar(self._pressing)
        numbers = {t.number for u in self.unknowns for t in u.ties if t.number is not None}
        loads -= sum(n.source * n.value for n in sorted(numbers, key=lambda n: n.name) if n.unknown)
        return Energies(self._scalar(self._stored) + self._scalar(self._joined), self._scalar(self._cracks), loads)

    def restart(self, work: float) -> None:
        """Count from the present state, with the work so far. Collective."""
        self._last, self._before, self.work = None, None, work
        self.advance()

    def _rows(self, unknown: Field, form: Any) -> Array:
        vector = la.vector(unknown.space.dofmap.index_map, unknown.space.dofmap.index_map_bs)
        fem.assemble_vector(vector.array, form)
        vector.scatter_reverse(la.InsertMode.add)
        return np.array(vector.array[: unknown.owned])

    def _forces(self) -> Array:
        """(owned rows,) forces from outside on the nodes: reactions where they are held, and dead loads."""
        parts = []
        for unknown in self.unknowns:
            held = unknown.constrained()
            rows, out = self._rows(unknown, self._rows_forms[unknown]), np.zeros(unknown.owned)
            own = held[held < unknown.owned]
            out[own] = rows[own]
            if unknown in self._dead_rows_forms:
                out -= self._rows(unknown, self._dead_rows_forms[unknown])
            parts.append(out)
        return np.concatenate(parts)

    def free(self, energies: Energies) -> float:
        """Of the present state, J: what damage lowers while the loads stand still. Collective.

        Where the volume in the cracks is given, what fills them is no load; local pressures, which may follow the
        damage, are left out (`pressed`).

        Args:
            energies: of the present state.
        """
        shut = sum(p.value * self._scalar(v) for p, v in self._shut if p is not None)
        return energies.potential + shut - self._scalar(self._local)

    def mark(self) -> tuple[Any, ...]:
        """Where the book is, to go on from there once more."""
        return self.work, self._last, self._before, self._extra_before

    def back(self, mark: tuple[Any, ...]) -> None:
        """Be where the book was."""
        self.work, self._last, self._before, self._extra_before = mark

    def _ends(self) -> _Ends:
        """What the work to and from the present state needs of it."""
        moved = np.concatenate([u.function.x.array[: u.owned] for u in self.unknowns])
        fills = [(pressure.value, self._scalar(volume)) for pressure, volume in self._fills]
        closing, local, unknown = self._closing, self._local_rows, self.unknowns[0]
        bent = np.empty(0) if closing is None else self._rows(unknown, closing.rows)
        pressed = np.empty(0) if local is None else self._rows(unknown, local)
        damage = None if self.model.damage is None else self.model.damage.unknown.function
        fields = [u.function for u in self.unknowns] + ([] if damage is None else [damage])
        return _Ends(self._forces(), moved, fills, bent, pressed, [np.array(f.x.array) for f in fields])

    def advance(self, damage_held: bool = False) -> float:
        """Add the work since the last call; returns the work since the first one. Collective.

        Args:
            damage_held: the damage of a phase field has stood still meanwhile; else the loads have, where there is one.
        """
        now, last = self._ends(), self._last
        change = None if last is None else now.moved - last.moved
        if last is not None and change is not None:
            self.work += self._sum(0.5 * (last.forces + now.forces) @ change)
            for (p, v), (p_then, v_then) in zip(now.fills, last.fills, strict=True):
                self.work += 0.5 * (p + p_then) * (v - v_then)
            if self._local is not None:
                # a local pressure times an opening is linear in either of them while the damage stands still
                half = -0.5 * (last.pressed + now.pressed)
                self.pressed = self._sum(half @ change) if damage_held else self._opened(last)
                self.work += self.pressed
        swelling, met = self._swelling()
        self.work += swelling
        if self._closing is not None and damage_held and last is not None and change is not None:
            self.work += met - self._sum(0.5 * (last.bent + now.bent) @ change)
        extra = self._scalar(self._extra)
        if last is not None:
            self.work += extra - self._extra_before
        self._last, self._extra_before = now, extra
        return self.work

    def _sum(self, value: Any) -> float:
        return float(self.comm.allreduce(float(value)))

    def _opened(self, last: _Ends) -> float:
        """Work of the present local pressures while displacement and damage became what they are."""
        assert self.model.damage is not None
        functions = [*(u.function for u in self.unknowns), self.model.damage.unknown.function]
        now, found = [np.array(f.x.array) for f in functions], self._scalar(self._local)
        self._set(functions, last.fields)
        found -= self._scalar(self._local)
        self._set(functions, now)
        return -found

    def _forms(self) -> Array:
        """Stored energy of all solids, and of those with cracks that close, J."""
        closing = 0.0 if self._closing is None else self._scalar(self._closing.energy)
        return np.array([self._scalar(self._stored), closing])

    def _swelling(self) -> tuple[float, float]:
        """Work of what changes stress-free strains since the last call: half of what the change adds to either state.

        Exact where the energy is quadratic in the elastic strain. Concentrations of hosts and openings of interfaces
        count like eigenstrains that are constants.

        Returns:
            The work in J, and what solids with cracks that close have stored in J, less their part of that work.
        """
        if not self._strains and not self._stored_in and self._closing is None:
            return 0.0, 0.0
        model, causes = self.model, {id(c) for c in self._stored_in}
        fields = [f.function for f in model.fields if id(f.function) not in causes]
        fields += [creep.function for creep in model.creeps.values()]
        fields += [] if model.damage is None else [model.damage.unknown.function]
        now, found = [np.array(f.x.array) for f in fields], self._forms()
        strains = [np.array(c.value) for c in self._strains] + [np.array(c.x.array) for c in self._stored_in]
        done, stored = [0.0, 0.0], 0.0
        if self._before is not None:
            then, strains_then, found_then = self._before
            changed = any(np.any(a != b) for a, b in zip(strains, strains_then, strict=True))
            if self.comm.allreduce(bool(changed), op=MPI.LOR):
                self._set(fields, then)
                ahead = self._forms() - found_then
                self._set(fields, now)
                self._set_causes(strains_then)
                done = list(0.5 * (ahead + found - self._forms()))
                self._set_causes(strains)
            stored = float(found[1] - found_then[1])
        self._before = (now, strains, found)
        return float(done[0]), stored - float(done[1])

    @staticmethod
    def _set(functions: list[Any], values: list[Array]) -> None:
        for function, array in zip(functions, values, strict=True):
            function.x.array[:] = array

    def _set_causes(self, values: list[Array]) -> None:
        number = len(self._strains)
        for constant, value in zip(self._strains, values[:number], strict=True):
            constant.value = value
        self._set(self._stored_in, values[number:])


def _degree(model: Model, layer: str) -> int | None:
    """Degree of the quadrature rule of the momentum balance, where the energy would have another one.

    Tables of lattice parameters are no polynomials: work and energy agree only with one rule for both.
    """
    mechanics, transport = model.mechanics, model.transport
    assert mechanics is not None
    swelling = (getattr(x, "swelling", None) for x in model.energies[layer])
    if transport is None or not transport.is_host(layer) or all(x is None for x in swelling):
        return None
    density = model.geometry.weight() * mechanics.virtual_work(layer, mechanics.displacement_of(layer).test)
    return int(estimate_total_polynomial_degree(apply_derivatives(apply_algebra_lowering(density))))


def eigenstrains(model: Model) -> list[Any]:
    """Constants of the forms that stress-free strains are in proportion to: given ones, along crystals, of heat."""
    found = []
    for terms in model.energies.values():
        for term in terms:
            for part in (term, getattr(term, "solid", None)):
                strain, heat = getattr(part, "eigenstrain", None), getattr(part, "thermal", None)
                parts = (
                    strain,
                    *(getattr(strain, x, None) for x in ("within", "across")),
                    getattr(heat, "change", None),
                )
                found += [cause for cause in parts if isinstance(cause, fem.Constant)]
    return found


def _total(parts: list[Any]) -> Any:
    return sum(parts[1:], start=parts[0])
