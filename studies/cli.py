"""The command line `ssbfem`, the same in serial and under `mpirun -n N`.

Exit status: 0 done, 1 a check of the study failed, 2 the input is wrong, 3 the solve failed, 130
interrupted. Modules are imported when a command needs them: `list` and `check` load neither dolfinx nor Gmsh
nor MPI.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studies.errors import EXIT_OK, EXIT_SOLVE, InputError, exit_status, format_error, translate

if TYPE_CHECKING:
    from studies.progress import Progress
    from studies.schema import Study

_RANK_VARIABLES = ("OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK")
_SECONDS_TO_GATHER = 3.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; never raises but for the exits of argparse."""
    first = _environment_rank() == 0
    quiet_others = contextlib.nullcontext() if first else _nothing_said()
    with quiet_others:
        options = _parser().parse_args(arguments)
    _die_in_order()
    if options.collective:
        return _run_collective(options)
    with contextlib.nullcontext() if first else _nothing_said():
        try:
            status: int = options.action(options)
            sys.stdout.flush()
        except BaseException as error:
            return _failed(error)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ssbfem",
        description="Finite-element studies of interfaces inside solid-state batteries.",
        epilog="STUDY is a YAML file or a name of the catalogue (ssbfem list).",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add(name: str, action: Any, help: str, collective: bool = False, study: bool = True) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help, description=help)
        command.set_defaults(action=action, collective=collective, quiet=False)
        if study:
            command.add_argument("study", metavar="STUDY", help="a study file or a name of the catalogue")
            command.add_argument(
                "--set",
                metavar="KEY=VALUE",
                action="append",
                default=[],
                help="change a value, such as operation.current='2 mA/cm^2' (may be repeated)",
            )
        if collective:
            command.add_argument("--out", metavar="DIR", type=Path, help="folder for the results")
            command.add_argument("--quiet", action="store_true", help="say nothing but errors")
        return command

    run = add("run", _run, "solve a study: numbers, fields, pictures", collective=True)
    run.add_argument(
        "--resume",
        action="store_true",
        help="of a study in time: go on from the last checkpoint of an interrupted run into the same folder",
    )
    mesh = add("mesh", _mesh, "make and show the mesh of a study", collective=True)
    mesh.add_argument(
        "--store",
        metavar="DIR",
        type=Path,
        help="also write the mesh into this folder, which studies read in parallel (geometry.mesh.file)",
    )
    converge = add("converge", _converge, "solve on a mesh family and extrapolate", collective=True)
    converge.add_argument("--levels", metavar="N", type=int, default=4, help="number of meshes (default 4)")
    converge.add_argument(
        "--ratio",
        metavar="R",
        type=float,
        default=1.5,
        help="ratio of cell sizes from mesh to mesh (default 1.5)",
    )
    add("check", _check, "say everything that is wrong with a study file")
    add("list", _list, "list the catalogue of studies", study=False)
    materials = add("materials", _materials, "list the material library, or print one material", study=False)
    materials.add_argument("name", metavar="NAME", nargs="?", help="material to print")
    add("schema", _schema, "print the JSON Schema of study files", study=False)
    report = add("report", _report, "print the results of a run", study=False)
    report.add_argument("run", metavar="RUN", type=Path, help="a results folder")
    export = add("export", _export, "write fields or a mesh for other programs", study=False)
    export.add_argument("run", metavar="RUN", type=Path, help="a results folder, or a folder of `mesh --store`")
    export.add_argument(
        "--to",
        metavar="FILE",
        type=Path,
        required=True,
        help="file to write; its ending says the format (.vtu, .xdmf, .msh, .vtk, ...: all that meshio writes)",
    )
    export.add_argument("--step", metavar="N", type=int, default=-1, help="operating point, from 0 (default: the last)")
    export.add_argument("--interfaces", action="store_true", help="the fields of the interfaces, not of the regions")
    return parser


# ------------------------------------------------------------------- commands
def _run(options: argparse.Namespace, comm: Any) -> int:
    study = _load_on_all(options, comm)
    out = _out_folder(options, comm, Path("results") / study.study)
    from studies.runner import run

    results = run(study, out=out, comm=comm, progress=_progress(options, comm), resume=options.resume)
    failures: tuple[str, ...] = ()
    if comm.rank == 0:
        failures = results.failures
        if not options.quiet:
            from studies.tables import print_results

            print_results(results, out)
    failures = comm.bcast(failures)
    if failures:
        from studies.errors import CheckFailure

        raise CheckFailure(failures)
    return EXIT_OK


def _mesh(options: argparse.Namespace, comm: Any) -> int:
    study = _load_on_all(options, comm)
    out = _out_folder(options, comm, Path("results") / f"{study.study}-mesh")
    from studies.runner import mesh

    facts = mesh(study, out=out, comm=comm, progress=_progress(options, comm), store=options.store)
    if comm.rank == 0 and not options.quiet:
        from studies.tables import print_facts

        print_facts(f"mesh of {study.study}", facts, out)
    return EXIT_OK


def _converge(options: argparse.Namespace, comm: Any) -> int:
    problems = []
    if not 3 <= options.levels <= 8:
        problems.append(("--levels", options.levels, "must lie between 3 and 8"))
    if not 1.1 <= options.ratio <= 4:
        problems.append(("--ratio", options.ratio, "must lie between 1.1 and 4"))
    if problems:
        from studies.errors import Problem

        raise InputError([Problem(*p) for p in problems], "command line")
    study = _load_on_all(options, comm)
    out = _out_folder(options, comm, Path("results") / f"{study.study}-convergence")
    from studies.converge import converge

    family = converge(
        study,
        levels=options.levels,
        ratio=options.ratio,
        out=out,
        comm=comm,
        progress=_progress(options, comm),
    )
    if comm.rank == 0 and not options.quiet:
        from studies.tables import print_family

        print_family(family, out)
    return EXIT_OK


def _check(options: argparse.Namespace) -> int:
    study = _load(options)
    print(f"{study.study}: no problems")
    return EXIT_OK


def _list(options: argparse.Namespace) -> int:
    from studies.listing import catalogue

    entries = catalogue()
    width = max((len(entry.name) for entry in entries), default=0)
    for entry in entries:
        print(f"{entry.name:{width}}  {entry.title}")
    return EXIT_OK


def _materials(options: argparse.Namespace) -> int:
    from studies.tables import print_material, print_materials

    if options.name is None:
        print_materials()
    else:
        print_material(options.name)
    return EXIT_OK


def _schema(options: argparse.Namespace) -> int:
    import json

    from studies.schema.published import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return EXIT_OK


def _report(options: argparse.Namespace) -> int:
    from studies.results import read_results
    from studies.tables import print_results

    print_results(read_results(options.run), options.run)
    return EXIT_OK


def _export(options: argparse.Namespace) -> int:
    from studies.exporting import export

    made = export(options.run, options.to, options.step, options.interfaces)
    print(f"{options.to}: {made.points} points, {made.cells} cells; {', '.join(made.fields)}")
    if made.remarks:
        print(made.remarks)
    print(f"regions: {', '.join(f'{k} {name}' for k, name in enumerate(made.regions, start=1))}")
    return EXIT_OK


# --------------------------------------------------------------------- shared
def _load(options: argparse.Namespace) -> Study:
    from studies.listing import find_study
    from studies.schema import Study
    from studies.schema.overrides import parse_assignments

    overrides = parse_assignments(options.set)
    return Study.load(find_study(options.study), overrides)


def _load_on_all(options: argparse.Namespace, comm: Any) -> Study:
    """The study, read by rank 0 alone; when it is wrong, all ranks raise the same error."""
    outcome: Study | BaseException | None = None
    if comm.rank == 0:
        try:
            outcome = _load(options)
        except Exception as error:
            outcome = error
    outcome = comm.bcast(outcome)
    if isinstance(outcome, BaseException):
        raise outcome
    assert outcome is not None
    return outcome


def _out_folder(options: argparse.Namespace, comm: Any, default: Path) -> Path:
    """The results folder, refused on all ranks before anything is computed when it cannot be written."""
    from studies.results import check_folder

    out: Path = options.out or default
    problem: InputError | None = None
    if comm.rank == 0:
        try:
            check_folder(out)
        except InputError as error:
            problem = error
    problem = comm.bcast(problem)
    if problem is not None:
        raise problem
    return out


def _progress(options: argparse.Namespace, comm: Any) -> Progress:
    from studies.progress import Console, Silent

    return Silent() if options.quiet or comm.rank != 0 else Console()


def _run_collective(options: argparse.Namespace) -> int:
    try:
        from mpi4py import MPI
    except ImportError as error:
        return _failed(error)
    comm = MPI.COMM_WORLD
    failing = comm.Dup()  # of its own, so that waiting for others cannot be mistaken for their collectives
    try:
        status: int = options.action(options, comm)
        sys.stdout.flush()
    except BaseException as error:
        if comm.size == 1:
            return _failed(error)
        return _failed_together(error, failing)
    return status


def _failed(error: BaseException) -> int:
    """Say what went wrong, on standard error, and return the exit status."""
    error = translate(error)
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else EXIT_SOLVE
    if isinstance(error, BrokenPipeError):
        # The reader of our output has gone (as with `| head`): nothing is wrong, and nothing more can be
        # said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    _say(format_error(error), error)
    return exit_status(error)


def _failed_together(error: BaseException, comm: Any) -> int:
    """On several ranks: one message when all fail within moments, else a message of this rank and an abort
    of all."""
    error = translate(error)
    status = error.code if isinstance(error, SystemExit) and isinstance(error.code, int) else exit_status(error)
    if not _all_arrive(comm):
        _say(f"rank {comm.rank}: {format_error(error)}\n  the other ranks are stopped", error)
        comm.Abort(status)
    outcomes = comm.gather((format_error(error), status))
    if comm.rank == 0:
        messages: dict[str, list[int]] = {}
        for rank, (message, _) in enumerate(outcomes):
            messages.setdefault(message, []).append(rank)
        for message, ranks in messages.items():
            where = "" if len(messages) == 1 else f"rank {', '.join(map(str, ranks))}: "
            _say(where + message, error)
        status = min(code for _, code in outcomes)
    final: int = comm.bcast(status)
    return final


def _all_arrive(comm: Any) -> bool:
    """Whether all ranks come here within seconds; ranks that are elsewhere wait for this one in vain."""
    import time

    request = comm.Ibarrier()
    end = time.monotonic() + _SECONDS_TO_GATHER
    while time.monotonic() < end:
        if request.Test():
            return True
        time.sleep(0.01)
    return bool(request.Test())


def _say(message: str, error: BaseException) -> None:
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    with contextlib.suppress(OSError, ValueError):
        if os.environ.get("SSBFEM_DEBUG") == "1":
            traceback.print_exception(error)
        prefix = "" if isinstance(error, KeyboardInterrupt) else "ssbfem: "
        print(prefix + message, file=sys.stderr, flush=True)


def _environment_rank() -> int:
    """This process's rank as the MPI launcher told it, without loading MPI; 0 outside."""
    for name in _RANK_VARIABLES:
        value = os.environ.get(name, "")
        if value.isdigit():
            return int(value)
    return 0


@contextlib.contextmanager
def _nothing_said() -> Any:
    with (
        open(os.devnull, "w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        yield


def _die_in_order() -> None:
    """Let a termination request unwind the stack, so that half-written results are removed."""

    def stop(number: int, frame: Any) -> None:
        raise SystemExit(128 + number)

    with contextlib.suppress(ValueError):  # not in the main thread
        signal.signal(signal.SIGTERM, stop)


class _Version(argparse.Action):
    """Looks the version up only when asked: that costs a tenth of a second."""

    def __call__(self, parser: argparse.ArgumentParser, *others: Any) -> None:
        print(f"ssbfem {_version()}")
        parser.exit()


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("ssbfem")
    except PackageNotFoundError:
        return "0.1.0 (from a checkout)"


if __name__ == "__main__":
    sys.exit(main())
