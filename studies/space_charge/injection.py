"""Space-charge layers in studies of currents: the results of a named study become numbers of an interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fem.constants import FARADAY, GAS
from fem.errors import ModelError
from fem.interface.space_charge import SpaceChargeState, SpaceChargeTable
from studies.errors import SolveError
from studies.progress import Silent
from studies.space_charge import build

if TYPE_CHECKING:
    from studies.schema import Study
    from studies.schema.interfaces import Interface

#: A resistance below this share of the kinetic one is left out: the potential between the two would be all rounding.
LEAST_SHARE = 1e-4
_TABLES: dict[tuple[str, int], SpaceChargeTable] = {}


def injected(study: Study, comm: Any) -> tuple[Study, tuple[str, ...]]:
    """The study with the numbers of its space-charge layers in its interfaces, and what was put there, in words.

    The resistance adds to that of the film (of the contact, between two electrolytes); the differential capacitance is
    that of the double layer unless the study gives one. Both are taken at the equilibrium potential of the interface
    unless the study names a potential. Collective.

    Raises:
        SolveError: a potential lies beyond what the space-charge study covers.
    """
    changed: dict[str, Interface] = {}
    notes = []
    for name, spec in study.interfaces.items():
        if spec.space_charge is None:
            continue
        source = spec.space_charge
        potential = source.potential if source.potential is not None else spec.equilibrium_potential
        try:
            state = state_of(source.study, potential, comm)
        except ValueError as error:
            raise SolveError(f"interfaces.{name}.space_charge: {error}, where {source.study} was swept") from error
        least = LEAST_SHARE * _kinetic_resistance(spec, study.operation.temperature)
        changed[name] = _with_layer(spec, state, least)
        where = "" if potential is None else f" at {potential:g} V"
        notes.append(
            f"space charge of {name} from {source.study}{where}: {1e4 * state.resistance:.4g} ohm cm^2,"
            f" {100 * state.capacitance:.4g} uF/cm^2, potential drop {state.drop:.4g} V"
            + (", a resistance too small to be told from that of the kinetics" if 0 < state.resistance < least else "")
        )
    if not changed:
        return study, ()
    return study.model_copy(update={"interfaces": {**study.interfaces, **changed}}), tuple(notes)


def _kinetic_resistance(spec: Interface, temperature: float) -> float:
    """Of the charge transfer at rest, ohm m^2; 0 where there is none."""
    if spec.kinetics not in ("butler-volmer", "linear") or not spec.exchange_current:
        return 0.0
    return GAS * temperature / (FARADAY * spec.exchange_current * sum(spec.transfer_coefficients()))


def _with_layer(spec: Interface, state: SpaceChargeState, least: float) -> Interface:
    update: dict[str, Any] = {"space_charge": None}
    if spec.kinetics is None or spec.kinetics == "none":
        contact = max(0.0, (spec.ionic_resistance or 0.0) + state.resistance)
        update |= {"ionic_contact": "resistive" if contact > 0 else "perfect", "ionic_resistance": contact or None}
    else:
        if state.resistance >= least or spec.film_resistance > 0:
            update["film_resistance"] = max(0.0, spec.film_resistance + state.resistance)
        if spec.double_layer_capacitance == 0.0:
            update["double_layer_capacitance"] = max(0.0, state.capacitance)
    return spec.model_copy(update=update)


def state_of(name: str, potential: float | None, comm: Any) -> SpaceChargeState:
    """The layer of a space-charge study (a name of the catalogue or a file) at a potential of its electrode.

    Collective; remembered. Studies in one dimension are solved by rank 0 alone.

    Args:
        name: the study. potential: of the swept (or only) electrode in V; None: what the study says.
        comm: communicator.

    Raises:
        InputError: no such study. SolveError: not of space charge, or no resistance. ValueError: beyond the sweep.
    """
    study = _load(name)
    swept = build.sweep(study)
    if potential is not None and swept and not min(swept) - 1e-9 <= potential <= max(swept) + 1e-9:
        raise ValueError(f"{potential:g} V lies beyond {min(swept):g} to {max(swept):g} V")
    table = _remembered(_at(study, potential), comm)
    return table.at(float(table.potential[0]))


def table_of(name: str, comm: Any) -> SpaceChargeTable:
    """The layer of a space-charge study over its whole sweep; collective, remembered; raises as `state_of` does."""
    return _remembered(_load(name), comm)


def _load(name: str) -> Study:
    from studies.listing import find_study
    from studies.schema import Study

    study = Study.load(find_study(name))
    if study.space_charge is None:
        raise SolveError(f"{study.study} is no study of space charge")
    return study


def _at(study: Study, potential: float | None) -> Study:
    """The study without its sweep, at a potential of the electrode that was swept or is the only one with one."""
    part = build.section(study)
    held = [name for name, contact in part.electrodes.items() if contact.potential is not None]
    name = part.sweep.electrode if part.sweep is not None else (held[0] if len(held) == 1 else None)
    electrodes = part.electrodes
    if potential is not None and name is not None:
        electrodes = {**electrodes, name: electrodes[name].model_copy(update={"potential": potential})}
    changed = part.model_copy(update={"sweep": None, "electrodes": electrodes})
    return study.model_copy(update={"space_charge": changed})


def _remembered(study: Study, comm: Any) -> SpaceChargeTable:
    key = (study.hash, comm.size)
    if key not in _TABLES:
        if study.geometry.dimension == 1:
            _TABLES[key] = _by_one_rank(study, comm)
        else:
            _TABLES[key] = _solved(study, comm)
    return _TABLES[key]


def _by_one_rank(study: Study, comm: Any) -> SpaceChargeTable:
    """Solved by rank 0; what fails there is raised on all ranks."""
    from mpi4py import MPI

    outcome: SpaceChargeTable | str = ""
    if comm.rank == 0:
        try:
            outcome = _solved(study, MPI.COMM_SELF)
        except Exception as error:  # whatever it is, the other ranks wait in the broadcast below
            outcome = f"space charge of {study.study}: {error}"
    outcome = comm.bcast(outcome)
    if isinstance(outcome, str):
        raise SolveError(outcome)
    return outcome


def _solved(study: Study, comm: Any) -> SpaceChargeTable:
    from studies.space_charge.session import open_space_charge

    session = open_space_charge(study.model_copy(update={"quantities": []}), comm, 1.0, Silent())
    part = build.section(study)
    held = [name for name, contact in part.electrodes.items() if contact.potential is not None]
    electrode = part.sweep.electrode if part.sweep is not None else next(iter(held), None)
    rows = []
    for potential, solved in zip(session.currents, session.points(), strict=True):
        state = solved.state
        own = part.electrodes[electrode].potential if electrode is not None else None
        place = potential if potential is not None else own
        rows.append(
            (
                0.0 if place is None else place,
                _resistance(state),
                state.capacitance(electrode) if electrode is not None else 0.0,
                state.contact_potential(electrode) if electrode is not None else 0.0,
            )
        )
    session.destroy()
    table = np.array(rows)
    _, first = np.unique(table[:, 0], return_index=True)
    return SpaceChargeTable(*table[first].T)


def _resistance(state: Any) -> float:
    """Of all layers that conduct.

    Raises:
        SolveError: none does.
    """
    found = []
    for layer, medium in state.media.items():
        if medium.conductivity is not None and medium.bulk_conduction() > 0:
            try:
                found.append(state.resistance(layer))
            except ModelError as error:
                raise SolveError(str(error)) from error
    if not found:
        raise SolveError("no layer of the space-charge study has a conductivity: there is no resistance to use")
    return float(sum(found))
