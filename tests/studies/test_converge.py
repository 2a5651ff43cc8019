"""Mesh families of values whose order is known, and what is made of them."""

import io
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from study_samples import changed

from studies.converge import Family, _lowest_order, mesh_family, write_family
from studies.errors import SolveError
from studies.progress import Console, Silent
from studies.tables import print_family

NAMES = ["cell_voltage", "max_von_mises", "contact_fraction"]
SMOOTH = {
    "geometry.features": [],
    "quantities": [*NAMES[:2], {"contact_fraction": {"at": "anode|electrolyte"}}],
}
EDGES: dict[str, Any] = {"quantities": NAMES}


def values(scale: float) -> Mapping[str, float]:
    return {
        "cell_voltage": 0.1 + 1e-3 * scale**4,
        "max_von_mises": 1e6 * (1 + 0.1 * scale),
        "contact_fraction": 0.7,
    }


def family(levels: int = 4) -> Family:
    return mesh_family(changed(SMOOTH), values, levels, 1.5)


def test_the_finest_mesh_is_the_study_s_own() -> None:
    assert family().scales == pytest.approx((3.375, 2.25, 1.5, 1.0))


def test_orders_against_theory_by_kind_of_quantity() -> None:
    found = family()
    voltage, stress, fraction = (found.column(name) for name in ("cell_voltage", "max_von_mises", "contact_fraction"))
    assert (voltage.theory, stress.theory) == (4, 2)  # quadratic elements: functional, flux
    assert voltage.fit.order == pytest.approx(4, abs=1e-6)
    assert voltage.fit.limit == pytest.approx(0.1)
    assert voltage.fit.error == pytest.approx(1.25e-3)
    assert stress.fit.order == pytest.approx(1, abs=1e-6)
    assert "below theory" in stress.fit.remark
    assert fraction.fit.kind == "exact"


def test_at_edges_the_bar_does_not_trust_a_high_order() -> None:
    """A graded mesh shows order 4 while an error of order 1 is left that it does not yet show."""

    def solve(scale: float) -> Mapping[str, float]:
        return {**values(scale), "cell_voltage": 0.1 + 1e-3 * scale**4 + 2e-4 * scale}

    smooth, edges = (mesh_family(changed(x), solve, 3, 1.5).column("cell_voltage") for x in (SMOOTH, EDGES))
    assert smooth.fit.order == edges.fit.order
    assert smooth.fit.limit == edges.fit.limit
    error = edges.values[-1] - 0.1
    assert edges.fit.error > error > smooth.fit.error / 1.25


@pytest.mark.parametrize(
    ("change", "quantity", "lowest"),
    [
        ({}, "cell_voltage", 1.0),  # the stress shift makes it singular
        ({"mechanics": "off", "operation.stack_pressure": None}, "cell_voltage", 2.0),
        ({"mechanics": "off", "operation.stack_pressure": None}, "current_focusing", 1.0),
        ({}, "max_von_mises", 0.5),
        ({}, "elastic_energy", 1.0),
        ({"geometry.features": []}, "elastic_energy", None),
    ],
)
def test_orders_that_edges_allow(change: dict[str, Any], quantity: str, lowest: float | None) -> None:
    name = {"current_focusing": {"at": "anode|electrolyte"}} if quantity == "current_focusing" else quantity
    study = changed({**change, "quantities": [name]})
    spec = study.spec(quantity)
    assert _lowest_order(study, spec, spec.order(2)) == lowest


def test_orders_of_perfect_contacts() -> None:
    perfect = {"kinetics": "perfect"}
    change = {
        "interfaces.anode|electrolyte": perfect,
        "operation.stack_pressure": None,
        "quantities": ["cell_voltage"],
    }
    study = changed(change)
    assert _lowest_order(study, study.spec("cell_voltage"), 4) == 1.0


def test_linear_elements_have_other_theory() -> None:
    study = changed({**SMOOTH, "discretisation": {"degree": 1, "displacement_degree": 1}})
    found = mesh_family(study, values, 3)
    assert (found.column("cell_voltage").theory, found.column("max_von_mises").theory) == (2, 1)


def test_known_finest_values_are_not_solved_again() -> None:
    asked: list[float] = []

    def solve(scale: float) -> Mapping[str, float]:
        asked.append(scale)
        return values(scale)

    found = mesh_family(changed(SMOOTH), solve, 3, 2.0, finest=values(1.0))
    assert asked == [4.0, 2.0]
    assert found.column("cell_voltage").values == pytest.approx([values(s)["cell_voltage"] for s in (4, 2, 1)])


def test_differences_below_the_solver_s_tolerance_are_no_convergence() -> None:
    def noisy(scale: float) -> Mapping[str, float]:
        return {**values(scale), "cell_voltage": 0.1 * (1 + 1e-11 * math.sin(scale * 7))}

    assert mesh_family(changed(SMOOTH), noisy, 4).column("cell_voltage").fit.kind == "exact"


def test_a_value_that_is_missing_on_one_mesh_is_a_failure() -> None:
    def solve(scale: float) -> Mapping[str, float]:
        return {**values(scale), "cell_voltage": math.nan if scale == 1 else 1.0}

    with pytest.raises(SolveError, match="cell_voltage"):
        mesh_family(changed(SMOOTH), solve, 3)


def test_a_quantity_without_value_says_so() -> None:
    def solve(scale: float) -> Mapping[str, float]:
        return {**values(scale), "cell_voltage": math.nan}

    assert mesh_family(changed(SMOOTH), solve, 3).column("cell_voltage").fit.kind == "undefined"


def test_files_and_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = changed(SMOOTH)
    write_family(family(), study, tmp_path)
    data = json.loads((tmp_path / "convergence.json").read_text())
    assert data["scales"][-1] == 1
    assert data["study_hash"] == study.hash
    assert (tmp_path / "convergence.png").read_bytes().startswith(b"\x89PNG")
    print_family(family())
    out = capsys.readouterr().out
    assert "4.00" in out
    assert "max_von_mises: order 1.00 is below theory (2)" in out


def test_families_with_nothing_to_draw_still_have_a_picture(tmp_path: Path) -> None:
    study = changed({"quantities": ["contact_fraction"]})
    write_family(mesh_family(study, values, 3), study, tmp_path)
    assert (tmp_path / "convergence.png").stat().st_size > 1000


def test_progress_is_told_of_every_member() -> None:
    class Told(Silent):
        def step(self, done: int, total: int, what: str = "") -> None:
            told.append(f"{done} of {total} {what}")

    told: list[str] = []
    mesh_family(changed(SMOOTH), values, 3, progress=Told())
    assert told == [f"{k} of 3 meshes (cell size x {s})" for k, s in ((1, "2.25"), (2, "1.5"), (3, "1"))]


def test_console_indents_phases_and_notes() -> None:
    stream = io.StringIO()
    console = Console(stream)
    with console.phase("outer"):
        with console.phase("inner"):
            console.step(1, 3)  # too soon to be worth a line
        console.note("a fallback")
    with pytest.raises(RuntimeError), console.phase("failing"):
        raise RuntimeError
    with console.phase("next"):
        pass
    lines = [re.sub(r"[0-9.]+ s$", "0 s", line) for line in stream.getvalue().splitlines()]
    assert lines == ["outer", "  inner  0 s", "  a fallback", "outer: all  0 s", "next  0 s"]


def test_silence(capsys: pytest.CaptureFixture[str]) -> None:
    silent = Silent()
    with silent.phase("nothing"):
        silent.step(1, 2)
        silent.note("nothing")
    assert capsys.readouterr() == ("", "")
