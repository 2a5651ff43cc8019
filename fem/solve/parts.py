"""Which stages of a model are integrated in time, and which are solved before and after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fem.errors import ModelError
from fem.protocol import Protocol
from fem.solve.flow import LOADED
from fem.unknowns import Field, Number

if TYPE_CHECKING:
    from fem.model import Model

__all__ = ["moving_parts"]


def moving_parts(
    model: Model, protocol: Protocol, working: Number | None = None
) -> tuple[list[Field], list[Number], list[int], list[int]]:
    """What moves in time (with all that it depends on mutually), the stages before it, and those after it.

    Where sides may part, all displacements belong to it, because steps are cut by what they do, and so does the
    controlled electrode (``working``): what passes depends on which sides touch.
    """
    system = model.system
    moving = [k for k, (fields, numbers) in enumerate(system.stages) if _moves(model, fields, numbers)]
    if moving and model.mechanics is not None and (model.mechanics.courses or any(s.loads for s in protocol.steps)):
        # stresses that nothing but the loads changes, and that what moves depends on
        pressed = [k for k, (fields, _) in enumerate(system.stages) if any(f.kind in LOADED for f in fields)]
        moving = sorted({*moving, *(k for k in pressed if k < moving[0])})
    if moving and model.joints:
        kinds = ("displacement", "contact")
        parting = [k for k, (fields, _) in enumerate(system.stages) if any(f.kind in kinds for f in fields)]
        fed = [k for k, (_, numbers) in enumerate(system.stages) if working in numbers]
        moving = sorted({*moving, *parting, *fed})
    if not moving:
        raise ModelError(
            "nothing in the model depends on time: no host, no salt, no capacitance; a sweep of the current does"
        )
    first, last = moving[0], moving[-1]
    fields = [f for k in range(first, last + 1) for f in system.stages[k][0]]
    numbers = [n for k in range(first, last + 1) for n in system.stages[k][1]]
    return fields, numbers, list(range(first)), list(range(last + 1, len(system.stages)))


def _moves(model: Model, fields: Sequence[Field], numbers: Sequence[Number]) -> bool:
    system = model.system
    forms = [system.residuals[f] for f in fields] + [system.charges[n] for n in numbers if n in system.charges]
    return any(system.moved(form) for form in forms)
