"""The cache of compiled forms: what a killed run left half compiled is removed, so that nobody waits for it.

FFCx marks a form that is being compiled by a C file and waits, for minutes, when it finds one that another
process seems to be working on. Every process that compiles therefore holds a shared lock; whoever gets the
lock for itself alone knows that all unfinished files are left over.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import Any

__all__ = ["prepare_cache"]

_LOCK = ".in-use"
#: Unfinished files of this age are left over even where the lock cannot tell (seconds): no form takes as long.
_OLD = 1800.0
_held: dict[Path, int] = {}


def prepare_cache(comm: Any) -> None:
    """Remove unfinished forms of processes that are gone, and say until the end of this one that forms may follow.

    Collective over `comm`; rank 0 does it. Cheap to call again. A cache that cannot be written is left alone.
    """
    from dolfinx import jit

    if comm.rank == 0:
        with contextlib.suppress(OSError):
            claim(Path(str(jit.get_options()["cache_dir"])).expanduser())
    comm.Barrier()


def claim(folder: Path) -> None:
    """`prepare_cache` for one folder on this process.

    Raises:
        OSError: the folder cannot be written.
    """
    if folder in _held:
        return
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    alone = _lock(handle, exclusive=True)
    now = time.time()
    for source in folder.glob("libffcx_*.c"):
        if not source.with_suffix(".c.cached").exists():
            with contextlib.suppress(OSError):
                if alone or now - source.stat().st_mtime > _OLD:
                    source.unlink()
    _lock(handle, exclusive=False)
    _held[folder] = handle  # the lock ends with the process, however that ends


def _lock(handle: int, exclusive: bool) -> bool:
    """Whether the lock could be had at once; False also on file systems without locks."""
    import fcntl

    kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
