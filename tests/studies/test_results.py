"""Results: what results.json holds, and folders that appear whole or not at all."""

import json
import math
import multiprocessing
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studies.errors import InputError
from studies.results import (
    Balance,
    CheckOutcome,
    QuantityValue,
    Results,
    SolverReport,
    check_folder,
    read_results,
    results_folder,
    write_json,
)


def sample() -> Results:
    return Results(
        study="sample",
        title="A sample",
        quantities={"cell_voltage": QuantityValue(0.079, "V", 1e-6, "mesh family", "cell_voltage")},
        balances={"charge": Balance(1e-12, 10.0, 1e-9, "A/m^2")},
        solver=SolverReport(dofs=100, newton_iterations=3, wall_seconds={"solve": 0.5}, ranks=2, notes=("a",)),
        checks=(CheckOutcome("cell_voltage", 0.079, 0.08, 0.002, "V", "closed form", 0.025),),
        provenance={"study_hash": "abc"},
        series={"current": (0.0, 1.0), "cell_voltage": (0.0, 0.079)},
        files={"potential.png": "potential"},
    )


def test_json_has_the_published_shape_and_reads_back(tmp_path: Path) -> None:
    results = sample()
    write_json(tmp_path / "results.json", results.to_json())
    data = json.loads((tmp_path / "results.json").read_text())
    assert data["quantities"]["cell_voltage"] == {
        "value": 0.079, "unit": "V", "error": 1e-6, "error_kind": "mesh family", "quantity": "cell_voltage",
    }  # fmt: skip
    assert data["checks"][0]["pass"] is True
    assert data["balances"]["charge"]["relative"] == pytest.approx(1e-13)
    assert set(data) >= {"study", "quantities", "balances", "solver", "checks", "provenance"}
    assert read_results(tmp_path) == results
    assert read_results(tmp_path / "results.json") == results


def test_numbers_that_are_not_finite_become_null(tmp_path: Path) -> None:
    results = replace(sample(), quantities={"x": QuantityValue(math.nan, "V", math.inf, "none")})
    write_json(tmp_path / "results.json", results.to_json())
    text = (tmp_path / "results.json").read_text()
    assert "NaN" not in text
    assert "Infinity" not in text
    assert math.isnan(read_results(tmp_path).quantities["x"].value)


def test_numpy_numbers_are_numbers(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    write_json(tmp_path / "a.json", {"a": numpy.float64(1.5), "b": [numpy.int32(2)], "c": Path("x")})
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": 1.5, "b": [2], "c": "x"}


def test_failures_name_checks_and_balances() -> None:
    bad = replace(
        sample(),
        checks=(CheckOutcome("cell_voltage", 0.2, 0.08, 0.002, "V", "closed form"),),
        balances={"charge": Balance(1e-3, 10.0, 1e-9, "A/m^2")},
    )
    check, balance = bad.failures
    assert "cell_voltage = 0.2 V, expected 0.08 ± 0.002 V (closed form)" in check
    assert "balance of charge: 1.00e-04" in balance
    assert sample().failures == ()


@pytest.mark.parametrize(
    ("residual", "scale", "holds"),
    [(0.0, 0.0, True), (1e-20, 0.0, False), (1e-10, 1.0, True), (-1e-8, 1.0, False), (math.nan, 1.0, False)],
)
def test_balances(residual: float, scale: float, holds: bool) -> None:
    assert Balance(residual, scale, 1e-9, "N").holds is holds


def test_a_check_of_no_number_fails() -> None:
    assert not CheckOutcome("x", math.nan, 1.0, 1.0, "V", "").passed


# -------------------------------------------------------------------- folders
def test_a_folder_appears_when_the_block_ends(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    with results_folder(out) as folder:
        (folder / "results.json").write_text("{}")
        assert not out.exists()
        assert folder.parent == out.parent
    assert [p.name for p in out.iterdir()] == ["results.json"]
    assert [p.name for p in out.parent.iterdir()] == ["out"]


def test_nothing_appears_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), results_folder(tmp_path / "out") as folder:
        (folder / "results.json").write_text(str(1 // 0))
    assert list(tmp_path.iterdir()) == []


def test_old_results_are_replaced_whole(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with results_folder(out) as folder:
        (folder / "results.json").write_text("1")
        (folder / "old.png").write_text("x")
    with results_folder(out) as folder:
        (folder / "results.json").write_text("2")
        assert (out / "results.json").read_text() == "1"
    assert [(p.name, p.read_text()) for p in out.iterdir()] == [("results.json", "2")]


def test_old_results_survive_an_error(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with results_folder(out) as folder:
        (folder / "results.json").write_text("1")
    with pytest.raises(RuntimeError), results_folder(out):
        raise RuntimeError
    assert (out / "results.json").read_text() == "1"


def test_an_empty_folder_may_be_used(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with results_folder(out) as folder:
        (folder / "results.json").write_text("1")
    assert (out / "results.json").exists()


def test_folders_of_others_are_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    (tmp_path / "file").write_text("x")
    for name in ("mine", "file", "file/below"):
        with pytest.raises(InputError, match="--out"):
            check_folder(tmp_path / name)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "mine"]


def test_checking_leaves_nothing(tmp_path: Path) -> None:
    check_folder(tmp_path / "a" / "b" / "c")
    assert list(tmp_path.iterdir()) == []


def _write_and_die(folder: str) -> None:
    with results_folder(Path(folder) / "out") as partial:
        (partial / "results.json").write_text("half")
        os.kill(os.getpid(), 9)


def test_a_killed_run_leaves_no_results(tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_write_and_die, args=(str(tmp_path),))
    process.start()
    process.join(30)
    assert process.exitcode == -9
    assert not (tmp_path / "out").exists()


@pytest.mark.mpi
def test_all_ranks_write_into_one_folder(shared_tmp_path: Path) -> None:
    mpi: Any = pytest.importorskip("mpi4py.MPI")
    comm = mpi.COMM_WORLD
    out = shared_tmp_path / "out"
    with results_folder(out, comm) as folder:
        (folder / f"rank{comm.rank}").write_text("x")
    comm.barrier()
    assert sorted(p.name for p in out.iterdir()) == sorted(f"rank{r}" for r in range(comm.size))


@pytest.mark.mpi
def test_all_ranks_refuse_alike(shared_tmp_path: Path) -> None:
    mpi: Any = pytest.importorskip("mpi4py.MPI")
    out = shared_tmp_path / "file"
    if mpi.COMM_WORLD.rank == 0:
        out.write_text("x")
    with pytest.raises(InputError, match="is a file"), results_folder(out, mpi.COMM_WORLD):
        pass
