"""Fields of the linear response on disk: potentials of electrodes are the impedance, currents its amplitude."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mpi4py import MPI
from support.impedance import half_contact

from fem.observe.impedance_parts import Splitter
from fem.output.impedance_map import write_map
from fem.solve.frequency import FrequencyResponse, rest

WIDTH = 2e-5


def test_map(tmp_path: Path) -> None:
    """At 1 A/m^2 the working electrode has the potential Z, the counter electrode none, and 1 A/m^2 arrives there."""
    model = half_contact(MPI.COMM_SELF)
    working = model.terminals["a"]
    rest(model, working, source=working.source)
    response = FrequencyResponse(model, working, np.geomspace(1.0, 1e6, 7))
    write_map(Splitter(response), tmp_path, 1e4, WIDTH)
    pyvista = pytest.importorskip("pyvista")
    layers = {name: pyvista.read(tmp_path / "data" / f"{k}-{name}-0000.vtu") for k, name in enumerate("aefc")}
    z = response.impedance([1e4])[0] * WIDTH
    for part, value in (("real", z.real), ("imaginary", z.imag)):
        assert layers["a"].point_data[f"electronic_potential_{part}"] == pytest.approx(value, rel=1e-6)
        assert np.all(layers["c"].point_data[f"electronic_potential_{part}"] == 0.0)
    # uniform far from the contact: what leaves above the gap's reach is the applied current, in phase
    density = {part: layers["f"].cell_data[f"ionic_current_density_{part}"][:, 1] for part in ("real", "imaginary")}
    top = layers["f"].cell_centers().points[:, 1] > 3.5e-5
    assert density["real"][top].mean() == pytest.approx(1.0, rel=0.05)
    assert abs(density["imaginary"][top].mean()) < 0.05
