"""Workers, their templates, the risk list and the policies: what HQ publishes from."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from contract.codec import BadMessage, decode, encode
from contract.messages import EnrolmentEvent, EnrolmentRecord, ListKind, WorkerRecord
from contract.signing import ENROLMENT, BadSeal, unseal
from hq.database import dirty_lists
from hq.database import people as tables
from hq.database.assignments import assigned_sites, list_sites, site_pages
from hq.database.clock import now
from hq.database.erasure import erase_unread
from hq.database.removed_templates import RemovalReason, note_removed
from hq.database.store import Store
from hq.keys.encryption import AtRestError, Cipher, KeyMissing
from hq.keys.keys import HqKeys
from hq.registry.directory import Directory
from hq.registry.import_draft import EnrolmentRefused, ImportDraft
from hq.registry.import_file import ImportFile
from hq.registry.risks import RiskRegistry
from hq.registry.site_people import SitePeople, standing
from hq.registry.site_rules import held_rules, put_own

CHECKED = 20
"""Workers that are read at start to tell whether the key is the right one."""


@dataclass(frozen=True, slots=True)
class Imported:
    """How many entries a file had."""

    workers: int
    risk: int
    policies: int
    enrolments: int


class PeopleRegistry:
    """What the database holds of people, which is encrypted.

    Methods raise AtRestError where the key for that is missing.
    """

    def __init__(self, store: Store, keys: HqKeys) -> None:
        self._store, self._keys = store, keys
        self.directory = Directory(keys)
        self.risk_lists = RiskRegistry(store, keys)
        self.site_people = SitePeople(keys)

    @property
    def cipher(self) -> Cipher:
        """Encrypts what the database holds of people."""
        return self._keys.at_rest.current()

    def check(self) -> None:
        """Check that the present key is the database's. A single damaged row is no objection. Raises AtRestError."""
        with self._store.read() as db:
            rows = tables.worker_rows(db, limit=CHECKED)
        if rows and not any(self.cipher.holds_key_of(row.record) for row in rows):
            tables.worker_of(self.cipher, rows[0])

    def find(self, worker_id: str) -> WorkerRecord | None:
        """Return a worker without templates; None if there is none of this id."""
        with self._store.read() as db:
            return self._worker(db, worker_id)

    def records(
        self, db: Connection, worker_ids: Sequence[str], *, skip_damaged: bool = False
    ) -> dict[str, WorkerRecord]:
        """Return, by worker id, those of these workers that are known, without templates."""
        found: dict[str, WorkerRecord] = {}
        for row in tables.worker_rows(db, worker_ids):
            try:
                found[row.worker_id] = tables.worker_of(self.cipher, row)
            except AtRestError as error:
                if not skip_damaged or isinstance(error, KeyMissing):
                    raise
        return found

    def take(self, data: ImportFile) -> Imported:
        """Import everything in the file, in one transaction. Raises EnrolmentRefused: then nothing was imported."""
        with self.writing() as db:
            return self.put(db, data)

    def writing(self) -> AbstractContextManager[Connection]:
        """Open a transaction that changes people. Others wait for its end."""
        return self._store.write("people")

    def put(self, db: Connection, data: ImportFile) -> Imported:
        """Import everything in the file, in the caller's transaction. Raises EnrolmentRefused."""
        opened = [*data.enrolments, *map(self._open, data.sealed_enrolments)]
        # A worker who is written whole need not be read: so a damaged row can be repaired.
        whole = {w.worker_id for w in data.workers if "consent_ref" in w.model_fields_set}
        named = (*(w.worker_id for w in data.workers), *(r.worker_id for r in opened))
        draft = self._draft(db, [name for name in named if name not in whole])
        for worker in data.workers:
            draft.put(worker)
        for record in opened:
            draft.add(record)
        self._write(db, draft)
        self.directory.put(db, filter(None, (worker.directory_entry for worker in data.workers)))
        if data.risk is not None:
            self.risk_lists.put_list(db, None, data.risk, by="")
        for policy in data.policies:
            put_own(db, policy)
        return Imported(len(data.workers), len(data.risk or ()), len(data.policies), len(opened))

    def withdraw(self, worker_ids: Sequence[str], by: str, *, remove: bool = False) -> None:
        """Destroy the templates of these workers and end their consent; `remove`: remove the workers altogether.

        Raises:
            EnrolmentRefused: one of them is unknown; then nothing was changed.
        """
        with self.writing() as db:
            self.end_consents(db, worker_ids, by, remove=remove)

    def end_consents(self, db: Connection, worker_ids: Sequence[str], by: str, *, remove: bool = False) -> None:
        """Do the same as `withdraw` in the caller's transaction. Raises EnrolmentRefused."""
        draft = self._draft(db, worker_ids)
        for worker_id in worker_ids:
            draft.withdraw(worker_id)
        why = RemovalReason.REMOVED if remove else RemovalReason.WITHDRAWN
        note_removed(db, set(worker_ids), why, now(), by)
        self._write(db, draft)
        if remove:
            before = assigned_sites(db, worker_ids)
            tables.remove_workers(db, worker_ids)
            self._mark(db, worker_ids, before)
            self.directory.remove(db, worker_ids)

    def leave_site(self, site_id: str) -> int:
        """Take a site from all workers' assignments. Return how many left it."""
        cipher, count = self.cipher, 0
        with self._store.write("people") as db:
            for page in site_pages(db, site_id):
                held = self.records(db, page)
                left = {
                    who: worker.model_copy(update={"sites": tuple(s for s in worker.sites if s != site_id)})
                    for who, worker in held.items()
                }
                before = assigned_sites(db, left)
                tables.replace_workers(db, cipher, left, now())
                self._mark(db, list(left), before)
                count += len(left)
        return count

    def change(self, worker: WorkerRecord, fields: Mapping[str, object]) -> None:
        """Change some fields of a worker; consent and templates stay."""
        with self.writing() as db:
            self.put_changed(db, worker, fields)

    def put_changed(self, db: Connection, worker: WorkerRecord, fields: Mapping[str, object]) -> None:
        """Do the same as `change` in the caller's transaction."""
        draft = self._draft(db, [worker.worker_id])
        draft.put(worker.model_copy(update=dict(fields)))
        self._write(db, draft)

    def opened(self, event: EnrolmentEvent) -> EnrolmentRecord:
        """Unseal what a gate enrolled. Raises EnrolmentRefused."""
        record = self._open(event.sealed_record)
        if (record.worker_id, record.consent_ref) != (event.worker_id, event.consent_ref):
            raise EnrolmentRefused("is sealed around an enrolment of somebody else, or of another consent")
        return record

    def known(self, db: Connection, worker_id: str) -> WorkerRecord:
        """Return a worker, without templates. Raises EnrolmentRefused, KeyMissing."""
        try:
            worker = self._worker(db, worker_id)
        except KeyMissing:  # the event stays unacknowledged at the gate until the key is here
            raise
        except AtRestError as error:  # one damaged row must not hold up the events of a gate
            raise EnrolmentRefused(f"cannot be added: {error}") from error
        if worker is None:
            raise EnrolmentRefused(f"enrols {worker_id}, who is not among the workers: import the worker first")
        return worker

    def enrol(self, db: Connection, record: EnrolmentRecord) -> None:
        """Add an enrolment that may count (`hq.registry.approvals`). Raises EnrolmentRefused."""
        draft = self._draft(db, [record.worker_id])
        draft.add(record)
        self._write(db, draft)

    def roster(self, db: Connection, only: Sequence[str] | None = None) -> tuple[WorkerRecord, ...]:
        """Return all workers, or `only` these, with the templates they consented to, by worker id.

        Slow: it decrypts all. Lists of a site use `site_people`.
        """
        pieces: list[Sequence[str] | None] = [None] if only is None else list(tables.slices(only))
        found = [worker for some in pieces for worker in self._roster(db, some)]
        return tuple(found if only is None else sorted(found, key=lambda worker: worker.worker_id))

    def _roster(self, db: Connection, only: Sequence[str] | None) -> Iterable[WorkerRecord]:
        cipher, utc = self.cipher, now()
        enrolments = tables.enrolments_by_worker(db, cipher, only)
        for row in tables.worker_rows(db, only):
            worker = tables.worker_of(cipher, row)
            templates = standing(worker, row.updated_utc, enrolments.get(row.worker_id, ()), utc)
            yield worker.model_copy(update={"templates": templates})

    def policy(self, db: Connection, site_id: str) -> dict[str, object]:
        """Return the keys of the site's policy that differ from the defaults."""
        return held_rules(db, site_id).in_force

    def _draft(self, db: Connection, worker_ids: Sequence[str]) -> ImportDraft:
        """Begin a draft with these workers as they are. Raises AtRestError."""
        cipher = self.cipher
        return ImportDraft({row.worker_id: tables.worker_of(cipher, row) for row in tables.worker_rows(db, worker_ids)})

    def _write(self, db: Connection, draft: ImportDraft) -> None:
        utc, cipher = now(), self.cipher
        self._note_withdrawals(db, draft, utc)
        _remove_outdated(db, draft, utc)
        touched = {*draft.workers, *(record.worker_id for record in draft.enrolments)}
        before = assigned_sites(db, touched)
        tables.replace_workers(db, cipher, draft.workers, utc)
        encoded = [(record, encode(record)) for record in draft.enrolments]
        by_digest = {hashlib.sha256(body).hexdigest(): (record, body) for record, body in encoded}
        tables.add_templates(db, cipher, by_digest, utc)
        self._mark(db, touched, before)

    def _mark(self, db: Connection, worker_ids: Collection[str], before: Mapping[str, frozenset[str]]) -> None:
        """Mark the lists of all sites that these workers were at, or are. `before`: worker id -> sites."""
        after = assigned_sites(db, worker_ids)
        nowhere: frozenset[str] = frozenset()
        touched = {site for sites in (*before.values(), *after.values()) for site in sites}
        for kind in (ListKind.ROSTER, ListKind.DIRECTORY):
            dirty_lists.mark(db, list_sites(db, touched), kind)
        moved = {who for who in worker_ids if before.get(who, nowhere) != after.get(who, nowhere)}
        listed = self.risk_lists.listed(db, moved)
        changed = {site for who in listed for site in before.get(who, nowhere) ^ after.get(who, nowhere)}
        dirty_lists.mark(db, list_sites(db, changed), ListKind.RISK)

    def _note_withdrawals(self, db: Connection, draft: ImportDraft, utc: datetime) -> None:
        """Void earlier enrolments of workers who had a consent, or who are said to withdraw it."""
        ended = set()
        for row in tables.worker_rows(db, sorted(draft.withdrawn)):
            if row.worker_id in draft.noted or _consented(self.cipher, row):
                tables.note_withdrawal(db, row.worker_id, utc)
                ended.add(row.worker_id)
        if ended:
            erase_unread(db, ended, self.cipher)

    def _worker(self, db: Connection, worker_id: str) -> WorkerRecord | None:
        rows = tables.worker_rows(db, [worker_id])
        return tables.worker_of(self.cipher, rows[0]) if rows else None

    def _open(self, sealed: bytes) -> EnrolmentRecord:
        try:
            return decode(EnrolmentRecord, unseal(sealed, ENROLMENT, self._keys.opening))
        except (BadSeal, BadMessage) as error:
            raise EnrolmentRefused(f"holds an enrolment that cannot be opened: {error}") from error


def _remove_outdated(db: Connection, draft: ImportDraft, utc: datetime) -> None:
    """Destroy the templates of a consent that does not stand any more, and record whose they were."""
    outdated = [
        row
        for row in tables.template_rows(db, list(draft.workers))
        if row.worker_id in draft.withdrawn or row.consent_ref != draft.workers[row.worker_id].consent_ref
    ]
    tables.remove_templates(db, [row.digest for row in outdated])
    withdrawn = {row.worker_id for row in outdated if row.worker_id in draft.withdrawn}
    note_removed(db, withdrawn - draft.noted, RemovalReason.WITHDRAWN, utc)
    note_removed(db, {row.worker_id for row in outdated} - withdrawn, RemovalReason.REPLACED, utc)


def _consented(cipher: Cipher, row: Row[Any]) -> bool:
    """Tell whether a worker had a consent. True also of a row that cannot be read, which may hold one."""
    try:
        return tables.worker_of(cipher, row).consent_ref is not None
    except AtRestError:
        return True
