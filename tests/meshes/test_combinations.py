"""Features that meet: contact patterns on interfaces that crack, fills and blocks beside grains."""

from __future__ import annotations

from typing import Any

import pytest
from body_samples import assert_sound
from mesh_samples import LOW, UM, facet_sizes, layer_sizes, stack

from meshes import ContactSpot, MeshProblem, MeshSizes, Void
from meshes.features.block import Block
from meshes.features.contact_pattern import ContactFrame, RandomContacts
from meshes.features.delamination import InterfaceCrack
from meshes.features.fill import Fill
from meshes.features.polycrystal import Polycrystal
from meshes.generate import generate_arrays
from meshes.random.grains import GrainStructure

SIZES = MeshSizes(growth=1.5, edge_fraction=0.1)
GRAINS = Polycrystal("electrolyte", GrainStructure(9 * UM, seed=2))
FRAME = ContactFrame(LOW, 0.4)


def of_pair(sizes: dict[str, float], lower: str, upper: str, end: str = "") -> float:
    """Sum in um over all colours of grains of two bodies."""
    total = 0.0
    for name, size in sizes.items():
        pair = name.removesuffix(":gap")
        if name.endswith(":gap") == bool(end) and tuple(x.split(".")[0] for x in pair.split("|")) == (lower, upper):
            total += size / UM
    return total


@pytest.mark.parametrize("pattern", [FRAME, ContactSpot(LOW, 4 * UM), RandomContacts(LOW, UM, 0.4)])
@pytest.mark.parametrize("first", [True, False])
def test_half_of_a_patterned_interface_cracks(pattern: Any, first: bool) -> None:
    crack = InterfaceCrack((LOW,), share=0.5, name="crack")
    s = stack("2", *((pattern, crack) if first else (crack, pattern)))
    arrays = generate_arrays(s, SIZES)
    sizes = {name: size / UM for name, size in facet_sizes(arrays).items()}
    whole = 0.4 * 20
    # contact and gap open alike, each with what is left of it
    left = sizes.get(LOW, 0.0) + sizes[f"{LOW}:gap"]
    assert left + sizes["crack:lower"] == pytest.approx(20)
    assert sizes["crack:lower"] == pytest.approx(sizes["crack:upper"])
    assert 0 < sizes["crack:lower"] < 20
    assert sizes.get(LOW, 0.0) <= whole + 1e-9
    assert sizes[f"{LOW}:gap"] <= 20 - whole + 1e-9


def test_a_crack_that_leaves_no_bridge_is_refused_before_meshing() -> None:
    s = stack("2", FRAME, InterfaceCrack((LOW,)))
    with pytest.raises(MeshProblem, match=r"features\[1\].along .* nothing crosses anode\|electrolyte"):
        generate_arrays(s, SIZES)
    bridged = stack("2", InterfaceCrack((LOW,)), Void(LOW, 3 * UM, 2 * UM, fill=Fill("polymer")))
    assert bridged.problems() == []


@pytest.mark.parametrize("into", ["anode", "electrolyte"])
@pytest.mark.parametrize("fill", [Fill("polymer"), Fill("polymer", 0.5), Fill("polymer", 0.5, side="tip")])
@pytest.mark.parametrize("grains_first", [True, False])
def test_fills_beside_grains(into: str, fill: Fill, grains_first: bool) -> None:
    void = Void(LOW, 3 * UM, 2 * UM, into=into, fill=fill)
    s = stack("2", *((GRAINS, void) if grains_first else (void, GRAINS)))
    arrays = generate_arrays(s, SIZES)
    assert_sound(arrays, s)
    plain = stack("2", void)
    expected = generate_arrays(plain, SIZES)
    assert layer_sizes(arrays)["polymer"] == pytest.approx(layer_sizes(expected)["polymer"], rel=1e-2)
    found, wanted = facet_sizes(arrays), facet_sizes(expected)
    for pair in (("anode", "polymer"), ("electrolyte", "polymer"), ("anode", "electrolyte"), ("void", "polymer")):
        assert of_pair(found, *pair) == pytest.approx(of_pair(wanted, *pair), rel=1e-2)


@pytest.mark.parametrize("grains_first", [True, False])
def test_contact_patterns_and_blocks_beside_grains(grains_first: bool) -> None:
    block = Block("electrolyte", "block", x=(5 * UM, 9 * UM), z=(0, 6 * UM))
    others = (block, FRAME)
    s = stack("2", *((GRAINS, *others) if grains_first else (*others, GRAINS)))
    arrays = generate_arrays(s, SIZES)
    assert_sound(arrays, s)
    assert layer_sizes(arrays)["block"] / UM**2 == pytest.approx(24)
    sizes = facet_sizes(arrays)
    # the frame: 4 um at each side; the block covers what the frame leaves from 5 to 9
    assert of_pair(sizes, "anode", "electrolyte") == pytest.approx(8)
    assert of_pair(sizes, "anode", "electrolyte", "gap") == pytest.approx(8)
    assert of_pair(sizes, "anode", "block") == pytest.approx(4)
    assert of_pair(sizes, "electrolyte", "block") == pytest.approx(16)
