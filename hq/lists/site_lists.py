"""What each kind of list holds of a site. The publisher asks for it page by page."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Protocol

from sqlalchemy import Connection

from contract.deltas import Changes, roster_changes
from contract.messages import (
    DirectoryDelta,
    DirectoryEntry,
    DirectorySnapshot,
    PolicySnapshot,
    RiskDelta,
    RiskEntry,
    RiskSnapshot,
    SnapshotHeader,
    WorkerRecord,
)
from contract.parts import Content, roster_content
from hq.database.assignments import listed_of, listed_pages
from hq.registry.people import PeopleRegistry
from hq.registry.risks import RiskRegistry
from hq.registry.site_people import SitePeople

PART_ROWS = 1_000
"""Workers, or entries of the risk list, in one part: about 0.4 MB, and some milliseconds of a gate's time."""
PART_BYTES = 1024 * 1024
"""Maximum size of templates in one part, unless one worker alone has more."""


class SiteList(Protocol):
    """One kind of list."""

    def fingerprints(self, db: Connection, site_id: str) -> Iterable[Mapping[str, str]]:
        """Return, page by page and by worker id, a text that changes with what the list says of each worker."""

    def present(self, db: Connection, site_id: str, worker_ids: Sequence[str]) -> frozenset[str]:
        """Return those of these workers who are on the list."""

    def parts(self, db: Connection, header: SnapshotHeader) -> Iterator[tuple[Content, Mapping[str, str]]]:
        """Return the parts of the whole list, with the fingerprints of each. An empty list is one empty part."""

    def changes(
        self, db: Connection, header: SnapshotHeader, changed: Sequence[str], removed: Sequence[str]
    ) -> Changes:
        """Return the changes: of these workers everything, and the ids of those who are gone."""


class RosterList:
    """The workers of a site, with their templates."""

    def __init__(self, people: SitePeople) -> None:
        self._people = people

    def fingerprints(self, db: Connection, site_id: str) -> Iterable[Mapping[str, str]]:
        return self._people.fingerprints(db, site_id)

    def present(self, db: Connection, site_id: str, worker_ids: Sequence[str]) -> frozenset[str]:
        return self._people.present(db, site_id, worker_ids)

    def parts(self, db: Connection, header: SnapshotHeader) -> Iterator[tuple[Content, Mapping[str, str]]]:
        rows = (row for page in self._people.workers(db, header.site_id) for row in page)
        for chunk in _chunks(rows):
            yield roster_content(header, [worker for worker, _ in chunk]), {who.worker_id: said for who, said in chunk}

    def changes(
        self, db: Connection, header: SnapshotHeader, changed: Sequence[str], removed: Sequence[str]
    ) -> Changes:
        return roster_changes(header, self._people.some(db, header.site_id, changed), removed)


class RiskList:
    """The risk entries of a site's workers."""

    def __init__(self, risks: RiskRegistry) -> None:
        self._risks = risks

    def fingerprints(self, db: Connection, site_id: str) -> Iterable[Mapping[str, str]]:
        return (self._risks.fingerprints(page) for page in self._risks.of_site(db, site_id))

    def present(self, db: Connection, site_id: str, worker_ids: Sequence[str]) -> frozenset[str]:
        return frozenset(entry.worker_id for entry in self._risks.some(db, site_id, worker_ids))

    def parts(self, db: Connection, header: SnapshotHeader) -> Iterator[tuple[Content, Mapping[str, str]]]:
        held: list[RiskEntry] = []
        begun = False
        pages = self._risks.of_site(db, header.site_id)
        for _, of_worker in groupby((entry for page in pages for entry in page), key=lambda entry: entry.worker_id):
            theirs = list(of_worker)  # one worker's entries are never cut
            if held and len(held) + len(theirs) > PART_ROWS:
                yield self._part(header, held), self._risks.fingerprints(held)
                held, begun = [], True
            held += theirs
        if held or not begun:
            yield self._part(header, held), self._risks.fingerprints(held)

    def changes(
        self, db: Connection, header: SnapshotHeader, changed: Sequence[str], removed: Sequence[str]
    ) -> Changes:
        entries = self._risks.some(db, header.site_id, changed)
        return Changes(RiskDelta(**header.model_dump(), entries=entries, removed=tuple(removed)))

    def _part(self, header: SnapshotHeader, entries: Sequence[RiskEntry]) -> Content:
        return Content(RiskSnapshot(**header.model_dump(), entries=tuple(entries)))


class DirectoryList:
    """The names of a site's workers, for the screens of its gates."""

    def __init__(self, people: PeopleRegistry) -> None:
        self._directory = people.directory

    def fingerprints(self, db: Connection, site_id: str) -> Iterable[Mapping[str, str]]:
        return (self._directory.fingerprints(page) for page in self._pages(db, site_id))

    def present(self, db: Connection, site_id: str, worker_ids: Sequence[str]) -> frozenset[str]:
        return listed_of(db, site_id, worker_ids)

    def parts(self, db: Connection, header: SnapshotHeader) -> Iterator[tuple[Content, Mapping[str, str]]]:
        begun = False
        for page in self._pages(db, header.site_id):
            begun = True
            entries = tuple(page.values())
            yield Content(DirectorySnapshot(**header.model_dump(), entries=entries)), self._directory.fingerprints(page)
        if not begun:
            yield Content(DirectorySnapshot(**header.model_dump())), {}

    def changes(
        self, db: Connection, header: SnapshotHeader, changed: Sequence[str], removed: Sequence[str]
    ) -> Changes:
        listed = sorted(listed_of(db, header.site_id, changed))
        entries = tuple(self._directory.of(db, listed).values())
        return Changes(DirectoryDelta(**header.model_dump(), entries=entries, removed=tuple(removed)))

    def _pages(self, db: Connection, site_id: str) -> Iterator[dict[str, DirectoryEntry]]:
        for page in listed_pages(db, site_id):
            if found := self._directory.of(db, page):
                yield found


class PolicyList:
    """The rules of a site. They are always published whole."""

    def __init__(self, people: PeopleRegistry) -> None:
        self._people = people

    def fingerprints(self, db: Connection, site_id: str) -> Iterable[Mapping[str, str]]:
        return ()

    def present(self, db: Connection, site_id: str, worker_ids: Sequence[str]) -> frozenset[str]:
        return frozenset()

    def parts(self, db: Connection, header: SnapshotHeader) -> Iterator[tuple[Content, Mapping[str, str]]]:
        rules = self._people.policy(db, header.site_id)
        yield Content(PolicySnapshot.model_validate({**header.model_dump(), **rules})), {}

    def changes(
        self, db: Connection, header: SnapshotHeader, changed: Sequence[str], removed: Sequence[str]
    ) -> Changes:
        raise NotImplementedError("a policy is always published whole")


def _chunks(rows: Iterable[tuple[WorkerRecord, str]]) -> Iterator[list[tuple[WorkerRecord, str]]]:
    """Cut workers into parts of at most PART_ROWS, with at most PART_BYTES of templates unless one alone has more."""
    held: list[tuple[WorkerRecord, str]] = []
    size, begun = 0, False
    for row in rows:
        weight = sum(len(template.vector) for template in row[0].templates)
        if held and (len(held) == PART_ROWS or size + weight > PART_BYTES):
            yield held
            held, size, begun = [], 0, True
        held.append(row)
        size += weight
    if held or not begun:
        yield held
