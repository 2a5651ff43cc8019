"""Without stack pressure, and under too much of it: what bounds the map of `studies.validation.void_map` (E7).

Without pressure nothing but capillarity closes a flaw: a flaw bears the current at which its growth vanishes then.
Published: cells of LLZO without pressure bear 50 to 200 uA/cm^2 (Krauskopf 2019, as quoted in the project's notes).

Too much pressure pushes lithium into the separator. Published for lithium on pressed Li6PS5Cl: 5 MPa for more than
1000 h (abstract), a short after 48 h at 25 MPa, at once at 75 MPa (Doux et al. 2019, arXiv 1910.02118; the last two as
quoted in the project's notes). Two models of it:

* Lithium creeps into a round pore of radius r to whose wall it sticks. With the shear rate sqrt(3) A (sqrt(3) tau)^n
  of Norton's law and the shear tau = p r / 2 L at the wall of a thread of length L, Hagen and Poiseuille's way gives
  dL/dt = B tau^n r / (n + 3), B = 3^((n+1)/2) A, and so L^(n+1) = (n + 1) / (n + 3) B (p r / 2)^n r t: depth over
  radius is a number of pressure and time alone, and the time to a depth goes like p^-n.
* A flaw of half length a that is full of lithium under the stack pressure grows where K_IC = p sqrt(pi a) (Sneddon;
  the package's own crack: `studies.validation.filled_crack`).

Run: ``python3 -m studies.validation.void_limits`` (a minute)
"""

from __future__ import annotations

import math

from mpi4py import MPI

from fem.materials import load
from fem.voids.rates import Interface, Lithium
from fem.voids.threshold import Flaw, initial_growth
from studies.validation.rows import Row, table
from studies.validation.void_map import SINK_LENGTH, hardened, lithium

KRAUSKOPF, DOUX = "Krauskopf 2019", "Doux et al. 2019"
HOUR = 3600.0
LEAST, MOST = 1e-9, 10.0
"""Current densities (mA/cm^2) between which that is looked for which a flaw bears."""


def bearable(radius: float, metal: Lithium | None = None, accuracy: float = 0.02) -> float:
    """Current density (mA/cm^2) at which a flaw of a radius in m neither grows nor heals without pressure."""
    own = lithium() if metal is None else metal
    capillary = 2 * own.surface_energy / radius
    physics = Flaw(radius).physics(MPI.COMM_SELF, own, Interface(sink_length=SINK_LENGTH), capillary)
    low, high = math.log(LEAST), math.log(MOST)
    while high - low > accuracy:
        middle = 0.5 * (low + high)
        grows = initial_growth(physics, 0.0, 10 * math.exp(middle)) > 0
        low, high = (low, middle) if grows else (middle, high)
    return math.exp(0.5 * (low + high))


def depth(pressure: float, duration: float, metal: Lithium) -> float:
    """How deep lithium creeps into a round pore to whose wall it sticks, over the radius of the pore.

    Args:
        pressure: Pa. duration: s.
    """
    n = metal.creep.exponent
    log_shear = 0.5 * (n + 1) * math.log(3.0) + metal.creep.log_rate(math.log(0.5 * pressure), metal.temperature)
    return math.exp((math.log((n + 1) / (n + 3) * duration) + log_shear) / (n + 1))


def time_at(pressure: float, known: tuple[float, float], metal: Lithium) -> float:
    """Time (s) to the depth that another pressure (Pa) reaches in its time (s)."""
    return float(known[1] * (known[0] / pressure) ** metal.creep.exponent)


def half_length(pressure: float) -> float:
    """Half length (m) of the crack in Li6PS5Cl that lithium under a pressure in Pa opens further."""
    return float((load("LPSCl").value("fracture_toughness") / pressure) ** 2 / math.pi)


def rows() -> list[Row]:
    """Published numbers and ours."""
    # the smallest flaw was chosen so that it bears what cells do
    made = [
        Row(
            f"bearable without pressure, flaw of {1e6 * a:g} um",
            (50.0, 200.0),
            1e3 * bearable(a),
            "uA/cm^2",
            a == 0.3e-6,
            KRAUSKOPF,
        )
        for a in (0.3e-6, 0.5e-6, 2e-6)
    ]
    short = (25e6, 48 * HOUR)
    for name, metal in (("", lithium()), (", hardened lithium", hardened())):
        for pressure, told in ((5e6, (1000.0, math.inf)), (75e6, (0.0, 1.0))):
            what = f"pore that is full after 48 h at 25 MPa: time at {pressure / 1e6:g} MPa{name}"
            made.append(Row(what, told, time_at(pressure, short, metal) / HOUR, "h", source=DOUX))
    return made


def main() -> None:
    """Print the table, and what both models of too much pressure say."""
    for pressure, hours in ((5e6, 1000.0), (25e6, 48.0), (75e6, 1 / 60)):
        deep = [depth(pressure, hours * HOUR, metal) for metal in (lithium(), hardened())]
        print(
            f"{pressure / 1e6:g} MPa for {hours:g} h: {deep[0]:.1f} radii deep ({deep[1]:.1f} hardened); cracks of "
            f"half length {1e6 * half_length(pressure):.3g} um open further"
        )
    print("\n".join(table(rows())))


if __name__ == "__main__":
    main()
