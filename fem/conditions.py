"""What acts on a cell from outside: electrical terminals, stack pressure, symmetry planes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fem.protocol import Course


@dataclass(frozen=True)
class Terminal:
    """An electrical connection.

    Exactly one of ``potential`` and ``current`` is given.

    Attributes:
        name: name of the terminal, used in results.
        at: an equipotential layer, or an outer side (``bottom``, ``top``) of a resolved conductor.
        potential: V, fixed.
        current: A fed into the cell from outside (per depth in 2-D: A/m; 1-D: A/m^2); the potential is unknown.
        carrier: the potential that is held, for outer sides of mixed conductors.
    """

    name: str
    at: str
    potential: float | None = None
    current: float | None = None
    carrier: str = "electronic"

    def __post_init__(self) -> None:
        if (self.potential is None) == (self.current is None):
            raise ValueError(f"terminal {self.name!r}: give either a potential or a current")


@dataclass(frozen=True)
class Pressure:
    """Pressure on an outer side: traction -p n.

    Attributes:
        side: outer side.
        pressure: Pa, positive in compression; or its course in the time since the run began.
    """

    side: str
    pressure: float | Course


@dataclass(frozen=True)
class Traction:
    """A uniform traction vector on an outer side; for one that varies see ``SurfaceSource`` with ``force``.

    Attributes:
        side: outer side.
        value: Pa, as many components as space dimensions.
    """

    side: str
    value: tuple[float, ...]


@dataclass(frozen=True)
class Roller:
    """Zero normal displacement on an outer side: a symmetry plane or a smooth rigid wall.

    Attributes:
        side: outer side; its normal must be along a coordinate axis.
        axis: index of the coordinate that is held.
        displacement: m, given value of that component; or its course in the time since the run began.
    """

    side: str
    axis: int
    displacement: float | Course = 0.0


@dataclass(frozen=True)
class MeanField:
    """A mean electric field along an axis whose sides are periodic; it acts on all potentials.

    Attributes:
        axis: index of the coordinate.
        value: V/m; None: unknown, no current flows along the axis on the average.
    """

    axis: int
    value: float | None = None


@dataclass(frozen=True)
class MeanStrain:
    """A mean strain of a model with periodic sides.

    Attributes:
        axes: indices of the two coordinates, both periodic.
        value: given; None: unknown, the mean stress vanishes.
    """

    axes: tuple[int, int]
    value: float | None = None


@dataclass(frozen=True)
class Anchor:
    """One component of the displacement is zero in one point, so that a model that stands free does not drift.

    Attributes:
        point: m, a node of the mesh such as a corner of the model.
        axis: index of the coordinate that is held.
    """

    point: tuple[float, ...]
    axis: int


@dataclass(frozen=True)
class Platen:
    """A rigid plate on an outer side: one unknown displacement, a given total force.

    Attributes:
        side: outer side.
        axis: index of the coordinate along which it moves.
        force: N along the axis (per depth in 2-D: N/m; 1-D: Pa); or its course in the time since the run began.
    """

    side: str
    axis: int
    force: float | Course


@dataclass(frozen=True)
class FilledCrack:
    """Something that fills the cracks of layers that break and presses their faces apart.

    Exactly one of ``pressure``, ``volume`` and ``electrode`` is given, the last one with a ``share`` in runs in time.

    Attributes:
        pressure: Pa.
        volume: m^3 (2-D: per depth, m^2) that all cracks together hold; the pressure follows.
        electrode: layer whose metal fills the cracks and is deposited there: the pressure is F eta / Omega with the
            local overpotential eta = phi_ionic - phi_electrode - equilibrium potential where that drives plating.
        molar_volume: Omega in m^3/mol of what is deposited.
        equilibrium_potential: of the electrode against lithium, V.
        layers: whose cracks; empty: of all layers that may break.
        share: of the metal that is plated at the electrode, what goes into the cracks: their volume is given by the
            charge, and the pressure follows.
    """

    pressure: float | None = None
    volume: float | None = None
    electrode: str | None = None
    molar_volume: float | None = None
    equilibrium_potential: float = 0.0
    layers: tuple[str, ...] = ()
    share: float | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if self.share is not None and (self.electrode is None or not 0 < self.share <= 1):
            raise ValueError(f"share belongs to an electrode and lies between 0 and 1, got {self.share}")
        if sum(x is not None for x in (self.pressure, self.volume, self.electrode)) != 1:
            raise ValueError("give one of the pressure, the volume and the electrode of what fills the cracks")
        if self.electrode is not None and not (self.molar_volume or 0.0) > 0:
            raise ValueError(f"molar_volume must be given and positive, got {self.molar_volume}")


Mechanical = Pressure | Traction | Roller | Anchor | Platen | MeanStrain | FilledCrack


@dataclass(frozen=True)
class OpeningControl:
    """Tractions of unknown size that open a bond to a given mean: what goes on where given loads would jump.

    Attributes:
        interface: ``a|b`` with a law of cohesion.
        opening: mean of the normal opening, m.
        tractions: (outer side, layer) -> direction and ratio of the tractions, as many components as dimensions.
    """

    interface: str
    opening: float
    tractions: Mapping[tuple[str, str], tuple[float, ...]]


@dataclass(frozen=True)
class ImposedDisplacement:
    """All components of the displacement given on an outer side.

    Attributes:
        side: outer side or void surface.
        values: function of points (3, n) in m returning (components, n) in m.
    """

    side: str
    values: Callable[[Any], Any]


@dataclass(frozen=True)
class ImposedPotential:
    """A potential given as a function of position on an outer side.

    Attributes:
        side: outer side.
        layer: layer whose potential is meant (the first or last one of the stack usually).
        carrier: ``ionic`` or ``electronic``.
        values: function of points (3, n) in m returning (n,) in V.
    """

    side: str
    layer: str
    carrier: str
    values: Callable[[Any], Any]


@dataclass(frozen=True)
class Source:
    """A volumetric source in a layer.

    Attributes:
        layer: where.
        quantity: ``ionic`` or ``electronic`` (A/m^3), ``salt``, ``liquid`` or ``lithium`` (mol/(m^3 s) times F:
            A/m^3), or ``force`` (N/m^3).
            ``order`` feeds the order parameter of a layer with voids as a phase (A/m^3, see `fem.void_phase`).
        density: function of the UFL coordinate returning a UFL scalar, or a vector for ``force``.
        timed: whether ``density`` takes the time since the run began (UFL, s) as its second argument.
        degree: up to which polynomials the source is integrated exactly; None: as its density suggests.
    """

    layer: str
    quantity: str
    density: Callable[..., Any]
    timed: bool = False
    degree: int | None = None


@dataclass(frozen=True)
class SurfaceSource:
    """A source on one side of an interface, or on an outer side.

    Attributes:
        facets: interface or outer side, of which those count beside which the unknown exists.
        layer: the side that receives it; the layer of an interphase for ``thickness``, nothing for ``inner``.
        quantity: ``ionic`` or ``electronic`` (A/m^2), ``salt``, ``liquid`` or ``lithium`` (times F: A/m^2), ``inner``
            (the potential between film and reaction, A/m^2), ``thickness`` (as the current that would decompose,
            A/m^2), or ``force`` (Pa).
        density: function of the UFL coordinate returning a UFL scalar, or a vector for ``force``.
        timed: whether ``density`` takes the time since the run began (UFL, s) as its second argument.
    """

    facets: str
    layer: str
    quantity: str
    density: Callable[..., Any]
    timed: bool = False
