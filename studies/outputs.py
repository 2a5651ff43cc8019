"""Fields for ParaView and pictures of a study: what stands in the results folder beside the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fem.output import FieldWriter
from fem.output import write_mesh as write_mesh_fields
from studies.pictures import caption, draw

if TYPE_CHECKING:
    from meshes.tagged import TaggedMesh
    from studies.progress import Progress
    from studies.schema import Study
    from studies.solving import Session, Solved

FIELDS = "fields"


class Outputs:
    """Writes the fields of every operating point, then the pictures of the last one (collective).

    Args:
        study: the study.
        session: its session.
        folder: results folder.
    """

    def __init__(self, study: Study, session: Session, folder: Path) -> None:
        self.study, self.folder, self.comm = study, folder, session.comm
        self.writer = FieldWriter(session.model, folder / FIELDS, series=len(session.currents) > 1)

    def add(self, solved: Solved) -> None:
        """Write the fields of an operating point."""
        self.writer.write({"current": solved.point.current, "voltage": solved.point.voltage})

    def finish(self, series: Mapping[str, tuple[float, ...]], progress: Progress) -> dict[str, str]:
        """Draw the pictures; file name -> what it shows."""
        files = {FIELDS: "fields of all operating points for ParaView (fields.pvd, interfaces.pvd), and tables"}
        return files | _drawn(self.folder, self.study, series, self.comm, progress)


def _drawn(
    folder: Path,
    study: Study,
    series: Mapping[str, tuple[float, ...]],
    comm: Any,
    progress: Progress,
    spectra: Sequence[Mapping[str, Any]] = (),
) -> dict[str, str]:
    """Pictures on rank 0; one that cannot be made is said and never ends a run that is solved."""
    made: dict[str, str] = {}
    if comm.rank == 0:
        shown = {"series": series, "spectra": spectra}
        paths = draw(folder / FIELDS, shown, folder, pictures=study.pictures, say=progress.note)
        made = {path.name: caption(path) for path in paths}
    return dict(comm.bcast(made))


def write_mesh(study: Study, tagged: TaggedMesh, folder: Path, progress: Progress) -> dict[str, str]:
    """Write a mesh for ParaView and its picture (collective); file name -> what it shows."""
    write_mesh_fields(tagged, folder / FIELDS)
    only = study.model_copy(update={"pictures": ["mesh"]})
    return {FIELDS: "the mesh for ParaView"} | _drawn(folder, only, {}, tagged.mesh.comm, progress)
