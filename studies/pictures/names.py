"""The pictures that there are, by the names of the key `pictures` of study files, in the order they are drawn."""

from __future__ import annotations

from typing import Literal

__all__ = ["PictureName"]

PictureName = Literal[
    "mesh",
    "potential",
    "interface-current",
    "stress",
    "damage",
    "voids",
    "loading",
    "opening",
    "polarisation",
    "impedance",
    "history",
    "concentration",
    "animation",
]
