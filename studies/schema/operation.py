"""What is done to the cell: current or voltage, stack pressure, temperature."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from fem.constants import STANDARD_TEMPERATURE
from studies.schema.breaking import CrackFilling
from studies.schema.fields import (
    Applied,
    ElectricField,
    Length,
    NotABoolean,
    Part,
    Potential,
    StackPressure,
    Temperature,
    complaint,
)
from studies.schema.protocol import Entry, Until
from studies.schema.protocol_values import Capacity


class CurrentPoints(Part):
    """The currents of a polarisation curve: a range, or a list."""

    from_: Applied | None = Field(default=None, alias="from", description="First current.")
    to: Applied | None = Field(default=None, description="Last current.")
    points: Annotated[int, NotABoolean] | None = Field(
        default=None, ge=2, le=1000, description="Number of points, ends included."
    )
    spacing: Literal["linear", "log"] | None = Field(default=None, description="linear (default) or log.")
    include_zero: bool = Field(default=False, description="Whether to add zero current in front (for log spacing).")
    values: list[Applied] | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        description="The currents one by one, instead of a range.",
    )

    @model_validator(mode="after")
    def _range_or_list(self) -> CurrentPoints:
        given = [name for name in ("from", "to", "points") if getattr(self, name.replace("from", "from_")) is not None]
        if self.values is not None:
            if given or self.spacing is not None:
                raise complaint("give either a list of values or from, to and points")
            kinds = {x.dimension for x in self.values}
        else:
            if self.from_ is None or self.to is None or self.points is None:
                raise complaint("from, to and points are needed (or a list of currents)")
            if self.spacing == "log" and not self.from_.value * self.to.value > 0:
                raise complaint("log spacing needs from and to of the same sign, not zero (see include_zero)")
            if self.from_.value == self.to.value:
                raise complaint("from and to must differ")
            kinds = {self.from_.dimension, self.to.dimension}
        if len(kinds) > 1:
            raise complaint("currents and current densities cannot be mixed")
        return self

    def expand(self) -> tuple[Applied, ...]:
        """All currents in order."""
        if self.values is not None:
            points = list(self.values)
        else:
            assert self.from_ is not None
            assert self.to is not None
            assert self.points is not None
            a, b, n = self.from_.value, self.to.value, self.points
            if self.spacing == "log":
                numbers = [a * (b / a) ** (k / (n - 1)) for k in range(n)]
            else:
                numbers = [a + (b - a) * (k / (n - 1)) for k in range(n)]
            numbers[-1] = b
            points = [Applied(x, self.from_.dimension) for x in numbers]
        if self.include_zero and all(p.value != 0 for p in points):
            points.insert(0, Applied(0.0, points[0].dimension))
        return tuple(points)


class Sweep(Part):
    """A polarisation curve."""

    current: CurrentPoints = Field(description="Currents, one steady state each: a range or a list.")

    @model_validator(mode="before")
    @classmethod
    def _list_of_currents(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("current"), list):
            return {**data, "current": {"values": data["current"]}}
        return data


class MeanField(Part):
    """A mean electric field in a model without electrodes, whose sides are periodic."""

    along: Literal["x", "y", "z", "each"] = Field(
        description="Axis along which the potential falls, with periodic sides; each: all of them, one after the other."
    )
    strength: ElectricField = Field(default=1.0, description="Mean of the field; matters where kinetics are nonlinear.")
    across: Literal["no-field", "no-current"] = Field(
        default="no-field",
        description="What holds along the other periodic axes: no mean field, or no mean current, as between"
        " insulating walls.",
    )


class Operation(Part):
    """Electrical and mechanical load."""

    current: Applied | None = Field(
        default=None,
        description="Galvanostatic: current density or (3-D, axisymmetric) total current; anodic is positive.",
    )
    voltage: Potential | None = Field(default=None, description="Potentiostatic: working minus counter electrode.")
    sweep: Sweep | None = Field(default=None, description="A polarisation curve instead of one operating point.")
    protocol: list[Entry] | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        description="What is done in time: steps one after the other, instead of one operating point.",
    )
    capacity: Capacity | None = Field(
        default=None, description="Of the cell, for currents given by c_rate; for example 2 mAh/cm^2."
    )
    stop_when: Until | None = Field(default=None, description="What ends the protocol, in whatever step.")
    mean_field: MeanField | None = Field(
        default=None,
        description="Instead of a current or voltage between electrodes: a mean field, for effective properties.",
    )
    working_electrode: str | None = Field(
        default=None,
        description="Layer whose anodic current counts positive: the first (default) or the last layer.",
    )
    stack_pressure: StackPressure | None = Field(
        default=None,
        description="Pressure on the ends of the stack; negative (a pull) only for `mechanics.lateral: free-standing`.",
    )
    stack_control: Literal["constant-pressure", "fixed-gap"] | None = Field(
        default=None, description="constant-pressure (default) or fixed-gap (the ends do not move)."
    )
    stack_displacement: Length | None = Field(
        default=None,
        description="Approach of the two ends for fixed-gap, positive in compression; default 0.",
    )
    crack_filling: CrackFilling | None = Field(
        default=None, description="What fills the cracks of layers with `fracture` and presses their faces apart."
    )
    temperature: Temperature = Field(
        default=STANDARD_TEMPERATURE, description="Uniform temperature, for example 25 degC."
    )

    @property
    def currents(self) -> tuple[Applied, ...]:
        """All currents in order; empty when potentiostatic."""
        if self.sweep is not None:
            return self.sweep.current.expand()
        return () if self.current is None else (self.current,)
