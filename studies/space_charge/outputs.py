"""Profiles of a space-charge study as tables, fields for ParaView, and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fem.constants import FARADAY
from studies.space_charge import build
from studies.space_charge.session import ContinuumSession, PlanesSession, SolvedSpaceCharge
from studies.space_charge.states import MeshState, State

if TYPE_CHECKING:
    from studies.progress import Progress
    from studies.schema import Study

Array = npt.NDArray[np.float64]


class SpaceChargeOutputs:
    """Keeps the profiles of the last equilibrium, and draws (collective).

    Args:
        study: the study.
        session: its session.
        folder: results folder.
    """

    def __init__(self, study: Study, session: ContinuumSession | PlanesSession, folder: Path) -> None:
        self.study, self.session, self.folder, self.comm = study, session, folder, session.comm
        self._profiles: dict[str, dict[str, Array]] = {}
        self._walls: dict[str, float] = {}
        self._last: State | None = None

    def add(self, solved: SolvedSpaceCharge) -> None:
        """Remember the profiles of an equilibrium."""
        self._profiles = {layer.name: columns(solved.state, layer.name) for layer in self._layers()}
        self._walls = walls(solved.state)
        self._last = solved.state

    def _layers(self) -> list[Any]:
        known = build.section(self.study).media
        return [layer for layer in self.study.geometry.layers if layer.name in known]

    def finish(self, series: Mapping[str, tuple[float, ...]], progress: Progress) -> dict[str, str]:
        """Write tables, fields and pictures of the last equilibrium; file name -> what it shows."""
        made: dict[str, str] = {}
        section = None
        if isinstance(self._last, MeshState) and self.study.geometry.dimension != 1:
            section = self._last.section()
        if isinstance(self.session, ContinuumSession) and self.study.geometry.dimension != 1:
            from studies.space_charge.fields import write_fields

            made["fields"] = write_fields(self.session, self.folder / "fields")
        if self.comm.rank == 0:
            for layer, table in self._profiles.items():
                name = f"profile-{layer}.csv"
                header = ",".join(table)
                np.savetxt(self.folder / name, np.column_stack(list(table.values())), "%.10g", ",", header=header)
                made[name] = f"profiles along the stack through {layer}"
            made |= self._pictures(series, section, progress)
        return dict(self.comm.bcast(made))

    def _pictures(
        self, series: Mapping[str, tuple[float, ...]], section: tuple[Array, Array, Array] | None, progress: Progress
    ) -> dict[str, str]:
        if self.study.pictures is not None and not self.study.pictures:
            return {}
        from studies.pictures import caption
        from studies.pictures.style import print_style
        from studies.space_charge.pictures import draw_curves, draw_map, draw_profiles

        made: dict[str, str] = {}
        try:
            with print_style():
                paths = [
                    draw_profiles(self.study, self._profiles, self._walls, self.folder / "space-charge.png"),
                    draw_curves(self.study, series, self.folder / "space-charge-curves.png"),
                    None if section is None else draw_map(self.study, section, self.folder / "space-charge-map.png"),
                ]
        except Exception as error:  # a picture must never end a study
            progress.note(f"pictures left out: {error or type(error).__name__}")
            return {}
        for path in paths:
            if path is not None:
                made[path.name] = caption(path)
        return made


def walls(state: State) -> dict[str, float]:
    """Electrode -> its potential beyond the flat band, V."""
    return {name: state.contact_potential(name) for name in build.section(state.study).electrodes}


def columns(state: State, layer: str) -> dict[str, Array]:
    """Heights (m), potential (V), charge density (C/m^3), share of the sites of every ion, along the stack."""
    heights, phi = state.profile(layer)
    medium = state.media[layer]
    found = {"height [m]": heights, "potential [V]": phi}
    charge = np.full_like(phi, medium.background)
    shares: dict[str, Array] = {}
    for group in medium.sublattices:
        _, fractions = medium.state(group, phi, state.study.operation.temperature, state.levels())
        for ion, own in zip(group.ions, fractions, strict=True):
            charge += FARADAY * ion.charge * group.concentration * own
            shares[f"{ion.name} per site"] = own
    return found | {"charge density [C/m^3]": charge} | shares
