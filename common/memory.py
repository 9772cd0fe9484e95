"""Protects a process's memory, with its keys and templates, from core dumps and other processes of the same user.

systemd's watchdog ends a process with SIGABRT, which would write all its memory to the disk. `PR_SET_DUMPABLE` also
gives the process's files in /proc to root. Then no debugger and no other process of the same user can open its memory.
"""

import ctypes
import resource

_PR_SET_DUMPABLE = 4


def keep_private() -> None:
    """Switch core dumps off and close /proc, for this process. Call it once, at the start.

    A program that the process executes makes no core dumps either, but must call this again."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0 if hard else hard))
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:  # Linux alone has it
        prctl(
            ctypes.c_int(_PR_SET_DUMPABLE), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)
        )
