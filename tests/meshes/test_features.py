"""Patterns of voids, and points at a distance from contact edges."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from mesh_samples import HIGH, LOW, UM, stack

from meshes import ContactSpot, Layer, MeshError, RandomVoids, Stack, Void, VoidArray
from meshes.features.base import Opening
from meshes.features.placement import place_discs, place_strips
from meshes.overlap import edge_gaps, near_pairs, nearest_edge


def test_array_by_count_and_by_spacing() -> None:
    void = Void(LOW, UM, 0.5 * UM)
    s = stack("3")
    by_count = VoidArray(void, (2, 4)).expand(s)
    assert len(by_count) == 8
    assert by_count[0].position == pytest.approx((5 * UM, 2.5 * UM))
    assert [v.name for v in by_count][:2] == ["voids[0]", "voids[1]"]
    by_spacing = VoidArray(void, spacing=6 * UM).expand(s)
    x = sorted({round(v.position[0] / UM, 9) for v in by_spacing if v.position})
    assert x == [4, 10, 16]
    assert stack("3", VoidArray(void, (2, 4))).problems() == []


@pytest.mark.parametrize("fraction", [0.05, 0.3, 0.5, 0.65])
def test_random_voids_take_the_fraction_and_keep_their_distance(fraction: float) -> None:
    gap = 0.05 * UM
    voids = RandomVoids(Void(LOW, UM, 0.5 * UM), fraction, seed=3, minimum_distance=gap)
    s = stack("3", voids)
    assert s.problems() == []
    parts = voids.expand(s)
    area = sum(math.pi * v.radius**2 for v in parts)
    assert area == pytest.approx(fraction * (20 * UM) ** 2, rel=1e-12)
    assert parts[0].depth == pytest.approx(0.5 * parts[0].radius)
    centres = np.array([v.position for v in parts])
    away = np.linalg.norm(centres[:, None] - centres, axis=2)[np.triu_indices(len(parts), 1)]
    assert away.min() >= 2 * parts[0].radius + gap * (1 - 1e-9)
    assert (centres >= parts[0].radius + gap * (1 - 1e-9)).all()
    assert (centres <= 20 * UM - parts[0].radius - gap * (1 - 1e-9)).all()
    other = RandomVoids(Void(LOW, UM, 0.5 * UM), fraction, seed=4, minimum_distance=gap).expand(s)
    assert not np.allclose(centres, [v.position for v in other])
    assert parts == voids.expand(s)


def test_random_strips_in_two_dimensions() -> None:
    voids = RandomVoids(Void(LOW, 0.5 * UM, 0.2 * UM), 0.4, seed=1)
    s = stack("2", voids)
    assert s.problems() == []
    parts = voids.expand(s)
    assert sum(2 * v.radius for v in parts) == pytest.approx(0.4 * 20 * UM, rel=1e-12)


def test_places_are_the_same_on_every_machine() -> None:
    """Frozen numbers: a change of them changes the results of every study with a seed."""
    discs = place_discs((20.0, 10.0), 5, 1.0, 0.1, 7)
    assert discs is not None
    assert discs[0].tolist() == [12.226699305563072, 8.098267647562688]
    strips = place_strips(20.0, 3, 1.0, 0.1, 7)
    assert strips is not None
    assert strips[:, 0].tolist() == [9.601298345823471, 13.74932538733463, 17.502107693186225]
    assert place_discs((4.0, 4.0), 9, 1.0, 0.1, 0) is None


def test_what_does_not_fit_says_so() -> None:
    voids = RandomVoids(Void(LOW, UM, UM), 0.9)
    with pytest.raises(MeshError, match="do not fit"):
        voids.expand(stack("3"))


def test_search_for_neighbours_finds_the_pairs_of_brute_force() -> None:
    rng = np.random.default_rng(0)
    centres = rng.random((400, 2))
    radii = 10 ** rng.uniform(-3, -0.7, 400)
    away = np.linalg.norm(centres[:, None] - centres, axis=2)
    near = away < radii[:, None] + radii + 0.01
    expected = np.argwhere(np.triu(near, 1))
    assert np.array_equal(near_pairs(centres, radii, 0.01), expected)


def test_overlap_check_is_not_quadratic() -> None:
    def seconds(side: int) -> float:
        void = Void(LOW, 0.4, 0.2)
        layers = (Layer("anode", 2.0), Layer("electrolyte", 2.0))
        s = Stack("3", layers, float(side), float(side), (VoidArray(void, side),))
        began = time.process_time()
        assert s.problems() == []
        return time.process_time() - began

    seconds(10)
    few, many = seconds(30), seconds(120)  # 900 and 14400 voids
    assert many < 40 * few + 0.1


def test_gaps_between_edges() -> None:
    s = stack(
        "2",
        Void(LOW, 2 * UM, UM, position=(5 * UM,)),
        Void(LOW, 2 * UM, UM, position=(10 * UM,)),
        Void(LOW, 1 * UM, UM, position=(20 * UM,)),
        ContactSpot(HIGH, 9.5 * UM),
        Void(HIGH, 9 * UM, UM),
    )
    gaps = edge_gaps(s)
    assert gaps.nested / UM == pytest.approx([np.inf, np.inf, np.inf, 0.5, 0.5])
    found = {tuple(np.round(row, 9)) for row in np.column_stack([gaps.points, gaps.widths]) / UM}
    assert {(7, 10, 1), (8, 10, 1)} <= found
    assert (19.5, 60, 0.5) in found  # the spot and the side


def test_gaps_between_discs() -> None:
    s = stack("3", Void(LOW, 2 * UM, UM, position=(5 * UM, 10 * UM)), Void(LOW, UM, UM, position=(5 * UM, 13.5 * UM)))
    gaps = edge_gaps(s)
    assert gaps.points / UM == pytest.approx(np.array([[5, 12, 10], [5, 12.5, 10]]))
    assert gaps.directions == pytest.approx(np.array([[0, 1], [0, -1]]))
    assert gaps.widths / UM == pytest.approx([0.5, 0.5])
    # g + s^2 / R: both circles fall back by s^2 / (2 r)
    assert gaps.rounding / UM == pytest.approx([1 / (0.25 + 0.5)] * 2)


def test_edges_know_their_footprint() -> None:
    rng = np.random.default_rng(1)
    radii = 10.0 ** rng.uniform(-3, 0, 60)
    centres = 3 * np.arange(60)
    openings = [
        Opening(LOW, (float(c), 0.0), float(r), 0.0, 0.0, "flat", "") for c, r in zip(centres, radii, strict=True)
    ]
    openings.append(Opening(LOW, (centres[7], 0.0), 0.5 * radii[7], 0.0, 0.0, "flat", ""))
    angle = rng.uniform(0, 6.28, 61)
    points = np.array([(*o.centre,) for o in openings])
    points += np.array([[o.radius] for o in openings]) * np.column_stack([np.cos(angle), np.sin(angle)])
    assert nearest_edge(points, openings) == list(range(61))


def test_samples_of_a_strip() -> None:
    void, spot = Void(LOW, 3 * UM, UM), ContactSpot(HIGH, 4 * UM)
    s = stack("2", void, spot)
    d = 0.1 * UM
    assert void.contact_edge_samples(s, d) / UM == pytest.approx(np.array([[6.9, 10], [13.1, 10]]))
    assert spot.contact_edge_samples(s, d) / UM == pytest.approx(np.array([[6.1, 60], [13.9, 60]]))
    assert spot.contact_edge_samples(s, d, "gap") / UM == pytest.approx(np.array([[5.9, 60], [14.1, 60]]))
    assert void.contact_edge_samples(s, d, "gap").shape == (0, 2)
    assert spot.contact_edge_samples(s, 5 * UM).shape == (0, 2)
    with pytest.raises(ValueError, match="distance"):
        void.contact_edge_samples(s, 0.0)
    with pytest.raises(ValueError, match="side"):
        void.contact_edge_samples(s, d, "inside")  # type: ignore[arg-type]


def test_samples_of_a_disc_about_the_axis_and_of_a_quarter() -> None:
    spot = ContactSpot(HIGH, 4 * UM)
    s = stack("axisymmetric", spot)
    assert spot.contact_edge_samples(s, UM) / UM == pytest.approx(np.array([[3.0, 60.0]]))
    void = Void(LOW, 3 * UM, UM, position=(0.0, 0.0))
    points = void.contact_edge_samples(stack("3", void), 0.5 * UM)
    assert len(points) == 16
    assert np.linalg.norm(points[:, :2], axis=1) / UM == pytest.approx(np.full(16, 3.5))
    assert points[:, 2] / UM == pytest.approx(np.full(16, 10.0))


def test_samples_leave_out_other_features() -> None:
    near = Void(LOW, 2 * UM, UM, position=(4 * UM,), name="a")
    next_to_it = Void(LOW, 2 * UM, UM, position=(9 * UM,), name="b")
    s = stack("2", near, next_to_it)
    # 1.5 um from the edge of a, towards b, lies within b
    assert near.contact_edge_samples(s, 1.5 * UM)[:, 0] / UM == pytest.approx([0.5])
    inside = Void(HIGH, 1 * UM, 0.5 * UM)
    spot = ContactSpot(HIGH, 4 * UM)
    both = stack("2", inside, spot)
    assert len(inside.contact_edge_samples(both, UM)) == 2
    assert len(inside.contact_edge_samples(both, 4 * UM)) == 0  # beyond the spot: no contact there
