"""Every number of the catalogue has an error bar, and the bar says where it comes from."""

from __future__ import annotations

import math

import pytest
from mpi4py import MPI

from studies.listing import catalogue, find_study
from studies.progress import Silent
from studies.runner import run
from studies.schema import Study

NAMES = [entry.name for entry in catalogue()]
#: Quick ones of one and two dimensions: exact values, singular ones, films, refinement to a tolerance.
QUICK = ("planar-cell", "mixed-conductor", "laminate-across", "edge-crack", "graded-coating", "disc-array")


@pytest.mark.parametrize("name", NAMES)
def test_errors_are_asked_for(name: str) -> None:
    """No study of the catalogue switches its error bars off."""
    study = Study.load(find_study(name))
    assert study.mesh.tolerance is not None or study.mesh.error_estimate == "family"
    assert study.quantities


@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK)
def test_every_quantity_has_an_error(name: str) -> None:
    study = Study.load(find_study(name), {"pictures": []})
    found = run(study, None, MPI.COMM_SELF, Silent()).quantities
    assert set(found) == {request.label for request in study.quantities}
    for label, value in found.items():
        assert value.error is not None, label
        assert math.isfinite(value.error), label
        assert value.error >= 0, label
        assert value.error_kind, label
