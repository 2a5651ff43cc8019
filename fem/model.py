"""Collects domains, interface laws and conditions into a block residual; nothing else.

What the unknowns are is decided in ``potentials``; how a residual follows from energies and dissipations in
``balance``; how it is solved in ``solve``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from dolfinx import default_scalar_type, fem

from fem import balance
from fem.conditions import (
    ImposedDisplacement,
    ImposedPotential,
    MeanField,
    Mechanical,
    OpeningControl,
    Source,
    SurfaceSource,
    Terminal,
)
from fem.creep import Creep, Dissipation
from fem.damage import Damage
from fem.dissipation.conduction import Conduction, Equipotential
from fem.dissipation.electrolyte import SaltConduction
from fem.dissipation.ternary import SaltElectrolyte
from fem.domains import Domains
from fem.errors import ModelError
from fem.growths import Profile
from fem.histories import History
from fem.interface.charge_transfer import Blocked
from fem.interface.cohesive import Cohesive
from fem.interface.contact import Contact
from fem.interface.kinetics import LARGEST_EXPONENT
from fem.interface.names import both_sides
from fem.interface.permeable import Permeable
from fem.interface.rims import refuse_short_circuits
from fem.jit import prepare_cache
from fem.joining import DrivenOpening, build_joint
from fem.joints import JointLaw
from fem.levels import anchor_metal
from fem.mechanics import Mechanics
from fem.passages import InterfaceState, connect
from fem.periodic import close_mean_fields, set_mean_fields
from fem.potentials import InterfaceLaw, Network, Node, PerfectTie, build_network
from fem.settings import Domain, Settings
from fem.solve.system import System
from fem.sources import feed
from fem.transport import Transport
from fem.unknowns import Field, Handle, Number, Tie
from fem.values import realised
from fem.void_phase import VoidPhases

if TYPE_CHECKING:
    from meshes.tagged import TaggedMesh

__all__ = ["Condition", "Domain", "InterfaceState", "Model", "Settings"]

Condition = (
    Terminal | Mechanical | OpeningControl | MeanField | ImposedDisplacement | ImposedPotential | Source | SurfaceSource
)


@dataclass
class Model:
    """A tagged mesh, its materials, interface laws and conditions, as unknowns and residuals.

    Args:
        tagged: distributed, named mesh.
        domains: layer -> domain; every layer must be named.
        interfaces: ``a|b`` -> laws; interfaces that are not named insulate or are continuous. ``a|b:gap`` -> laws of
            the part without contact (the capacitance of a thin pore). Name of a slit whose faces touch -> contact.
        conditions: terminals, loads, symmetry planes, sources.
        settings: discretisation, temperature, plane.

    Raises:
        ModelError: naming what does not exist or contradicts.
    """

    tagged: TaggedMesh
    domains: Mapping[str, Domain]
    interfaces: Mapping[str, Sequence[InterfaceLaw | JointLaw | Permeable]]
    conditions: Sequence[Condition] = ()
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        prepare_cache(self.tagged.mesh.comm)
        self.geometry = Domains(self.tagged, self.settings.interface_quadrature)
        missing = set(self.geometry.layers) ^ set(self.domains)
        if missing:
            raise ModelError(f"layers and domains differ: {', '.join(sorted(missing))}")
        unknown = set(self.interfaces) - {*self.geometry.interfaces, *self.geometry.gaps, *self.geometry.slits}
        if unknown:
            known = (*self.geometry.interfaces, *self.geometry.gaps, *self.geometry.slits)
            raise ModelError(f"no interface {', '.join(sorted(unknown))}; there are {', '.join(known)}")
        self.fields: list[Field] = []
        self.numbers: list[Number] = []
        self.residuals: dict[Field, list[Any]] = {}
        self.charges: dict[Number, list[Any]] = {}
        self.perfect_ties: list[tuple[PerfectTie, Field, Tie]] = []
        self.inner: dict[str, Handle] = {}
        self.thickness: dict[str, dict[str, Handle]] = {}
        self.decomposition: dict[str, Any] = {}
        self.profiles: dict[str, Profile] = {}
        self.histories: list[History] = []
        self.joint_laws = {
            name: law for name, laws in self.interfaces.items() for law in laws if isinstance(law, Contact | Cohesive)
        }
        if any(domain.energy for domain in self.domains.values()):
            for slit in self.geometry.slits:  # without friction, unless a law says otherwise
                self.joint_laws.setdefault(slit, Contact())
        self.exponent_limit = fem.Constant(self.geometry.mesh, default_scalar_type(LARGEST_EXPONENT))
        self.one = fem.Constant(self.geometry.mesh, default_scalar_type(1.0))
        self.time = fem.Constant(self.geometry.mesh, default_scalar_type(0.0))
        self.energies = {
            layer: tuple(realised(term, self.geometry, layer) for term in domain.energy)
            for layer, domain in self.domains.items()
        }
        self.damage = Damage.build(self)
        if self.damage is not None and self.joint_laws:
            parting = ", ".join(self.joint_laws)
            raise ModelError(
                f"either layers break ({', '.join(self.damage.terms)}) or sides part ({parting}), not both"
            )
        self.transport = Transport.build(self)
        self.void_phases = VoidPhases.build(self)
        self.creeps = {
            layer: Creep.build(self, layer, domain.creep)
            for layer, domain in self.domains.items()
            if domain.creep is not None
        }
        self.dissipations = {layer: Dissipation(creep) for layer, creep in self.creeps.items()}
        self.histories += self.dissipations.values()
        self.mechanics = Mechanics.build(self)
        self.joints = {name: build_joint(self, name, law) for name, law in self.joint_laws.items()}
        controls = [c for c in self.conditions if isinstance(c, OpeningControl)]
        self.opened = {c.interface: DrivenOpening.build(self, c) for c in controls}
        if self.transport is not None:
            self.transport.couple()
        if self.damage is not None:
            self.damage.block()
        self.network = self._network()
        self._potential_fields()
        self._terminals()
        if self.damage is not None:
            self.damage.drive()
        self.mean_fields = set_mean_fields(self)
        self._conduction()
        if self.transport is not None:
            self.transport.balances()
            self.transport.pass_through()
        if self.void_phases is not None:
            self.void_phases.balances()
        self.states = [connect(self, link) for link in self.network.links]
        feed(self)
        close_mean_fields(self, self.mean_fields)
        self._check_paths()
        refuse_short_circuits(self)
        self.system = System(
            self.geometry,
            self.fields,
            self.numbers,
            self.residuals,
            self.charges,
            self.geometry.entity_maps(),
            list(self.creeps.values()),
        )

    def accept(self) -> None:
        """Take the present state as the one that histories compare later ones with. Collective."""
        for history in self.histories:
            history.accept()

    # ---------------------------------------------------------------- potentials
    def _network(self) -> Network:
        conductors: dict[Node, Conduction | Equipotential] = {
            (layer, term.carrier): self._conductor(layer, term)
            for layer, domain in self.domains.items()
            for term in domain.conduction
        }
        self.conductors = conductors
        laws: dict[str, list[InterfaceLaw]] = {
            name: [x for x in self.interfaces.get(name, ()) if not isinstance(x, Contact | Cohesive | Permeable)]
            for name in (*self.geometry.interfaces, *self.geometry.gaps)
            if name in self.geometry.interfaces or name in self.interfaces
        }
        partial = frozenset(n.removesuffix(":gap") for n in self.tagged.facets if n.endswith(":gap"))
        voids = self.void_phases
        apart = {*self.joint_laws, *(() if voids is None else (n for x in voids.layers for n, _ in voids.sides(x)))}
        network = build_network(conductors, laws, partial | apart)
        for tie in network.ties:
            if tie.interface in apart:
                raise ModelError(f"interface {tie.interface!r} can come apart: give it a resistance or kinetics")
        return network

    def _conductor(self, layer: str, term: Conduction | SaltElectrolyte | Equipotential) -> Conduction | Equipotential:
        if not isinstance(term, SaltElectrolyte):
            made = realised(term, self.geometry, layer)
            share = None if self.damage is None else self.damage.passage(layer)
            if share is None or isinstance(made, Equipotential):
                return made
            return replace(made, conductivity=share * made.conductivity)
        assert self.transport is not None
        return self.transport.conduction(layer)

    def add_field(self, item: Field) -> Field:
        """Register an unknown field."""
        self.fields.append(item)
        self.residuals[item] = []
        return item

    def add_number(self, item: Number) -> Number:
        """Register a number, prescribed or unknown."""
        self.numbers.append(item)
        self.charges[item] = []
        return item

    def _potential_fields(self) -> None:
        self._field_of: dict[Node, Field] = {}
        self._number_of: dict[Node, Number] = {}
        degree = self.settings.potential_degree
        for root, members in self.network.groups.items():
            layers = tuple(layer for layer in self.geometry.layers if layer in {m[0] for m in members})
            region = self.geometry.region(layers, self._blocked(members))
            name = f"{root[1]} potential of {'+'.join(layers)}"
            function = fem.Function(fem.functionspace(region.mesh, ("Lagrange", degree)), name="potential")
            self._field_of[root] = self.add_field(Field(name, "potential", function, region, layers))
        for root in self.network.metals:
            self._number_of[root] = self.add_number(
                Number.create(f"potential of {root[0]}", self.geometry.mesh, 0.0, unknown=True)
            )
        for tie in self.network.ties:
            number = self._number_of[self.network.root[tie.metal][0]]
            base = self.network.root[tie.metal][1]
            target, offset = (
                self._field_of[self.network.root[tie.resolved][0]],
                self.network.root[tie.resolved][1],
            )
            dofs = self.geometry.facet_dofs(target.space, target.region, tie.interface)
            clash = sum(target.shares(dofs, other) for other in target.ties if other.number is not number)
            if self.geometry.comm.allreduce(clash):
                raise ModelError(
                    f"interface {tie.interface!r}: another equipotential is in perfect contact with the same points of "
                    f"{tie.resolved[0]!r}: give one of the interfaces kinetics or a resistance"
                )
            made = target.tie(dofs, number, base + tie.offset - offset)
            self.perfect_ties.append((tie, target, made))

    def _blocked(self, members: Sequence[Node]) -> tuple[str, ...]:
        """Interfaces that block a carrier whose potential both sides share, because they hang together elsewhere."""
        return tuple(
            name
            for name in self.geometry.interfaces
            for law in self.interfaces.get(name, ())
            if isinstance(law, Blocked) and all((side, law.carrier) in members for side in both_sides(name))
        )

    def handle(self, layer: str, carrier: str) -> Handle:
        """The potential of a carrier in a layer.

        Raises:
            ModelError: when the layer does not conduct that carrier.
        """
        if (layer, carrier) not in self.network.root:
            raise ModelError(f"layer {layer!r} conducts no {carrier} charge")
        root, offset = self.network.root[layer, carrier]
        target: Field | Number = self._field_of[root] if root in self._field_of else self._number_of[root]
        return Handle(target, offset)

    def _terminals(self) -> None:
        self.terminals: dict[str, Number] = {}
        for terminal in (c for c in self.conditions if isinstance(c, Terminal)):
            if terminal.at in self.geometry.layers:
                handle = self.handle(terminal.at, "electronic")
                number = handle.carrier
                if not isinstance(number, Number):
                    raise ModelError(
                        f"terminal {terminal.name!r}: layer {terminal.at!r} is resolved; connect it at a side"
                    )
                if handle.offset != 0.0:
                    raise ModelError(f"terminal {terminal.name!r}: equipotential with an offset")
            else:
                number = self.add_number(
                    Number.create(f"potential of {terminal.name}", self.geometry.mesh, 0.0, unknown=True)
                )
                self._tie_side(terminal, number)
            if terminal.potential is not None:
                number.value, number.unknown = terminal.potential, False
            else:
                assert terminal.current is not None
                number.source = terminal.current
            self.terminals[terminal.name] = number
        for condition in self.conditions:
            if isinstance(condition, ImposedPotential):
                handle = self.handle(condition.layer, condition.carrier)
                target = handle.carrier
                if not isinstance(target, Field):
                    raise ModelError(f"layer {condition.layer!r} is an equipotential")
                self._impose(target, condition.side, condition.values, handle.offset)

    def _tie_side(self, terminal: Terminal, number: Number) -> None:
        if terminal.at not in ("bottom", "top"):
            raise ModelError(f"terminal {terminal.name!r}: {terminal.at!r} is no layer and not 'bottom' or 'top'")
        layer = self.geometry.layers[0 if terminal.at == "bottom" else -1]
        handle = self.handle(layer, terminal.carrier)
        target = handle.carrier
        if not isinstance(target, Field):
            raise ModelError(
                f"terminal {terminal.name!r}: layer {layer!r} is an equipotential; connect the layer itself"
            )
        dofs = self.geometry.facet_dofs(target.space, target.region, terminal.at)
        made = target.tie(dofs, number, -handle.offset)
        anchor_metal(self, target, made, layer, terminal.carrier)

    def _impose(self, target: Field, side: str, values: Any, offset: float) -> Tie:
        dofs = self.geometry.facet_dofs(target.space, target.region, side)
        given = fem.Function(target.space)
        given.interpolate(values)
        size = target.space.dofmap.index_map_bs
        unrolled = (dofs[:, None] * size + range(size)).reshape(-1).astype("int32") if size > 1 else dofs
        return target.tie(unrolled, None, given.x.array[unrolled] - offset)

    # ---------------------------------------------------------------- residuals
    def _conduction(self) -> None:
        for (layer, carrier), term in self.conductors.items():
            handle = self.handle(layer, carrier)
            if isinstance(term, Conduction) and isinstance(handle.carrier, Field):
                target = handle.carrier
                density = balance.charge(term, target.total, target.test)
                degree = 2 * self.settings.potential_degree + 2 if isinstance(term, SaltConduction) else None
                self.residuals[target].append(self.geometry.integral(density, layer, degree))
                permittivity = realised(self.domains[layer], self.geometry, layer).permittivity
                if permittivity != 0.0 and (carrier == "ionic" or (layer, "ionic") not in self.conductors):
                    density = balance.displacement(permittivity, target.rate, target.test)
                    self.residuals[target].append(self.geometry.integral(density, layer))

    def _check_paths(self) -> None:
        """Refuse a current terminal from which no path leads to a fixed potential: the system would be singular."""
        links: dict[Any, list[Any]] = {}
        pairs = [(self.handle(*x.first).carrier, self.handle(*x.second).carrier) for x in self.network.links]
        fixed: list[Any] = [n for n in self.numbers if not n.unknown]
        for target in (f for f in self.fields if f.kind == "potential"):
            pairs += [(target, tie.number) for tie in target.ties if tie.number is not None]
            fixed += [target for tie in target.ties if tie.number is None]
        for a, b in pairs:
            links.setdefault(a, []).append(b)
            links.setdefault(b, []).append(a)
        reached, todo = set(fixed), fixed
        while todo:
            new = [x for x in links.get(todo.pop(), []) if x not in reached]
            reached.update(new)
            todo += new
        for name, number in self.terminals.items():
            if number not in reached:
                raise ModelError(
                    f"no current can flow between {name!r} and the other electrode: every path is blocked "
                    "(an interface without kinetics, or a layer that does not conduct)"
                )
