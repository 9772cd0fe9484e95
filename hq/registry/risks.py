"""Who is on which risk list. Each entry has a reason, a time, and names who may lift it.

Each change of the lists marks them at the sites of the workers concerned, in the same transaction.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from contract.messages import ListKind, RiskEntry
from contract.names import matched
from hq.database import assignments, dirty_lists
from hq.database import risk_entries as tables
from hq.database.clock import now
from hq.database.risk_entries import RiskIndex, RiskRow
from hq.database.store import Store
from hq.keys.encryption import Cipher
from hq.keys.keys import HqKeys
from hq.registry.risk_changes import note_listed, note_unlisted
from hq.registry.risk_record import RiskRecord, StoredRisk
from hq.registry.site_people import fingerprinting

HISTORY_KEPT = timedelta(days=30)
"""So long HQ keeps an entry that was lifted, with who lifted it and why."""
EXPIRED_AT_ONCE = 500


class RiskRefused(ValueError):
    """An entry that cannot be lifted. The text says why."""


class RiskRegistry:
    """The risk lists. Methods with a connection run in the caller's transaction, the others in one of their own.

    Raises:
        AtRestError: from every method, where an entry cannot be read.
    """

    def __init__(self, store: Store, keys: HqKeys) -> None:
        self._store, self._keys = store, keys

    def add(self, entries: Iterable[RiskRecord], by: str) -> None:
        """Put workers on lists. An entry of the same worker and list is replaced."""
        with self._store.write("people") as db:
            self.put(db, entries, by)

    def put(self, db: Connection, entries: Iterable[RiskRecord], by: str, added_utc: datetime | None = None) -> None:
        """Do as `add`. `added_utc`: when the entries were added, if not now."""
        cipher, index, utc = self._cipher, self._index(db), added_utc or now()
        workers = set()
        for entry in entries:
            stored = StoredRisk(**{**entry.model_dump(), "added_by": by[:80], "added_utc": utc})
            body = stored.model_dump_json(exclude_none=True).encode()
            tables.add_entry(db, cipher, index, entry.worker_id, entry.list_name, body, entry.valid_until_utc)
            note_listed(db, cipher, stored)
            workers.add(entry.worker_id)
        _mark(db, workers)

    def replace_list(self, list_name: str | None, entries: Iterable[RiskRecord], by: str) -> None:
        """Make these the only entries of a list, or with None of all lists together."""
        with self._store.write("people") as db:
            self.put_list(db, list_name, entries, by)

    def put_list(self, db: Connection, list_name: str | None, entries: Iterable[RiskRecord], by: str) -> None:
        """Do as `replace_list`. Entries that stay the same are not written again."""
        new = {(entry.worker_id, matched(entry.list_name)): entry for entry in entries}
        rows = [(row, _read(row)) for row in tables.entries_on(db, self._cipher, self._index(db), list_name)]
        same = {_key(held) for _, held in rows if _said(held) == _said(new.get(_key(held)))}
        gone = [(row, held) for row, held in rows if _key(held) not in same]
        tables.remove_entries(db, [row.id for row, _ in gone])
        for _, held in gone:
            note_unlisted(db, self._cipher, held.worker_id, held.list_name)
        _mark(db, {held.worker_id for _, held in gone})
        self.put(db, [entry for key, entry in new.items() if key not in same], by)

    def lift(self, worker_id: str, list_name: str, by: str, why: str, *, override: bool = False) -> StoredRisk:
        """Take a worker off a list. HQ keeps the entry as history for `HISTORY_KEPT`.

        `override`: also by somebody whom the entry does not name; the history says so. Raises RiskRefused.
        """
        if not by.strip() or not why.strip():
            raise RiskRefused("say who lifts the entry, and why")
        with self._store.write("people") as db:
            return self.take_off(db, worker_id, list_name, by, why, override=override)

    def take_off(
        self, db: Connection, worker_id: str, list_name: str, by: str, why: str, *, override: bool = False
    ) -> StoredRisk:
        """Do as `lift`."""
        row, held = self._entry(db, worker_id, list_name)
        if not held.may_be_lifted_by(by):
            named = ", ".join(held.may_lift)
            if not override:
                raise RiskRefused(
                    f"{by} may not lift this entry of {worker_id}: it names {named}. If none of them can: "
                    f"sitegate-hq risk lift {worker_id} --override, which is recorded"
                )
            why = f"{why} (override: the entry names {named})"
        utc = now()
        lifted = held.model_copy(update={"lifted_by": by[:80], "lifted_utc": utc, "lifted_why": why[:500]})
        body = lifted.model_dump_json(exclude_none=True).encode()
        tables.lift_entry(db, self._cipher, row.id, body, utc)
        note_unlisted(db, self._cipher, worker_id, held.list_name)
        _mark(db, [worker_id])
        return lifted

    def find(
        self, worker_id: str | None = None, list_name: str | None = None, *, history: bool = False
    ) -> list[StoredRisk]:
        """List entries of a worker, of a list, or all; with a worker and `history` those that were lifted, too."""
        workers = None if worker_id is None else [worker_id]
        with self._store.read() as db:
            return self.stored(db, workers, list_name, history=history)

    def stored(
        self,
        db: Connection,
        worker_ids: Iterable[str] | None = None,
        list_name: str | None = None,
        *,
        history: bool = False,
    ) -> list[StoredRisk]:
        """Do as `find`, of several workers."""
        if not tables.has_entries(db):
            return []
        index, cipher = self._index(db), self._cipher
        if worker_ids is not None:
            rows = tables.entries_of(db, cipher, index, worker_ids, history=history)
        else:
            rows = tables.entries_on(db, cipher, index, list_name)
        found = [_read(row) for row in rows]
        wanted = [e for e in found if list_name is None or matched(e.list_name) == matched(list_name)]
        return sorted(wanted, key=lambda entry: (entry.worker_id, entry.list_name, entry.added_utc))

    def of_site(self, db: Connection, site_id: str) -> Iterator[tuple[RiskEntry, ...]]:
        """Return what a site's gates get, page by page: entries of its own people whose time is not over."""
        if tables.has_entries(db):
            for page in assignments.listed_pages(db, site_id):
                yield self.of_workers(db, page, site_id)

    def of_workers(
        self, db: Connection, worker_ids: Iterable[str], site_id: str | None = None
    ) -> tuple[RiskEntry, ...]:
        """Return what gates get of these workers, whose time is not over: those of one site, or of all sites."""
        if not tables.has_entries(db):
            return ()
        utc = now()
        found = [_read(row) for row in tables.entries_of(db, self._cipher, self._index(db), worker_ids)]
        held = [entry for entry in found if entry.valid_until_utc is None or entry.valid_until_utc > utc]
        held = held if site_id is None else [entry for entry in held if entry.holds_at(site_id)]
        return tuple(e.entry() for e in sorted(held, key=lambda e: (e.worker_id, e.list_name)))

    def some(self, db: Connection, site_id: str, worker_ids: Sequence[str]) -> tuple[RiskEntry, ...]:
        """Return what a site's gates get of these workers, as far as they are on the site's lists."""
        return self.of_workers(db, assignments.listed_of(db, site_id, worker_ids), site_id)

    def fingerprints(self, entries: Iterable[RiskEntry]) -> dict[str, str]:
        """Return, by worker id, a text that changes with the worker's entries."""
        found: dict[str, list[bytes]] = {}
        for entry in entries:
            found.setdefault(entry.worker_id, []).append(entry.model_dump_json().encode())
        fingerprint = fingerprinting(self._keys)
        return {worker_id: fingerprint(b"\n".join(sorted(said))) for worker_id, said in found.items()}

    def listed(self, db: Connection, worker_ids: Collection[str]) -> frozenset[str]:
        """Return those of these workers who are on a list."""
        return frozenset(entry.worker_id for entry in self.of_workers(db, worker_ids)) if worker_ids else frozenset()

    def add_again(self, db: Connection, entry: StoredRisk) -> bool:
        """Add an entry that a restored database lacks. Return False if it is over, or a newer one is known."""
        held = self._same(db, entry.worker_id, entry.list_name, history=True)
        over = entry.valid_until_utc is not None and entry.valid_until_utc <= now()
        if over or any(one.added_utc >= entry.added_utc for _, one in held):
            return False
        record = RiskRecord.model_validate(entry.model_dump(include=set(RiskRecord.model_fields)))
        self.put(db, [record], entry.added_by, entry.added_utc)
        return True

    def end_again(self, db: Connection, worker_id: str, list_name: str, utc: datetime) -> bool:
        """End an entry that a restored database holds still. Return False if there is none from before `utc`."""
        ended = [row.id for row, one in self._same(db, worker_id, list_name) if one.added_utc <= utc]
        tables.remove_entries(db, ended)
        _mark(db, [worker_id] if ended else [])
        return bool(ended)

    def forget(self, db: Connection, worker_ids: Iterable[str]) -> None:
        """Delete everything about these workers, with the history."""
        if tables.has_entries(db):
            rows = tables.entries_of(db, self._cipher, self._index(db), worker_ids, history=True)
            tables.remove_entries(db, [row.id for row in rows])

    def expire(self) -> int:
        """Delete entries whose time is over, and old history. Return how many. Call it again until there are none."""
        utc = now()
        with self._store.read() as db:
            if not tables.any_ended(db, utc, utc - HISTORY_KEPT):
                return 0
        with self._store.write("people") as db:
            ended = tables.ended_entries(db, self._cipher, utc, utc - HISTORY_KEPT, EXPIRED_AT_ONCE)
            tables.remove_entries(db, [row.id for row in ended])
            held = [_read(row) for row in ended]
            _mark(db, {entry.worker_id for entry in held if entry.lifted_utc is None})
        return len(ended)

    def _entry(self, db: Connection, worker_id: str, list_name: str) -> tuple[RiskRow, StoredRisk]:
        rows = tables.entries_of(db, self._cipher, self._index(db), [worker_id])
        found = [(row, _read(row)) for row in rows]
        for row, held in found:
            if matched(held.list_name) == matched(list_name):
                return row, held
        lists = ", ".join(sorted(held.list_name for _, held in found)) or "none"
        raise RiskRefused(f"{worker_id} is not on the list {list_name}; on these: {lists}")

    def _same(
        self, db: Connection, worker_id: str, list_name: str, *, history: bool = False
    ) -> list[tuple[RiskRow, StoredRisk]]:
        rows = tables.entries_of(db, self._cipher, self._index(db), [worker_id], history=history)
        return [(row, one) for row in rows if matched((one := _read(row)).list_name) == matched(list_name)]

    def _index(self, db: Connection) -> RiskIndex:
        return tables.risk_index(db, self._cipher)

    @property
    def _cipher(self) -> Cipher:
        return self._keys.at_rest.current()


def _mark(db: Connection, worker_ids: Collection[str]) -> None:
    """Mark the risk lists of the sites that these workers are listed at."""
    sites = {site for theirs in assignments.assigned_sites(db, worker_ids).values() for site in theirs}
    dirty_lists.mark(db, assignments.list_sites(db, sites), ListKind.RISK)


def _key(entry: RiskRecord) -> tuple[str, str]:
    return entry.worker_id, matched(entry.list_name)


def _said(entry: RiskRecord | None) -> object:
    return entry and entry.model_dump(include=set(RiskRecord.model_fields))


def _read(row: RiskRow) -> StoredRisk:
    return StoredRisk.model_validate_json(row.body)
