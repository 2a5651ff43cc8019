"""The materials of a study: from the library, written inline, and with values that a layer overrides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fem import materials
from fem.materials import PROPERTIES, Material, MaterialError
from studies.schema.body import Conduction
from studies.schema.explain import suggestion
from studies.schema.reader import KeyPath

Complaint = tuple[KeyPath, str, Any]
"""Raw path, message, value."""

_MARK = "@"


class Media:
    """Materials by the names that a study uses.

    Args:
        inline: the study's `materials` section, as plain data.
    """

    def __init__(self, inline: Mapping[str, Any]) -> None:
        self._inline = dict(inline)

    def complaints(self) -> Iterator[Complaint]:
        """What is wrong with the inline materials."""
        for name, mapping in self._inline.items():
            _, problems = materials.check_mapping(name, mapping, path=_MARK)
            yield from _rooted(problems, ("materials", name))

    def named(self, name: str) -> Material | str:
        """The material of that name, or what is wrong with the name."""
        if name in self._inline:
            material, _ = materials.check_mapping(name, self._inline[name], path=_MARK)
            return material if material is not None else "this material of the file has problems of its own"
        try:
            return materials.load(name)
        except MaterialError:
            known = [*self._inline, *materials.names()]
            hint = suggestion(name, [*known, *materials.ALIASES])
            return f"unknown material{hint}\nknown: {', '.join(known)}"

    def canonical(self, name: str) -> str:
        """The name without spelling variants (aliases of the library)."""
        return name if name in self._inline else materials.resolve(name)

    def overridden(self, name: str, properties: Mapping[str, Any]) -> tuple[Material | None, list[Complaint]]:
        """A material with some of its properties replaced, or what is wrong with them (paths within
        `properties`)."""
        wrong: list[Complaint] = []
        for key in properties:
            if key not in PROPERTIES:
                wrong.append(((key,), f"is not a property of a material{suggestion(key, PROPERTIES)}", None))
        known = {k: v for k, v in properties.items() if k in PROPERTIES}
        base = dict(self._inline[name]) if name in self._inline else {"based_on": self.canonical(name)}
        material, problems = materials.check_mapping(name, {**base, **known}, path=_MARK)
        wrong += _rooted(problems, ())
        return (None if wrong else material), wrong


def default_conduction(material: Material) -> Conduction:
    """What is solved in a layer of this material unless the study says otherwise."""
    ions, electrons = material.has("ionic_conductivity"), material.has("electronic_conductivity")
    if material.kind == "metal":
        return "equipotential"
    if "electrolyte" in material.kind or material.kind == "single-ion conductor":
        return "ionic"
    if material.kind in ("cathode", "anode"):
        return "mixed" if ions and electrons else "electronic" if electrons else "equipotential"
    if material.kind == "interphase" and ions and electrons:
        return "mixed"
    return "ionic" if ions and material.kind != "dielectric" else "none"


def needed_properties(conduction: Conduction, mechanics: bool, mixture: bool = False) -> tuple[str, ...]:
    """Properties without which the layer cannot be computed; the conductivity of a mixture follows from its ions."""
    ions = ("ionic_conductivity",) if conduction in ("ionic", "mixed") and not mixture else ()
    electrons = ("electronic_conductivity",) if conduction in ("electronic", "mixed") else ()
    return ions + electrons + (("young_modulus", "poisson_ratio") if mechanics else ())


def _rooted(problems: Any, root: KeyPath) -> list[Complaint]:
    found: list[Complaint] = []
    for problem in problems:
        words = problem.path.removeprefix(_MARK).strip(".")
        found.append(((*root, *(words.split(".") if words else ())), problem.message, problem.value))
    return found
