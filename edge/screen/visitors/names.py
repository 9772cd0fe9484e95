"""Adds the names of visitors to the site's directory, so that every page names them."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from contract.messages import DirectoryEntry
from edge.core.domain.visitors import VisitorDetails
from edge.core.ports import DeskError
from edge.screen.ports import NameDirectory, VisitorDesk

AGAIN_S = 1.0
"""Visits are read at most this often."""


@dataclass(frozen=True, slots=True)
class NamesWithVisitors:
    """A directory, and those visitors whom the desk still knows."""

    version: int
    issued_utc: datetime | None
    entries: Mapping[str, DirectoryEntry]
    trouble: str


class VisitorNames:
    """Callable like a DirectorySource."""

    def __init__(
        self,
        directory: Callable[[], NameDirectory],
        desk: VisitorDesk,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._directory, self._desk, self._monotonic_s = directory, desk, monotonic_s
        self._visitors: dict[str, DirectoryEntry] = {}
        self._known: NameDirectory | None = None
        self._made: NameDirectory | None = None
        self._due_s = float("-inf")

    def __call__(self) -> NameDirectory:
        """Return the directory with the visitors; the same object until one of them changes.

        A visitor never takes a worker's place.
        """
        known, visitors = self._directory(), self._read()
        if self._made is None or known is not self._known or visitors != self._visitors:
            self._known, self._visitors = known, visitors
            entries = {**visitors, **known.entries} if visitors else known.entries
            self._made = NamesWithVisitors(known.version, known.issued_utc, entries, known.trouble)
        return self._made

    def _read(self) -> dict[str, DirectoryEntry]:
        now_s = self._monotonic_s()
        if now_s < self._due_s:
            return self._visitors
        self._due_s = now_s + AGAIN_S
        try:
            visits = self._desk.visits()
        except DeskError:  # Workers keep their names: the muster list matters more than a visitor's.
            return self._visitors
        return {visit.visitor_id: _entry(visit.visitor_id, visit.details) for visit in visits}


def _entry(visitor_id: str, told: VisitorDetails) -> DirectoryEntry:
    return DirectoryEntry(
        worker_id=visitor_id,
        name=told.name,
        employer=told.company or None,
        trade=told.purpose,
        phone=told.phone or None,
    )
