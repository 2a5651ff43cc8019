"""One command in an image: what it sees, who it is, and the step into it."""

from __future__ import annotations

import errno
import os
import pwd
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from . import inside, namespace, pip
from .images import Image
from .mounts import CACHE_INSIDE, Mount, host_folders, image_mounts, network_mounts, user_mounts
from .recipe import CHECKOUT, LauncherError


@dataclass(frozen=True)
class Caller:
    """The user whose files and rights a command has: the one behind sudo, else the one who calls."""

    uid: int
    gid: int
    name: str
    home: str

    @property
    def behind_sudo(self) -> bool:
        return os.getuid() == 0 and self.uid != 0


def caller(environment: Mapping[str, str]) -> Caller:
    """Find out who calls; see `Caller`."""
    uid, gid = os.getuid(), os.getgid()
    if uid == 0 and environment.get("SUDO_UID", "").isdigit() and environment.get("SUDO_GID", "").isdigit():
        uid, gid = int(environment["SUDO_UID"]), int(environment["SUDO_GID"])
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return Caller(uid, gid, "user", environment.get("HOME", "/tmp"))
    home = environment.get("HOME") if uid == os.getuid() else None
    return Caller(uid, gid, entry.pw_name, home or entry.pw_dir)


def plan(
    image: Image,
    environment: Mapping[str, str],
    needed: Sequence[str] = (),
    *,
    cache: Path | None = None,
    writable: bool = False,
) -> list[Mount]:
    """Mounts of a command: image, network settings of the host, folders of the user, cache."""
    bundle = pip.certificates(pip.settings(pip.config_files(environment), environment), environment)
    mounts = [
        *image_mounts(image.root, writable=writable),
        *network_mounts(image.root, bundle),
        *user_mounts(host_folders(), needed, image.root),
    ]
    if cache is not None:
        mounts.append(Mount("bind", CACHE_INSIDE, str(cache)))
    return mounts


def _accounts(image: Image, user: Caller, cache: Path) -> list[Mount]:
    """Give a user who is not in the image a name there: MPI and Python ask for it."""
    if user.uid == 0:
        return []
    mounts = []
    for name, line in (
        ("passwd", f"{user.name}:x:{user.uid}:{user.gid}::{user.home}:/bin/bash\n"),
        ("group", f"{user.name}:x:{user.gid}:\n"),
    ):
        made = cache / f".{name}"
        text = (image.root / "etc" / name).read_text(encoding="utf-8") + line
        if not made.is_file() or made.read_text(encoding="utf-8") != text:
            beside = cache / f".{name}.{os.getpid()}"
            beside.write_text(text, encoding="utf-8")
            os.replace(beside, made)
        mounts.append(Mount("bind", f"/etc/{name}", str(made), read_only=True))
    return mounts


def execute(image: Image, command: Sequence[str]) -> NoReturn:
    """Become `command` in the image.

    Raises:
        LauncherError: the image cannot be entered, or the command is not there (127) or not a program (126).
    """
    user = caller(os.environ)
    folder = os.getcwd()
    cache = image.cache_for(user.uid, user.gid)
    needed = [str(CHECKOUT), folder, user.home]
    if temporary := os.environ.get("TMPDIR"):
        needed.append(temporary)
    mounts = plan(image, os.environ, [path for path in needed if os.path.isdir(path)], cache=cache)
    mounts += _accounts(image, user, cache)
    variables = inside.variables(os.environ, checkout=str(CHECKOUT), image=image.label, home=user.home)
    groups = os.getgrouplist(user.name, user.gid) if user.behind_sudo else []
    namespace.enter(mounts, str(image.mount_point), folder)
    if user.behind_sudo:
        os.setgroups(groups)
        os.setgid(user.gid)
        os.setuid(user.uid)
    become(command, variables)


def become(command: Sequence[str], variables: Mapping[str, str]) -> NoReturn:
    """Replace this process by `command`, found through PATH of `variables`."""
    # Python ignores these for itself; the command must not inherit that
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execvpe(command[0], list(command), dict(variables))
    except OSError as error:
        missing = error.errno in (errno.ENOENT, errno.ENOTDIR)
        raise LauncherError(
            f"{command[0]}: {'command not found' if missing else error.strerror}", 127 if missing else 126
        ) from None
