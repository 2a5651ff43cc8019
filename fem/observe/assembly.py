"""Scalars, fluxes through interfaces and interface profiles of a solved model: the common ground of observables."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import default_scalar_type, fem, geometry

from fem import balance
from fem.dissipation.conduction import Conduction
from fem.errors import ModelError
from fem.interface.names import both_sides
from fem.model import InterfaceState, Model
from fem.potentials import PerfectTie
from fem.solve.driver import Solver
from fem.unknowns import Field, Number, Tie

Array = npt.NDArray[np.float64]


class Assembly:
    """Evaluates UFL expressions of a solved model, collectively.

    Args:
        model: the model.
        solver: its solver, at the solution.
        area: nominal cell area of the model in m^2 (2-D: per depth; 1-D: 1).
    """

    sampling_degree = 2
    """Degree of the quadrature rule whose points extreme values are sought at."""

    def __init__(self, model: Model, solver: Solver, area: float) -> None:
        self.model, self.solver, self.area = model, solver, area
        self.geometry = model.geometry
        self.comm = model.geometry.comm
        self._rows: dict[int, Array] = {}
        self._forms: dict[Any, Any] = {}
        self._rest: dict[Any, Any] | None = None
        self._indicators: dict[Any, Any] = {}

    # ------------------------------------------------------------------ the state at rest
    def set_rest(self, other: Model) -> None:
        """Take the potentials of a model, solved at zero current, as the state at rest.

        Args:
            other: this model itself, or one that was built alike.
        """
        if self._rest is None:
            self._rest = {f.function: fem.Function(f.space) for f in self.model.fields if f.kind == "potential"}
            self._rest |= {n.constant: fem.Constant(self.geometry.mesh, n.constant.value) for n in self.model.numbers}
        for mine, theirs in zip(self.model.fields, other.fields, strict=True):
            if mine.kind == "potential":
                self._rest[mine.function].x.array[:] = theirs.function.x.array
        for number, at_rest in zip(self.model.numbers, other.numbers, strict=True):
            self._rest[number.constant].value = at_rest.constant.value

    def beyond_rest(self, expression: Any) -> Any:
        """An expression minus its value at rest; itself where nothing happens at rest."""
        if self._rest is None:
            return expression
        return expression - ufl.replace(expression, self._rest)

    def renew(self) -> None:
        """Forget what belongs to an earlier state of the solution."""
        self._rows.clear()

    # ------------------------------------------------------------------ scalars
    def number_value(self, number: Number) -> float:
        """Value of a number, such as the potential of a terminal, V (or m)."""
        return number.value

    def scalar(self, form: Any, key: Any = None) -> float:
        """Value of a scalar UFL form; with a ``key`` the compiled form is kept, and later states need no form."""
        compiled = self._forms.get(key) if key is not None else None
        if compiled is None:
            compiled = self.geometry.entity_maps().form(form)
            if key is not None:
                self._forms[key] = compiled
        return float(self.comm.allreduce(np.real(fem.assemble_scalar(compiled))))

    def on_interface(self, density: Any, name: str, key: Any = None) -> float:
        """Integral of a density over the contacted part of an interface; ``key`` as in `scalar`."""
        return self.scalar(
            None if key in self._forms else self.geometry.interface_integral(self._tied(density), name), key
        )

    def in_layer(self, density: Any, layer: str, key: Any = None) -> float:
        """Integral of a density over a layer; ``key`` as in `scalar`."""
        return self.scalar(None if key in self._forms else self.geometry.integral(self._tied(density), layer), key)

    def _tied(self, density: Any) -> Any:
        return density * self.model.one

    def contact_area(self, name: str) -> float:
        """Area of the contacted part of an interface, m^2."""
        return self.on_interface(1.0, name, ("area", name))

    # ------------------------------------------------------------------ resultants
    def tie_resultant(self, field: Field, tie: Tie) -> float:
        """Sum of the reactions on tied nodes: what they feed into the field, A or N."""
        for k, stage in enumerate(self.solver.stages):
            if field in stage.fields:
                if k not in self._rows:
                    self._rows[k] = stage.full_residual()
                own = tie.dofs[tie.dofs < field.owned]
                offset = int(stage.offsets[stage.fields.index(field)])
                return float(self.comm.allreduce(float(self._rows[k][offset + own].sum())))
        raise ModelError(f"{field.name} belongs to no stage")

    def marked(self, field: Field, tie: Tie, key: Any, where: Callable[[Array], Any]) -> Any:
        """Function that is 1 on the tied nodes `where` says so of their coordinates (n, gdim), and 0 on all others."""
        if key not in self._indicators:
            weight = fem.Function(field.space)
            points = field.space.tabulate_dof_coordinates()[tie.dofs, : self.geometry.gdim]
            weight.x.array[tie.dofs] = where(points)
            self._indicators[key] = weight
        return self._indicators[key]

    def reaction_beyond_trace(self, spec: PerfectTie, field: Field, weight: Any) -> float:
        """What tied nodes feed through an interface, weighted, minus the weighted trace of the current, A.

        Args:
            spec, field: the perfect contact; the current counts from the layer below to the layer above.
            weight: function of the field that is zero on all nodes but tied ones.
        """
        below = both_sides(spec.interface)[0]
        side, sign = ("+", -1.0) if spec.resolved[0] == below else ("-", 1.0)
        fed = ufl.replace(self.model.system.residuals[field], {field.test: weight})
        trace = ufl.dot(self._bulk_current(spec.resolved)(side), ufl.FacetNormal(self.geometry.mesh)("+"))
        return sign * self.scalar(fed) - self.scalar(
            self.geometry.interface_integral(trace * weight(side), spec.interface)
        )

    def number_charge(self, number: Number) -> float:
        """Current that a number feeds into the model through interfaces and tied nodes, A."""
        total = 0.0
        if number in self.model.system.charges:
            total += self.scalar(self.model.system.charges[number], ("charge", number.name))
        for field in self.model.fields:
            for tie in field.ties:
                if tie.number is number:
                    total += self.tie_resultant(field, tie)
        return total

    def interface_current(self, name: str) -> float:
        """Total current of all carriers through an interface, from the layer below to the layer above, A."""
        below = name.split("|")[0]
        total = 0.0
        for state in self.states(name):
            sign = 1.0 if state.link.first[0] == below else -1.0
            total += sign * self.on_interface(
                state.current, name, ("current", name, state.link.first, state.link.second)
            )
        for spec, field, tie in self.ties(name):
            total += (1.0 if spec.metal[0] == below else -1.0) * self.tie_resultant(field, tie)
        return total + sum(self._continuous_current(name, field) for field in self._crossing(name))

    def joined_power(self, name: str) -> float:
        """Power against the potential jumps of conductors that are joined into one field at an interface, W.

        A perfect charge transfer between two resolved conductors is an offset of their common field.
        """
        below, above = both_sides(name)
        total = 0.0
        for field in self._crossing(name):
            offset = {
                layer: handle.offset
                for layer, carrier in self.model.conductors
                if layer in (below, above) and (handle := self.model.handle(layer, carrier)).carrier is field
            }
            if offset[below] != offset[above]:
                total += (offset[below] - offset[above]) * self._continuous_current(name, field)
        return total

    def _crossing(self, name: str) -> list[Field]:
        below, above = both_sides(name)
        return [f for f in self.model.fields if f.kind == "potential" and below in f.layers and above in f.layers]

    def _continuous_current(self, name: str, field: Field) -> float:
        """Current through an interface inside a field: what the nodes of the interface feed into the cells above."""
        above = both_sides(name)[1]
        walls = f"{name}:rim"  # in which patches of a film end
        parts = (name, walls) if walls in self.geometry.tagged.facets else (name,)
        weight = self._indicator(field, parts, 0)
        total = 0.0
        for (layer, carrier), term in self.model.conductors.items():
            handle = self.model.handle(layer, carrier)
            if layer == above and isinstance(term, Conduction) and handle.carrier is field:
                key = ("through", name, layer, carrier)
                total += self.in_layer(balance.charge(term, field.total, weight), layer, key)
        return total

    def support_force(self, side: str) -> float:
        """Force of the rollers or the platen on a side, along the axis that they hold, N."""
        return sum(self.tie_resultant(field, tie) for field, tie in self.mechanics.supports[side].parts)

    def interface_force(self, name: str) -> float:
        """Force along the stack that the part below exerts on the part above through an interface, N."""
        mechanics = self.mechanics
        above = both_sides(name)[1]
        field = mechanics.displacement_of(above)
        axis = self.geometry.gdim - 1
        parts = self.geometry.parts(name)  # bonded over gaps
        weight = self._indicator(field, parts, axis)
        return self.in_layer(mechanics.virtual_work(above, weight), above, ("force", name))

    def body_force(self, region: str) -> float:
        """Force along the stack that neighbours, supports and loads together exert on a region, N.

        Sum of the nodal forces on its boundary: zero where the inside is in equilibrium.
        """
        mechanics = self.mechanics
        geometry, field = self.geometry, mechanics.displacement_of(region)
        parts = tuple(n for n in geometry.tagged.facets if region in n.partition(":")[0].split("|"))
        ends = tuple(side for side in (*mechanics.supports, *(p.side for p in mechanics.loads)))
        weight = self._indicator(field, (*parts, *ends), geometry.gdim - 1)
        return self.in_layer(mechanics.virtual_work(region, weight), region, ("body force", region))

    def _indicator(self, field: Field, facets: tuple[str, ...], component: int) -> Any:
        """Function that is 1 on the nodes of facet groups (in one component) and 0 on all others."""
        key = (field.name, facets, component)
        if key not in self._indicators:
            function = fem.Function(field.space)
            size = field.space.dofmap.index_map_bs
            for name in facets:
                blocks = self.geometry.facet_dofs(field.space, field.region, name)
                function.x.array[blocks * size + component] = 1.0
            self._indicators[key] = function
        return self._indicators[key]

    @property
    def mechanics(self) -> Any:
        """Mechanics of the model.

        Raises:
            ModelError: when the model has none.
        """
        if self.model.mechanics is None:
            raise ModelError("this model has no mechanics")
        return self.model.mechanics

    # ------------------------------------------------------------------ interfaces
    def states(self, name: str) -> list[InterfaceState]:
        """Dissipative links of an interface."""
        return [s for s in self.model.states if s.link.interface == name]

    def ties(self, name: str) -> list[tuple[PerfectTie, Field, Tie]]:
        """Perfect contacts of an interface."""
        return [entry for entry in self.model.perfect_ties if entry[0].interface == name]

    def current_density(self, name: str) -> Any:
        """Normal current density on an interface from below to above as UFL, A/m^2 per nominal area.

        From the kinetics or the contact law; at a perfect contact the trace of the bulk current.
        """
        below = name.split("|")[0]
        parts = [s.current * (1.0 if s.link.first[0] == below else -1.0) for s in self.states(name)]
        normal = ufl.FacetNormal(self.geometry.mesh)("+")
        for spec, _field, _tie in self.ties(name):
            side = "+" if spec.resolved[0] == below else "-"
            parts.append(ufl.dot(self._bulk_current(spec.resolved)(side), normal))
        for field in self._crossing(name):
            for (layer, carrier), term in self.model.conductors.items():
                inside = layer == below and self.model.handle(layer, carrier).carrier is field
                if inside and isinstance(term, Conduction):
                    parts.append(ufl.dot(self._bulk_current((layer, carrier))("+"), normal))
        if not parts:
            raise ModelError(f"no current can pass interface {name!r}")
        return sum(parts[1:], start=parts[0])

    def _bulk_current(self, node: tuple[str, str]) -> Any:
        term = self.model.conductors[node]
        handle = self.model.handle(*node)
        if not isinstance(term, Conduction) or not isinstance(handle.carrier, Field):
            raise ModelError(f"layer {node[0]!r} is an equipotential: it has no current density")
        return balance.current_density(term, handle.carrier.total)

    def point_mean(self, name: str, density: Any, points: Array, degree: int = 2) -> float:
        """Mean over points (n, gdim) of an interface of the projection of a density onto polynomials of each facet.

        As an integral of the density times a function that represents the points, so that it has a derivative.

        Raises:
            ModelError: no point lies on the interface.
        """
        space, blocks, dofs = self._facet_masses(name, degree)
        key = ("points", name, degree, points.tobytes())
        if key not in self._indicators:
            self._indicators[key] = self._point_weights(space, blocks, dofs, points)
        weight, count = self._indicators[key]
        if count == 0:
            raise ModelError(f"no point at this distance from the contact edges lies on {name!r}")
        # without 2 pi r: the projection is one of values, not of currents
        return self.scalar(self.geometry.interface_integral(self._tied(density) * weight("+"), name, weighted=False))

    def _point_weights(self, space: Any, blocks: Array, dofs: Any, points: Array) -> tuple[Any, int]:
        """Function w with integral(f w) = mean of the projection of f over points, and how many lie inside.

        A point on the border of several facets takes the mean of what they say.
        """
        mesh = space.mesh
        three = np.zeros((len(points), 3))
        three[:, : points.shape[1]] = points
        tree = geometry.bb_tree(mesh, mesh.topology.dim, padding=1e-12 + 1e-6 * _extent(mesh))
        found = geometry.compute_colliding_cells(mesh, geometry.compute_collisions_points(tree, three), three)
        which = np.repeat(np.arange(len(points)), np.diff(found.offsets))
        cells = np.asarray(found.array, dtype=np.int32)
        which, cells = which[cells < len(dofs)], cells[cells < len(dofs)]
        sharing = self.comm.allreduce(np.bincount(which, minlength=len(points)))
        count = int(np.count_nonzero(sharing))
        function = fem.Function(space, dtype=default_scalar_type)
        if len(cells):
            values = np.empty((len(cells), dofs.shape[1]))
            for j in range(dofs.shape[1]):
                function.x.array[:] = 0.0
                function.x.array[dofs[:, j]] = 1.0
                values[:, j] = function.eval(three[which], cells).reshape(-1)
            values /= (sharing[which] * count)[:, None]
            function.x.array[:] = 0.0
            np.add.at(function.x.array, dofs[cells], np.linalg.solve(blocks[cells], values[:, :, None])[:, :, 0])
        function.x.scatter_forward()
        return function, count

    def _facet_masses(self, name: str, degree: int) -> tuple[Any, Array, Any]:
        """Discontinuous space on an interface, mass matrices (owned facets, n, n) and dofs (owned facets, n)."""
        key = ("masses", name, degree)
        if key in self._indicators:
            return self._indicators[key]  # type: ignore[no-any-return]
        region = self.geometry.interface_mesh(name)
        space = fem.functionspace(region.mesh, ("Discontinuous Lagrange", degree))
        test, trial = ufl.TestFunction(space), ufl.TrialFunction(space)
        matrix = fem.assemble_matrix(fem.form(ufl.inner(trial, test) * ufl.dx(domain=region.mesh)))
        matrix.scatter_reverse()
        size = space.dofmap.dof_layout.num_dofs
        # block-diagonal: the dense block of every owned facet at once
        cells = region.mesh.topology.index_map(region.mesh.topology.dim).size_local
        dofs = space.dofmap.list[:cells]
        blocks = np.zeros((cells, size, size))
        sparse = matrix.to_scipy()
        for i in range(size):
            for j in range(size):
                blocks[:, i, j] = np.asarray(sparse[dofs[:, i], dofs[:, j]]).ravel()
        self._indicators[key] = (space, blocks, dofs)
        return space, blocks, dofs

    @cached_property
    def thickness(self) -> dict[str, float]:
        """Layer -> thickness in m, from the extent of its cells (exact for plane layers)."""
        stack = self.geometry.tagged.stack
        if stack is None:
            raise ModelError("the mesh does not know its stack")
        return {layer.name: layer.thickness for layer in stack.layers}


def _extent(mesh: Any) -> float:
    x = mesh.geometry.x
    return float(np.ptp(x, axis=0).max()) if len(x) else 0.0
