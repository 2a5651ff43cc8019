"""Collects domains, interface laws and conditions into a block residual; nothing else.

What the unknowns are is decided in ``potentials``; how a residual follows from energies and dissipations in
``balance``; how it is solved in ``solve``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import ufl
from dolfinx import default_scalar_type, fem

from fem import balance
from fem.conditions import (
    ImposedDisplacement,
    ImposedPotential,
    Mechanical,
    Source,
    SurfaceSource,
    Terminal,
)
from fem.constants import STANDARD_TEMPERATURE
from fem.dissipation.conduction import Conduction, Equipotential
from fem.domains import INTERFACE_QUADRATURE_DEGREE, Domains
from fem.errors import ModelError
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.kinetics import LARGEST_EXPONENT
from fem.jit import prepare_cache
from fem.kinematics import Plane
from fem.mechanics import Mechanics
from fem.potentials import InterfaceLaw, Link, Network, Node, PerfectTie, build_network
from fem.solve.system import System
from fem.terms import EnergyTerm
from fem.unknowns import Field, Handle, Number, Tie
from fem.values import realised

if TYPE_CHECKING:
    from meshes.tagged import TaggedMesh

Condition = Terminal | Mechanical | ImposedDisplacement | ImposedPotential | Source | SurfaceSource


@dataclass(frozen=True)
class Domain:
    """What a layer is made of.

    Attributes:
        conduction: dissipation (or equipotential) of every carrier that it conducts.
        energy: terms of the free energy; empty for a layer without mechanics.
    """

    conduction: tuple[Conduction | Equipotential, ...] = ()
    energy: tuple[EnergyTerm, ...] = ()


@dataclass(frozen=True)
class Settings:
    """Discretisation and common state.

    Attributes:
        potential_degree: polynomial degree of potentials.
        displacement_degree: polynomial degree of the displacement.
        temperature: K.
        plane: plane strain or plane stress (2-D only).
        interface_quadrature: degree up to which integrals over interfaces are exact.
    """

    potential_degree: int = 2
    displacement_degree: int = 2
    temperature: float = STANDARD_TEMPERATURE
    plane: Plane = "strain"
    interface_quadrature: int = INTERFACE_QUADRATURE_DEGREE

    def enriched(self) -> Settings:
        """One degree more, and twice the quadrature: what error estimates compare with."""
        return replace(
            self,
            potential_degree=self.potential_degree + 1,
            displacement_degree=self.displacement_degree + 1,
            interface_quadrature=2 * self.interface_quadrature,
        )


@dataclass
class InterfaceState:
    """What a dissipative link offers to observables (UFL expressions on the interface).

    Attributes:
        link: law and nodes.
        current: current density from the first to the second node, A/m^2.
        driving: driving force of the kinetics or contact (A + W), V.
        film_drop: potential drop over the film, V.
        shift: stress work dOmega p_n / F, V.
        film_current: current density through the film, A/m^2: equal to ``current`` up to the solver's tolerance.
        contact_fraction: share of the area in contact below the resolution of the mesh.
    """

    link: Link
    current: Any
    driving: Any
    film_drop: Any
    shift: Any
    film_current: Any
    contact_fraction: float


@dataclass
class Model:
    """A tagged mesh, its materials, interface laws and conditions, as unknowns and residuals.

    Args:
        tagged: distributed, named mesh.
        domains: layer -> domain; every layer must be named.
        interfaces: ``a|b`` -> laws; interfaces that are not named insulate or are continuous.
        conditions: terminals, loads, symmetry planes, sources.
        settings: discretisation, temperature, plane.

    Raises:
        ModelError: naming what does not exist or contradicts.
    """

    tagged: TaggedMesh
    domains: Mapping[str, Domain]
    interfaces: Mapping[str, Sequence[InterfaceLaw]]
    conditions: Sequence[Condition] = ()
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        prepare_cache(self.tagged.mesh.comm)
        self.geometry = Domains(self.tagged, self.settings.interface_quadrature)
        missing = set(self.geometry.layers) ^ set(self.domains)
        if missing:
            raise ModelError(f"layers and domains differ: {', '.join(sorted(missing))}")
        unknown = set(self.interfaces) - set(self.geometry.interfaces)
        if unknown:
            raise ModelError(
                f"no interface {', '.join(sorted(unknown))}; there are {', '.join(self.geometry.interfaces)}"
            )
        self.fields: list[Field] = []
        self.numbers: list[Number] = []
        self.residuals: dict[Field, list[Any]] = {}
        self.charges: dict[Number, list[Any]] = {}
        self.states: list[InterfaceState] = []
        self.perfect_ties: list[tuple[PerfectTie, Field, Tie]] = []
        self.inner: dict[str, Handle] = {}
        self.exponent_limit = fem.Constant(self.geometry.mesh, default_scalar_type(LARGEST_EXPONENT))
        self.one = fem.Constant(self.geometry.mesh, default_scalar_type(1.0))
        self.energies = {
            layer: tuple(realised(term, self.geometry, layer) for term in domain.energy)
            for layer, domain in self.domains.items()
        }
        self.mechanics = Mechanics.build(self)
        self.network = self._network()
        self._potential_fields()
        self._terminals()
        self._conduction()
        for link in self.network.links:
            self._link(link)
        self._sources()
        self._check_paths()
        self.system = System(
            self.geometry,
            self.fields,
            self.numbers,
            self.residuals,
            self.charges,
            self.geometry.entity_maps(),
        )

    # ---------------------------------------------------------------- potentials
    def _network(self) -> Network:
        conductors: dict[Node, Conduction | Equipotential] = {
            (layer, term.carrier): realised(term, self.geometry, layer)
            for layer, domain in self.domains.items()
            for term in domain.conduction
        }
        self.conductors = conductors
        laws = {name: self.interfaces.get(name, ()) for name in self.geometry.interfaces}
        partial = frozenset(n.removesuffix(":gap") for n in self.tagged.facets if n.endswith(":gap"))
        return build_network(conductors, laws, partial)

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
            region = self.geometry.region(layers)
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
        target.tie(dofs, number, -handle.offset)

    def _impose(self, target: Field, side: str, values: Any, offset: float) -> None:
        dofs = self.geometry.facet_dofs(target.space, target.region, side)
        given = fem.Function(target.space)
        given.interpolate(values)
        size = target.space.dofmap.index_map_bs
        unrolled = (dofs[:, None] * size + range(size)).reshape(-1).astype("int32") if size > 1 else dofs
        target.tie(unrolled, None, given.x.array[unrolled] - offset)

    # ---------------------------------------------------------------- residuals
    def _conduction(self) -> None:
        for (layer, carrier), term in self.conductors.items():
            handle = self.handle(layer, carrier)
            if isinstance(term, Conduction) and isinstance(handle.carrier, Field):
                target = handle.carrier
                density = balance.charge(term, target.function, target.test)
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

    def _passage(self, name: str, node_side: str, handle: Handle, current: Any) -> None:
        """Let ``current`` (A/m^2) leave the potential ``handle`` through an interface."""
        if isinstance(handle.carrier, Number):
            self.charges[handle.carrier].append(self.geometry.interface_integral(current, name))
        else:
            test = handle.carrier.test(node_side)
            self.residuals[handle.carrier].append(self.geometry.interface_integral(current * test, name))

    def _link(self, link: Link) -> None:
        name, law = link.interface, link.law
        below = name.split("|")[0]
        side = {True: "+", False: "-"}
        first_side, second_side = side[link.first[0] == below], side[link.second[0] == below]
        first, second = self.handle(*link.first), self.handle(*link.second)
        jump = first.value(first_side) - second.value(second_side)
        shift: Any = 0.0
        if isinstance(law, ChargeTransfer) and law.partial_molar_volume != 0.0 and self.mechanics is not None:
            shift = self.mechanics.work_potential(name, link.second[0], law.partial_molar_volume)
        temperature = self.settings.temperature
        if isinstance(law, ChargeTransfer) and law.needs_inner_potential:
            inner = self.inner[name] = self._inner_potential(name)
            affinity = first.value(first_side) - inner.value("+")
            passage = balance.kinetic_current(law, affinity, shift, temperature, self.exponent_limit)
            film_drop = inner.value("+") - second.value(second_side)
            film_current = balance.film_current(law, film_drop)
            self._passage(name, first_side, first, passage.current)
            self._passage(name, "+", inner, film_current - passage.current)
            self._passage(name, second_side, second, -film_current)
            self.states.append(
                InterfaceState(
                    link,
                    passage.current,
                    passage.driving,
                    film_drop,
                    shift,
                    film_current,
                    law.contact_fraction,
                )
            )
            return
        passage = (
            balance.series_current(law, jump, shift, temperature, self.exponent_limit)
            if isinstance(law, ChargeTransfer)
            else balance.ohmic_current(law, jump)
        )
        self._passage(name, first_side, first, passage.current)
        self._passage(name, second_side, second, -passage.current)
        self.states.append(
            InterfaceState(
                link,
                passage.current,
                passage.driving,
                passage.film_drop,
                shift,
                passage.current,
                law.contact_fraction,
            )
        )

    def _inner_potential(self, name: str) -> Handle:
        """The potential between film and reaction: a field on the interface, a number in 1-D."""
        if self.geometry.tdim == 1:
            return Handle(
                self.add_number(Number.create(f"inner potential of {name}", self.geometry.mesh, 0.0, unknown=True))
            )
        region = self.geometry.interface_mesh(name)
        space = fem.functionspace(region.mesh, ("Lagrange", self.settings.potential_degree))
        function = fem.Function(space, name="inner_potential")
        return Handle(self.add_field(Field(f"inner potential of {name}", "potential", function, region, ())))

    def _sources(self) -> None:
        x = ufl.SpatialCoordinate(self.geometry.mesh)
        for source in self.conditions:
            if not isinstance(source, Source | SurfaceSource):
                continue
            if source.quantity == "force":
                if self.mechanics is None:
                    raise ModelError("a force source needs mechanics")
                target: Field | Number = self.mechanics.displacement
            else:
                target = self.handle(source.layer, source.quantity).carrier
            if not isinstance(target, Field):
                raise ModelError(f"layer {source.layer!r} is an equipotential: no source there")
            density = source.density(x)
            if isinstance(source, Source):
                form = self.geometry.integral(-ufl.inner(density, target.test), source.layer)
            elif "|" in source.facets:
                side = "+" if source.layer == source.facets.split("|")[0] else "-"
                form = self.geometry.interface_integral(-ufl.inner(density, target.test(side)), source.facets)
            else:
                form = self.geometry.outer_integral(-ufl.inner(density, target.test), source.facets)
            self.residuals[target].append(form)
