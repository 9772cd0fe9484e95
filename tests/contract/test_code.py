"""The code in a QR code: what HQ writes, a gate reads; anything else is refused in words."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

import contract
from contract.code import PREFIX, VALID_MAX, BadCode, Code, make, read
from contract.signing import sign

KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([n] * 32)) for n in (1, 2))
NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)


def code(worker_id: str = "w-0001", site_id: str = "site-1", **more: object) -> Code:
    return replace(Code(worker_id, site_id, NOW, NOW + timedelta(minutes=15)), **more)


def test_ok__the_sample_is_read_and_written_back() -> None:
    sample = json.loads((Path(contract.__file__).parent / "golden" / "code.v1.0.json").read_bytes())
    found = read(sample["text"], Ed25519PublicKey.from_public_bytes(bytes.fromhex(sample["public_key_hex"])))
    assert (found.worker_id, found.site_id, found.nonce) == (sample["worker_id"], sample["site_id"], sample["nonce"])
    times = (found.issued_utc, found.expires_utc)
    assert times == tuple(datetime.fromisoformat(sample[name]) for name in ("issued_utc", "expires_utc"))
    assert found.ref == sample["ref"]
    assert make(found, Ed25519PrivateKey.from_private_bytes(bytes(range(32)))) == sample["text"]


@given(
    worker_id=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True),
    site_id=st.one_of(st.just(""), st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True)),
    seconds=st.integers(1, int(VALID_MAX.total_seconds())),
)
@settings(max_examples=50, deadline=None)
def test_ok__what_is_made_is_read(worker_id: str, site_id: str, seconds: int) -> None:
    made = code(worker_id, site_id, expires_utc=NOW + timedelta(seconds=seconds))
    assert read(make(made, KEY), KEY.public_key()) == made


def test_ok__it_fits_a_small_qr_code() -> None:
    found = segno.make(make(code("worker-123", "site-77"), KEY), error="m", micro=False)
    assert (found.mode, found.symbol_size(border=0)) == ("alphanumeric", (41, 41))


def test_ok__two_codes_of_one_moment_differ() -> None:
    one, other = (Code("w-1", "", NOW, NOW + timedelta(minutes=1)) for _ in range(2))
    assert one.ref != other.ref


def test_ok__another_spelling_is_the_same_code() -> None:
    text = make(code(), KEY)
    assert read(text + "=" * (-len(text.removeprefix(PREFIX)) % 8), KEY.public_key()).ref == code_ref(text)


def code_ref(text: str) -> str:
    return read(text, KEY.public_key()).ref


@pytest.mark.parametrize("position", range(0, 60, 3))
def test_fail__one_changed_byte_is_refused(position: int) -> None:
    text = make(code(), KEY)
    place = len(PREFIX) + position
    changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
    with pytest.raises(BadCode, match=r"broken|not signed by HQ's key"):
        read(changed, KEY.public_key())


def test_fail__signed_by_somebody_else() -> None:
    with pytest.raises(BadCode, match="not signed by HQ's key"):
        read(make(code(), OTHER), KEY.public_key())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SG1:",
        "SG1:A",
        "SG1:????????",
        "SG1:" + "A" * 390,
        "SG2:AAAA",
        "https://example.org",
        "SG1:" + "ü" * 8,
        "SG1:" + "A" * 9000,
    ],
)
def test_fail__rubbish_is_refused_in_words(text: str) -> None:
    with pytest.raises(BadCode, match=r"broken|not a code of sitegate|not signed"):
        read(text, KEY.public_key())


def test_fail__a_signature_for_another_purpose_is_worth_nothing() -> None:
    envelope = sign(b"x", "roster", KEY).decode()
    with pytest.raises(BadCode):
        read(PREFIX + envelope.encode().hex().upper()[:300], KEY.public_key())


@pytest.mark.parametrize(
    "wrong",
    [
        {"expires_utc": NOW},
        {"expires_utc": NOW - timedelta(hours=1)},
        {"expires_utc": NOW + VALID_MAX + timedelta(seconds=1)},
        {"worker_id": "Anna Müller"},
        {"worker_id": ""},
        {"site_id": "-"},
    ],
)
def test_fail__what_a_code_cannot_hold_is_not_made(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"valid for at most|match pattern"):
        make(code(**wrong), KEY)
