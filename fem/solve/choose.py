"""Which linear solver suits a system: by dimension, size, kind of unknown and element degree.

The limits were measured (docs/decisions/0003-linear-solvers.md): below them a factorisation is faster than or
as fast as multigrid and does not care about coefficients; above them it costs 10 to 100 times the memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Method = Literal["auto", "direct", "iterative"]
Technique = Literal["hypre", "gamg", "jacobi", "p-multigrid"]
UnknownKind = Literal["potential", "displacement", "traction", "concentration", "phase", "state", "damage", "contact"]

METHODS: tuple[Method, ...] = ("auto", "direct", "iterative")

# Unknowns up to which a factorisation is the default, by topological dimension.
DIRECT_LIMIT: Mapping[int, float] = {1: float("inf"), 2: 6e4, 3: 1.2e4}
# Unknowns up to which a factorisation may stand in for an iterative method that failed: a 3-D factor of a
# system of this size takes about 10 GB.
FALLBACK_LIMIT: Mapping[int, float] = {1: float("inf"), 2: 2e6, 3: 3e5}


@dataclass(frozen=True)
class Plan:
    """How one system is to be solved.

    Attributes:
        direct: factorise instead of iterating.
        fallback: a factorisation may follow when the iterative method fails.
    """

    direct: bool
    fallback: bool


def make_plan(method: Method, dimension: int, unknowns: int) -> Plan:
    """Decide between factorisation and iteration.

    Args:
        method: what the caller wants; ``auto`` decides by size.
        dimension: topological dimension of the mesh, 1 to 3.
        unknowns: global number of scalar unknowns.

    Raises:
        ValueError: for an unknown method.
    """
    if method not in METHODS:
        raise ValueError(f"linear solver method {method!r}: choose one of {', '.join(METHODS)}")
    if method == "direct":
        return Plan(direct=True, fallback=False)
    if method == "iterative":
        return Plan(direct=False, fallback=False)
    return Plan(direct=unknowns <= DIRECT_LIMIT[dimension], fallback=unknowns <= FALLBACK_LIMIT[dimension])


def technique(kind: UnknownKind, degree: int) -> Technique:
    """Preconditioner of a group of fields of one kind and of the highest degree among them.

    Tractions are defined by a mass matrix, for which the diagonal is enough, and states of interfaces nearly so.
    """
    if kind in ("traction", "state", "contact"):
        return "jacobi"
    if degree > 1:
        return "p-multigrid"
    return "gamg" if kind == "displacement" else "hypre"


Options = dict[str, str | float | int | None]


def amg_options(kind: UnknownKind, prefix: str = "") -> Options:
    """PETSc options of algebraic multigrid on linear elements.

    Args:
        kind: potentials and concentrations take hypre BoomerAMG, displacements smoothed aggregation with rigid-body
            modes, tractions and states of interfaces the diagonal.
        prefix: put before every key.
    """
    own: Options
    if kind in ("traction", "state", "contact"):
        own = {"pc_type": "jacobi"}
    elif kind == "displacement":
        own = {
            "pc_type": "gamg",
            "pc_gamg_threshold": 0.02,
            "mg_levels_ksp_type": "chebyshev",
            "mg_levels_ksp_max_it": 2,
            "mg_levels_pc_type": "jacobi",
            "mg_levels_esteig_ksp_type": "cg",
        }
    else:
        hypre: Options = {
            "coarsen_type": "HMIS",
            "interp_type": "ext+i",
            "P_max": 4,
            "strong_threshold": 0.25,
        }
        own = {"pc_type": "hypre", "pc_hypre_type": "boomeramg"}
        own |= {f"pc_hypre_boomeramg_{key}": value for key, value in hypre.items()}
    return {prefix + key: value for key, value in own.items()}


def smoother_options(ranks: int, prefix: str = "") -> Options:
    """PETSc options of the smoother on quadratic elements.

    On one rank a symmetric Gauss-Seidel sweep before and after takes the fewest iterations and no eigenvalue
    estimate. On several ranks it would know nothing of the neighbours within a sweep (7, 10, 11 iterations on 1, 2,
    3 ranks); Chebyshev-Jacobi of degree 2 takes 9 on any number, in the same time.

    Args:
        ranks: size of the communicator.
        prefix: put before every key.
    """
    own: Options
    if ranks == 1:
        own = {"ksp_type": "richardson", "ksp_max_it": 1, "pc_type": "sor"}
    else:
        own = {
            "ksp_type": "chebyshev",
            "ksp_max_it": 2,
            "pc_type": "jacobi",
            "esteig_ksp_type": "cg",
            "esteig_ksp_max_it": 5,
            "ksp_chebyshev_esteig": "0,0.3,0,1.1",
        }
    own["ksp_norm_type"] = "none"
    return {prefix + key: value for key, value in own.items()}


def direct_options(symmetric: bool) -> Options:
    """PETSc options of the factorisation by MUMPS."""
    return {
        "ksp_type": "preonly",
        "pc_type": "cholesky" if symmetric else "lu",
        "pc_factor_mat_solver_type": "mumps",
        "mat_mumps_icntl_14": 60,  # % more workspace than estimated; 20 is exceeded at times
    }
