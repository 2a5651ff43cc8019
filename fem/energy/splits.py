"""What part of an elastic energy a crack releases: psi = psi_plus + psi_minus of a strain, of which damage takes plus.

A crack that is pressed together still carries load. The splits differ in what they take for pressing together.
"""

from __future__ import annotations

from typing import Any, Literal

import ufl

Split = Literal["none", "volumetric-deviatoric", "spectral", "star-convex"]
SPLITS: tuple[Split, ...] = ("none", "volumetric-deviatoric", "spectral", "star-convex")

#: Angles of eigenvalues are frozen where two of them differ by less than about this part, squared: their weight there
#: is as small, and the derivative of the arc cosine has no bound.
_NEAR = 1e-12


def parts(split: Split, strain: Any, lame: tuple[Any, Any], star: Any = 0.0, planar: bool = False) -> tuple[Any, Any]:
    """Energy densities (psi_plus, psi_minus) in J/m^3 of isotropic elasticity.

    * none: all of it is released; faces of cracks overlap under pressure.
    * volumetric-deviatoric: expansion and shear, K/2 <tr e>^2 + mu dev e : dev e (Amor, Marigo and Maurini, J. Mech.
      Phys. Solids 57 (2009) 1209).
    * spectral: extension along the principal axes, lambda/2 <tr e>^2 + mu sum <e_i>^2 (Miehe, Welschinger and
      Hofacker, Int. J. Numer. Meth. Engng 83 (2010) 1273).
    * star-convex: as volumetric-deviatoric, but compression delays cracking by shear:
      psi_plus = mu dev e : dev e + K/2 (<tr e>^2 - star <-tr e>^2) (Vicentini, Zolesi, Carrara, Maurini and De
      Lorenzis, Int. J. Fract. 247 (2024) 291); star = 0 gives volumetric-deviatoric.

    Args:
        split: which. strain: (3, 3) elastic strain. lame: lambda and mu, Pa.
        star: parameter gamma* of star-convex, at least -1; sets the ratio of compressive and tensile strength.
        planar: the third axis is a principal one (2-D, axisymmetric and 1-D models without tilted eigenstrains).
    """
    lam, mu = lame
    trace = ufl.tr(strain)
    whole = 0.5 * lam * trace**2 + mu * ufl.inner(strain, strain)
    if split == "none":
        return whole, 0.0 * trace
    opening, closing = _positive(trace) ** 2, _positive(-trace) ** 2
    if split == "spectral":
        extension = _planar_extension(strain) if planar else _spatial_extension(strain)
        plus = 0.5 * lam * opening + mu * extension
        return plus, whole - plus
    bulk = lam + 2 * mu / 3
    deviator = ufl.dev(strain)
    shear = mu * ufl.inner(deviator, deviator)
    factor = star if split == "star-convex" else 0.0
    return shear + 0.5 * bulk * (opening - factor * closing), 0.5 * bulk * (1 + factor) * closing


def _positive(value: Any) -> Any:
    return _where(ufl.gt(value, 0.0)) * value


def _where(condition: Any) -> Any:
    """1 or 0: as a factor, because FFCx cannot factorise conditionals within conditionals."""
    return ufl.conditional(condition, 1.0, 0.0)


def _planar_extension(strain: Any) -> Any:
    """Sum of <e_i>^2 where the third axis is principal.

    The eigenvalues m +- sqrt(D) of the plane need a root only where their signs differ, and there D > 0: the sum has
    all its derivatives at equal eigenvalues.
    """
    mean = 0.5 * (strain[0, 0] + strain[1, 1])
    square = 0.25 * (strain[0, 0] - strain[1, 1]) ** 2 + strain[0, 1] ** 2
    same = ufl.ge(mean**2, square)
    root = ufl.sqrt(ufl.conditional(same, 1.0, square))
    both = _where(ufl.And(same, ufl.gt(mean, 0.0))) * 2 * (mean**2 + square)
    return both + _where(ufl.Not(same)) * (mean + root) ** 2 + _positive(strain[2, 2]) ** 2


def _spatial_extension(strain: Any) -> Any:
    """Sum of <e_i>^2 in three dimensions.

    Only an eigenvalue whose sign is that of no other is ever taken by itself: it is simple, and what its derivatives
    lose near another one is weighted by its size. With one positive eigenvalue the sum is its square, with one
    negative it is e : e without its square (invariants tell the signs).
    """
    first, norm = ufl.tr(strain), ufl.inner(strain, strain)
    second = 0.5 * (first**2 - norm)
    mean = first / 3
    deviator = strain - mean * ufl.Identity(3)
    half, cubic = 0.5 * ufl.inner(deviator, deviator), ufl.det(deviator)
    third = mean**3 - mean * half + cubic
    same = ufl.And(ufl.ge(second, 0.0), ufl.ge(first * third, 0.0))
    safe = ufl.conditional(ufl.Or(same, ufl.le(half, 0.0)), 1.0, half)
    mixed = _where(ufl.Not(same))
    cosine = 1.5 * ufl.sqrt(3.0) * mixed * cubic / safe**1.5
    bound = 1.0 - _NEAR
    inside = _where(ufl.lt(abs(cosine), bound))
    clipped = inside * cosine + (1 - inside) * bound * ufl.sign(cosine)
    angle, size = ufl.acos(clipped) / 3, 2 * ufl.sqrt(safe / 3)
    largest, smallest = mean + size * ufl.cos(angle), mean + size * ufl.cos(angle + 2 * ufl.pi / 3)
    one, two = _where(ufl.gt(third, 0.0)), _where(ufl.le(third, 0.0))
    all_three = _where(ufl.And(same, ufl.gt(first, 0.0))) * norm
    return all_three + mixed * (one * largest**2 + two * (norm - smallest**2))
