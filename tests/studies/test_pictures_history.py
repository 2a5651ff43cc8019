"""Lines over time and load: an axis shows what changes, not rounding."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studies.pictures import style
from studies.pictures.history import draw_history

NUMBERS = np.arange(40)


@pytest.mark.parametrize(
    ("values", "span"),
    [
        (-2.0 + 1e-14 * (NUMBERS % 3), (-2.02, -1.98)),  # one number but for rounding
        (np.where(NUMBERS < 3, np.nan, 5.0), (4.95, 5.05)),
        (3.7 + 0.001 * NUMBERS, None),  # changes: the axis is that of matplotlib
        (np.zeros(40), None),
    ],
)
def test_no_axis_is_scaled_to_rounding(values: np.ndarray, span: tuple[float, float] | None) -> None:
    axes = style.figure(3.0, 2.0).subplots()
    axes.plot(NUMBERS, values)
    free = axes.get_ylim()
    style.without_rounding(axes, values)
    axes.figure.canvas.draw()
    assert axes.get_ylim() == pytest.approx(free if span is None else span, rel=1e-6)
    assert axes.yaxis.get_major_formatter().get_offset() == ""


def test_a_held_voltage_over_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr(style, "save", lambda made, path, caption: drawn.append(made) or path)
    held = list(-2.0 + 1e-14 * (NUMBERS % 3))
    series = {"time": list(NUMBERS), "protocol_step": [1] * 40, "cell_voltage": held, "cell_current": [1.0] * 40}
    assert draw_history(series, tmp_path / "history.png") == tmp_path / "history.png"
    assert [axes.get_ylim() for axes in drawn[0].axes] == [
        pytest.approx((-2.02, -1.98)),
        pytest.approx((99.0, 101.0)),
    ]  # uA/cm^2
