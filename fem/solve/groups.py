"""Blocks of one kind and their preconditioner: algebraic multigrid, or p-multigrid above it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from petsc4py import PETSc

from fem.solve import multigrid
from fem.solve.choose import Options, Technique, UnknownKind, amg_options, smoother_options, technique

IndexArray = npt.NDArray[np.int32]
CoarseAssembly = Callable[["Group"], Any]


@dataclass(frozen=True)
class Block:
    """One field of a system.

    Attributes:
        space: its function space.
        kind: decides the preconditioner.
        constrained: unrolled local unknowns whose rows and columns are those of the identity.
        definite: whether its part of the matrix is symmetric and positive definite.
        weights: (owned,) diagonal that stands for the Schur complement of a contact.
    """

    space: Any
    kind: UnknownKind
    constrained: IndexArray = field(default_factory=lambda: np.empty(0, dtype=np.int32))
    definite: bool = True
    weights: npt.NDArray[np.float64] | None = None


class Group:
    """Blocks of one kind, preconditioned together.

    Args:
        indices: which blocks of the system.
        blocks: the blocks themselves.

    Attributes:
        technique: preconditioner.
        coarse_spaces: linear spaces of p-multigrid; empty otherwise.
        coarse_constrained: unrolled local unknowns of each that are constrained.
        interpolation: from linear to quadratic elements; None without p-multigrid.
    """

    def __init__(self, indices: Sequence[int], blocks: Sequence[Block]) -> None:
        self.indices, self.blocks = tuple(indices), tuple(blocks)
        self.kind: UnknownKind = blocks[0].kind
        self.technique: Technique = technique(self.kind, max(multigrid.degree(b.space) for b in blocks))
        self.coarse_spaces: list[Any] = []
        self.coarse_constrained: list[IndexArray] = []
        self.interpolation: Any = None
        self.coarse: Any = None
        self.near_nullspace: Any = None

    @property
    def spaces(self) -> list[Any]:
        """Spaces of the blocks."""
        return [b.space for b in self.blocks]

    def prepare(self) -> None:
        """Build what depends on the meshes alone."""
        smooth = self.spaces
        if self.technique == "p-multigrid":
            self.coarse_spaces = [multigrid.linear_space(s) for s in self.spaces]
            self.coarse_constrained = [
                multigrid.coarse_constraints(c, b.space, b.constrained)
                for c, b in zip(self.coarse_spaces, self.blocks, strict=True)
            ]
            smooth = self.coarse_spaces
            self.interpolation = multigrid.prolongation(smooth, self.spaces, self.coarse_constrained)
        if self.kind == "displacement":
            self.near_nullspace = multigrid.rigid_body_modes(smooth)

    def update(self, matrix: Any, assemble: CoarseAssembly | None) -> None:
        """Renew the coarse operator for new values of ``matrix``."""
        amg = matrix
        if self.technique == "p-multigrid":
            if assemble is not None:
                self.coarse = assemble(self)
            else:
                rows = self._constrained_rows()
                self.coarse = multigrid.galerkin(matrix, self.interpolation, rows, self.coarse)
            amg = self.coarse
        if self.near_nullspace is not None:
            amg.setBlockSize(self.spaces[0].dofmap.index_map_bs)
            amg.setNearNullSpace(self.near_nullspace)
        amg.setOption(PETSc.Mat.Option.SYMMETRIC, True)

    def _constrained_rows(self) -> npt.NDArray[np.int64]:
        """Owned global rows of the coarse operator that belong to constrained unknowns."""
        numbers = multigrid.global_numbers(self.coarse_spaces)
        owned = [multigrid.owned_size(s) for s in self.coarse_spaces]
        parts = zip(numbers, self.coarse_constrained, owned, strict=True)
        return np.concatenate([n[dofs[dofs < own]] for n, dofs, own in parts])

    def options(self) -> Options:
        """PETSc options of the preconditioner."""
        if self.technique != "p-multigrid":
            return amg_options(self.kind)
        return (
            {"pc_type": "mg", "mg_coarse_ksp_type": "preonly"}
            | smoother_options(self.spaces[0].mesh.comm.size, "mg_levels_")
            | amg_options(self.kind, "mg_coarse_")
        )

    def stand_in(self, own: Any) -> Any:
        """Diagonal matrix for the Schur complement of contacts, like their own block ``own`` in size."""
        if self.coarse is None:
            vector = own.createVecLeft()
            parts = [b.weights for b in self.blocks]
            vector.array_w[:] = np.concatenate([np.empty(0) if p is None else p for p in parts])
            self.coarse = PETSc.Mat().createDiagonal(vector)
        return self.coarse

    def renounce_coarse(self) -> None:
        """Precondition the matrix itself from now on, without linear elements below it."""
        self.destroy()
        self.technique, self.coarse_spaces, self.coarse_constrained = "hypre", [], []

    def attach(self, pc: Any) -> None:
        """Give a preconditioner the levels of p-multigrid; the other techniques need options alone."""
        if self.technique == "p-multigrid":
            pc.setType("mg")
            pc.setMGLevels(2)
            pc.setMGInterpolation(1, self.interpolation)
            pc.getMGCoarseSolve().setOperators(self.coarse)

    def describe(self) -> str:
        """The preconditioner in words."""
        names = {
            "displacement": "smoothed aggregation",
            "traction": "the diagonal",
            "state": "the diagonal",
            "contact": "its mass",
        }
        amg = names.get(self.kind, "BoomerAMG")
        if self.technique == "p-multigrid":
            return f"p-multigrid over {amg}"
        return amg

    def destroy(self) -> None:
        """Free PETSc objects."""
        for item in (self.interpolation, self.coarse, self.near_nullspace):
            if item is not None:
                item.destroy()
        self.interpolation = self.coarse = self.near_nullspace = None
