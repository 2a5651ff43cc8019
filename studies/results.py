"""The machine-readable result of a study and the folder that it appears in.

Numbers in results.json are SI. A results folder appears whole or not at all: everything is written into a
sibling folder, which is then renamed.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meshes.collective import on_root
from studies.errors import InputError, SolveError

if TYPE_CHECKING:
    from studies.schema import Study

RESULTS_FILE = "results.json"
FORMAT = 1

MARKERS = (RESULTS_FILE, "convergence.json", "mesh.json")
"""A folder with one of these is ours, and a new run may take its place."""


@dataclass(frozen=True)
class QuantityValue:
    """A number with its error bar.

    Attributes:
        value: in `unit`.
        unit: SI unit.
        error: absolute, same unit; None where none was estimated.
        error_kind: how it was found (``mesh family``, ``dual-weighted residual``, ...); None with `error`.
        quantity: name in the registry (the key in the results may be a label).
    """

    value: float
    unit: str
    error: float | None = None
    error_kind: str | None = None
    quantity: str = ""


@dataclass(frozen=True)
class Balance:
    """A conservation law: what is left over, and against what it is measured.

    Attributes:
        residual: absolute, in `unit`.
        scale: the current, force or energy it is compared with, same unit.
        limit: largest allowed residual / scale.
        unit: SI unit.
    """

    residual: float
    scale: float
    limit: float
    unit: str

    @property
    def relative(self) -> float:
        """residual / scale; 0 when both vanish."""
        if self.residual == 0:
            return 0.0
        return abs(self.residual) / self.scale if self.scale > 0 else math.inf

    @property
    def holds(self) -> bool:
        """Whether the residual is within the limit (not a number: no)."""
        return self.relative <= self.limit


@dataclass(frozen=True)
class CheckOutcome:
    """A check of the study file against the computed value (all in `unit`, SI).

    Attributes:
        tolerance: absolute.
        relative: the relative tolerance it came from, when it was given so.
    """

    name: str
    value: float
    expected: float
    tolerance: float
    unit: str
    source: str
    relative: float | None = None

    @property
    def passed(self) -> bool:
        """Whether |value - expected| <= tolerance."""
        return abs(self.value - self.expected) <= self.tolerance


@dataclass(frozen=True)
class SolverReport:
    """Size and cost of a run; `wall_seconds` by phase, `peak_memory_bytes` summed over ranks."""

    dofs: int = 0
    cells: int = 0
    newton_iterations: int = 0
    linear_iterations: int = 0
    method: str = ""
    wall_seconds: Mapping[str, float] = field(default_factory=dict)
    peak_memory_bytes: int = 0
    ranks: int = 1
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RefinementStep:
    """One mesh of a study that is refined towards a tolerance.

    Attributes:
        unknowns, cells: size.
        values: label -> value, SI.
        errors: label -> error bar, same unit.
    """

    unknowns: int
    cells: int
    values: Mapping[str, float]
    errors: Mapping[str, float]


@dataclass(frozen=True)
class Results:
    """Everything that results.json holds.

    Attributes:
        study: name of the study.
        quantities: label -> value at the (last) operating point.
        balances: name -> balance, worst over all operating points.
        solver: size and cost.
        checks: outcome of every check.
        provenance: versions, image, git commit, study hash.
        series: column -> one number per point, for sweeps and runs in time (columns of equal length; empty otherwise).
        spectra: impedances at instants of a run in time (`studies.spectra.kept`).
        files: what else lies in the folder: file name -> what it shows.
        title: one line for people.
        refinement: meshes on the way to the tolerance of the study, the last one its own; empty without one.
    """

    study: str
    quantities: Mapping[str, QuantityValue]
    balances: Mapping[str, Balance]
    solver: SolverReport
    checks: tuple[CheckOutcome, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    series: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    refinement: tuple[RefinementStep, ...] = ()
    spectra: tuple[Mapping[str, Any], ...] = ()

    @property
    def failures(self) -> tuple[str, ...]:
        """One sentence per check or balance that does not hold."""
        bad = [
            f"{c.name} = {c.value:.10g} {c.unit}, expected {c.expected:.10g} ± {c.tolerance:.2g} {c.unit}"
            + (f" ({c.source})" if c.source else "")
            for c in self.checks
            if not c.passed
        ]
        bad += [
            f"balance of {name}: {b.relative:.2e} of {b.scale:.6g} {b.unit}, allowed {b.limit:.0e}"
            for name, b in self.balances.items()
            if not b.holds
        ]
        return tuple(bad)

    def to_json(self) -> dict[str, Any]:
        """Plain data as written to results.json."""
        return {
            "format": FORMAT,
            "study": self.study,
            "title": self.title,
            "quantities": {k: asdict(v) for k, v in self.quantities.items()},
            "balances": {k: {**asdict(b), "relative": b.relative, "pass": b.holds} for k, b in self.balances.items()},
            "solver": {**asdict(self.solver), "notes": list(self.solver.notes)},
            "checks": [{**asdict(c), "pass": c.passed} for c in self.checks],
            "series": {k: list(v) for k, v in self.series.items()},
            **({"spectra": [dict(x) for x in self.spectra]} if self.spectra else {}),
            "refinement": [asdict(step) for step in self.refinement],
            "files": dict(self.files),
            "provenance": dict(self.provenance),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Results:
        """Inverse of `to_json`.

        Raises:
            InputError: the data are not those of a results file.
        """
        try:
            return cls(
                study=str(data["study"]),
                title=str(data.get("title", "")),
                quantities={k: QuantityValue(**_number(v, "value")) for k, v in data["quantities"].items()},
                balances={
                    k: Balance(**{n: v[n] for n in ("residual", "scale", "limit", "unit")})
                    for k, v in data["balances"].items()
                },
                solver=SolverReport(**{**data["solver"], "notes": tuple(data["solver"].get("notes", ()))}),
                checks=tuple(_outcome(c) for c in data["checks"]),
                series={k: tuple(_known(x) for x in v) for k, v in data.get("series", {}).items()},
                spectra=tuple(data.get("spectra", ())),
                refinement=tuple(RefinementStep(**step) for step in data.get("refinement", [])),
                files=dict(data.get("files", {})),
                provenance=dict(data["provenance"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError.single(f"is not a results file of this version ({error})", source=RESULTS_FILE) from error


def _known(value: float | None) -> float:
    """A number that was not finite is null in the file."""
    return math.nan if value is None else value


def _number(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The same mapping with null for a number that was not finite turned back."""
    return {**data, key: math.nan if data[key] is None else data[key]}


def _outcome(data: Mapping[str, Any]) -> CheckOutcome:
    return CheckOutcome(**_number({k: v for k, v in data.items() if k != "pass"}, "value"))


def keep_results(results: Results, study: Study, folder: Path | None, comm: Any) -> None:
    """Write results.json, and study.yaml with every default written out, into a results folder. Collective.

    Args:
        folder: None: nothing is written.
    """
    if folder is None:
        return

    def write() -> None:
        import yaml

        write_json(folder / RESULTS_FILE, results.to_json())
        text = yaml.safe_dump(study.resolved(), sort_keys=False, allow_unicode=True)
        (folder / "study.yaml").write_text(text, encoding="utf-8")

    on_root(comm, write)


def write_json(path: Path, data: Any) -> None:
    """Write JSON beside and rename, so that a reader never sees half a file; numbers that are not finite are
    null."""
    text = json.dumps(_finite(data), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with partial.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _finite(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {str(k): _finite(v) for k, v in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(v) for v in data]
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, str | int | bool | None):
        return data
    if hasattr(data, "item"):  # numpy scalars
        return _finite(data.item())
    return str(data)


def read_results(where: Path) -> Results:
    """Results from a results folder or from a results.json.

    Raises:
        InputError: nothing readable there.
    """
    path = where / RESULTS_FILE if where.is_dir() else where
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError.single(f"no {RESULTS_FILE} there", source=str(where)) from error
    except (OSError, ValueError, RecursionError) as error:
        raise InputError.single(f"cannot be read as {RESULTS_FILE}: {error}", source=str(path)) from error
    if not isinstance(data, dict):
        raise InputError.single(f"is not a {RESULTS_FILE}", source=str(path))
    return Results.from_json(data)


def check_folder(out: Path) -> None:
    """Refuse a folder that results cannot be written to; writes nothing that stays.

    Raises:
        InputError: not writable, in the way of a file, or a folder with something else in it.
    """
    try:
        if out.exists() and not out.is_dir():
            raise InputError.single("is a file; results need a folder", path="--out", value=str(out))
        strange = out.is_dir() and any(out.iterdir()) and not any((out / name).is_file() for name in MARKERS)
        if strange:
            message = "is not empty and holds no results of an earlier run; name another folder"
            raise InputError.single(message, path="--out", value=str(out))
        parent = out.absolute().parent
        while not parent.exists():
            parent = parent.parent
        if not parent.is_dir():
            raise InputError.single(f"{parent} is not a folder", path="--out", value=str(out))
        # Asking for permission is not enough (read-only file systems, root): try, and leave nothing.
        probe = parent / f".ssbfem-{secrets.token_hex(4)}"
        probe.mkdir()
        probe.rmdir()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError.single(f"cannot be written: {reason}", path="--out", value=str(out)) from error


@contextlib.contextmanager
def results_folder(out: Path, comm: Any = None) -> Iterator[Path]:
    """A folder to write into that becomes `out` when the block ends without an error, on all ranks alike.

    Args:
        out: where the results shall be. Earlier results there are replaced, at the end and in one step.
        comm: communicator; collective when given. All ranks get the same folder.

    Raises:
        InputError: as `check_folder`, on all ranks.
    """
    out = out.absolute()
    partial: Path | None = None
    problem: InputError | None = None
    if comm is None or comm.rank == 0:
        try:
            check_folder(out)
            partial = out.with_name(f".{out.name}.partial-{secrets.token_hex(4)}")
            partial.mkdir(parents=True)
        except InputError as error:
            problem = error
        except OSError as error:
            problem = InputError.single(f"cannot be written: {error.strerror}", path="--out", value=str(out))
    if comm is not None:
        partial, problem = comm.bcast((partial, problem))
    if problem is not None or partial is None:
        raise problem or AssertionError
    try:
        yield partial
        if comm is not None:
            comm.barrier()
    except BaseException:
        # No collective call here: other ranks may be elsewhere.
        if comm is None or comm.rank == 0:
            shutil.rmtree(partial, ignore_errors=True)
        raise
    failed = ""
    if comm is None or comm.rank == 0:
        try:
            _take_place(partial, out)
        except OSError as error:
            failed = f"results could not be moved to {out}: {error.strerror}"
    if comm is not None:
        failed = comm.bcast(failed)
    if failed:
        raise SolveError(failed)


def _take_place(partial: Path, out: Path) -> None:
    old = None
    if out.exists():
        old = out.with_name(f".{out.name}.old-{secrets.token_hex(4)}")
        out.rename(old)
    try:
        partial.rename(out)
    except OSError:
        if old is not None:
            old.rename(out)
        raise
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)
