"""What a process holds in its memory (keys, templates) stays there: no core dump, and no other process of its user reads it.

systemd's watchdog ends a process with SIGABRT, which would write all of its memory to the disk. `PR_SET_DUMPABLE` also gives
the process's files in /proc to root, so that no debugger and no other process of the same user can open its memory.
"""

import ctypes
import resource

_PR_SET_DUMPABLE = 4


def keep_private() -> None:
    """Call it once per process, at its start. A program that it executes makes no core dumps either, but must call it again."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0 if hard else hard))
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:  # Linux alone has it
        prctl(
            ctypes.c_int(_PR_SET_DUMPABLE), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)
        )
