"""Enrolments in HQ's events without what was sealed in them. The templates, once taken, stand with the worker's; a second copy
of them would outlive the consent.

Whoever can write in the database could say of any event that it was erased. So each one carries a proof that HQ's key made:
of what stands there now and of the hash it had. `sitegate-hq verify` checks it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select

from contract.erasure import scrubbed, without_sealed
from contract.messages import EventRecord
from hq.database import tables as t
from hq.database.journals import JournalKey
from hq.keys.encryption import AtRestError, Cipher

BY_HQ = b""
"""Stands for the gate's signature where HQ itself erased; what proves that is the row."""


def row_of(key: JournalKey, record: EventRecord, cipher: Cipher) -> dict[str, Any]:
    """The row that says that this record of a line is erased. `record`: as it is stored."""
    name = _name(key, record.seq)
    return {
        "name": name,
        "gate_id": key.gate_id,
        "epoch": key.epoch,
        "seq": record.seq,
        "proof": cipher.encrypt(_what(record), f"{t.erased_events.name}/{name}"),
    }


def stored(record: EventRecord, *, believed: bool) -> EventRecord:
    """The record as HQ keeps it. One that is not `believed` is not said to be erased: its hash must stay wrong."""
    if believed and (body := without_sealed(record.body)) is not None:
        return record.model_copy(update={"body": body, "erased": BY_HQ})
    if believed and record.erased is not None:
        return record
    body = scrubbed(record.body.encode(errors="surrogatepass")).decode(errors="surrogatepass")
    return record.model_copy(update={"body": body, "erased": None})


def add(db: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        db.execute(insert(t.erased_events), list(rows))


def proofs(db: Connection, key: JournalKey) -> dict[int, bytes]:
    """By number, of the erased events of one line."""
    columns = t.erased_events.c
    asked = select(columns.seq, columns.proof).where(columns.gate_id == key.gate_id, columns.epoch == key.epoch)
    return {row.seq: row.proof for row in db.execute(asked)}


def objection(key: JournalKey, record: EventRecord, proof: bytes, cipher: Cipher) -> str:
    """What is wrong with the claim that this record was erased; "" if nothing."""
    try:
        told = cipher.decrypt(proof, f"{t.erased_events.name}/{_name(key, record.seq)}")
    except AtRestError as error:
        return f"seq {record.seq} is said to be erased, and nothing proves it: {error}"
    return "" if told == _what(record) else f"seq {record.seq} was changed after it was erased"


def _name(key: JournalKey, seq: int) -> str:
    return f"{key.gate_id}/{key.epoch}/{seq}"


def _what(record: EventRecord) -> bytes:
    return hashlib.sha256(json.dumps([record.prev_hash, record.hash, record.body]).encode()).digest()
