"""Publish lists for gates: build, seal, sign, and store them for the running service to send."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from contract.deltas import Base, Changes, roster_changes, write_delta
from contract.messages import ListKind, PolicySnapshot, RiskDelta, RiskSnapshot, SnapshotHeader, WorkerRecord
from contract.parts import Content, read_part, roster_content, write_parts
from contract.signing import BadKey
from contract.topics import DELTA_CHANNELS
from hq.database import published_lists as stored
from hq.database import removed_templates as removed
from hq.database.clock import now
from hq.database.gate_reports import gate_reports
from hq.database.published_lists import ListKey, PublishedSnapshot
from hq.database.store import Store
from hq.keys.keys import HqKeys
from hq.lists import deltas
from hq.registry.people import PeopleRegistry

KEEP_VERSIONS = 5
"""Versions of each list whose issue time is kept. Only the newest list is kept whole."""
WHOLE_AFTER = timedelta(hours=24)
PART_ROWS = 1_000
"""Workers, or entries of the risk list, in one part: about 0.4 MB, and some milliseconds of a gate's time."""
PART_BYTES = 1024 * 1024
"""Maximum size of templates in one part, unless one worker alone has more."""


@dataclass(frozen=True, slots=True)
class ListPart:
    """What the broker keeps for one part of a list, or (`part` is None) for its changes.

    `body` is empty where the broker is to drop what it keeps of an earlier version.
    """

    site_id: str
    kind: ListKind
    part: int | None
    body: bytes


class Publisher:
    """Makes the versions of all lists. `whole_after`: how long a snapshot may hold templates that were replaced."""

    def __init__(
        self, store: Store, people: PeopleRegistry, keys: HqKeys, whole_after: timedelta = WHOLE_AFTER
    ) -> None:
        self._store, self._people, self.keys = store, people, keys
        self._whole_after = whole_after

    def publish_without_removed(self, site_id: str) -> int | None:
        """Publish the roster whole, if its snapshot holds templates that must be gone. Return the new version.

        None: another process was faster. Raises as `publish`.
        """
        with self._store.read() as db:
            if not self._must_be_whole(db, site_id):
                return None
        return self.publish(site_id, ListKind.ROSTER, only_if=self._must_be_whole)

    def publish(
        self,
        site_id: str,
        kind: ListKind,
        snapshot: bool = False,
        only_if: Callable[[Connection, str], bool] = lambda db, site_id: True,
    ) -> int:
        """Make the next version of a list for a site. Return the version.

        Where little changed since the last snapshot, only the changes are made. A `snapshot` is made if it is wanted,
        or if the last one holds templates that must be gone (`hq.database.removed_templates`). Nothing is made if
        `only_if` says no.

        Raises:
            BadKey: the site has no key.
            ListTooLarge: a part is larger than gates accept.
        """
        # Fingerprints and contents are read at one moment. An import in between would be in one of them alone.
        with self._store.write(f"list {site_id} {kind.value}") as db, self._store.snapshot() as source:
            last = stored.last_version(db, site_id, kind)
            if not only_if(db, site_id):  # it may have changed while this process waited
                return last
            header = SnapshotHeader(
                site_id=site_id, list_version=stored.next_version(db, site_id, kind), issued_utc=now()
            )
            rows = self._fingerprints(source, kind)
            whole = (
                snapshot
                or header.list_version > 1 + last
                or (kind is ListKind.ROSTER and self._must_be_whole(db, site_id))
            )
            changed = not whole and self._publish_changes(db, source, header, kind, rows)
            parts = 0 if changed else self._publish_snapshot(db, source, header, kind, rows)
            stored.add_version(db, site_id, kind, header.list_version, header.issued_utc, parts, KEEP_VERSIONS)
            stored.note_digest(db, site_id, kind, header.list_version)
        return header.list_version

    def holding_removed(self) -> list[str]:
        """List sites whose roster holds templates that must be gone: it must be published whole."""
        with self._store.read() as db:
            sites = stored.sites_with_snapshot(db, ListKind.ROSTER)
            return [site_id for site_id in sites if self._must_be_whole(db, site_id)]

    def kept(self, site_id: str, kind: ListKind, whole: bool = True) -> Iterator[ListPart]:
        """Return what the broker keeps of a list, in sending order; the snapshot only if the `whole` list is wanted.

        The changes come first, or nothing where there are none. So nobody sees a new snapshot with changes of an old
        one.
        """
        if kind in DELTA_CHANNELS:
            with self._store.read() as db:
                body = stored.delta(db, site_id, kind)
            yield ListPart(site_id, kind, None, body)
        if whole:
            yield from self.parts(site_id, kind)

    def parts(self, site_id: str, kind: ListKind) -> Iterator[ListPart]:
        """Return the newest snapshot of a list, one part at a time, the first part last.

        The first part makes gates ask the broker for the others, which must be there by then.
        """
        with self._store.read() as db:
            for number in stored.part_numbers(db, site_id, kind):
                yield ListPart(site_id, kind, number, stored.part(db, site_id, kind, number))

    def kept_versions(self) -> dict[ListKey, tuple[int, int]]:
        """Return, of each list, the version of its newest snapshot, and of the changes since (0: none)."""
        with self._store.read() as db:
            found = stored.snapshot_and_delta_versions(db)
        # Lists of a version without changes have no snapshot to refer to.
        return {key: found.get(key, (version, 0)) for key, (version, _) in self.newest_versions().items()}

    def newest_versions(self) -> dict[ListKey, tuple[int, datetime]]:
        """Return version and issue time of the lists in force."""
        with self._store.read() as db:
            return stored.newest_versions(db)

    def outdated(self, sites: Collection[str]) -> list[str]:
        """List the lists in force of these sites that were not made with the keys in use now."""
        with self._store.read() as db:
            made = {key: stored.newest_snapshot(db, *key) for key in self.newest_versions() if key[0] in sites}
        return [
            f"{site} {kind.value}"
            for (site, kind), last in made.items()
            if last is None or not self._has_present_keys(site, last)
        ]

    def _has_present_keys(self, site_id: str, last: PublishedSnapshot) -> bool:
        try:
            return last.keys == deltas.keys_fingerprint(self.keys.site(site_id), self.keys.signing)
        except BadKey:  # without its key it cannot have been published again
            return False

    def _must_be_whole(self, db: Connection, site_id: str) -> bool:
        return removed.snapshot_holds_removed(db, site_id, now(), self._whole_after)

    def _fingerprints(self, db: Connection, kind: ListKind) -> dict[str, str]:
        """Return what the list says of each worker; nothing for a policy, which is always published whole."""
        if kind is ListKind.ROSTER:
            return self._people.roster_fingerprints(db)
        return self._people.risk_fingerprints(db) if kind is ListKind.RISK else {}

    def _publish_snapshot(
        self, db: Connection, source: Connection, header: SnapshotHeader, kind: ListKind, rows: Mapping[str, str]
    ) -> int:
        """Store a snapshot. Return how many parts it has. Raises BadKey, ListTooLarge."""
        reader = self.keys.site(header.site_id)
        bodies = write_parts(self._contents(source, kind, header), kind, reader, self.keys.signing)
        stored.replace_parts(db, header.site_id, kind, header.list_version, bodies)
        base = Base(header.list_version, read_part(bodies[0], kind, self.keys.signing.public_key()).header.digest)
        size = sum(map(len, bodies))
        published = PublishedSnapshot(base, size, deltas.keys_fingerprint(reader, self.keys.signing))
        stored.replace_snapshot(db, header.site_id, kind, published, rows)
        if kind is ListKind.ROSTER:
            removed.note_snapshot(db, header.site_id, base, removed.newest_removal(source), header.issued_utc)
        return len(bodies)

    def _publish_changes(
        self, db: Connection, source: Connection, header: SnapshotHeader, kind: ListKind, rows: Mapping[str, str]
    ) -> bool:
        """Store the changes since the snapshot. Return False if a snapshot is needed. Raises BadKey.

        That is: there is none yet, its keys are others, a gate reads no changes, or too much changed.
        """
        site_id, reader = header.site_id, self.keys.site(header.site_id)
        last = stored.newest_snapshot(db, site_id, kind)
        if kind not in DELTA_CHANNELS or last is None:
            return False
        if last.keys != deltas.keys_fingerprint(reader, self.keys.signing):
            return False
        if not deltas.read_by_all(report.status for report in gate_reports(db) if report.site_id == site_id):
            return False
        since = deltas.changes_since(stored.snapshot_fingerprints(db, site_id, kind), rows)
        if not since.small:
            return False
        body = write_delta(self._changes(source, kind, header, since), kind, last.base, reader, self.keys.signing)
        if not deltas.worth_sending(len(body), last.size):
            return False
        stored.replace_delta(db, site_id, kind, header.list_version, body)
        return True

    def _changes(self, db: Connection, kind: ListKind, header: SnapshotHeader, since: deltas.WorkerChanges) -> Changes:
        if kind is ListKind.ROSTER:
            return roster_changes(header, self._people.roster(db, since.changed), since.removed)
        changed = set(since.changed)
        entries = tuple(entry for entry in self._people.risks(db) if entry.worker_id in changed)
        return Changes(RiskDelta(**header.model_dump(), entries=entries, removed=since.removed))

    def _contents(self, db: Connection, kind: ListKind, header: SnapshotHeader) -> list[Content]:
        """Cut the list into parts; an empty list is one empty part."""
        fields = header.model_dump()
        if kind is ListKind.ROSTER:
            return [roster_content(header, chunk) for chunk in _chunks(self._people.roster(db)) or [()]]
        if kind is ListKind.RISK:
            entries = self._people.risks(db)
            cut = [entries[i : i + PART_ROWS] for i in range(0, len(entries), PART_ROWS)] or [()]
            return [Content(RiskSnapshot(**fields, entries=chunk)) for chunk in cut]
        if kind is ListKind.POLICY:
            return [Content(PolicySnapshot.model_validate({**fields, **self._people.policy(db, header.site_id)}))]
        raise ValueError(f"the {kind.value} is not published in this way")


def _chunks(workers: Sequence[WorkerRecord]) -> list[Sequence[WorkerRecord]]:
    """Cut workers into parts of at most PART_ROWS, with at most PART_BYTES of templates unless one alone has more."""
    found: list[Sequence[WorkerRecord]] = []
    start, size = 0, 0
    for index, worker in enumerate(workers):
        weight = sum(len(template.vector) for template in worker.templates)
        if index > start and (index - start == PART_ROWS or size + weight > PART_BYTES):
            found.append(workers[start:index])
            start, size = index, 0
        size += weight
    return [*found, workers[start:]] if workers else found
