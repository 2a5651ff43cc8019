"""Enter an image: a mount namespace of this process alone, then the image as its root.

No helper process stays between the caller and the command, so signals, exit status and standard streams
are the command's own, and no mount outlives it. Root needs nothing more; other users get a user namespace.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
from collections.abc import Iterable
from pathlib import Path

from .mounts import Mount
from .recipe import LauncherError

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_REMOUNT = 0x20
MS_NOATIME = 0x400
MS_NODIRATIME = 0x800
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MS_RELATIME = 0x200000
MNT_DETACH = 2

# flags of statvfs(3) that a remount in a user namespace must repeat
_LOCKED = {2: MS_NOSUID, 4: MS_NODEV, 8: MS_NOEXEC, 1024: MS_NOATIME, 2048: MS_NODIRATIME, 4096: MS_RELATIME}

_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "ppc64le": 203, "s390x": 217, "riscv64": 41}

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


def _mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    _check(
        _libc.mount(
            os.fsencode(source),
            os.fsencode(target),
            None if kind is None else kind.encode(),
            ctypes.c_ulong(flags),
            None if data is None else data.encode(),
        ),
        target,
    )


def unshare() -> None:
    """Give this process mounts of its own, with the right to change them.

    Raises:
        LauncherError: neither root's rights nor user namespaces are there.
    """
    uid, gid = os.geteuid(), os.getegid()
    try:
        if uid == 0:
            try:
                _check(_libc.unshare(CLONE_NEWNS), "unshare")
            except PermissionError:
                _unshare_user(uid, gid)
        else:
            _unshare_user(uid, gid)
        try:
            _mount("none", "/", None, MS_REC | MS_PRIVATE)
        except OSError as error:
            # inside a chroot / is no mount; `enter` then looks whether mounts stay in this process
            if error.errno != errno.EINVAL:
                raise
    except OSError as error:
        reason = "user namespaces are switched off" if error.errno == errno.ENOSPC else error.strerror
        raise LauncherError(
            f"this machine does not let {'root' if uid == 0 else 'this user'} set up mounts "
            f"({reason}): run as root, allow user namespaces (sysctl "
            "kernel.unprivileged_userns_clone=1, user.max_user_namespaces), or, inside another container, "
            "start that one with the capability SYS_ADMIN or use containers/Containerfile"
        ) from None


def _unshare_user(uid: int, gid: int) -> None:
    _check(_libc.unshare(CLONE_NEWUSER | CLONE_NEWNS), "unshare")
    for name, line in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        Path("/proc/self", name).write_text(line, encoding="ascii")


def apply(plan: Iterable[Mount], new_root: str) -> None:
    """Carry out a mount plan below `new_root`.

    Raises:
        LauncherError: a mount that is not optional failed.
    """
    for item in plan:
        target = new_root + item.target.rstrip("/")
        try:
            if item.kind == "link":
                os.symlink(item.source, target)
            elif item.kind == "folder":
                os.makedirs(target, exist_ok=True)
            elif item.kind == "tmpfs":
                os.makedirs(target, exist_ok=True)
                _mount("tmpfs", target, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755")
            else:
                _bind(item, target)
        except OSError as error:
            if not item.optional:
                raise LauncherError(f"cannot mount {item.source or item.kind} on {item.target}: {error}") from None


def _bind(item: Mount, target: str) -> None:
    if os.path.isdir(item.source):
        if not os.path.isdir(target):
            os.makedirs(target, exist_ok=True)
    elif not os.path.exists(target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        Path(target).touch()
    _mount(item.source, target, None, MS_BIND | MS_REC)
    if item.read_only:
        flags = os.statvfs(target).f_flag
        keep = sum(mount_flag for flag, mount_flag in _LOCKED.items() if flags & flag)
        _mount("none", target, None, MS_BIND | MS_REMOUNT | MS_RDONLY | keep)


def change_root(new_root: str) -> None:
    """Make `new_root` the root of this process; the old root is no longer reachable."""
    os.chdir(new_root)
    number = _PIVOT_ROOT.get(platform.machine())
    # the old root is mounted over the new one and taken away: see pivot_root(2), "."
    if number is not None and _libc.syscall(ctypes.c_long(number), b".", b".") == 0:
        _check(_libc.umount2(b".", MNT_DETACH), "umount2")
    else:
        # not from inside a chroot, where the old root is no mount
        os.chroot(".")
    os.chdir("/")


def _seen_by_others(target: str) -> bool:
    """Whether the mount on `target` propagates to other mount namespaces."""
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        fields = line.split()
        if fields[4].encode().decode("unicode_escape") == target:
            return any(field.startswith("shared:") for field in fields[6 : fields.index("-")])
    return False


def enter(plan: Iterable[Mount], new_root: str, folder: str) -> None:
    """Move this process into the image.

    Args:
        plan: mounts, the first one on ``/``.
        new_root: an empty folder of the host on which the new root is put together.
        folder: working folder inside.

    Raises:
        LauncherError: mounts are not allowed, or one failed, or the folder is not there.
    """
    unshare()
    first, *rest = plan
    apply([first], new_root)
    if _seen_by_others(new_root):
        _libc.umount2(os.fsencode(new_root), MNT_DETACH)
        raise LauncherError(
            "mounts made here would appear on the whole machine: make the mount below this chroot private "
            "first (mount --make-rprivate / outside of it)"
        )
    apply(rest, new_root)
    try:
        change_root(new_root)
    except OSError as error:
        raise LauncherError(f"cannot change to the root of the image: {error}") from None
    try:
        os.chdir(folder)
    except OSError as error:
        raise LauncherError(f"the working folder {folder} is not there in the environment: {error.strerror}") from None


def probe() -> None:
    """Find out, in a process that is thrown away, whether `unshare` works here.

    Raises:
        LauncherError: it does not, and why.
    """
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        message = ""
        try:
            unshare()
        except LauncherError as error:
            message = str(error)
        os.write(write, message.encode())
        os._exit(0)
    os.close(write)
    answer = b""
    while block := os.read(read, 4096):
        answer += block
    os.close(read)
    os.waitpid(child, 0)
    if answer:
        raise LauncherError(answer.decode())
