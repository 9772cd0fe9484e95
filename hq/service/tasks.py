"""Tasks of the HQ process, each with one job and a `due()`."""

import time
from typing import Protocol


class Task(Protocol):
    """One job of the process."""

    def due(self) -> None:
        """Do what is due now. Called in every turn of the loop."""


class Periodic:
    """Runs tasks one after the other, at most once in `every_s`."""

    def __init__(self, every_s: float, *tasks: Task) -> None:
        self._every_s, self._tasks = every_s, tasks
        self._due_s = 0.0

    def due(self) -> None:
        """Run the tasks if it is time."""
        if time.monotonic() >= self._due_s:
            self._due_s = time.monotonic() + self._every_s
            for task in self._tasks:
                task.due()

    def hurry(self) -> None:
        """Make the tasks due in the next turn."""
        self._due_s = 0.0


class _InOrder:
    def __init__(self, tasks: tuple[Task, ...]) -> None:
        self._tasks = tasks

    def due(self) -> None:
        for task in self._tasks:
            task.due()


def in_order(*tasks: Task) -> Task:
    """Make one task of several."""
    return _InOrder(tasks)
