"""Lists in parts, as both sides write and read them: nothing that HQ did not bind together is ever taken for a list."""

import contextlib
import json
from datetime import UTC, datetime

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from contract import parts, sealed
from contract.codec import BadMessage, encode
from contract.messages import ListKind, RiskSnapshot, SealedTemplate, SnapshotHeader, WorkerRecord
from contract.parts import Content, ListTooLarge, digest_of, open_part, read_part, roster_content, write_parts
from contract.signing import BadSeal, BadSignature, seal, sign_raw

HQ, SITE = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
HEADER = SnapshotHeader(site_id="site-1", list_version=7, issued_utc=datetime(2026, 11, 21, 6, tzinfo=UTC))


def _vector(*values: float) -> bytes:
    return np.array(values, "<f2").tobytes()


def _worker(worker_id: str, *templates: tuple[str, bytes]) -> WorkerRecord:
    stored = tuple(SealedTemplate(model_id=model, vector=vector) for model, vector in templates)
    return WorkerRecord(worker_id=worker_id, consent_ref="c", templates=stored)


def _bodies(count: int = 3, kind: ListKind = ListKind.ROSTER) -> list[bytes]:
    contents = [roster_content(HEADER, [_worker(f"w-{number}", ("m", _vector(1, number)))]) for number in range(count)]
    return write_parts(contents, kind, SITE.public_key(), HQ)


def test_ok__parts_say_which_they_are_and_are_bound_by_one_digest() -> None:
    read = [read_part(body, ListKind.ROSTER, HQ.public_key()) for body in _bodies()]
    assert [(part.header.part, part.header.parts) for part in read] == [(1, 3), (2, 3), (3, 3)]
    assert {part.header.digest for part in read} == {digest_of(part.fingerprint for part in read)}
    assert digest_of(part.fingerprint for part in reversed(read)) != read[0].header.digest
    assert [open_part(part, SITE).snapshot.workers[0].worker_id for part in read] == ["w-0", "w-1", "w-2"]


def test_ok__templates_travel_as_one_block_per_model_without_base64() -> None:
    own = [
        _worker("a", ("m", _vector(1, 0)), ("n", _vector(1, 2, 3))),
        _worker("b"),
        _worker("c", ("m", _vector(0, 1))),
    ]
    content = roster_content(HEADER, own)
    first, second = content.snapshot.templates
    assert (first.model_id, first.dimension, first.owners) == ("m", 2, (0, 2))
    assert (second.model_id, second.dimension, second.owners) == ("n", 3, (0,))
    assert content.vectors == _vector(1, 0) + _vector(0, 1) + _vector(1, 2, 3)
    (body,) = write_parts([content], ListKind.ROSTER, SITE.public_key(), HQ)
    assert open_part(read_part(body, ListKind.ROSTER, HQ.public_key()), SITE) == content


def test_fail__vectors_that_are_no_row_of_numbers_are_left_out() -> None:
    content = roster_content(HEADER, [_worker("a", ("m", b""), ("m", b"odd"), ("m", _vector(1, 0)))])
    assert content.vectors == _vector(1, 0)
    assert content.snapshot.templates[0].owners == (0,)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_fail__any_changed_byte_is_found(place: int, change: int) -> None:
    body = bytearray(_bodies(1)[0])
    body[place % len(body)] ^= change
    with pytest.raises(BadSignature):
        read_part(bytes(body), ListKind.ROSTER, HQ.public_key())


@given(st.binary(max_size=200))
def test_ok__any_bytes_even_signed_ones_give_a_part_or_a_named_error(data: bytes) -> None:
    with contextlib.suppress(BadSignature):
        read_part(data, ListKind.ROSTER, HQ.public_key())
    with contextlib.suppress(BadMessage):
        read_part(sign_raw(data, "roster part", HQ), ListKind.ROSTER, HQ.public_key())


def _signed(sealed: bytes, **header: object) -> bytes:
    fields = {**HEADER.model_dump(mode="json"), "kind": "roster", "part": 1, "parts": 1, "digest": "0" * 64, **header}
    return sign_raw(json.dumps(fields).encode() + b"\n" + sealed, "roster part", HQ)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (_signed(b"", part=3, parts=2), "part 3 of 2"),
        (_signed(b"", parts=501), "parts"),
        (_signed(b"", part=0), "part"),
        (_signed(b"", digest="x"), "digest"),
        (sign_raw(encode(RiskSnapshot(**HEADER.model_dump())), "roster part", HQ), "a newline"),
    ],
)
def test_fail__headers_that_cannot_be(body: bytes, what: str) -> None:
    with pytest.raises(BadMessage, match=what):
        read_part(body, ListKind.ROSTER, HQ.public_key())


def test_fail__a_part_of_one_list_on_the_channel_of_another() -> None:
    with pytest.raises(BadSignature, match="not signed by HQ"):
        read_part(_bodies()[0], ListKind.RISK, HQ.public_key())


def test_fail__a_seal_of_another_kind_or_reader() -> None:
    sealed = seal(encode(RiskSnapshot(**HEADER.model_dump())) + b"\n", "risk part", SITE.public_key())
    part = read_part(_signed(sealed), ListKind.ROSTER, HQ.public_key())
    with pytest.raises(BadSeal):
        open_part(part, SITE)
    part = read_part(_bodies()[0], ListKind.ROSTER, HQ.public_key())
    with pytest.raises(BadSeal):
        open_part(part, X25519PrivateKey.generate())


def test_fail__more_than_a_gate_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = Content(RiskSnapshot(**HEADER.model_dump()))
    with pytest.raises(ListTooLarge, match="split the site"):
        write_parts([empty] * 501, ListKind.RISK, SITE.public_key(), HQ)
    monkeypatch.setattr(parts, "MAX_BYTES", 100)
    with pytest.raises(ListTooLarge, match="too many templates"):
        write_parts([empty], ListKind.RISK, SITE.public_key(), HQ)
    monkeypatch.setattr(sealed, "MAX_BYTES", 100)
    with pytest.raises(BadMessage, match="over the limit"):
        read_part(_signed(b"x" * 100), ListKind.RISK, HQ.public_key())
