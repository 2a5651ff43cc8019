"""All rules that join keys of a study, and its problems in the order of its lines."""

from __future__ import annotations

from studies.errors import MISSING, Problem
from studies.schema.contacts import check_interfaces
from studies.schema.draft import Draft
from studies.schema.fracture_rules import check_fracture
from studies.schema.impedance import check_impedance
from studies.schema.joint_rules import check_joints
from studies.schema.permeable_rules import check_permeable
from studies.schema.protocol_rules import check_protocol
from studies.schema.requests import check_checks, check_quantities
from studies.schema.rules import (
    check_films,
    check_geometry,
    check_layers,
    check_mechanics,
    check_operation,
    mechanics_on,
)
from studies.schema.slit_rules import check_slits
from studies.schema.space_charge_rules import check_space_charge
from studies.schema.swelling_rules import check_strains
from studies.schema.transport_rules import check_transport
from studies.schema.void_phase_rules import check_void_phases
from studies.schema.void_surface_rules import check_void_surface

MOST_PROBLEMS = 200


def check(draft: Draft) -> None:
    """Add the problems of a draft that its single keys do not show."""
    mechanics = mechanics_on(draft)
    check_geometry(draft)
    check_layers(draft)
    check_films(draft)
    check_interfaces(draft, mechanics)
    check_operation(draft)
    check_protocol(draft)
    check_transport(draft)
    check_strains(draft)
    check_fracture(draft)
    check_joints(draft)
    check_slits(draft)
    check_permeable(draft)
    check_void_phases(draft)
    check_void_surface(draft)
    check_mechanics(draft)
    check_quantities(draft)
    check_space_charge(draft)
    check_impedance(draft)
    check_checks(draft)


def ordered(problems: list[Problem]) -> list[Problem]:
    """Without repetitions, by line where known, and not more than a reader can bear."""
    unique = list(dict.fromkeys((p.path, str(p.value), p.message, p.line) for p in problems))
    first = {key: p for p in reversed(problems) if (key := (p.path, str(p.value), p.message, p.line))}
    found = sorted((first[key] for key in unique), key=lambda p: p.line or 0)
    if len(found) > MOST_PROBLEMS:
        rest = len(found) - MOST_PROBLEMS
        found = [*found[:MOST_PROBLEMS], Problem("", MISSING, f"and {rest} more")]
    return found
