"""Voids over time as an animation, true to scale."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from studies import units
from studies.pictures import style
from studies.void_evolution.pictures import View, said

if TYPE_CHECKING:
    from studies.schema import Study
    from studies.void_evolution.session import VoidSession

__all__ = ["draw_animation"]

FRAMES = 48
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
    chosen: list[int] = []
    for own in numbers:
        places = np.linspace(time[own[0]], time[own[-1]], each)
        found = [int(own[np.argmin(np.abs(time[own] - at))]) for at in places]
        chosen += [k for k in dict.fromkeys(found) if k not in chosen]
    view = View.of(study, record.outlines)
    images = [_frame(session, view, k) for k in sorted(chosen)]
    return _write(images, path, f"animation of the voids over time, {len(images)} frames")


def _frame(session: VoidSession, view: View, number: int) -> Any:
    from PIL import Image

    columns = {name: column[number] for name, column in session.record.columns.items()}
    high = min(style.WIDTH * 0.94 * view.aspect, 4.0)
    made = style.figure(style.WIDTH, high + 0.85)
    axes = made.add_axes((0.03, 0.45 / (high + 0.85), 0.94, high / (high + 0.85)))
    view.ground(axes)
    for arc in session.record.outlines[number]:
        for closed in view.closed(arc):
            axes.fill(*closed.T, facecolor="white", edgecolor="black", linewidth=1.0, zorder=3)
    axes.set_yticks([])
    words = f"{units.format(columns['time'], 'time', 3)}: {said(columns['cell_current'], columns['stack_pressure'])}"
    axes.set_title(f"{words}; contact {100 * columns['contact_fraction']:.0f} %", fontsize=style.FONT)
    made.set_dpi(_DPI)
    made.canvas.draw()
    return Image.fromarray(np.asarray(made.canvas.buffer_rgba())).convert("RGB")


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
