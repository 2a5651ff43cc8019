"""Voids over time as an animation, true to scale."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from studies import units
from studies.pictures import style
from studies.void_evolution.pictures import View, said

if TYPE_CHECKING:
    from studies.schema import Study
    from studies.void_evolution.session import VoidSession

Floats = npt.NDArray[np.float64]

__all__ = ["draw_animation"]

FRAMES = 36
_FRAME, _LAST = 110, 1500
"""Milliseconds that a frame stays, and the last one."""
_DPI = 110


def draw_animation(study: Study, session: VoidSession, path: Path) -> Path | None:
    """Draw the voids as an animation, as many frames for every step of the protocol that changes them.

    Args:
        study, session: a run. path: GIF to write.

    Returns:
        `path`, or None when there is only one instant.
    """
    record = session.record
    time = np.array(record.columns["time"])
    if len(time) < 2:
        return None
    step = np.array(record.columns["protocol_step"], dtype=int)
    wanted = FRAMES if study.time is None or study.time.frames is None else study.time.frames
    numbers = [np.flatnonzero(step == k) for k in np.unique(step)]
    each = max(2, wanted // len(numbers))
    view = View.of(study, record.outlines)
    images = []
    for own in numbers:
        for at in np.linspace(time[own[0]], time[own[-1]], each if time[own[-1]] > time[own[0]] else 1):
            after = int(own[min(int(np.searchsorted(time[own], at)), len(own) - 1)])
            before = max(after - 1, int(own[0]))
            way = time[after] - time[before]
            images.append(_frame(session, view, before, after, (at - time[before]) / way if way > 0 else 1.0))
    what = f"animation of the voids over time, {len(images)} frames; straight ways between time steps"
    return _write(images, path, what)


def _frame(session: VoidSession, view: View, before: int, after: int, share: float) -> Any:
    """A picture between two instants of a step."""
    from PIL import Image

    record = session.record
    columns = {n: (1 - share) * column[before] + share * column[after] for n, column in record.columns.items()}
    high = min(style.WIDTH * 0.94 * view.aspect, 4.0)
    made = style.figure(style.WIDTH, high + 0.85)
    axes = made.add_axes((0.03, 0.45 / (high + 0.85), 0.94, high / (high + 0.85)))
    view.ground(axes)
    for arc in between(record.outlines[before], record.outlines[after], share):
        for closed in view.closed(arc):
            axes.fill(*closed.T, facecolor="white", edgecolor="black", linewidth=1.0, zorder=3)
    axes.set_yticks([])
    words = f"{units.format(columns['time'], 'time', 3)}: {said(columns['cell_current'], columns['stack_pressure'])}"
    axes.set_title(f"{words}; contact {100 * columns['contact_fraction']:.0f} %", fontsize=style.FONT)
    made.set_dpi(_DPI)
    made.canvas.draw()
    return Image.fromarray(np.asarray(made.canvas.buffer_rgba())).convert("RGB")


def between(one: Sequence[Floats], other: Sequence[Floats], share: float) -> list[Floats]:
    """Outlines at a share of the way from one instant to the next; those of the nearer one where voids came or went."""
    if len(one) != len(other) or any(a.shape != b.shape for a, b in zip(one, other, strict=True)):
        return list(one if share < 0.5 else other)
    return [(1 - share) * a + share * b for a, b in zip(one, other, strict=True)]


def _write(images: list[Any], path: Path, caption: str) -> Path:
    """The file appears whole or not at all; all frames have the palette of the first."""
    first = images[0].quantize(colors=64)
    frames = [first, *(image.quantize(palette=first, dither=0) for image in images[1:])]
    beside = path.with_name(f".{path.name}.part")
    times = [_FRAME] * (len(frames) - 1) + [_LAST]
    about = caption.encode("ascii", "replace")
    frames[0].save(beside, format="GIF", save_all=True, append_images=frames[1:], duration=times, loop=0, comment=about)
    beside.replace(path)
    return path
