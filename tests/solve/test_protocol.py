"""Protocols: values, slopes and breakpoints of steps, cut-offs, cycles."""

import math

import numpy as np
import pytest

from fem.protocol import Cutoff, Protocol, ProtocolError, Step, repeated

PULSES = Step("pulses", "current", (0.0, 1.0, 1.0, 3.0, 3.0, 4.0, 4.0), (5.0, 5.0, 0.0, 0.0, 5.0, 5.0, 0.0), 6.0)
RAMP = Step.ramp("ramp", "voltage", (0.1, 0.3), 4.0)
TABLE = Step("table", "current", (0.0, 1.0, 2.0, 5.0), (0.0, 2.0, 4.0, 1.0), 8.0)


def test_constant_step() -> None:
    step = Step.constant("charge", "current", 10.0, 60.0)
    assert [step.value_at(t) for t in (0.0, 1.0, 60.0)] == [10.0, 10.0, 10.0]
    assert step.slope_at(30.0) == 0.0
    assert step.breakpoints() == ()
    assert not step.is_rest
    assert Step.constant("rest", "current", 0.0, 1.0).is_rest
    assert not Step.constant("short circuit", "voltage", 0.0, 1.0).is_rest


def test_ramp_goes_from_one_value_to_the_other() -> None:
    assert RAMP.value_at(0.0) == pytest.approx(0.1)
    assert RAMP.value_at(1.0) == pytest.approx(0.15)
    assert RAMP.value_at(4.0, "before") == pytest.approx(0.3)
    assert RAMP.value_at(4.0) == pytest.approx(0.3)
    assert RAMP.slope_at(4.0, "before") == pytest.approx(0.05)
    assert RAMP.breakpoints() == ()


def test_jumps_have_two_sides() -> None:
    assert PULSES.breakpoints() == (1.0, 3.0, 4.0)
    assert PULSES.jumps() == (1.0, 3.0, 4.0)
    assert PULSES.value_at(1.0, "before") == 5.0
    assert PULSES.value_at(1.0) == 0.0
    assert PULSES.value_at(3.0, "before") == 0.0
    assert PULSES.value_at(3.0, "after") == 5.0
    assert PULSES.value_at(5.9) == 0.0


def test_kinks_are_breakpoints_and_points_on_a_line_are_none() -> None:
    assert TABLE.breakpoints() == (2.0, 5.0)  # at 1 s the line goes straight on
    assert TABLE.jumps() == ()
    assert TABLE.slope_at(2.0, "before") == pytest.approx(2.0)
    assert TABLE.slope_at(2.0, "after") == pytest.approx(-1.0)
    assert TABLE.slope_at(7.0) == 0.0


def test_between_breakpoints_the_slope_is_the_derivative() -> None:
    for step in (PULSES, RAMP, TABLE):
        for t in np.linspace(0.05, step.duration - 0.07, 41):
            h = 1e-3
            if all(abs(t - b) > h for b in step.breakpoints()):
                assert (step.value_at(t + h) - step.value_at(t - h)) / (2 * h) == pytest.approx(
                    step.slope_at(t), abs=1e-9
                )


def test_charge_is_the_integral_of_the_current() -> None:
    assert PULSES.charge_between(0.0, 6.0) == pytest.approx(10.0)
    assert TABLE.charge_between(0.0, 8.0) == pytest.approx(4.0 + 7.5 + 3.0)
    assert TABLE.charge_between(0.5, 1.5) == pytest.approx(2.0)
    with pytest.raises(ProtocolError, match="controls the voltage"):
        RAMP.charge_between(0.0, 1.0)


def test_margin_is_positive_until_the_event() -> None:
    below, above = Cutoff("voltage", "below", 2.8), Cutoff("charge", "above", 100.0)
    assert below.margin(3.0) > 0 > below.margin(2.7)
    assert above.margin(50.0) > 0 > above.margin(100.1)
    assert below.margin(2.8) == above.margin(100.0) == 0.0


def test_cycles_are_written_out() -> None:
    steps = repeated([Step.constant("a", "current", 1.0, 2.0), Step.constant("b", "current", -1.0, 3.0)], 3)
    assert [s.name for s in steps][:3] == ["cycle 1: a", "cycle 1: b", "cycle 2: a"]
    protocol = Protocol((*steps, PULSES))
    assert protocol.duration == pytest.approx(21.0)
    assert protocol.breakpoints == 10
    assert protocol.remaining(4, 0.5) == pytest.approx(1.5 + 3.0 + 6.0)
    assert protocol.remaining(6, 10.0) == 0.0


@pytest.mark.parametrize(
    ("times", "values", "duration", "why"),
    [
        ((0.0,), (1.0,), 0.0, "duration"),
        ((0.0,), (1.0,), math.inf, "duration"),
        ((), (), 1.0, "0 times"),
        ((0.0, 1.0), (1.0,), 1.0, "2 times and 1 values"),
        ((1.0,), (1.0,), 1.0, "first time"),
        ((0.0, 2.0, 1.0), (1.0, 1.0, 1.0), 3.0, "not decrease"),
        ((0.0, 0.0), (1.0, 2.0), 3.0, "very beginning"),
        ((0.0, 1.0, 1.0, 1.0), (1.0, 2.0, 3.0, 4.0), 3.0, "three times"),
        ((0.0, 1.0), (1.0, math.nan), 3.0, "finite"),
    ],
)
def test_senseless_steps_are_refused(
    times: tuple[float, ...], values: tuple[float, ...], duration: float, why: str
) -> None:
    with pytest.raises(ProtocolError, match=why):
        Step("x", "current", times, values, duration)


def test_senseless_cutoffs_and_protocols_are_refused() -> None:
    with pytest.raises(ProtocolError, match="belongs to the cell"):
        Cutoff("voltage", "below", 1.0, region="electrolyte")
    with pytest.raises(ProtocolError, match="finite"):
        Cutoff("voltage", "below", math.nan)
    with pytest.raises(ProtocolError, match="initial_step"):
        Step.constant("x", "current", 1.0, 1.0, initial_step=0.0)
    with pytest.raises(ProtocolError, match="at least one"):
        Protocol(())
