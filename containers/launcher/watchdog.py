"""Ends what a build has started when the build itself is gone, however it ended (also by SIGKILL).

Run as a program: the build writes the number of each process group that it starts to our standard input, and
0 when the group has ended. The end of that input is the end of the build.
"""

import os
import signal
import sys
import time
from collections.abc import Callable


def end_group(group: int, patience: float, reap: Callable[[], object] = lambda: None) -> None:
    """Ask a process group to end, then make it; returns when it is gone.

    Args:
        group: number of the group.
        patience: seconds between asking and making.
        reap: collects ended children where the group is one of this process.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + patience
        try:
            os.killpg(group, number)
            while time.monotonic() < deadline:
                time.sleep(0.05)
                reap()
                os.killpg(group, 0)
        except ProcessLookupError:
            return


def main() -> None:
    """Read until the end, then end the group that still runs."""
    # the terminal's Ctrl-C is the build's affair
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    group = 0
    for line in sys.stdin:
        group = int(line)
    if group:
        end_group(group, patience=20.0)


if __name__ == "__main__":
    main()
