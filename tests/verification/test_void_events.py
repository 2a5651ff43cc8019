"""What happens to several voids: they merge, heal, leave the electrolyte, cut the contact off; plating takes it back.

Lithium is conserved through every event, the volumes are those of the arcs, and the contact is what the arcs leave.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from dolfinx import fem
from mpi4py import MPI

from fem.dissipation.norton import Norton
from fem.errors import ModelError
from fem.voids import events
from fem.voids.body import Body
from fem.voids.evolve import Evolution, Instant, TimeSettings
from fem.voids.outline import Cell, arc_of_circle, contact_borders, contact_share, resampled
from fem.voids.points import point_velocities, void_volume
from fem.voids.rates import Interface, Lithium, Physics
from fem.voids.sites import Site
from fem.voids.surface import area_vectors

Floats = npt.NDArray[np.float64]
COMM = MPI.COMM_WORLD
UM = 1e-6
NEWTONIAN = Norton(2e5, 1.0, 37e3)
GAMMA = 0.5


def half(place: float, radius: float, edges: int = 8) -> Floats:
    """Half a disc on the electrolyte, um."""
    return arc_of_circle(radius * UM, edges, (place * UM, 0.0), 180.0)


def evolution(
    cell: Cell, arcs: Sequence[Floats], current: float, pressure: float = 0.0, comm: Any = COMM, **settings: Any
) -> Evolution:
    """Voids in lithium whose vacancies find sinks within 3 um."""
    chosen = TimeSettings(**{"edges": 8, "tolerance": 5e-3, **settings})
    lithium = Lithium(NEWTONIAN, self_diffusivity=6.8e-15)
    loads = (lambda time, arcs: pressure), (lambda time, arcs: current)
    return Evolution(comm, cell, arcs, lithium, Interface(sink_length=3 * UM), *loads, chosen)


def until(run: Evolution, event: str, time: float) -> list[Instant]:
    """The instants of a run up to an event."""
    found = []
    for instant in run.run(time):
        found.append(instant)
        if instant.event == event:
            return found
    raise AssertionError(f"no {event}, but {[i.event for i in found]}")


def conserved(run: Evolution, instants: Sequence[Instant], scale: float | None = None) -> None:
    """Lithium is, to 1e-6; the arcs have the volumes, and the contact is what they leave."""
    width = run.cell.contact_width
    area = math.pi * width**2 if run.cell.axisymmetric else width
    first = instants[0]
    for one in instants:
        void = one.volumes.sum() + one.healed - first.volumes.sum() - first.healed
        strip, way = one.stripped - first.stripped, one.recession - first.recession
        assert abs(strip - way * area - void) < 1e-6 * (scale or max(abs(void), 1e-30))
        found = [void_volume(run.cell, arc) for arc in one.arcs]
        assert found == pytest.approx(list(one.volumes), rel=1e-7)
        assert one.contact == pytest.approx(contact_share(run.cell, one.arcs), abs=2e-4)


# ---------------------------------------------------------------------- arcs alone
def test_several_voids_join_at_once() -> None:
    """Gaps shorter than an edge vanish, in one go; volumes of members are known; a longer gap stays."""
    cell = Cell.box(20 * UM, 5 * UM)
    edge = 2 * math.sin(math.pi / 16)  # of discs of 1 um
    arcs = [half(9 - 0.02, 1.0), half(3, 1.0), half(5 + 0.9 * edge, 1.0), half(7 + 0.95 * edge, 1.0), half(16, 1.0)]
    made, members = events.joined(cell, arcs)
    assert members == [[1, 2, 3], [0], [4]]
    assert made[0][[0, -1], 0] == pytest.approx([2 * UM, (8 + 0.95 * edge) * UM])
    assert len(made[0]) == 3 * 9 - 4
    corner = arc_of_circle(UM, 4)
    roof = np.array([[0.0, 4.0], [0.5, 3.0], [0.0, 1.2]]) * UM
    assert len(events.joined(cell, [corner, roof])[0]) == 1  # along the plane of symmetry, too
    assert len(events.joined(cell, [half(1.05, 1.0), roof])[0]) == 2  # not round a corner


def test_lips_that_have_closed_are_taken_away() -> None:
    """Points next to the ends that are down go; the end moves to the last of them; planes of symmetry have no lips."""
    cell = Cell.box(20 * UM, 5 * UM)
    arc = np.array([[2, 0], [3, 0.05], [4, 1], [5, 2], [6, 1], [7, 0.1], [8, 0.14], [9, 0.05], [10, 0]]) * UM
    made = events.trimmed(cell, arc)
    assert made / UM == pytest.approx(np.array([[3, 0], [4, 1], [5, 2], [6, 1], [7, 0]]))
    corner = np.array([[0, 0.1], [1, 0.1], [2, 1.0], [3, 1.0], [4, 0.1], [5, 0.0]]) * UM
    assert events.trimmed(cell, corner) / UM == pytest.approx(np.array([[0, 0.1], [1, 0.1], [2, 1], [3, 1], [4, 0]]))
    high = arc_of_circle(3 * UM, 8)
    assert events.trimmed(cell, high) is high or np.array_equal(events.trimmed(cell, high), high)


def test_necks_are_cut() -> None:
    """Where the surface is down between the ends, voids part; two necks make three; one that hangs over stays."""
    cell = Cell.box(20 * UM, 5 * UM)
    x = np.arange(21.0)
    y = np.where(np.isin(x, [0, 7, 8, 14, 20]), 0.05, 1.0)
    y[[0, -1]] = 0.0
    arc = np.column_stack([x, y]) * UM
    arc[14, 1] = -0.1 * UM
    parts = events.pieces(cell, arc)
    assert [part[[0, -1], 0] / UM for part in parts] == [pytest.approx(p) for p in ([0, 6.5], [8.5, 13.5], [14.5, 20])]
    assert all(np.all(part[[0, -1], 1] == 0) for part in parts)
    assert [len(part) for part in parts] == [8, 7, 7]
    over = np.array([[4, 0], [3, 1], [2, 2], [6, 3], [5, 0.05], [4.5, 1], [8, 4], [9, 3], [9, 1], [8, 0.0]]) * UM
    assert len(events.pieces(cell, over)) == 1
    inside = np.array([[0, 4], [1, 3], [1.5, 0.05], [1, 0.05], [1, 0.1], [0.5, 0.4], [0, 1]]) * UM
    assert len(events.pieces(cell, inside)) == 1  # does not touch: a film of lithium is no neck
    assert not events.through_electrolyte(cell, arc)
    arc[14, 1] = -0.6 * UM
    assert events.through_electrolyte(cell, arc)


def test_ends_go_round_corners() -> None:
    """An end on the electrolyte goes over to the plane of symmetry within an edge, on both sides and in both ways."""
    cell = Cell.box(10 * UM, 5 * UM)
    for place, end, x in ((1.3, 0, 0.0), (8.7, -1, 10.0)):
        moved = events.across_corner(cell, half(place, 1.0))
        assert moved is not None
        assert moved[end] / UM == pytest.approx([x, math.sin(math.pi / 8)])
        assert events.touches(cell, moved)
    assert events.across_corner(cell, half(1.5, 1.0)) is None
    bubble = np.array([[0, 4], [1, 3], [1, 2], [0.5, 1], [0.3, 0]]) * UM
    moved = events.across_corner(cell, bubble)
    assert moved is not None
    assert moved[-1] / UM == pytest.approx([0, 1])
    assert not events.touches(cell, moved)


def test_ends_that_pass_each_other() -> None:
    """A foot that turned inside out is seen, round a corner, too; one that moved or closed is not."""
    cell = Cell.box(10 * UM, 5 * UM)
    foot = np.array([[4.9, 0], [4, 1], [5, 2], [6, 1], [5.1, 0]]) * UM
    inside_out = foot.copy()
    inside_out[[0, -1], 0] = [5.1 * UM, 4.9 * UM]
    assert events.turned(cell, foot, inside_out)
    assert not events.turned(cell, foot, foot + np.array([3 * UM, 0.0]))
    corner = arc_of_circle(4 * UM, 4)
    assert not events.turned(cell, corner, 0.1 * corner)
    assert events.closing(cell, foot, 5 * UM)
    assert not events.closing(cell, foot, 3 * UM)
    assert not events.closing(cell, 0.01 * corner, UM)


def test_stuck_lithium_does_not_slide() -> None:
    """The velocity along the electrolyte vanishes where lithium sticks to it, and the void closes more slowly."""
    cell, closing = Cell.box(4 * UM, 3 * UM), []
    for stuck in (False, True):
        physics = Physics(Body(COMM, cell, [arc_of_circle(UM, 8)]), Lithium(NEWTONIAN), Interface(stuck=stuck), 1e6)
        closing.append(-float(physics.rates(1e6, 0.0).growth[0]))
        flow = physics.flow
        facets = physics.body.tagged.facets_of("contact")
        dofs = fem.locate_dofs_topological(flow.space.sub(0).sub(0), 1, facets)
        sliding = float(np.max(np.abs(flow.state.x.array[dofs]), initial=0.0))
        fastest = float(np.max(np.abs(flow.state.x.array), initial=0.0))
        share = COMM.allreduce(sliding, op=MPI.MAX) / COMM.allreduce(fastest, op=MPI.MAX)
        assert share < 1e-12 if stuck else share > 0.01
    assert 0.1 * closing[0] < closing[1] < 0.9 * closing[0]


def test_contact_between_voids() -> None:
    """Borders of contact for voids in corners, on planes of symmetry, across everything, in any order."""
    cell = Cell.box(10 * UM, 5 * UM)
    inside = np.array([[0.0, 4.0], [0.5, 3.5], [0.0, 3.0]]) * UM
    right = np.array([[9.0, 0.0], [9.3, 0.7], [10.0, 1.0]]) * UM
    arcs = [right, half(5, 1.0), inside, arc_of_circle(UM, 4)]
    assert np.array(contact_borders(cell, arcs)) / UM == pytest.approx([1, 4, 6, 9])
    assert np.array(contact_borders(cell, [])) / UM == pytest.approx([0, 10])
    whole = np.array([[0.0, 1.0], [5.0, 2.0], [10.0, 1.0]]) * UM
    assert contact_borders(cell, [whole]) == []
    assert contact_share(cell, [whole]) == 0.0
    assert contact_share(cell, arcs) == pytest.approx(0.6)
    assert contact_share(replace(cell, axisymmetric=True), arcs) == pytest.approx(0.16 - 0.01 + 0.81 - 0.36)


def test_solvers_of_old_meshes_are_freed() -> None:
    """On several ranks PETSc keeps what is not destroyed, to the last factorisation of a long run."""
    run = evolution(Cell.box(6 * UM, 5 * UM), [half(3, 1.0)], 10.0, 1e5, MPI.COMM_SELF)
    list(run.run(1e-3))
    old, newton = run.physics, run.physics.flow._newton
    assert old.vacancies is not None
    assert run.body._extension is not None
    solvers = [newton._ksp, newton._matrix, newton._rest, old.vacancies._ksp, run.body._extension._ksp]
    assert all(solvers)
    run.restore(run.state())
    assert not any(solvers)
    assert list(run.run(2e-3))[-1].time == 2e-3


def test_the_end_of_a_run_may_be_near() -> None:
    """What is left of a run may be a tiny part of it (after rounding, or a condition): the last step is no failure."""
    run = evolution(Cell.box(6 * UM, 5 * UM), [half(3, 1.0)], 0.0, 1e5, MPI.COMM_SELF)
    assert list(run.run(1.0))[-1].time == 1.0
    assert list(run.run(1.0 + 1e-10))[-1].time == 1.0 + 1e-10


# ---------------------------------------------------------------------- runs
def test_voids_merge_with_each_other() -> None:
    """Two voids that grow together become one with the volume of both; the gap between them is what contact loses."""
    run = evolution(Cell.box(6 * UM, 3 * UM), [half(2.1, 0.8), half(3.9, 0.8)], 20.0)
    instants = until(run, "merged", 100.0)
    conserved(run, instants)
    before, after = instants[-2], instants[-1]
    assert [len(before.arcs), len(after.arcs)] == [2, 1]
    assert len(after.arcs[0]) == 16  # the edges of both, less one
    grown = (after.stripped - before.stripped) - (after.recession - before.recession) * 6 * UM
    assert after.volumes[0] == pytest.approx(before.volumes.sum() + grown, rel=1e-9)
    assert after.volumes[0] > before.volumes.sum()
    gap = before.arcs[1][0, 0] - before.arcs[0][-1, 0]
    assert 0 < gap < 0.25 * UM
    later = until(run, "", run.state().time + 1.0)  # goes on
    assert later[0].volumes[0] == pytest.approx(after.volumes[0], rel=1e-12)


@pytest.mark.parametrize(("axisymmetric", "current"), [(False, 20.0), (True, 20.0)])
def test_voids_merge_with_their_images(axisymmetric: bool, current: float) -> None:
    """A void that reaches the plane of symmetry, or a ring that reaches the axis, ends there from then on."""
    run = evolution(Cell.box(4 * UM, 3 * UM, axisymmetric), [half(1.1, 0.8)], current)
    instants = until(run, "merged", 200.0)
    conserved(run, instants)
    last = instants[-1]
    assert last.arcs[0][0, 0] == 0.0
    assert last.arcs[0][0, 1] > 0.1 * UM
    power = 2 if axisymmetric else 1
    assert last.contact == pytest.approx(1 - (last.arcs[0][-1, 0] / (4 * UM)) ** power, abs=2e-4)
    assert len(until(run, "", last.time + 1.0)) == 1


def test_contact_is_lost_and_plated_again() -> None:
    """The run ends when contact is lost; plating from there brings it back, and the lithium is where it was."""
    run = evolution(Cell.box(1.5 * UM, 2 * UM, True), [arc_of_circle(0.8 * UM, 8)], 20.0, contact=0.5)
    instants = until(run, "contact lost", 100.0)
    assert instants[-1].contact < 0.5 < instants[-2].contact
    assert instants[-1].time < 99.0
    run.current_density = lambda time, arcs: -20.0
    back = list(run.run(2 * instants[-1].time))
    assert not any(i.event for i in back)
    assert [i.contact for i in back] == sorted(i.contact for i in back)
    conserved(run, [*instants, *back], instants[-1].stripped)
    assert back[-1].stripped == pytest.approx(0.0, abs=1e-9 * instants[-1].stripped)
    # creeping flow without pressure and tension runs backwards the way it came
    assert back[-1].volumes[0] == pytest.approx(instants[0].volumes[0], rel=5e-3)
    assert back[-1].recession == pytest.approx(0.0, abs=2e-2 * instants[-1].recession)
    # (no contact is lost at once where too little is left but it grows)
    assert back[0].contact < 0.5


def test_the_last_contact_is_plated_again() -> None:
    """Contact is lost, too, when its last piece is shorter than an edge; plating from there is no event."""
    run = evolution(Cell.box(2 * UM, 2 * UM), [arc_of_circle(1.7 * UM, 8)], 20.0)
    instants = until(run, "contact lost", 100.0)
    conserved(run, instants)
    assert 0.02 < instants[-1].contact < 0.15
    run.current_density = lambda time, arcs: -20.0
    back = list(run.run(instants[-1].time + 0.05))
    assert len(back) > 1
    assert not any(i.event for i in back)
    assert back[-1].contact > back[0].contact


def test_plating_is_stripping_backwards() -> None:
    """Without pressure and tension all velocities change their sign with the current, for any exponent."""
    cell = Cell.box(5 * UM, 4 * UM)
    lithium = Lithium(Norton(2e5, 4.0, 37e3), self_diffusivity=6.8e-15)
    arcs, settings = [arc_of_circle(UM, 8), half(3.5, 0.5)], TimeSettings(edges=8)
    run = Evolution(
        COMM, cell, arcs, lithium, Interface(sink_length=2 * UM), lambda t, a: 0.0, lambda t, a: 1.0, settings
    )
    one, other = (run.physics.rates(0.0, current) for current in (20.0, -20.0))
    assert one.growth.min() > 0
    np.testing.assert_allclose(other.growth, -one.growth, rtol=1e-6)
    for there, back in zip(one.velocities, other.velocities, strict=True):
        np.testing.assert_allclose(back, -there, atol=1e-5 * np.abs(there).max())
    assert [other.platen, other.stripped] == pytest.approx([-one.platen, -one.stripped], rel=1e-7)
    assert one.focusing == pytest.approx(other.focusing, rel=1e-12)


def test_one_of_two_heals() -> None:
    """The smaller void heals first; its rest is kept in the sum, the other goes on with its own volume."""
    run = evolution(Cell.box(6 * UM, 3 * UM), [half(1.5, 0.3), half(4, 1.0)], 0.0, 2e6, healed=0.3)
    instants = until(run, "healed", 1e6)
    conserved(run, instants)
    before, after = instants[-2], instants[-1]
    assert [len(before.arcs), len(after.arcs)] == [2, 1]
    assert 0 < after.healed < 0.3 * instants[0].volumes[0] < before.volumes[0]
    assert 0.5 * before.volumes[1] < after.volumes[0] < before.volumes[1]


def test_a_void_leaves_the_electrolyte() -> None:
    """Lithium that wets creeps below voids: on the axis the void goes on as a bubble, elsewhere the run ends."""
    angles = np.radians(np.linspace(155, 0, 13))
    bubble = np.column_stack([np.sin(angles), np.cos(angles) - np.cos(angles[0])])[::-1] * UM
    bubble[0, 0], bubble[-1, 1] = 0.0, 0.0
    lithium, wets = Lithium(NEWTONIAN, surface_energy=GAMMA), Interface(work_of_adhesion=1.999 * GAMMA)
    rate = math.exp(NEWTONIAN.log_rate(math.log(GAMMA / UM), 298.15))
    still = (lambda time, arcs: 0.0), (lambda time, arcs: 0.0)
    settings = TimeSettings(edges=12, tolerance=1e-2)

    run = Evolution(COMM, Cell.box(4 * UM, 5 * UM, True), [bubble], lithium, wets, *still, settings)
    instants = until(run, "detached", 3 / rate)
    conserved(run, instants)
    last = instants[-1]
    assert last.contact == pytest.approx(1.0, abs=1e-12)
    assert np.all(last.arcs[0][[0, -1], 0] == 0.0)
    assert last.arcs[0][-1, 1] > 0.01 * UM
    assert len(until(run, "", last.time * 1.01)) == 1

    both = np.concatenate([(bubble * [-1, 1])[:0:-1], bubble])[::-1] * [-1, 1] + [2 * UM, 0.0]
    run = Evolution(COMM, Cell.box(4 * UM, 5 * UM), [both], lithium, wets, *still, settings)
    instants = list(run.run(3 / rate))
    assert instants[-1].event == "detached"
    conserved(run, instants)
    feet = instants[-1].arcs[0]
    assert np.linalg.norm(feet[0] - feet[-1]) < 0.05 * math.sqrt(instants[-1].volumes[0])
    assert run.state().time < 2 / rate


def test_a_neck_comes_down() -> None:
    """The lip behind a neck is cut off as a void of its own, both with the volume of what they were."""
    from scipy.interpolate import PchipInterpolator

    x = np.linspace(1.0, 6.0, 200)
    roof = PchipInterpolator([1, 1.7, 2.6, 3.4, 4.0, 4.4, 5.2, 6], [0, 1.1, 1.1, 0.3, 0.07, 0.3, 0.6, 0.0])
    arc = resampled(np.column_stack([x, roof(x)]) * UM, 24)
    arc[[0, -1], 1] = 0.0
    run = evolution(Cell.box(8 * UM, 4 * UM), [arc], 0.0, 2e6, edges=24)
    instants = until(run, "split", 2e4)
    conserved(run, instants)
    before, after = instants[-2], instants[-1]
    assert [len(before.arcs), len(after.arcs)] == [1, 2]
    grown = -(after.recession - before.recession) * 8 * UM
    assert after.volumes.sum() == pytest.approx(before.volumes[0] + grown, rel=1e-9)
    assert after.volumes[0] > 3 * after.volumes[1]
    assert after.arcs[0][-1, 0] < 4 * UM < after.arcs[1][0, 0]
    assert after.contact > before.contact
    following = until(run, "", after.time * 1.05)  # and does not merge again
    assert len(following[-1].arcs) == 2


def test_a_tip_that_is_cut_off_goes_to_the_rest() -> None:
    """A piece too small to count as a void is none; its volume stays with the void."""
    arc = half(3, 1.0, 12)
    tip = np.array([[4.1, 0.02], [4.2, 0.02], [4.3, 0.1], [4.4, 0.0]]) * UM
    run = evolution(Cell.box(8 * UM, 4 * UM), [np.concatenate([arc[:-1], tip])], 0.0, 1e5, edges=12)
    start, after = (instant for instant, _ in zip(run.run(10.0), range(2), strict=False))
    assert (after.event, len(after.arcs), len(after.arcs[0])) == ("", 1, 13)
    assert after.arcs[0][-1, 0] < 4.2 * UM < start.arcs[0][-1, 0]
    conserved(run, [start, after], start.volumes[0])
    assert after.volumes[0] == pytest.approx(start.volumes[0], rel=1e-3)


def test_long_steps_do_not_go_through_the_electrolyte() -> None:
    """A flat void closes with what is left of it, not with less than nothing, whatever the tolerances."""
    arc = Site(3 * UM, UM, 30.0).arc(Cell.box(6 * UM, 4 * UM), 8)
    run = evolution(Cell.box(6 * UM, 4 * UM), [arc], 0.0, 2e6, tolerance=1e3, furthest=100.0)
    instants = list(run.run(3e6, 2e3))
    assert instants[-1].event == "healed"
    assert 0 < instants[-1].healed < 0.01 * instants[0].volumes[0]
    conserved(run, instants, instants[0].volumes[0])


def test_ends_at_flat_angles_share_with_their_neighbours() -> None:
    """Below a sine of 0.4 an end takes sine / 0.4 of what is swept there; the volume swept is what it was."""
    cell = Cell.box(10 * UM, 5 * UM)
    for steep in (0.1, 0.3, 2.0):
        rise = np.array([[4.0, 0.0], [5.0, steep], [6.0, 1.5], [7.0, 1.0], [8.0, 0.0]]) * UM
        swept = np.array([1.0, 2.0, -1.0, 0.5, 3.0]) * 1e-15
        speeds = point_velocities(cell, rise, swept)
        assert float(np.sum(speeds * area_vectors(rise, False))) == pytest.approx(swept.sum(), rel=1e-9)
        sine = steep / math.hypot(1.0, steep)
        taken = min(1.0, sine / 0.4)
        assert abs(speeds[0, 0]) == pytest.approx(taken * swept[0] / (steep * UM / 2), rel=1e-9)
        assert speeds[0, 1] == 0.0


def test_nothing_to_follow() -> None:
    """The message says what is missing."""
    with pytest.raises(ModelError, match="arc of a void, or sites"):
        evolution(Cell.box(4 * UM, 3 * UM), [], 1.0)
