"""Samples of version 1 of every message: both sides must go on reading them, byte for byte."""

import base64
import json
from pathlib import Path
from typing import get_args

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

import contract
from contract import messages
from contract.chain import verify as verify_chain
from contract.codec import BadMessage, decode, decode_event, encode
from contract.deltas import open_delta, read_delta
from contract.messages import (
    Ack,
    AnyEvent,
    AnyMessage,
    DeltaHeader,
    EnrolmentRecord,
    EventBatch,
    ListKind,
    Message,
    PartHeader,
    RosterDelta,
    RosterSnapshot,
)
from contract.parts import open_part, read_part
from contract.signing import unseal, verify

GOLDEN = Path(contract.__file__).parent / "golden"


def _file_name(kind: type[Message]) -> str:
    text = "".join(f"_{c.lower()}" if c.isupper() else c for c in kind.__name__).lstrip("_")
    return f"{text}.v1.json"


EVENTS = get_args(get_args(AnyEvent)[0])
KINDS = {_file_name(kind): kind for kind in (*get_args(AnyMessage), *EVENTS)}


def test_ok__every_message_has_a_sample_and_every_sample_a_message() -> None:
    others = {"signed_envelope.v1.json", "sealed_payload.v1.json", "code.v1.json", "list_part.v1.json"}
    others |= {"list_delta.v1.json"}
    assert {path.name for path in GOLDEN.glob("*.json")} == set(KINDS) | others


@pytest.mark.parametrize("name", KINDS)
def test_ok__a_sample_is_read_and_written_back_unchanged(name: str) -> None:
    sample = (GOLDEN / name).read_bytes()
    message = decode(KINDS[name], sample)
    assert json.loads(encode(message)) == json.loads(sample)


@pytest.mark.parametrize("name", KINDS)
def test_ok__an_unknown_field_of_a_newer_minor_version_is_ignored(name: str) -> None:
    sample = json.loads((GOLDEN / name).read_bytes())
    newer = json.dumps({**sample, "version": "1.9", "invented_later": {"x": 1}}).encode()
    message = decode(KINDS[name], newer)
    assert message.model_copy(update={"version": sample["version"]}) == decode(KINDS[name], json.dumps(sample).encode())


@pytest.mark.parametrize("name", KINDS)
def test_fail__an_unknown_major_version_is_refused(name: str) -> None:
    sample = json.loads((GOLDEN / name).read_bytes())
    with pytest.raises(BadMessage, match="major version 2"):
        decode(KINDS[name], json.dumps({**sample, "version": "2.0"}).encode())


@pytest.mark.parametrize("kind", EVENTS)
def test_ok__an_event_is_found_by_its_type(kind: type[Message]) -> None:
    assert isinstance(decode_event((GOLDEN / _file_name(kind)).read_bytes()), kind)


def test_ok__the_chain_in_the_sample_batch_holds() -> None:
    batch = decode(EventBatch, (GOLDEN / "event_batch.v1.json").read_bytes())
    assert verify_chain(batch.records) == (4, batch.records[-1].hash)


def test_ok__the_sample_signature_verifies() -> None:
    sample = json.loads((GOLDEN / "signed_envelope.v1.json").read_bytes())
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(sample["public_key_hex"]))
    payload = verify(json.dumps(sample["envelope"]).encode(), sample["purpose"], key)
    assert decode(Ack, payload) == decode(Ack, (GOLDEN / "ack.v1.json").read_bytes())


def test_ok__the_sample_seal_opens() -> None:
    sample = json.loads((GOLDEN / "sealed_payload.v1.json").read_bytes())
    key = X25519PrivateKey.from_private_bytes(bytes.fromhex(sample["private_key_hex"]))
    payload = unseal(base64.urlsafe_b64decode(sample["sealed"]), sample["purpose"], key)
    expected = decode(EnrolmentRecord, (GOLDEN / "enrolment_record.v1.json").read_bytes())
    assert decode(EnrolmentRecord, payload) == expected


def test_ok__the_sample_part_of_a_list_verifies_and_opens() -> None:
    sample = json.loads((GOLDEN / "list_part.v1.json").read_bytes())
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(sample["public_key_hex"]))
    part = read_part(base64.urlsafe_b64decode(sample["body"]), ListKind(sample["kind"]), key)
    assert part.header == decode(PartHeader, (GOLDEN / "part_header.v1.json").read_bytes())
    site = X25519PrivateKey.from_private_bytes(bytes.fromhex(sample["site_private_key_hex"]))
    content = open_part(part, site)
    assert content.snapshot == decode(RosterSnapshot, (GOLDEN / "roster_snapshot.v1.json").read_bytes())
    assert content.vectors == base64.urlsafe_b64decode(sample["vectors"])


def test_ok__the_sample_changes_of_a_list_verify_open_and_name_the_sample_list() -> None:
    sample = json.loads((GOLDEN / "list_delta.v1.json").read_bytes())
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(sample["public_key_hex"]))
    delta = read_delta(base64.urlsafe_b64decode(sample["body"]), ListKind(sample["kind"]), key)
    assert delta.header == decode(DeltaHeader, (GOLDEN / "delta_header.v1.json").read_bytes())
    base = decode(PartHeader, (GOLDEN / "part_header.v1.json").read_bytes())
    assert (delta.header.base_version, delta.header.base_digest) == (base.list_version, base.digest)
    changes = open_delta(delta, X25519PrivateKey.from_private_bytes(bytes.fromhex(sample["site_private_key_hex"])))
    assert changes.delta == decode(RosterDelta, (GOLDEN / "roster_delta.v1.json").read_bytes())
    assert changes.vectors == base64.urlsafe_b64decode(sample["vectors"])


def test_ok__no_message_has_room_for_a_name_or_a_picture() -> None:
    fields = {name for kind in KINDS.values() for name in kind.model_fields} | set(messages.WorkerRecord.model_fields)
    assert not {name for name in fields if any(word in name for word in ("image", "photo", "frame_", "crop"))}
    assert not fields & {"name", "first_name", "last_name", "phone", "birthday"}


def test_ok__the_sample_policy_sets_every_rule_to_something_else_than_its_default() -> None:
    """A field that was lost on the way, or read as its default, would show."""
    policy = decode(messages.PolicySnapshot, (GOLDEN / "policy_snapshot.v1.json").read_bytes())
    rules = set(messages.PolicySnapshot.model_fields) - set(messages.SnapshotHeader.model_fields) - {"type"}
    same = {name for name in rules if getattr(policy, name) == messages.PolicySnapshot.model_fields[name].default}
    assert same == set()
