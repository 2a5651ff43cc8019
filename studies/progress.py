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


class Silent:
    """Says nothing."""

    def phase(self, title: str) -> AbstractContextManager[None]:
        """See `Progress`."""
        return contextlib.nullcontext()

    def step(self, done: int, total: int, what: str = "") -> None:
        """See `Progress`."""

    def note(self, message: str) -> None:
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
        self._last = 0.0

    @contextlib.contextmanager
    def phase(self, title: str) -> Iterator[None]:
        """See `Progress`."""
        indent = "  " * len(self._open)
        self._open.append(title)
        start = time.perf_counter()
        if self._live:
            self._write(f"\r{indent}{title} …\033[K")
        try:
            yield
        except BaseException:
            if self._live:
                self._write("\r\033[K")
            raise
        finally:
            self._open.pop()
        seconds = time.perf_counter() - start
        self._write(
            f"\r{indent}{title}  {seconds:.1f} s\033[K\n"
            if self._live
            else f"{indent}{title}  {seconds:.1f} s\n"
        )

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

    def note(self, message: str) -> None:
        """See `Progress`."""
        self._write(f"\r{message}\033[K\n" if self._live else f"{message}\n")

    def _write(self, text: str) -> None:
        # A closed terminal must not end a long run.
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()
