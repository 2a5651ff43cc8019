"""Which boundaries between bodies come apart when a part of them does: at random, but no body comes loose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import gmsh
import numpy as np

from meshes.problems import MeshError

__all__ = ["chosen_share"]


class _Sets:
    """Disjoint sets (union-find)."""

    def __init__(self) -> None:
        self.parent: dict[int, int] = {}

    def find(self, a: int) -> int:
        self.parent.setdefault(a, a)
        while self.parent[a] != a:
            self.parent[a] = a = self.parent[self.parent[a]]
        return a

    def join(self, a: int, b: int) -> bool:
        """True when they were apart."""
        a, b = self.find(a), self.find(b)
        self.parent[a] = b
        return a != b


def chosen_share(
    dim: int, faces: Sequence[int], bonded: Iterable[Sequence[int]], share: float, seed: int, name: str
) -> set[int]:
    """Faces (2-D: curves) of the current Gmsh model that make up about `share` of their common size.

    They are drawn in an order that follows from `seed` and from where the faces lie. Faces that hold together what
    would come loose otherwise stay closed.

    Args:
        dim: of the faces. faces: their tags. bonded: pairs of bodies that other faces hold together.
        share: 1: all of them. seed: of the choice. name: of the crack, for messages.

    Raises:
        MeshError: so large a share would cut bodies loose.
    """
    if share >= 1:
        return set(faces)
    middle = np.array([gmsh.model.occ.getCenterOfMass(dim, tag) for tag in faces])
    order = np.lexsort(np.round(middle, 6).T)
    drawn = np.argsort(np.random.Generator(np.random.PCG64(seed)).random(len(faces)), kind="stable")
    shuffled = [faces[order[k]] for k in drawn]
    size = {tag: float(gmsh.model.occ.getMass(dim, tag)) for tag in faces}
    whole = sum(size.values())
    sets = _Sets()
    for a, b in bonded:
        sets.join(int(a), int(b))
    bodies = {tag: gmsh.model.getAdjacencies(dim, tag)[0] for tag in faces}
    # the last of the order are the first to hold the bodies together
    free = [tag for tag in reversed(shuffled) if not sets.join(*map(int, bodies[tag]))][::-1]
    total = np.cumsum([size[tag] for tag in free])
    if not len(free) or total[-1] < share * whole - 0.5 * max(size.values()):
        most = float(total[-1]) / whole if len(free) else 0.0
        raise MeshError(f"{name}: at most {100 * most:.0f} % of these boundaries can open before bodies come loose")
    return set(free[: 1 + int(np.abs(total - share * whole).argmin())])
