"""A study with an ionic liquid in time: interrupted and gone on with on other ranks, balances, fields."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from mpi4py import MPI
from support.studies_in_time import CELL

from fem.output.checkpoint import latest
from studies.progress import Silent
from studies.runner import run
from studies.schema import Study
from studies.transient import TransientSession


def words() -> dict[str, Any]:
    """The cell with a mixture and a short protocol."""
    made = copy.deepcopy(CELL)
    spread = {"lithium_ion_diffusivity": "2e-12 m^2/s", "liquid_cation_diffusivity": "6e-12 m^2/s"}
    made["materials"] = {"mixture": {"kind": "polymer electrolyte", **spread, "anion_diffusivity": "8e-12 m^2/s"}}
    polymer = made["geometry"]["layers"][1]
    mixed = {"salt_concentration": "1 mol/L", "ionic_liquid": {"concentration": "0.6 mol/L"}}
    polymer |= {"material": "mixture", "transport": mixed}
    made["operation"] = {"protocol": [{"current": "6 A/m^2", "for": "60 s"}, {"rest": "20 s"}]}
    made["mesh"] = {"error_estimate": "none", "bulk": "10 um"}
    made["quantities"] = ["cell_voltage", {"highest_concentration": {"of": "ionic_liquid", "label": "most_liquid"}}]
    made["pictures"] = []
    return made


def session(comm: Any) -> TransientSession:
    made = TransientSession(Study.from_mapping(words()), comm, 1.0, Silent())
    made.run.settings = type(made.run.settings)(1e-3, leg=10)
    return made


@pytest.mark.mpi
def test_a_run_goes_on_on_other_ranks(shared_tmp_path: Path) -> None:
    """Both concentrations are in the checkpoint: written by all ranks, read by one, it equals an uninterrupted run."""
    whole = session(MPI.COMM_SELF)
    for _ in whole.points():
        pass
    first = session(MPI.COMM_WORLD)
    first.keep_in(shared_tmp_path / "checkpoints")
    for k, _ in enumerate(first.points()):
        if k == 14:
            break
    first.destroy()
    MPI.COMM_WORLD.barrier()
    found = latest(shared_tmp_path / "checkpoints")
    assert found is not None
    again = session(MPI.COMM_SELF)
    again.resume(found)
    begun = len(again.recorded.columns["time"])
    for _ in again.points():
        pass
    assert 5 < begun < len(again.recorded.columns["time"])
    for name, column in whole.recorded.columns.items():
        largest = max(map(abs, column))
        assert again.recorded.columns[name] == pytest.approx(column, rel=1e-10, abs=1e-10 * largest), name
    whole.destroy()
    again.destroy()


def test_results_and_fields(tmp_path: Path) -> None:
    """Both amounts are conserved; the fields have both concentrations."""
    results = run(Study.from_mapping(words()), tmp_path / "out", MPI.COMM_SELF, Silent())
    for name in ("salt in polymer", "ionic liquid in polymer"):
        assert results.balances[name].relative < 1e-10
    assert 600.0 < max(results.series["most_liquid"]) < 900.0
    fields = json.loads((tmp_path / "out" / "fields" / "fields.json").read_text(encoding="utf-8"))["fields"]
    assert fields["ionic_liquid_concentration"]["unit"] == "mol/m^3"
