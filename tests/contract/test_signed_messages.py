"""By what HQ knows a gate: signatures that are the last field, and one-time codes."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract import identity
from contract.codec import decode, encode
from contract.messages import EventBatch, GateStatus, Registration
from contract.samples import CODE, GATE, LINK, file
from contract.signing import BadSignature

STATUS = encode(GateStatus(gate_id="gate-1", site_id="site-1", online=True, serial=7))
KEY = Ed25519PrivateKey.generate()
SIGNED = identity.sign_message(STATUS, "status", KEY)


def test_ok__a_signed_message_is_the_same_message_to_an_older_reader() -> None:
    assert decode(GateStatus, SIGNED).model_copy(update={"signature": None}) == decode(GateStatus, STATUS)
    identity.verify_message(SIGNED, "status", KEY.public_key())


@pytest.mark.parametrize("at", range(0, len(SIGNED), 7))
def test_fail__a_changed_byte_anywhere(at: int) -> None:
    changed = bytearray(SIGNED)
    changed[at] ^= 1
    with pytest.raises(BadSignature):
        identity.verify_message(bytes(changed), "status", KEY.public_key())


@pytest.mark.parametrize(
    "payload",
    [STATUS, b"", SIGNED + b" ", SIGNED[:-1] + b',"online":false}', b'{"a":1}' + SIGNED, SIGNED.replace(b",", b", ")],
)
def test_fail__nothing_may_stand_around_or_behind_the_signature(payload: bytes) -> None:
    with pytest.raises(BadSignature):
        identity.verify_message(payload, "status", KEY.public_key())


@pytest.mark.parametrize(("purpose", "key"), [("health", KEY), ("status", Ed25519PrivateKey.generate())])
def test_fail__another_channel_or_key(purpose: str, key: Ed25519PrivateKey) -> None:
    with pytest.raises(BadSignature):
        identity.verify_message(SIGNED, purpose, key.public_key())


def test_ok__the_samples_are_signed() -> None:
    for name, purpose in (("gate_status", "status"), ("health", "health"), ("snapshot_request", "snapshot_request")):
        identity.verify_message(file(name).read_bytes(), purpose, LINK.public_key())
    batch = decode(EventBatch, file("event_batch").read_bytes())
    last = batch.records[-1]
    assert last.signature is not None
    head = identity.head(batch.site_id, batch.gate_id, batch.epoch, last.seq, last.hash)
    identity.verify_head(last.signature, head, GATE.public_key())
    sample = file("registration").read_bytes()
    told = decode(Registration, sample)
    assert identity.proven(sample, identity.code_key(CODE, told.site_id, told.gate_id))


def test_ok__a_code_is_read_as_people_write_it() -> None:
    key = identity.code_key("7K2M-9QX4-TBH0", "site-1", "gate-1")
    for written in ("7k2m 9qx4 tbho", "7K2M9QX4TBHO", " 7k2m-9qx4-tbh0 "):
        assert identity.code_key(written, "site-1", "gate-1") == key
    assert identity.code_key("7K2M-9QX4-TBH0", "site-1", "gate-2") != key
    codes = {identity.new_code() for _ in range(100)}
    assert len(codes) == 100
    assert all(len(code) == 14 for code in codes)


@pytest.mark.parametrize("code", ["", "7K2M", "7K2M-9QX4-TBH!", "7K2M-9QX4-TBHU", "é" * 12])
def test_fail__no_code(code: str) -> None:
    with pytest.raises(ValueError, match="a code has 12"):
        identity.code_key(code, "site-1", "gate-1")


def test_fail__a_proof_for_other_keys_or_another_code() -> None:
    key = identity.code_key(CODE, "site-1", "gate-1")
    sample = file("registration").read_bytes()
    changed = json.loads(sample) | {"link_key": json.loads(sample)["gate_key"]}
    assert not identity.proven(json.dumps(changed, separators=(",", ":")).encode(), key)
    assert not identity.proven(sample, b"\0" * 32)
    assert not identity.proven(b"", key)


def test_ok__a_fingerprint_names_both_keys() -> None:
    said = identity.fingerprint(b"a" * 32, b"b" * 32)
    assert len(said) == 24
    assert identity.same_fingerprint(said.lower().replace("-", " "), b"a" * 32, b"b" * 32)
    assert not identity.same_fingerprint(said, b"b" * 32, b"a" * 32)
