"""What lies on top of what: layers, lateral size and features of a cell, as plain data in metres.

Conventions (docs/architecture.md): the stacking direction is the last coordinate, the first layer begins at
0, lateral coordinates run from 0 to `width` (3-D also 0 to `depth`), interface ``a|b`` has `a` below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from meshes.features.base import Feature, Opening, Region
from meshes.problems import MeshError, MeshProblem, Problem, length_problem, number_text

__all__ = ["DIMENSIONS", "OUTER_SIDES", "Dimension", "Layer", "Stack"]

Dimension = Literal["1", "2", "axisymmetric", "3"]
DIMENSIONS: tuple[str, ...] = get_args(Dimension)

#: Outer sides by dimension, in the order of their facet tags.
OUTER_SIDES: dict[str, tuple[str, ...]] = {
    "1": ("bottom", "top"),
    "2": ("bottom", "top", "left", "right"),
    "axisymmetric": ("bottom", "top", "left", "right"),
    "3": ("bottom", "top", "left", "right", "front", "back"),
}
_RESERVED = {"bottom", "top", "left", "right", "front", "back", "void", "gap"}
#: Largest ratio of lengths in one model: beyond it neither the geometry kernel nor double precision holds.
_LARGEST_RATIO = 1e7


@dataclass(frozen=True)
class Layer:
    """One layer of the stack: `thickness` in metres, `material` is only carried along."""

    name: str
    thickness: float
    material: str = ""


@dataclass(frozen=True)
class Stack:
    """Layers from bottom to top with their lateral size and the features at their interfaces.

    Attributes:
        dimension: ``"1"``, ``"2"``, ``"axisymmetric"`` (r, z) or ``"3"``.
        layers: from bottom (coordinate 0) to top.
        width: lateral size in metres (radius of the model when axisymmetric); `None` in 1-D.
        depth: second lateral size in metres, in 3-D only.
        features: what changes the layers and their interfaces: voids, contact spots, bodies, slits.
        periodic: axes whose two outer sides are one: the lateral ones, and maybe the stacking direction too.
    """

    dimension: Dimension
    layers: tuple[Layer, ...]
    width: float | None = None
    depth: float | None = None
    features: tuple[Feature, ...] = ()
    periodic: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "dimension", str(self.dimension))
        object.__setattr__(self, "periodic", tuple(sorted(self.periodic)))
        object.__setattr__(self, "layers", tuple(self.layers))
        object.__setattr__(self, "features", tuple(self.features))

    @property
    def gdim(self) -> int:
        """Number of coordinates of a point of the mesh."""
        return {"1": 1, "2": 2, "axisymmetric": 2, "3": 3}[self.dimension]

    @property
    def height(self) -> float:
        """Sum of the thicknesses in metres."""
        return float(sum(layer.thickness for layer in self.layers))

    @property
    def lateral(self) -> tuple[float, ...]:
        """Lateral extents in metres, one per lateral coordinate."""
        if self.dimension == "1":
            return ()
        sizes = (self.width, self.depth) if self.dimension == "3" else (self.width,)
        return tuple(float(s) for s in sizes if s is not None)

    @property
    def periods(self) -> dict[int, float]:
        """Axis -> period in metres."""
        lengths = (*self.lateral, self.height)
        return {axis: lengths[axis] for axis in self.periodic}

    @property
    def laterally_periodic(self) -> bool:
        """Whether the lateral sides are periodic, not symmetry planes."""
        return 0 in self.periodic

    @property
    def levels(self) -> tuple[float, ...]:
        """Heights of all layer boundaries, from 0 to `height`, in metres (one more than layers)."""
        levels = [0.0]
        for layer in self.layers:
            levels.append(levels[-1] + float(layer.thickness))
        return tuple(levels)

    @property
    def interfaces(self) -> tuple[str, ...]:
        """Names of the interfaces ``lower|upper`` from bottom to top."""
        return tuple(f"{a.name}|{b.name}" for a, b in zip(self.layers, self.layers[1:], strict=False))

    @property
    def regions(self) -> tuple[Region, ...]:
        """Everything that is meshed: the layers from bottom to top, then the regions of the features in order.

        The regions of a feature that divides a whole layer follow that layer.
        """
        found = []
        for layer in self.layers:
            found.append(Region(layer.name, layer.material))
            found += [r for f in self.features if f.divided_layer == layer.name for r in f.regions(self)]
        made = (r for f in self.features if f.divided_layer is None for r in f.regions(self))
        return (*found, *made)

    @property
    def contacts(self) -> tuple[str, ...]:
        """Names ``a|b`` of the pairs of regions that touch, or may touch where bodies lie at random.

        Interfaces of the layers first, from bottom to top, but not those that a body closes. Bodies of two
        features may touch each other as well: that is seen when the geometry is drawn.
        """
        names = {region.name for region in self.regions}
        closed = {name for f in self.features for name in f.closed_interfaces(self)}
        made = {n for f in self.features for n in f.facet_names(self) if set(n.split("|")) <= names}
        layers = [name for name in self.interfaces if name not in closed]
        return (*layers, *sorted(made - set(self.interfaces)))

    @property
    def slits(self) -> tuple[str, ...]:
        """Names of all slits."""
        return tuple(name for feature in self.features for name in feature.slits(self))

    @property
    def touching_slits(self) -> tuple[str, ...]:
        """Names of those slits whose two faces may touch: the mesh stays whole there."""
        return tuple(n for f in self.features if getattr(f, "touching", False) for n in f.slits(self))

    def z_of(self, interface: str) -> float:
        """Height of `interface` in metres.

        Raises:
            KeyError: there is no such interface.
        """
        if interface not in self.interfaces:
            raise KeyError(f"no interface {interface!r}; there are {', '.join(self.interfaces) or 'none'}")
        return self.levels[self.interfaces.index(interface) + 1]

    def layer(self, name: str) -> Layer:
        """The layer called `name` (KeyError when there is none)."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(f"no layer {name!r}; there are {', '.join(x.name for x in self.layers)}")

    def span(self, layer: str) -> tuple[float, float]:
        """Heights in metres at which `layer` begins and ends."""
        index = [x.name for x in self.layers].index(layer)
        return self.levels[index], self.levels[index + 1]

    def feature_label(self, index: int) -> str:
        """Name of feature `index` for messages: its own, or ``void[2]`` where it has only the default one."""
        feature = self.features[index]
        name = feature.name
        alike = sum(other.name == name for other in self.features)
        return name if alike == 1 else f"{name}[{index}]"

    def openings(self) -> tuple[tuple[int, Opening], ...]:
        """What every feature opens or closes on its interface, with the index of the feature."""
        return tuple((i, part) for i, f in enumerate(self.features) for part in f.openings(self))

    def facet_names(self) -> tuple[str, ...]:
        """Names of all facets that a mesh of this stack may have, in the order of their tags."""
        closed = {name for f in self.features for name in f.closed_interfaces(self)}
        layers = [name for name in self.interfaces if name not in closed]
        made = {name for f in self.features for name in f.facet_names(self)} - set(layers)
        return (*layers, *OUTER_SIDES[self.dimension], *sorted(made))

    def problems(self) -> list[Problem]:
        """Everything that is wrong with this stack (empty list: it can be meshed). Never raises."""
        found = self._own_problems()
        sound = not found
        failed: list[tuple[Problem, Exception]] = []
        for index, feature in enumerate(self.features):
            path = f"features[{index}]"
            if self.dimension == "1":
                message = "a one-dimensional model has no lateral extent: use dimension 2, axisymmetric or 3"
                found.append(Problem(path, feature.name, message))
            elif feature.at is not None and feature.at not in self.interfaces:
                there = ", ".join(self.interfaces) or "none"
                message = f"there is no such interface; the stack has {there}"
                found.append(Problem(f"{path}.at", repr(feature.at), message))
            elif sound:
                try:
                    found += [p.under(path) for p in feature.problems(self)]
                except Exception as error:  # because of a wrong neighbour, which says itself what is wrong
                    failed.append((Problem(path, feature.name, str(error)), error))
        if failed and not found:
            if not isinstance(failed[0][1], MeshError):
                raise failed[0][1]
            found = [problem for problem, _ in failed]
        if not found:
            added = [r.name for f in self.features for r in f.regions(self)]
            for i, feature in enumerate(self.features):
                for region in feature.regions(self):
                    found += _name_problems(f"features[{i}].name", region.name)
            found += _duplicates("regions", [*(x.name for x in self.layers), *dict.fromkeys(added)])
        if not found and self.features:
            from meshes.overlap import overlap_problems

            found = overlap_problems(self)
        return found

    def check(self) -> None:
        """Raise `MeshProblem` with all problems, if there are any."""
        found = self.problems()
        if found:
            raise MeshProblem(found)

    def _period_problems(self) -> list[Problem]:
        given = set(self.periodic)
        if not given:
            return []
        if self.dimension not in ("2", "3"):
            message = "only models in 2 and 3 dimensions can have periodic sides"
            return [Problem("periodic", self.dimension, message)]
        lateral, across = set(range(self.gdim - 1)), self.gdim - 1
        if given not in (lateral, lateral | {across}):
            message = "all lateral axes are periodic together, and the stacking direction only with them"
            return [Problem("periodic", str(self.periodic), message)]
        if across in given and len(self.layers) > 1:
            return [
                Problem("periodic", str(self.periodic), "a stack that repeats itself upwards is one layer with bodies")
            ]
        return []

    def _own_problems(self) -> list[Problem]:
        found: list[Problem] = []
        if self.dimension not in DIMENSIONS:
            found.append(Problem("dimension", repr(self.dimension), f"must be one of {', '.join(DIMENSIONS)}"))
        if not self.layers:
            found.append(Problem("layers", "[]", "at least one layer is needed"))
        for i, layer in enumerate(self.layers):
            found += length_problem(f"layers[{i}].thickness", layer.thickness)
            found += _name_problems(f"layers[{i}].name", layer.name)
        found += _duplicates("layers", [x.name for x in self.layers])
        # features carry a default name: only names that the user chose must differ
        named = [f.name if f.name != type(f).__dict__.get("name") else None for f in self.features]
        found += _duplicates("features", named)
        if self.dimension == "1":
            for key in ("width", "depth"):
                if getattr(self, key) is not None:
                    value = number_text(getattr(self, key))
                    found.append(Problem(key, value, "a one-dimensional model has no lateral size"))
        else:
            found += length_problem("width", self.width)
        if self.dimension == "3":
            found += length_problem("depth", self.depth)
        elif self.depth is not None and self.dimension != "1":
            found.append(Problem("depth", number_text(self.depth), "only a model in 3 dimensions has a depth"))
        found += self._period_problems()
        if not found:
            lengths = [*self.lateral, *(float(x.thickness) for x in self.layers)]
            if max(lengths) > _LARGEST_RATIO * min(lengths):
                text = f"{min(lengths):.3g} to {max(lengths):.3g}"
                message = f"lengths of one model may differ by a factor of {_LARGEST_RATIO:.0e} at most"
                found.append(Problem("layers", text, message))
        return found


def _name_problems(path: str, name: object) -> list[Problem]:
    if not isinstance(name, str) or not name.strip():
        return [Problem(path, repr(name), "a name is needed")]
    if any(c in name for c in "|:") or name != name.strip() or not name.isprintable():
        return [Problem(path, repr(name), "a name may not contain '|', ':' or surrounding blanks")]
    if name in _RESERVED:
        return [Problem(path, repr(name), f"this name is taken: {', '.join(sorted(_RESERVED))}")]
    return []


def _duplicates(where: str, names: list[str | None]) -> list[Problem]:
    first: dict[str, int] = {}
    found = []
    for i, name in enumerate(names):
        if name is None:
            continue
        if name in first:
            message = f"the name is used twice: {where}[{first[name]}] has it, too"
            found.append(Problem(f"{where}[{i}].name", repr(name), message))
        first.setdefault(name, i)
    return found
