"""Values of material properties in the regions of a study: numbers, or functions of the place in a coat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fem.values import Graded
from studies.schema.films import Coat, across

if TYPE_CHECKING:
    from studies.schema import Study

__all__ = ["Values"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Values:
    """Properties of one region of the mesh at the temperature of the study."""

    study: Study
    region: str

    def of(self, key: str) -> Any:
        """SI value of a property; `Graded` where the coat has a gradient of it."""
        inner = self.study.material(self.region).value(key, self.study.operation.temperature)
        body = self.study.body(self.region)
        graded = getattr(body.gradient, key, None) if isinstance(body, Coat) else None
        if graded is None:
            return inner
        assert isinstance(body, Coat)
        stack = self.study.stack()
        coated = next(f for f in stack.features if body.name in [c.name for c in getattr(f, "coats", ())])
        names = [c.name for c in coated.coats]  # type: ignore[attr-defined]
        below = sum(c.thickness for c in coated.coats[: names.index(body.name)])  # type: ignore[attr-defined]

        def values(points: Floats) -> Floats:
            away = coated.distance(stack, points)  # type: ignore[attr-defined]
            share = np.clip((away - below) / body.thickness, 0.0, 1.0)
            return np.asarray(across(inner, graded.outer, graded.law, share))

        return Graded(values)
