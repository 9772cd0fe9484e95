"""Decoding any payload gives a message or BadMessage, never anything else."""

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

import contract
from contract import codec
from contract.chain import GENESIS, BrokenChain, link
from contract.chain import verify as verify_chain
from contract.codec import BadMessage, NewerMessage, decode, decode_event, encode
from contract.messages import (
    Ack,
    Command,
    Event,
    EventBatch,
    EventRecord,
    GateStatus,
    Health,
    PartHeader,
    RosterSnapshot,
)
from contract.signing import sign
from contract.topics import ROUTES, Channel, channel_of, topic

GOLDEN = Path(contract.__file__).parent / "golden"
KINDS = (Ack, Command, EventBatch, GateStatus, Health, PartHeader, RosterSnapshot)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def _tolerant(payload: bytes) -> None:
    for kind in KINDS:
        try:
            decode(kind, payload)
        except BadMessage as error:
            assert len(str(error)) < 2_000
    with contextlib.suppress(BadMessage):
        decode_event(payload)


@given(st.binary(max_size=200))
def test_ok__any_bytes(payload: bytes) -> None:
    _tolerant(payload)


@given(JSON)
def test_ok__any_json(data: object) -> None:
    _tolerant(json.dumps(data).encode())


@settings(max_examples=200)
@given(st.data())
def test_ok__any_change_of_a_valid_message(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(path.name for path in GOLDEN.glob("*.json"))))
    sample = json.loads((GOLDEN / name).read_bytes())
    sample[data.draw(st.sampled_from(sorted(sample)))] = data.draw(JSON)
    _tolerant(json.dumps(sample).encode())


@given(st.text())
def test_ok__any_text_as_event(text: str) -> None:
    with contextlib.suppress(BadMessage):
        decode_event(text)


@pytest.mark.parametrize(
    ("payload", "what"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "JSON object"),
        (b'{"utc": "0001-01-01T00:00:00+14:00", "gate_id": "g", "epoch": "e", "seq": 1}', "years 1 to 9999"),
        (b'{"utc": "2026-11-21T06:00:00", "gate_id": "g", "epoch": "e", "seq": 1}', "needs its zone"),
        (b'{"utc": "2026-11-21T06:00:00Z", "gate_id": "../../x", "epoch": "e", "seq": 1}', "gate_id"),
    ],
)
def test_fail__bad_payloads_say_what_is_wrong(payload: bytes, what: str) -> None:
    with pytest.raises(BadMessage, match=what):
        decode(Ack, payload)


def test_fail__a_payload_over_the_limit_is_not_even_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "MAX_BYTES", 10)
    with pytest.raises(BadMessage, match="over the limit"):
        decode(Ack, b"x" * 11)


@pytest.mark.parametrize("channel", Channel)
def test_fail__more_than_a_channel_carries(channel: Channel) -> None:
    limit = ROUTES[channel].max_bytes
    codec.check_size(channel, b"x" * limit)
    with pytest.raises(BadMessage, match=f"{limit + 1} bytes is over the limit of {limit}"):
        codec.check_size(channel, b"x" * (limit + 1))


def test_ok__the_largest_messages_that_either_side_writes_fit_their_channels() -> None:
    widest, now = "\u0001" * 500, datetime(2026, 11, 21, tzinfo=UTC)  # six bytes each in JSON
    order = Command(
        command_id="c", gate_id="g", action="lock_down", issued_utc=now, expires_utc=now, issued_by="m", why=widest
    )
    signed = sign(encode(order), "command", Ed25519PrivateKey.generate())
    codec.check_size(Channel.COMMAND, signed)
    record = EventRecord(seq=1, prev_hash=GENESIS, hash=GENESIS, body='"' * 65_536)
    codec.check_size(Channel.EVENTS, encode(EventBatch(site_id="s", gate_id="g", epoch="e", records=(record,))))


def test_fail__a_newer_minor_version_with_unknown_words_is_told_apart() -> None:
    for version, kind in (("1.99", NewerMessage), ("1.0", BadMessage), ("1.x", BadMessage)):
        with pytest.raises(BadMessage) as caught:
            decode_event(json.dumps({"version": version, "type": "invented_later"}))
        assert type(caught.value) is kind


def test_ok__what_all_events_say_can_be_read_of_one_that_is_newer() -> None:
    sample = json.loads((GOLDEN / "notice_event.v1.0.json").read_bytes())
    header = codec.decode_event_header(json.dumps({**sample, "version": "1.99", "code": "invented_later"}))
    assert (header.seq, header.gate_id, type(header)) == (sample["seq"], sample["gate_id"], Event)


def test_fail__errors_do_not_repeat_values_that_may_be_personal() -> None:
    with pytest.raises(BadMessage) as caught:
        decode(Ack, json.dumps({"gate_id": "secret value!", "epoch": "e", "seq": 1}).encode())
    assert "secret value" not in str(caught.value)


@given(st.integers(0, 10**9), st.datetimes(timezones=st.just(UTC)))
def test_ok__round_trip(seq: int, utc: datetime) -> None:
    ack = Ack(gate_id="gate-1", epoch="e", seq=seq, utc=utc)
    assert decode(Ack, encode(ack)) == ack


def _records(bodies: list[str]) -> list[EventRecord]:
    records, prev = [], GENESIS
    for number, body in enumerate(bodies, start=1):
        digest = link(prev, body)
        records.append(EventRecord(seq=number, prev_hash=prev, hash=digest, body=body))
        prev = digest
    return records


@given(st.lists(st.text(max_size=20), min_size=1, max_size=8))
def test_ok__a_chain_verifies_from_any_point(bodies: list[str]) -> None:
    records = _records(bodies)
    end = (len(records), records[-1].hash)
    assert verify_chain(records) == end
    for cut in range(1, len(records)):
        assert verify_chain(records[cut:], cut, records[cut - 1].hash) == end


@given(st.lists(st.text(max_size=20), min_size=2, max_size=8), st.data())
def test_fail__any_change_of_a_chain_is_found(bodies: list[str], data: st.DataObject) -> None:
    records = _records(bodies)
    at = data.draw(st.integers(0, len(records) - 2))
    changed = [*records]
    how = data.draw(st.sampled_from(["body", "drop", "swap"]))
    if how == "body":
        changed[at] = changed[at].model_copy(update={"body": changed[at].body + "x"})
    elif how == "drop":
        del changed[at]
    else:
        changed[at], changed[at + 1] = changed[at + 1], changed[at]
    with pytest.raises(BrokenChain):
        verify_chain(changed)


@pytest.mark.parametrize("channel", Channel)
def test_ok__a_topic_leads_back_to_its_channel(channel: Channel) -> None:
    name = topic(channel, "site-1", "gate-1", part=3)
    found = channel_of(name)
    assert found is not None
    pattern = ROUTES[channel].pattern
    assert found == (channel, "site-1" if "{site_id}" in pattern else "", "gate-1" if "{gate_id}" in pattern else "")


@given(st.text())
def test_ok__any_topic_is_a_channel_or_nothing(name: str) -> None:
    channel_of(name)
