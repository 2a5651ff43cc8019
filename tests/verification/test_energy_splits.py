"""Splits of elastic energies: values against eigenvalues, stresses and tangents against differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import ufl
from mpi4py import MPI
from support.cracked import brittle, lattice
from support.layered import layered

from fem.conditions import ImposedDisplacement, Roller
from fem.energy.splits import SPLITS, Split, parts
from fem.kinematics import without_variables
from fem.solve.alternate import Breaking
from fem.solve.loadpath import LoadSettings, load_steps
from fem.solve.stage import Stage

LAME = (7e10, 5e10)
STAR = 2.0


def turned(values: Any, seed: int, planar: bool) -> np.ndarray:
    """A symmetric matrix with the given eigenvalues, in random axes (the third kept where planar)."""
    random = np.random.default_rng(seed)
    if planar:
        angle = random.uniform(0, np.pi)
        axes = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    else:
        axes = np.linalg.qr(random.normal(size=(3, 3)))[0]
    return np.asarray(axes @ np.diag(values) @ axes.T)


def expected(split: str, strain: np.ndarray) -> tuple[float, float]:
    """psi_plus and psi_minus of a strain, from its eigenvalues."""
    lam, mu = LAME
    trace = np.trace(strain)
    whole = 0.5 * lam * trace**2 + mu * np.sum(strain**2)
    deviator = strain - trace / 3 * np.eye(3)
    bulk, shear = lam + 2 * mu / 3, mu * np.sum(deviator**2)
    positive, negative = max(trace, 0) ** 2, max(-trace, 0) ** 2
    if split == "none":
        return whole, 0.0
    if split == "spectral":
        values = np.linalg.eigvalsh(strain)
        plus = 0.5 * lam * positive + mu * np.sum(np.maximum(values, 0) ** 2)
        return plus, whole - plus
    star = STAR if split == "star-convex" else 0.0
    return shear + 0.5 * bulk * (positive - star * negative), 0.5 * bulk * (1 + star) * negative


EIGENVALUES = [
    (3.0, 1.0, 0.5),
    (-3.0, -1.0, -0.5),
    (2.0, -1.0, -0.5),
    (2.0, 1.0, -2.5),
    (1.0, 1.0, -1.0),
    (-1.0, -1.0, 2.0),
    (1.0, 1.0, 1.0),
    (-1.0, -1.0, -1.0),
    (1.0, 1.0, 0.0),
    (1.0, 0.0, -1.0),
    (0.0, 0.0, -1.0),
    (1e-3, -1e-3, -2.0),
    (1.0, 1.0 - 1e-9, -1.0),
]


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("split", SPLITS)
def test_values_and_stresses(split: Split, planar: bool) -> None:
    """Energies as from eigenvalues, and stresses as from differences of them, also where eigenvalues are equal."""
    for seed, values in enumerate(EIGENVALUES):
        strain = 1e-3 * turned(values, seed, planar)
        variable = ufl.variable(ufl.as_matrix(strain.tolist()))
        densities = parts(split, variable, LAME, STAR, planar)
        for found, wanted in zip(densities, expected(split, strain), strict=True):
            assert float(without_variables(found)(())) == pytest.approx(wanted, rel=1e-9, abs=1e-9 * LAME[1] * 1e-6)
        # UFL evaluates every branch of an expression anew: one of the two is enough, their sum is no split's matter
        for index, density in enumerate(densities[:1]):
            stress = without_variables(ufl.diff(density, variable))
            for i, j in ((0, 0), (0, 1), (2, 2)) if planar else ((0, 1),):
                step = 1e-9 * (turned((0, 0, 0), 0, True) + np.eye(3)[[i]].T @ np.eye(3)[[j]])
                step = 0.5 * (step + step.T)
                up, down = (expected(split, strain + s * step)[index] for s in (1, -1))
                slope = (up - down) / (2 * 1e-9)
                symmetric = 0.5 * (stress[i, j] + stress[j, i])
                assert float(symmetric(())) == pytest.approx(slope, rel=2e-5, abs=2e-5 * LAME[1] * 1e-3)


@pytest.mark.parametrize(
    ("split", "dimension"),
    [
        ("spectral", "2"),
        ("star-convex", "2"),
        ("star-convex", "3"),
        pytest.param("spectral", "3", marks=pytest.mark.slow),
    ],
)
def test_tangents_against_differences(split: Split, dimension: str) -> None:
    """Second derivatives of the energy by displacement and damage, on random states."""
    tagged = layered(MPI.COMM_SELF, dimension, [("body", 1e-6)], width=1e-6, lateral=2, across=2, jitter=0.2)
    top = ImposedDisplacement("top", lambda p: 0 * p[: int(dimension)])
    model = brittle(tagged, 1.5e11, 0.26, 9.7, 0.3e-6, [top], split=split, star=STAR)
    breaking = Breaking(model)
    assert breaking.joint is not None
    stage: Stage = breaking.joint.stage
    random = np.random.default_rng(5)
    size = int(stage.offsets[1])
    state = np.concatenate([2e-9 * random.normal(size=size), random.uniform(0.1, 0.8, stage.offsets[-1] - size)])
    stage.set_state(state)
    state = stage.get_state()
    stage.assemble_jacobian()
    for part, step in ((slice(0, size), 1e-15), (slice(size, None), 1e-6)):
        direction = np.zeros_like(state)
        direction[part] = random.normal(size=direction[part].shape)
        direction = stage.free(direction)
        x, y = stage.matrix.createVecs()
        x.array_w[:] = direction
        stage.matrix.mult(x, y)
        both = []
        for sign in (1, -1):
            stage.set_state(state + sign * step * direction)
            both.append(stage.residual())
        slope = (both[0] - both[1]) / (2 * step)
        found = stage.free(np.array(y.array_r))
        for k in range(2):
            rows = slice(int(stage.offsets[k]), int(stage.offsets[k + 1]))
            assert np.linalg.norm(found[rows] - slope[rows]) < 1e-5 * np.linalg.norm(found[rows])
        x.destroy()
        y.destroy()
    breaking.destroy()


@pytest.mark.parametrize("split", ["volumetric-deviatoric", "spectral", "star-convex"])
def test_a_crack_that_is_pressed_together_bears(split: Split) -> None:
    """A band that is broken across the whole block carries compression (not so without a split), and no tension."""
    stiffness: dict[tuple[str, int], float] = {}
    for chosen in ("none", split):
        lines = np.linspace(0, 1e-6, 13)
        supports = [Roller("left", 0), Roller("right", 0), Roller("bottom", 1), Roller("top", 1, 1e-15)]
        model = brittle(lattice(lines[::4], lines), 1.5e11, 0.26, 9.7, 0.1e-6, supports, split=chosen, residual=1e-7)
        breaking = Breaking(model)
        breaking.damage.break_where(lambda p: np.abs(p[1] - 0.5e-6) < 0.09e-6)
        for sign in (1, -1):
            breaking.mechanics.supports["top"].offset = sign * 1e-11
            breaking.solve()
            # damage that compression alone drives would show in the energy of cracks
            breaking.accept()
            stored = breaking.book.energies().stored
            stiffness[chosen, sign] = 2 * stored / 1e-22
        breaking.destroy()
    whole = 1.5e11 * (1 - 0.26) / (1.26 * 0.48) * 1e-6 / 1e-6
    assert stiffness["none", 1] == pytest.approx(stiffness["none", -1], rel=1e-6)
    assert stiffness["none", 1] < 1e-4 * whole
    assert stiffness[split, 1] < 1e-4 * whole
    bulk = 1.5e11 / (3 * 0.48)
    least = whole if split == "spectral" else 0.5 * bulk
    assert stiffness[split, -1] > 0.8 * least


def flawed(split: Split, size: float = 1e-6, cells: int = 10) -> Breaking:
    """A block between plates with a flaw from its left side to the middle, and a shear that opens and closes it."""
    lines = np.linspace(0, size, cells + 1)
    supports = [Roller("left", 0), ImposedDisplacement("bottom", _slide(0)), ImposedDisplacement("top", _slide(0))]
    model = brittle(lattice(lines, lines), 1.5e11, 0.26, 9.7, 0.2 * size, supports, split=split, star=STAR)
    breaking = Breaking(model)
    breaking.damage.break_where(lambda p: (np.abs(p[1] - 0.5 * size) < 0.6 * size / cells) & (p[0] < 0.45 * size))
    return breaking


def _slide(up: float, along: float = 0.0) -> Any:
    return lambda p: np.array([0 * p[0] + along, 0 * p[0] + up])


def opened_and_closed(breaking: Breaking) -> Any:
    """Load 0 to 1: pulled until the flaw grows, pushed together, pulled and slid further."""
    times, ups, slides = [0, 0.35, 0.7, 1.0], [0, 9e-9, -6e-9, 1.1e-8], [0, 1e-9, -2e-9, 4e-9]

    def apply(load: float) -> None:
        up, along = (float(np.interp(load, times, way)) for way in (ups, slides))
        breaking.mechanics.impose("top", _slide(up, along))

    return apply


@pytest.mark.parametrize("split", ["none", "volumetric-deviatoric", "spectral"])
def test_work_of_cracks_that_open_and_close(split: Split) -> None:
    """Work is stored, in cracks or lost in every state, although the stiffness jumps within the steps."""
    breaking = flawed(split)
    points = list(load_steps(breaking, opened_and_closed(breaking), LoadSettings(0.1, 0.05)))
    grown = points[-1].energies.fracture - points[0].energies.fracture
    assert grown > 0.1 * points[0].energies.fracture
    assert max(abs(p.left) for p in points) < 1e-10 * points[-1].scale
    breaking.destroy()


def test_work_on_a_closing_crack_is_that_of_many_small_steps() -> None:
    """One step that closes a crack at a fixed damage: its work is that of the forces of the plates along the way."""
    breaking = flawed("volumetric-deviatoric")
    pushed = {}
    for steps, aware in ((1, True), (1, False), (64, False), (128, False)):
        breaking.mechanics.impose("top", _slide(2e-9, 1e-9))
        breaking._equilibrium()
        book = breaking.book
        book.restart(0.0)
        closing, book._closing = book._closing, book._closing if aware else None
        for k in range(steps):
            breaking.mechanics.impose("top", _slide(2e-9 - 6e-9 * (k + 1) / steps, 1e-9))
            breaking._equilibrium()
            book.advance(damage_held=True)
        pushed[steps, aware] = book.work
        book._closing = closing
    # the mean of the forces errs by the square of a step
    many = pushed[128, False] + (pushed[128, False] - pushed[64, False]) / 3
    assert pushed[1, True] == pytest.approx(many, rel=1e-6)
    assert abs(pushed[1, False] - many) > 1e-2 * abs(many)
    breaking.destroy()
