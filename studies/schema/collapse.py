"""Films that are not meshed: what their coats and both of their faces add up to on the interface that stays.

In a study file a film is described the same way whether it is resolved or collapsed: by its coats and by the
interfaces of the coats with what they separate. Collapsed, the interface of the mesh takes the kinetics of the face
where there is charge transfer, and in series to it the resistances of all coats and of the other faces. Curvature
is left out: the error is about the thickness over the radius of curvature, of the film's own resistance. Under
patches this is the part ``a|b:film`` of the interface; ``a|b`` is what they leave bare.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from fem.interface.names import COVERED
from studies.schema.bodies import Coating, Packing, Particle
from studies.schema.films import Coat
from studies.schema.interfaces import Interface

if TYPE_CHECKING:
    from fem.materials import Material
    from studies.schema.study import Study

__all__ = ["CollapsedFilm", "coat_resistance", "collapsed_films", "collapsed_interface", "film_between", "on_mesh"]


@dataclass(frozen=True)
class CollapsedFilm:
    """A film that stands for a resistance.

    Attributes:
        inner: body that it lies on.
        outer: bodies on its other side; None: whatever touches the inner one.
        coats: from the inside out.
        closed: whether nothing is left bare.
    """

    inner: str
    outer: tuple[str, ...] | None
    coats: tuple[Coat, ...]
    closed: bool = True

    def between(self, first: str, second: str) -> bool:
        """Whether it separates two bodies."""
        if first == second or self.inner not in (first, second):
            return False
        return self.outer is None or (first if second == self.inner else second) in self.outer

    def faces(self, first: str, second: str, order: Sequence[str]) -> list[str]:
        """Names, in the study file, of the interfaces that the film has between two bodies, from inside out.

        Args:
            order: names of all bodies, which decides what comes first in the name of an interface.
        """
        other = second if first == self.inner else first
        chain = [self.inner, *(c.name for c in self.coats), other]
        place = {name: i for i, name in enumerate(order)}
        return ["|".join(sorted(pair, key=place.__getitem__)) for pair in pairwise(chain)]


def collapsed_films(contents: Iterable[Any]) -> list[CollapsedFilm]:
    """The collapsed films among the contents of features."""
    found = []
    for item in contents:
        if getattr(item, "coating_as", "resolved") == "resolved":
            continue
        if isinstance(item, Particle | Packing) and item.coating:
            towards = None if item.coating_towards is None else tuple(item.coating_towards)
            found.append(CollapsedFilm(item.name, towards, tuple(item.coating), item.patches is None))
        elif isinstance(item, Coating):
            lower, upper = item.at.split("|")
            inner, outer = (upper, lower) if item.on == upper else (lower, upper)
            found.append(CollapsedFilm(inner, (outer,), tuple(item.coats), item.patches is None))
    return found


def film_between(films: Iterable[CollapsedFilm], pair: str) -> CollapsedFilm | None:
    """The film at an interface ``first|second`` of bodies, if there is one."""
    sides = pair.split("|")
    return next((film for film in films if len(sides) == 2 and film.between(*sides)), None)


def on_mesh(study: Study, name: str, there: Collection[str]) -> tuple[str, float]:
    """The interface of the mesh that stands for an interface ``first|second`` of the study file.

    The faces of a collapsed film are all one: the interface that it lies on, or the part of it under its patches.

    Args:
        there: interfaces of the mesh.

    Returns:
        Its name, and -1 where it counts in the opposite direction (else 1).
    """
    if name in there:
        return name, 1.0
    order = [body.name for body in study.geometry.bodies]
    for film in collapsed_films(feature.content for feature in study.geometry.features):
        others = film.outer if film.outer is not None else [body for body in order if body != film.inner]
        for other in others:
            pair = sorted((film.inner, other), key=order.index)
            found = "|".join(pair) + ("" if film.closed else f":{COVERED}")
            if found in there and name in film.faces(film.inner, other, order):
                chain = [film.inner, *(c.name for c in film.coats), other]
                first, second = (chain.index(body) for body in name.split("|"))
                return found, 1.0 if (first < second) == (pair[0] == film.inner) else -1.0
    return name, 1.0


def coat_resistance(coat: Coat, material: Material, temperature: float) -> float:
    """Area-specific resistance of a coat to ions, ohm m^2."""
    inner = material.value("ionic_conductivity", temperature)
    graded = coat.gradient.ionic_conductivity
    return coat.thickness / inner if graded is None else graded.resistance(inner, coat.thickness)


def collapsed_interface(study: Study, pair: str, film: CollapsedFilm) -> Interface:
    """What the interface of the mesh does in place of the film.

    Args:
        pair: the two bodies, ``first|second``.
    """
    order = [body.name for body in study.geometry.bodies]
    first, second = pair.split("|")
    temperature = study.operation.temperature
    faces = [study.interfaces[name] for name in film.faces(first, second, order)]
    total = sum(coat_resistance(c, study.material(c.name), temperature) for c in film.coats)
    total += sum(f.ionic_resistance or 0.0 for f in faces if f.ionic_contact == "resistive")
    sides = {study.body(first).conduction, study.body(second).conduction}
    blocked: dict[str, Any] = {}
    if sides <= {"equipotential", "electronic", "mixed"}:
        blocked["electronic_contact"] = "blocked"
    transfer = [f for f in faces if f.kinetics is not None]
    if transfer:
        face = transfer[0]
        if sides == {"ionic"}:  # ions from one electrolyte into another
            return _ion_transfer(study, pair, film, face, total)
        if sides <= {"ionic", "mixed"}:
            blocked["ionic_contact"] = "blocked"
        return face.model_copy(
            update={"film_resistance": face.film_resistance + total, "ionic_resistance": None, **blocked}
        )
    if any(f.ionic_contact == "blocked" for f in faces):
        return Interface(ionic_contact="blocked", **blocked)
    # numbers in SI: a study file gives them with units
    return Interface().model_copy(update={"ionic_contact": "resistive", "ionic_resistance": total, **blocked})


def _ion_transfer(study: Study, pair: str, film: CollapsedFilm, face: Interface, total: float) -> Interface:
    """The film with the kinetics of one of its faces, counted from the first to the second of the `pair`."""
    order = [body.name for body in study.geometry.bodies]
    first, second = pair.split("|")
    name = next(n for n in film.faces(first, second, order) if study.interfaces[n].kinetics is not None)
    update: dict[str, Any] = {"film_resistance": face.film_resistance + total}
    if on_mesh(study, name, [pair])[1] < 0:
        update["anodic_transfer_coefficient"] = face.cathodic_transfer_coefficient
        update["cathodic_transfer_coefficient"] = face.anodic_transfer_coefficient
    return face.model_copy(update=update)
