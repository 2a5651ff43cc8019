"""The command line: exit statuses, one message, nothing written on bad input, light commands stay light."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import fake_run
import pytest
import yaml
from study_samples import cell

from studies.cli import main

HEAVY = ("dolfinx", "gmsh", "mpi4py", "petsc4py", "ufl", "pyvista", "vtk", "matplotlib")
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith(("OMPI_COMM", "PMIX", "PMI_", "PRTE_LAUNCHED"))}
FAKE = [sys.executable, fake_run.__file__]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "studies.runner", raising=False)


def fake(behaviour: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mpi4py")
    monkeypatch.setitem(sys.modules, "studies.runner", sys.modules.get("studies.runner"))
    fake_run.install(behaviour)


def loaded_by(*arguments: str) -> tuple[set[str], float]:
    """Heavy modules that a command loads, and the processor time that it takes."""
    code = (
        "import sys; from studies.cli import main; status = main(sys.argv[1:]);"
        "print('\\n@', *{m.split('.')[0] for m in sys.modules}); sys.exit(status)"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    modules = done.stdout.rpartition("@")[2].split()
    return set(modules) & {*HEAVY, "pydantic", "pint", "numpy", "yaml", "rich"}, seconds


def test_list_is_light() -> None:
    modules, seconds = loaded_by("list")
    assert modules == set()
    assert seconds < 1.0


def test_check_is_light() -> None:
    modules, seconds = loaded_by("check", "void-constriction")
    assert modules & set(HEAVY) == set()
    assert seconds < 2.0


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = [line.split()[0] for line in lines]
    assert names == sorted(names)
    assert {
        "planar-cell",
        "mixed-conductor",
        "void-constriction",
        "void-array-3d",
        "contact-spot",
        "stack-pressure",
    } <= set(names)
    assert all(len(line.split()) > 3 for line in lines)


def test_check_says_that_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "planar-cell"]) == 0
    assert "planar-cell: no problems" in capsys.readouterr().out


def written(tmp_path: Path) -> list[Path]:
    return sorted(p for p in tmp_path.rglob("*") if p.name not in ("study.yaml", "binary.yaml", "folder"))


BAD_INPUTS: dict[str, list[str]] = {
    "missing file": ["nothing.yaml"],
    "unknown name": ["planar-sell"],
    "folder": ["folder/"],
    "binary": ["binary.yaml"],
    "no name": [""],
    "null byte": ["a\0b"],
    "unknown key": ["study.yaml", "--set", "operation.curent=1 A"],
    "wrong unit": ["study.yaml", "--set", "operation.current=1 V"],
    "negative thickness": ["study.yaml", "--set", "geometry.layers.anode.thickness=-1 um"],
    "unknown material": ["study.yaml", "--set", "geometry.layers.anode.material=Unobtainium"],
    "void larger than its layer": [
        "study.yaml", "--set",
        "geometry.features.0.void={at: anode|electrolyte, radius: 11 um, shape: hemisphere}",
    ],
    "overlapping voids": [
        "study.yaml", "--set",
        "geometry.features.1={void: {at: anode|electrolyte, radius: 3 um, depth: 1 um}}",
    ],
    "interface that does not exist": [
        "study.yaml", "--set", "interfaces.anode|counter={kinetics: perfect}"
    ],
    "mesh too coarse for its films": ["study.yaml", "--set", "mesh={bulk: 30 um, interface: 30 um}"],
    "bad --set": ["study.yaml", "--set", "nothing"],
}  # fmt: skip


def lay_out(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(cell()))
    (tmp_path / "binary.yaml").write_bytes(bytes(range(256)))
    (tmp_path / "folder").mkdir()


@pytest.mark.parametrize("command", ["check", "run", "mesh", "converge"])
@pytest.mark.parametrize("case", list(BAD_INPUTS))
def test_bad_input_exits_2_with_one_message_and_writes_nothing(
    command: str,
    case: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if command != "check":
        fake("fine", monkeypatch)
    lay_out(tmp_path)
    assert main([command, *BAD_INPUTS[case]]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("ssbfem: error: ")
    assert "Traceback" not in err
    assert written(tmp_path) == []


def test_unwritable_folder_is_found_before_solving(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake("bug", monkeypatch)
    (tmp_path / "file").write_text("x")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    for out in ("/proc/results", "/proc/none/results", "file", "file/results", "mine", "x" * 5000):
        assert main(["run", "planar-cell", "--out", out]) == 2, out
        err = capsys.readouterr().err
        assert "--out" in err
        assert "internal" not in err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "mine"]


def test_run_writes_results_and_prints_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake("fine", monkeypatch)
    assert main(["run", "planar-cell", "--out", "out"]) == 0
    assert json.loads((tmp_path / "out" / "results.json").read_text())["quantities"]["cell_voltage"]["value"] == 0.1
    assert "100.0000000 ± 0.0000010" in capsys.readouterr().out
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert main(["run", "planar-cell", "--out", "out", "--quiet"]) == 0  # replaces its own results
    out, err = capsys.readouterr()
    assert (out, err) == ("", "")
    assert main(["report", "out"]) == 0
    assert "thin air" in capsys.readouterr().out


def test_default_folder_is_named_like_the_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake("fine", monkeypatch)
    assert main(["run", "planar-cell", "--quiet"]) == 0
    assert (tmp_path / "results" / "planar-cell" / "results.json").is_file()


@pytest.mark.parametrize(
    ("behaviour", "status", "words"),
    [
        ("check-fails", 1, "check failed: cell_voltage = 0.2 V, expected 0.1"),
        ("bad-model", 2, "no layer 'x'"),
        ("bad-geometry", 2, "layers[0].thickness"),
        ("diverges", 3, "solve failed: Newton"),
        ("bad-mesh", 3, "cannot be meshed"),
        ("bug", 3, "internal error (RuntimeError): something else {with braces}"),
        ("memory", 3, "out of memory"),
        ("interrupt", 130, "interrupted"),
    ],
)
def test_exit_status_and_message(
    behaviour: str,
    status: int,
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake(behaviour, monkeypatch)
    assert main(["run", "planar-cell", "--out", "out", "--quiet"]) == status
    err = capsys.readouterr().err
    assert words in err
    assert "Traceback" not in err
    left = [p.name for p in tmp_path.iterdir()]
    assert left == (["out"] if status == 1 else [])


def test_failed_run_leaves_earlier_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake("fine", monkeypatch)
    assert main(["run", "planar-cell", "--out", "out", "--quiet"]) == 0
    fake("diverges", monkeypatch)
    assert main(["run", "planar-cell", "--out", "out", "--quiet"]) == 3
    assert (tmp_path / "out" / "results.json").is_file()
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_traceback_on_request(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    fake("bug", monkeypatch)
    monkeypatch.setenv("SSBFEM_DEBUG", "1")
    assert main(["run", "planar-cell", "--quiet"]) == 3
    assert "Traceback" in capsys.readouterr().err


def test_without_mpi_the_message_says_where_to_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    assert main(["run", "planar-cell"]) == 3
    assert "containers/run" in capsys.readouterr().err


def test_mesh_prints_facts(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    fake("fine", monkeypatch)
    assert main(["mesh", "planar-cell"]) == 0
    assert "cells" in capsys.readouterr().out


def test_converge_prints_orders_and_leaves_table_and_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake("fine", monkeypatch)
    assert main(["converge", "planar-cell", "--out", "family"]) == 0
    assert "2.00" in capsys.readouterr().out
    assert sorted(p.name for p in (tmp_path / "family").iterdir()) == [
        "convergence.json",
        "convergence.png",
        "study.yaml",
    ]
    data = json.loads((tmp_path / "family" / "convergence.json").read_text())
    assert data["columns"][0]["fit"]["order"] == pytest.approx(2)
    assert main(["converge", "planar-cell", "--out", "family", "--quiet"]) == 0  # replaces its own


@pytest.mark.parametrize("options", [["--levels", "2"], ["--ratio", "1"], ["--ratio", "nan"]])
def test_converge_refuses_odd_families(options: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    fake("fine", monkeypatch)
    assert main(["converge", "planar-cell", *options]) == 2


def test_materials(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["materials"]) == 0
    assert "LLZO" in capsys.readouterr().out
    assert main(["materials", "LLZO"]) == 0
    out = capsys.readouterr().out
    assert "ionic_conductivity" in out
    assert "Eckhardt" in out
    assert main(["materials", "Unobtainium"]) == 2


def test_report_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "results.json").write_text("[1, 2")
    for where in ("nowhere", ".", "results.json"):
        assert main(["report", where]) == 2
    (tmp_path / "results.json").write_text('{"study": "x"}')
    assert main(["report", "."]) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["solve"], ["run"], ["run", "a", "b"], ["run", "a", "--outt", "b"]])
def test_wrong_usage_exits_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: ssbfem" in capsys.readouterr().err


def test_python_dash_m_and_the_version() -> None:
    done = subprocess.run([sys.executable, "-m", "studies", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("ssbfem ")


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"{sys.executable} -m studies schema | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_termination_leaves_nothing_half_written(tmp_path: Path) -> None:
    pytest.importorskip("mpi4py")
    process = subprocess.Popen([*FAKE, "slow", "run", "planar-cell", "--out", "out"], env=ENVIRONMENT)
    end = time.monotonic() + 20
    while not list(tmp_path.iterdir()) and time.monotonic() < end:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 143
    assert list(tmp_path.iterdir()) == []


def mpirun(ranks: int, *arguments: str) -> tuple[subprocess.CompletedProcess[str], float]:
    pytest.importorskip("mpi4py")
    command: list[Any] = ["mpirun", "-n", str(ranks), *FAKE, *arguments]
    start = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=ENVIRONMENT, check=False)
    return done, time.monotonic() - start


def test_on_two_ranks_bad_input_is_said_once() -> None:
    done, _ = mpirun(2, "fine", "run", "planar-cell", "--set", "operation.current=1 V")
    assert done.returncode == 2
    assert done.stderr.count("operation.current") == 1


def test_on_two_ranks_a_failure_of_both_is_said_once(tmp_path: Path) -> None:
    done, _ = mpirun(2, "diverges", "run", "planar-cell", "--out", "out")
    assert done.returncode == 3
    assert done.stderr.count("Newton's method stopped") == 1
    assert "other ranks" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_on_two_ranks_a_failure_of_one_ends_both_soon() -> None:
    done, seconds = mpirun(2, "bug-on-rank-1", "run", "planar-cell", "--out", "out")
    assert done.returncode == 3
    assert "rank 1: internal error (RuntimeError): only here" in done.stderr
    assert "Traceback" not in done.stderr
    assert seconds < 30  # 5 s on a quiet machine; what matters is that nothing hangs


def test_on_two_ranks_one_speaks() -> None:
    done, _ = mpirun(2, "fine", "run", "planar-cell", "--out", "out")
    assert done.returncode == 0
    assert done.stdout.count("cell_voltage") == 2  # its value and its check
    assert mpirun(2, "fine", "check", "planar-cell")[0].stdout.count("no problems") == 1
