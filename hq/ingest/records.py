"""What a single record holds, and what is wrong with it. Pure."""

from collections.abc import Container

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from contract.chain import changed
from contract.codec import BadMessage, NewerMessage, decode, decode_event, decode_event_header
from contract.messages import CommissioningEvent, CommissioningRecord, Event, EventRecord
from contract.signing import COMMISSIONING, BadSignature, verify
from hq.database.values import JournalKey
from hq.registry.registered_gate import RegisteredGate

OWN_KEY_APART = ("1.0", "1.1", "1.2")
"""Versions in which gates signed commissioning records with a key of their own."""


def readable(record: EventRecord) -> Event | None:
    """Read the event in a record; None if it is broken.

    Of an event with words of a newer contract version, return a plain `Event` with the common fields. That is no fault
    of the gate: HQ was not updated yet.
    """
    try:
        return decode_event(record.body)
    except NewerMessage:
        try:
            return decode_event_header(record.body)
        except BadMessage:
            return None
    except BadMessage:
        return None


def fault(
    record: EventRecord,
    event: Event | None,
    prev_hash: str,
    key: JournalKey,
    altered: Container[tuple[int, str]] | None = None,
) -> str | None:
    """Say what is wrong with a record that should follow `prev_hash`; None if nothing.

    `event`: its body, if readable. `altered`: see `ReadBatch`, where that is known.
    """
    if record.prev_hash != prev_hash:
        return "does not continue the chain (changed history, or two gates with one id)"
    if changed(record) if altered is None else (record.seq, record.hash) in altered:
        return "was changed after it was written"
    if event is None:
        return "has a body that this version cannot read"
    if (event.gate_id, event.site_id, event.epoch, event.seq) != (key.gate_id, key.site_id, key.named, record.seq):
        return "has a body that belongs to another gate, epoch or number"
    return None


def commissioning_fault(event: CommissioningEvent, gate: RegisteredGate | None = None) -> str:
    """Say what is wrong with the signature or content of a commissioning record; "" if nothing.

    `gate`: as registered.
    """
    if gate is not None and event.public_key != gate.gate_key and event.version not in OWN_KEY_APART:
        return "holds a commissioning record that was not signed with the gate's registered key"
    try:
        key = Ed25519PublicKey.from_public_bytes(event.public_key)
        record = decode(CommissioningRecord, verify(event.signed_record, COMMISSIONING, key))
    except (BadSignature, BadMessage, ValueError) as error:
        return f"holds a commissioning record that cannot be believed: {error}"
    if (record.site_id, record.gate_id, record.outcome) != (event.site_id, event.gate_id, event.outcome):
        return "holds the commissioning record of another gate, or with another outcome"
    return ""
