"""What changes a stack: voids, contact spots, bodies, slits and patterns of them, one file each."""

from meshes.features.base import Feature, FeatureDefaults, Opening, Refinement, Region
from meshes.features.contact import ContactSpot
from meshes.features.contact_image import ContactImage
from meshes.features.contact_pattern import ContactArray, ContactFrame, ContactStripes, RandomContacts
from meshes.features.crack import Crack
from meshes.features.delamination import Delamination, InterfaceCrack
from meshes.features.pattern import VoidArray
from meshes.features.penny_crack import PennyCrack
from meshes.features.random_voids import RandomVoids
from meshes.features.roughness import Roughness, Waviness
from meshes.features.void import Void

__all__ = [
    "ContactArray",
    "ContactFrame",
    "ContactImage",
    "ContactSpot",
    "ContactStripes",
    "Crack",
    "Delamination",
    "Feature",
    "FeatureDefaults",
    "InterfaceCrack",
    "Opening",
    "PennyCrack",
    "RandomContacts",
    "RandomVoids",
    "Refinement",
    "Region",
    "Roughness",
    "Void",
    "VoidArray",
    "Waviness",
]
