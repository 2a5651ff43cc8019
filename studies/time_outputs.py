"""Fields and pictures of a run in time; the fields of an unfinished run are kept where it can go on with them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fem.output import FieldWriter
from fem.output.writer import together
from studies.outputs import FIELDS, _drawn

if TYPE_CHECKING:
    from fem.model import Model
    from fem.solve.transient import Point
    from studies.progress import Progress
    from studies.schema import Study

__all__ = ["TimeOutputs"]

SPECTRA = "spectra.csv"
MOST_STEPS = 100
"""Of a longer protocol the fields of only so many steps are kept."""


class TimeOutputs:
    """Writes the fields at the beginning, and at the end of the steps of the protocol (collective).

    Args:
        study, model: what is run.
        work: folder of the unfinished run.
        steps: number of steps of the protocol.
        written: states that a run to go on with has written before.
        interval: s between frames; None: the ends of the steps alone.
        jumped: whether cracks have just jumped, which makes a frame.
    """

    def __init__(
        self,
        study: Study,
        model: Model,
        work: Path,
        steps: int,
        written: int,
        interval: float | None = None,
        jumped: Callable[[], bool] = lambda: False,
    ) -> None:
        self.interval, self.jumped = interval, jumped
        self.study, self.work, self.comm = study, work, model.geometry.comm
        self.every = -(-steps // MOST_STEPS)
        self.last = steps - 1
        self.writer = FieldWriter(model, work / FIELDS, series=True)
        if written:
            self.writer.go_on(written)

    @property
    def count(self) -> int:
        """Number of states written."""
        return len(self.writer.contents["steps"])

    def wanted(self, point: Point) -> bool:
        """Whether the fields of this point are kept."""
        if self.count == 0 or self._due(point):
            return True
        return point.ended is not None and (point.step % self.every == 0 or point.step == self.last)

    def _due(self, point: Point) -> bool:
        """Whether it is time for a frame."""
        if self.interval is None:
            return False
        return self.jumped() or point.time - self._last() >= self.interval * (1 - 1e-9)

    def _last(self) -> float:
        """Time of what was written last, s."""
        return float(self.writer.contents["steps"][-1]["label"]["time"])

    def add(self, point: Point) -> None:
        """Write the present state."""
        self.writer.write({"time": point.time, "step": point.name, "current": point.current, "voltage": point.voltage})

    def move_to(self, folder: Path) -> None:
        """Put the fields into the results folder."""
        move = partial(os.replace, self.work / FIELDS, folder / FIELDS) if self.comm.rank == 0 else None
        together(self.comm, move)

    def finish(
        self,
        folder: Path,
        series: Mapping[str, tuple[float, ...]],
        spectra: Sequence[Mapping[str, Any]],
        progress: Progress,
    ) -> dict[str, str]:
        """Draw the pictures and write the table of impedances; file name -> what it shows."""
        files = {FIELDS: "fields at the ends of the steps for ParaView (fields.pvd, interfaces.pvd), and tables"}
        if spectra:
            write = partial(_write_spectra, spectra, folder / SPECTRA)
            together(self.comm, write if self.comm.rank == 0 else None)
            files[SPECTRA] = "impedance and its parts over the frequency, at every instant"
        return files | _drawn(folder, self.study, series, self.comm, progress, spectra)


def _write_spectra(spectra: Sequence[Mapping[str, Any]], path: Path) -> None:
    """A row per instant and frequency."""
    names = list(spectra[0]["columns"])
    lines = [",".join(["time [s]", "step", *(_titled(name) for name in names)])]
    for spectrum in spectra:
        begin = f"{spectrum['time']:.9g},{spectrum['step']}"
        rows = zip(*(spectrum["columns"][name] for name in names), strict=True)
        lines += [",".join([begin, *(f"{value:.9g}" for value in row)]) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _titled(name: str) -> str:
    return f"{name} [{'Hz' if name == 'frequency' else 'ohm m^2'}]"
