"""Creep strain of a layer: a local state with a rate, eliminated point by point from the momentum balance.

The strain (with the internal variables of the law) has a place in the vector that the integrator steps, so that its
order and error control hold for it; but the residual of the other fields is taken with the strain that belongs to
*their* present values. The integrator gives the rate of the local state as shift * state + known; with the isotropic
law de/dt = rate(sigma) 3/2 s / sigma this is a radial return: the deviatoric stress keeps the direction of the trial
stress 2 G (d - e0), e0 = -known / shift, and its size solves one scalar equation (J. C. Simo and T. J. R. Hughes,
Computational Inelasticity (1998), section 3.3). Its derivative,

    d(e) = share d(d) + (1 - share - slope) n (n . d(d)),      d: deviator of the total strain,

enters every derivative of a form in which the strain appears, so that Newton's method converges quadratically.

In every cell the strain is the polynomial (one degree less than the displacement) through its values at the points of
the quadrature rule that integrates the momentum balance.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import basix
import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem

from fem.energy.elastic import Elastic
from fem.errors import ModelError
from fem.kinematics import from_mandel, mandel, strain, without_variables
from fem.terms import CreepLaw

if TYPE_CHECKING:
    from fem.model import Model

__all__ = ["Creep"]

Array = npt.NDArray[np.float64]

SCALE = 1e-4
"""What errors of creep strains in time are measured against: the elastic strain of lithium that creeps fast."""


@dataclass(eq=False)
class Creep:
    """Creep of one layer.

    Attributes:
        model: owner. layer: name. law: creep law.
        function: (m + k,) Mandel components of the creep strain and internal variables, discontinuous.
        tangent: (2 + m,) share, 1 - share - slope, direction n, at the last update.
        degree: of the quadrature rule of all integrals with the creep strain.
    """

    model: Model
    layer: str
    law: CreepLaw
    function: Any
    tangent: Any
    degree: int
    _cache: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def build(cls, model: Model, layer: str, law: CreepLaw) -> Creep:
        """The state of a layer, at rest.

        Raises:
            ModelError: the layer is not isotropic and linear elastic, or the discretisation does not allow for creep.
        """
        geometry, settings = model.geometry, model.settings
        terms = model.energies[layer]
        if len(terms) != 1 or not isinstance(terms[0], Elastic):
            raise ModelError(f"layer {layer!r}: creep needs isotropic linear elasticity and no other energy")
        if settings.plane == "stress" and geometry.gdim == 2:
            raise ModelError(f"layer {layer!r}: creep needs plane strain, an axis or three dimensions")
        degree = settings.displacement_degree
        region = geometry.region((layer,))
        points = _points(region.mesh, 2 * (degree - 1))
        size = 3 + (0, 1, 3)[geometry.gdim - 1]
        element = ("DG", degree - 1)
        function = fem.Function(
            fem.functionspace(region.mesh, (*element, (size + len(law.beginnings),))), name="creep_strain"
        )
        tangent = fem.Function(fem.functionspace(region.mesh, (*element, (2 + size,))), name="creep_tangent")
        if function.function_space.dofmap.dof_layout.num_dofs != len(points):
            raise ModelError(f"layer {layer!r}: creep needs displacements of degree 1 or 2, not {degree}")
        made = cls(model, layer, law, function, tangent, 2 * (degree - 1))
        rows = made._rows(function)
        rows[:, size:] = law.beginnings
        function.x.array[:] = rows.reshape(-1)
        geometry.pointwise[function] = made.degree
        return made

    # ------------------------------------------------------------------ UFL
    @property
    def name(self) -> str:
        """For people and checkpoints."""
        return f"creep of {self.layer}"

    @property
    def components(self) -> int:
        """Number of components of the strain."""
        return int(self.tangent.function_space.dofmap.index_map_bs) - 2

    def strain(self) -> Any:
        """(3, 3) creep strain as UFL."""
        return from_mandel(self.function, self.model.geometry.gdim)

    def driving(self) -> Any:
        """(m,) components of the deviator of the total strain, as UFL: what the update depends on."""
        mechanics, geometry = self.model.mechanics, self.model.geometry
        assert mechanics is not None
        if any(opening.layer == self.layer for opening in mechanics.openings.values()):
            raise ModelError(f"layer {self.layer!r} creeps: what grows on its interface must push another layer away")
        total = strain(mechanics.displacement_of(self.layer).total, geometry.mesh, geometry.axisymmetric)
        return mandel(ufl.dev(total), geometry.gdim)

    def increment(self, change: Any) -> Any:
        """(m + k,) change of the state with a change of `driving`, as UFL.

        That of internal variables is left out: no form contains them.
        """
        m, t = self.components, self.tangent
        normal = ufl.as_vector([t[2 + k] for k in range(m)])
        along = ufl.dot(normal, change)
        parts = [t[0] * change[k] + t[1] * normal[k] * along for k in range(m)]
        return ufl.as_vector([*parts, *(0 for _ in self.law.beginnings)])

    # ------------------------------------------------------------------ vectors
    @staticmethod
    def _rows(function: Any) -> Array:
        return np.array(function.x.array).reshape(-1, function.function_space.dofmap.index_map_bs)

    @property
    def owned(self) -> int:
        """Number of owned entries of the state on this rank."""
        dofmap = self.function.function_space.dofmap
        return int(dofmap.index_map.size_local * dofmap.index_map_bs)

    def get(self) -> Array:
        """(owned,) present state."""
        return np.array(self.function.x.array[: self.owned])

    def allowed(self) -> Array:
        """(owned,) what errors in time are measured against: strains against `SCALE` and their own size."""
        size = self.function.function_space.dofmap.index_map_bs
        made = np.maximum(np.abs(self.get()), SCALE).reshape(-1, size)
        made[:, self.components :] = 1.0
        return np.asarray(made.reshape(-1))

    def set(self, values: Array) -> None:
        """Write (owned,) entries into the state."""
        self.function.x.array[: self.owned] = values
        self.function.x.scatter_forward()

    # ------------------------------------------------------------------ update
    def _prepared(self) -> dict[str, Any]:
        """Cells, degrees of freedom and matrices between values at points and coefficients, made once."""
        if self._cache:
            return self._cache
        model = self.model
        assert model.mechanics is not None
        region, displacement = model.geometry.region((self.layer,)), model.mechanics.displacement_of(self.layer)
        mesh, space = region.mesh, self.function.function_space
        cells = np.arange(mesh.topology.index_map(mesh.topology.dim).size_local, dtype=np.int32)
        points = _points(mesh, self.degree)
        to_points = np.asarray(space.ufl_element().sub_elements[0].tabulate(0, points)[0])
        gdim = model.geometry.gdim
        total = strain(displacement.function, displacement.region.mesh, model.geometry.axisymmetric)
        wanted = without_variables(mandel(ufl.dev(total), gdim))
        self._cache = {
            "cells": cells,
            "dofs": np.asarray(space.dofmap.list)[cells],
            "to_points": to_points,
            "to_dofs": np.linalg.inv(to_points),
            "driving": fem.Expression(wanted, points),
            "mesh": displacement.region.mesh,
            "there": np.asarray(displacement.region.from_parent()[region.to_parent[cells]], dtype=np.int32),
            "points": points,
        }
        self._cache["free"] = self._free(points, cells, mesh)
        return self._cache

    def _free(self, points: Array, cells: Any, mesh: Any) -> Array:
        """(cells, points, m) deviator of the strain that is free of stress without creep."""
        term = self.model.energies[self.layer][0]
        assert isinstance(term, Elastic)
        free = mandel(ufl.dev(term.stress_free_strain()), self.model.geometry.gdim)
        return self._on_points(free, points, cells, mesh)

    def _on_points(self, expression: Any, points: Array, cells: Any, mesh: Any) -> Array:
        """Values (cells, points, components) of what does not depend on unknowns."""
        replaced = {c: fem.Constant(mesh, c.value) for c in ufl.algorithms.analysis.extract_constants(expression)}
        plain = without_variables(ufl.replace(expression, replaced) if replaced else expression)
        one = fem.Constant(mesh, 1.0)  # without which numbers alone would belong to no mesh
        plain = ufl.as_vector([plain[k] + (one - one) for k in range(plain.ufl_shape[0])])
        values = fem.Expression(plain, points).eval(mesh, cells)
        return np.reshape(values, (len(cells), len(points), plain.ufl_shape[0]))

    def _shear(self) -> Array:
        """(points of all cells,) shear modulus in Pa, () where it is one number."""
        term = self.model.energies[self.layer][0]
        assert isinstance(term, Elastic)
        young, nu = (
            self._on_points(
                ufl.as_vector([ufl.as_ufl(x)]),
                self._prepared()["points"],
                self._prepared()["cells"],
                self.model.geometry.region((self.layer,)).mesh,
            ).reshape(-1)
            if isinstance(x, fem.Function)
            else float(getattr(x, "value", x))
            for x in (term.young_modulus, term.poisson_ratio)
        )
        return np.asarray(young / (2 * (1 + nu)), dtype=np.float64)

    def _drive(self) -> Array:
        """(points of all cells, m) deviator of the total strain minus that without stress, at the present fields."""
        own, model = self._prepared(), self.model
        assert model.mechanics is not None
        m = self.components
        values = np.reshape(own["driving"].eval(own["mesh"], own["there"]), (-1, m)) - own["free"].reshape(-1, m)
        if model.mechanics.mean_strains:
            mean = np.zeros((3, 3))
            for (i, j), number in model.mechanics.mean_strains.items():
                mean[i, j] = mean[j, i] = number.value / model.tagged.periods[i]
            mean -= np.trace(mean) / 3 * np.eye(3)
            pairs = {1: (), 2: ((0, 1),), 3: ((1, 2), (0, 2), (0, 1))}[model.geometry.gdim]
            values = values + np.array([*np.diag(mean), *(2**0.5 * mean[p] for p in pairs)])
        return np.asarray(values)

    def _to_points(self, owned: Array) -> Array:
        """(points of all cells, components) of (owned,) entries."""
        own = self._prepared()
        rows = owned.reshape(-1, self.function.function_space.dofmap.index_map_bs)
        return np.asarray(np.einsum("pd,cdk->cpk", own["to_points"], rows[own["dofs"]]).reshape(-1, rows.shape[1]))

    def _from_points(self, values: Array, function: Any) -> None:
        own = self._prepared()
        size = values.shape[1]
        shaped = values.reshape(*own["dofs"].shape, size)
        rows = self._rows(function)
        rows[own["dofs"]] = np.einsum("dp,cpk->cdk", own["to_dofs"], shaped)
        function.x.array[:] = rows.reshape(-1)
        function.x.scatter_forward()

    def update(self, known: Array, shift: float) -> None:
        """Make the state, and its tangent, consistent with the present fields.

        Args:
            known: (owned,) rate of the state at zero state. shift: 1/s, d(rate)/d(state).
        """
        m = self.components
        before = self._to_points(np.asarray(-known / shift))
        shear = self._shear()
        trial = self._drive() - before[:, :m]
        size = np.sqrt(np.einsum("pk,pk->p", trial, trial))
        stress = np.sqrt(6.0) * shear * size  # equivalent stress of 2 G trial
        # a trial of Newton's method may be no number: its residual is none then either, and the step is taken back
        with np.errstate(invalid="ignore", over="ignore"):
            flowed = self.law.flow(stress, 3 * shear / shift, before[:, m:], shift, self.model.settings.temperature)
        normal = trial / np.where(size > 0, size, 1.0)[:, None]
        strain_now = before[:, :m] + flowed.share[:, None] * trial
        self._from_points(np.column_stack([strain_now, flowed.internals]), self.function)
        along = 1 - flowed.share - flowed.slope
        self._tangent_at = (flowed.share, along, normal, np.sqrt(6.0) * shear * flowed.bends.T)
        self._from_points(np.column_stack([flowed.share, along, normal]), self.tangent)
        self._driven = trial + before[:, :m]

    def follow(self) -> Array:
        """(owned,) first-order change of the state from the fields at the last update to the present ones."""
        share, along, normal, bends = self._tangent_at
        change = self._drive() - self._driven
        towards = np.einsum("pk,pk->p", normal, change)
        values = share[:, None] * change + (along * towards)[:, None] * normal
        own = self._prepared()
        full = np.column_stack([values, (bends * towards).T])
        rows = np.zeros((self.owned // full.shape[1], full.shape[1]))
        rows[own["dofs"]] = np.einsum("dp,cpk->cdk", own["to_dofs"], full.reshape(*own["dofs"].shape, full.shape[1]))
        return np.asarray(rows.reshape(-1))


class Dissipation:
    """What creep has dissipated in a layer: integral of s : d(e) over the accepted steps by the trapezoidal rule.

    With it the work of the loads (by the same rule, `fem.solve.work`) is what is stored plus what is dissipated, up to
    the tolerance of Newton's method, whatever the time steps.

    Attributes:
        creep: of the layer. function: J/m^3, at the points of the quadrature rule.
    """

    def __init__(self, creep: Creep) -> None:
        self.creep = creep
        space = fem.functionspace(creep.function.function_space.mesh, ("DG", creep.degree // 2))
        self.function = fem.Function(space, name="creep_dissipation")
        self._last: tuple[Any, Any] = (0.0, 0.0)

    def begin(self) -> None:
        """Count from the present state, which has been read from a checkpoint."""
        self._last = self._now()

    def _now(self) -> tuple[Array, Array]:
        """(points, m) deviatoric stresses in Pa and creep strains."""
        creep = self.creep
        strains = creep._to_points(creep.get())[:, : creep.components]
        elastic = creep._drive() - strains
        return 2 * np.broadcast_to(creep._shear(), len(elastic))[:, None] * elastic, strains

    def accept(self) -> None:
        """Add what has been dissipated since the last accepted state. Collective."""
        now, then, own = self._now(), self._last, self.creep._prepared()
        added = 0.5 * np.sum((now[0] + then[0]) * (now[1] - then[1]), axis=1)
        local = np.einsum("dp,cp->cd", own["to_dofs"], added.reshape(own["dofs"].shape))
        dofs = np.asarray(self.function.function_space.dofmap.list)[own["cells"]]
        self.function.x.array[dofs] += local
        self.function.x.scatter_forward()
        self._last = now

    def functions(self) -> dict[str, Any]:
        """What a checkpoint stores."""
        return {f"dissipation of {self.creep.name}": self.function}


def _points(mesh: Any, degree: int) -> Array:
    """Reference points of the quadrature rule of integrals with the creep strain."""
    return np.asarray(basix.make_quadrature(getattr(basix.CellType, mesh.topology.cell_name()), degree)[0])
