"""What the tests of the meshes share."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def partitioner() -> Any:
    """Partitioner of dolfinx that keeps ghost cells across shared facets."""
    import dolfinx.mesh as dm

    try:
        return dm.create_cell_partitioner(dm.GhostMode.shared_facet)
    except TypeError:
        return dm.create_cell_partitioner(dm.GhostMode.shared_facet, 2)
