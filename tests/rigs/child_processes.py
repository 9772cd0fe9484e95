"""Finds the children of a process while they come and go."""

from collections.abc import Iterator

import psutil


def children_of(pid: int) -> Iterator[tuple[psutil.Process, list[str]]]:
    """Yield each living child with its command line. One that ends meanwhile is left out."""
    for child in psutil.Process(pid).children():
        try:
            command, zombie = child.cmdline(), child.status() == psutil.STATUS_ZOMBIE
        except psutil.Error:
            continue
        if not zombie:
            yield child, command
