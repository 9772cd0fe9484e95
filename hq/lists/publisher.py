"""Publish lists for gates: build, seal, sign, and store them for the running service to send."""

import hashlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from contract.deltas import Base, write_delta
from contract.messages import PARTS_MAX, ListKind, SnapshotHeader
from contract.parts import ListTooLarge, digest_of, seal_part, sign_part
from contract.signing import BadKey
from contract.topics import DELTA_CHANNELS
from hq.database import dirty_lists
from hq.database import published_lists as stored
from hq.database import removed_templates as removed
from hq.database.clock import now
from hq.database.gate_reports import gate_reports
from hq.database.published_lists import ListKey, PublishedSnapshot
from hq.database.store import Store
from hq.keys.keys import HqKeys
from hq.lists import deltas
from hq.lists.site_lists import DirectoryList, PolicyList, RiskList, RosterList, SiteList
from hq.registry.people import PeopleRegistry

KEEP_VERSIONS = 5
"""Versions of each list whose issue time is kept. Only the newest list is kept whole."""
WHOLE_AFTER = timedelta(hours=24)
URGENT_FIRST = (ListKind.RISK, ListKind.POLICY, ListKind.ROSTER, ListKind.DIRECTORY)
"""Whom to stop does not wait for whom to let in."""


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
        self._store, self.keys = store, keys
        self._whole_after = whole_after
        self._lists: dict[ListKind, SiteList] = {
            ListKind.RISK: RiskList(people.risk_lists),
            ListKind.POLICY: PolicyList(people),
            ListKind.ROSTER: RosterList(people.site_people),
            ListKind.DIRECTORY: DirectoryList(people),
        }

    def publish_without_removed(self, site_id: str, kind: ListKind = ListKind.ROSTER) -> int | None:
        """Publish a list whole, if its snapshot holds what must be gone. Return the new version.

        None: it holds nothing of that kind, or another process was faster. Raises as `publish`.
        """
        with self._store.read() as db:
            if not self._must_be_whole(db, (site_id, kind)):
                return None
        return self.publish(site_id, kind, only_if=self._must_be_whole)

    def publish(
        self,
        site_id: str,
        kind: ListKind,
        snapshot: bool = False,
        only_if: Callable[[Connection, ListKey], bool] = lambda db, key: True,
    ) -> int:
        """Make the next version of a list for a site, and take its marks off. Return the version.

        Where little changed since the last snapshot, only the changes are made. A `snapshot` is made if it is wanted,
        or if gates hold what must be gone (`hq.database.removed_templates`). Nothing is made if `only_if` says no.

        Raises:
            BadKey: the site has no key.
            ListTooLarge: a part is larger than gates accept.
            ValueError: lists of this kind are not made here.
        """
        if kind not in self._lists:
            raise ValueError(f"the {kind.value} is not published in this way")
        # Fingerprints and contents are read at one moment. An import in between would be in one of them alone.
        with self._store.write(f"list {site_id} {kind.value}") as db, self._store.snapshot() as source:
            last = stored.last_version(db, site_id, kind)
            if not only_if(db, (site_id, kind)):  # it may have changed while this process waited
                return last
            marks = dirty_lists.marks_of(source, site_id, kind)
            version = stored.next_version(db, site_id, kind)
            header = SnapshotHeader(site_id=site_id, list_version=version, issued_utc=now())
            whole = snapshot or version > 1 + last or self._must_be_whole(db, (site_id, kind))
            changed = not whole and self._publish_changes(db, source, header, kind)
            parts = 0 if changed else self._publish_snapshot(db, source, header, kind)
            stored.add_version(db, site_id, kind, version, header.issued_utc, parts, KEEP_VERSIONS)
            stored.note_digest(db, site_id, kind, version)
            dirty_lists.take_off(db, site_id, kind, marks)
        return header.list_version

    def to_publish_whole(self) -> list[ListKey]:
        """Name the lists that must be published whole: gates hold with them what must be gone."""
        with self._store.read() as db:
            return removed.lists_to_publish_whole(db, now(), self._whole_after)

    def holding_removed(self) -> list[str]:
        """Name the sites whose roster must be published whole."""
        return [site_id for site_id, kind in self.to_publish_whole() if kind is ListKind.ROSTER]

    def to_publish(self, sites: Collection[str]) -> list[ListKey]:
        """Name the lists of these sites that changed since they were published, or never were, the urgent first."""
        with self._store.read() as db:
            marked, known = dirty_lists.dirty(db).keys(), stored.newest_versions(db).keys()
        wanted = ((site_id, kind) for kind in URGENT_FIRST for site_id in sites)
        return [key for key in wanted if key in marked or key not in known]

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
            if last is None or not self._has_present_keys((site, kind), last)
        ]

    def _has_present_keys(self, key: ListKey, last: PublishedSnapshot) -> bool:
        try:
            return last.keys == deltas.keys_fingerprint(self.keys.reader(*key), self.keys.signing)
        except BadKey:  # without its key it cannot have been published again
            return False

    def _must_be_whole(self, db: Connection, key: ListKey) -> bool:
        return bool(removed.lists_to_publish_whole(db, now(), self._whole_after, key))

    def _publish_snapshot(self, db: Connection, source: Connection, header: SnapshotHeader, kind: ListKind) -> int:
        """Store a snapshot, one part at a time. Return how many parts it has. Raises BadKey, ListTooLarge."""
        site_id, version = header.site_id, header.list_version
        reader, fingerprints = self.keys.reader(site_id, kind), list[bytes]()
        stored.clear_rows(db, site_id, kind)
        for content, rows in self._lists[kind].parts(source, header):
            if len(fingerprints) == PARTS_MAX:
                raise ListTooLarge(
                    f"the {kind.value} needs more than {PARTS_MAX} parts, no gate takes it: split the site"
                )
            sealed = seal_part(content, kind, reader)
            fingerprints.append(hashlib.sha256(sealed).digest())
            stored.put_part(db, site_id, kind, version, len(fingerprints), sealed)
            stored.add_rows(db, site_id, kind, rows)
        base = Base(version, digest_of(fingerprints))
        size = self._sign_parts(db, header, kind, len(fingerprints), base.digest)
        stored.empty_parts_after(db, site_id, kind, version, len(fingerprints))
        published = PublishedSnapshot(base, size, deltas.keys_fingerprint(reader, self.keys.signing))
        stored.replace_snapshot(db, site_id, kind, published)
        if kind is ListKind.ROSTER:
            removed.note_snapshot(db, site_id, base, removed.newest_removal(source), header.issued_utc)
            removed.cover_others(db, site_id)
        return len(fingerprints)

    def _sign_parts(self, db: Connection, header: SnapshotHeader, kind: ListKind, parts: int, digest: str) -> int:
        """Sign the sealed parts, whose digest is known only now. Return their size in bytes."""
        size = 0
        for number in range(1, parts + 1):
            sealed = stored.part(db, header.site_id, kind, number)
            body = sign_part(sealed, header, number, kind, parts, digest, self.keys.signing)
            stored.put_part(db, header.site_id, kind, header.list_version, number, body)
            size += len(body)
        return size

    def _publish_changes(self, db: Connection, source: Connection, header: SnapshotHeader, kind: ListKind) -> bool:
        """Store the changes since the snapshot. Return False if a snapshot is needed. Raises BadKey.

        That is: there is none yet, its keys are others, a gate reads no changes, or too much changed.
        """
        site_id, reader = header.site_id, self.keys.reader(header.site_id, kind)
        last = stored.newest_snapshot(db, site_id, kind)
        if kind not in DELTA_CHANNELS or last is None:
            return False
        if last.keys != deltas.keys_fingerprint(reader, self.keys.signing):
            return False
        if not deltas.read_by_all(report.status for report in gate_reports(db, site_id)):
            return False
        since = self._changes_since(db, source, site_id, kind)
        if since is None or (since.removed and kind is ListKind.DIRECTORY):  # names leave the gates at once
            return False
        changes = self._lists[kind].changes(source, header, since.changed, since.removed)
        body = write_delta(changes, kind, last.base, reader, self.keys.signing)
        if not deltas.worth_sending(len(body), last.size):
            return False
        stored.replace_delta(db, site_id, kind, header.list_version, body)
        stored.note_changed(db, site_id, kind, since.changed)
        if since.removed or (kind is ListKind.RISK and since.changed):
            stored.note_left(db, site_id, kind, header.issued_utc)
        return True

    def _changes_since(
        self, db: Connection, source: Connection, site_id: str, kind: ListKind
    ) -> deltas.WorkerChanges | None:
        """Compare the list with its snapshot, page by page. None if more changed than one message may hold."""
        changed: list[str] = []
        gone: list[str] = []
        of_list = self._lists[kind]
        for page in of_list.fingerprints(source, site_id):
            changed += deltas.changed_of(stored.fingerprints_of(db, site_id, kind, list(page)), page)
            if len(changed) > deltas.ROWS_MAX:
                return None
        for held in stored.row_pages(db, site_id, kind):
            present = of_list.present(source, site_id, held)
            gone += [worker_id for worker_id in held if worker_id not in present]
            if len(changed) + len(gone) > deltas.ROWS_MAX:
                return None
        return deltas.WorkerChanges(tuple(sorted(changed)), tuple(sorted(gone)))
