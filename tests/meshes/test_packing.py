"""Random sizes and places: fractions, distances, the same numbers on every machine, cost."""

from __future__ import annotations

import hashlib
import math
import time
from typing import Any

import numpy as np
import pytest
from mesh_samples import UM, cap_volume, segment_area
from scipy.special import ndtri

from meshes import Layer, RandomVoids, Stack, Void
from meshes.random.arithmetic import exp, generator, log, normal_quantile, power
from meshes.random.directions import rotations, unit_vectors
from meshes.random.packing import Bodies, closest, pack
from meshes.random.sizes import SizeDistribution, draw_radii, number_of_bodies

BALL = {2: math.pi, 3: 4 / 3 * math.pi}


def digest(*arrays: Any) -> str:
    """Of all bits of the numbers."""
    return hashlib.sha256(b"".join(np.ascontiguousarray(a, dtype="<f8").tobytes() for a in arrays)).hexdigest()[:16]


def equal_spheres(number: int, fraction: float, dimension: int) -> Any:
    """Radii of spheres that fill `fraction` of the unit box."""
    return np.full(number, (fraction / (BALL[dimension] * number)) ** (1 / dimension))


def gaps(places: Any, radii: Any) -> tuple[float, float]:
    """Smallest distance of two surfaces, and of a surface and a side of the unit box."""
    i, j = np.triu_indices(len(radii), 1)
    between = np.linalg.norm(places[i] - places[j], axis=1) - radii[i] - radii[j]
    walls = np.minimum(places, 1 - places) - radii[:, None]
    return float(between.min()), float(walls.min())


def test_functions_agree_with_the_library() -> None:
    x = np.linspace(-300, 300, 20001)
    assert np.abs(exp(x) / np.exp(x) - 1).max() < 1e-14
    y = 10 ** np.linspace(-30, 30, 20001)
    assert log(y) == pytest.approx(np.log(y), abs=1e-15, rel=1e-14)
    assert power(y, 1 / 3) == pytest.approx(np.cbrt(y), rel=1e-13)
    p = np.concatenate([10 ** np.linspace(-9, -0.5, 500), 1 - 10 ** np.linspace(-9, -0.5, 500)])
    assert normal_quantile(p) == pytest.approx(ndtri(p), abs=1e-14, rel=1e-12)


def test_directions_are_uniform() -> None:
    rng = generator(3, "directions")
    for dimension in (2, 3):
        u = unit_vectors(rng, 20000, dimension)
        assert np.linalg.norm(u, axis=1) == pytest.approx(1.0)
        assert np.abs(u.mean(axis=0)).max() < 0.02
        assert u.T @ u / 20000 == pytest.approx(np.eye(dimension) / dimension, abs=0.01)
    r = rotations(rng, 20000)
    assert r @ np.swapaxes(r, 1, 2) == pytest.approx(np.broadcast_to(np.eye(3), r.shape), abs=1e-14)
    assert np.linalg.det(r) == pytest.approx(1.0)
    # the trace 1 + 2 cos(angle) of uniform rotations has mean 0 and mean square 1
    trace = np.trace(r, axis1=1, axis2=2)
    assert [trace.mean(), (trace**2).mean()] == pytest.approx([0, 1], abs=0.03)


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_radii_fill_the_total_and_follow_the_distribution(dimension: int) -> None:
    sizes = SizeDistribution("lognormal", 0.4)
    unit = {1: 2.0, 2: math.pi, 3: 4 / 3 * math.pi}[dimension]
    radii, factor = draw_radii(2.0, sizes, dimension, unit, 5000.0, seed=1)
    assert len(radii) == number_of_bodies(2.0, sizes, dimension, unit, 5000.0)
    assert unit * np.sum(radii**dimension) == pytest.approx(5000.0, rel=1e-12)
    assert factor == pytest.approx(1.0, abs=0.02)
    assert radii.mean() == pytest.approx(2.0, rel=0.03)
    assert radii.std() / radii.mean() == pytest.approx(0.4, abs=0.04)
    assert radii.min() >= factor * 2 / 3
    assert radii.max() <= factor * 6
    assert not np.all(np.diff(radii) >= 0)


def test_distribution_is_truncated_and_not_clipped() -> None:
    sizes = SizeDistribution("lognormal", 0.5, 0.8, 1.25)
    ratios = sizes.quantile((np.arange(1000) + 0.5) / 1000)
    assert ratios.min() > 0.8
    assert ratios.max() < 1.25
    assert len(np.unique(ratios)) == 1000
    assert np.all(SizeDistribution().quantile(np.linspace(0, 1, 5)) == 1)


@pytest.mark.parametrize(
    ("sizes", "path"),
    [
        (SizeDistribution("normal"), "kind"),  # type: ignore[arg-type]
        (SizeDistribution("lognormal", 0.0), "spread"),
        (SizeDistribution("lognormal", 0.3, 1.5), "smallest"),
        (SizeDistribution("lognormal", 0.3, 0.5, math.inf), "largest"),
    ],
)
def test_distribution_problems(sizes: SizeDistribution, path: str) -> None:
    assert [p.path for p in sizes.problems()] == [path]


@pytest.mark.parametrize(
    ("number", "fraction", "dimension", "gap"),
    [(60, 0.3, 3, 0.1), (60, 0.45, 3, 0.02), (300, 0.5, 3, 0.05), (100, 0.7, 2, 0.05), (12, 0.1, 2, 1.0)],
)
def test_spheres_keep_their_distance(number: int, fraction: float, dimension: int, gap: float) -> None:
    radii = equal_spheres(number, fraction, dimension)
    gap *= float(radii[0])
    places = pack((1.0,) * dimension, Bodies(radii), gap, seed=2)
    assert places is not None
    between, walls = gaps(places, radii)
    assert between >= gap * (1 - 1e-9)
    assert walls >= gap * (1 - 1e-9)
    other = pack((1.0,) * dimension, Bodies(radii), gap, seed=3)
    assert other is not None
    assert not np.allclose(places, other)


def test_sizes_far_apart_and_walls_of_a_flat_box() -> None:
    radii, _ = draw_radii(0.03, SizeDistribution("lognormal", 0.6), 3, BALL[3], 0.45, 5)
    assert radii.max() > 4 * radii.min()
    places = pack((1.0, 1.0, 1.0), Bodies(radii), 0.001, seed=1)
    assert places is not None
    between, walls = gaps(places, radii)
    assert min(between, walls) >= 0.001 * (1 - 1e-9)
    assert pack((1.0, 1.0, 0.05), Bodies(radii), 0.001) is None


def test_what_is_pinned_stays() -> None:
    radii = equal_spheres(50, 0.4, 3)
    pinned = np.full((50, 3), np.nan)
    pinned[:8, 0] = [0, 1] * 4
    pinned[0, 1] = 0.0
    places = pack((1.0, 1.0, 1.0), Bodies(radii, pinned=pinned), 0.0, seed=1)
    assert places is not None
    fixed = ~np.isnan(pinned)
    assert np.array_equal(places[fixed], pinned[fixed])
    i, j = np.triu_indices(50, 1)
    assert np.all(np.linalg.norm(places[i] - places[j], axis=1) >= 2 * radii[0] * (1 - 1e-12))


def segment_distance(p: Any, a: Any, h: float, q: Any, b: Any, k: float) -> float:
    """Distance of two segments by a fine search."""
    s, t = np.linspace(-h, h, 401), np.linspace(-k, k, 401)
    x, y = p + s[:, None] * a, q + t[:, None] * b
    return float(np.linalg.norm(x[:, None] - y, axis=2).min())


@pytest.mark.parametrize("dimension", [2, 3])
def test_distance_of_rods(dimension: int) -> None:
    rng = generator(7, "directions")
    n = 40
    axes, places, halves = unit_vectors(rng, n, dimension), rng.random((n, dimension)), 0.4 * rng.random(n)
    axes[1] = axes[0]  # parallel
    bodies = Bodies(np.full(n, 0.01), halves, axes)
    i, j = np.arange(0, n, 2), np.arange(1, n, 2)
    _, away = closest(bodies, places, i, j)
    expected = [
        segment_distance(places[a], axes[a], halves[a], places[b], axes[b], halves[b])
        for a, b in zip(i, j, strict=True)
    ]
    assert away == pytest.approx(expected, abs=3e-3)


@pytest.mark.parametrize("fraction", [0.05, 0.16])
def test_rods_do_not_meet(fraction: float) -> None:
    n, slim = 150, 5.0
    radius = (fraction / n / (BALL[3] + math.pi * 2 * slim)) ** (1 / 3)
    axes = unit_vectors(generator(1, "directions"), n, 3)
    bodies = Bodies(np.full(n, radius), np.full(n, slim * radius), axes)
    places = pack((1.0, 1.0, 1.0), bodies, 0.1 * radius, seed=1)
    assert places is not None
    i, j = np.triu_indices(n, 1)
    _, away = closest(bodies, places, i, j)
    assert away.min() >= 2.1 * radius * (1 - 1e-9)
    tips = places[:, None] + slim * radius * np.array([-1, 1])[None, :, None] * axes[:, None]
    assert np.minimum(tips, 1 - tips).min() >= 1.1 * radius * (1 - 1e-9)


def test_places_are_the_same_on_every_machine() -> None:
    """Frozen numbers: a change of them changes the results of every study with a seed."""
    radii, _ = draw_radii(0.05, SizeDistribution("lognormal", 0.3), 3, BALL[3], 0.2, 11)
    added = pack((1.0, 1.0, 1.0), Bodies(radii), 0.002, seed=4)
    radii, _ = draw_radii(0.05, SizeDistribution("lognormal", 0.3), 3, BALL[3], 0.48, 11)
    relaxed = pack((1.0, 1.0, 1.0), Bodies(radii), 0.001, seed=4)
    assert [digest(radii), digest(added), digest(relaxed)] == FROZEN


FROZEN = ["c736574839afef62", "c6691c6e6767fbb3", "fbcc74e0a94cf0d6"]


def test_too_many_say_so() -> None:
    assert pack((1.0, 1.0, 1.0), Bodies(equal_spheres(30, 0.72, 3)), 0.0) is None
    assert pack((1.0, 1.0), Bodies(np.array([0.6])), 0.0) is None


def test_cost_is_proportional_to_the_number() -> None:
    def seconds(number: int) -> float:
        began = time.process_time()
        places = pack((1.0, 1.0, 1.0), Bodies(equal_spheres(number, 0.45, 3)), 0.0, seed=1)
        assert places is not None
        return time.process_time() - began

    seconds(50)
    few, many = seconds(200), seconds(3200)
    assert many < 60 * few + 0.5


LAYERS = (Layer("low", 10 * UM), Layer("high", 10 * UM))


@pytest.mark.parametrize("shape", ["cap", "lens", "hemisphere", "ellipsoid"])
@pytest.mark.parametrize("dimension", ["2", "3"])
def test_voids_of_many_sizes_take_their_fraction(dimension: Any, shape: Any) -> None:
    void = Void("low|high", 0.3 * UM, None if shape == "hemisphere" else 0.2 * UM, shape)
    side = 30 * UM if dimension == "3" else 300 * UM
    depth = side if dimension == "3" else None
    sizes = SizeDistribution("lognormal", 0.4)
    by_area = RandomVoids(void, 0.25, seed=2, sizes=sizes)
    stack = Stack(dimension, LAYERS, side, depth, (by_area,))
    assert stack.problems() == []
    voids = by_area.expand(stack)
    radii = np.array([v.radius for v in voids])
    area = math.pi * radii**2 if dimension == "3" else 2 * radii
    assert area.sum() / side ** (stack.gdim - 1) == pytest.approx(0.25, rel=1e-12)
    assert radii.std() / radii.mean() == pytest.approx(0.4, abs=0.05)
    assert by_area.factor(stack) == pytest.approx(1, abs=0.02)
    if void.depth:
        assert voids[3].depth / voids[3].radius == pytest.approx(2 / 3)
    by_volume = RandomVoids(void, volume_fraction=0.004, seed=2, sizes=sizes)
    stack = Stack(dimension, LAYERS, side, depth, (by_volume,))
    assert stack.problems() == []
    volume = sum(v.content(stack) for v in by_volume.expand(stack))
    layers = 2 if shape == "lens" else 1
    assert volume / (layers * 10 * UM * side ** (stack.gdim - 1)) == pytest.approx(0.004, rel=1e-12)


def test_void_contents() -> None:
    flat, solid = Stack("2", LAYERS, 9 * UM), Stack("3", LAYERS, 9 * UM, 9 * UM)
    for shape, depth, area, volume in (
        ("hemisphere", None, math.pi / 2, 2 / 3 * math.pi),
        ("cap", 1.0, math.pi / 2, 2 / 3 * math.pi),
        ("ellipsoid", 2.0, math.pi, 4 / 3 * math.pi),
        ("lens", 0.5, 2 * segment_area(1, 0.5), 2 * cap_volume(1, 0.5)),
    ):
        void = Void("low|high", UM, None if depth is None else depth * UM, shape)  # type: ignore[arg-type]
        assert void.content(flat) / UM**2 == pytest.approx(area)
        assert void.content(solid) / UM**3 == pytest.approx(volume)


def test_problems_of_voids_with_sizes() -> None:
    void = Void("low|high", UM, 0.5 * UM)

    def first(feature: RandomVoids) -> tuple[str, str]:
        problem = Stack("3", LAYERS, 50 * UM, 50 * UM, (feature,)).problems()[0]
        return problem.path, problem.message

    assert first(RandomVoids(void))[0] == "features[0].area_fraction"
    assert "either" in first(RandomVoids(void, 0.2, volume_fraction=0.1))[1]
    assert first(RandomVoids(void, volume_fraction=2.0))[0] == "features[0].volume_fraction"
    assert first(RandomVoids(void, 0.2, sizes=SizeDistribution("lognormal", -1)))[0] == "features[0].sizes.spread"
    deep = RandomVoids(Void("low|high", 4.5 * UM, 4.5 * UM), 0.3, sizes=SizeDistribution("lognormal", 1.2))
    assert "larger than its layer" in first(deep)[1]
