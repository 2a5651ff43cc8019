"""What can go wrong as the user sees it: three errors, their exit statuses, one formatter.

| error | exit | meaning |
|---|---|---|
| `CheckFailure` | 1 | the study ran, but a check or a balance did not hold |
| `InputError` | 2 | a file, a key, a value or an option is wrong; nothing was computed and nothing written |
| `SolveError` | 3 | the mesh, the assembly or the solver failed |
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

EXIT_OK = 0
EXIT_CHECK = 1
EXIT_INPUT = 2
EXIT_SOLVE = 3
EXIT_INTERRUPTED = 130

_LONGEST_VALUE = 70


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an input.

    Attributes:
        path: the key path in the user's file, such as ``geometry.layers.anode.thickness``; empty for the
        whole file.
        value: what was given there; `MISSING` when nothing was.
        message: what is wrong and what is allowed instead.
        line: line of the file (from 1), when known.
    """

    path: str
    value: Any
    message: str
    line: int | None = None


class _Missing:
    """The value of a `Problem` about something that is not there."""

    def __repr__(self) -> str:
        return "(missing)"


MISSING: Any = _Missing()


class StudyError(Exception):
    """Base of the errors that end a command with a message and no traceback."""

    exit_status = EXIT_SOLVE


class InputError(StudyError):
    """The input is wrong: carries every problem found, not only the first.

    Args:
        problems: what is wrong; at least one.
        source: the file or option that the problems are in, for the headline.
    """

    exit_status = EXIT_INPUT

    def __init__(self, problems: Iterable[Problem], source: str = "") -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        self.source = source
        if not self.problems:
            raise ValueError("an InputError needs at least one problem")
        super().__init__(format_problems(self.problems, source))

    @classmethod
    def single(cls, message: str, *, path: str = "", value: Any = MISSING, source: str = "") -> InputError:
        """An error of one problem."""
        return cls([Problem(path, value, message)], source)

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions pickle by their args; this one is sent from rank to rank.
        return (InputError, (self.problems, self.source))


class SolveError(StudyError):
    """Meshing or solving failed; the message says what was tried."""

    exit_status = EXIT_SOLVE


class CheckFailure(StudyError):
    """The run is complete and its results are written, but checks or balances did not hold."""

    exit_status = EXIT_CHECK

    def __init__(self, failures: Sequence[str]) -> None:
        self.failures = tuple(failures)
        super().__init__("\n".join(self.failures))

    def __reduce__(self) -> tuple[Any, ...]:
        return (CheckFailure, (self.failures,))


def show_value(value: Any) -> str:
    """A given value on one short line, whatever it is."""
    if value is MISSING:
        return "(missing)"
    try:
        text = value if isinstance(value, str) and value.strip() == value and value else repr(value)
    except Exception:  # a value that cannot show itself must not hide the problem
        text = f"<{type(value).__name__}>"
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def format_problems(problems: Sequence[Problem], source: str = "") -> str:
    """The message for a list of problems: key path, line, given value and what is allowed for each."""
    if len(problems) == 1 and not problems[0].path:
        where = f"{source}: " if source else ""
        line = f"line {problems[0].line}: " if problems[0].line else ""
        return f"{where}{line}{problems[0].message}"
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    lines = [f"{source or 'input'} has {count}:"]
    for problem in problems:
        where = problem.path or "(file)"
        line = f" (line {problem.line})" if problem.line else ""
        given = "" if problem.value is MISSING else f": {show_value(problem.value)}"
        lines.append(f"  {where}{line}{given}")
        lines.extend(f"      {row}" for row in problem.message.splitlines() or [""])
    return "\n".join(lines)


def format_error(error: BaseException) -> str:
    """The user's message for any error of a command: one block of text without a traceback."""
    if isinstance(error, InputError):
        return f"error: {error}"
    if isinstance(error, CheckFailure):
        return "\n".join(f"check failed: {failure}" for failure in error.failures)
    if isinstance(error, SolveError):
        return f"solve failed: {error}"
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if isinstance(error, MemoryError):
        return "out of memory: use a coarser mesh, lower degrees or more ranks"
    text = str(error).strip() or "no message"
    return f"internal error ({type(error).__name__}): {text}\n  set SSBFEM_DEBUG=1 to see where"


def translate(error: BaseException) -> BaseException:
    """The user's error for what the core and the meshes raise; other errors as they are."""
    from fem.errors import CheckpointError, ConvergenceError, ModelError
    from meshes.problems import MeshError, MeshProblem

    if isinstance(error, StudyError):
        return error
    if isinstance(error, MeshProblem):
        return InputError((Problem(p.path, p.value, p.message) for p in error.problems), "geometry")
    if isinstance(error, CheckpointError):
        return InputError.single(str(error), source="checkpoint")
    if isinstance(error, ModelError):
        return InputError.single(str(error), source="model")
    if isinstance(error, ConvergenceError | MeshError):
        return SolveError(str(error))
    if isinstance(error, ModuleNotFoundError):
        return SolveError(f"{error.name} is not installed here; run inside the environment: containers/run ssbfem ...")
    return error


def exit_status(error: BaseException) -> int:
    """The process status that belongs to an error."""
    if isinstance(error, StudyError):
        return error.exit_status
    if isinstance(error, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    return EXIT_SOLVE
