"""Published numbers beside those of studies of the catalogue: space charge (E3, E4, E5), misfit of cathodes (E9).

Run: ``python3 -m studies.validation.catalogue``
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from mpi4py import MPI

from fem.units import ELEMENTARY_CHARGE
from studies.listing import find_study
from studies.progress import Silent
from studies.runner import run
from studies.schema import Study
from studies.validation.rows import Row, table

__all__ = ["misfit", "space_charge"]

CHARGE = float(ELEMENTARY_CHARGE) * 1e18
"""C/m^2 of one elementary charge per square nanometre."""
DE_KLERK = "de Klerk and Wagemaker 2018, as quoted by Liu et al. 2025"
SWIFT = "Swift, Swift and Qi 2021"
NOMURA = "Nomura et al. 2019 (abstract)"


@dataclass(frozen=True)
class Target:
    """A published number and where ours is found.

    Attributes:
        what, published, unit, fitted, source: as for `Row`.
        study, quantity: of the catalogue. scale: SI in one `unit`.
        at: (column, value) of the point of a sweep; None: the last one.
    """

    what: str
    published: tuple[float, float]
    unit: str
    source: str
    study: str
    quantity: str
    scale: float = 1.0
    at: tuple[str, float] | None = None
    fitted: bool = False


def _llzo(what: str, low: float, high: float, unit: str, quantity: str, scale: float, volts: float) -> Target:
    at, fitted = ("electrode_potential", volts), quantity == "depletion"
    return Target(what, (low, high), unit, DE_KLERK, "space-charge-llzo-lco", quantity, scale, at, fitted)


def _double_layer(solid: str, study: str, charge: float, capacitance: float) -> list[Target]:
    return [
        Target(f"{solid}, charge beside lithium", (charge, charge), "e/nm^2", SWIFT, study, "electrode_charge", CHARGE),
        Target(
            f"{solid}, integral capacitance", (capacitance, capacitance), "uF/cm^2", SWIFT, study,
            "integral_capacitance", 1e-2,
        ),
    ]  # fmt: skip


SPACE_CHARGE: tuple[Target, ...] = (
    _llzo("LLZO beside LiCoO2, depletion of the first plane at 3.9 V", 35, 35, "%", "depletion", 1e-2, 3.9),
    _llzo("the same at 4.3 V", 95, 95, "%", "depletion", 1e-2, 4.3),
    _llzo("its resistance at 4.3 V", 0, 1, "ohm cm^2", "space_charge_resistance", 1e-4, 4.3),
    _llzo("its width at 4.3 V", 0, 1, "nm", "space_charge_width", 1e-9, 4.3),
    *_double_layer("LLZO", "space-charge-li-llzo", -5.3271, 52.6322),
    *_double_layer("LiF", "space-charge-li-lif", -2.4425, 20.4241),
    *_double_layer("Li2O", "space-charge-li-li2o", -2.9964, 21.9886),
    Target(
        "LASGTP beside Cu, potential left 10 nm from it, of 1.3 V", (0, 0.03), "V", NOMURA, "space-charge-lasgtp-cu",
        "potential left after 10 nm", fitted=True,
    ),
)  # fmt: skip

MISFIT = (
    Target(
        "NCM811 that is bonded, misfit stress after its first charge", (785, 785), "MPa", "notes on Bucci et al.",
        "bonded-misfit", "mean_stress", 1e6,
    ),
)  # fmt: skip


def _results(name: str, comm: Any) -> Any:
    return run(Study.load(find_study(name), {"mesh.error_estimate": "none"}), None, comm, Silent())


def _value(target: Target, results: Any) -> float:
    if target.at is None:
        return float(results.quantities[target.quantity].value)
    column, wanted = target.at
    points = np.abs(np.asarray(results.series[column]) - wanted)
    return float(results.series[target.quantity][int(np.argmin(points))])


def rows(targets: Sequence[Target], comm: Any = MPI.COMM_WORLD) -> list[Row]:
    """Run every study once and compare."""
    ran: Mapping[str, Any] = {name: _results(name, comm) for name in dict.fromkeys(t.study for t in targets)}
    return [Row(t.what, t.published, _value(t, ran[t.study]) / t.scale, t.unit, t.fitted, t.source) for t in targets]


def space_charge(comm: Any = MPI.COMM_WORLD) -> list[Row]:
    """E3, E4, E5."""
    return rows(SPACE_CHARGE, comm)


def misfit(comm: Any = MPI.COMM_WORLD) -> list[Row]:
    """E9, the number that has a closed form."""
    return rows(MISFIT, comm)


def main() -> None:
    """Print the tables."""
    lines = table([*space_charge(), *misfit()])
    if MPI.COMM_WORLD.rank == 0:
        print("\n".join(lines))


if __name__ == "__main__":
    main()
