"""containers/run [--next] [--rebuild] [--native] [--] CMD...

Runs CMD in the ssbfem environment: Debian with dolfinx, Gmsh and pyvista, the checkout and your folders at
their own paths. The first call builds the image (about 3 minutes, 3 GB in ~/.cache/ssbfem), later calls
start at once. Exit status, signals, standard streams and the owner of files are those of CMD. The launcher
itself fails with 125, a command that is not found with 127.

  --next     the image of Debian unstable (dolfinx 0.11) instead of Debian 13 (dolfinx 0.9)
  --rebuild  build the image again
  --native   no image: dolfinx is installed here (conda, a cluster module, a dolfinx container)
  --build    only build the image, run nothing
  --where    print the folder of the image, run nothing

SSBFEM_CACHE=FOLDER   keep images and compiled kernels there
SSBFEM_NATIVE=1       as --native
SSBFEM_MIRROR=URI     Debian mirror of the build (default: the one of this machine's apt)
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from . import images, session
from .recipe import CHECKOUT, NEXT, STABLE, LauncherError, cache_folder


@dataclass(frozen=True)
class Options:
    """The command line of `containers/run`."""

    command: tuple[str, ...]
    next: bool = False
    rebuild: bool = False
    native: bool = False
    build: bool = False
    where: bool = False


def parse(arguments: Sequence[str]) -> Options:
    """Options up to the first word that is none; everything from there on is the command.

    Raises:
        LauncherError: an option is unknown, or nothing is to be done.
    """
    flags: dict[str, bool] = {}
    position = 0
    while position < len(arguments) and arguments[position].startswith("-"):
        word = arguments[position]
        position += 1
        if word == "--":
            break
        name = word.removeprefix("--")
        if name not in ("next", "rebuild", "native", "build", "where"):
            raise LauncherError(f"unknown option {word}; containers/run --help")
        flags[name] = True
    options = Options(tuple(arguments[position:]), **flags)
    if not options.command and not (options.build or options.where or options.rebuild):
        raise LauncherError("no command given; containers/run --help")
    return options


def native_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Environment of a command without an image: the checkout's packages and its `ssbfem`."""
    path = f"{CHECKOUT}/containers/bin:{environment.get('PATH', os.defpath)}"
    modules = os.pathsep.join(filter(None, (str(CHECKOUT), environment.get("PYTHONPATH", ""))))
    return {**environment, "PATH": path, "PYTHONPATH": modules}


def run(options: Options) -> NoReturn:
    """Do what the command line says; returns only by exception.

    Raises:
        LauncherError: the command could not be started.
    """
    inside = "SSBFEM_IMAGE" in os.environ
    if options.native or os.environ.get("SSBFEM_NATIVE", "0") not in ("", "0") or inside:
        session.become(options.command, native_variables(os.environ))
    recipe = NEXT if options.next else STABLE
    cache = cache_folder()
    image = images.image_of(recipe, cache)
    if options.where:
        print(image.folder)
        raise SystemExit(0)
    again = options.rebuild
    while again or not image.hold():
        from .build import build  # the builder's imports cost a tenth of a second

        image = build(recipe, cache, again=again)
        again = False
    if not options.command:
        raise SystemExit(0)
    session.execute(image, options.command)


def main() -> NoReturn:
    """Entry point of `containers/run`."""
    arguments = sys.argv[1:]
    if arguments[:1] in (["--help"], ["-h"]):
        print(__doc__)
        raise SystemExit(0)
    try:
        run(parse(arguments))
    except LauncherError as error:
        print(f"containers/run: {error}", file=sys.stderr)
        raise SystemExit(error.status) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
