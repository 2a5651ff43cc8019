"""What interrupts an interface: voids, contact spots and patterns of them, one file each."""

from meshes.features.base import Feature, Opening
from meshes.features.contact import ContactSpot
from meshes.features.pattern import RandomVoids, VoidArray
from meshes.features.void import Void

__all__ = ["ContactSpot", "Feature", "Opening", "RandomVoids", "Void", "VoidArray"]
