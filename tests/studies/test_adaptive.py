"""Studies that refine their mesh until a tolerance is met: error bars, history, limits, ranks."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from mpi4py import MPI
from study_samples import changed, problems

from studies.progress import Silent
from studies.results import RESULTS_FILE, Results
from studies.runner import run
from studies.schema import Study
from studies.tables import print_results

DATA: dict[str, Any] = {
    "study": "tube",
    "geometry": {
        "dimension": "axisymmetric",
        "width": "10 um",
        "layers": [
            {"name": "anode", "material": "Li", "thickness": "5 um"},
            {
                "name": "electrolyte",
                "material": "LLZO",
                "thickness": "20 um",
                "properties": {"ionic_conductivity": "0.05 S/m"},
            },
            {"name": "counter", "material": "Li", "thickness": "5 um"},
        ],
        "features": [{"void": {"at": "anode|electrolyte", "radius": "3 um", "depth": "2 um"}}],
    },
    "interfaces": {
        "anode|electrolyte": {"kinetics": "butler-volmer", "exchange_current": "30 A/m^2"},
        "electrolyte|counter": {"kinetics": "butler-volmer", "exchange_current": "30 A/m^2"},
    },
    "operation": {"current": "1 mA/cm^2", "stack_pressure": "5 MPa"},
    "quantities": [
        "cell_voltage",
        "area_specific_resistance",
        {"current_focusing": {"distance": "50 nm"}},
        "elastic_energy",
        {"max_von_mises": {"layer": "electrolyte", "distance": "500 nm"}},
    ],
    "mesh": {"tolerance": "0.5 %"},
    "pictures": [],
}


def study(**mesh: Any) -> Study:
    """The tube with other keys of `mesh`."""
    return Study.from_mapping({**DATA, "mesh": {**DATA["mesh"], **mesh}})


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> tuple[Results, Path]:
    """The tube, refined to its tolerance."""
    folder = tmp_path_factory.mktemp("adaptive") / "out"
    return run(study(), folder, MPI.COMM_SELF, Silent()), folder


def test_every_quantity_has_an_error_and_says_where_it_comes_from(outcome: tuple[Results, Path]) -> None:
    """Within the tolerance where a derivative steers; maxima have an error bar, too."""
    results, _ = outcome
    for label, found in results.quantities.items():
        assert found.error is not None
        if label.startswith("max"):
            assert found.error_kind == "enriched solution"
        else:
            assert found.error_kind == "dual-weighted residual"
            assert found.error <= 5e-3 * abs(found.value)
    assert results.failures == ()
    assert sum(check.name.startswith("error of") for check in results.checks) == 4


def test_history_is_kept(outcome: tuple[Results, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """One entry per mesh, in results.json and in the printed table; the last one is the result."""
    results, folder = outcome
    steps = results.refinement
    assert len(steps) > 1
    assert all(a.unknowns < b.unknowns for a, b in pairwise(steps))
    assert steps[-1].unknowns == results.solver.dofs
    for label, found in results.quantities.items():
        assert steps[-1].values[label] == pytest.approx(found.value, rel=1e-9)
        assert steps[-1].errors[label] == found.error
    written = json.loads((folder / RESULTS_FILE).read_text())
    assert Results.from_json(written).refinement == steps
    print_results(results)
    assert f"{steps[0].unknowns} unknowns" in capsys.readouterr().out


def test_bars_hold_against_a_finer_mesh(outcome: tuple[Results, Path]) -> None:
    """What a much smaller tolerance finds lies within the bars."""
    results, _ = outcome
    finer = run(study(tolerance="0.01 %", quantities=["current_focusing"]), None, MPI.COMM_SELF, Silent())
    assert finer.solver.dofs > results.solver.dofs
    for label, found in results.quantities.items():
        better = finer.quantities[label]
        assert found.error is not None
        assert better.error is not None
        assert abs(found.value - better.value) <= found.error + better.error


def test_one_quantity_steers() -> None:
    """Only it must meet the tolerance."""
    results = run(study(quantities=["cell_voltage"]), None, MPI.COMM_SELF, Silent())
    assert [c.name for c in results.checks] == ["error of cell_voltage"]
    assert results.failures == ()
    assert results.quantities["current_focusing"].error is not None


def test_a_limit_that_is_too_low_fails_the_check() -> None:
    """The result is there with its error; the check fails and a note says why."""
    results = run(study(tolerance="1e-6", most_unknowns=3000), None, MPI.COMM_SELF, Silent())
    assert any("most_unknowns" in note for note in results.solver.notes)
    assert any("error of" in failure for failure in results.failures)
    assert results.quantities["cell_voltage"].error is not None


def test_problems_of_the_keys() -> None:
    """Quantities that are not asked for, or without a tolerance; tolerances out of range."""
    assert changed({"mesh.tolerance": "1 %"}).mesh.tolerance == pytest.approx(0.01)
    found = problems({"mesh.tolerance": "1 %", "mesh.quantities": ["cell_voltage"]})
    assert list(found) == ["mesh.quantities.0"]
    assert "current_focusing" in found["mesh.quantities.0"].message
    assert "mesh.quantities" in problems({"mesh.quantities": ["current_focusing"]})
    assert "mesh.tolerance" in problems({"mesh.tolerance": "200 %"})
    assert "mesh.tolerance" in problems({"mesh.tolerance": "0"})


@pytest.mark.mpi
@pytest.mark.skipif(MPI.COMM_WORLD.size != 2, reason="takes a minute: two ranks against one are enough")
def test_same_on_any_number_of_ranks() -> None:
    """Values within their bars of those on one rank, on meshes of about the same size."""
    together = run(study(), None, MPI.COMM_WORLD, Silent())
    alone = run(study(), None, MPI.COMM_SELF, Silent())
    assert together.failures == ()
    assert together.solver.dofs == pytest.approx(alone.solver.dofs, rel=0.05)
    for label, found in together.quantities.items():
        other = alone.quantities[label]
        assert found.error is not None
        assert other.error is not None
        assert abs(found.value - other.value) <= 0.2 * (found.error + other.error)


def test_the_last_mesh_is_returned_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the number of meshes is used up, the result is that of the last one, and says so."""
    monkeypatch.setattr("studies.adaptive.MOST_MESHES", 2)
    results = run(study(tolerance="1e-6"), None, MPI.COMM_SELF, Silent())
    assert len(results.refinement) == 2
    assert any("after 2 meshes" in note for note in results.solver.notes)
    assert results.failures != ()


def test_a_tolerance_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refinement ends when nothing comes closer to the tolerance although the mesh grows."""
    monkeypatch.setattr("studies.adaptive.PATIENCE", 2)
    monkeypatch.setattr("fem.estimate.bars.ErrorBars.bar", property(lambda self: 0.3 * abs(self.values[-1])))
    results = run(study(tolerance="20 %"), None, MPI.COMM_SELF, Silent())
    assert 2 < len(results.refinement) <= 6
    assert any("does not come closer" in note for note in results.solver.notes)
