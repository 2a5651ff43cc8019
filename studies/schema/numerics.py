"""How it is computed: elements, solver, mesh, error estimate, mechanics switches. No user needs these
keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from studies.schema.breaking import Loading
from studies.schema.fields import Bounds, In, NotABoolean, Part, PositiveLength

if TYPE_CHECKING:
    from meshes.sizes import MeshSizes


Degree = Annotated[Literal[1, 2], NotABoolean]


class Mechanics(Part):
    """Small-strain elasticity in all solids."""

    on: bool | None = Field(
        default=None,
        description="Whether stresses are computed; default: when something mechanical is given or asked for.",
    )
    plane: Literal["strain", "stress"] = Field(default="strain", description="Out-of-plane condition of 2-D models.")
    lateral: Literal["confined", "free", "free-standing"] = Field(
        default="confined",
        description="Outer sides. confined: no normal displacement, as by symmetry; free: the right and back sides are"
        " free, the left and front ones stay planes of symmetry (or the axis); free-standing: none of them is"
        " held. Periodic sides: confined, the width stays; free, it becomes such that no"
        " force acts on the sides on the average.",
    )

    loading: Loading = Field(
        default_factory=Loading, description="How the loads of studies with fracture grow; rarely needed."
    )


class Discretisation(Part):
    """Elements."""

    degree: Degree = Field(default=2, description="Degree of the potentials.")
    displacement_degree: Degree = Field(default=2, description="Degree of the displacement.")


class Solver(Part):
    """Solver options; the defaults are meant for all studies."""

    tolerance: Annotated[float, In("dimensionless", Bounds(above=0.0, at_most=1e-3))] = Field(
        default=1e-10, description="Relative tolerance of the nonlinear solve."
    )
    method: Literal["auto", "direct", "iterative"] = Field(
        default="auto", description="Linear solver; auto goes by size."
    )


class Mesh(Part):
    """Mesh sizes; what is left out follows from the geometry."""

    bulk: PositiveLength | None = Field(default=None, description="Cell size far from interfaces.")
    interface: PositiveLength | None = Field(default=None, description="Cell size at interfaces.")
    edge: PositiveLength | None = Field(
        default=None, description="Cell size at contact edges, where the current is singular."
    )
    wall: PositiveLength | None = Field(default=None, description="Cell size on the walls of voids.")
    growth: Annotated[float, In("dimensionless", Bounds(at_least=1.02, at_most=4.0))] | None = Field(
        default=None, description="Factor from one cell to the next away from interfaces and edges."
    )
    refinement: Annotated[float, In("dimensionless", Bounds(at_least=0.05, at_most=64.0))] = Field(
        default=1.0, description="Divides all sizes: 2 halves them."
    )
    error_estimate: Literal["family", "none"] = Field(
        default="family",
        description="family: solve on coarser meshes, too, and extrapolate an error bar for each quantity.",
    )
    levels: Annotated[int, NotABoolean] = Field(
        default=3, ge=2, le=6, description="Meshes of the family, the study's own included."
    )
    tolerance: Annotated[float, In("dimensionless", Bounds(above=0.0, at_most=0.5))] | None = Field(
        default=None,
        description="Refine the mesh where it matters until the quantities are known within this relative error.",
    )
    quantities: list[str] | None = Field(
        default=None,
        min_length=1,
        description="Labels of the quantities that must meet the tolerance; default: all that have a derivative"
        " (maxima have none; they get an error bar, too).",
    )
    most_unknowns: Annotated[int, NotABoolean] = Field(
        default=200_000, ge=100, description="Refinement towards the tolerance stops at this many unknowns."
    )

    def sizes(self) -> MeshSizes:
        """The sizes for `meshes`, without the refinement; what was left out is None."""
        from meshes.sizes import MeshSizes

        growth = {} if self.growth is None else {"growth": self.growth}
        return MeshSizes(bulk=self.bulk, interface=self.interface, edge=self.edge, wall=self.wall, **growth)


def shorthand_mechanics(data: Any) -> Any:
    """`mechanics: on` for `mechanics: {on: on}`."""
    if isinstance(data, dict) and isinstance(data.get("mechanics"), bool | str):
        return {**data, "mechanics": {"on": data["mechanics"]}}
    return data
