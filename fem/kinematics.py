"""From a displacement to a 3 x 3 strain in every kind of model."""

from __future__ import annotations

import math
from typing import Any, Literal

import ufl
from ufl.corealg.map_dag import map_expr_dag
from ufl.corealg.multifunction import MultiFunction

Plane = Literal["strain", "stress"]


def strain(displacement: Any, mesh: Any, axisymmetric: bool) -> Any:
    """(3, 3) small strain of a displacement with as many components as space dimensions.

    1-D: uniaxial strain along x. 2-D: plane strain (x, y; z out of plane). Axisymmetric: (r, z; theta last).
    """
    gdim = mesh.geometry.dim
    gradient = ufl.grad(displacement)
    if gdim == 3:
        return ufl.sym(gradient)
    if gdim == 1:
        return ufl.as_matrix([[gradient[0, 0], 0, 0], [0, 0, 0], [0, 0, 0]])
    sym = ufl.sym(gradient)
    hoop: Any = 0
    if axisymmetric:
        hoop = displacement[0] / ufl.SpatialCoordinate(mesh)[0]
    return ufl.as_matrix([[sym[0, 0], sym[0, 1], 0], [sym[1, 0], sym[1, 1], 0], [0, 0, hoop]])


def embed(vector: Any, gdim: int) -> Any:
    """A vector of the model plane as one of three components."""
    return ufl.as_vector([vector[k] if k < gdim else 0 for k in range(3)])


def mandel(tensor: Any, gdim: int) -> Any:
    """The components of a symmetric (3, 3) tensor that a model has, as a vector of the same length (norm).

    1-D: 11, 22, 33. 2-D and axisymmetric: and sqrt(2) 12. 3-D: and sqrt(2) 23, sqrt(2) 13, sqrt(2) 12.
    """
    pairs = {1: (), 2: ((0, 1),), 3: ((1, 2), (0, 2), (0, 1))}[gdim]
    return ufl.as_vector([*(tensor[k, k] for k in range(3)), *(math.sqrt(2) * tensor[i, j] for i, j in pairs)])


def from_mandel(vector: Any, gdim: int) -> Any:
    """The (3, 3) tensor of `mandel` components."""
    half = math.sqrt(0.5)
    v = [vector[k] for k in range((3, 4, 6)[gdim - 1])]
    a = half * v[-1] if gdim > 1 else 0
    b, c = (half * v[4], half * v[3]) if gdim == 3 else (0, 0)
    return ufl.as_matrix([[v[0], a, b], [a, v[1], c], [b, c, v[2]]])


class _Unwrap(MultiFunction):  # type: ignore[misc]
    expr = MultiFunction.reuse_if_untouched

    def variable(self, _node: Any, operand: Any, _label: Any) -> Any:
        return operand


def without_variables(expression: Any) -> Any:
    """The same expression with derivatives carried out and no ``ufl.variable`` left.

    Every ``ufl.variable`` has a label of its own that enters the signature of a compiled ``fem.Expression`` (not of
    a form): without this, each evaluation would be compiled anew.
    """
    return map_expr_dag(_Unwrap(), ufl.algorithms.expand_derivatives(expression))
