"""A strip with partial contact, charge transfer and a film, solved a second way: cosine series against
finite elements.

Electrolyte 0 < x < b, insulated at both sides; current enters through the contact a < x < b at z = 0 and
leaves far above, where it is uniform again (b is a fifth of the thickness: the first mode has decayed to
2e-7). With piecewise constant current on a graded grid the potential at z = 0 is a sum over cos(n pi x / b)
/ (sigma n pi / b), and the interface law on every cell closes a small dense system.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from fem.constants import STANDARD_TEMPERATURE, thermal_voltage
from studies.listing import find_study
from studies.schema import Study

WIDTH, HALF, CONTACT_FROM, THICKNESS = 20e-6, 10e-6, 3e-6, 50e-6
CONDUCTIVITY, CURRENT = 0.046, 10.0


@dataclass(frozen=True)
class Law:
    """Overpotential of the current density, V, and its slope, ohm m^2."""

    exchange_current: float
    linear: bool

    def __call__(self, j: Any) -> Any:
        thermal = thermal_voltage(STANDARD_TEMPERATURE)
        if self.linear:
            return thermal * j / self.exchange_current
        return 2 * thermal * np.arcsinh(j / (2 * self.exchange_current))

    def slope(self, j: Any) -> Any:
        thermal = thermal_voltage(STANDARD_TEMPERATURE)
        if self.linear:
            return np.full_like(j, thermal / self.exchange_current)
        return 2 * thermal / np.sqrt(4 * self.exchange_current**2 + j**2)


def galerkin(law: Law, film: float, cells: int = 200, modes: int = 20_000) -> dict[str, float]:
    """Resistances in ohm m^2 and the focusing of the cell with this law at both interfaces, film below
    only."""
    x = CONTACT_FROM + (HALF - CONTACT_FROM) * np.linspace(0, 1, cells + 1) ** 2
    width = np.diff(x)
    influence = np.zeros((cells, cells))
    for first in range(1, modes, 2000):
        k = np.arange(first, first + 2000) * np.pi / HALF
        means = np.diff(np.sin(np.outer(x, k)), axis=0) / k
        influence += (means * (2 / (HALF * CONDUCTIVITY * k))) @ means.T
    j = np.full(cells, CURRENT * HALF / (HALF - CONTACT_FROM))
    voltage = 0.1
    for _ in range(50):
        residual = np.append(width * (voltage - law(j) - film * j) - influence @ j, width @ j - CURRENT * HALF)
        matrix = np.zeros((cells + 1, cells + 1))
        matrix[:cells, :cells] = -np.diag(width * (law.slope(j) + film)) - influence
        matrix[:cells, cells] = matrix[cells, :cells] = width
        step = np.linalg.solve(matrix, -residual)
        j, voltage = j + step[:cells], voltage + step[cells]
        if abs(step[cells]) < 1e-14:
            break
    counter = float(law(CURRENT))
    focusing = float(width @ j**2 / HALF / CURRENT**2)
    total = (voltage + counter) / CURRENT + THICKNESS / CONDUCTIVITY
    kinetic = (float(width @ (j * law(j))) / HALF + CURRENT * counter) / CURRENT**2
    constriction = total - THICKNESS / CONDUCTIVITY - kinetic - film * focusing
    return {
        "area_specific_resistance": float(total),
        "kinetic_resistance": kinetic,
        "film_resistance": film * focusing,
        "constriction_resistance": float(constriction),
        "current_focusing": focusing,
    }


def solved(kinetics: str, exchange_current: float, film: float) -> dict[str, float]:
    """The same cell by finite elements, without stresses."""
    mpi: Any = pytest.importorskip("mpi4py.MPI")
    pytest.importorskip("dolfinx")
    from studies.progress import Silent
    from studies.runner import solve

    law = {"kinetics": kinetics, "exchange_current": f"{exchange_current!r} A/m^2"}
    overrides: dict[str, Any] = {
        "operation.stack_pressure": None,
        "interfaces": {
            "anode|electrolyte": {**law, "film_resistance": f"{film!r} ohm*m^2"},
            "electrolyte|counter": law,
        },
        "checks": [],
        "quantities": [
            "area_specific_resistance",
            "kinetic_resistance",
            "film_resistance",
            "constriction_resistance",
            "current_focusing",
        ],
    }
    study = Study.load(find_study("void-constriction"), overrides)
    return dict(solve(study, mpi.COMM_WORLD, scale=1.0, progress=Silent()))


@pytest.mark.slow
@pytest.mark.mpi
@pytest.mark.parametrize(
    ("kinetics", "exchange_current", "film"),
    [("butler-volmer", 10.0, 5e-4), ("butler-volmer", 500.0, 0.0), ("linear", 100.0, 2e-5)],
)
def test_finite_elements_agree_with_the_series(kinetics: str, exchange_current: float, film: float) -> None:
    expected = galerkin(Law(exchange_current, kinetics == "linear"), film)
    found = solved(kinetics, exchange_current, film)
    total = expected["area_specific_resistance"]
    for label, value in expected.items():
        scale = 1.0 if label == "current_focusing" else total
        assert found[label] == pytest.approx(value, abs=2e-5 * scale), label


def test_the_series_has_converged_and_is_what_the_catalogue_quotes() -> None:
    coarse, fine = (galerkin(Law(10.0, False), 5e-4, cells, 100 * cells) for cells in (100, 200))
    for label, value in fine.items():
        assert coarse[label] == pytest.approx(value, rel=1e-6)
    study = Study.load(find_study("void-constriction"))
    for check in study.expectations():
        if "Galerkin" in check.source:
            assert check.expected == pytest.approx(fine[check.label], rel=1e-6)


def test_without_constriction_the_series_is_the_closed_form() -> None:
    """At large charge-transfer resistance the current is uniform on the contact: R / f, focusing 1 / f."""
    found = galerkin(Law(1e-4, True), 0.0)
    fraction = (HALF - CONTACT_FROM) / HALF
    slope = thermal_voltage(STANDARD_TEMPERATURE) / 1e-4
    assert found["kinetic_resistance"] == pytest.approx(slope * (1 + 1 / fraction), rel=1e-6)
    assert found["current_focusing"] == pytest.approx(1 / fraction, rel=1e-6)
