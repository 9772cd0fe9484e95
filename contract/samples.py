"""Makes the sample files in contract/golden: each message as it travels, for each minor version in which it changed.

`access_event.v1.0.json` is what 1.0 wrote. Samples of a released version never change. For a new version
`python -m contract.samples` writes the whole set, with the content of the newest samples. Then write the new
fields by hand (a test names those that are missing), and run the command again.
"""

import base64
import json
import re
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.chain import GENESIS, link
from contract.codec import decode, encode
from contract.deltas import Base, Changes, open_delta, read_delta, write_delta
from contract.erasure import without_sealed
from contract.identity import code_key, erasure, head, prove, sign_erasure, sign_head, sign_message
from contract.messages import (
    VERSION,
    Event,
    EventBatch,
    EventRecord,
    ListKind,
    Message,
    Registration,
    RosterDelta,
    RosterSnapshot,
)
from contract.parts import Content, SealedPart, open_part, read_part, write_parts
from contract.schema import EVENTS, KINDS, name_of
from contract.signing import ENROLMENT, BadSeal, BadSignature, SignedEnvelope, seal, sign, unseal

FOLDER = Path(__file__).parent / "golden"
SIGNING = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
"""Signs the samples that come from HQ: 32 bytes, 0 to 31."""
SEALING = X25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
"""Opens the sealed samples: 32 bytes, 32 to 63."""

GATE = Ed25519PrivateKey.from_private_bytes(bytes(range(64, 96)))
"""The gate key of the sample gate: 32 bytes, 64 to 95."""
LINK = Ed25519PrivateKey.from_private_bytes(bytes(range(96, 128)))
"""The link key of the sample gate: 32 bytes, 96 to 127."""
CODE = "7K2M-9QX4-TBHW"
"""The one-time code of the sample registration."""
_SIGNED = {"gate_status": "status", "health": "health", "snapshot_request": "snapshot_request"}
"""Samples that LINK signs -> their purpose."""

MESSAGES: dict[str, type[Message]] = {name_of(kind): kind for kind in KINDS if issubclass(kind, Message)}
RETIRED = {"sealed_list"}
"""Messages of version 1.0 that no later version writes or reads."""
DERIVED = {"event_batch", "part_header", "list_part", "delta_header", "list_delta", "signed_envelope", "sealed_payload"}
"""Samples that are made from other samples."""
_FILE = re.compile(r"(\w+)\.v(\d+)\.(\d+)\.json")


def published() -> list[tuple[str, str, Path]]:
    """Return (name, version, file) of every sample, oldest version first."""
    found = [(match, path) for path in FOLDER.glob("*.json") if (match := _FILE.fullmatch(path.name))]
    found.sort(key=lambda item: (item[0][1], int(item[0][2]), int(item[0][3])))
    return [(match[1], f"{match[2]}.{match[3]}", path) for match, path in found]


def file(name: str, version: str = VERSION) -> Path:
    """Return the path of the sample of a message and version."""
    return FOLDER / f"{name}.v{version}.json"


def newest(name: str) -> bytes:
    """Return the newest sample of this name. Raises LookupError if there is none."""
    files = [path for found, _, path in published() if found == name]
    if not files:
        raise LookupError(f"there is no sample {name}: write {file(name).name} by hand first")
    return files[-1].read_bytes()


def renew() -> None:
    """Write the samples of this version."""
    for name, kind in MESSAGES.items():
        if name not in DERIVED:
            sample = decode(kind, newest(name)).model_copy(update={"version": VERSION})
            file(name).write_bytes(_protected(name, encode(sample)))
    file("event_batch").write_bytes(encode(_batch()))
    _write("signed_envelope", _signed_ack())
    if not _seals_hold():  # sealing gives other bytes each time: only for new content
        _write("sealed_payload", _sealed_payload())
        _write("list_part", _list_part())
    part = read_part(base64.urlsafe_b64decode(_example("list_part")["body"]), ListKind.ROSTER, SIGNING.public_key())
    file("part_header").write_bytes(encode(part.header))
    if not _delta_holds(part):
        _write("list_delta", _list_delta(part))
    delta = read_delta(base64.urlsafe_b64decode(_example("list_delta")["body"]), ListKind.ROSTER, SIGNING.public_key())
    file("delta_header").write_bytes(encode(delta.header))


def _protected(name: str, payload: bytes) -> bytes:
    """Return the sample with its signature or proof, which is the last field."""
    if name in _SIGNED:
        return sign_message(_without("signature", payload), _SIGNED[name], LINK)
    if name == "registration":
        registration = decode(Registration, payload)
        key = code_key(CODE, registration.site_id, registration.gate_id)
        return prove(_without("proof", payload), key)
    return payload


def _without(field: str, payload: bytes) -> bytes:
    """Return the JSON object without its last field."""
    before, found, _ = payload.rpartition(f',"{field}":'.encode())
    return before + b"}" if found else payload


def _batch() -> EventBatch:
    """Return the sample events as one journal."""
    bodies = [decode(kind, file(name_of(kind)).read_bytes()) for kind in EVENTS if issubclass(kind, Message)]
    records: list[EventRecord] = []
    prev = GENESIS
    for seq, event in enumerate(bodies, start=1):
        body = encode(event.model_copy(update={"seq": seq})).decode()
        records.append(_erased(event, EventRecord(seq=seq, prev_hash=prev, hash=link(prev, body), body=body)))
        prev = records[-1].hash
    first = json.loads(records[0].body)
    whose = {name: first[name] for name in ("site_id", "gate_id", "epoch")}
    signature = sign_head(head(**whose, seq=records[-1].seq, digest=records[-1].hash), GATE)
    records[-1] = records[-1].model_copy(update={"signature": signature})
    return EventBatch(**whose, records=tuple(records), base_seq=0, set_aside=False)


def _erased(event: Message, record: EventRecord) -> EventRecord:
    """Return an enrolment as the gate sends it to an HQ that was restored from a backup."""
    body = without_sealed(record.body)
    if body is None or not isinstance(event, Event):
        return record
    whose = {"site_id": event.site_id, "gate_id": event.gate_id, "epoch": event.epoch}
    signature = sign_erasure(erasure(head(**whose, seq=record.seq, digest=record.hash), record.prev_hash, body), GATE)
    return record.model_copy(update={"body": body, "erased": signature})


def _signed_ack() -> dict[str, Any]:
    envelope = SignedEnvelope.model_validate_json(sign(file("ack").read_bytes(), "ack", SIGNING))
    return {"purpose": "ack", "public_key_hex": _public(SIGNING), "envelope": envelope.model_dump(mode="json")}


def _sealed_payload() -> dict[str, Any]:
    sealed = seal(file("enrolment_record").read_bytes(), ENROLMENT, SEALING.public_key())
    return {"purpose": ENROLMENT, "private_key_hex": _private(SEALING), "sealed": _base64(sealed)}


def _list_part() -> dict[str, Any]:
    """Return the roster as part 1 of 2. The second part is empty and stands only in the digest."""
    roster = decode(RosterSnapshot, file("roster_snapshot").read_bytes())
    vectors = base64.urlsafe_b64decode(_example("list_part")["vectors"])
    empty = roster.model_copy(update={"workers": (), "templates": ()})
    first, _ = write_parts([Content(roster, vectors), Content(empty)], ListKind.ROSTER, SEALING.public_key(), SIGNING)
    return {
        "kind": "roster",
        "public_key_hex": _public(SIGNING),
        "site_private_key_hex": _private(SEALING),
        "body": _base64(first),
        "vectors": _base64(vectors),
    }


def _list_delta(base: SealedPart) -> dict[str, Any]:
    """Return the changes of a roster since the sample list."""
    vectors = base64.urlsafe_b64decode(_example("list_delta")["vectors"])
    changes = Changes(decode(RosterDelta, file("roster_delta").read_bytes()), vectors)
    since = Base(base.header.list_version, base.header.digest)
    return {
        "kind": "roster",
        "public_key_hex": _public(SIGNING),
        "site_private_key_hex": _private(SEALING),
        "body": _base64(write_delta(changes, ListKind.ROSTER, since, SEALING.public_key(), SIGNING)),
        "vectors": _base64(vectors),
    }


def _delta_holds(base: SealedPart) -> bool:
    if not file("list_delta").exists():
        return False
    try:
        body = base64.urlsafe_b64decode(_example("list_delta")["body"])
        delta = read_delta(body, ListKind.ROSTER, SIGNING.public_key())
        said = encode(open_delta(delta, SEALING).delta)
    except (BadSeal, BadSignature, ValueError):
        return False
    return (said, delta.header.base_digest, delta.header.version) == (
        file("roster_delta").read_bytes(),
        base.header.digest,
        VERSION,
    )


def _seals_hold() -> bool:
    """Return True if the sealed samples of this version hold the content of the plain ones."""
    if not (file("sealed_payload").exists() and file("list_part").exists()):
        return False
    try:
        payload = unseal(base64.urlsafe_b64decode(_example("sealed_payload")["sealed"]), ENROLMENT, SEALING)
        part = read_part(base64.urlsafe_b64decode(_example("list_part")["body"]), ListKind.ROSTER, SIGNING.public_key())
        roster = encode(open_part(part, SEALING).snapshot)
    except (BadSeal, ValueError):
        return False
    said = (file("enrolment_record").read_bytes(), file("roster_snapshot").read_bytes(), VERSION)
    return (payload, roster, part.header.version) == said


def _example(name: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(newest(name))
    return found


def _write(name: str, sample: dict[str, Any]) -> None:
    file(name).write_text(json.dumps(sample, indent=2) + "\n", encoding="utf-8")


def _public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


def _private(key: X25519PrivateKey) -> str:
    return key.private_bytes_raw().hex()


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


if __name__ == "__main__":
    renew()
