"""Surfaces as sums of waves, and the map that brings them into a mesh."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from mesh_samples import HIGH, LOW, UM, stack

from meshes.features.roughness import Roughness, Waviness
from meshes.morph import deformation, moved, room_problems
from meshes.surfaces import self_affine, sinusoidal

FROZEN_PROFILE = [-0.32780575683324237, -0.006064737232772215, -0.6688880677382895]
FROZEN_SURFACE = [-0.1917477075478924, 0.39069675605390297]


def measured_rms(relief: Any) -> float:
    """Root mean square by the midpoint rule, which is exact for waves up to the number of points."""
    axes = tuple((np.arange(512) + 0.5) / 512 * s for s in relief.size)
    return float(np.sqrt(np.mean(relief.on_grid(axes) ** 2)))


@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("size", [(20.0,), (20.0, 10.0)])
def test_rough_surface_has_its_height_its_mean_and_its_sides(size: tuple[float, ...], periodic: bool) -> None:
    relief = self_affine(size, 0.3, 0.7, 10.0, 1.0, 5, periodic)
    assert relief is not None
    assert relief.rms == pytest.approx(0.3, rel=1e-12)
    assert measured_rms(relief) == pytest.approx(0.3, rel=1e-9)
    axes = tuple((np.arange(256) + 0.5) / 256 * s for s in size)
    assert abs(relief.on_grid(axes).mean()) < 1e-12
    assert relief.shortest == pytest.approx(1.0, rel=0.06)
    # heights at points are those on the grid
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(size))
    assert np.allclose(relief.height(points), relief.on_grid(axes).reshape(-1), atol=1e-12)
    inside = points[:50]
    for axis, s in enumerate(size):
        low, high, near = (inside.copy() for _ in range(3))
        low[:, axis], high[:, axis], near[:, axis] = 0.0, s, 1e-5
        if periodic:
            assert np.allclose(relief.height(low), relief.height(high), atol=1e-12)
        else:
            assert np.abs(relief.height(near) - relief.height(low)).max() < 1e-8  # no slope at the side


@pytest.mark.parametrize("periodic", [False, True])
def test_spectrum_of_profile_and_surface_falls_with_the_hurst_exponent(periodic: bool) -> None:
    """Slope of the logarithm of the mean power over that of the wave number, over many seeds."""
    hurst = 0.6
    profile = np.mean(
        [np.abs(r.waves) ** 2 for s in range(60) if (r := self_affine((1.0,), 1.0, hurst, 1.0, 0.01, s, periodic))],
        axis=0,
    )
    k = np.flatnonzero(profile > 0)
    slope = np.polyfit(np.log(k), np.log(profile[k]), 1)[0]
    assert slope == pytest.approx(-(1 + 2 * hurst), abs=0.1)
    area = np.mean(
        [np.abs(r.waves) ** 2 for s in range(6) if (r := self_affine((1.0, 1.0), 1.0, hurst, 1.0, 0.02, s, periodic))],
        axis=0,
    )
    columns = np.arange(area.shape[1]) - (area.shape[1] - 1) // 2 * periodic
    q = np.hypot(np.arange(area.shape[0])[:, None], columns)
    slope = np.polyfit(np.log(q[area > 0]), np.log(area[area > 0]), 1)[0]
    assert slope == pytest.approx(-2 * (1 + hurst), abs=0.1)


def test_places_of_the_waves_are_the_same_on_every_machine() -> None:
    """Frozen numbers: a change of them changes the results of every study with a seed."""
    relief = self_affine((20.0,), 0.3, 0.8, 20.0, 1.0, 7)
    assert relief is not None
    assert relief.height(np.array([[0.0], [5.0], [20.0]])) == pytest.approx(FROZEN_PROFILE, rel=1e-9)
    surface = self_affine((20.0, 10.0), 0.3, 0.8, 10.0, 1.0, 7, periodic=True)
    assert surface is not None
    assert surface.height(np.array([[0.0, 0.0], [5.0, 2.0]])) == pytest.approx(FROZEN_SURFACE, rel=1e-9)


def test_finer_cut_off_adds_to_the_same_surface() -> None:
    coarse, fine = (self_affine((20.0, 10.0), 0.3, 0.8, 10.0, shortest, 3) for shortest in (2.0, 1.0))
    assert coarse is not None
    assert fine is not None
    k, l = coarse.waves.shape
    used = coarse.waves != 0
    ratio = fine.waves[:k, :l][used] / coarse.waves[used]
    assert np.allclose(ratio, ratio[0])
    assert 0.9 < ratio[0] < 1
    other = self_affine((20.0, 10.0), 0.3, 0.8, 10.0, 2.0, 4)
    assert other is not None
    assert not np.allclose(other.waves, coarse.waves)


def test_waves_are_what_they_say() -> None:
    x = np.linspace(0, 20, 41)[:, None]
    assert np.allclose(sinusoidal((20.0,), 2.0, (3,)).height(x), 2 * np.cos(3 * np.pi * x[:, 0] / 20))
    phased = sinusoidal((20.0,), 2.0, (3,), 0.4, periodic=True).height(x)
    assert np.allclose(phased, 2 * np.cos(6 * np.pi * x[:, 0] / 20 + 0.4))
    y = np.linspace(0, 10, 41)
    xy = np.column_stack([x[:, 0], y[::-1] ** 2 / 10])
    for counts in ((2, 3), (0, 3), (2, 0)):
        even = sinusoidal((20.0, 10.0), 2.0, counts).height(xy)
        waves = [np.cos(n * np.pi * xy[:, i] / s) for i, (n, s) in enumerate(zip(counts, (20, 10), strict=True))]
        assert np.allclose(even, 2 * waves[0] * waves[1])
        turned = sinusoidal((20.0, 10.0), 2.0, counts, 0.3, periodic=True).height(xy)
        waves = [
            np.cos(2 * n * np.pi * xy[:, i] / s + 0.3 * (n > 0))
            for i, (n, s) in enumerate(zip(counts, (20, 10), strict=True))
        ]
        assert np.allclose(turned, 2 * waves[0] * waves[1])


def test_points_move_with_their_interfaces_and_sides_stay() -> None:
    s = stack("2", Waviness(LOW, UM, 10 * UM), Waviness(HIGH, 2 * UM, 20 * UM, math.pi))
    x = np.linspace(0, 20 * UM, 41)
    wave = UM * np.cos(2 * np.pi * x / (10 * UM))
    long = -2 * UM * np.cos(2 * np.pi * x / (20 * UM))

    def at(z: float) -> Any:
        return moved(np.column_stack([x, np.full(41, z)]), s)[:, 1]

    assert np.array_equal(at(0.0), np.zeros(41))
    assert np.array_equal(at(70 * UM), np.full(41, 70 * UM))
    assert np.allclose(at(10 * UM), 10 * UM + wave, atol=1e-18)
    assert np.allclose(at(60 * UM), 60 * UM + long, atol=1e-18)
    assert np.allclose(at(35 * UM), 35 * UM + 0.5 * (wave + long), atol=1e-18)
    assert np.allclose(at(5 * UM), 5 * UM + 0.5 * wave, atol=1e-18)
    assert np.allclose(at(65 * UM), 65 * UM + 0.5 * long, atol=1e-18)
    flat = np.column_stack([x, x])
    assert np.array_equal(moved(flat, stack("2")), flat)
    assert not deformation(stack("2")).reliefs


def test_surfaces_that_meet_are_refused_with_the_largest_height() -> None:
    # the anode is 10 um thick
    assert stack("2", Waviness(LOW, 8 * UM, 20 * UM)).problems() == []
    (problem,) = stack("2", Waviness(LOW, 12 * UM, 20 * UM)).problems()
    assert LOW in problem.message
    assert "'anode'" in problem.message
    assert "8.5e-06" in problem.message
    assert problem.path == "features[0].amplitude"
    # parallel surfaces leave the layer between them as it is
    up = [Waviness(name, 8 * UM, 20 * UM) for name in (LOW, HIGH)]
    assert stack("2", *up).problems() == []
    s = stack("2", Roughness(LOW, 2 * UM, UM), Roughness(HIGH, 2 * UM, UM, seed=1))
    assert room_problems(s, LOW) == []
    assert len(stack("2", Roughness(LOW, 20 * UM, UM)).problems()) == 1
