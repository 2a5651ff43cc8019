"""Brittle fracture as a phase field: elastic energy that damage releases, against the energy of crack surfaces.

psi = g(d) psi_plus(e) + psi_minus(e) + G_c / c_w (w(d) / l + l |grad d|^2): cracks are bands of the width l in which
the damage d goes from 0 to 1, and a crack of area A costs G_c A (Bourdin, Francfort and Marigo, J. Elasticity 91
(2008) 5).
The stress is d(psi)/d(strain), and what drives damage is -d(psi)/dd: nothing is written twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import ufl

from fem.energy.elastic import Elastic
from fem.energy.splits import SPLITS, Split, parts
from fem.errors import ModelError
from fem.terms import State

Profile = Literal["AT1", "AT2"]
PROFILES: tuple[Profile, ...] = ("AT1", "AT2")
#: c_w = 4 times the integral of sqrt(w) from 0 to 1, for which a crack costs G_c.
NORMALISATION: dict[Profile, float] = {"AT1": 8.0 / 3.0, "AT2": 2.0}
#: Energy of the core of a crack on cells of size h over G_c h / l.
CORE: dict[Profile, float] = {"AT1": 3.0 / 8.0, "AT2": 1.0 / 2.0}
#: Of the stiffness, what a broken material keeps: too little to carry anything, enough for a solver.
RESIDUAL = 1e-6


@dataclass(frozen=True)
class Fracture:
    """An elastic solid that breaks.

    AT1 (w = d) is elastic up to a strength; AT2 (w = d^2) is damaged a little by any stress. The strength follows from
    the length: sqrt(3 E G_c / 8 l) and 9/16 sqrt(E G_c / 3 l) of a bar (Tanne, Li, Bourdin, Marigo and Maurini,
    J. Mech. Phys. Solids 110 (2018) 80).

    Attributes:
        solid: the unbroken material.
        toughness: G_c in J/m^2, a number, graded (`fem.values.Graded`) or a function of the concentration of lithium.
        length: l in metres; cells should be at most half as large where cracks run.
        model: AT1 or AT2.
        split: what of the energy cracks release.
        star: parameter of the star-convex split, at least -1.
        residual: share of the stiffness that a broken material keeps.
        compensated: take off what cracks on cells cost beyond G_c, 3 h / 8 l (AT1) or h / 2 l (AT2) of it, because
            their core is as wide as a cell of size h (Bourdin, Francfort and Marigo 2008).
        blocks: whether cracks block ions, electrons and diffusion.
        planar: the third axis is a principal one of the strain (set by the model).
    """

    solid: Elastic
    toughness: Any
    length: float
    model: Profile = "AT1"
    split: Split = "volumetric-deviatoric"
    star: float = 0.0
    residual: float = RESIDUAL
    compensated: bool = False
    blocks: bool = True
    planar: bool = False

    def __post_init__(self) -> None:
        for name in ("toughness", "length", "residual"):
            value = getattr(self, name)
            if isinstance(value, int | float) and not value > 0:
                raise ValueError(f"{name} must be positive, got {value}")
        if isinstance(self.star, int | float) and not self.star >= -1:
            raise ValueError(f"star must be at least -1, got {self.star}")
        if self.model not in PROFILES:
            raise ValueError(f"model {self.model!r}: choose one of {', '.join(PROFILES)}")
        if self.split not in SPLITS:
            raise ValueError(f"split {self.split!r}: choose one of {', '.join(SPLITS)}")

    @property
    def swelling(self) -> Any:
        """Of the solid."""
        return self.solid.swelling

    def degradation(self, damage: Any) -> Any:
        """g(d) = (1 - k) (1 - d)^2 + k: share of the stiffness that is left."""
        return (1 - self.residual) * (1 - damage) ** 2 + self.residual

    def density(self, state: State) -> Any:
        """Stored energy density in J/m^3."""
        if state.damage is None:
            return self.solid.density(state)
        elastic = state.strain - self.solid.stress_free_strain(state.concentration)
        plus, minus = parts(self.split, elastic, self.solid.lame, self.star, self.planar)
        return self.degradation(state.damage) * plus + minus

    def surface(self, damage: Any, concentration: Any = None, size: Any = None) -> Any:
        """Energy density of crack surfaces in J/m^3.

        Args:
            damage: as a function. concentration: of lithium, mol/m^3. size: of the cells in metres, to compensate for.
        """
        local = damage if self.model == "AT1" else damage**2
        slope = ufl.grad(damage)
        density = local / self.length + self.length * ufl.inner(slope, slope)
        toughness = self.toughness_at(concentration)
        if self.compensated and size is not None:
            toughness = toughness / (1 + CORE[self.model] * size / self.length)
        return toughness / NORMALISATION[self.model] * density

    def toughness_at(self, concentration: Any = None) -> Any:
        """G_c at a concentration of lithium, J/m^2."""
        given = self.toughness
        return given(concentration) if callable(given) and not hasattr(given, "ufl_shape") else given

    def plane_stress_strain(self, strain: Any, concentration: Any = None) -> Any:
        """The strain with the out-of-plane component that makes sigma_zz vanish.

        Raises:
            ModelError: with a split, that component has no closed form.
        """
        if self.split != "none":
            raise ModelError(f"plane stress and fracture need split 'none', not {self.split!r}")
        return self.solid.plane_stress_strain(strain, concentration)
