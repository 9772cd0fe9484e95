"""What the sync process does again and again: small jobs with one purpose each, run by one loop."""

from typing import Protocol

NEXT_TURN = 0.0
"""Due at each turn of the loop."""


class Job(Protocol):
    """One job. Times are monotonic, in seconds."""

    def due(self) -> float:
        """Return the time at which it wants to run next."""

    def run(self, now_s: float) -> None:
        """Do it. Raises ReplicaError: the disk refuses."""


class OnlineJob(Job, Protocol):
    """A job that needs a connection."""

    def connected(self, now_s: float) -> None:
        """Begin again: a new connection was accepted."""
