"""The cache of compiled forms: what a killed run left half compiled is removed, so that nobody waits for it.

FFCx marks a form that is being compiled by a C file and waits, for minutes, when it finds one that another
process seems to be working on. Every process that compiles therefore holds a shared lock; whoever gets the
lock for itself alone knows that all unfinished files are left over.

FFCx also lists the whole cache for every form that it opens: 50 ms with 14 000 forms, more than all else that a
compiled form costs. Its path is known, so it is opened by name.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

__all__ = ["open_by_name", "prepare_cache"]

_LOCK = ".in-use"
#: Unfinished files of this age are left over even where the lock cannot tell (seconds): no form takes as long.
_OLD = 1800.0
_held: dict[Path, int] = {}


def prepare_cache(comm: Any) -> None:
    """Remove unfinished forms of processes that are gone, and say until the end of this one that forms may follow.

    Collective over `comm`; rank 0 does it. Cheap to call again. A cache that cannot be written is left alone.
    """
    from dolfinx import jit

    open_by_name()
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
    names = set(os.listdir(folder))
    for name in names:
        if name.startswith("libffcx_") and name.endswith(".c") and f"{name}.cached" not in names:
            source = folder / name
            with contextlib.suppress(OSError):
                # another process may have finished it since the folder was listed
                if (alone or now - source.stat().st_mtime > _OLD) and not source.with_suffix(".c.cached").exists():
                    source.unlink()
    _lock(handle, exclusive=False)
    _held[folder] = handle  # the lock ends with the process, however that ends


def open_by_name() -> None:
    """Let FFCx open what it has compiled before by its path; what is not there yet is left to FFCx. Cheap to repeat."""
    from ffcx.codegeneration import jit

    known = getattr(jit, "get_cached_module", None)
    if known is None or known.__module__ == __name__:
        return

    def get_cached_module(name: str, objects: Sequence[str], cache_dir: str | Path, timeout: int) -> tuple[Any, Any]:
        library = Path(cache_dir) / f"{name}{EXTENSION_SUFFIXES[0]}"
        if not (library.exists() and library.with_name(f"{name}.c.cached").exists()):
            return known(name, objects, cache_dir, timeout)  # type: ignore[no-any-return]
        spec = spec_from_file_location(name, library)
        assert spec is not None
        assert spec.loader is not None
        module: Any = module_from_spec(spec)
        spec.loader.exec_module(module)
        return [getattr(module.lib, item) for item in objects], module

    jit.get_cached_module = get_cached_module


def _lock(handle: int, exclusive: bool) -> bool:
    """Whether the lock could be had at once; False also on file systems without locks."""
    import fcntl

    kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
