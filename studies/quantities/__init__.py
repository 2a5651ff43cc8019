"""The registry of quantities: what a study may ask for, in which unit, with which parameters.

The schema validates against it, `fem.observe` evaluates it, the tables print it. A quantity is asked for by
name, or by name with parameters (``current_focusing: {at: anode|electrolyte, distance: 10 nm}``). Parameters
left out take the default given here; `None` stands for "all of them" (a layer, an interface), as the
description says.
"""

from __future__ import annotations

from studies.quantities import electrical, impedance, in_time, mechanical, sharp_voids, space_charge
from studies.quantities.spec import Parameter, QuantitySpec

__all__ = ["QUANTITIES", "Parameter", "QuantitySpec"]

_TABLES = (electrical, mechanical, in_time, sharp_voids, space_charge, impedance)

QUANTITIES: dict[str, QuantitySpec] = {spec.name: spec for table in _TABLES for spec in table.SPECS}
"""Every quantity by name."""
