"""The material library: values with unit, temperature, source and doubt, and materials of the user's own.

>>> llzo = load("LLZO")
>>> llzo.value("ionic_conductivity", temperature=333.15)  # doctest: +SKIP
0.1848...

Nothing here needs dolfinx.
"""

import difflib
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType

from fem.materials.material import Activation, Datum, Kind, Material, MaterialError, Problem, Provenance
from fem.materials.properties import PROPERTIES, Property

__all__ = [
    "ALIASES",
    "PROPERTIES",
    "Activation",
    "Datum",
    "Kind",
    "Material",
    "MaterialError",
    "Problem",
    "Property",
    "Provenance",
    "check_mapping",
    "from_mapping",
    "load",
    "load_file",
    "names",
    "resolve",
]

LIBRARY = Path(__file__).parent / "library"
"""Folder of the material files, one each."""

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "lithium": "Li",
        "lithium metal": "Li",
        "garnet": "LLZO",
        "Li7La3Zr2O12": "LLZO",
        "argyrodite": "LPSCl",
        "Li6PS5Cl": "LPSCl",
        "Li10GeP2S12": "LGPS",
        "Li1.3Al0.3Ti1.7(PO4)3": "LATP",
        "Li1.5Al0.5Ge1.5(PO4)3": "LAGP",
        "PEO": "PEO-LiTFSI",
        "PIL-IL gel": "PIL-IL",
        "LiCoO2": "LCO",
        "NMC811": "NCM811",
        "LiFePO4": "LFP",
        "LiC6": "graphite",
        "LNO": "LiNbO3",
        "lithium niobate": "LiNbO3",
        "lithium tantalate": "LiTaO3",
        "lithium fluoride": "LiF",
        "lithium nitride": "Li3N",
        "lithium iodide": "LiI",
        "lithium oxide": "Li2O",
        "lithium carbonate": "Li2CO3",
        "LPO": "Li3PO4",
        "Li3P1+xO4S4x": "LPOS",
        "BTO": "BaTiO3",
        "STO": "SrTiO3",
        "guanidinium perchlorate": "GClO4",
        "copper": "Cu",
        "aluminium": "Al",
        "aluminum": "Al",
        "steel": "stainless-steel",
    }
)
"""Other names of materials of the library."""


def _folded(name: str) -> str:
    """Name without letter case, subscripts, blanks and dashes: ``Li₃PO₄`` and ``li3po4`` are one."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in plain if c not in " _-\u2010\u2011\u2012\u2013\u2014\u2212")


@lru_cache(maxsize=1)
def _files() -> dict[str, Path]:
    return {path.stem: path for path in sorted(LIBRARY.glob("*.yaml"), key=lambda p: p.stem.casefold())}


@lru_cache(maxsize=1)
def _index() -> dict[str, str]:
    return {_folded(alias): name for alias, name in (*ALIASES.items(), *((n, n) for n in _files()))}


def names() -> tuple[str, ...]:
    """Names of the library's materials, alphabetically; reads no file."""
    return tuple(_files())


def resolve(name: str) -> str:
    """The library's name of a material.

    Raises:
        MaterialError: unknown; the message suggests close names.
    """
    found = _index().get(_folded(name))
    if found is None:
        close = dict.fromkeys(_index()[key] for key in difflib.get_close_matches(_folded(name), _index()))
        guess = f" (did you mean {' or '.join(close)}?)" if close else ""
        raise MaterialError(f"unknown material '{name[:60]}'{guess}; known are {', '.join(names())}")
    return found


def load(name: str) -> Material:
    """A material of the library by name or alias; letter case, blanks and subscripts do not matter.

    Raises:
        MaterialError: unknown name.
    """
    return _load(resolve(name))


@cache
def _load(name: str) -> Material:
    from fem.materials.reading import read_mapping, read_yaml

    path = _files()[name]
    return _whole(*read_mapping(name, read_yaml(path), path=path.name, strict=True, folder=LIBRARY), str(path))


def load_file(path: str | Path) -> Material:
    """A material from a user's YAML file; its name is the key ``name``, else the file's.

    Raises:
        MaterialError: the file cannot be read or is wrong; ``problems`` lists everything wrong.
    """
    from fem.materials.reading import read_mapping, read_yaml

    path = Path(path)
    content = read_yaml(path)
    return _whole(*read_mapping(path.stem, content, load=load, path=path.name, folder=path.parent), str(path))


def check_mapping(name: str, mapping: object, path: str = "") -> tuple[Material | None, tuple[Problem, ...]]:
    """Read a material written inline, e.g. in a study; all problems at once.

    Args:
        name: its name.
        mapping: properties, with ``kind`` or ``based_on``.
        path: prefix of the problems' paths, by default ``materials.NAME``.

    Returns:
        The material and no problems, or None and all problems.
    """
    from fem.materials.reading import read_mapping

    return read_mapping(name, mapping, load=load, path=path)


def from_mapping(name: str, mapping: object) -> Material:
    """A material written inline.

    Raises:
        MaterialError: ``problems`` lists everything wrong.
    """
    return _whole(*check_mapping(name, mapping), f"material '{name}'")


def _whole(material: Material | None, problems: tuple[Problem, ...], what: str) -> Material:
    if material is None:
        lines = "".join(f"\n  {p.path}: {p.message}" for p in problems)
        raise MaterialError(f"{what} is wrong:{lines}", problems)
    return material
