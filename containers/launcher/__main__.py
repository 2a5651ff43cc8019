"""Start of `containers/run`: puts the launcher on the path of a Python that knows nothing else."""

import os
import sys


def start() -> None:
    """Check the Python, then hand over to `launcher.main`."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is what an older Python meets
        sys.exit("containers/run needs Python 3.11 or newer")
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from launcher.main import main

    main()


start()
