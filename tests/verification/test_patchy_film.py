"""Films in patches: no current passes beside them, whatever the contacts at their rims; closed forms, all dimensions.

Under a film that resists much more than the electrolyte the current density of a patch is uniform. The electrolyte
then adds its own resistance and the constriction of uniform flux, a Fourier (Bessel) series.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from scipy.special import j0, j1, jn_zeros

from fem.errors import ModelError
from studies.progress import Silent
from studies.runner import run
from studies.schema import Study

WIDTH, HEIGHT, FILM = 10e-6, 10e-6, 50e-9
ELECTROLYTE, COATING = 0.05, 5e-5
COVERAGE = 0.4
OHM_CM2 = 1e-4
NO_CONTACT = {"kinetics": "none"}
PERFECT = {"kinetics": "perfect"}
LINEAR = {"kinetics": "linear", "exchange_current": "256.9257912 A/m^2"}  # 1 ohm cm^2


def patchy(dimension: Any, on: str, film: dict[str, Any], bare: dict[str, Any], **mesh: Any) -> dict[str, Any]:
    """One patch of 10 ohm cm^2 on a part of an electrode."""
    size = {2: "2 um", "axisymmetric": f"{math.sqrt(COVERAGE) * 10} um", 3: "3.5 um"}[dimension]
    geometry: dict[str, Any] = {
        "dimension": dimension,
        "width": "10 um",
        "layers": [
            {"name": "anode", "material": "Li", "thickness": "3 um"},
            {
                "name": "electrolyte",
                "material": "LLZO",
                "thickness": "10 um",
                "properties": {"ionic_conductivity": f"{ELECTROLYTE} S/m"},
            },
            {"name": "counter", "material": "Li", "thickness": "3 um"},
        ],
        "features": [
            {
                "coating": {
                    "at": "anode|electrolyte",
                    "on": on,
                    "coats": {
                        "name": "film",
                        "material": "LiNbO3",
                        "thickness": f"{FILM} m",
                        "properties": {"ionic_conductivity": f"{COATING} S/m"},
                    },
                    "patches": {"coverage": COVERAGE, "size": size, "seed": 3},
                }
            }
        ],
    }
    if dimension == 3:
        geometry["depth"] = "10 um"
    return {
        "study": "patchy",
        "geometry": geometry,
        "interfaces": {"anode|electrolyte": bare, "anode|film": film, "electrolyte|counter": PERFECT},
        "operation": {"current": "1 mA/cm^2", "temperature": "298.15 K"},
        "mesh": {"error_estimate": "none", **mesh},
        "quantities": ["area_specific_resistance", {"contact_fraction": {"at": "anode|film"}}],
    }


def solved(*arguments: Any, **mesh: Any) -> tuple[float, float]:
    """Area-specific resistance in ohm m^2 and the part of the electrode under the film."""
    results = run(Study.from_mapping(patchy(*arguments, **mesh)), None, MPI.COMM_SELF, Silent())
    return tuple(float(results.quantities[k].value) for k in ("area_specific_resistance", "contact_fraction"))  # type: ignore[return-value]


def constriction(dimension: Any, centre: tuple[float, ...], part: float) -> float:
    """Constriction resistance in ohm m^2 of uniform flux on a strip, a disc in a tube or in a box, layer on a metal."""
    n = np.arange(1, 2001)
    if dimension == "axisymmetric":
        radius, zeros = math.sqrt(part) * WIDTH, jn_zeros(1, 2000)
        k = zeros / WIDTH
        weight = (2 * j1(k * radius) / (k * radius * j0(zeros))) ** 2
        return float((weight * np.tanh(k * HEIGHT) / (ELECTROLYTE * k)).sum())
    if dimension == 2:
        k, half = n * np.pi / WIDTH, 0.5 * part * WIDTH
        weight = 2 * (np.cos(k * centre[0]) * np.sinc(k * half / np.pi)) ** 2
        return float((weight * np.tanh(k * HEIGHT) / (ELECTROLYTE * k)).sum())
    radius, m = WIDTH * math.sqrt(part / np.pi), np.arange(400)
    kx, ky = (a.reshape(-1)[1:] for a in np.meshgrid(m * np.pi / WIDTH, m * np.pi / WIDTH, indexing="ij"))
    k = np.hypot(kx, ky)
    weight = np.where(kx > 0, 2, 1) * np.where(ky > 0, 2, 1)
    weight = weight * (np.cos(kx * centre[0]) * np.cos(ky * centre[1]) * 2 * j1(k * radius) / (k * radius)) ** 2
    return float((weight * np.tanh(k * HEIGHT) / (ELECTROLYTE * k)).sum())


def expected(dimension: Any, part: float, kinetic: float) -> float:
    """Resistance in ohm m^2 with a patch on `part` of the electrode and nothing beside it."""
    study = Study.from_mapping(patchy(dimension, "anode", PERFECT, NO_CONTACT))
    (feature,) = study.stack().features
    level = feature.films(study.stack())[0].level
    axis = np.linspace(0, WIDTH, 400)
    points = np.stack(np.meshgrid(*[axis] * (2 if dimension == 3 else 1), indexing="ij"), axis=-1).reshape(400, -1)
    points = points.reshape(-1, 2 if dimension == 3 else 1)
    inside = points[level(np.column_stack([points, np.zeros(len(points))])) > 0]
    centre = tuple(0.5 * (inside.min(axis=0) + inside.max(axis=0)))
    return (FILM / COATING + kinetic) / part + HEIGHT / ELECTROLYTE + constriction(dimension, centre, part)


@pytest.mark.parametrize("on", ["anode", "electrolyte"])
@pytest.mark.parametrize("contact", ["perfect", "linear"])
@pytest.mark.parametrize("dimension", [2, "axisymmetric", pytest.param(3, marks=pytest.mark.slow)])
def test_the_rim_is_no_short_circuit(dimension: Any, contact: str, on: str) -> None:
    """Joined at the rim, electrode and electrolyte would be apart by 2.7 ohm cm^2 instead of 27."""
    film, kinetic = {"perfect": (PERFECT, 0.0), "linear": (LINEAR, OHM_CM2)}[contact]
    value, part = solved(dimension, on, film, NO_CONTACT)
    assert part == pytest.approx(COVERAGE, rel=1e-9 if dimension != 3 else 0.01)
    assert value == pytest.approx(expected(dimension, part, kinetic), rel=2e-3)


def test_the_result_does_not_depend_on_the_mesh() -> None:
    values = [solved(2, "anode", PERFECT, NO_CONTACT, interface=size)[0] for size in ("1 um", "0.25 um")]
    assert values[0] == pytest.approx(values[1], rel=2e-4)


def test_bare_spots_conduct_beside_the_film() -> None:
    """In parallel behind the electrolyte, at least; spread over the width the current would meet that and no more."""
    value, part = solved(2, "anode", LINEAR, LINEAR)
    least = HEIGHT / ELECTROLYTE + 1 / (part / (11 * OHM_CM2) + (1 - part) / OHM_CM2)
    assert least < value < 1.1 * least


@pytest.mark.parametrize(("conductivity", "refused"), [("1e-6 S/m", True), ("1e-2 S/m", False)])
def test_a_bad_conductor_that_is_no_film_is_refused_at_the_end_of_a_perfect_contact(
    conductivity: str, refused: bool
) -> None:
    """A body has walls that conduct; a much worse conductor than its surroundings would be short-circuited there."""
    study = patchy(2, "anode", PERFECT, NO_CONTACT)
    particle = {"name": "body", "material": "LiNbO3", "at": "anode|electrolyte", "radius": "2 um"}
    particle["properties"] = {"ionic_conductivity": conductivity}  # type: ignore[assignment]
    study["geometry"]["features"] = [{"particle": particle}]
    study["interfaces"]["anode|body"] = study["interfaces"].pop("anode|film")
    study["quantities"] = ["area_specific_resistance"]
    if refused:
        with pytest.raises(ModelError, match="would be a short circuit"):
            run(Study.from_mapping(study), None, MPI.COMM_SELF, Silent())
    else:
        results = run(Study.from_mapping(study), None, MPI.COMM_SELF, Silent())
        assert all(balance.holds for balance in results.balances.values())
