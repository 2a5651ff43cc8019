"""Files of a study of voids: outlines as a table, pictures, and the animation that the study asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from studies.progress import Progress
    from studies.schema import Study
    from studies.void_evolution.session import VoidSession
    from studies.void_evolution.thresholds import ThresholdSession

__all__ = ["OUTLINES", "write_outputs", "write_thresholds"]

OUTLINES = "outlines.csv"


def write_outputs(study: Study, session: VoidSession, folder: Path, progress: Progress) -> dict[str, str]:
    """Table of outlines, and pictures; file name -> what it shows (collective)."""
    made: dict[str, str] = {}
    if session.comm.rank == 0:
        _write_outlines(study, session, folder / OUTLINES)
        made[OUTLINES] = "points of the outlines of all voids at every time step, in the coordinates of the stack"
        made |= _drawn(study, folder, progress, _pictures_in_time(study, session, folder))
    return dict(session.comm.bcast(made))


def write_thresholds(
    study: Study, session: ThresholdSession, columns: Mapping[str, tuple[float, ...]], folder: Path, progress: Progress
) -> dict[str, str]:
    """The picture of a sweep; file name -> what it shows (collective)."""
    made: dict[str, str] = {}
    if session.comm.rank == 0 and columns:

        def draw() -> Path | None:
            from studies.void_evolution.pictures import draw_thresholds

            return draw_thresholds(columns, folder / "voids.png")

        made = _drawn(study, folder, progress, {"voids": draw})
    return dict(session.comm.bcast(made))


def _pictures_in_time(study: Study, session: VoidSession, folder: Path) -> dict[str, Callable[[], Path | None]]:
    def voids() -> Path | None:
        from studies.void_evolution.pictures import draw_voids

        return draw_voids(study, session, folder / "voids.png")

    def animation() -> Path | None:
        from studies.void_evolution.animation import draw_animation

        return draw_animation(study, session, folder / "voids.gif")

    return {"voids": voids, "animation": animation}


def _drawn(
    study: Study, folder: Path, progress: Progress, ways: Mapping[str, Callable[[], Path | None]]
) -> dict[str, str]:
    from studies.pictures import caption
    from studies.pictures.style import print_style

    wanted = ["voids"] if study.pictures is None else list(study.pictures)
    made: dict[str, str] = {}
    for name, draw in ways.items():
        if name not in wanted:
            continue
        try:
            with print_style():
                path = draw()
        except Exception as error:  # a picture must never end a study
            progress.note(f"picture {name!r} left out: {error or type(error).__name__}")
            continue
        if path is not None:
            made[path.name] = caption(path)
    return made


def _write_outlines(study: Study, session: VoidSession, path: Path) -> None:
    """One row per point."""
    layer = study.void_layer
    assert layer is not None
    low, high = study.stack().span(layer.name)
    upward = study.geometry.layers[-1].name == layer.name
    rows: list[Any] = []
    for number, (time, arcs) in enumerate(zip(session.record.columns["time"], session.record.outlines, strict=True)):
        for k, arc in enumerate(arcs):
            along = low + arc[:, 1] if upward else high - arc[:, 1]
            rows.append(np.column_stack([np.full((len(arc), 3), (number, time, k)), arc[:, 0], along]))
    table = np.concatenate(rows) if rows else np.zeros((0, 5))
    header = "instant,time [s],void,x [m],height [m]"
    np.savetxt(path, table, ("%d", "%.10g", "%d", "%.10g", "%.10g"), ",", header=header, comments="")
