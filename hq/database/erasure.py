"""Enrolments in HQ's events without their sealed templates, and proofs that HQ itself erased them.

Templates that were accepted are kept with the worker. A second copy in the events would outlive the consent. With write
access to the database anyone could claim that an event was erased. So each erased event has a proof, made with HQ's
key: of what is left and of the hash that it had. `sitegate-hq verify` checks it.
"""

import hashlib
import json
from collections.abc import Collection, Iterable

from sqlalchemy import Connection, insert, select

from contract.erasure import without_sealed
from contract.messages import EventRecord
from hq.database import tables as t
from hq.database.event_changes import ChangeReason, hold_journals, note_changes
from hq.database.events import change_event, events_of_type, record_of
from hq.database.values import BY_HQ, UNREAD_TYPE, JournalKey
from hq.keys.encryption import AtRestError, Cipher


def add_proofs(db: Connection, erased: Iterable[tuple[JournalKey, EventRecord]], cipher: Cipher) -> None:
    """Store proofs for erased records, as they are stored."""
    rows = [
        {
            "name": _name(key, record.seq),
            "gate_id": key.gate_id,
            "epoch": key.epoch,
            "seq": record.seq,
            "proof": cipher.encrypt(_digest(record), f"{t.erased_events.name}/{_name(key, record.seq)}"),
        }
        for key, record in erased
    ]
    if rows:
        db.execute(insert(t.erased_events), rows)


def proofs(db: Connection, key: JournalKey) -> dict[int, bytes]:
    """Read number -> proof, of the erased events of one journal."""
    columns = t.erased_events.c
    wanted = select(columns.seq, columns.proof).where(columns.gate_id == key.gate_id, columns.epoch == key.epoch)
    return {row.seq: row.proof for row in db.execute(wanted)}


def proof_fault(key: JournalKey, record: EventRecord, proof: bytes, cipher: Cipher) -> str:
    """Say what is wrong with the claim that this record was erased; "" if nothing."""
    try:
        proven = cipher.decrypt(proof, f"{t.erased_events.name}/{_name(key, record.seq)}")
    except AtRestError as error:
        return f"seq {record.seq} is said to be erased, and nothing proves it: {error}"
    return "" if proven == _digest(record) else f"seq {record.seq} was changed after it was erased"


def erase_unread(db: Connection, worker_ids: Collection[str], cipher: Cipher) -> None:
    """Erase what is sealed in these workers' enrolments, in events that HQ cannot read yet."""
    found = []
    for row in events_of_type(db, UNREAD_TYPE):
        body = without_sealed(row.body)
        if body is not None and json.loads(body).get("worker_id") in worker_ids:
            found.append((row, body))
    hold_journals(db, {(row.gate_id, row.epoch) for row, _ in found})
    for row, body in found:
        key, record = record_of(row)
        left = record.model_copy(update={"body": body, "erased": BY_HQ})
        note_changes(db, key, [record.seq], ChangeReason.ERASED)
        change_event(db, row.id, body=body)
        add_proofs(db, [(key, left)], cipher)


def _name(key: JournalKey, seq: int) -> str:
    return f"{key.gate_id}/{key.epoch}/{seq}"


def _digest(record: EventRecord) -> bytes:
    return hashlib.sha256(json.dumps([record.prev_hash, record.hash, record.body]).encode()).digest()
