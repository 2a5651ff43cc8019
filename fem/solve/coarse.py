"""The Jacobian of a stage on linear elements: the same forms, with linear test and trial functions.

The state at which it is taken stays the quadratic one, so nothing has to be transferred, and the product P'AP
with the quadratic matrix, which costs more than a whole solve, is not needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import ufl
from dolfinx import default_scalar_type, fem

from fem import compat
from fem.solve.sparsity import create_matrix

if TYPE_CHECKING:
    from fem.solve.groups import Group
    from fem.solve.stage import Stage


class StageCoarse:
    """Assembles the diagonal part of a stage's Jacobian that belongs to a group, on linear elements.

    Args:
        stage: owner of the forms.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._forms: dict[tuple[int, ...], tuple[list[list[Any]], list[Any]]] = {}
        self._blocks: dict[tuple[int, ...], list[list[Any]]] = {}

    def __call__(self, group: Group) -> Any:
        """Matrix of the group at the present state."""
        if group.indices not in self._forms:
            self._forms[group.indices] = (self._compile(group), linear_markers(group))
        forms, bcs = self._forms[group.indices]
        matrix = group.coarse
        if matrix is None:
            regions = [self.stage.fields[k].region for k in group.indices]
            matrix = create_matrix(group.coarse_spaces, regions, self._blocks[group.indices])
        compat.assemble_block_matrix(matrix, forms, bcs)
        row, column = self.stage.scales.get(group.kind, (1.0, 1.0))
        if row * column != 1.0:
            matrix.scale(row * column)
        return matrix

    def _compile(self, group: Group) -> list[list[Any]]:
        fields = [self.stage.fields[k] for k in group.indices]
        tests = [ufl.TestFunction(s) for s in group.coarse_spaces]
        trials = [ufl.TrialFunction(s) for s in group.coarse_spaces]
        blocks = []
        for i, k in enumerate(group.indices):
            row = []
            for j, n in enumerate(group.indices):
                block = self.stage.jacobian_ufl[k][n]
                exchange = {fields[i].test: tests[i], fields[j].trial: trials[j]}
                row.append(None if block is None else ufl.replace(block, exchange))
            blocks.append(row)
        self._blocks[group.indices] = blocks
        forms: list[list[Any]] = self.stage.system.maps.form(blocks)
        return forms


def linear_markers(group: Group) -> list[Any]:
    """Homogeneous Dirichlet conditions on the constrained unknowns of a group's linear spaces."""
    bcs: list[Any] = []
    for space, dofs in zip(group.coarse_spaces, group.coarse_constrained, strict=True):
        size = space.dofmap.index_map_bs
        if size == 1:
            bcs.append(compat.homogeneous_condition(space, np.asarray(dofs)))
        else:
            zero = default_scalar_type(0.0)
            parts = [dofs[dofs % size == k] for k in range(size)]
            bcs += [fem.dirichletbc(zero, part, space.sub(k)) for k, part in enumerate(parts)]
    return bcs
