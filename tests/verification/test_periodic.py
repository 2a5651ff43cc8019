"""Periodic sides: fields with any slope over them, means beyond what repeats, exact effective properties."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from support.layered import layered
from support.manufactured import Pair
from support.norms import integrate, require_order

from fem.compat import shared_facet_partitioner
from fem.conditions import MeanField, MeanStrain, Pressure, Roller, Terminal
from fem.dissipation.conduction import Conduction, Equipotential
from fem.energy.elastic import Elastic
from fem.errors import ModelError
from fem.interface.charge_transfer import ChargeTransfer, OhmicContact
from fem.interface.kinetics import ButlerVolmer, LinearKinetics
from fem.model import Domain, Model
from fem.observe.assembly import Assembly
from fem.observe.balances import charge_balances, force_balances
from fem.observe.homogenised import mean_current, mean_stress, periodic_balances
from fem.solve.driver import Solver
from meshes.features.void import Void
from meshes.generate import generate
from meshes.naming import named_arrays
from meshes.refine import refine
from meshes.sizes import MeshSizes
from meshes.stack import Layer, Stack
from meshes.tagged import TaggedMesh

COMM = MPI.COMM_WORLD
FILM = ChargeTransfer("electrode", ButlerVolmer(12.0, 0.35, 0.75), 0.1, film_resistance=2e-4)
UM = 1e-6


def solved(model: Model, area: float = 1.0) -> Assembly:
    solver = Solver(model)
    solver.solve()
    return Assembly(model, solver, area)


# ------------------------------------------------------------------ manufactured solutions
@pytest.mark.mpi
@pytest.mark.parametrize(
    ("dimension", "degree", "meshes"),
    [
        ("2", 1, (6, 12, 24)),
        ("2", 2, (4, 8, 16)),
        pytest.param("3", 1, (4, 8, 12), marks=pytest.mark.slow),
    ],
)
def test_orders_with_flux_through_the_sides_and_a_jump(dimension: str, degree: int, meshes: tuple[int, ...]) -> None:
    pair = Pair(dimension, FILM, periodic=True)
    models = [pair.solve(COMM, n, n, degree) for n in meshes]
    assert not {"left", "right", "front", "back"} & set(models[0].tagged.facets)
    for layer in pair.layers:
        errors = [pair.errors(model, layer) for model in models]
        sizes = [1 / n for n in meshes]
        require_order(f"L2 in {layer}", sizes, [e[0] for e in errors], degree + 1, 0.35)
        require_order(f"H1 in {layer}", sizes, [e[1] for e in errors], degree, 0.25)


@pytest.mark.mpi
def test_contact_resistance_between_layers_with_flux_through_the_sides() -> None:
    """The exact slope across the sides is as large as the profile itself over the width: it is not kept at zero."""
    pair = Pair("2", OhmicContact("ionic", 1e-3), carrier="ionic", periodic=True)
    assert 2 * math.pi * math.sin(0.4) > 1
    model = pair.solve(COMM, 8, 8, 2)
    for layer in pair.layers:
        assert pair.errors(model, layer)[0] < 2e-3


# ------------------------------------------------------------------ the place of the cut
def resistance(position: float, periodic: bool) -> tuple[float, Assembly]:
    layers = (Layer("li", 10 * UM), Layer("se", 20 * UM), Layer("cu", 5 * UM))
    void = Void("li|se", 3 * UM, 2 * UM, position=(position,))
    stack = Stack("2", layers, width=12 * UM, features=(void,), periodic=(0,) if periodic else ())
    tagged = generate(stack, MeshSizes(bulk=1 * UM, edge_fraction=0.02), COMM, shared_facet_partitioner())
    law = ChargeTransfer("li", LinearKinetics(1e-4), 0.0)
    other = ChargeTransfer("cu", LinearKinetics(1e-4), 0.0)
    metal, conductor = Domain((Equipotential(),)), Domain((Conduction("ionic", 0.05),))
    model = Model(
        tagged,
        {"li": metal, "se": conductor, "cu": metal},
        {"li|se": [law], "se|cu": [other]},
        [Terminal("li", "li", current=1.0), Terminal("cu", "cu", potential=0.0)],
    )
    assembly = solved(model)
    return model.terminals["li"].value, assembly


@pytest.mark.mpi
def test_a_void_cut_by_the_sides_is_a_void_in_the_middle() -> None:
    whole, _ = resistance(6 * UM, False)
    for position in (6 * UM, 0.0, 1.3 * UM, 11 * UM):
        cut, assembly = resistance(position, True)
        assert cut == pytest.approx(whole, rel=2e-5), position
        for balance in charge_balances(assembly):
            assert abs(balance.residual) <= 1e-9 * balance.scale, balance


# ------------------------------------------------------------------ homogenisation
def laminate(dimension: str, n: int, ends: bool) -> TaggedMesh:
    """Stripes across x + y = const, half of each material, on squares that their diagonals divide alike."""
    arrays = None
    if COMM.rank == 0:
        dim = int(dimension)
        axes = [np.linspace(0, 1, n + 1)] * dim
        points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, dim)
        index = np.arange(len(points)).reshape((n + 1,) * dim)
        a, b, c, d = index[:-1, :-1].ravel(), index[1:, :-1].ravel(), index[:-1, 1:].ravel(), index[1:, 1:].ravel()
        cells = np.concatenate([np.column_stack([a, b, c]), np.column_stack([d, c, b])])
        middle = points[cells].mean(axis=1).sum(axis=1) % 1.0
        arrays = named_arrays(points, cells, np.where(middle < 0.5, 1, 2).astype(np.int32), {"a": 1, "b": 2})
    return TaggedMesh.from_arrays(arrays, COMM, shared_facet_partitioner(), (0, 1) if ends else (0,))


@pytest.mark.mpi
@pytest.mark.parametrize("contact", [0.0, 0.3])
def test_slanted_laminate_has_its_exact_tensor(contact: float) -> None:
    tagged = laminate("2", 6, True)
    assert "left" not in tagged.facets
    assert "bottom" not in tagged.facets
    one, two = 1.0, 5.0
    laws: dict[str, Any] = {"a|b": [OhmicContact("ionic", contact)]} if contact else {"a|b": []}
    domains = {"a": Domain((Conduction("ionic", one),)), "b": Domain((Conduction("ionic", two),))}
    found = np.zeros((2, 2))
    for k in range(2):
        fields = [MeanField(axis, 1.0 if axis == k else 0.0) for axis in range(2)]
        assembly = solved(Model(tagged, domains, laws, fields))
        found[:, k] = [mean_current(assembly, axis) for axis in range(2)]
        for balance in periodic_balances(assembly):
            assert abs(balance.residual) <= 1e-9 * balance.scale, balance
    # one period across the stripes is 1 / sqrt 2 and has two interfaces
    across = 1 / (0.5 / one + 0.5 / two + 2 * math.sqrt(2) * contact)
    along = 0.5 * (one + two)
    normal = np.array([1.0, 1.0]) / math.sqrt(2)
    exact = along * np.eye(2) + (across - along) * np.outer(normal, normal)
    assert found == pytest.approx(exact, rel=1e-9)


@pytest.mark.mpi
def test_free_field_carries_no_current() -> None:
    """With no mean current along y the field there follows, and x sees the resistivity: the inverse tensor."""
    tagged = laminate("2", 6, True)
    domains = {"a": Domain((Conduction("ionic", 1.0),)), "b": Domain((Conduction("ionic", 5.0),))}
    assembly = solved(Model(tagged, domains, {}, [MeanField(0, 1.0), MeanField(1)]))
    across, along = 1 / 0.6, 3.0
    tensor = along * np.eye(2) + (across - along) * 0.5 * np.ones((2, 2))
    assert mean_current(assembly, 0) == pytest.approx(1 / np.linalg.inv(tensor)[0, 0], rel=1e-9)
    assert mean_current(assembly, 1) == pytest.approx(0.0, abs=1e-9)


def test_mean_field_needs_periodic_sides_and_resolved_conductors() -> None:
    comm = MPI.COMM_SELF
    domains = {"a": Domain((Conduction("ionic", 1.0),))}
    plain = layered(comm, "2", [("a", 1.0)])
    with pytest.raises(ModelError, match="needs periodic sides"):
        Model(plain, domains, {}, [MeanField(0, 1.0)])
    joined = layered(comm, "2", [("a", 1.0), ("b", 1.0)], periodic=True)
    both = {"a": Domain((Conduction("electronic", 1.0),)), "b": Domain((Equipotential(),))}
    with pytest.raises(ModelError, match="b is an equipotential"):
        Model(joined, both, {}, [MeanField(0, 1.0)])
    with pytest.raises(ModelError, match="mean strain yy"):
        Model(joined, {"a": Domain((), (Elastic(1e9, 0.3),)), "b": Domain()}, {}, [MeanStrain((1, 1))])


# ------------------------------------------------------------------ mechanics
STACK = [("a", 1.0e-5), ("b", 3.0e-5)]
ELASTIC = {"a": Elastic(5e9, 0.3, 0.01), "b": Elastic(2e10, 0.2)}


@pytest.mark.mpi
@pytest.mark.parametrize("dimension", ["2", "3"])
@pytest.mark.parametrize("free", [False, True])
def test_film_that_swells_on_a_periodic_layer(dimension: str, free: bool) -> None:
    """Between rollers and a free top nothing varies along the layers: the stress of each is known."""
    tagged = layered(COMM, dimension, STACK, width=2e-5, lateral=3, across=1, periodic=True)
    last = int(dimension) - 1
    conditions: list[Any] = [Roller("bottom", last), Pressure("top", 3e6)]
    pairs = [(i, j) for i in range(last) for j in range(i, last)]
    conditions += [MeanStrain(pair) for pair in pairs] if free else []
    model = Model(tagged, {k: Domain((), (e,)) for k, e in ELASTIC.items()}, {"a|b": []}, conditions)
    assembly = solved(model, 2e-5**last)
    for balance in [*force_balances(assembly), *periodic_balances(assembly)]:
        assert abs(balance.residual) <= 1e-9 * balance.scale, balance
    # plane strain holds z in two dimensions; strains along the layers are common, stresses across them are -p
    share = {}
    for name, law in ELASTIC.items():
        young, nu, grown = law.young_modulus, law.poisson_ratio, law.eigenstrain
        lam, mu = young * nu / ((1 + nu) * (1 - 2 * nu)), young / (2 * (1 + nu))
        share[name] = (lam, mu, grown)

    def lateral(name: str, common: float) -> float:
        lam, mu, grown = share[name]
        here = np.array([common - grown, (common if last == 2 else 0.0) - grown])
        across = (-3e6 - lam * here.sum()) / (lam + 2 * mu)
        return float(lam * (here.sum() + across) + 2 * mu * here[0])

    heights = dict(STACK)
    common = 0.0
    if free:  # the mean stress is linear in the common strain
        zero, slope = (sum(heights[n] * lateral(n, e) for n in heights) for e in (0.0, 1.0))
        common = -zero / (slope - zero)
        for axis in range(last):
            length = model.mechanics.mean_strains[axis, axis].value  # type: ignore[union-attr]
            assert length == pytest.approx(common * 2e-5, rel=1e-9)
    for name in heights:
        volume = integrate(model, model.geometry.integral(model.one, name))
        stress = integrate(model, model.geometry.integral(model.mechanics.stress(name)[0, 0], name))  # type: ignore[union-attr]
        assert stress / volume == pytest.approx(lateral(name, common), rel=1e-8)


@pytest.mark.mpi
def test_stiffness_of_a_laminate() -> None:
    """A cell that repeats itself both ways: the stress of a given strain (Backus, J. Geophys. Res. 67 (1962) 4427)."""
    arrays_axes = (0, 1)
    tagged = laminate("2", 4, True)
    assert tuple(tagged.periods) == arrays_axes
    lam, mu = {"a": 2.0, "b": 3.0}, {"a": 1.0, "b": 4.0}
    domains = {
        k: Domain((), (Elastic(mu[k] * (3 * lam[k] + 2 * mu[k]) / (lam[k] + mu[k]), 0.5 * lam[k] / (lam[k] + mu[k])),))
        for k in lam
    }
    found = np.zeros((3, 3))
    load = [(0, 0), (1, 1), (0, 1)]
    for k, axes in enumerate(load):
        assembly = solved(Model(tagged, domains, {"a|b": []}, [MeanStrain(p, float(p == axes)) for p in load]))
        found[:, k] = [mean_stress(assembly, *p) for p in load]
    # in axes along n = (1, 1) / sqrt 2 and t: means of 1 / (lam + 2 mu), lam / (lam + 2 mu), 1 / mu
    mean = lambda f: 0.5 * sum(f(lam[k], mu[k]) for k in lam)  # noqa: E731
    stiff = 1 / mean(lambda a, m: 1 / (a + 2 * m))
    ratio = mean(lambda a, m: a / (a + 2 * m))
    nn, nt = stiff, stiff * ratio
    tt = mean(lambda a, m: 4 * m * (a + m) / (a + 2 * m)) + stiff * ratio**2
    shear = 1 / mean(lambda _, m: 1 / m)
    local = np.zeros((2, 2, 2, 2))
    local[0, 0, 0, 0], local[1, 1, 1, 1], local[0, 0, 1, 1], local[1, 1, 0, 0] = nn, tt, nt, nt
    for i, j in ((0, 1), (1, 0)):
        local[i, j, 0, 1] = local[i, j, 1, 0] = shear
    turn = np.array([[1.0, 1.0], [-1.0, 1.0]]) / math.sqrt(2)  # rows: n, t
    whole = np.einsum("ai,bj,ck,dl,abcd->ijkl", turn, turn, turn, turn, local)
    exact = np.array([[whole[i, j, k, l] + (whole[i, j, l, k] if k != l else 0.0) for k, l in load] for i, j in load])
    assert found == pytest.approx(exact, rel=1e-8, abs=1e-8)


# ------------------------------------------------------------------ refinement
@pytest.mark.mpi
@pytest.mark.parametrize("dimension", ["2", "3"])
def test_refinement_over_the_sides(dimension: str) -> None:
    """Both sides are divided together: volumes stay, linear functions of the height are exact, cells stay sound."""
    tagged = layered(COMM, dimension, [("a", 1.0), ("b", 1.0)], width=2.0, lateral=4, across=2, periodic=True)
    dim = tagged.tdim
    before = tagged.mesh.topology.index_map(dim).size_global
    for _ in range(3):
        number = tagged.mesh.topology.index_map(dim).size_local
        nodes = tagged.owned_cells()[0][tagged.owned_cells()[1]]
        tagged = refine(tagged, nodes.mean(axis=1)[:number, 0] > 1.7, shared_facet_partitioner())
        points, cells, _ = tagged.owned_cells()
        corners = points[cells]
        volume = np.abs(np.linalg.det(corners[:, 1:] - corners[:, :1])).sum() / math.factorial(dim)
        assert COMM.allreduce(volume) == pytest.approx(2.0**dim, rel=1e-12)
        widest = float((corners.max(axis=1) - corners.min(axis=1)).max(initial=0.0))
        assert widest <= 1.0 + 1e-12
    assert tagged.mesh.topology.index_map(dim).size_global > 2 * before
    # cells of both sides were divided: the marked lie at the right, as many small ones touch the left
    x = tagged.owned_cells()[0][tagged.owned_cells()[1]][:, :, 0]
    small = [COMM.allreduce(int(np.any(np.abs(x - side) < 1e-12, axis=1).sum())) for side in (0.0, 2.0)]
    assert small[0] == small[1] or min(small) > 0.5 * max(small)
    model = Model(
        tagged,
        {"a": Domain((Conduction("ionic", 1.0),)), "b": Domain((Conduction("ionic", 2.0),))},
        {"a|b": [OhmicContact("ionic", 0.5)]},
        [
            Terminal("bottom", "bottom", current=2.0, carrier="ionic"),
            Terminal("top", "top", potential=0.0, carrier="ionic"),
        ],
    )
    assembly = solved(model)
    area = 2.0 ** (dim - 1)
    assert model.terminals["bottom"].value == pytest.approx(2.0 / area * (1 + 0.5 + 0.5), rel=1e-9)
    for balance in charge_balances(assembly):
        assert abs(balance.residual) <= 1e-9 * balance.scale, balance


def test_sides_that_differ_are_refused() -> None:
    comm = MPI.COMM_SELF
    with pytest.raises(Exception, match="must be cut alike"):
        layered(comm, "2", [("a", 1.0)], lateral=4, jitter=0.2, periodic=True)
    with pytest.raises(Exception, match="at least three"):
        layered(comm, "2", [("a", 1.0)], lateral=2, periodic=True)
