"""Lithium in layered crystals: tilted slabs, crystals in series, a rotated exact solution, grains of a polycrystal."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import ufl
from mpi4py import MPI
from support.layered import layered

from fem.conditions import Source, SurfaceSource, Terminal
from fem.constants import FARADAY
from fem.dissipation.conduction import Conduction, Equipotential
from fem.dissipation.intercalation import Intercalation
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.kinetics import LinearKinetics
from fem.model import Domain, Model
from fem.orientations import UniformAxes, rotation_to
from fem.protocol import Protocol, Step
from fem.solve.transient import TimeSettings, Transient
from studies.progress import Silent
from studies.schema import Study
from studies.transient import TransientSession
from studies.transient_results import solve_transient

WITHIN, ALONG, CMAX, CURRENT = 4e-15, 5e-16, 5e4, 0.5
HOST = {
    "kind": "cathode",
    "electronic_conductivity": "1 S/m",
    "maximum_concentration": f"{CMAX} mol/m^3",
    "diffusivity": f"{WITHIN} m^2/s",
    "diffusivity_c": f"{ALONG} m^2/s",
    "open_circuit_potential": {"table": {"against": "stoichiometry", "unit": "V", "rows": [[0.01, 4.0], [0.99, 3.8]]}},
}


def tensor(angle: float) -> Any:
    """D across and along the stack, for a c axis at an angle to the stack."""
    axis = np.array([math.sin(angle), math.cos(angle)])
    return WITHIN * np.eye(2) + (ALONG - WITHIN) * np.outer(axis, axis)


def study(geometry: dict[str, Any], layers: list[dict[str, Any]], **more: Any) -> Study:
    """Lithium, a solid electrolyte, and crystals that are filled until their profile no longer changes."""
    names = ["anode", "electrolyte", *(x["name"] for x in layers)]
    below = [
        {"name": "anode", "material": "Li", "thickness": "1 um"},
        {"name": "electrolyte", "material": "LLZO", "thickness": "1 um"},
    ]
    data = {
        "study": "crystals",
        "geometry": {**geometry, "layers": [*below, *layers]},
        "materials": {"crystal": HOST},
        "interfaces": {
            "anode|electrolyte": {"kinetics": "linear", "exchange_current": "100 A/m^2"},
            f"electrolyte|{names[2]}": {"kinetics": "linear", "exchange_current": "100 A/m^2"},
        },
        "operation": {
            "working_electrode": names[-1],
            "protocol": [{"current": f"{-CURRENT} A/m^2", "for": "3000 s"}],
        },
        "time": {"tolerance": 1e-5},
        "mesh": {"error_estimate": "none"},
        "quantities": [{"mean_concentration": {}}, {"highest_concentration": {}}, "mean_lithiation"],
        **more,
    }
    return Study.from_mapping(data)


def crystal(name: str, thickness: float, axis: Any) -> dict[str, Any]:
    """One layer of the host."""
    words = {"name": name, "material": "crystal", "thickness": f"{thickness} m", "conduction": "equipotential"}
    return {**words, "transport": {"lithiation": 0.3}, "crystal_axis": axis}


def excess(words: Study) -> float:
    """Concentration at the surface beyond the mean, mol/m^3."""
    found = solve_transient(words, MPI.COMM_SELF, 1.0, Silent())
    return float(found["highest_concentration"] - found["mean_concentration"])


THICK, FLUX = 1e-6, CURRENT / FARADAY


@pytest.mark.parametrize("angle", [20.0, 65.0])
def test_tilted_slabs(angle: float) -> None:
    """In steady filling what counts is D_zz, in one dimension as between periodic sides."""
    turn = math.radians(angle)
    spread = tensor(turn)
    axis = [math.sin(turn), math.cos(turn)]
    plane = study({"dimension": 1}, [crystal("c", THICK, axis[::-1])])
    assert excess(plane) == pytest.approx(FLUX * THICK / (3 * spread[1, 1]), rel=1e-4)
    sides = {"dimension": 2, "width": "0.5 um", "lateral": "periodic"}
    assert excess(study(sides, [crystal("c", THICK, axis)])) == pytest.approx(
        FLUX * THICK / (3 * spread[1, 1]), rel=1e-4
    )


def test_a_narrow_tilted_slab() -> None:
    """Sides that nothing passes, a twentieth of the thickness apart, turn the gradient against the tilt."""
    turn = math.radians(40)
    narrow = study(
        {"dimension": 2, "width": "0.05 um"},
        [crystal("c", THICK, [math.sin(turn), math.cos(turn)])],
        mesh={"bulk": "0.02 um", "error_estimate": "none"},
    )
    spread = tensor(turn)
    blocked = 1 / np.linalg.inv(spread)[1, 1]
    assert blocked < 0.6 * spread[1, 1]
    assert excess(narrow) == pytest.approx(FLUX * THICK / (3 * blocked), rel=0.05)


def test_crystals_in_series() -> None:
    """Two crystals of one material share their lithium: its flux and its concentration pass their boundary."""
    first, second = 0.4e-6, 0.6e-6
    words = study({"dimension": 1}, [crystal("p", first, [1.0]), crystal("q", second, [0, 1.0])])
    x = np.linspace(0, THICK, 20001)
    middle = 0.5 * (x[1:] + x[:-1])
    slope = FLUX * (1 - middle / THICK) / np.where(middle < first, ALONG, WITHIN)
    fall = np.concatenate([[0], np.cumsum(slope * np.diff(x))])
    expected = float(np.mean(0.5 * (fall[1:] + fall[:-1])))
    assert excess(words) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("dimension", ["2", "axisymmetric", "3"])
def test_a_rotated_exact_solution(dimension: str) -> None:
    """Quadratic in space and linear in time, so that nothing but rounding is left: every entry of D counts."""
    axis = (0.48, 0.6, 0.64)
    n = 3 if dimension == "3" else 2
    spread = WITHIN * np.eye(n) + (ALONG - WITHIN) * np.outer(axis[:n], axis[:n])
    size = 2e-5

    def exact(x: Any, t: Any) -> Any:
        z = [x[i] / size for i in range(n)]
        bend = 0.3 * z[0] ** 2 + 0.4 * z[0] * z[-1] - 0.2 * z[-1] ** 2 + (0.1 * z[1] * z[2] if n == 3 else 0.0)
        return CMAX * (0.3 + t / 1e4 * (1 + bend))

    def flux(x: Any, t: Any) -> Any:
        return -FARADAY * ufl.as_matrix(spread.tolist()) * ufl.grad(exact(x, t))

    def inside(x: Any, t: Any) -> Any:
        given = flux(x, t)
        out = ufl.div(given) + (given[0] / x[0] if dimension == "axisymmetric" else 0.0)
        return FARADAY * (exact(x, 1.0) - exact(x, 0.0)) + out

    sources: list[Any] = [Source("h", "lithium", inside, True)]
    # the lateral sides go on beside the other layers, where nothing of this is
    for side, i, out in [("left", 0, -1), ("right", 0, 1), ("front", 1, -1), ("back", 1, 1), ("bottom", n - 1, -1)]:
        if (side in ("front", "back") and n < 3) or (side == "left" and dimension == "axisymmetric"):
            continue
        surface = lambda x, t, i=i, out=out: -out * flux(x, t)[i]  # noqa: E731
        sources.append(SurfaceSource(side, "h", "lithium", surface, True))
    sources.append(SurfaceSource("h|e", "h", "lithium", lambda x, t: -flux(x, t)[n - 1], True))
    host = Intercalation(lambda x: 4.0 - 0.2 * x, CMAX, WITHIN, 0.3, UniformAxes(rotation_to(axis)), ALONG)
    model = Model(
        layered(MPI.COMM_SELF, dimension, [("h", size), ("e", size), ("a", size)], size, size, 3, 3),
        {
            "h": Domain((Equipotential(),), host=host),
            "e": Domain((Conduction("ionic", 1.0),)),
            "a": Domain((Equipotential(),)),
        },
        {"h|e": [ChargeTransfer("h", LinearKinetics(1e9))], "e|a": [ChargeTransfer("a", LinearKinetics(1.0))]},
        [Terminal("cathode", "h", current=0.0), Terminal("anode", "a", potential=0.0), *sources],
    )
    run = Transient(
        model, Protocol((Step.constant("fill", "current", 0.0, 400.0),)), "cathode", 1.0, TimeSettings(1e-3)
    )
    list(run.points())
    assert model.transport is not None
    function = model.transport.fields["h"].function
    x = function.function_space.tabulate_dof_coordinates()
    assert function.x.array == pytest.approx(exact(x.T, 400.0), rel=1e-8)
    assert np.ptp(function.x.array) > 500
    run.destroy()


@pytest.mark.mpi
def test_grains_of_a_polycrystal_have_axes_of_their_own() -> None:
    """The axis in every cell is that of its grain; lithium is conserved and passes from grain to grain."""
    words = study(
        {
            "dimension": 2,
            "width": "2 um",
            "features": [{"polycrystal": {"layer": "c", "grain_size": "0.6 um", "seed": 3}}],
        },
        [crystal("c", THICK, "random")],
        mesh={"bulk": "0.2 um", "error_estimate": "none"},
        time={"tolerance": 1e-3},
    )
    session = TransientSession(words, MPI.COMM_WORLD, 1.0, Silent())
    transport = session.model.transport
    assert transport is not None
    assert {transport.fields[x] for x in transport.fields} == {transport.fields["c"]}
    assert len(transport.fields) > 2
    stack = words.stack()
    for region in transport.fields:
        axes = transport.media[region].axes  # type: ignore[union-attr]
        x = axes.function_space.tabulate_dof_coordinates()[:, :2]
        _, turned = stack.features[0].grain_at(stack, x, region)  # type: ignore[attr-defined]
        assert axes.x.array.reshape(-1, 3, 3) == pytest.approx(turned)
    last = list(session.points())[-1]
    values = session.recorded.last
    filled = CURRENT * 3000 / FARADAY / (CMAX * THICK)
    assert values["mean_lithiation"] == pytest.approx(0.3 + filled, rel=1e-9)
    balances = session.stored.balances(last.charge, last.length)
    assert all(b.relative <= b.limit for b in balances.values())
