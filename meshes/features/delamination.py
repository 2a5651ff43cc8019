"""Interfaces that have come apart: over a disc or strip, or as a whole."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from meshes.features.base import Floats, Opening, footprint_problems, opening_images, resolve_position
from meshes.features.crack_tips import MOST_FRONT_POINTS, Opened, Tip
from meshes.problems import Problem, fraction_problem, length_problem, seed_problem

if TYPE_CHECKING:
    from meshes.build import LayeredModel
    from meshes.stack import Stack

__all__ = ["Delamination", "InterfaceCrack"]


@dataclass(frozen=True)
class Delamination(Opened):
    """The interface `at` has come apart within a disc (3-D, axisymmetric) or a strip (2-D).

    The two layers touch no more there: no current passes, and nothing holds them together. The faces are called
    ``<name>:lower`` and ``<name>:upper``; the rest of the interface keeps its name.

    Attributes:
        at: interface ``lower|upper``.
        radius: of the disc, or half width of the strip, metres.
        position: lateral coordinates of its centre, metres; default: the middle (axisymmetric: the axis).
            A centre on a lateral side makes half a disc: the side is its symmetry plane, or its free edge.
        name: of the crack. touching: its two faces may touch (`Opened`).
    """

    at: str
    radius: float
    position: tuple[float, ...] | None = None
    name: str = "delamination"
    opening: None = None
    touching: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        if isinstance(self.position, list):
            object.__setattr__(self, "position", tuple(self.position))

    def openings(self, stack: Stack) -> tuple[Opening, ...]:
        """Its footprint, a hole without depth."""
        centre = resolve_position(self.position, stack)
        return (Opening(self.at, centre, float(self.radius), 0.0, 0.0, "slit", self.name),)

    def problems(self, stack: Stack) -> list[Problem]:
        """What is wrong with it in this stack."""
        found = length_problem("radius", self.radius)
        if not found and len(opening_images(self.openings(stack), stack)) > 1:
            message = "a delamination cannot cross periodic sides: shift everything, or use sides of symmetry"
            return [Problem("position", str(self.position), message)]
        return found or footprint_problems(stack, self.position, self.radius, "delamination")

    def tips(self, stack: Stack) -> tuple[Tip, ...]:
        """Both ends of a strip, one point of the rim of a disc, as far as they lie in the model."""
        centre, z = resolve_position(self.position, stack), stack.z_of(self.at)
        found: list[Tip] = []
        for sign in (1.0, -1.0):
            x = centre[0] + sign * self.radius
            if 0 < x < stack.lateral[0] and (sign > 0 or stack.dimension == "2" or not found):
                direction = (sign, *(0.0,) * (stack.gdim - 1))
                found.append(Tip((x, *centre[1:], z), direction, float(self.radius)))
        return tuple(found)

    def front(self, stack: Stack, tip: Tip, spacing: float) -> Floats:
        """The end of the strip, or the rim."""
        if stack.dimension != "3":
            return np.array([tip.point])
        number = min(MOST_FRONT_POINTS, max(16, math.ceil(2 * math.pi * self.radius / spacing)))
        angle = np.arange(number) * (2 * math.pi / number)
        lateral = np.array(resolve_position(self.position, stack)) + self.radius * np.column_stack(
            [np.cos(angle), np.sin(angle)]
        )
        inside = np.all((lateral >= -spacing) & (lateral <= np.array(stack.lateral) + spacing), axis=1)
        return np.column_stack([lateral[inside], np.full(np.count_nonzero(inside), stack.z_of(self.at))])

    def smallest_length(self, stack: Stack) -> float:
        """Its radius."""
        return self.radius

    def cut(self, model: LayeredModel) -> None:
        """Part the interface along the edge of the footprint."""
        for opening in self.openings(model.stack):
            model.slit(self.name, [model.draw_spot(opening)])


@dataclass(frozen=True)
class InterfaceCrack(Opened):
    """Interfaces that have come apart: grain boundaries, or all contact of a particle; all of them or a part.

    Attributes:
        along: names of interfaces ``a|b`` between regions; ``grains|grains`` means all boundaries between the grains
            ``grains``, ``grains.2``, ... of a body or layer.
        share: part of these interfaces that is open, face by face (a face is a boundary between two grains), as near
            as their sizes allow; below 1 such that no body comes loose.
        seed: of the choice of faces.
        name: of the crack; its faces are ``<name>:lower`` and ``<name>:upper``. touching: they may touch (`Opened`).
    """

    along: tuple[str, ...]
    share: float = 1.0
    seed: int = 0
    name: str = "crack"
    at: str | None = None
    opening: None = None
    touching: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        given = (self.along,) if isinstance(self.along, str) else tuple(self.along)
        object.__setattr__(self, "along", given)

    def closed_interfaces(self, stack: Stack) -> tuple[str, ...]:
        """Interfaces of the layers that are gone."""
        return tuple(name for name in stack.interfaces if name in self.along) if self.share >= 1 else ()

    def smallest_length(self, stack: Stack) -> float:
        """None: nothing is drawn."""
        return math.inf

    def tips(self, stack: Stack) -> tuple[Tip, ...]:
        """None that is known before the regions are drawn."""
        return ()

    def problems(self, stack: Stack) -> list[Problem]:
        """What is wrong with it in this stack."""
        found = []
        if not self.along:
            found.append(Problem("along", "()", "at least one interface is needed"))
        found += fraction_problem("share", self.share, whole=True)
        found += seed_problem(self.seed)
        regions = {region.name for region in stack.regions}
        made = [n for f in stack.features if f is not self for n in f.facet_names(stack)]
        known = [n for n in dict.fromkeys([*stack.interfaces, *made]) if set(n.split("|")) <= regions and "|" in n]
        for i, name in enumerate(self.along):
            if name not in known and name not in {_bodies(k) for k in known}:
                text = ", ".join(dict.fromkeys(_bodies(k) for k in known)) or "none"
                found.append(Problem(f"along[{i}]", repr(name), f"there is no such interface; the stack has {text}"))
        closed = self.closed_interfaces(stack)
        if not found and closed and not any(f.regions(stack) for f in stack.features):
            message = f"nothing crosses {closed[0]}: it would part the stack; lower the share, or use a delamination"
            found.append(Problem("along", repr(closed[0]), message))
        return found

    def cut(self, model: LayeredModel) -> None:
        """Nothing is drawn: the interfaces are there."""
        model.part(self.name, self.along, self.share, self.seed)


def _bodies(interface: str) -> str:
    """``grains|grains`` for ``grains.1|grains.3``."""
    return "|".join(region.split(".")[0] for region in interface.split("|"))
