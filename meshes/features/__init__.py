"""What changes a stack: voids, contact spots, bodies, slits and patterns of them, one file each."""

from meshes.features.base import Feature, FeatureDefaults, Opening, Refinement, Region
from meshes.features.contact import ContactSpot
from meshes.features.pattern import VoidArray
from meshes.features.random_voids import RandomVoids
from meshes.features.void import Void

__all__ = [
    "ContactSpot",
    "Feature",
    "FeatureDefaults",
    "Opening",
    "RandomVoids",
    "Refinement",
    "Region",
    "Void",
    "VoidArray",
]
