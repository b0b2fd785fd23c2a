"""Become a child that cannot outlive its supervisor, then become the command.

    python -S -E devnet/launch.py PARENT_PID COMMAND [ARGUMENT...]

The kernel is asked to kill this process when its parent dies, however it dies.  That request
survives the exec, so the command itself needs to know nothing.  A program of its own, because code
between fork and exec is not safe in a process with threads, and a supervisor that speaks gRPC has
threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Ask the kernel, check that the parent is still there, and exec ``command``."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(f"{command[0]}: the supervisor is gone")
    os.execv(command[0], command)  # noqa: S606 - no shell on purpose: the command is our own


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
