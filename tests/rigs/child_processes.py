"""Finds the children of a process while they come and go."""

from collections.abc import Iterator

import psutil


def children_of(pid: int) -> Iterator[tuple[psutil.Process, list[str]]]:
    """Yield each living child with its command line. One that ends meanwhile is left out."""
    for child in psutil.Process(pid).children():
        try:
            command = child.cmdline()
            if child.status() != psutil.STATUS_ZOMBIE:
                yield child, command
        except psutil.Error:
            continue
