"""Write the lock file of the image that runs this: containers/run [--next] python3 containers/relock.py.

Resolves requirements.in over Debian's Python packages, which stay as they are, and pins every wheel that it
needs. Then `containers/run` builds the image again, because its recipe has changed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).resolve().parent

DEBIAN = ("numpy", "scipy", "mpi4py", "petsc4py", "slepc4py", "h5py", "cffi")
"""Packages of the solver stack: built together by Debian, never to be replaced."""

HEADER = "# Every wheel of the image with its version; written by containers/relock.py from requirements.in.\n"


def resolve(requirements: Path) -> dict[str, str]:
    """Name and version of every wheel that a fresh environment over Debian's packages would install.

    Raises:
        subprocess.CalledProcessError: pip finds no set of wheels for this Python.
    """
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["/usr/bin/python3", "-m", "venv", "--system-site-packages", "--without-pip", f"{folder}/venv"],
            check=True,
        )
        pins = Path(folder, "debian.txt")
        pins.write_text(
            "".join(f"{d.metadata['Name']}=={d.version}\n" for d in map(metadata.distribution, DEBIAN)),
            encoding="utf-8",
        )
        report = Path(folder, "report.json")
        command = ["/usr/bin/python3", "-m", "pip", f"--python={folder}/venv/bin/python3", "install", "-qq"]
        options = ["--dry-run", "--only-binary=:all:", "--no-cache-dir", "--report", str(report)]
        subprocess.run([*command, *options, "-r", str(requirements), "-c", str(pins)], check=True)
        found = json.loads(report.read_text(encoding="utf-8"))["install"]
    return {item["metadata"]["name"]: item["metadata"]["version"] for item in found}


def main() -> int:
    """Write the lock file that belongs to the suite of this image."""
    suite = next(
        line.split()[2]
        for line in Path("/etc/apt/sources.list").read_text(encoding="utf-8").splitlines()
        if line.startswith("deb ")
    )
    wheels = resolve(HERE / "requirements.in")
    target = HERE / f"requirements-{suite}.lock"
    lines = (f"{name}=={version}\n" for name, version in sorted(wheels.items(), key=lambda item: item[0].lower()))
    target.write_text(HEADER + "".join(lines), encoding="utf-8")
    print(f"{target}: {len(wheels)} wheels")
    return 0


if __name__ == "__main__":
    sys.exit(main())
