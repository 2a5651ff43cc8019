"""Makes the launcher of `containers/run` importable: it is no part of the package."""

import sys
from pathlib import Path

CONTAINERS = Path(__file__).resolve().parents[2] / "containers"

if str(CONTAINERS) not in sys.path:
    sys.path.insert(0, str(CONTAINERS))
