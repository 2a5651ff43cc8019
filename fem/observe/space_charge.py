"""Quantities of a solved space-charge problem: charges, widths, resistances, occupancies, potentials at places."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem, geometry
from mpi4py import MPI

from fem import compat
from fem.constants import FARADAY
from fem.energy.populations import SYMBOLS
from fem.errors import ModelError
from fem.space_charge.problem import Placed, SpaceChargeProblem

Array = npt.NDArray[np.float64]
_BISECTIONS = 60
#: How far outside a cell a point may lie, in its barycentric coordinates.
_OUTSIDE = 1e-8


class SpaceChargeObserver:
    """Evaluates a problem at its present state, collectively. Areas are those of the problem.

    Args:
        problem: solved problem.
    """

    def __init__(self, problem: SpaceChargeProblem) -> None:
        self.problem, self.geometry = problem, problem.geometry
        self.comm = problem.geometry.comm
        self._compiled: dict[Any, Any] = {}

    def _scalar(self, key: Any, make: Callable[[], Any]) -> float:
        if key not in self._compiled:
            self._compiled[key] = self.geometry.entity_maps().form(make())
        return float(self.comm.allreduce(np.real(fem.assemble_scalar(self._compiled[key]))))

    # ------------------------------------------------------------------ charge
    def charge_density(self, layer: str) -> Any:
        """UFL charge density of ions and background in a layer, C/m^3."""
        medium = self.problem.media[layer]
        total: Any = self.problem.constant(medium.background)
        for placed in self.problem.placed[layer]:
            shares, _ = placed.statistics.fractions(placed.reduced)
            for ion, share in zip(placed.group.ions, shares, strict=True):
                total = total + FARADAY * ion.charge * placed.statistics.concentration * share
        return self.problem.share(layer) * total

    def layer_charge(self, layer: str) -> float:
        """Net charge of a layer per nominal area, C/m^2."""
        return self._scalar(("charge", layer), lambda: self._in(self.charge_density(layer), layer)) / self.problem.area

    def _in(self, density: Any, layer: str) -> Any:
        return self.geometry.integral(density, layer, self.problem.quadrature)

    def _interface_sites(self, name: str) -> float:
        total = self.problem.interfaces[name].charge
        if not self.problem.placed[name]:
            return total

        def make() -> Any:
            density: Any = 0.0
            for placed in self.problem.placed[name]:
                shares, _ = placed.statistics.fractions(placed.reduced)
                for ion, share in zip(placed.group.ions, shares, strict=True):
                    density += FARADAY * ion.charge * placed.statistics.concentration * share
            return self.geometry.interface_integral(density, name)

        return total + self._scalar(("sites", name), make) / self.problem.area

    def interface_charge(self, name: str) -> float:
        """Charge on an interface between two media, fixed and on its own sites, per nominal area, C/m^2."""
        return self._interface_sites(name)

    # ------------------------------------------------------------------ where it is
    def width(self, layer: str, below: bool, share: float = 0.9, reach: float = 1.0) -> float:
        """Distance from a side of a layer within which a share of its space charge lies, m.

        Every cell's charge counts as spread over the cell's extent along the stack with a density that is linear.

        Args:
            layer: a flat layer.
            below: from its lower side, else from its upper one.
            share: of the charge (of either sign) in the part of the layer that counts.
            reach: that part, as a share of the thickness: 1/2 where the other side has a layer of its own.
        """
        charge, lean, low, high = self._cell_charges(layer)
        bottom = self.comm.allreduce(float(low.min(initial=np.inf)), op=MPI.MIN)
        top = self.comm.allreduce(float(high.max(initial=-np.inf)), op=MPI.MAX)
        near, far = (low - bottom, high - bottom) if below else (top - high, top - low)
        lean = lean if below else -lean

        def within(distance: float) -> float:
            inside = np.clip((distance - near) / (far - near), 0.0, 1.0)
            inside = inside + 6 * lean * (inside**2 - inside)
            total: float = self.comm.allreduce(float(np.abs(charge) @ inside))
            return total

        most = reach * (top - bottom)
        total = within(most)
        if total == 0.0:
            return 0.0
        a, b = 0.0, most
        for _ in range(_BISECTIONS):
            middle = 0.5 * (a + b)
            a, b = (a, middle) if within(middle) >= share * total else (middle, b)
        return float(b)

    def _cell_charges(self, layer: str) -> tuple[Array, Array, Array, Array]:
        """Of every owned cell of a layer: charge (C), where its centre lies within the cell (from -1/2 to 1/2), and the
        cell's extent along the stack (m)."""
        mesh, geo = self.geometry.mesh, self.geometry
        if ("cells", layer) not in self._compiled:
            space = fem.functionspace(mesh, ("DG", 0))
            height = ufl.SpatialCoordinate(mesh)[geo.gdim - 1]
            density = self.charge_density(layer) * ufl.TestFunction(space)
            forms = geo.entity_maps().form([self._in(density, layer), self._in(density * height, layer)])
            self._compiled["cells", layer] = (forms, space)
        forms, space = self._compiled["cells", layer]
        rows = [fem.assemble_vector(form).array for form in forms]
        owned = mesh.topology.index_map(geo.tdim).size_local
        cells = np.flatnonzero(geo.cell_values[:owned] == geo.layer_tag(layer))
        charge, moment = (row[space.dofmap.list[cells, 0]] for row in rows)
        if not len(cells):  # on this rank
            return charge, charge, charge, charge
        heights = mesh.geometry.x[compat.geometry_dofmap(mesh)[cells]][:, :, geo.gdim - 1].reshape(len(cells), -1)
        low, high = heights.min(axis=1), heights.max(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            lean = np.where(charge != 0, (moment / charge - 0.5 * (low + high)) / (high - low), 0.0)
        return charge, np.clip(lean, -1 / 6, 1 / 6), low, high

    # ------------------------------------------------------------------ ions
    def occupancy_at(self, interface: str, layer: str, ion: str) -> float:
        """Mean fraction of an ion beside an interface of a layer.

        Raises:
            ModelError: the layer has no such ion.
        """
        placed, index = self._find(layer, ion)
        side = "+" if interface.split("|")[0] == layer else "-"

        def make() -> Any:
            return self.geometry.interface_integral(self._share(placed, index)(side), interface)

        area = self._scalar(("area", interface), lambda: self._interface_one(interface))
        return self._scalar(("occupancy", interface, layer, ion), make) / area

    def _interface_one(self, interface: str) -> Any:
        return self.geometry.interface_integral(self.problem.constant(1.0), interface)

    def amount(self, layer: str, ion: str) -> float:
        """Moles of an ion in a layer per nominal area, mol/m^2."""
        placed, index = self._find(layer, ion)

        def make() -> Any:
            return self._in(self._share(placed, index) * placed.statistics.concentration, layer)

        return self._scalar(("amount", layer, ion), make) / self.problem.area

    def _share(self, placed: Placed, index: int) -> Any:
        return placed.statistics.fractions(placed.reduced)[0][index]

    def _find(self, layer: str, ion: str) -> tuple[Placed, int]:
        for placed in self.problem.placed[layer]:
            for k, item in enumerate(placed.group.ions):
                if item.name == ion:
                    return placed, k
        raise ModelError(f"layer {layer!r} has no ion {ion!r}")

    # ------------------------------------------------------------------ resistance
    def resistance(self, layer: str) -> float:
        """Area-specific resistance of a layer beyond that of its bulk, int (1/sigma - 1/sigma_bulk) dx, ohm m^2.

        For current along the stack through a flat layer; over lateral coordinates the mean is taken.

        Raises:
            ModelError: the layer has no conductivity, or nothing moves in it.
        """
        medium = self.problem.media[layer]
        if medium.conductivity is None or medium.bulk_conduction() == 0:
            raise ModelError(f"layer {layer!r}: a resistance needs a conductivity and an ion that moves")
        conductivity = medium.conductivity

        def make() -> Any:
            return self._in(1.0 / self.conduction(layer) - 1.0, layer)

        return float(self._scalar(("resistance", layer), make) / (conductivity * self.problem.area))

    def conduction(self, layer: str) -> Any:
        """UFL conductivity of a layer over that of its bulk; None where nothing moves."""
        bulk = self.problem.media[layer].bulk_conduction()
        total: Any = None
        if bulk == 0:
            return None
        for placed in self.problem.placed[layer]:
            weights = [self.problem.constant(w / bulk) for w in placed.group.conductances]
            part = placed.group.conduction(placed.reduced, weights, SYMBOLS)
            if part is not None:
                total = part if total is None else total + part
        return total

    # ------------------------------------------------------------------ potential
    def potential_at(self, points: Array) -> Array:
        """(n,) potential in V at points (n, gdim) in media; not a number outside. Collective."""
        mesh = self.problem.potential.region.mesh
        where = np.zeros((len(points), 3))
        where[:, : points.shape[1]] = points
        found = self._cells_of(mesh, where)
        inside = np.flatnonzero(found >= 0)
        values = np.zeros((len(points), 2))
        if len(inside):
            values[inside, 0] = self.problem.potential.function.eval(where[inside], found[inside]).reshape(-1)
            values[inside, 1] = 1.0
        total = self.comm.allreduce(values)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(total[:, 0] / total[:, 1])

    @cached_property
    def _tree(self) -> Any:
        region = self.problem.potential.region.mesh
        size = float(np.abs(region.geometry.x).max(initial=0.0))
        return geometry.bb_tree(region, region.topology.dim, padding=1e-12 * size)

    def _cells_of(self, mesh: Any, points: Array) -> npt.NDArray[np.int32]:
        """(n,) local cell of every point, -1 where this rank has none.

        By barycentric coordinates: dolfinx tells apart what is 1e-10 m apart, which is a whole cell here.
        """
        candidates = geometry.compute_collisions_points(self._tree, points)
        cells, offsets = candidates.array, candidates.offsets
        if not len(cells):
            return np.full(len(points), -1, dtype=np.int32)
        owner = np.repeat(np.arange(len(points)), np.diff(offsets))
        dim = mesh.topology.dim
        corners = mesh.geometry.x[compat.geometry_dofmap(mesh)[cells]][:, : dim + 1, : mesh.geometry.dim]
        edges = np.swapaxes(corners[:, 1:] - corners[:, :1], 1, 2)
        inner = np.linalg.solve(edges, (points[owner, :dim] - corners[:, 0])[:, :, None])[:, :, 0]
        inside = np.minimum(inner.min(axis=1), 1 - inner.sum(axis=1))
        best = np.full(len(points), -np.inf)
        np.maximum.at(best, owner, inside)
        found = np.full(len(points), -1, dtype=np.int32)
        chosen = (inside == best[owner]) & (inside > -_OUTSIDE)
        found[owner[chosen]] = cells[chosen]
        return found
