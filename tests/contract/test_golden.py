"""Samples of every version of every message: both sides must go on reading them, and write today's byte for byte."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pydantic import BaseModel

from common.unknown_keys import model_in
from contract import messages, samples
from contract.chain import verify as verify_chain
from contract.codec import BadMessage, decode, decode_event, encode
from contract.deltas import open_delta, read_delta
from contract.messages import (
    VERSION,
    Ack,
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
from contract.samples import MESSAGES, file, published
from contract.schema import EVENTS, name_of
from contract.signing import SignedEnvelope, unseal, verify

WRAPPED = {"signed_envelope", "sealed_payload", "code", "list_part", "list_delta"}
"""Samples that hold a message in its protection, with the keys to undo it."""
PUBLISHED = [(name, path) for name, _, path in published() if name in MESSAGES]


def test_ok__every_message_has_a_sample_of_this_version_and_every_sample_a_message() -> None:
    assert {name for name, version, _ in published() if version == VERSION} == {*MESSAGES, *WRAPPED} - {"code"}
    assert {name for name, _, _ in published()} == {*MESSAGES, *WRAPPED, *samples.RETIRED}
    assert len(published()) == len([*samples.FOLDER.iterdir()])


@pytest.mark.parametrize(("name", "path"), PUBLISHED, ids=[path.name for _, path in PUBLISHED])
def test_ok__every_sample_ever_published_is_read_and_loses_nothing_it_says(name: str, path: Path) -> None:
    sample = path.read_bytes()
    written = json.loads(encode(decode(MESSAGES[name], sample)))
    missing = {key: value for key, value in json.loads(sample).items() if written.get(key) != value}
    if name == "roster_snapshot" and path == file(
        name, "1.0"
    ):  # templates stood with their worker; defaults are written out
        assert missing.keys() == {"workers"}
    else:
        assert missing == {}


@pytest.mark.parametrize("name", MESSAGES)
def test_ok__todays_samples_are_what_todays_code_writes(name: str) -> None:
    sample = file(name).read_bytes()
    message = decode(MESSAGES[name], sample)
    assert (encode(message), message.version) == (sample, VERSION), "run: python -m contract.samples"


@pytest.mark.parametrize("name", MESSAGES)
def test_ok__todays_samples_set_every_field(name: str) -> None:
    """What is left at nothing would not show if it were lost on the way."""
    missing = set(unset(decode(MESSAGES[name], file(name).read_bytes())))
    assert not missing, f"set {sorted(missing)} in {file(name).name}, then run: python -m contract.samples"


def unset(*alike: BaseModel, inside: str = "") -> Iterator[str]:
    """Fields that none of these, of one model, sets to anything."""
    for name in type(alike[0]).model_fields:
        values = [getattr(one, name) for one in alike if name in one.model_fields_set]
        items = [item for value in values for item in (value if isinstance(value, tuple) else (value,))]
        parts = [item for item in items if isinstance(item, BaseModel)]
        if all(item is None for item in items):
            yield f"{inside}{name}"
        elif parts:
            yield from unset(*parts, inside=f"{inside}{name}.")


@pytest.mark.parametrize("name", MESSAGES)
def test_ok__an_unknown_field_of_a_newer_minor_version_is_ignored(name: str) -> None:
    sample = json.loads(file(name).read_bytes())
    newer = json.dumps({**sample, "version": "1.99", "invented_later": {"x": 1}}).encode()
    message = decode(MESSAGES[name], newer)
    assert message.model_copy(update={"version": VERSION}) == decode(MESSAGES[name], json.dumps(sample).encode())


@pytest.mark.parametrize("name", MESSAGES)
def test_fail__an_unknown_major_version_is_refused(name: str) -> None:
    sample = json.loads(file(name).read_bytes())
    with pytest.raises(BadMessage, match="major version 2"):
        decode(MESSAGES[name], json.dumps({**sample, "version": "2.0"}).encode())


@pytest.mark.parametrize("kind", EVENTS)
def test_ok__an_event_is_found_by_its_type(kind: type[Message]) -> None:
    assert isinstance(decode_event(file(name_of(kind)).read_bytes()), kind)


def of_each_version(name: str) -> list[tuple[str, dict[str, str]]]:
    return [(version, json.loads(path.read_bytes())) for found, version, path in published() if found == name]


def test_ok__the_chains_in_the_sample_batches_hold() -> None:
    for version, records in (("1.0", 4), (VERSION, len(EVENTS))):
        batch = decode(EventBatch, file("event_batch", version).read_bytes())
        assert verify_chain(batch.records) == (records, batch.records[-1].hash)


@pytest.mark.parametrize(("version", "sample"), of_each_version("signed_envelope"))
def test_ok__the_sample_signatures_verify(version: str, sample: dict[str, str]) -> None:
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(sample["public_key_hex"]))
    payload = verify(json.dumps(sample["envelope"]).encode(), sample["purpose"], key)
    assert decode(Ack, payload) == decode(Ack, file("ack", version).read_bytes())
    assert SignedEnvelope.model_validate(sample["envelope"]).purpose == "ack"


@pytest.mark.parametrize(("version", "sample"), of_each_version("sealed_payload"))
def test_ok__the_sample_seals_open(version: str, sample: dict[str, str]) -> None:
    key = X25519PrivateKey.from_private_bytes(bytes.fromhex(sample["private_key_hex"]))
    payload = unseal(base64.urlsafe_b64decode(sample["sealed"]), sample["purpose"], key)
    expected = decode(EnrolmentRecord, file("enrolment_record", version).read_bytes())
    assert decode(EnrolmentRecord, payload) == expected


@pytest.mark.parametrize(("version", "sample"), of_each_version("list_part"))
def test_ok__the_sample_parts_of_a_list_verify_and_open(version: str, sample: dict[str, str]) -> None:
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(sample["public_key_hex"]))
    part = read_part(base64.urlsafe_b64decode(sample["body"]), ListKind(sample["kind"]), key)
    assert part.header == decode(PartHeader, file("part_header", version).read_bytes())
    site = X25519PrivateKey.from_private_bytes(bytes.fromhex(sample["site_private_key_hex"]))
    content = open_part(part, site)
    assert content.snapshot == decode(RosterSnapshot, file("roster_snapshot", version).read_bytes())
    assert content.vectors == base64.urlsafe_b64decode(sample["vectors"])


def test_fail__a_message_without_any_sample() -> None:
    with pytest.raises(LookupError, match="by hand first"):
        samples.newest("invented")


def test_ok__the_sample_changes_of_a_list_verify_open_and_name_the_sample_list() -> None:
    sample = json.loads(file("list_delta").read_bytes())
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(sample["public_key_hex"]))
    delta = read_delta(base64.urlsafe_b64decode(sample["body"]), ListKind(sample["kind"]), key)
    assert delta.header == decode(DeltaHeader, file("delta_header").read_bytes())
    base = decode(PartHeader, file("part_header").read_bytes())
    assert (delta.header.base_version, delta.header.base_digest) == (base.list_version, base.digest)
    changes = open_delta(delta, X25519PrivateKey.from_private_bytes(bytes.fromhex(sample["site_private_key_hex"])))
    assert changes.delta == decode(RosterDelta, file("roster_delta").read_bytes())
    assert changes.vectors == base64.urlsafe_b64decode(sample["vectors"])


def test_ok__no_message_has_room_for_a_name_or_a_picture() -> None:
    directory = {messages.DirectorySnapshot, messages.DirectoryDelta}
    """Sealed for the screen process alone."""
    assert PERSONAL & set(fields_within(*directory))
    fields = set(fields_within(*set(MESSAGES.values()) - directory, messages.WorkerRecord))
    assert not {name for name in fields if any(word in name for word in ("image", "photo", "frame_", "crop"))}
    assert not fields & PERSONAL


PERSONAL = {"name", "first_name", "last_name", "team", "phone", "birthday"}


def fields_within(*kinds: type[BaseModel]) -> Iterator[str]:
    """Every field of these models, at any depth."""
    for kind in kinds:
        for name, field in kind.model_fields.items():
            if kind is not messages.CommissioningStep:  # its steps have names, and nobody does
                yield name
            if (inner := model_in(field.annotation)) is not None:
                yield from fields_within(inner)


def test_ok__the_sample_policy_sets_every_rule_to_something_else_than_its_default() -> None:
    """A field that was lost on the way, or read as its default, would show."""
    policy = decode(messages.PolicySnapshot, file("policy_snapshot").read_bytes())
    rules = set(messages.PolicySnapshot.model_fields) - set(messages.SnapshotHeader.model_fields) - {"type"}
    same = {name for name in rules if getattr(policy, name) == messages.PolicySnapshot.model_fields[name].default}
    assert same == set()
