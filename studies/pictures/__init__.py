"""Pictures of a run from its fields folder: PNG for print, safe for the colour-blind, units on every axis.

Everything is drawn on one process from files (see `fem.output`); nothing here needs dolfinx. Plane models need
matplotlib alone. Models in three dimensions are rendered by VTK in a process of its own: where that fails, cuts
drawn by matplotlib take their place and a message says so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from studies.pictures.names import PictureName

if TYPE_CHECKING:
    from studies.pictures.dataset import Dataset
    from studies.pictures.section import Cut

__all__ = ["PICTURES", "caption", "draw"]

log = logging.getLogger("ssbfem.pictures")

#: Names of pictures as in the key `pictures` of study files.
PICTURES: tuple[str, ...] = get_args(PictureName)
#: Only drawn when they are named.
_ASKED = ("mesh", "animation")


def draw(
    folder: Path,
    results: Any = None,
    out: Path | None = None,
    pictures: Sequence[str] | None = None,
    step: int = -1,
    say: Callable[[str], None] | None = None,
) -> list[Path]:
    """Draw what a fields folder holds. Call on one process only.

    A picture that cannot be drawn is left out with a message; no exception leaves this function but those of
    wrong arguments.

    Args:
        folder: with fields.json, as `fem.output.FieldWriter` or `fem.output.write_mesh` left it.
        results: `studies.results.Results`, or a mapping with the keys ``series`` (column -> values, SI) and
            ``spectra``; only curves need it.
        out: where the PNG go; default: `folder`.
        pictures: names in `PICTURES`; default: all that the fields allow, without animations, and without the mesh
            unless there is nothing else.
        step: operating point, -1 for the last.
        say: takes messages; default: the log ``ssbfem.pictures``.

    Returns:
        the files written, in the order of `PICTURES`.

    Raises:
        ValueError: an unknown name in `pictures`.
    """
    unknown = sorted(set(pictures or ()) - set(PICTURES))
    if unknown:
        raise ValueError(f"no picture {', '.join(unknown)}; there are {', '.join(PICTURES)}")
    from studies.pictures.dataset import Dataset, DatasetError
    from studies.pictures.style import print_style

    tell = say if say is not None else log.warning
    try:
        dataset = Dataset(Path(folder), step)
    except DatasetError as error:
        tell(f"no pictures: {error}")
        return []
    job = _Job(dataset, Path(folder) if out is None else Path(out), _series(results), tell, _spectra(results))
    names = pictures
    if names is None:
        phase = any("order_parameter" in layer.nodes for layer in dataset.layers)
        shown = dataset.step["interfaces"] or job.carriers or "load" in job.series or phase
        names = [n for n in PICTURES if n not in _ASKED] if shown else ["mesh"]
    with print_style():
        return [path for name in PICTURES if name in names for path in job.draw(name)]


def caption(path: Path) -> str:
    """What a picture of `draw` shows; empty when it does not say."""
    from PIL import Image

    with Image.open(path) as image:
        found = image.info.get("Description", image.info.get("comment", ""))
        return found.decode("ascii", "replace") if isinstance(found, bytes) else str(found)


def _series(results: Any) -> Mapping[str, Sequence[float]]:
    series = results.get("series", {}) if isinstance(results, Mapping) else getattr(results, "series", {})
    return series if isinstance(series, Mapping) else {}


def _spectra(results: Any) -> Sequence[Mapping[str, Any]]:
    found = results.get("spectra", ()) if isinstance(results, Mapping) else getattr(results, "spectra", ())
    return found if isinstance(found, Sequence) else ()


@dataclass
class _Job:
    """One folder of pictures."""

    dataset: Dataset
    out: Path
    series: Mapping[str, Sequence[float]]
    say: Callable[[str], None]
    spectra: Sequence[Mapping[str, Any]] = ()
    views: dict[str, dict[str, Any]] = field(default_factory=dict)

    @cached_property
    def carriers(self) -> tuple[str, ...]:
        """Carriers whose potential is resolved somewhere."""
        kinds = [entry.get("potentials", {}) for entry in self.dataset.contents["layers"]]
        return tuple(c for c in ("ionic", "electronic") if any(k.get(c) == "resolved" for k in kinds))

    def draw(self, name: str) -> list[Path]:
        """The files of one picture; none, and a message, when it cannot be drawn."""
        draw = {
            "mesh": self._mesh,
            "potential": self._potential,
            "interface-current": self._interface_current,
            "stress": self._stress,
            "damage": self._damage,
            "voids": self._voids,
            "loading": self._loading,
            "opening": self._opening,
            "polarisation": self._polarisation,
            "history": self._history,
            "concentration": self._concentration,
            "animation": self._animation,
            "impedance": self._impedance,
        }[name]
        try:
            self.out.mkdir(parents=True, exist_ok=True)
            return [path for path in draw() if path is not None]
        except Exception as error:  # a picture must never end a study
            self.say(f"picture {name!r} left out: {error or type(error).__name__}")
            log.debug("picture %s", name, exc_info=True)
            return []

    def _mesh(self) -> list[Path | None]:
        path = self.out / "mesh.png"
        if self.dataset.gdim == 1:
            return []
        if self.dataset.gdim == 2:
            from studies.pictures.mesh import draw_mesh

            return [draw_mesh(self.dataset, path)]
        from studies.pictures.spatial import compose_mesh

        view = self._view("mesh")
        return [] if view is None else [compose_mesh(self.dataset, view, path)]

    def _potential(self) -> list[Path | None]:
        path = self.out / "potential.png"
        if self.dataset.gdim == 1:
            from studies.pictures.lines import draw_lines_potential

            return [draw_lines_potential(self.dataset, path)]
        from studies.pictures.potential import draw_potential

        if self.dataset.gdim == 2:
            return [draw_potential(self.dataset, path)]
        from studies.pictures.spatial import compose_potential

        found: list[Path | None] = []
        for carrier in self.carriers:
            view = self._view(f"potential:{carrier}")
            if view is None:
                return [draw_potential(self.dataset, path, self._cut)]
            each = path if len(self.carriers) == 1 else self.out / f"potential-{carrier}.png"
            found.append(compose_potential(self.dataset, view, carrier, each))
        return found

    def _interface_current(self) -> list[Path | None]:
        from studies.pictures.interface import draw_interface_current

        return [draw_interface_current(self.dataset, self.out / "interface-current.png")]

    def _stress(self) -> list[Path | None]:
        path = self.out / "stress.png"
        if self.dataset.gdim == 1:
            from studies.pictures.lines import draw_lines_stress

            return [draw_lines_stress(self.dataset, path)]
        from studies.pictures.interface import draw_interface_stress
        from studies.pictures.stress import draw_stress

        stress = draw_stress(self.dataset, path, self._cut if self.dataset.gdim == 3 else None)
        if stress is None:
            return []
        return [stress, draw_interface_stress(self.dataset, self.out / "interface-stress.png")]

    def _damage(self) -> list[Path | None]:
        from studies.pictures.damage import draw_damage
        from studies.pictures.evolving import draw_moments, evolving_fields

        if self.dataset.gdim == 2 and "damage" in evolving_fields(self.dataset):
            return [draw_moments(self.dataset, "damage", self.out / "damage.png")]
        return [draw_damage(self.dataset, self.out / "damage.png")]

    def _voids(self) -> list[Path | None]:
        from studies.pictures.evolving import draw_moments, evolving_fields

        if "order_parameter" not in evolving_fields(self.dataset):
            return []
        return [draw_moments(self.dataset, "order_parameter", self.out / "voids.png")]

    def _loading(self) -> list[Path | None]:
        from studies.pictures.damage import draw_loading
        from studies.pictures.parting import draw_load_columns

        path = self.out / "loading.png"
        return [draw_loading(self.series, path) or draw_load_columns(self.series, path)]

    def _opening(self) -> list[Path | None]:
        from studies.pictures.parting import draw_parting

        return [draw_parting(self.dataset, self.out / "opening.png")]

    def _polarisation(self) -> list[Path | None]:
        from studies.pictures.polarisation import draw_polarisation

        return [draw_polarisation(self.series, self.out / "polarisation.png")]

    def _impedance(self) -> list[Path | None]:
        from studies.pictures.impedance import draw_impedance
        from studies.pictures.spectra import draw_spectra

        if self.spectra:
            return list(draw_spectra(self.spectra, self.out))
        return list(draw_impedance(self.series, self.out))

    def _history(self) -> list[Path | None]:
        from studies.pictures.history import draw_history

        return [draw_history(self.series, self.out / "history.png")]

    def _concentration(self) -> list[Path | None]:
        path = self.out / "concentration.png"
        if self.dataset.gdim > 1:
            from studies.pictures.concentration import draw_concentration_maps

            return [draw_concentration_maps(self.dataset, path)]
        from studies.pictures.history import draw_concentration

        return [draw_concentration(self.dataset, path)]

    def _animation(self) -> list[Path | None]:
        from studies.pictures.evolving import draw_animation, evolving_fields

        names = evolving_fields(self.dataset)
        if not names:
            self.say("picture 'animation' left out: no field of a run in one or two dimensions is stored several times")
        files = {name: self.out / f"{name.replace('_', '-')}.gif" for name in names}
        return [draw_animation(self.dataset, name, path) for name, path in files.items()]

    @cached_property
    def _cut(self) -> Cut:
        """A cut through a model in space."""
        from studies.pictures.section import make_cut
        from studies.pictures.stress import QUANTITIES

        return make_cut(self.dataset, tuple(QUANTITIES))

    def _view(self, name: str) -> dict[str, Any] | None:
        """A rendered view; all that may be needed are rendered at once. None, and a message, when it fails."""
        from studies.pictures.spatial import RenderError, render

        if not self.views:
            wanted = [f"potential:{carrier}" for carrier in self.carriers] or ["mesh"]
            if name == "mesh" and "mesh" not in wanted:
                wanted.append("mesh")
            try:
                self.views = render(self.dataset, wanted)
            except RenderError as error:
                self.say(f"{error}; cuts are drawn instead")
                self.views = {"failed": {}}
        return self.views.get(name)
