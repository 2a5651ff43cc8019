"""A void at the lithium side through stripping and rest: it spreads over the electrolyte, then pressure heals it.

Half a ball of 2 um on the electrolyte, in lithium of 12 um under a platen. At 1 mA/cm^2 and a low stack pressure the
vacancies that stripping injects feed it, most of them near the line of contact, so that it grows along the electrolyte
first, and the current crowds on the contact that is left. Then the current stops and the pressure rises. The run ends
when 1 % of the greatest volume is left. Lithium is conserved: what was stripped is the way of the platen and the void.

Run: ``python3 -m studies.validation.void_cycle [folder for the picture and the animation]`` (a minute or two)
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from mpi4py import MPI

from fem.materials import load
from fem.voids.current import Electrolyte
from fem.voids.evolve import Evolution, Instant, TimeSettings
from fem.voids.outline import Cell, arc_of_circle
from fem.voids.rates import Interface, Lithium

Floats = npt.NDArray[np.float64]

RADIUS, WIDTH = 2e-6, 12e-6
STRIPPING, REST = (10.0, 0.3e6), (0.0, 1.8e6)
"""Current density (A/m^2) and stack pressure (Pa) of the two stages."""
SINK_LENGTH = 10e-6


@dataclass(frozen=True)
class Story:
    """A run: its instants, and the time at which the current stopped (s)."""

    instants: tuple[Instant, ...]
    stopped: float

    def imbalance(self) -> float:
        """Lithium that was stripped less the way of the platen and the growth of the void, over what was stripped."""
        last, first = self.instants[-1], self.instants[0]
        void = last.volumes.sum() + last.healed - first.volumes.sum()
        return float((last.stripped - last.recession * math.pi * WIDTH**2 - void) / last.stripped)


def run(stripping: float = 150.0, rest: float = 3600.0, edges: int = 16, tolerance: float = 2e-3) -> Story:
    """Strip for a time (s), then rest for at most another."""

    loads = [STRIPPING]
    evolution = Evolution(
        MPI.COMM_SELF,
        Cell.box(WIDTH, WIDTH, True),
        [arc_of_circle(RADIUS, edges)],
        Lithium.of(load("Li")),
        Interface(sink_length=SINK_LENGTH, electrolyte=Electrolyte(0.046, 0.5e-4, 20e-6)),
        lambda time, arcs: loads[0][1],
        lambda time, arcs: loads[0][0],
        TimeSettings(tolerance=tolerance, edges=edges),
    )
    instants = list(evolution.run(stripping))
    loads[0] = REST
    instants += list(evolution.run(stripping + rest))[1:]
    return Story(tuple(instants), stripping)


def _closed(arc: Floats) -> Floats:
    """Both halves of the meridian of a void, um."""
    return np.concatenate([(arc * [-1, 1])[::-1], arc]) * 1e6


def picture(story: Story, path: Path) -> None:
    """Shapes of growth and healing, volume and contact over time."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    stages = {
        "stripping, 1 mA/cm², 0.3 MPa": [i for i in story.instants if i.time <= story.stopped and i.arcs],
        "rest, 1.8 MPa": [i for i in story.instants if i.time > story.stopped and i.arcs],
    }
    figure, axes = plt.subplots(2, 2, figsize=(10, 6.5), layout="constrained")
    for axis, (title, instants) in zip(axes[0], stages.items(), strict=True):
        for k, instant in enumerate(instants):
            colour = plt.get_cmap("viridis")(k / max(len(instants) - 1, 1))
            for arc in instant.arcs:
                axis.plot(*_closed(arc).T, color=colour, lw=1.2)
        axis.axhspan(-1.2, 0, color="0.85")
        axis.set(aspect="equal", xlim=(-8, 8), ylim=(-1.2, 5), xlabel="r, µm", ylabel="z, µm", title=title)
        axis.text(-7.7, -0.8, "electrolyte", fontsize=8)
        axis.text(-7.7, 4.4, "lithium", fontsize=8)
    times = [i.time for i in story.instants]
    axes[1, 0].semilogy(times, [max(i.volumes.sum(), i.healed) * 1e18 for i in story.instants], "o-", ms=3)
    axes[1, 0].set(xlabel="time, s", ylabel="volume of the void, µm³")
    axes[1, 1].plot(times, [i.contact for i in story.instants], "o-", ms=3, label="contact, share of the wall")
    axes[1, 1].plot(times, [i.focusing for i in story.instants], "s-", ms=3, label="greatest current density / mean")
    axes[1, 1].set(xlabel="time, s")
    axes[1, 1].legend(fontsize=8)
    for axis in axes[1]:
        axis.axvline(story.stopped, color="0.5", ls=":")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def animation(story: Story, path: Path, frames: int = 60) -> None:
    """The void over time as a GIF; half of the frames for each stage."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.animation import FuncAnimation, PillowWriter

    drawn = [i for i in story.instants if i.arcs]
    times = np.array([i.time for i in drawn])
    halves = (np.linspace(0, story.stopped, frames // 2), np.linspace(story.stopped, times[-1], frames - frames // 2))
    figure, axis = plt.subplots(figsize=(6, 3.2), layout="constrained")

    def draw(time: float) -> Sequence[Any]:
        instant = drawn[int(np.argmin(np.abs(times - time)))]
        axis.clear()
        axis.axhspan(0, 6, color="#d9dde3")
        for arc in instant.arcs:
            axis.fill(*_closed(arc).T, color="white", ec="k", lw=1)
        axis.axhspan(-1.2, 0, color="#b08d57")
        axis.set(aspect="equal", xlim=(-8, 8), ylim=(-1.2, 5), xlabel="µm")
        current, pressure = STRIPPING if instant.time <= story.stopped else REST
        axis.set_title(f"{instant.time:.0f} s   {current / 10:g} mA/cm²   {pressure / 1e6:g} MPa", fontsize=9)
        return []

    FuncAnimation(figure, draw, frames=np.concatenate(halves)).save(path, writer=PillowWriter(fps=12))  # type: ignore[arg-type]
    plt.close(figure)


def main(folder: str | None = None) -> None:
    """Print the run; write picture and animation into a folder."""
    story = run()
    print("time, s | volume, um^3 | contact | focusing | event")
    for i in story.instants:
        print(f"{i.time:8.2f} | {i.volumes.sum() * 1e18:9.4f} | {i.contact:.4f} | {i.focusing:.3f} | {i.event}")
    print(f"lithium that is not accounted for, over what was stripped: {story.imbalance():.2e}")
    if folder:
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        picture(story, place / "void-cycle.png")
        animation(story, place / "void-cycle.gif")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
