"""Study files with random layers and random features of all kinds: most of them legal, some not."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import prod
from random import Random
from typing import Any

__all__ = ["KINDS", "KINETICS", "kinds_in", "random_study"]

Words = dict[str, Any]

GAP = "anode|electrolyte"
INTERFACES = (GAP, "electrolyte|counter")
#: Parts of the space there is; the last ones leave none.
PARTS = (0.2, 0.2, 0.1, 0.15, 0.25, 0.3, 0.3, 0.4, 0.05, 0.5, 0.2, 0.15, 0.75, 1.5)
PLACES = (0.5, 0.3, 0.25, 0.6, 0.75, 0.4, 0.7, 0.9, 0.1, 0.35, 0.65, 0.55, 0.45, 0.0, 1.0, 0.2, 0.8, 1.1)
FRACTIONS = (0.2, 0.1, 0.3, 0.4, 0.15, 0.25, 0.5, 0.05, 0.7, 0.2, 0.1, 0.3, 0.4, 0.9, 1.0)
COUNTS = (1, 2, 3, 5, 2, 3, 1, 2, 3, 4, 0)
SEEDS = range(1000)


class Room:
    """What a feature may fill: the box of the stack and its layer, in micrometres."""

    def __init__(self, random: Random, dimension: int | str, width: float, depth: float, layers: list[Words]) -> None:
        self.random, self.dimension, self.width, self.depth = random, dimension, width, depth
        self.thickness = {x["name"]: float(x["thickness"].split()[0]) for x in layers}
        self.interfaces = [f"{a['name']}|{b['name']}" for a, b in pairwise(layers)]
        self.flat = dimension in (2, "axisymmetric")
        self.number = 0
        self.boundaries: list[str] = []

    @property
    def height(self) -> float:
        """Of all layers."""
        return sum(self.thickness.values())

    @property
    def least(self) -> float:
        """Smallest length of the layer that most features lie in."""
        return min(self.width, self.depth, self.thickness["electrolyte"])

    def name(self, kind: str) -> str:
        """A name of its own."""
        self.number += 1
        return f"{kind}{self.number}"

    def at(self) -> str:
        """An interface, now and then one that is not there."""
        return str(self.random.choice([*self.interfaces, GAP, INTERFACES[1]]))

    def layer(self) -> str:
        """A layer, mostly the electrolyte."""
        return str(self.random.choice(["electrolyte", "electrolyte", "electrolyte", "anode"]))

    def size(self, share: float = 1.0) -> float:
        """A length that has room in the electrolyte, mostly."""
        return float(share * self.random.choice(PARTS) * self.least)

    def among(self, share: float = 1.0) -> float:
        """A length of one of many: they shall be dozens, not thousands."""
        box = [self.width, self.thickness["electrolyte"], *([self.depth] if self.dimension == 3 else [])]
        return max(self.size(share), 0.04 * len(box) ** 1.2 * prod(box) ** (1 / len(box)))

    def opening(self) -> str:
        """Of a notch; a narrow one takes many cells in 3-D."""
        return um(self.size(0.3 if self.dimension == 3 else 0.05))

    def position(self) -> Words:
        """A place, or the default."""
        if self.random.random() < 0.5:
            return {}
        if self.dimension == "axisymmetric" and self.random.random() < 0.7:
            return {}
        sizes = [self.width] if self.dimension != 3 else [self.width, self.depth]
        return {"position": [um(self.random.choice(PLACES) * size) for size in sizes]}

    def maybe(self, key: str, make: Callable[[], Any]) -> Words:
        """A key in every second case."""
        return {key: make()} if self.random.random() < 0.5 else {}

    def choose(self, *given: Any) -> Any:
        """One of them."""
        return self.random.choice(given)


def um(length: float) -> str:
    """A length in micrometres as in a study file."""
    return f"{length:.6g} um"


def _void(room: Room, named: bool = True) -> Words:
    shape = room.choose("cap", "lens", "ellipsoid", "hemisphere")
    made: Words = {"at": room.at(), "radius": um(room.size(0.5)), "shape": shape}
    if shape != "hemisphere":
        made["depth"] = um(room.size(0.4))
    made |= room.maybe("into", lambda: room.choose("anode", "electrolyte", "counter"))
    if named and room.random.random() < 0.5:
        made["fill"] = {"name": room.name("fill"), "material": "PEO-LiTFSI", "fraction": room.random.choice(FRACTIONS)}
        made["fill"] |= room.maybe("side", lambda: room.choose("interface", "tip"))
    return made


def _single_void(room: Room) -> Words:
    return _void(room) | room.position()


def _void_array(room: Room) -> Words:
    made = _void(room)
    made["radius"] = um(room.size(0.2))
    if room.random.random() < 0.5:
        return made | {"count": [room.random.choice(COUNTS) for _ in range(2 if room.dimension == 3 else 1)]}
    return made | {"spacing": um(room.size())}


def _random_voids(room: Room) -> Words:
    made = _void(room)
    made["radius"] = um(room.size(0.15))
    key = room.choose("area_fraction", "area_fraction", "volume_fraction")
    fraction = room.random.choice(FRACTIONS) * (1.0 if key == "area_fraction" else 0.1)
    made |= {key: fraction, "seed": room.random.choice(SEEDS)} | room.maybe("sizes", lambda: _sizes(room))
    return made | room.maybe("minimum_distance", lambda: um(room.size(0.1)))


def _sizes(room: Room) -> Words:
    return {"spread": room.choose(0.1, 0.3, 0.8), "largest": room.choose(1.5, 3.0)}


def _contact_spot(room: Room) -> Words:
    return {"at": room.at(), "radius": um(room.size(0.5))} | room.position()


def _contact_stripes(room: Room) -> Words:
    made = {"at": room.at(), "count": room.random.choice(COUNTS), "area_fraction": room.random.choice(FRACTIONS)}
    return made | (room.maybe("along", lambda: room.choose("x", "y")) if room.dimension == 3 else {})


def _contact_frame(room: Room) -> Words:
    return {"at": room.at(), "area_fraction": room.random.choice(FRACTIONS)}


def _contact_array(room: Room) -> Words:
    count = [room.random.choice(COUNTS) for _ in range(2 if room.dimension == 3 else 1)]
    return {"at": room.at(), "count": count, "area_fraction": room.random.choice(FRACTIONS)}


def _random_contacts(room: Room) -> Words:
    made = {"at": room.at(), "radius": um(room.size(0.15)), "area_fraction": room.random.choice(FRACTIONS)}
    return made | {"seed": room.random.choice(SEEDS)}


def _contact_image(room: Room) -> Words:
    rows, columns = room.choose((1, 3), (1, 6)) if room.flat else room.choose((2, 3), (4, 4))
    return {"at": room.at(), "rows": ["".join(room.choose("#", ".") for _ in range(columns)) for _ in range(rows)]}


def _waviness(room: Room) -> Words:
    waves = room.choose(2, 1, 4, 3)
    made = {"at": room.at(), "amplitude": um(room.size(0.1)), "wavelength": um(2 * room.width / waves)}
    made |= room.maybe("phase", lambda: room.choose("180 deg", "0 deg", "45 deg"))
    return made | room.maybe("periodic", lambda: True)


def _roughness(room: Room) -> Words:
    made = {"at": room.at(), "rms": um(room.size(0.05)), "shortest": um(room.choose(0.5, 0.25, 1.5) * room.width)}
    return made | {"seed": room.random.choice(SEEDS)} | room.maybe("hurst", lambda: room.choose(0.5, 0.0, 1.0))


def _point(room: Room) -> list[str]:
    return [um(room.random.choice(PLACES) * room.width), um(room.random.choice(PLACES) * room.height)]


def _crack(room: Room) -> Words:
    path = [_point(room) for _ in range(room.choose(2, 2, 3))]
    made: Words = {"path": path, "name": room.name("crack")}
    made |= room.maybe("branches", lambda: [[path[-1], _point(room)]])
    if room.random.random() < 0.5:
        made["opening"] = room.opening()
        made |= room.maybe("profile", lambda: room.choose("wedge", "ellipse"))
    if room.dimension == 3 and room.random.random() < 0.5:
        made["span"] = [um(room.choose(0.0, 0.3) * room.depth), um(room.choose(0.7, 1.0) * room.depth)]
    return made


def _penny_crack(room: Room) -> Words:
    made = {
        "height": um(room.random.choice(PLACES) * room.height),
        "radius": um(room.size(0.5)),
        "name": room.name("penny"),
    }
    made |= room.maybe("opening", room.opening)
    return made | room.maybe("tilt", lambda: room.choose("0 deg", "20 deg"))


def _delamination(room: Room) -> Words:
    return {"at": room.at(), "radius": um(room.size(0.4)), "name": room.name("gap")} | room.position()


def _interface_crack(room: Room) -> Words:
    made = {"along": [room.choose(room.at(), *room.boundaries, *room.boundaries)]}
    return made | {"name": room.name("open"), "share": room.random.choice(FRACTIONS), "seed": room.random.choice(SEEDS)}


def _block(room: Room) -> Words:
    layer = room.layer()
    made: Words = {"layer": layer, "name": room.name("block"), "material": "LATP"}
    for axis, size in (("x", room.width), ("y", room.depth), ("z", room.thickness[layer])):
        if axis != "y" or room.dimension == 3:
            made |= room.maybe(
                axis, lambda size=size: [um(room.choose(0.0, 0.3) * size), um(room.random.choice(PLACES) * size)]
            )
    return made


def _shape(room: Room, share: float, many: bool = False) -> Words:
    size = room.among(share) if many else room.size(share)
    kind = room.choose("ball", "ball", "rod", "ellipsoid")
    if kind == "ball":
        return {"radius": um(size)}
    if kind == "rod":
        made: Words = {"radius": um(0.5 * size), "length": um(2 * size)}
    else:
        made = {"semi_axes": [um(size), um(0.6 * size)] + ([um(0.5 * size)] if room.dimension == 3 else [])}
    axes = [[1, 0], [0, 1], [1, 1]] if room.dimension != 3 else [[1, 0, 0], [0, 0, 1], [1, 1, 0]]
    return made | room.maybe("direction", lambda: room.choose(*axes))


def _coats(room: Room, key: str) -> Words:
    thickness = um(room.size(0.03))
    made: Words = {key: [{"name": room.name("film"), "material": "LiNbO3", "thickness": thickness}]}
    if room.random.random() < 0.5:
        made[key].append({"name": room.name("film"), "material": "LATP", "thickness": thickness})
    if room.random.random() < (0.1 if room.dimension == "axisymmetric" else 0.5):
        made["patches"] = {
            "coverage": room.random.choice(FRACTIONS),
            "size": um(room.size(0.2)),
            "seed": room.random.choice(SEEDS),
        }
        if room.random.random() < 0.3:
            made["coating_as"] = "collapsed"
    return made


def _grains(room: Room) -> Words:
    made = {"grain_size": um(3 * room.among(0.4)), "seed": room.random.choice(SEEDS)}
    return made | room.maybe("kind", lambda: room.choose("voronoi", "laguerre"))


def _place(room: Room) -> Words:
    if room.choose(True, True, False):
        return {"layer": room.layer()} | room.position()
    return {"at": room.at()} | room.position() | room.maybe("height", lambda: um(room.size(0.1)))


def _particle(room: Room) -> Words:
    made = {"name": room.name("ball"), "material": "LATP"} | _shape(room, 0.4) | _place(room)
    if room.random.random() < 0.5:
        made |= _coats(room, "coating")
    if made.get("layer") and not made.get("coating"):
        room.boundaries.append(f"{made['layer']}|{made['name']}")
    if room.dimension == "axisymmetric":
        return made
    return made | room.maybe("grains", lambda: _grains(room))


def _pore(room: Room) -> Words:
    return {"name": room.name("pore")} | _shape(room, 0.4) | _place(room)


def _pattern(room: Room) -> Words:
    made = {"layer": room.layer(), "volume_fraction": room.random.choice(FRACTIONS), "seed": room.random.choice(SEEDS)}
    made |= _shape(room, 0.3, many=True)
    made |= room.maybe("sizes", lambda: _sizes(room))
    return made | room.maybe("cut_by_sides", lambda: True) | room.maybe("alignment", lambda: "aligned")


def _packing(room: Room) -> Words:
    made = {"name": room.name("balls"), "material": "LATP"} | _pattern(room)
    extra = room.choose("nothing", "coating", "grains", "necks")
    if extra == "coating":
        return made | _coats(room, "coating")
    if extra == "grains":
        return made | {"grains": _grains(room)}
    return made | ({"neck_ratio": room.choose(0.3, 0.5)} if extra == "necks" else {})


def _pores(room: Room) -> Words:
    return {"name": room.name("pores")} | _pattern(room)


def _polycrystal(room: Room) -> Words:
    room.boundaries.append("electrolyte|electrolyte")
    return {"layer": "electrolyte"} | _grains(room)


def _coating(room: Room) -> Words:
    return {"at": room.at()} | _coats(room, "coats") | room.maybe("on", lambda: room.choose("anode", "electrolyte"))


KINDS: dict[str, Callable[[Room], Words]] = {
    "void": _single_void,
    "void_array": _void_array,
    "random_voids": _random_voids,
    "contact_spot": _contact_spot,
    "contact_stripes": _contact_stripes,
    "contact_frame": _contact_frame,
    "contact_array": _contact_array,
    "random_contacts": _random_contacts,
    "contact_image": _contact_image,
    "waviness": _waviness,
    "roughness": _roughness,
    "crack": _crack,
    "penny_crack": _penny_crack,
    "delamination": _delamination,
    "interface_crack": _interface_crack,
    "block": _block,
    "particle": _particle,
    "packing": _packing,
    "pore": _pore,
    "pores": _pores,
    "polycrystal": _polycrystal,
    "coating": _coating,
}
"""How to make a random feature of every kind that a study file knows."""


IMPOSSIBLE: dict[int | str, set[str]] = {
    1: set(),
    2: {"penny_crack"},
    "axisymmetric": {"contact_stripes", "contact_array", "random_contacts", "contact_image", "roughness"}
    | {"random_voids", "void_array", "packing", "pores", "polycrystal", "interface_crack"},
    3: set(),
}
"""What needs another dimension, and is refused."""


def kinds_in(study: Words) -> list[str]:
    """Kinds of the features of a study."""
    return [next(iter(feature)) for feature in study["geometry"]["features"]]


def random_study(seed: int, dimension: int | str, kinds: tuple[str, ...] = tuple(KINDS), most: int = 3) -> Words:
    """A study file with 1 to `most` features of these kinds; in 1-D, where there is no room for them, mostly none."""
    random = Random(f"{dimension} {seed}")
    choose = random.choice
    width = choose((10.0, 6.0, 25.0, 1.0))
    depth = choose((10.0, 8.0)) if dimension == 3 else width
    layers = [
        {"name": "anode", "material": "Li", "thickness": um(choose((4.0, 8.0)))},
        {"name": "electrolyte", "material": "LLZO", "thickness": um(choose((8.0, 15.0, 2.0)))},
        {"name": "counter", "material": "Li", "thickness": um(choose((4.0, 2.5)))},
    ]
    geometry: Words = {"dimension": dimension, "layers": layers}
    if dimension != 1:
        geometry["width"] = um(width)
    if dimension == 3:
        geometry["depth"] = um(depth)
    room = Room(random, dimension, width, depth, layers)
    number = random.randint(1, most) if dimension != 1 else choose((0, 0, 0, 1))
    chosen = [choose(kinds) for _ in range(number)]
    possible = [kind for kind in kinds if kind not in IMPOSSIBLE[dimension]]
    chosen = [kind if kind in possible or choose((True, False, False)) else choose(possible) for kind in chosen]
    if "interface_crack" in chosen and dimension in (2, 3) and not {"polycrystal", "particle"} & set(chosen):
        chosen.append(choose(("polycrystal", "polycrystal", "particle", "crack")))
    chosen.sort(key=lambda kind: kind == "interface_crack")  # what it runs along comes first
    geometry["features"] = [{kind: KINDS[kind](room)} for kind in chosen]
    return {
        "study": "random",
        "geometry": geometry,
        "interfaces": {name: dict(KINETICS) for name in INTERFACES},
        "operation": {"current": "1 mA/cm^2", "temperature": "298.15 K"},
        "mesh": {"refinement": 0.5, "growth": 1.8, "error_estimate": "none"},
        "quantities": ["cell_voltage", "dissipation"],
    }


KINETICS = {"kinetics": "butler-volmer", "exchange_current": "100 A/m^2"}
"""Of every interface where electrons become ions, so that few variants of the forms are compiled."""
