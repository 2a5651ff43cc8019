"""Creeping flow of lithium as an incompressible power-law fluid (elasticity dropped), in plane strain or round an axis.

With the equivalent strain rate e = sqrt(2/3 D:D) of the deviatoric strain rate D and Norton's law e = A s^n the flow is
the stationary point of

    integral of n/(n+1) A^(-1/n) (e^2 + e0^2)^((n+1)/(2n)) - p (div v + w) over the body
        + P v.n over loaded sides,

among velocities that keep to the walls. w is the rate at which volume vanishes in the body (vacancies that find a
sink). Quadratic velocities, linear pressures (Taylor and Hood).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import basix.ufl
import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import default_scalar_type, fem
from mpi4py import MPI

from fem.compat import JIT_OPTIONS
from fem.constants import STANDARD_TEMPERATURE
from fem.dissipation.norton import Norton
from fem.errors import ModelError
from fem.voids.newton import Bordered, Constraint
from meshes.tagged import TaggedMesh

Floats = npt.NDArray[np.float64]

__all__ = ["Flow", "Sides"]

#: Lithium that deforms more slowly than this share of the greatest velocity over `length` flows like a Newtonian fluid.
SLOWEST = 3e-4
#: Exponents grow by at most this factor from one solution to the next when there is no better guess.
_STRIDE = 1.7
#: Tolerances of Newton's method on the way there and at the end.
_ROUGH, _FINE = 3e-2, 1e-8


@dataclass(frozen=True)
class Sides:
    """What holds and loads the body; names are those of the facets of the mesh.

    Attributes:
        rollers: side -> axis along which the velocity vanishes (0: x or r, 1: y or z); tangential motion is free.
        stuck: sides where the tangential velocity vanishes, too.
        feed: side (normal along the last axis, the lithium above it) through which lithium leaves; "" for none.
        platen: side that moves as a rigid plate along the last axis, under a force; "" for none.
        loaded: sides under a pressure, which includes that of the platen.
        surface: side under a pressure that varies from place to place (capillarity); "" for none.
    """

    rollers: Mapping[str, int] = field(default_factory=dict)
    stuck: tuple[str, ...] = ()
    feed: str = ""
    platen: str = ""
    loaded: tuple[str, ...] = ()
    surface: str = ""


class Flow:
    """Velocity and pressure of lithium on a mesh that may be moved between solutions.

    Args:
        tagged: the mesh (``"2"``: plane strain, per metre of depth; ``"axisymmetric"``: about x = 0).
        law: creep law. temperature: K.
        sides: what holds and loads the body.
        length: a length typical of the flow, m. stress: a stress typical of it, Pa; both only scale the unknowns.

    Attributes:
        velocity: UFL expression of the velocity in m/s.
        sink: `Function` (quadratic) of the volume that vanishes per volume and time, 1/s; zero at first.
        iterations: Newton iterations of the last solution, all exponents together.
        surface_pressure: `Function` (linear) of the pressure on ``sides.surface``, Pa; zero at first.
        hats, scalar: linear and quadratic scalar spaces.
        weight: UFL factor of all integrals: 1 in plane strain, 2 pi r round an axis.
    """

    def __init__(
        self,
        tagged: TaggedMesh,
        law: Norton,
        sides: Sides,
        length: float,
        stress: float,
        temperature: float = STANDARD_TEMPERATURE,
    ) -> None:
        if tagged.dimension not in ("2", "axisymmetric"):
            raise ModelError(f"flow round voids needs dimension 2 or axisymmetric, not {tagged.dimension}")
        unknown = {*sides.rollers, *sides.stuck, *sides.loaded} - set(tagged.facets)
        unknown |= {name for name in (sides.feed, sides.platen, sides.surface) if name} - set(tagged.facets)
        if unknown:
            raise ModelError(f"the mesh has no sides called {', '.join(sorted(unknown))}")
        self.tagged, self.law, self.sides = tagged, law, sides
        self.mesh, self.comm = tagged.mesh, tagged.mesh.comm
        self.length, self.stress = length, stress
        n = law.exponent
        self.rate = math.exp(law.log_rate(math.log(1.5 * stress / n), temperature))
        self.speed = self.rate * length
        self._spaces()
        self._forms()
        self._conditions()
        self.iterations = 0
        self._solved = False

    # ------------------------------------------------------------------ set-up
    def _spaces(self) -> None:
        cell = self.mesh.topology.cell_name()
        quadratic = basix.ufl.element("Lagrange", cell, 2, shape=(2,))
        linear = basix.ufl.element("Lagrange", cell, 1)
        self.space = fem.functionspace(self.mesh, basix.ufl.mixed_element([quadratic, linear]))
        self.state = fem.Function(self.space)
        self._moving = np.asarray(self.space.sub(0).collapse()[1], dtype=np.int32)
        self.scalar = fem.functionspace(self.mesh, ("Lagrange", 2))
        self.hats = fem.functionspace(self.mesh, ("Lagrange", 1))
        self.sink = fem.Function(self.scalar)
        self.surface_pressure = fem.Function(self.hats)

    def _constant(self, value: float) -> Any:
        return fem.Constant(self.mesh, default_scalar_type(value))

    def _forms(self) -> None:
        mesh, length = self.mesh, self._constant(self.length)
        x = ufl.SpatialCoordinate(mesh)
        round_axis = self.tagged.dimension == "axisymmetric"
        self.weight: Any = 2 * ufl.pi * x[0] if round_axis else self._constant(1.0)
        scale = self._constant(self.length ** -(3 if round_axis else 2))
        velocity, pressure = ufl.split(self.state)
        normal = ufl.FacetNormal(mesh)
        self.velocity = velocity * self._constant(self.speed)
        self.ds = ufl.Measure("ds", domain=mesh, subdomain_data=self.tagged.facet_tags)

        gradient = length * ufl.grad(velocity)
        hoop = length * velocity[0] / x[0] if round_axis else 0.0 * velocity[0]
        volume = ufl.tr(gradient) + hoop
        shear = (gradient[0, 1] + gradient[1, 0]) / 2
        parts = [gradient[0, 0] - volume / 3, gradient[1, 1] - volume / 3, hoop - volume / 3]
        squared = 2 / 3 * (sum(part**2 for part in parts) + 2 * shear**2)
        self.exponent = self._constant(1.0)
        self._slowest = self._constant(SLOWEST)
        power = (self.exponent + 1) / (2 * self.exponent)
        stiffness = self._constant(1.5 / self.law.exponent)
        dissipated = stiffness / (2 * power) * (squared + self._slowest**2) ** power
        vanished = self.sink / self._constant(self.rate)
        # one rule for residual and Jacobian (that of the residual): Newton's method needs the exact derivative
        inside = ufl.dx(degree=15 if round_axis else 6)
        functional = (dissipated - pressure * (volume + vanished)) * self.weight * scale * inside

        self.pressures = {name: self._constant(0.0) for name in self.sides.loaded}
        for name, value in self.pressures.items():
            functional += value * length * ufl.dot(velocity, normal) * self.weight * scale * self.ds(self._tag(name))
        if self.sides.surface:
            value = self.surface_pressure / self._constant(self.stress)
            inward = ufl.dot(velocity, normal) * length
            functional += value * inward * self.weight * scale * self.ds(self._tag(self.sides.surface))
        residual = ufl.derivative(functional, self.state)
        self._residual = fem.form(residual, jit_options=JIT_OPTIONS)
        self._jacobian = fem.form(ufl.derivative(residual, self.state), jit_options=JIT_OPTIONS)

    def _tag(self, name: str) -> int:
        return int(self.tagged.facets[name])

    def _dofs(self, name: str, axis: int) -> npt.NDArray[np.int32]:
        """Dofs (owned and ghost) of one velocity component on a side."""
        facets = self.tagged.facets_of(name)
        own = fem.locate_dofs_topological(self.space.sub(0).sub(axis), self.mesh.topology.dim - 1, facets)
        return np.asarray(own, dtype=np.int32)

    def _conditions(self) -> None:
        held = [self._dofs(name, axis) for name, axis in self.sides.rollers.items()]
        held += [self._dofs(name, axis) for name in self.sides.stuck for axis in (0, 1)]
        if self.sides.feed:
            inside = self.space.sub(0).sub(1)
            facets = self.tagged.facets_of(self.sides.feed)
            pair = fem.locate_dofs_topological((inside, self.scalar), self.mesh.topology.dim - 1, facets)
            self._feed_dofs, self._feed_points = (np.asarray(p, dtype=np.int32) for p in pair)
            held.append(self._feed_dofs)
        platen = self._dofs(self.sides.platen, 1) if self.sides.platen else None
        dofs = np.unique(np.concatenate(held)) if held else np.zeros(0, dtype=np.int32)
        self._newton = Bordered(self.state, self._residual, self._jacobian, Constraint(dofs, platen))

    # ------------------------------------------------------------------ solution
    def solve(self, pressures: Mapping[str, float], feed: Any = None) -> None:
        """Find the flow. Collective.

        Args:
            pressures: side -> pressure in Pa; sides that are not named have none.
            feed: `Function` of ``scalar``: velocity (m/s) of lithium out of the feeding side; None: zero.

        Raises:
            ConvergenceError: Newton's method failed even with exponents raised step by step.
        """
        for name, value in self.pressures.items():
            value.value = pressures.get(name, 0.0) / self.stress
        values = self.state.x.array
        values[self._newton.constraint.fixed] = 0.0
        if self.sides.feed and feed is not None:
            values[self._feed_dofs] = -feed.x.array[self._feed_points] / self.speed
        self.iterations = 0
        if not (self._solved and self._again()):
            self._from_newtonian()
            self._solved = True
        while self._slowest_off():
            self._raised_to(self.law.exponent, _FINE)

    def _again(self) -> bool:
        """Newton's method from the last solution; False, and that solution, where it fails."""
        before, border = self.state.x.array.copy(), self._newton.border
        self.exponent.value = self.law.exponent
        done = self._newton.solve(raises=False)
        self.iterations += self._newton.iterations
        if not done:
            self.state.x.array[:], self._newton.border = before, border
        return done

    def _from_newtonian(self) -> None:
        """Raise the exponent from 1 step by step; the first problem is linear."""
        n = self.law.exponent
        steps = max(1, math.ceil(math.log(n) / math.log(_STRIDE))) if n > 1 else 0
        for k in range(steps + 1):
            self._raised_to(n ** (k / max(steps, 1)), _ROUGH if k < steps else _FINE)
            self._slowest_off()

    def _raised_to(self, exponent: float, tolerance: float) -> None:
        self.exponent.value = exponent
        self._newton.solve(raises=True, what=f"flow of lithium (exponent {exponent:.3g})", tolerance=tolerance)
        self.iterations += self._newton.iterations

    def _slowest_off(self) -> bool:
        """Set the strain rate of regularisation by the present flow; True when it was far off."""
        local = float(np.max(np.abs(self.state.x.array[self._moving]), initial=0.0))
        wanted = SLOWEST * self.comm.allreduce(local, op=MPI.MAX)
        if wanted / 30 <= float(self._slowest.value) <= 3 * wanted or self.law.exponent == 1.0 or wanted == 0.0:
            return False
        self._slowest.value = wanted
        return True

    def destroy(self) -> None:
        """Free the solver (collective); the flow is not solved again."""
        self._newton.destroy()

    @property
    def platen_velocity(self) -> float:
        """Velocity of the platen along the last axis, m/s (negative: it comes down)."""
        return float(self._newton.border * self.speed)

    def outflow(self, name: str) -> float:
        """Volume of lithium that leaves through a side by flow, m^3/s (plane: m^2/s)."""
        density = ufl.dot(self.velocity, ufl.FacetNormal(self.mesh)) * self.weight * self.ds(self._tag(name))
        local = fem.assemble_scalar(fem.form(density, jit_options=JIT_OPTIONS))
        return float(self.comm.allreduce(local, op=MPI.SUM))
