"""The stages of a build: Debian packages, wheels, clean-up, check. They decide what is in the image."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from . import apt, pip
from .mounts import CERTIFICATES
from .recipe import VENV, LauncherError, Recipe

Run = Callable[[Sequence[str], Mapping[str, str]], None]
"""Runs a command with these variables, its output into the log; raises LauncherError if it fails."""

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PROXIES = ("http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy")

# One line of Python that uses every part once: an image in which it fails never becomes visible.
CHECK = """
import os, sys, tempfile
import numpy, scipy, gmsh, meshio, pydantic, pint, rich, yaml, cmcrameri, submitit, psutil, jsonschema, pytest
for module in (numpy, scipy):
    assert module.__file__.startswith("/usr/lib/python3/dist-packages/"), module.__file__
from mpi4py import MPI
import dolfinx, ufl, dolfinx.fem.petsc
from petsc4py import PETSc
mesh = dolfinx.mesh.create_unit_square(MPI.COMM_SELF, 4, 4)
V = dolfinx.fem.functionspace(mesh, ("Lagrange", 2))
u, v = ufl.TrialFunction(V), ufl.TestFunction(V)
form = dolfinx.fem.form(ufl.inner(ufl.grad(u), ufl.grad(v)) * ufl.dx + u * v * ufl.dx)
A = dolfinx.fem.petsc.assemble_matrix(form)
A.assemble()
solver = PETSc.KSP().create(A.comm)
solver.setOperators(A)
solver.setType("preonly")
solver.getPC().setType("lu")
solver.getPC().setFactorSolverType("mumps")
x, b = A.createVecs()
x.set(1.0)
A.mult(x, b)
x.set(0.0)
solver.solve(b, x)
assert abs(x.sum() - x.getSize()) < 1e-8
gmsh.initialize(interruptible=False)
gmsh.model.occ.addRectangle(0, 0, 0, 1, 1)
gmsh.finalize()
import pyvista
with tempfile.TemporaryDirectory() as folder:
    pyvista.OFF_SCREEN = True
    plotter = pyvista.Plotter(off_screen=True, window_size=(64, 64))
    plotter.add_mesh(pyvista.Sphere(theta_resolution=8, phi_resolution=8))
    plotter.screenshot(os.path.join(folder, "sphere.png"))
    plotter.close()
import matplotlib.pyplot
print("Python", sys.version.split()[0], "dolfinx", dolfinx.__version__, "numpy", numpy.__version__)
"""


def build_variables(caller: Mapping[str, str]) -> dict[str, str]:
    """Variables of a build: the caller's proxies and folder for temporary files, nothing else."""
    kept = {name: value for name, value in caller.items() if name.lower() in _PROXIES or name == "TMPDIR"}
    return kept | {
        "PATH": _PATH,
        "HOME": "/root" if os.geteuid() == 0 else os.path.expanduser("~"),
        "LC_ALL": "C.UTF-8",
        "DEBIAN_FRONTEND": "noninteractive",
    }


def install_host_tools(run: Run, caller: Mapping[str, str]) -> None:
    """Install mmdebstrap on the host if it is not there.

    Raises:
        LauncherError: it is missing and only root can install it, or the installation failed.
    """
    environment = build_variables(caller)
    packages = ["mmdebstrap", "debian-archive-keyring"]
    if os.geteuid() != 0:
        raise LauncherError(
            "mmdebstrap is needed to build the image: ask the administrator for "
            "'apt-get install mmdebstrap uidmap', or run containers/run once as root"
        )
    install = [
        "apt-get",
        "install",
        "-qq",
        "-y",
        "--no-install-recommends",
        "-oDPkg::Lock::Timeout=300",
        *packages,
    ]
    run(["apt-get", "update", "-qq", "-oAcquire::Retries=3"], environment)
    run(install, environment)


def debian(recipe: Recipe, root: Path, run: Run, caller: Mapping[str, str]) -> str:
    """Unpack Debian with the packages of the recipe into `root`.

    Returns:
        URI of the mirror that was used.
    """
    override = caller.get("SSBFEM_MIRROR")
    sources = apt.host_sources()
    source = apt.Source(override, (), ("main",)) if override else apt.debian_archive(sources)
    options = [f"--aptopt={option}" for option in apt.host_options()]
    command = [
        "mmdebstrap",
        "--variant=minbase",
        f"--include={','.join(recipe.packages())}",
        f"--dpkgopt={recipe.exclude_file}",
        "--dpkgopt=force-unsafe-io",
        *options,
    ]
    if os.geteuid() == 0 and any(Path("/etc/apt").glob("auth.conf*")):
        # passwords of mirrors; removed with the rest of apt's settings when the root is complete
        command.append('--setup-hook=mkdir -p "$1/etc/apt" && cp -r /etc/apt/auth.conf* "$1/etc/apt/"')
    line = apt.source_line(recipe.suite, source)
    environment = build_variables(caller)
    if os.geteuid() == 0:
        run([*command, "--format=directory", recipe.suite, str(root), line], environment)
    else:
        # a normal user's mmdebstrap makes files of other users: a tar archive makes them the user's own
        root.mkdir()
        archive = shlex.join([*command, "--mode=unshare", "--format=tar", recipe.suite, "-", line])
        extract = shlex.join(["tar", "--extract", "--no-same-owner", "--exclude=./dev/*", "--directory", str(root)])
        run(["bash", "-c", f"set -o pipefail; {archive} | {extract}"], environment)
    return apt.mirror_uri(source)


def wheels(recipe: Recipe, root: Path, run_inside: Run, caller: Mapping[str, str]) -> None:
    """Make the virtual environment over Debian's Python and install the wheels of the lock file."""
    found = pip.settings(pip.config_files(caller), caller)
    settings, _ = pip.variables(found)
    environment = build_variables(caller) | settings | {"PIP_CERT": CERTIFICATES, "HOME": "/tmp"}
    lock = root / "etc" / "ssbfem-requirements.lock"
    lock.write_bytes(recipe.lock_file.read_bytes())
    run_inside(["python3", "-m", "venv", "--system-site-packages", "--without-pip", VENV], environment)
    # --no-deps: the lock file is complete, and Debian's numpy, mpi4py and solver stack stay as they are
    install = ["python3", "-m", "pip", f"--python={VENV}/bin/python3", "install", "--no-deps"]
    run_inside([*install, "--only-binary=:all:", "-r", "/etc/ssbfem-requirements.lock"], environment)


def finish(recipe: Recipe, root: Path) -> None:
    """Take out what belongs to the machine that built the image, and make the files that are mounted over."""
    etc = root / "etc"
    for path in [
        etc / "resolv.conf",
        etc / "apt/apt.conf.d/99mmdebstrap",
        etc / "apt/sources.list.d/0000.list",
        *etc.glob("apt/auth.conf*"),
        *etc.glob("apt/sources.list*"),
    ]:
        if path.is_dir() and not path.is_symlink():
            for child in path.iterdir():
                child.unlink()
        else:
            path.unlink(missing_ok=True)
    (etc / "apt/sources.list").write_text(f"deb {apt.DEFAULT_MIRROR} {recipe.suite} main\n", encoding="ascii")
    (etc / "hostname").write_text("ssbfem\n", encoding="ascii")
    (etc / "hosts").write_text("127.0.0.1 localhost\n::1 localhost\n", encoding="ascii")
    (etc / "resolv.conf").touch()
    certificates = root / CERTIFICATES.lstrip("/")
    certificates.parent.mkdir(parents=True, exist_ok=True)
    certificates.touch()
    if os.geteuid() == 0:
        # the image serves every user of the machine
        root.chmod(0o755)


def say(text: str, *, end: str = "\n") -> None:
    """A line for the user, on standard error."""
    print(text, end=end, file=sys.stderr, flush=True)
