"""Changes of a list, as both sides write and read them: bound to one snapshot, and no part of a list."""

import contextlib
import json
from datetime import UTC, datetime

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from contract.codec import MAX_BYTES, BadMessage, encode
from contract.deltas import Base, Changes, SealedDelta, open_delta, read_delta, roster_changes, write_delta
from contract.messages import (
    ListKind,
    PolicySnapshot,
    RiskDelta,
    RiskEntry,
    RosterDelta,
    SealedTemplate,
    SnapshotHeader,
    WorkerRecord,
)
from contract.parts import read_part, roster_content, write_parts
from contract.signing import BadSeal, BadSignature, seal, sign_raw
from contract.topics import DELTA_CHANNELS, Channel, channel_of, topic

HQ, SITE = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
HEADER = SnapshotHeader(site_id="site-1", list_version=9, issued_utc=datetime(2026, 11, 21, 6, tzinfo=UTC))
BASE = Base(7, "ab" * 32)
VECTOR = np.array([3, 4], "<f2").tobytes()
WORKER = WorkerRecord(
    worker_id="w-1", consent_ref="c", templates=(SealedTemplate(model_id="m", vector=VECTOR),), employer="e-1"
)


def _body() -> bytes:
    changes = roster_changes(HEADER, [WORKER], ["w-2"])
    return write_delta(changes, ListKind.ROSTER, BASE, SITE.public_key(), HQ)


def _read(body: bytes, kind: ListKind = ListKind.ROSTER) -> SealedDelta:
    return read_delta(body, kind, HQ.public_key())


def test_ok__a_roster_s_changes_hold_whole_workers_their_templates_and_the_ids_of_the_others() -> None:
    delta = _read(_body())
    assert (delta.header.list_version, delta.header.base_version, delta.header.base_digest) == (9, 7, "ab" * 32)
    found = open_delta(delta, SITE)
    assert isinstance(found.delta, RosterDelta)
    assert [worker.employer for worker in found.delta.workers] == ["e-1"]
    assert (found.delta.templates[0].owners, found.vectors, found.delta.removed) == ((0,), VECTOR, ("w-2",))


def test_ok__changes_of_a_risk_list() -> None:
    own = RiskDelta(**HEADER.model_dump(), entries=(RiskEntry(worker_id="w-1"),), removed=("w-2",))
    body = write_delta(Changes(own), ListKind.RISK, BASE, SITE.public_key(), HQ)
    assert open_delta(_read(body, ListKind.RISK), SITE) == Changes(own)


def test_ok__signing_an_unchanged_list_anew_costs_less_than_two_kilobytes() -> None:
    body = write_delta(roster_changes(HEADER, [], []), ListKind.ROSTER, BASE, SITE.public_key(), HQ)
    assert len(body) < 2_000


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_fail__any_changed_byte_is_found(place: int, change: int) -> None:
    body = bytearray(_body())
    body[place % len(body)] ^= change
    with pytest.raises(BadSignature):
        _read(bytes(body))


@given(st.binary(max_size=200))
def test_ok__any_bytes_even_signed_ones_give_changes_or_a_named_error(data: bytes) -> None:
    with contextlib.suppress(BadSignature):
        _read(data)
    with contextlib.suppress(BadMessage):
        _read(sign_raw(data, "roster delta", HQ))


def _signed(sealed: bytes, **header: object) -> bytes:
    fields = {**HEADER.model_dump(mode="json"), "kind": "roster", "base_version": 7, "base_digest": "0" * 64, **header}
    return sign_raw(json.dumps(fields).encode() + b"\n" + sealed, "roster delta", HQ)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (_signed(b"", base_version=9), "cannot change version 9"),
        (_signed(b"", base_version=0), "base_version"),
        (_signed(b"", base_digest="x"), "base_digest"),
        (sign_raw(encode(HEADER), "roster delta", HQ), "a newline"),
        (_signed(b"x" * MAX_BYTES), "over the limit"),
    ],
)
def test_fail__headers_that_cannot_be(body: bytes, what: str) -> None:
    with pytest.raises(BadMessage, match=what):
        _read(body)


def test_fail__changes_are_no_part_and_a_part_is_no_changes() -> None:
    (part,) = write_parts([roster_content(HEADER, [WORKER])], ListKind.ROSTER, SITE.public_key(), HQ)
    with pytest.raises(BadSignature):
        _read(part)
    with pytest.raises(BadSignature):
        read_part(_body(), ListKind.ROSTER, HQ.public_key())
    with pytest.raises(BadSignature):
        _read(_body(), ListKind.RISK)


def test_fail__seals_of_another_reader_purpose_or_content() -> None:
    with pytest.raises(BadSeal):
        open_delta(_read(_body()), X25519PrivateKey.generate())
    delta = RosterDelta(**HEADER.model_dump())
    with pytest.raises(BadSeal):
        open_delta(_read(_signed(seal(encode(delta) + b"\n", "roster part", SITE.public_key()))), SITE)
    with pytest.raises(BadMessage):
        open_delta(_read(_signed(seal(b"[]\n", "roster delta", SITE.public_key()))), SITE)


def test_fail__a_policy_has_no_changes() -> None:
    sealed = seal(encode(PolicySnapshot(**HEADER.model_dump())) + b"\n", "policy delta", SITE.public_key())
    body = _signed(sealed, kind="policy")
    with pytest.raises(BadMessage, match="always sent whole"):
        open_delta(_read(body), SITE)


def test_ok__the_topic_of_changes_is_none_of_a_part() -> None:
    assert {kind: channel_of(topic(channel, "s")) for kind, channel in DELTA_CHANNELS.items()} == {
        ListKind.ROSTER: (Channel.ROSTER_DELTA, "s", ""),
        ListKind.RISK: (Channel.RISK_DELTA, "s", ""),
        ListKind.DIRECTORY: (Channel.DIRECTORY_DELTA, "s", ""),
    }
    assert channel_of(topic(Channel.PRESENCE_DELTA, "s")) == (Channel.PRESENCE_DELTA, "s", "")
    assert channel_of(topic(Channel.ROSTER, "s", part=12)) == (Channel.ROSTER, "s", "")
    request = topic(Channel.SNAPSHOT_REQUEST, "s", "g")
    assert channel_of(request) == (Channel.SNAPSHOT_REQUEST, "s", "g")
