"""Words for periodic sides and mean fields: what they build, and what is refused with one message."""

from __future__ import annotations

from typing import Any

import pytest
from mpi4py import MPI
from support.ranks import alone, several

from fem.conditions import MeanField, MeanStrain, Roller
from studies.build import build_model
from studies.errors import InputError
from studies.progress import Silent
from studies.runner import run
from studies.schema import Study
from studies.solving import Session, make_mesh

CELL: dict[str, Any] = {
    "study": "cell",
    "geometry": {
        "dimension": 2,
        "width": "10 um",
        "lateral": "periodic",
        "ends": "periodic",
        "layers": [{"name": "matrix", "material": "LLZO", "thickness": "10 um"}],
        "features": [
            {
                "packing": {
                    "name": "filler",
                    "material": "LLZO",
                    "layer": "matrix",
                    "volume_fraction": "35 %",
                    "radius": "2 um",
                    "seed": 4,
                }
            }
        ],
    },
    "operation": {"mean_field": {"along": "each"}},
    "mesh": {"error_estimate": "none"},
    "quantities": [
        {"effective_conductivity": {"component": c, "field": f, "label": f"{c}{f}"}} for c in "xy" for f in "xy"
    ],
}


def changed(**changes: Any) -> dict[str, Any]:
    """`CELL` with other values at keys ``a__b``."""
    made: dict[str, Any] = {**CELL, "geometry": {**CELL["geometry"]}, "operation": {**CELL["operation"]}}
    for key, value in changes.items():
        first, _, rest = key.partition("__")
        if rest:
            made[first] = {**made[first], rest: value}
        else:
            made[first] = value
    return made


def problems(**changes: Any) -> str:
    with pytest.raises(InputError) as caught:
        Study.from_mapping(changed(**changes))
    return str(caught.value)


def tensor(matrix: str, filler: str, **changes: Any) -> dict[str, float]:
    given = changed(**changes)
    given["materials"] = {
        name: {"based_on": "LLZO", "ionic_conductivity": value} for name, value in (("m", matrix), ("f", filler))
    }
    given["geometry"]["layers"] = [{"name": "matrix", "material": "m", "thickness": "10 um"}]
    given["geometry"]["features"] = [{"packing": {**CELL["geometry"]["features"][0]["packing"], "material": "f"}}]
    results = run(Study.from_mapping(given), None, MPI.COMM_SELF, Silent())
    assert all(b.relative < 1e-9 for b in results.balances.values())
    assert results.balances
    return {label: quantity.value for label, quantity in results.quantities.items()}


def test_exchanged_phases_obey_kellers_theorem() -> None:
    """In two dimensions s(a, b) = a b R s(b, a)^-1 R' with R a quarter turn: Keller 1964, Mendelson 1975."""
    one, two = tensor("0.1 S/m", "1 S/m"), tensor("1 S/m", "0.1 S/m")
    determinant = two["xx"] * two["yy"] - two["xy"] * two["yx"]
    # the quarter turn swaps xx and yy of the inverse, whose diagonal is swapped, too
    assert one["xx"] == pytest.approx(0.1 * two["xx"] / determinant, rel=4e-3)
    assert one["yy"] == pytest.approx(0.1 * two["yy"] / determinant, rel=4e-3)
    assert one["xy"] == pytest.approx(one["yx"], abs=1e-9 * one["xx"])
    assert 0.1973 - 0.025 < one["xx"] < 0.3415


def test_field_without_cross_current_is_the_inverse_tensor() -> None:
    """Driven along x with no mean current along y: one over the component of the resistivity."""
    whole = tensor("0.1 S/m", "1 S/m")
    alone = tensor(
        "0.1 S/m",
        "1 S/m",
        operation__mean_field={"along": "x", "across": "no-current"},
        quantities=["effective_conductivity"],
    )
    expected = whole["xx"] - whole["xy"] * whole["yx"] / whole["yy"]
    assert alone["effective_conductivity"] == pytest.approx(expected, rel=1e-9)


def test_conditions_of_periodic_cells() -> None:
    mechanics = {"on": True, "lateral": "free"}
    geometry = {
        "dimension": 3,
        "width": "2 um",
        "depth": "2 um",
        "lateral": "periodic",
        "layers": [{"name": "a", "material": "LLZO", "thickness": "1 um", "conduction": "none"}],
    }
    study = Study.from_mapping(
        {"study": "s", "geometry": geometry, "mechanics": mechanics, "operation": {}, "quantities": ["elastic_energy"]}
    )
    model = build_model(study, make_mesh(study, MPI.COMM_SELF), None)
    strains = [c for c in model.conditions if isinstance(c, MeanStrain)]
    assert [c.axes for c in strains] == [(0, 0), (0, 1), (1, 1)]
    assert [c.side for c in model.conditions if isinstance(c, Roller)] == ["bottom"]
    study = Study.from_mapping(CELL)
    model = build_model(study, make_mesh(study, MPI.COMM_SELF), None)
    assert [(c.axis, c.value) for c in model.conditions if isinstance(c, MeanField)] == [(0, 1.0), (1, 0.0)]


@pytest.mark.mpi
def test_tolerance_is_met_between_periodic_sides() -> None:
    given = changed(
        operation__mean_field={"along": "y"}, mesh={"tolerance": "0.5 %"}, quantities=["effective_conductivity"]
    )
    given["geometry"]["features"] = [{"pore": {"layer": "matrix", "radius": "3.090193616 um", "position": "1 um"}}]
    given["geometry"]["layers"] = [
        {
            "name": "matrix",
            "material": "LLZO",
            "thickness": "10 um",
            "properties": {"ionic_conductivity": "0.1 S/m"},
        }
    ]
    results = run(Study.from_mapping(given), None, MPI.COMM_WORLD, Silent())
    found = results.quantities["effective_conductivity"]
    assert found.error is not None
    # Perrins, McKenzie and McPhedran 1979
    assert abs(found.value - 0.0537580) <= found.error <= 0.005 * found.value
    assert len(results.refinement) > 1
    if MPI.COMM_WORLD.size > 1:
        other = alone(lambda: run(Study.from_mapping(given), None, MPI.COMM_SELF, Silent()).refinement)
        assert [step.unknowns for step in results.refinement] == [step.unknowns for step in other]


def test_the_resolved_study_reads_back() -> None:
    study = Study.from_mapping(CELL)
    assert Study.from_mapping(study.resolved()) == study
    assert study.resolved()["geometry"]["lateral"] == "periodic"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"geometry__lateral": "symmetry", "geometry__ends": "open"}, "operation.mean_field"),
        ({"geometry__lateral": "symmetry"}, "all lateral axes are periodic together"),
        ({"operation__mean_field": {"along": "z"}}, "periodic along x and y only"),
        ({"geometry__ends": "open", "operation__mean_field": {"along": "y"}}, "ends: periodic"),
        ({"operation": {"mean_field": {"along": "x"}, "current": "1 mA/cm^2"}}, "only one of current"),
        ({"quantities": ["cell_voltage"]}, "belongs to a cell with electrodes"),
        ({"quantities": ["area_specific_resistance"]}, "belongs to a cell with electrodes"),
        ({"mesh": {"tolerance": "1 %"}}, "choose an axis"),
        ({"quantities": ["effective_conductivity"]}, "needs `component` or `field`"),
        ({"geometry__dimension": "axisymmetric"}, "only models in 2 and 3 dimensions"),
        ({"operation__mean_field": {"along": "x", "strength": "-1 V/m"}}, "must be positive"),
        ({"mechanics": {"on": True, "lateral": "free-standing"}}, "does not stand by itself"),
        (
            {"quantities": [{"effective_conductivity": {"component": "z"}}]},
            "must be x or y here",
        ),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], expected: str) -> None:
    assert expected in problems(**changes)


def test_quantity_of_a_mean_field_without_one() -> None:
    text = problems(operation={"voltage": "1 V"}, quantities=["effective_conductivity"])
    assert "needs `operation: {mean_field: ...}`" in text


def test_a_metal_has_no_mean_field() -> None:
    feature = {"packing": {**CELL["geometry"]["features"][0]["packing"], "material": "Li"}}
    assert "an equipotential has no mean field" in problems(geometry__features=[feature])


@pytest.mark.mpi
@several
def test_ranks_agree() -> None:
    def values(comm: Any) -> dict[str, float]:
        session = Session(Study.from_mapping(CELL), comm, 1.0, Silent())
        found = dict(session.solve_at(None).values)
        session.destroy()
        return found

    together, other = values(MPI.COMM_WORLD), alone(lambda: values(MPI.COMM_SELF))
    for label in ("xx", "yy"):
        assert together[label] == pytest.approx(other[label], rel=1e-8)
