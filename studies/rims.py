"""Patches of badly conducting films: their faces carry current, the walls in which they end do not.

Where an electrode, a film and an electrolyte meet in one line, a continuous potential would join electrode and
electrolyte past the film. With a perfect contact nothing resists that but the electrolyte; with kinetics what
passes is proportional to the size of a cell. In truth the potential jumps there: over the film's height at most.
The film therefore has a potential of its own, joined to that of the electrolyte over its face by a resistance that
is small beside its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studies.schema.bodies import Coating, Packing, Particle
from studies.schema.collapse import coat_resistance
from studies.schema.films import Coat

if TYPE_CHECKING:
    from studies.schema import Study

__all__ = ["JOINT", "joint_resistance"]

JOINT = 1e-4
"""Resistance between a film in patches and what lies on it, over the film's own."""
_IONS = ("ionic", "mixed")


@dataclass(frozen=True)
class _PatchyFilm:
    """A meshed film in patches: the body that it lies on, what is on its other side (None: anything), its coats."""

    inner: str
    outer: str | None
    coats: tuple[Coat, ...]


def joint_resistance(study: Study, pair: str) -> float | None:
    """Resistance in ohm m^2 that joins a film in patches to what lies on it, at the interface ``first|second``.

    None where the interface is none of this kind, where the film conducts better than what lies on it (walls
    conduct then), or where the film is no obstacle between two electrolytes that touch beside it.
    """
    first, second = pair.split("|")
    for film in _patchy(study):
        coats = {c.name for c in film.coats}
        for coat, outer in ((first, second), (second, first)):
            if coat != film.coats[-1].name or outer in coats or outer == film.inner or film.outer not in (None, outer):
                continue
            bodies = [study.body(name) for name in (*coats, outer)]
            if any(body.conduction not in _IONS for body in bodies) or _joined(study, film.inner, outer):
                return None
            temperature = study.operation.temperature
            own = sum(coat_resistance(c, study.material(c.name), temperature) for c in film.coats)
            beyond = study.material(outer).value("ionic_conductivity", temperature)
            return JOINT * own if sum(c.thickness for c in film.coats) < own * beyond else None
    return None


def _patchy(study: Study) -> Iterator[_PatchyFilm]:
    for item in (feature.content for feature in study.geometry.features):
        if getattr(item, "patches", None) is None or getattr(item, "coating_as", None) != "resolved":
            continue
        if isinstance(item, Coating):
            lower, upper = item.at.split("|")
            inner, outer = (upper, lower) if item.on == upper else (lower, upper)
            yield _PatchyFilm(inner, outer, tuple(item.coats))
        elif isinstance(item, Particle | Packing):
            yield _PatchyFilm(item.name, None, tuple(item.coating))


def _joined(study: Study, inner: str, outer: str) -> bool:
    """Whether ions pass from the coated body to the outer one without resistance beside the film."""
    if study.body(inner).conduction not in _IONS:
        return False
    order = [body.name for body in study.geometry.bodies]
    return study.interface("|".join(sorted((inner, outer), key=order.index))).ionic_contact == "perfect"
