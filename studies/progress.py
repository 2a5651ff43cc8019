"""How long work tells that it is alive: phases with their time, on standard error, from rank 0 only."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol, TextIO


class Progress(Protocol):
    """What a run reports to. Every rank may call it; only one of them speaks."""

    def phase(self, title: str) -> AbstractContextManager[None]:
        """Enclose a piece of work that takes more than a moment."""
        ...

    def step(self, done: int, total: int, what: str = "") -> None:
        """Within a phase: so much of it is done."""
        ...

    def note(self, message: str) -> None:
        """Something that the user should know, such as a fallback."""
        ...

    def status(self, message: str) -> None:
        """Where the phase stands, in words; often, and forgotten at once."""
        ...


class Silent:
    """Says nothing."""

    def phase(self, title: str) -> AbstractContextManager[None]:
        """See `Progress`."""
        return contextlib.nullcontext()

    def step(self, done: int, total: int, what: str = "") -> None:
        """See `Progress`."""

    def note(self, message: str) -> None:
        """See `Progress`."""

    def status(self, message: str) -> None:
        """See `Progress`."""


class Console:
    """Writes one line per phase with its wall time; on a terminal the line of a running phase is rewritten.

    Args:
        stream: where to write, default standard error.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._live = self._stream.isatty()
        self._open: list[str] = []
        self._announced = 0
        self._last = 0.0

    @contextlib.contextmanager
    def phase(self, title: str) -> Iterator[None]:
        """See `Progress`."""
        self._announce()
        indent = "  " * len(self._open)
        self._open.append(title)
        start = self._last = time.perf_counter()
        if self._live:
            self._write(f"\r{indent}{title} …\033[K")
        try:
            yield
        except BaseException:
            if self._live:
                self._write("\r\033[K")
            raise
        finally:
            depth = len(self._open)
            self._open.pop()
            had_parts = self._announced >= depth
            self._announced = min(self._announced, depth - 1)
        seconds = time.perf_counter() - start
        self._line(f"{indent}{title}{': all' if had_parts else ''}  {seconds:.1f} s")

    def _announce(self) -> None:
        """Give the phases that are open a line of their own before anything is written below them."""
        for depth in range(self._announced, len(self._open)):
            self._line(f"{'  ' * depth}{self._open[depth]}")
        self._announced = len(self._open)

    def _line(self, text: str) -> None:
        self._write(f"\r{text}\033[K\n" if self._live else f"{text}\n")

    def step(self, done: int, total: int, what: str = "") -> None:
        """See `Progress`."""
        now = time.perf_counter()
        often = 0.1 if self._live else 10.0
        if now - self._last < often and done < total:
            return
        self._last = now
        title = self._open[-1] if self._open else ""
        indent = "  " * max(len(self._open) - 1, 0)
        text = f"{indent}{title} {done} of {total} {what}".rstrip()
        if self._live:
            self._write(f"\r{text}\033[K")
        elif done < total:
            self._write(f"{text}\n")

    def status(self, message: str) -> None:
        """See `Progress`."""
        now = time.perf_counter()
        if now - self._last < (0.1 if self._live else 10.0):
            return
        self._last = now
        title = self._open[-1] if self._open else ""
        text = f"{'  ' * max(len(self._open) - 1, 0)}{title} {message}"
        self._write(f"\r{text}\033[K" if self._live else f"{text}\n")

    def note(self, message: str) -> None:
        """See `Progress`."""
        self._announce()
        self._line("  " * len(self._open) + message)

    def _write(self, text: str) -> None:
        # A closed terminal must not end a long run.
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()


def remaining_time(spent: float, done: float, left: float) -> str:
    """``, about 3 min left`` from the wall time that a part took; empty as long as nothing can be said.

    Args:
        spent: wall seconds so far. done, left: sizes of what is done and what is left, same unit.
    """
    if done <= 0.0 or spent < 2.0:
        return ""
    seconds = spent * left / done
    if seconds < 90.0:
        return f", about {seconds:.0f} s left"
    return f", about {seconds / 60.0:.0f} min left" if seconds < 5400.0 else f", about {seconds / 3600.0:.1f} h left"
