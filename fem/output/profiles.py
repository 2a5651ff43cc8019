"""What passes an interface, facet by facet: a small table on rank 0.

Values are means over facets, so that the table adds up: sum(area * current_density) is the current. They are
assembled with the forms of the model, since its expressions mix submeshes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem, la

from fem import compat
from fem.dissipation.conduction import Conduction
from fem.interface.charge_transfer import Blocked, ChargeTransfer, OhmicContact
from fem.interface.names import FACES, both_sides, whole
from fem.kinematics import embed
from fem.output.grids import simplex_measures
from fem.output.nodal_flux import NodalFlux
from fem.unknowns import Field

if TYPE_CHECKING:
    from fem.model import Model

Floats = npt.NDArray[np.float64]

AXES = {"1": ("x",), "2": ("x", "y"), "axisymmetric": ("r", "z"), "3": ("x", "y", "z")}
AREA_UNITS = {"1": "1", "2": "m", "axisymmetric": "m^2", "3": "m^2"}


@dataclass(frozen=True)
class Profile:
    """The facets of an interface on all ranks, sorted by position.

    Attributes:
        interface: ``a|b``.
        axes: names of the coordinates.
        points: (n, gdim) middles of the facets, m.
        corners: (n, corners, gdim) m.
        area: (n,) measure: 1 (1-D), m (2-D: per depth), m^2.
        area_unit: its unit.
        values: name -> (n,) mean over the facet, SI.
        units: name -> SI unit.
        meaning: name -> what it is, with its sign.
    """

    interface: str
    axes: tuple[str, ...]
    points: Floats
    corners: Floats
    area: Floats
    area_unit: str
    values: dict[str, Floats]
    units: dict[str, str]
    meaning: dict[str, str] = field(default_factory=dict)

    def mean(self, name: str) -> float:
        """Mean over the interface in contact."""
        return float(np.sum(self.area * self.values[name]) / np.sum(self.area))

    def write_csv(self, path: Path) -> None:
        """One row per facet; the header holds names and units.

        Raises:
            OSError: the file cannot be written.
        """
        head = [f"{axis} [m]" for axis in self.axes]
        head += [f"area [{self.area_unit}]", *(f"{n} [{self.units[n]}]" for n in self.values)]
        table = np.column_stack([self.points, self.area, *self.values.values()])
        np.savetxt(path, table, delimiter=",", header=",".join(head), comments="", fmt="%.10g")

    def write_npz(self, path: Path) -> None:
        """The same as arrays, with the corners of the facets.

        Raises:
            OSError: the file cannot be written.
        """
        with path.open("wb") as stream:
            arrays: dict[str, Any] = {"points": self.points, "corners": self.corners, "area": self.area}
            np.savez(stream, **{**arrays, **self.values})


@dataclass(frozen=True)
class _Column:
    """`expression`: restricted UFL; None where `into`, a resolved conductor (layer, carrier), takes the current.

    The current counts as `sign` times what enters that conductor.
    """

    name: str
    unit: str
    meaning: str
    expression: Any = None
    into: tuple[str, str] | None = None
    sign: float = 1.0


class InterfaceMeans:
    """Facet means on one interface; the form is compiled once and assembled for every state.

    Args:
        model: the model; its state is read when `evaluate` is called.
        interface: ``a|b``.
    """

    def __init__(self, model: Model, interface: str) -> None:
        self.geometry, self.interface = model.geometry, interface
        self.columns = _columns(model, interface)
        self.form: Any = None
        self.mesh = self.geometry.mesh
        if self.geometry.tdim > 1:
            self.mesh = self.geometry.interface_mesh(interface).mesh
        self.fluxes = {c.name: NodalFlux(model, interface, c.into) for c in self.columns if c.into is not None}
        self.expressed = [c.expression for c in self.columns if c.into is None]
        if self.expressed:
            # 1-D: the interface is one point, and the cell below it has no other interface of this name
            space = fem.functionspace(self.mesh, ("DG", 0, (len(self.expressed),)))
            vector = ufl.as_vector([ufl.as_ufl(e) for e in self.expressed])
            density = ufl.inner(vector, ufl.TestFunction(space)("+"))
            # memories of joints have their values at the points of a rule of their own
            joint = model.joints.get(whole(interface))
            rule = None if joint is None else joint.points.rule
            integral = self.geometry.interface_integral(density, interface, rule=rule)
            self.form = self.geometry.entity_maps().form(integral)

    def evaluate(self) -> Profile | None:
        """The profile on rank 0, None on the others. Collective; gathers interface data only."""
        corners = self._corners()
        area = simplex_measures(corners, self.geometry.axisymmetric)
        values = np.zeros((len(corners), len(self.columns)))
        expressed = self._expressed(area)
        k = 0
        for column, item in enumerate(self.columns):
            if item.into is None:
                values[:, column] = expressed[:, k]
                k += 1
            else:
                values[:, column] = item.sign * self.fluxes[item.name].evaluate()[self._rows()]
        parts = self.geometry.comm.gather((corners, area, values), root=0)
        if parts is None:
            return None
        corners, area, values = (np.concatenate([p[k] for p in parts]) for k in range(3))
        points = corners.mean(axis=1)
        order = np.lexsort(np.round(points / (np.ptp(points, axis=0).max() or 1.0), 9).T[::-1])
        dimension = self.geometry.tagged.dimension
        names = [c.name for c in self.columns]
        return Profile(
            self.interface,
            AXES[dimension],
            points[order],
            corners[order],
            area[order],
            AREA_UNITS[dimension],
            {n: values[order, k] for k, n in enumerate(names)},
            {c.name: c.unit for c in self.columns},
            {c.name: c.meaning for c in self.columns},
        )

    def _expressed(self, area: Floats) -> Floats:
        """(owned facets, columns) means of the columns with an expression."""
        if self.form is None:
            return np.zeros((len(area), 0))
        vector = fem.assemble_vector(self.form)
        if self.geometry.tdim > 1:
            vector.scatter_reverse(la.InsertMode.add)
        own = np.real(vector.array).reshape(-1, len(self.expressed))
        if self.geometry.tdim == 1:  # the cell below may be a ghost of the rank that owns the point
            own = own.sum(axis=0, keepdims=True)
        return np.asarray(own[: len(area)] / area[:, None])

    def _rows(self) -> npt.NDArray[np.int32]:
        """(owned facets,) row of `interface_entities` for every facet in the order of `_corners`."""
        geometry, tdim = self.geometry, self.geometry.tdim
        rows = geometry.interface_entities(self.interface)
        if tdim == 1:
            return np.arange(len(rows), dtype=np.int32)
        topology = geometry.mesh.topology
        topology.create_connectivity(tdim, tdim - 1)
        facets = topology.connectivity(tdim, tdim - 1).array.reshape(-1, tdim + 1)[rows[:, 0], rows[:, 1]]
        index = topology.index_map(tdim - 1)
        row_of = np.full(index.size_local + index.num_ghosts, -1, dtype=np.int32)
        row_of[facets] = np.arange(len(rows), dtype=np.int32)
        owned = self.mesh.topology.index_map(tdim - 1).size_local
        return np.asarray(row_of[geometry.interface_mesh(self.interface).to_parent[:owned]])

    def _corners(self) -> Floats:
        """(owned facets, corners, gdim) coordinates."""
        geometry = self.geometry
        if geometry.tdim > 1:
            owned = self.mesh.topology.index_map(geometry.tdim - 1).size_local
            nodes = compat.geometry_dofmap(self.mesh)[:owned]
            return np.asarray(self.mesh.geometry.x[nodes][:, :, : geometry.gdim], dtype=np.float64)
        rows = geometry.interface_entities(self.interface)
        # facet i of an interval is its vertex i
        nodes = compat.geometry_dofmap(geometry.mesh)[rows[:, 0], rows[:, 1]]
        return np.asarray(geometry.mesh.geometry.x[nodes][:, None, :1], dtype=np.float64)


def interface_profile(model: Model, interface: str) -> Profile | None:
    """Current density, overpotential, film drop, pressure and stress shift along an interface.

    Returns:
        The profile on rank 0, None on the others. Collective.
    """
    return InterfaceMeans(model, interface).evaluate()


def parting_slits(model: Model) -> tuple[str, ...]:
    """Names of the facets of slits whose faces may touch, which have a profile, too."""
    return tuple(name + FACES for name in model.geometry.slits if name in model.joints)


def _columns(model: Model, interface: str) -> list[_Column]:
    if interface.endswith(FACES):
        pressure = model.joints[whole(interface)].pressure()
        return [_Column("pressure", "Pa", "of the faces on each other", pressure), *_parting(model, interface)]
    below, above = both_sides(interface)
    columns: list[_Column] = []
    states = [s for s in model.states if s.link.interface == interface]
    transfers = sum(isinstance(s.link.law, ChargeTransfer) for s in states)
    for state in states:
        law = state.link.law
        if isinstance(law, OhmicContact):
            what = f"{law.carrier} current, positive from {below} to {above}"
            columns.append(_Column(f"{law.carrier}_current_density", "A/m^2", what, state.current))
            columns.append(_Column(f"{law.carrier}_contact_drop", "V", "drop over the contact", state.film_drop))
            continue
        suffix = f"_{law.electrode}" if transfers > 1 else ""
        sign = f"anodic positive (from {law.electrode} into the electrolyte)"
        if law.electrode_carrier == "ionic":
            sign = f"ionic current, positive from {state.link.first[0]} to {state.link.second[0]}"
        columns.append(_Column(f"current_density{suffix}", "A/m^2", sign, state.current))
        meaning = "driving force of the kinetics, stress shift included"
        columns.append(_Column(f"overpotential{suffix}", "V", meaning, state.driving))
        columns.append(_Column(f"film_drop{suffix}", "V", "drop over the film", state.film_drop))
        meaning = "shift of the equilibrium potential by stress"
        columns.append(_Column(f"stress_shift{suffix}", "V", meaning, -state.shift))
    columns += _direct(model, interface, {_carrier(s.link.law) for s in states})
    pressure = _pressure(model, interface)
    if pressure is not None:
        columns.append(_Column("pressure", "Pa", "compression normal to the interface", pressure))
    return columns + _parting(model, interface)


def _parting(model: Model, interface: str) -> list[_Column]:
    """What contact and cohesion know."""
    joint = model.joints.get(whole(interface))
    if joint is None:
        return []
    columns = [
        _Column("gap", "m", "distance of the two sides", joint.gap()),
        _Column("conducting_share", "", "share of the nominal conductance that passes", joint.conducting()),
    ]
    if (damage := joint.damage()) is not None:
        columns.append(_Column("bond_damage", "", "damage of the bond, 0 whole to 1 broken", damage))
    return columns


def _carrier(law: ChargeTransfer | OhmicContact | Blocked) -> str:
    return "transfer" if isinstance(law, ChargeTransfer) else law.carrier


def _direct(model: Model, interface: str, done: set[str]) -> list[_Column]:
    """Currents through contacts without resistance: what enters a resolved conductor beside them."""
    below, above = both_sides(interface)
    laws = model.interfaces.get(interface, ())
    blocked = {law.carrier for law in laws if isinstance(law, Blocked)}
    columns = []
    for law in laws:
        if isinstance(law, ChargeTransfer) and law.perfect:
            electrolyte = above if law.electrode == below else below
            meaning = f"anodic positive (from {law.electrode} into the electrolyte)"
            for node, sign in (((electrolyte, "ionic"), 1.0), ((law.electrode, "electronic"), -1.0)):
                if _resolved(model, node):
                    columns.append(_Column("current_density", "A/m^2", meaning, None, node, sign))
                    break
    for carrier in ("ionic", "electronic"):
        pair = (((above, carrier), 1.0), ((below, carrier), -1.0))
        if carrier in done | blocked or any(node not in model.conductors for node, _ in pair):
            continue
        for node, sign in pair:
            if _resolved(model, node):
                meaning = f"{carrier} current, positive from {below} to {above}"
                columns.append(_Column(f"{carrier}_current_density", "A/m^2", meaning, None, node, sign))
                break
    return columns


def _resolved(model: Model, node: tuple[str, str]) -> bool:
    return isinstance(model.conductors[node], Conduction) and isinstance(model.handle(*node).carrier, Field)


def _pressure(model: Model, interface: str) -> Any | None:
    """Compression on an interface: from nodal forces where the model has it so, else from the stress.

    The stress jumps a little from side to side: the mean of both is taken, or the only one that there is.
    """
    mechanics, axis = model.mechanics, model.geometry.gdim - 1
    if mechanics is None:
        return None
    below, above = both_sides(interface)
    if whole(interface) in mechanics.tractions or whole(interface) in model.joints:
        return mechanics.interface_pressure(interface, below)
    pairs = [(x, side) for x, side in ((below, "+"), (above, "-")) if x in mechanics.solids]
    if model.geometry.is_level(interface):
        parts = [-mechanics.stress(x)[axis, axis](side) for x, side in pairs]
    else:
        normal = embed(ufl.FacetNormal(model.geometry.mesh)("+"), model.geometry.gdim)
        parts = [-ufl.dot(normal, mechanics.stress(x)(side) * normal) for x, side in pairs]
    return sum(parts[1:], start=parts[0]) / len(parts) if parts else None
