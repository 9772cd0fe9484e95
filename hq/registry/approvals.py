"""Enrolments made at gates: which may count, and which wait for a person at HQ.

A gate can say that it enrolled a face; HQ decides whether that face opens gates. An enrolment counts only for a worker
of the gate's own site. It must name the consent that HQ has, and be made after the last withdrawal. It waits for an
approval unless hq.toml trusts the gates of the site. No record counts twice.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import structlog
from sqlalchemy import Connection, Row, insert, select, update

from contract.codec import decode, encode
from contract.messages import EnrolmentEvent, EnrolmentRecord, WorkerRecord
from hq.database import tables as t
from hq.database.clock import now
from hq.database.people import has_template, withdrawn_utc
from hq.database.store import Store, lock
from hq.database.values import JournalKey
from hq.keys.encryption import AtRestError, Cipher
from hq.keys.keys import HqKeys
from hq.registry.gates import registered
from hq.registry.import_draft import EnrolmentRefused, check_record
from hq.registry.people import PeopleRegistry

log = structlog.get_logger()

BY_POLICY = "hq.toml"
"""In place of the person who decided, where hq.toml trusts the gates of a site."""


class EnrolmentState(StrEnum):
    """What became of an enrolment."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One enrolment and what became of it, without templates."""

    id: int
    site_id: str
    gate_id: str
    worker_id: str
    consent_ref: str
    captured_utc: datetime
    received_utc: datetime
    state: str
    decided_utc: datetime | None
    decided_by: str | None
    why: str | None


class Approvals:
    """Decides which enrolments count. `trusted`: sites whose gates' enrolments need no approval."""

    def __init__(self, store: Store, people: PeopleRegistry, keys: HqKeys, trusted: Collection[str] = ()) -> None:
        self._store, self._people, self._keys, self._trusted = store, people, keys, frozenset(trusted)

    def take(self, db: Connection, key: JournalKey, event: EnrolmentEvent) -> bool:
        """Receive an enrolment of a gate. Return whether it counts from now on. Raises EnrolmentRefused, KeyMissing."""
        lock(db, "people")
        record = self._people.opened(event)
        digest = hashlib.sha256(encode(record)).hexdigest()
        if _known(db, digest):
            return False
        try:
            check_record(record)
            worker = self._people.known(db, record.worker_id)
            stands = _stands(db, worker, record, key.site_id)
        except EnrolmentRefused as error:
            self._note(db, key, event, record, digest, EnrolmentState.REFUSED, by=BY_POLICY, why=str(error))
            raise
        if stands and self._trusts(db, key):
            self._people.enrol(db, record)
            self._note(
                db,
                key,
                event,
                record,
                digest,
                EnrolmentState.APPROVED,
                by=BY_POLICY,
                why="the site's gates are trusted",
            )
            return True
        self._note(db, key, event, record, digest, EnrolmentState.WAITING)
        log.warning("enrolment_waits", gate_id=key.gate_id, worker_id=event.worker_id, todo="sitegate-hq enrolments")
        return False

    def _trusts(self, db: Connection, key: JournalKey) -> bool:
        """Tell whether this gate's enrolments need no approval. Those of an unregistered gate always do."""
        return key.site_id in self._trusted and bool(registered(db, [key.gate_id]))

    def listed(self, *, waiting: bool = False, limit: int = 200) -> list[Enrolment]:
        """List the newest enrolments, oldest of them first."""
        columns = [column for column in t.enrolments.c if column.name in Enrolment.__slots__]
        asked = select(*columns).order_by(t.enrolments.c.id.desc()).limit(limit)
        if waiting:
            asked = asked.where(t.enrolments.c.state == EnrolmentState.WAITING)
        with self._store.read() as db:
            return [Enrolment(**row._mapping) for row in db.execute(asked)][::-1]

    def approve(self, number: int, *, by: str, why: str) -> Enrolment:
        """Let a waiting enrolment count. That also confirms the consent of a worker who never gave one before.

        Raises:
            EnrolmentRefused: it does not wait, or its consent was withdrawn or replaced.
        """
        with self._store.write("people") as db:
            row = _waiting(db, number)
            cipher = self.cipher
            try:
                record = decode(EnrolmentRecord, cipher.decrypt(row.record, _place(row.digest)))
            except AtRestError as error:
                raise EnrolmentRefused(f"enrolment {number} cannot be read: {error}") from error
            _stands(db, self._people.known(db, record.worker_id), record, row.site_id)
            self._people.enrol(db, record)
            _decide(db, number, EnrolmentState.APPROVED, by, why)
        return self._one(number)

    def refuse(self, number: int, *, by: str, why: str) -> Enrolment:
        """Let a waiting enrolment never count, and destroy its templates. Raises EnrolmentRefused."""
        with self._store.write("people") as db:
            _waiting(db, number)
            _decide(db, number, EnrolmentState.REFUSED, by, why)
        return self._one(number)

    def _one(self, number: int) -> Enrolment:
        return next(found for found in self.listed(limit=100_000) if found.id == number)

    def _note(
        self,
        db: Connection,
        key: JournalKey,
        event: EnrolmentEvent,
        record: EnrolmentRecord,
        digest: str,
        state: EnrolmentState,
        *,
        by: str | None = None,
        why: str | None = None,
    ) -> None:
        waits = state is EnrolmentState.WAITING
        db.execute(
            insert(t.enrolments).values(
                digest=digest,
                site_id=key.site_id,
                gate_id=key.gate_id,
                epoch=key.epoch,
                seq=event.seq,
                worker_id=record.worker_id,
                consent_ref=record.consent_ref.replace("\0", "\ufffd"),
                captured_utc=record.captured_utc,
                received_utc=now(),
                state=state,
                record=self.cipher.encrypt(encode(record), _place(digest)) if waits else None,
                decided_utc=None if waits else now(),
                decided_by=by,
                why=why[:500] if why else None,
            )
        )

    @property
    def cipher(self) -> Cipher:
        return self._keys.at_rest.current()


def _known(db: Connection, digest: str) -> bool:
    """Tell whether this very record was received before, with any outcome."""
    known = select(t.enrolments.c.id).where(t.enrolments.c.digest == digest)
    return db.execute(known).first() is not None or has_template(db, digest)


def _stands(db: Connection, worker: WorkerRecord, record: EnrolmentRecord, site_id: str) -> bool:
    """Tell whether HQ has the consent that the enrolment names; False if the worker never gave one to HQ.

    Raises:
        EnrolmentRefused: it cannot count, now or later.
    """
    name = worker.worker_id
    if site_id not in worker.sites:
        raise EnrolmentRefused(f"enrols {name}, who is no worker of {site_id}")
    withdrawn = withdrawn_utc(db, name)
    if worker.consent_ref is None and withdrawn is not None:
        raise EnrolmentRefused(
            f"enrols {name}, who withdrew the consent: a new one is given at HQ (sitegate-hq import)"
        )
    if worker.consent_ref is not None and worker.consent_ref != record.consent_ref:
        raise EnrolmentRefused(f"enrols {name} on another consent than HQ has: import that one first")
    if withdrawn is not None and record.captured_utc <= withdrawn:
        raise EnrolmentRefused(f"enrols {name} with pictures taken before the consent was withdrawn: enrol again")
    return worker.consent_ref is not None


def _waiting(db: Connection, number: int) -> Row[Any]:
    row = db.execute(select(t.enrolments).where(t.enrolments.c.id == number)).first()
    if row is None or row.state != EnrolmentState.WAITING:
        said = "there is none of this number" if row is None else f"it was {row.state} by {row.decided_by}"
        raise EnrolmentRefused(f"enrolment {number} does not wait: {said}; see sitegate-hq enrolments")
    return row


def _decide(db: Connection, number: int, state: EnrolmentState, by: str, why: str) -> None:
    values = {"state": state, "record": None, "decided_utc": now(), "decided_by": by, "why": why[:500]}
    db.execute(update(t.enrolments).where(t.enrolments.c.id == number).values(**values))


def _place(digest: str) -> str:
    return f"enrolments/{digest}"
