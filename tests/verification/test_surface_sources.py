"""Sources on facets beside which their unknown does not exist are refused, on every rank.

Sources on sides that go on beside other layers are in `test_a_rotated_exact_solution` of crystal axes.
"""

from __future__ import annotations

from typing import Any

import pytest
import ufl
from mpi4py import MPI
from support.layered import layered

from fem.conditions import SurfaceSource, Terminal
from fem.dissipation.conduction import Conduction, Equipotential
from fem.dissipation.intercalation import Intercalation
from fem.errors import ModelError
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.kinetics import LinearKinetics
from fem.model import Domain, Model


@pytest.mark.mpi
@pytest.mark.parametrize(
    ("facets", "quantity", "layer", "why"),
    [
        ("top", "lithium", "h", r"'top': layer 'h' has no facets there; those that have are a"),
        ("bottom", "ionic", "e", r"'bottom': layer 'e' has no facets there; those that have are h"),
        ("e|a", "lithium", "h", r"'e\|a': layer 'h' is on neither side"),
        ("nowhere", "lithium", "h", "no facets named 'nowhere'"),
    ],
)
def test_sources_where_nothing_is(facets: str, quantity: Any, layer: str, why: str) -> None:
    host = Intercalation(lambda x: 4.0 - 0.2 * x, 5e4, 1e-14, 0.3)
    with pytest.raises(ModelError, match=why):
        Model(
            layered(MPI.COMM_WORLD, "2", [("h", 1e-6), ("e", 1e-6), ("a", 1e-6)], 1e-6, None, 2, 2),
            {
                "h": Domain((Equipotential(),), host=host),
                "e": Domain((Conduction("ionic", 1.0),)),
                "a": Domain((Equipotential(),)),
            },
            {"h|e": [ChargeTransfer("h", LinearKinetics(1.0))], "e|a": [ChargeTransfer("a", LinearKinetics(1.0))]},
            [
                Terminal("cathode", "h", current=0.0),
                Terminal("anode", "a", potential=0.0),
                SurfaceSource(facets, layer, quantity, lambda x: ufl.as_ufl(1.0)),
            ],
        )
