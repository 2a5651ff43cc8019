"""Single bodies: contents of regions, names of surfaces, films, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from body_samples import BETWEEN, body_stack, meshed
from mesh_samples import UM

from meshes import Void
from meshes.features.particle import Particle
from meshes.features.shapes_of_bodies import Shape, frame_along
from meshes.features.solids import Solid
from meshes.films import Coat
from meshes.random.arithmetic import generator
from meshes.random.directions import unit_vectors
from meshes.random.grains import GrainStructure
from meshes.random.patches import Patches, caps_on_ball

THIN = (Coat("film", 0.05 * UM, "LiNbO3"),)
THICK = (Coat("film", 0.3 * UM), Coat("shell", 0.5 * UM, cells=4))
BALL = Shape(4 * UM)
TILTED = {2: (1.0, 0.6), 3: (1.0, 0.5, 0.8)}


def ball(radius: float, dimension: str) -> float:
    """Content of a ball or disc."""
    return math.pi * radius**2 if dimension == "2" else 4 / 3 * math.pi * radius**3


@pytest.mark.parametrize(
    ("dimension", "shape"),
    [
        ("2", BALL),
        ("2", Shape(semi_axes=(4 * UM, 2 * UM), direction=TILTED[2])),
        ("2", Shape(1 * UM, 7 * UM, direction=TILTED[2])),
        ("axisymmetric", BALL),
        ("axisymmetric", Shape(semi_axes=(2 * UM, 5 * UM))),
        ("axisymmetric", Shape(1 * UM, 7 * UM, direction=(0, 1))),
        ("axisymmetric", Shape(1 * UM, 7 * UM)),
        ("3", BALL),
        ("3", Shape(semi_axes=(4 * UM, 2 * UM, 2 * UM), direction=TILTED[3])),
        ("3", Shape(semi_axes=(4 * UM, 2.5 * UM, 3 * UM))),
        ("3", Shape(1.5 * UM, 7 * UM, direction=TILTED[3])),
    ],
)
def test_bare_bodies(dimension: str, shape: Shape) -> None:
    particle = Particle(shape, "cathode", material="NCM")
    stack = body_stack(dimension, particle)
    _, regions, facets = meshed(stack)
    exact = particle.solids(stack)[0].content(revolved=dimension == "axisymmetric") / UM ** (
        2 if dimension == "2" else 3
    )
    assert regions["particle"] == pytest.approx(exact, rel=0.012)
    assert regions["particle"] <= exact * (1 + 1e-9)
    assert set(facets) >= {BETWEEN, "cathode|particle"}
    assert "electrolyte|particle" not in facets
    assert stack.regions[-1].material == "NCM"


@pytest.mark.parametrize("dimension", ["2", "axisymmetric", "3"])
def test_thin_films_follow_the_surface(dimension: str) -> None:
    stack = body_stack(dimension, Particle(BALL, "cathode", coats=THIN))
    arrays, regions, facets = meshed(stack)
    exact = ball(4.05, dimension) - ball(4, dimension)
    assert regions["film"] == pytest.approx(exact, rel=0.02)
    assert {"cathode|film", "particle|film"} <= set(facets)
    assert "cathode|particle" not in facets
    centre = stack.features[0].solids(stack)[0].centre  # type: ignore[attr-defined]
    for name, radius in (("particle|film", 4.0), ("cathode|film", 4.05)):
        x = arrays.points[np.unique(arrays.facets[arrays.facet_tags == arrays.facet_names[name]])]
        assert np.linalg.norm(x - centre, axis=1) / UM == pytest.approx(radius, rel=1e-6)
    # the fluxes of a film need cells across it
    film = np.unique(arrays.cells[arrays.cell_tags == arrays.layers["film"]])
    levels = np.unique(np.round(np.linalg.norm(arrays.points[film] - centre, axis=1) / UM, 6))
    assert levels == pytest.approx([4, 4 + 0.05 / 3, 4 + 0.1 / 3, 4.05], abs=2e-6)


@pytest.mark.parametrize("dimension", ["2", "axisymmetric", "3"])
def test_thick_films_push_their_surroundings_away(dimension: str) -> None:
    stack = body_stack(dimension, Particle(BALL, "cathode", coats=THICK))
    _, regions, facets = meshed(stack)
    for name, inner, outer in (("film", 4.0, 4.3), ("shell", 4.3, 4.8)):
        exact = ball(outer, dimension) - ball(inner, dimension)
        assert regions[name] == pytest.approx(exact, rel=0.02)
    assert {"cathode|shell", "particle|film", "film|shell"} <= set(facets)
    total = {"2": 20 * 20, "axisymmetric": math.pi * 20 * 20**2, "3": 20**3}[dimension]
    parts = [regions[n] for n in ("cathode", "particle", "film", "shell")]
    assert sum(parts) == pytest.approx(total, rel=1e-9)


def test_films_of_ellipsoids_are_of_one_thickness() -> None:
    particle = Particle(Shape(semi_axes=(4 * UM, 2 * UM), direction=TILTED[2]), "cathode", coats=THIN)
    stack = body_stack("2", particle)
    arrays, regions, _ = meshed(stack)
    solid = particle.solids(stack)[0]
    x = arrays.points[np.unique(arrays.facets[arrays.facet_tags == arrays.facet_names["cathode|film"]])]
    assert solid.offset(x)[0] / UM == pytest.approx(0.05, rel=1e-3)
    # Steiner: perimeter times thickness and a disc
    h = (2 / 6) ** 2
    perimeter = math.pi * 6 * (1 + 3 * h / (10 + math.sqrt(4 - 3 * h)))
    exact = perimeter * 0.05 + math.pi * 0.05**2
    assert regions["film"] == pytest.approx(exact, rel=5e-3)
    inside = arrays.points[np.unique(arrays.cells[arrays.cell_tags == arrays.layers["film"]])]
    depth = particle.distance(stack, inside)
    assert depth.min() / UM == pytest.approx(0, abs=1e-4)
    assert depth.max() / UM == pytest.approx(0.05, rel=1e-3)


@pytest.mark.parametrize("height", [0.0, -1.3 * UM])
@pytest.mark.parametrize("dimension", ["2", "axisymmetric", "3"])
def test_bodies_across_an_interface(dimension: str, height: float) -> None:
    particle = Particle(BALL, at=BETWEEN, height=height, coats=THIN)
    _, regions, facets = meshed(body_stack(dimension, particle))
    assert regions["particle"] == pytest.approx(ball(4, dimension), rel=0.012)
    if dimension == "3":
        # zones of the outer sphere; the film widens the hole in the interface
        assert facets["electrolyte|film"] == pytest.approx(2 * math.pi * 4.05 * (4.05 + height / UM), rel=0.02)
        slant = math.sqrt(1 - (height / (4 * UM)) ** 2)
        assert 20**2 - facets[BETWEEN] == pytest.approx(math.pi * (4 * slant + 0.05 / slant) ** 2, rel=0.02)


@pytest.mark.parametrize("position", [(0.0, 10 * UM), (20 * UM, 20 * UM), (10 * UM, 0.0)])
@pytest.mark.parametrize("place", [{"layer": "cathode"}, {"at": BETWEEN}, {"at": BETWEEN, "height": 1 * UM}])
def test_bodies_cut_by_planes_of_symmetry(position: tuple[float, float], place: dict[str, Any]) -> None:
    particle = Particle(BALL, position=position, coats=THICK, **place)
    _, regions, _ = meshed(body_stack("3", particle))
    part = 0.25 if position == (20 * UM, 20 * UM) else 0.5
    assert regions["particle"] == pytest.approx(part * ball(4, "3"), rel=0.012)
    assert regions["film"] == pytest.approx(part * (ball(4.3, "3") - ball(4, "3")), rel=0.03)


@pytest.mark.parametrize(("dimension", "coverage"), [("2", 0.3), ("2", 0.8), ("3", 0.4), ("3", 0.7)])
def test_patches_cover_what_they_should(dimension: str, coverage: float) -> None:
    particle = Particle(BALL, "cathode", coats=THIN, patches=Patches(coverage, 1.2 * UM, seed=3))
    _, regions, facets = meshed(body_stack(dimension, particle))
    surface = facets["particle|film"] + facets["cathode|particle"]
    assert facets["particle|film"] / surface == pytest.approx(coverage, abs=0.01 if dimension == "3" else 0.02)
    # the edges are as high as the film
    full = facets["particle|film"] * 0.05
    assert 0.99 * full < regions["film"] < 1.05 * full


@pytest.mark.parametrize(("dimension", "size"), [("2", 2.5 * UM), ("3", 4.5 * UM)])
def test_polycrystals(dimension: str, size: float) -> None:
    particle = Particle(BALL, "cathode", coats=THIN, grains=GrainStructure(size, seed=2))
    stack = body_stack(dimension, particle)
    arrays, regions, facets = meshed(stack)
    parts = particle.parts(stack)
    assert parts[0] == "particle.1"
    assert len(parts) >= 3
    assert sum(regions[p] for p in parts) == pytest.approx(ball(4, dimension), rel=0.012)
    assert all(f"{p}|film" in facets for p in parts if any(n.startswith(f"{p}|") for n in facets))
    assert "particle.1|particle.2" in facets
    grains = particle.grains_of(stack)[0]
    seen = set()
    for part in parts:
        cells = arrays.cells[arrays.cell_tags == arrays.layers[part]]
        number, turned = particle.grain_at(stack, arrays.points[cells].mean(axis=1), part)
        assert np.all(grains.colours[number] == parts.index(part))
        assert np.array_equal(turned, grains.orientations[number])
        seen |= set(number.tolist())
    assert len(seen) > len(parts)


def test_grains_beyond_a_side_have_no_region() -> None:
    particle = Particle(BALL, "cathode", position=(20 * UM,), grains=GrainStructure(3.2 * UM, seed=122))
    _, regions, _ = meshed(body_stack("2", particle))
    assert sum(size for name, size in regions.items() if "particle" in name) == pytest.approx(8 * math.pi, rel=0.01)


@pytest.mark.parametrize("dimension", ["2", "axisymmetric", "3"])
def test_pores_across_an_interface(dimension: str) -> None:
    _, regions, _ = meshed(body_stack(dimension, Particle(BALL, at=BETWEEN, material=None)))
    whole = {"2": 600, "axisymmetric": math.pi * 400 * 30, "3": 12000}[dimension]
    assert sum(regions.values()) == pytest.approx(whole - ball(4, dimension), rel=1e-3)


@pytest.mark.parametrize("height", [-3.3 * UM, 3.3 * UM])
def test_thick_films_where_an_interface_is_met_flatly(height: float) -> None:
    for dimension in ("2", "3"):
        meshed(body_stack(dimension, Particle(BALL, at=BETWEEN, height=height, coats=THICK)))


def test_pores_are_holes() -> None:
    particle = Particle(BALL, "cathode", material=None, name="pore")
    stack = body_stack("3", particle)
    _, regions, facets = meshed(stack)
    assert list(regions) == ["cathode", "electrolyte"]
    assert regions["cathode"] == pytest.approx(20**3 - ball(4, "3"), rel=1e-3)
    assert facets["void|cathode"] == pytest.approx(4 * math.pi * 4**2, rel=0.02)


@pytest.mark.parametrize("dimension", [2, 3])
def test_distances_from_solids(dimension: int) -> None:
    rng = np.random.Generator(np.random.PCG64(1))
    frame = frame_along(TILTED[dimension], dimension)
    assert frame.T @ frame == pytest.approx(np.eye(dimension), abs=1e-15)
    assert np.linalg.det(frame) == pytest.approx(1)
    centre = rng.random(dimension)
    for axes, rod in (((0.5, 0.2, 0.3), False), ((0.5, 0.2, 0.2), True), ((0.4, 0.4, 0.4), False)):
        solid = Solid(centre, np.array(axes[:dimension]), frame, rod)
        points = centre + 2 * rng.random((500, dimension)) - 1
        away, normal = solid.offset(points)
        foot = points - away[:, None] * normal
        assert solid.offset(foot)[0] == pytest.approx(0, abs=1e-12)
        assert np.linalg.norm(normal, axis=1) == pytest.approx(1)
        surface = solid.surface(solid.direction(foot))
        assert surface == pytest.approx(foot, abs=1e-9)
        assert np.all(np.abs(foot - centre) <= solid.extents * (1 + 1e-12))
        volume = 2.0**dimension * (solid.offset(centre + 2 * rng.random((200000, dimension)) - 1)[0] < 0).mean()
        assert volume == pytest.approx(solid.content(), rel=0.03)


def first_problem(dimension: str, *features: Any) -> tuple[str, str]:
    """Path and message of the first problem."""
    problem = body_stack(dimension, *features).problems()[0]
    return problem.path, problem.message


@pytest.mark.parametrize(
    ("dimension", "particle", "path", "text"),
    [
        ("3", Particle(Shape(), "cathode"), "radius", "either"),
        ("3", Particle(Shape(-UM), "cathode"), "radius", "positive"),
        ("3", Particle(Shape(UM, UM), "cathode"), "length", "longer than its diameter"),
        ("3", Particle(Shape(UM, 80 * UM), "cathode"), "length", "30 times"),
        ("3", Particle(Shape(semi_axes=(UM, UM)), "cathode"), "semi_axes", "3 lengths"),
        ("3", Particle(Shape(UM, 3 * UM, direction=(0, 0, 0)), "cathode"), "direction", "3 numbers"),
        ("3", Particle(BALL), "layer", "either"),
        ("3", Particle(BALL, "cathode", BETWEEN), "layer", "either"),
        ("3", Particle(BALL, "anode"), "layer", "no such layer"),
        ("3", Particle(BALL, "cathode", position=(UM,)), "position", "two coordinates"),
        ("axisymmetric", Particle(BALL, "cathode", position=(5 * UM,)), "position", "axis"),
        ("axisymmetric", Particle(BALL, "cathode", grains=GrainStructure(UM)), "grains", "axisymmetric"),
        ("3", Particle(BALL, "electrolyte", height=2 * UM), "shape", "leaves"),
        ("3", Particle(BALL, at=BETWEEN, height=6 * UM), "height", "does not pass"),
        ("3", Particle(BALL, at=BETWEEN, height=3.6 * UM, coats=THIN), "height", "too flatly"),
        ("3", Particle(BALL, "cathode", coats=(Coat("film", UM, cells=2),)), "coats[0].cells", "3 cells"),
        ("3", Particle(BALL, "cathode", coats=(Coat("film", 6 * UM),)), "coats", "resistance of its interface"),
        ("3", Particle(BALL, "cathode", patches=Patches(0.5, UM)), "patches", "no coats"),
        ("3", Particle(BALL, "cathode", coats=THIN, patches=Patches(1.5, UM)), "patches.coverage", "between"),
        ("3", Particle(BALL, "cathode", material=None, coats=THIN), "material", "pore"),
        ("3", Particle(Shape(UM, 5 * UM, direction=(1, 1, 0)), "cathode", position=(0, 9 * UM)), "position", "upright"),
    ],
)
def test_what_is_refused(dimension: str, particle: Particle, path: str, text: str) -> None:
    found = first_problem(dimension, particle)
    assert found[0] == f"features[0].{path}"
    assert text in found[1]


@pytest.mark.parametrize(("gap", "refused"), [(0.5, False), (0.42, True)])
def test_films_of_neighbours_share_the_room(gap: float, refused: bool) -> None:
    pair = tuple(
        Particle(Shape(2 * UM), "cathode", position=(x * UM,), coats=(Coat(f"film{x}", 0.2 * UM),), name=f"p{x}")
        for x in (8.0, 12.0 + gap)
    )
    stack = body_stack("2", *pair)
    assert bool(stack.problems()) is refused
    if not refused:
        _, regions, _ = meshed(stack)
        assert regions["film8.0"] == pytest.approx(math.pi * (2.2**2 - 2**2), rel=0.01)


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("coverage", [0.3, 0.7])
def test_places_of_patches(dimension: int, coverage: float) -> None:
    patches = Patches(coverage, 0.4 * UM, seed=1)
    caps = caps_on_ball(patches, 2 * UM, dimension, 0)
    u = unit_vectors(generator(0, "directions"), 40000, dimension)
    assert (caps.level(u) > 0).mean() == pytest.approx(0.3, abs=0.01)
    # whole spots, of about the size asked for, that keep apart
    assert math.acos(caps.cosine) * 2 == pytest.approx(0.4, rel=0.15)
    i, j = np.triu_indices(len(caps.directions), 1)
    nearest = (caps.directions[i] * caps.directions[j]).sum(axis=1).max()
    assert math.acos(nearest) >= 0.98 * 2 * math.acos(caps.cosine)
    assert caps.level(caps.border(24)) == pytest.approx(0, abs=1e-12)
    other = caps_on_ball(patches, 2 * UM, dimension, 1)
    assert not np.allclose(caps.directions, other.directions)


def test_bodies_that_meet_others_are_refused() -> None:
    near = Particle(BALL, "cathode", position=(14 * UM,), name="b", height=9 * UM)
    assert "other features" in first_problem("2", Particle(BALL, "cathode", position=(7 * UM,)), near)[1]
    void = Void(BETWEEN, 3 * UM, 3 * UM)
    assert "other features" in first_problem("2", Particle(BALL, "cathode", height=13.5 * UM), void)[1]


def test_grains_are_grown_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from meshes.random import grains

    calls = []
    grow = grains.grow_clear
    monkeypatch.setattr(grains, "grow_clear", lambda *args: calls.append(args) or grow(*args))  # type: ignore[func-returns-value]
    stack = body_stack("2", Particle(BALL, "cathode", grains=GrainStructure(3.3 * UM, seed=5)))
    for _ in range(3):
        assert len(stack.regions) > 3
    # the same body in another stack is the same body
    assert body_stack("2", Particle(BALL, "cathode", grains=GrainStructure(3.3 * UM, seed=5))).regions == stack.regions
    assert len(calls) == 1
    assert body_stack("2", Particle(BALL, "cathode", grains=GrainStructure(3.3 * UM, seed=6))).regions
    assert len(calls) == 2
