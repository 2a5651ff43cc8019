"""Build an image: beside its place, step by step with times, then one rename."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NoReturn

from . import images, inside, namespace, pip, session, stages, watchdog
from .images import Image
from .mounts import Mount
from .recipe import CHECKOUT, LauncherError, Recipe
from .stages import say


@dataclass(frozen=True)
class Log:
    """The log of a build, the lock that its commands keep, and the watchdog that outlives it."""

    file: IO[bytes]
    path: Path
    lock: int
    watchdog: IO[bytes]

    def run(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run a command of the host; see `stages.Run`."""

        def prepare() -> None:
            # mmdebstrap mounts /proc and /dev in the root it makes: a kill must not leave them there
            if os.geteuid() == 0:
                namespace.unshare()

        self._run(command, environment, prepare)

    def run_in(self, image: Image, mounts: Sequence[Mount]) -> stages.Run:
        """A function that runs commands in the image, seen through `mounts`."""

        def prepare() -> None:
            namespace.enter(mounts, str(image.mount_point), "/")

        def run_inside(command: Sequence[str], environment: Mapping[str, str]) -> None:
            self._run(command, environment, prepare)

        return run_inside

    def _run(self, command: Sequence[str], environment: Mapping[str, str], prepare: Callable[[], None]) -> None:
        self.file.write(f"\n+ {' '.join(command)[:2000]}\n".encode())
        self.file.flush()
        try:
            process = subprocess.Popen(
                command,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=self.file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(self.lock,),
                preexec_fn=prepare,
            )
        except FileNotFoundError:
            raise LauncherError(f"{command[0]} is not installed") from None
        except subprocess.SubprocessError:
            namespace.probe()
            raise LauncherError(f"{command[0]} could not be started in the image") from None
        self._watch(process.pid)
        try:
            status = process.wait()
        except BaseException:
            watchdog.end_group(process.pid, 20.0, process.poll)
            raise
        finally:
            self._watch(0)
        if status != 0:
            raise LauncherError(f"{command[0]} failed with status {status}\n{self.tail()}")

    def _watch(self, group: int) -> None:
        with suppress(BrokenPipeError):
            self.watchdog.write(f"{group}\n".encode())
            self.watchdog.flush()

    def tail(self, lines: int = 12) -> str:
        """The last lines of the log, indented."""
        text = self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"    {line[:200]}" for line in text[-lines:])


@contextmanager
def _watchdog(lock: int) -> Iterator[IO[bytes]]:
    """A process that ends the build's commands when this process is gone; it keeps the lock until then."""
    program = [sys.executable, "-I", "-S", "-B", watchdog.__file__]
    process = subprocess.Popen(program, stdin=subprocess.PIPE, pass_fds=(lock,), start_new_session=True)
    assert process.stdin is not None
    try:
        yield process.stdin
    finally:
        with suppress(BrokenPipeError):
            process.stdin.close()
        process.wait()


@contextmanager
def _step(number: int, count: int, title: str, seconds: dict[str, float], key: str) -> Iterator[None]:
    say(f"  [{number}/{count}] {title} ...", end=" ")
    began = time.monotonic()
    try:
        yield
    except BaseException:
        say("stopped")
        raise
    seconds[key] = round(time.monotonic() - began, 1)
    say(f"{seconds[key]:.0f} s")


def _terminate(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)


def build(recipe: Recipe, cache: Path, *, again: bool = False) -> Image:
    """The image of a recipe, built if it is not there.

    Args:
        recipe: what to build.
        cache: cache folder.
        again: build also if the image is there.

    Raises:
        LauncherError: a step failed; nothing is left but the log.
    """
    image = images.image_of(recipe, cache)
    folder = cache / "images"
    previous = {number: signal.signal(number, _terminate) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        with images.build_lock(
            recipe.name,
            folder,
            f"containers/run: another call builds the {recipe.name} image; waiting for it",
        ) as lock:
            if image.complete() and not again:
                return image
            for leftover in images.leftovers(recipe.name, folder):
                images.retire(leftover)
            part = Image(folder / f"{image.label}.{os.getpid()}.part")
            try:
                _build_part(recipe, part, lock, folder / f"{recipe.name}.log")
                _publish(part, image, recipe, folder)
            finally:
                if part.folder.exists():
                    images.remove(part.folder)
        return image
    except OSError as error:
        raise LauncherError(f"the image cannot be built in {folder}: {error}") from None
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _publish(part: Image, image: Image, recipe: Recipe, folder: Path) -> None:
    if image.folder.exists() and not images.retire(image.folder):
        # a command still runs in the image that is built again: leave it a name that the next build removes
        os.rename(image.folder, folder / f"{image.label}.{os.getpid()}-old.part")
    os.rename(part.folder, image.folder)
    for old in images.outdated(recipe.name, folder, image):
        if images.retire(old):
            say(f"  removed the older image {old.name}")


def _build_part(recipe: Recipe, part: Image, lock: int, log_path: Path) -> None:
    seconds: dict[str, float] = {}
    began = time.monotonic()
    part.folder.mkdir()
    part.mount_point.mkdir()
    with open(log_path, "wb") as file, _watchdog(lock) as watched:
        log = Log(file, log_path, lock, watched)
        say(f"containers/run: building the image '{recipe.name}' ({recipe.title}); once, about 3 minutes")
        say(f"  into {part.folder.parent}; log: {log_path}")
        tools = shutil.which("mmdebstrap", path="/usr/bin:/bin") is None
        count = 4 if tools else 3
        number = 1
        try:
            if tools:
                with _step(number, count, "mmdebstrap on this machine", seconds, "host_tools"):
                    stages.install_host_tools(log.run, os.environ)
                number += 1
            with _step(number, count, f"Debian packages ({recipe.suite})", seconds, "debian"):
                mirror = stages.debian(recipe, part.root, log.run, os.environ)
                stages.finish(recipe, part.root)
            with _step(number + 1, count, "Python wheels", seconds, "wheels"):
                _, folders = pip.variables(pip.settings(pip.config_files(os.environ), os.environ))
                mounts = session.plan(part, os.environ, folders, writable=True)
                stages.wheels(recipe, part.root, log.run_in(part, mounts), os.environ)
            with _step(number + 2, count, "check", seconds, "check"):
                size = _check(part, log)
        except LauncherError as error:
            raise LauncherError(f"the image was not built: {error}\n  whole log: {log_path}", error.status) from None
    seconds["total"] = round(time.monotonic() - began, 1)
    description = {
        "name": recipe.name,
        "suite": recipe.suite,
        "mirror": mirror,
        "seconds": seconds,
        "bytes": size,
    }
    (part.folder / images.FORMAT).write_text(json.dumps(description, indent=1) + "\n", encoding="utf-8")
    say(f"  done in {seconds['total']:.0f} s, {size / 1e9:.1f} GB")


def _check(part: Image, log: Log) -> int:
    """Use the image once, with the cache that its first user then finds warm; its size in bytes."""
    (part.folder / "in-use").touch()
    caches = part.folder / "cache"
    caches.mkdir()
    caches.chmod(0o1777)
    cache = part.cache_for(os.getuid(), os.getgid())
    environment = inside.variables(stages.build_variables(os.environ), checkout=str(CHECKOUT), image=part.label)
    run = log.run_in(part, session.plan(part, os.environ, cache=cache))
    run(["python3", "-c", stages.CHECK], environment)
    usage = subprocess.run(["du", "-sxB1", str(part.root)], capture_output=True, text=True, check=False).stdout
    return int(usage.split()[0]) if usage else 0
