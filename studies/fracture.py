"""The cracks of a study: virtual extensions of their tips, as large as their surroundings allow."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from meshes.features.crack_tips import Opened, Tip
from meshes.slit import slit_face_names, touching_faces
from studies.errors import SolveError

if TYPE_CHECKING:
    from fem.observe.assembly import Assembly
    from fem.observe.fracture import Extension
    from meshes.stack import Stack

__all__ = [
    "closed_cracks",
    "crack_names",
    "crack_opening",
    "energy_release_rate",
    "front_distance",
    "stress_intensity",
    "tip_number",
]

Array = npt.NDArray[np.float64]
#: Of the room around a tip: the extension is uniform up to the first part of it and nothing beyond the second.
_INNER, _OUTER = 0.2, 0.7
#: Overlaps below this part of the height of the stack are rounding.
_SHUT = 1e-12
_PARTLY = 0.01
"""Overlaps of a part of a slit below this share of its opening elsewhere say nothing."""
_FRONT_POINTS = 100  # per length that belongs to a front


def crack_names(stack: Stack) -> list[str]:
    """Names of the cracks of a stack, each once."""
    return list(dict.fromkeys(f.name for f in stack.features if isinstance(f, Opened)))


def tip_number(stack: Stack, crack: str) -> int:
    """How many tips a crack has (in 3-D, fronts)."""
    return len(_tips(stack, crack))


def _tips(stack: Stack, crack: str) -> list[tuple[Opened, Tip]]:
    found = [f for f in stack.features if isinstance(f, Opened) and f.name == crack]
    return [(f, tip) for f in found for tip in f.tips(stack)]


def _tip(stack: Stack, crack: str, number: int) -> tuple[Opened, Tip]:
    tips = _tips(stack, crack)
    if not 1 <= number <= len(tips):
        raise SolveError(f"crack {crack!r} has {len(tips)} tips: there is no tip {number}")
    return tips[number - 1]


def _room(stack: Stack, tip: Tip) -> float:
    """Distance in metres from a tip within which there is only its own crack and its own layer."""
    plane = [0, stack.gdim - 1]
    here = np.array(tip.point)[plane]
    size = max(*stack.lateral, stack.height)
    limits = [min(tip.reach, tip.straight)]
    # the axis of an axisymmetric model is no border, but the extension must not reach it
    borders = [(0, value) for value in (0.0, stack.lateral[0])] + [(1, z) for z in stack.levels]
    limits += [off for axis, value in borders if (off := abs(float(here[axis]) - value)) > 1e-9 * size]
    for other in (t for f in stack.features if isinstance(f, Opened) for t in f.tips(stack)):
        away = math.dist(here, np.array(other.point)[plane])
        if away > 1e-9 * size:
            limits.append(0.5 * away)
    return min(limits)


def _extension(stack: Stack, feature: Opened, tip: Tip) -> Extension:
    from fem.observe.fracture import circular_extension, straight_extension
    from meshes.morph import moved

    room = _room(stack, tip)
    inner, outer = _INNER * room, _OUTER * room
    if stack.dimension == "3" and hasattr(feature, "radius"):
        if getattr(feature, "tilt", 0.0) != 0.0:
            raise SolveError(f"crack {feature.name!r}: the energy release rate of a tilted disc is not known")
        x, y = np.array(tip.point[:2]) - np.array(tip.direction[:2]) * feature.radius
        sides = sum(abs(c - v) <= 1e-9 * s for c, s in zip((x, y), stack.lateral, strict=True) for v in (0.0, s))
        return circular_extension((float(x), float(y), tip.point[2]), feature.radius, inner, outer, 0.5**sides)
    point = tuple(map(float, moved(np.array([tip.point]), stack)[0]))
    depth = 1.0
    if stack.dimension == "3":
        front = feature.front(stack, tip, stack.lateral[1])
        depth = float(np.ptp(front[:, 1]))
    return straight_extension(point, tip.direction, inner, outer, stack.dimension == "axisymmetric", depth)


def front_distance(stack: Stack | None) -> Callable[[Array], Array] | None:
    """Distance in metres of points (n, gdim) from the nearest tip or front of a crack; None where there is none."""
    from scipy.spatial import cKDTree

    from meshes.morph import moved

    cracks = [f for f in stack.features if isinstance(f, Opened)] if stack is not None else []
    if stack is None or not cracks:
        return None
    fronts = [f.front(stack, tip, tip.reach / _FRONT_POINTS) for f in cracks for tip in f.tips(stack)]
    if not fronts:
        return None
    tree = cKDTree(moved(np.concatenate(fronts), stack))
    return lambda x: np.asarray(tree.query(x)[0], dtype=np.float64)


def closed_cracks(assembly: Assembly) -> tuple[str, ...]:
    """A remark for every slit that the load has closed: its faces overlap, which a crack in earnest would not allow.

    It is looked for in the mean, and in sixteen parts of its length.
    """
    from fem.estimate.recorded import plain
    from fem.observe import fracture
    from fem.observe.slit_openings import openings_along

    stack = _stack(assembly)
    if stack is None or assembly.model.mechanics is None:
        return ()
    found = []
    for crack in crack_names(stack):
        faces = _faces(assembly, crack)
        if len(faces) != 2:
            continue
        advice = "give the crack `contact`; stresses near it are those of a crack that does not bear"
        if (opening := plain(fracture.mean_opening(assembly, faces))) < -_SHUT * stack.height:
            found.append(
                f"the load closes crack {crack!r}: its faces overlap by {-1e9 * opening:.3g} nm in the mean, because "
                f"the model knows no contact between them: {advice}"
            )
            continue
        parts = openings_along(assembly, faces)
        if (least := float(parts.min())) < -_PARTLY * float(parts.max()):
            found.append(
                f"the load closes a part of crack {crack!r}: its faces overlap there by up to {-1e9 * least:.3g} nm: "
                f"{advice}"
            )
    return tuple(found)


def _stack(assembly: Assembly) -> Any:
    return assembly.geometry.tagged.stack


def _faces(assembly: Assembly, crack: str) -> tuple[str, ...]:
    """Its two faces, the facets of both where they may touch; none of a notch."""
    names = (*slit_face_names(crack), touching_faces(crack))
    return tuple(name for name in names if name in assembly.geometry.tagged.facets)


def energy_release_rate(assembly: Assembly, crack: str, number: int) -> float:
    """Energy release rate at tip `number` (from 1) of a crack, J/m^2.

    Raises:
        SolveError: there is no such tip, or none that this is known of.
    """
    from fem.observe import fracture

    stack = _stack(assembly)
    extension = _extension(stack, *_tip(stack, crack, number))
    return fracture.energy_release_rate(assembly, extension, _faces(assembly, crack))


def stress_intensity(assembly: Assembly, crack: str, number: int, mode: str) -> float:
    """Stress intensity in mode ``I`` or ``II`` at tip `number` (from 1) of a crack within a layer, Pa m^(1/2).

    Raises:
        SolveError: there is no such tip, it lies on an interface, or the model is 3-D.
    """
    from fem.observe import fracture

    stack = _stack(assembly)
    feature, tip = _tip(stack, crack, number)
    if stack.dimension == "3":
        raise SolveError("stress intensities are for 2-D and axisymmetric models: ask for the energy release rate")
    height, near = tip.point[-1], 1e-9 * stack.height
    layers = [x.name for x in stack.layers if stack.span(x.name)[0] + near < height < stack.span(x.name)[1] - near]
    if not layers:
        raise SolveError(f"tip {number} of crack {crack!r} lies on an interface: ask for the energy release rate")
    extension = _extension(stack, feature, tip)
    both = fracture.stress_intensities(assembly, extension, layers[0], _faces(assembly, crack))
    return both[0 if mode == "I" else 1]


def crack_opening(assembly: Assembly, crack: str) -> float:
    """Mean distance between the faces of a slit, m; negative where they overlap because they cannot touch.

    Raises:
        SolveError: it is a notch, which has no faces that lay together.
    """
    from fem.observe import fracture, joints

    if crack in assembly.model.joints:
        return joints.gap(assembly, crack)
    faces = _faces(assembly, crack)
    if len(faces) != 2:
        raise SolveError(f"crack {crack!r} is no slit: its opening is given")
    return fracture.mean_opening(assembly, faces)
