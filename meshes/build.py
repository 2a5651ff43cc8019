"""The geometry of a stack in Gmsh's OpenCASCADE kernel: drawing, cutting, gluing, naming.

Lengths are divided by `unit` on the way in: OpenCASCADE works to an absolute tolerance of 1e-7, which is a
tenth of a micrometre when coordinates are metres.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import gmsh
import numpy as np
import numpy.typing as npt

from meshes.enclosed import Inserted, Shell, enclose, untouched
from meshes.features.base import Opening
from meshes.parting import chosen_share
from meshes.problems import MeshError
from meshes.shapes import DimTag, draw_bowl, draw_spot
from meshes.stack import OUTER_SIDES, Stack

__all__ = ["LayeredModel", "Named", "model_unit", "somewhere_on"]

#: Corners count as lying in a plane within this (model units): edges cut into spline surfaces are off by 1e-5.
_FLAT = 1e-3
Floats = npt.NDArray[np.float64]


def model_unit(stack: Stack) -> float:
    """Length in metres that becomes 1 in Gmsh: the smallest of the stack, within what the kernel can span."""
    lengths = [*stack.lateral, *(float(layer.thickness) for layer in stack.layers)]
    largest = max(*lengths, stack.height)
    lengths += [feature.smallest_length(stack) for feature in stack.features]
    return max(min(lengths), 1e-5 * largest)


def somewhere_on(dim: int, tag: int) -> npt.NDArray[np.float64]:
    """Coordinates (3,) of a point, or of one within a curve, in model units."""
    if dim == 0:
        return np.array(gmsh.model.getValue(0, tag, []), dtype=np.float64)
    low, high = gmsh.model.getParametrizationBounds(dim, tag)
    return np.array(gmsh.model.getValue(dim, tag, 0.5 * (low + high)), dtype=np.float64)


def _bodies(interface: str) -> str:
    """``grains|grains`` for ``grains.1|grains.3``."""
    return "|".join(region.split(".")[0] for region in interface.split("|"))


@dataclass(frozen=True)
class Named:
    """Entities of the finished geometry by what they are.

    Attributes:
        layers: region -> entities of dimension tdim, layers first.
        facets: name -> entities of dimension tdim - 1, in the order of the facet tags.
        edges: contact edges, entities of dimension tdim - 2, by interface.
        slits: name -> entities of dimension tdim - 1 along which the mesh is to be opened.
    """

    layers: dict[str, list[int]]
    facets: dict[str, list[int]]
    edges: dict[str, list[int]]
    slits: dict[str, list[int]]


@dataclass(frozen=True)
class _Paint:
    """Within `into`, what lies in the `tools` becomes `region` (None: a hole)."""

    region: str | None
    tools: tuple[DimTag, ...]
    into: frozenset[str]


@dataclass
class LayeredModel:
    """The current Gmsh model while a stack is drawn into it. Features call `carve`, `fill`, `imprint`, `slit`.

    Attributes:
        stack: what is drawn.
        unit: length in metres that is 1 in the model.
    """

    stack: Stack
    unit: float
    _holes: dict[str, list[DimTag]] = field(default_factory=dict)
    _spots: dict[str, list[DimTag]] = field(default_factory=dict)
    _slits: dict[str, list[DimTag]] = field(default_factory=dict)
    _parted: dict[str, str] = field(default_factory=dict)
    _shares: dict[str, tuple[float, int]] = field(default_factory=dict)
    _paints: list[_Paint] = field(default_factory=list)
    _inserted: list[Inserted] = field(default_factory=list)
    _enclosed: dict[int, str] = field(default_factory=dict)

    @property
    def tdim(self) -> int:
        """Dimension of the layers."""
        return 3 if self.stack.dimension == "3" else 2

    @property
    def occ(self) -> Any:
        """Gmsh's OpenCASCADE interface; lengths in units of `unit`."""
        return gmsh.model.occ

    def carve(self, layer: str, tool: DimTag) -> None:
        """Take the body `tool` out of `layer` when the model is assembled."""
        self._holes.setdefault(layer, []).append(tool)

    def fill(self, region: str, tools: list[DimTag], into: tuple[str, ...]) -> None:
        """Within the regions `into`, whatever lies in one of the bodies `tools` becomes `region`.

        Calls act in their order, like paint: what comes later covers what was there. Tools may overlap each
        other and stick out of the model.
        """
        self._paints.append(_Paint(region, tuple(tools), frozenset(into)))

    def insert(
        self, region: str | None, tools: list[DimTag], layer: str, into: tuple[str, ...], extents: Floats
    ) -> None:
        """Like `fill` (like `carve` where `region` is None) for bodies within `layer` that touch none of the others.

        Those that touch nothing else either are put there without a boolean operation.

        Args:
            extents: (n, 2, gdim) corners in metres of upright boxes about the bodies.
        """
        self._inserted.append(Inserted(layer, len(self._paints), tuple(tools), np.asarray(extents / self.unit)))
        self._paints.append(_Paint(region, (), frozenset(into)))

    def slit(self, name: str, tools: list[DimTag]) -> None:
        """Open the mesh along the surfaces (2-D: curves) `tools`, which end anywhere within the bodies."""
        self._slits.setdefault(name, []).extend(tools)

    def part(self, name: str, interfaces: tuple[str, ...], share: float = 1.0, seed: int = 0) -> None:
        """Open the mesh along `interfaces` (``a|b``; ``grains|grains`` for all between ``grains``, ``grains.2``, ...).

        `share` below 1: along so large a part of their faces, chosen at random with `seed`.
        """
        self._parted.update(dict.fromkeys(interfaces, name))
        self._shares[name] = (share, seed)

    def imprint(self, interface: str, tool: DimTag) -> None:
        """Divide `interface` along the boundary of `tool`; contact is what lies within."""
        self._spots.setdefault(interface, []).append(tool)

    def draw_spot(self, opening: Opening) -> DimTag:
        """A disc or a strip on the interface."""
        return draw_spot(opening, self.stack, self.unit)

    def draw_bowl(self, opening: Opening, depth: float, upward: bool) -> DimTag:
        """The body between the interface and the profile of `opening`, `depth` metres deep."""
        return draw_bowl(opening, depth, upward, self.stack, self.unit)

    def assemble(self) -> Named:
        """Draw all layers, cut all features, glue the bodies and name everything.

        Raises:
            MeshError: the geometry kernel failed, or did not give what the stack describes.
        """
        pieces = self._cut_layers()
        owner = self._glue(pieces)
        gmsh.model.occ.synchronize()
        self._drop_strays()
        return self._name(owner)

    def _cut_layers(self) -> dict[str, list[DimTag]]:
        for feature in self.stack.features:
            feature.cut(self)
        lateral = [s / self.unit for s in self.stack.lateral]
        enclosed = self._untouched()
        pieces = {}
        for layer in self.stack.layers:
            low, high = (z / self.unit for z in self.stack.span(layer.name))
            if self.tdim == 3:
                body = (3, self.occ.addBox(0, 0, low, *lateral, high - low))
            else:
                body = (2, self.occ.addRectangle(0, low, 0, lateral[0], high - low))
            if layer.name in enclosed:
                body = self._enclose(body, enclosed[layer.name])
            holes = self._holes.get(layer.name, [])
            pieces[layer.name] = self.occ.cut([body], holes)[0] if holes else [body]
            if not pieces[layer.name]:
                raise MeshError(f"nothing is left of layer {layer.name!r} after its voids are cut")
        return pieces

    def _untouched(self) -> dict[str, list[Shell]]:
        """Inserted bodies that touch nothing, by layer; all others become paint and holes like any other."""
        spots, slits, holes, paint = (
            [tool for tools in group for tool in tools]
            for group in (
                self._spots.values(),
                self._slits.values(),
                self._holes.values(),
                [p.tools for p in self._paints],
            )
        )
        alone: list[Shell] = []
        if self.tdim == 3:
            corners = {layer.name: self.stack.span(layer.name) for layer in self.stack.layers}
            rooms = {
                name: np.array([[0.0, 0.0, low], [*self.stack.lateral, high]]) / self.unit
                for name, (low, high) in corners.items()
            }
            alone = untouched(self._inserted, [*spots, *slits, *holes, *paint], rooms)
        found: dict[str, list[Shell]] = {}
        for shell in alone:
            found.setdefault(shell.layer, []).append(shell)
        chosen = {shell.tag for shell in alone}
        for one in self._inserted:
            rest = tuple(tool for tool in one.tools if tool[1] not in chosen)
            if self._paints[one.paint].region is None:
                self._holes.setdefault(one.layer, []).extend(rest)
            else:
                self._paints[one.paint] = replace(self._paints[one.paint], tools=rest)
        return found

    def _enclose(self, body: DimTag, shells: list[Shell]) -> DimTag:
        body, inner = enclose(body, shells)
        for shell, tag in zip(shells, inner, strict=True):
            region = self._paints[shell.paint].region
            if region is None:
                self.occ.remove([(self.tdim, tag)])
            else:
                self._enclosed[tag] = region
        return body

    def _glue(self, pieces: dict[str, list[DimTag]]) -> dict[int, str]:
        """Make touching bodies share their faces; returns region by body. Remembers contact spots and slits."""
        bodies = [(name, body) for name, bodies in pieces.items() for body in bodies]
        tools = [(p, str(p.region), tool) for p in self._paints for tool in p.tools]
        faces = [spot for spots in self._spots.values() for spot in spots]
        slits = [(name, tool) for name, tools in self._slits.items() for tool in tools]
        solid = [*(body for _, body in bodies), *(tool for _, _, tool in tools)]
        if len(solid) + len(faces) + len(slits) > 1:
            _, images = self.occ.fragment(solid, [*faces, *(tool for _, tool in slits)])
        else:
            images = [solid]
        owner: dict[int, str] = {}
        for (name, _), image in zip(bodies, images, strict=False):
            for tag in self._solid(image):
                if owner.setdefault(tag, name) != name:
                    raise MeshError(f"layers {owner[tag]!r} and {name!r} overlap")
        outside: set[int] = set()
        for (paint, region, _), image in zip(tools, images[len(bodies) :], strict=False):
            for tag in self._solid(image):
                if tag not in owner:
                    outside.add(tag)
                elif owner[tag] in paint.into:
                    owner[tag] = region
        if outside:
            self.occ.remove([(self.tdim, tag) for tag in sorted(outside)], recursive=True)
        rest = images[len(solid) :]
        self._contact = {tag for image in rest[: len(faces)] for _, tag in image}
        self._opened: dict[str, set[int]] = {name: set() for name in self._slits}
        for (name, _), image in zip(slits, rest[len(faces) :], strict=False):
            self._opened[name].update(tag for dim, tag in image if dim == self.tdim - 1)
        return owner | self._enclosed

    def _solid(self, image: list[DimTag]) -> list[int]:
        return [tag for dim, tag in image if dim == self.tdim]

    def _drop_strays(self) -> None:
        """Remove parts of contact spots and slits that stick out of the model or hang in a void."""
        within = self._embedded()
        strays = [
            (dim, tag)
            for dim, tag in gmsh.model.getEntities(self.tdim - 1)
            if tag not in within and not len(gmsh.model.getAdjacencies(dim, tag)[0])
        ]
        if strays:
            gmsh.model.occ.remove(strays, recursive=True)
            gmsh.model.occ.synchronize()

    def _embedded(self) -> set[int]:
        """Parts of slits that end within a body: the kernel does not count them to its boundary."""
        return {
            tag
            for _, body in gmsh.model.getEntities(self.tdim)
            for dim, tag in gmsh.model.mesh.getEmbedded(self.tdim, body)
            if dim == self.tdim - 1
        }

    def _name(self, owner: dict[int, str]) -> Named:
        stack, dim = self.stack, self.tdim - 1
        grown = {name for f in stack.features for name in f.grown_regions(stack)}
        layers: dict[str, list[int]] = {r.name: [] for r in stack.regions if r.name not in grown}
        for tag in sorted(owner):
            layers[owner[tag]].append(tag)
        empty = [name for name, tags in layers.items() if not tags]
        if empty:
            raise MeshError(f"nothing is left of, or lies in the model of, {', '.join(empty)}")
        bare = [name for f in stack.features for name in f.bare_facets(stack)]
        drawn = [name for name in stack.facet_names() if not grown.intersection(name.split("|"))]
        facets: dict[str, list[int]] = {name: [] for name in (*drawn, *bare)}
        slits: dict[str, list[int]] = {name: [] for name in (*self._opened, *self._parted.values())}
        slit_of = {tag: name for name, tags in self._opened.items() for tag in tags}
        place = {name: i for i, name in enumerate(layers)}
        bodies_of_features = {r.name for f in stack.features for r in f.regions(stack)}
        within = self._embedded()
        parted: dict[str, dict[int, str]] = {}
        bonded = []
        for _, tag in gmsh.model.getEntities(dim):
            bodies = gmsh.model.getAdjacencies(dim, tag)[0]
            parents = sorted({owner[b] for b in bodies}, key=place.__getitem__)
            if tag in slit_of and (len(bodies) == 2 or tag in within):
                slits[slit_of[tag]].append(tag)
                continue
            if len(parents) == 2:
                pair = name = "|".join(parents)
                if f"{pair}:gap" in facets and tag not in self._contact:
                    name += ":gap"
                crack = self._parted.get(pair) or self._parted.get(_bodies(pair))
                if crack is not None:
                    parted.setdefault(crack, {})[tag] = name
                    continue
            if len(bodies) == 2:
                bonded.append(bodies)
            if len(bodies) == 1:
                name = self._outer_side(tag) or f"void|{parents[0]}"
            elif len(parents) != 2:
                continue
            if name not in facets and set(parents) & bodies_of_features:
                facets[name] = []  # bodies, or holes and bodies, of two features that happen to touch
            if name not in facets:
                raise MeshError(f"the geometry kernel made a face {name!r} that the stack does not have")
            facets[name].append(tag)
        for crack, faces in parted.items():
            open_faces = chosen_share(dim, list(faces), bonded, *self._shares[crack], crack)
            slits[crack] += sorted(open_faces)
            for tag in faces.keys() - open_faces:
                facets.setdefault(faces[tag], []).append(tag)
        facets = self._required(facets, slits)
        return Named(layers, facets, self._contact_edges(facets), slits)

    def _required(self, facets: dict[str, list[int]], slits: dict[str, list[int]]) -> dict[str, list[int]]:
        """The facets that there are; MeshError where one is missing that must be there."""
        stack = self.stack
        optional = {n for f in stack.features for n in (*f.optional_facets(stack), *f.bare_facets(stack))}
        opened = {f"{name}:{side}" for name in slits for side in ("lower", "upper", "faces")}
        pairs = {name: name.removesuffix(":gap") for name in facets}
        parted = {name for name, pair in pairs.items() if self._parted.keys() & {pair, _bodies(pair)}}
        absent = [name for name, tags in facets.items() if not tags and name not in optional | opened | parted]
        absent += [name for name, tags in slits.items() if not tags]
        if absent:
            raise MeshError(f"the geometry kernel made no face for {', '.join(absent)}")
        return {name: tags for name, tags in facets.items() if tags}

    def _outer_side(self, tag: int) -> str | None:
        """Outer side that a plane (straight) face of one body lies in, None for a wall of a void."""
        dim = self.tdim - 1
        if gmsh.model.getType(dim, tag) != ("Line", "Plane")[dim - 1]:
            return None
        points = [
            somewhere_on(d, t)
            for recursive in (False, True)
            for d, t in gmsh.model.getBoundary([(dim, tag)], combined=False, oriented=False, recursive=recursive)
        ]
        lateral = self.stack.lateral
        planes = {
            "bottom": (-1, 0.0),
            "top": (-1, self.stack.height),
            "left": (0, 0.0),
            "right": (0, lateral[0]),
            "front": (1, 0.0),
            "back": (1, lateral[-1]),
        }
        for side in OUTER_SIDES[self.stack.dimension]:
            axis, value = planes[side]
            if all(abs(p[axis % self.tdim] - value / self.unit) < _FLAT for p in points):
                return side
        return None

    def _contact_edges(self, facets: dict[str, list[int]]) -> dict[str, list[int]]:
        """Where an interface of two layers ends inside of the model: at a void, a gap, a body."""
        sides = {*OUTER_SIDES[self.stack.dimension], *self.stack.interfaces}
        open_to = {
            e
            for name, tags in facets.items()
            if name not in sides
            for tag in tags
            for e in gmsh.model.getAdjacencies(self.tdim - 1, tag)[1].tolist()
        }
        found = {}
        for name in self.stack.interfaces:
            contact = {
                e for tag in facets.get(name, ()) for e in gmsh.model.getAdjacencies(self.tdim - 1, tag)[1].tolist()
            }
            found[name] = sorted(contact & open_to)
        return found
