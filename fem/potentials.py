"""Which potentials exist: conductors joined into fields, metals into numbers, perfect contacts into ties.

Every conducting (layer, carrier) is a node. Nodes that are continuous share one field; a constant jump between
them (perfect charge transfer at a fixed equilibrium potential) becomes an offset of the same field, so that it
costs neither unknowns nor penalties. Metals taken as equipotentials are numbers; a resolved conductor in perfect
contact with one has its interface nodes tied to that number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fem.dissipation.conduction import Conduction, Equipotential
from fem.errors import ModelError
from fem.interface.charge_transfer import Blocked, ChargeTransfer, OhmicContact
from fem.interface.names import both_sides

Node = tuple[str, str]
"""(layer, carrier)."""

InterfaceLaw = ChargeTransfer | OhmicContact | Blocked


@dataclass(frozen=True)
class Link:
    """A dissipative passage between two potentials across an interface.

    Attributes:
        interface: ``a|b``.
        law: charge transfer (first node: electrode) or resistance (first node: layer below).
        first, second: nodes; the current counts positive from the first to the second.
    """

    interface: str
    law: ChargeTransfer | OhmicContact
    first: Node
    second: Node


@dataclass(frozen=True)
class PerfectTie:
    """Interface nodes of a resolved conductor that follow an equipotential.

    Attributes:
        interface: ``a|b``.
        resolved: node of the resolved conductor.
        metal: node of the equipotential.
        offset: potential of the resolved conductor minus that of the metal, V.
    """

    interface: str
    resolved: Node
    metal: Node
    offset: float


@dataclass
class Network:
    """The conductors of a stack and how they hang together.

    Attributes:
        groups: root node -> member nodes that share a field.
        root: node -> (root node, offset in V of the node's potential relative to the field).
        metals: root node -> member nodes of one equipotential.
        links: dissipative passages.
        ties: perfect contacts between a resolved conductor and an equipotential.
    """

    groups: dict[Node, list[Node]] = field(default_factory=dict)
    root: dict[Node, tuple[Node, float]] = field(default_factory=dict)
    metals: dict[Node, list[Node]] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    ties: list[PerfectTie] = field(default_factory=list)


class _OffsetSets:
    """Union-find in which every member knows its offset from the root."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.parent: dict[Node, tuple[Node, float]] = {n: (n, 0.0) for n in nodes}

    def find(self, node: Node) -> tuple[Node, float]:
        parent, offset = self.parent[node]
        if parent == node:
            return node, 0.0
        root, more = self.find(parent)
        return root, offset + more

    def join(self, a: Node, b: Node, jump: float) -> None:
        """Record potential(b) = potential(a) + jump."""
        (ra, oa), (rb, ob) = self.find(a), self.find(b)
        if ra == rb:
            if abs(oa + jump - ob) > 1e-12:
                raise ModelError(f"perfect contacts short-circuit {a[0]!r} and {b[0]!r} at different potentials")
            return
        self.parent[rb] = (ra, oa + jump - ob)


def build_network(
    conductors: Mapping[Node, Conduction | Equipotential],
    interfaces: Mapping[str, Sequence[InterfaceLaw]],
    partial_contact: frozenset[str] = frozenset(),
) -> Network:
    """Join the conductors of a stack.

    Args:
        conductors: every conducting (layer, carrier).
        interfaces: laws of every interface; where two layers conduct the same carrier and no law speaks of it,
            the carrier is continuous.
        partial_contact: interfaces that are in contact on part of their area only.

    Raises:
        ModelError: naming the interface and what contradicts.
    """
    sets = _OffsetSets(list(conductors))
    network = Network()
    direct: list[tuple[str, Node, Node, float]] = []
    for name, laws in interfaces.items():
        below, above = both_sides(name)
        spoken = {law.carrier for law in laws if not isinstance(law, ChargeTransfer)}
        spoken |= {"ionic" for law in laws if isinstance(law, ChargeTransfer) and law.electrode_carrier == "ionic"}
        for law in laws:
            if isinstance(law, ChargeTransfer):
                electrode, electrolyte = _sides(name, law, conductors)
                if law.perfect:
                    direct.append((name, electrode, electrolyte, -law.equilibrium_potential))
                else:
                    network.links.append(Link(name, law, electrode, electrolyte))
            elif isinstance(law, OhmicContact):
                first, second = (below, law.carrier), (above, law.carrier)
                if first not in conductors or second not in conductors:
                    raise ModelError(f"interface {name!r}: both layers must conduct {law.carrier} charge")
                if law.resistance > 0:
                    network.links.append(Link(name, law, first, second))
                else:
                    direct.append((name, first, second, 0.0))
        for carrier in ("ionic", "electronic"):
            first, second = (below, carrier), (above, carrier)
            if carrier not in spoken and first in conductors and second in conductors and not name.endswith(":gap"):
                direct.append((name, first, second, 0.0))
    for name, first, second, jump in direct:
        metal_first = isinstance(conductors[first], Equipotential)
        metal_second = isinstance(conductors[second], Equipotential)
        if metal_first == metal_second:
            if name in partial_contact and not metal_first:
                raise ModelError(
                    f"interface {name!r} is in contact on part of its area only: give it a resistance or kinetics, "
                    "because perfect contact would join the two layers over the gap as well"
                )
            sets.join(first, second, jump)
        elif metal_first:
            network.ties.append(PerfectTie(name, second, first, jump))
        else:
            network.ties.append(PerfectTie(name, first, second, -jump))
    for node, kind in conductors.items():
        root, offset = sets.find(node)
        network.root[node] = (root, offset)
        target = network.metals if isinstance(kind, Equipotential) else network.groups
        target.setdefault(root, []).append(node)
    for link in network.links:
        if link.first in network.root and network.root[link.first][0] == network.root[link.second][0]:
            raise ModelError(
                f"interface {link.interface!r} has a resistance, but perfect contacts elsewhere join its two sides to "
                "one conductor, so that no potential can drop: give those contacts a resistance, too"
            )
    for members in network.groups.values():
        layers = [layer for layer, _ in members]
        if len(set(layers)) != len(layers):
            raise ModelError(
                f"ions and electrons of layer {max(layers, key=layers.count)!r} would share one potential: give one "
                "of its perfect contacts kinetics or a resistance, or take the metal as an equipotential"
            )
    return network


def _sides(name: str, law: ChargeTransfer, conductors: Mapping[Node, object]) -> tuple[Node, Node]:
    below, above = both_sides(name)
    if law.electrode not in (below, above):
        raise ModelError(f"interface {name!r}: electrode {law.electrode!r} is neither {below!r} nor {above!r}")
    other = above if law.electrode == below else below
    electrode, electrolyte = (law.electrode, law.electrode_carrier), (other, "ionic")
    if electrode not in conductors:
        charge = "electrons" if law.electrode_carrier == "electronic" else "ions"
        raise ModelError(f"interface {name!r}: layer {law.electrode!r} conducts no {charge}")
    if electrolyte not in conductors:
        raise ModelError(f"interface {name!r}: layer {other!r} conducts no ions")
    return electrode, electrolyte
