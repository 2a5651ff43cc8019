"""What a solved model leaves on disk: fields for ParaView, interface profiles as tables.

Importing this package loads neither dolfinx nor UFL: pictures read the files back on one process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fem.output.profiles import Profile, interface_profile
    from fem.output.writer import FieldWriter, write_mesh

__all__ = ["FieldWriter", "Profile", "interface_profile", "write_mesh"]


def __getattr__(name: str) -> Any:
    """Load what needs dolfinx at first use."""
    if name in ("FieldWriter", "write_mesh"):
        from fem.output import writer

        return getattr(writer, name)
    if name in ("Profile", "interface_profile"):
        from fem.output import profiles

        return getattr(profiles, name)
    raise AttributeError(f"module 'fem.output' has no attribute {name!r}")
