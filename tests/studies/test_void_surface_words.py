"""Words for voids with a sharp surface: what they become, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from studies.errors import InputError
from studies.schema import Study
from studies.schema.overrides import apply_overrides
from studies.schema.void_surface import Flaw

VOIDS = {"flaws": [{"radius": "1 um"}], "sink_length": "10 um", "edges": 8}
LITHIUM = {"name": "lithium", "material": "Li", "thickness": "6 um", "creep": "norton", "void_surface": VOIDS}
ELECTROLYTE = {
    "name": "electrolyte",
    "material": "LLZO",
    "thickness": "20 um",
    "properties": {"ionic_conductivity": "0.046 S/m"},
}
STEPS = [
    {"name": "strip", "current": "1 mA/cm^2", "for": "10 s", "stack_pressure": "0.3 MPa"},
    {"name": "heal", "rest": "1 h", "until": {"contact_fraction": "above 99 %"}},
]
WORDS: dict[str, Any] = {
    "study": "voids",
    "geometry": {"dimension": 2, "width": "6 um", "layers": [ELECTROLYTE, LITHIUM]},
    "interfaces": {"electrolyte|lithium": {"kinetics": "linear", "exchange_current": "500 A/m^2"}},
    "operation": {"temperature": "298.15 K", "protocol": STEPS},
}
AT_REST = {"operation": {"temperature": "298.15 K", "current": "1 mA/cm^2"}}


def study(changes: dict[str, Any] | None = None, words: dict[str, Any] | None = None) -> Study:
    """The study with changes by dotted paths."""
    return Study.from_mapping(apply_overrides({**WORDS, **(words or {})}, changes or {})[0])


def test_defaults() -> None:
    made = study()
    assert made.void_layer is not None
    assert made.void_layer.name == "lithium"
    assert made.mechanics.on is False
    assert made.operation.working_electrode == "lithium"
    assert made.time is not None
    assert made.time.tolerance == 2e-3
    assert [q.name for q in made.quantities] == ["void_volume", "contact_fraction", "current_focusing"]
    assert [q.name for q in study(words=AT_REST).quantities] == ["threshold_pressure"]


def test_resolved_reads_back() -> None:
    for words in (None, AT_REST):
        made = study({"geometry.layers.lithium.void_surface.sites": [{"radius": "0.2 um", "position": "4 um"}]}) if (
            words is None
        ) else study(words=words)  # fmt: skip
        again = Study.from_mapping(made.resolved())
        assert again == made
        assert again.hash == made.hash


HERE = "geometry.layers.lithium.void_surface"


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"geometry.dimension": 1, "geometry.width": None}, "geometry.dimension", "2 or axisymmetric"),
        ({"geometry.lateral": "periodic"}, "geometry.lateral", "planes of symmetry"),
        (
            {"geometry.features": [{"void": {"at": "electrolyte|lithium", "radius": "1 um"}}]},
            "geometry.features",
            "flaws",
        ),
        ({"geometry.layers.lithium.creep": "none"}, "geometry.layers.lithium.creep", "creep: norton"),
        ({"geometry.layers.lithium.creep": "anand"}, "geometry.layers.lithium.creep", "creep: norton"),
        ({"geometry.layers.lithium.eigenstrain": "1 %"}, "geometry.layers.lithium.eigenstrain", "void_surface"),
        ({"geometry.layers.lithium.material": "NCM811"}, HERE, "norton_exponent"),
        ({f"{HERE}.sink_length": None}, f"{HERE}.sink_length", "length"),
        ({f"{HERE}.flaws": []}, f"{HERE}.flaws", "sites"),
        ({f"{HERE}.flaws.0.depth": "0.1 um"}, f"{HERE}.flaws.0", "radii"),
        ({f"{HERE}.flaws.0.position": "0.5 um"}, f"{HERE}.flaws.0.position", "within the width"),
        ({f"{HERE}.flaws.0.radius": "6.5 um"}, f"{HERE}.flaws.0.radius", "thick"),
        (
            {f"{HERE}.flaws": [{"radius": "1 um"}, {"radius": "1 um", "position": "1.5 um"}]},
            f"{HERE}.flaws.1.position",
            "overlaps",
        ),
        ({f"{HERE}.sites": [{"radius": "1 um", "position": "5.5 um"}]}, f"{HERE}.sites.0.position", "within the width"),
        ({f"{HERE}.sites": [{"radius": "6 um"}]}, f"{HERE}.sites.0.radius", "leaves no contact"),
        (
            {f"{HERE}.sites": [{"radius": "2 um", "position": "3 um"}], "geometry.layers.lithium.thickness": "1.9 um"},
            f"{HERE}.sites.0.radius",
            "thick",
        ),
        ({f"{HERE}.work_of_adhesion": "100 J/m^2"}, f"{HERE}.work_of_adhesion", "twice the surface energy"),
        ({"impedance": {"from": "1 Hz", "to": "1 MHz"}}, "impedance", "no impedance"),
        ({"mechanics.on": True}, "mechanics.on", "without elasticity"),
        ({"mesh.tolerance": 0.01}, "mesh.tolerance", ""),
        ({"mesh.edge": "1 nm"}, "mesh.edge", "edges"),
        ({"time": {"largest_step": "1 s"}}, "time.largest_step", "motion"),
        ({"pictures": ["stress"]}, "pictures.0", "voids and animation"),
        ({"quantities": ["cell_voltage"]}, "quantities.0", "there are void_volume"),
        ({"quantities": ["threshold_pressure"]}, "quantities.0", "with a protocol there are"),
        ({"quantities": [{"current_focusing": {"distance": "1 nm"}}]}, "quantities.0.current_focusing.distance", ""),
        (
            {"operation.protocol.1.until": {"voltage": "below 1 V"}},
            "operation.protocol.heal.until.voltage",
            "not known",
        ),
        ({"operation.protocol.0.record_every": "1 s"}, "operation.protocol.strip.record_every", "recorded"),
        ({"interfaces.electrolyte|lithium": {"kinetics": "perfect"}}, "interfaces.electrolyte|lithium.kinetics", "R T"),
        (
            {"interfaces.electrolyte|lithium.contact_fraction": 0.5},
            "interfaces.electrolyte|lithium.contact_fraction",
            "",
        ),
        ({"interfaces.electrolyte|lithium.stress_shift": True}, "interfaces.electrolyte|lithium.stress_shift", ""),
    ],
)
def test_refused(changes: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(InputError) as raised:
        study(changes)
    found = {p.path: p.message for p in raised.value.problems}
    assert path in found, found
    assert words in found[path]


def test_all_problems_at_once() -> None:
    with pytest.raises(InputError) as raised:
        study({"geometry.layers.lithium.creep": "none", "mesh.tolerance": 0.01, "quantities": ["cell_voltage"]})
    assert len(raised.value.problems) == 3


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"operation.current": "-1 mA/cm^2"}, "quantities.0", "positive"),
        ({f"{HERE}.sites": [{"radius": "0.2 um", "position": "4 um"}]}, f"{HERE}.sites", "operation.protocol"),
        (
            {f"{HERE}.flaws": [{"radius": "1 um"}, {"radius": "1 um", "position": "4 um"}]},
            f"{HERE}.flaws",
            "threshold of one flaw",
        ),
        ({"quantities": ["void_growth_rate"]}, "quantities.0", "stack_pressure"),
        ({"quantities": ["threshold_pressure", "threshold_exponent"]}, "quantities.1", "several currents"),
        ({"quantities": ["threshold_pressure", "void_volume"]}, "quantities.1", ""),
    ],
)
def test_refused_without_protocol(changes: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(InputError) as raised:
        study({"quantities": ["threshold_pressure"], **changes}, AT_REST)
    found = {p.path: p.message for p in raised.value.problems}
    assert path in found, found
    assert words in found[path]


def test_words_of_other_studies() -> None:
    """What only studies of sharp voids have is refused elsewhere."""
    layers = [{"name": n, "material": "Li", "thickness": "1 um"} for n in ("a", "c")]
    layers.insert(1, {**ELECTROLYTE, "name": "b"})
    plain = {
        "study": "plain",
        "geometry": {"dimension": 1, "layers": layers},
        "interfaces": {"a|b": {"kinetics": "perfect"}, "b|c": {"kinetics": "perfect"}},
        "operation": {"protocol": [{"rest": "1 s", "until": {"contact_fraction": "below 50 %"}}]},
        "quantities": ["stripped_lithium", "void_volume"],
    }
    with pytest.raises(InputError) as raised:
        Study.from_mapping(plain)
    found = {p.path: p.message for p in raised.value.problems}
    assert set(found) == {"operation.protocol.0.until.contact_fraction", "quantities.0", "quantities.1"}
    assert all("void_surface" in message for message in found.values())


def test_no_mesh_of_its_own() -> None:
    from mpi4py import MPI

    from studies.progress import Silent
    from studies.runner import mesh

    with pytest.raises(InputError, match="ssbfem run"):
        mesh(study(), None, MPI.COMM_SELF, Silent())


def _flaw(**words: str) -> Flaw:
    return Flaw.model_validate(words)


def test_posed() -> None:
    """Outlines, resistances and settings; the outline of a cap has its radius, depth and angle."""
    from studies.void_evolution.build import arc_of_flaw, interface_resistance, pose

    made = pose(study({"mesh.refinement": 2}), 1.5, 4.0)
    assert made.settings.edges == round(8 * 2 / 1.5)
    assert made.settings.tolerance == pytest.approx(8e-3)
    assert made.area == 6e-6
    electrolyte = made.interface.electrolyte
    assert electrolyte is not None
    assert electrolyte.resistance == pytest.approx(8.314462618 * 298.15 / (96485.33212 * 500))
    assert (electrolyte.conductivity, electrolyte.depth) == pytest.approx((0.046, 20e-6))
    film = study({"interfaces.electrolyte|lithium": {"kinetics": "perfect", "film_resistance": "5 ohm*cm^2"}})
    assert interface_resistance(film.interface("electrolyte|lithium"), 300.0) == pytest.approx(5e-4)
    both = study({"interfaces.electrolyte|lithium.film_resistance": "5 ohm*cm^2"}).interface("electrolyte|lithium")
    assert interface_resistance(both, 298.15) == pytest.approx(5e-4 + electrolyte.resistance)

    cap = arc_of_flaw(_flaw(position="3 um", radius="1 um", depth="0.5 um"), 6e-6, 40)
    np.testing.assert_allclose(cap[[0, -1]], [[2e-6, 0], [4e-6, 0]], atol=1e-18)
    assert cap[:, 1].max() == pytest.approx(0.5e-6)
    edge = cap[1] - cap[0]
    assert math.atan2(edge[1], edge[0]) == pytest.approx(2 * math.atan(0.5), rel=0.05)
    left, right = (arc_of_flaw(_flaw(position=x, radius="1 um"), 6e-6, 10) for x in ("0 um", "6 um"))
    np.testing.assert_allclose(left[[0, -1]], [[0, 1e-6], [1e-6, 0]], atol=1e-18)
    np.testing.assert_allclose(right[[0, -1]], [[5e-6, 0], [6e-6, 1e-6]], atol=1e-18)
    assert left[0, 0] == 0.0
    assert right[-1, 0] == 6e-6
