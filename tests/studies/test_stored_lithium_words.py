"""Interphases that store lithium, in the words of study files."""

from __future__ import annotations

from typing import Any

import pytest
from mpi4py import MPI

from studies.errors import InputError
from studies.progress import Silent
from studies.runner import run
from studies.schema import Study

PRODUCT: dict[str, Any] = {
    "name": "products",
    "ionic_conductivity": "1e-7 S/cm",
    "electronic_conductivity": "2e-12 S/cm",
    "molar_volume": "24 cm^3/mol",
    "stored": {"diffusivity": "1e-18 m^2/s"},
}


def study(*layers: dict[str, Any], **interphase: Any) -> Study:
    return Study.from_mapping(
        {
            "study": "stored",
            "geometry": {
                "dimension": 1,
                "layers": [
                    {"name": "a", "material": "Li", "thickness": "10 um"},
                    {"name": "e", "material": "LPSCl", "thickness": "50 um"},
                    {"name": "c", "material": "Li", "thickness": "10 um"},
                ],
            },
            "interfaces": {
                "a|e": {
                    "kinetics": "butler-volmer",
                    "exchange_current": "10 A/m^2",
                    "interphase": {"reduction_potential": "1.7 V", "layers": list(layers)} | interphase,
                },
                "e|c": {"kinetics": "butler-volmer", "exchange_current": "10 A/m^2"},
            },
            "operation": {"working_electrode": "a", "protocol": [{"rest": "10 h"}]},
            "mesh": {"error_estimate": "none"},
            "quantities": ["interphase_thickness", "decomposition_charge", "stored_lithium"],
        }
    )


def test_a_layer_that_stores_lithium_runs_and_keeps_it() -> None:
    """Less than in the steady state, sigma dE L / (2 D), because the front moves on; the balance is reported."""
    made = study(PRODUCT)
    results = run(made, None, MPI.COMM_SELF, Silent())
    thickness, stored = (results.quantities[k].value for k in ("interphase_thickness", "stored_lithium"))
    steady = 2e-10 * 1.7 * thickness / (2 * 1e-18)
    assert 0.8 * steady < stored < steady
    assert any("lithium in the interphase at a|e" in name for name in results.balances)


@pytest.mark.parametrize(
    ("layers", "more", "wanted"),
    [
        ((PRODUCT, {**PRODUCT, "name": "two", "share": 0.0}), {}, "only one layer"),
        (({k: v for k, v in PRODUCT.items() if k != "molar_volume"},), {}, "only where a layer grows"),
        ((PRODUCT,), {"oxidation_potential": "3 V"}, "not both"),
        (({**PRODUCT, "stored": {"diffusivity": "-1 m^2/s"}},), {}, "diffusivity"),
    ],
)
def test_complaints(layers: Any, more: dict[str, Any], wanted: str) -> None:
    with pytest.raises(InputError, match=wanted):
        study(*layers, **more)
