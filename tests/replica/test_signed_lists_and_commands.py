"""What the gate believes: signatures, seals, addressees, versions and times."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from common.token_bucket import TokenBuckets
from contract.codec import encode
from contract.messages import Command, ListKind, SnapshotHeader, WorkerRecord
from contract.parts import Content, read_part, roster_content, write_parts
from contract.signing import sign, sign_raw
from edge.replica import signed_lists
from edge.replica.signed_commands import CommandRefused, verify_command
from edge.replica.signed_lists import ListRefused

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
HQ, OTHER_HQ = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
SITE, OTHER_SITE = X25519PrivateKey.generate(), X25519PrivateKey.generate()


def _command(**changes: object) -> Command:
    fields = {
        "command_id": "c1",
        "gate_id": "gate-1",
        "action": "open_once",
        "issued_utc": NOW,
        "expires_utc": NOW + timedelta(seconds=30),
        "issued_by": "m",
        "why": "test",
    }
    return Command.model_validate({**fields, **changes})


def _signed_command(purpose: str = "command", key: Ed25519PrivateKey = HQ, **changes: object) -> bytes:
    return sign(encode(_command(**changes)), purpose, key)


def test_ok__a_command_of_this_moment() -> None:
    assert verify_command(_signed_command(), "gate-1", HQ.public_key(), NOW) == _command()


@pytest.mark.parametrize(
    ("envelope", "what"),
    [
        (_signed_command(key=OTHER_HQ), "not signed by HQ"),
        (_signed_command(purpose="ack"), "expected 'command'"),
        (_signed_command(gate_id="gate-2"), "is for gate gate-2"),
        (_signed_command(expires_utc=NOW), "expired at"),
        (_signed_command(issued_utc=NOW + timedelta(minutes=5), expires_utc=NOW + timedelta(minutes=6)), "future"),
        (_signed_command(expires_utc=NOW + timedelta(days=1)), "valid for longer"),
        (sign(b"{}", "command", HQ), "Field required"),
        (sign(b'{"version": "1.99", "action": "dance"}', "command", HQ), "version 1.99, this side reads .*update it"),
        (_signed_command() + b" " * 8192, "over the limit of 8192"),
        (encode(_command()), "not a signed command"),
        (b"\x00", "not a signed command"),
    ],
)
def test_fail__commands_that_must_not_be_obeyed(envelope: bytes, what: str) -> None:
    with pytest.raises(CommandRefused, match=what):
        verify_command(envelope, "gate-1", HQ.public_key(), NOW)


def _content(site_id: str = "site-1", version: int = 3, **worker: object) -> Content:
    header = SnapshotHeader(site_id=site_id, list_version=version, issued_utc=NOW)
    return roster_content(header, [WorkerRecord.model_validate({"worker_id": "w-1", **worker})])


def _body(content: Content, hq: Ed25519PrivateKey = HQ, site: X25519PrivateKey = SITE) -> bytes:
    (body,) = write_parts([content], ListKind.ROSTER, site.public_key(), hq)
    return body


def _relabelled(content: Content, purpose: str = "roster part", **header: object) -> bytes:
    """A part whose header HQ signed although something else is in the seal."""
    part = read_part(_body(content), ListKind.ROSTER, HQ.public_key())
    head = encode(part.header.model_copy(update=header))
    return sign_raw(head + b"\n" + part.sealed, purpose, HQ)


def test_ok__a_part_goes_through_both_steps() -> None:
    part = signed_lists.signed_part(_body(_content()), ListKind.ROSTER, "site-1", HQ.public_key())
    assert part.header.list_version == 3
    assert signed_lists.open_content(part, SITE) == _content()


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (_body(_content(), hq=OTHER_HQ), "not signed by HQ"),
        (_relabelled(_content(), purpose="risk part"), "not signed by HQ"),
        (_relabelled(_content(), kind=ListKind.RISK), "came on the channel"),
        (_body(_content(site_id="site-2")), "is for site site-2"),
        (b"{}", "not signed by HQ"),
    ],
)
def test_fail__parts_that_are_not_for_us(body: bytes, what: str) -> None:
    with pytest.raises(ListRefused, match=what):
        signed_lists.signed_part(body, ListKind.ROSTER, "site-1", HQ.public_key())


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (_body(_content(), site=OTHER_SITE), "not sealed for this key"),
        (_relabelled(_content(version=2), list_version=9), "another than the header"),
        (_relabelled(_content(site_id="site-2"), site_id="site-1"), "another than the header"),
    ],
)
def test_fail__contents_that_do_not_fit(body: bytes, what: str) -> None:
    part = signed_lists.signed_part(body, ListKind.ROSTER, "site-1", HQ.public_key())
    with pytest.raises(ListRefused, match=what):
        signed_lists.open_content(part, SITE)


def test_ok__a_flood_of_refusals_is_thinned_per_kind() -> None:
    throttle = TokenBuckets(burst=5, refill_s=60)
    assert sum(throttle.take("a", 0.0) for _ in range(1_000)) == 5
    assert throttle.take("b", 0.0)
    assert sum(throttle.take("a", 120.0) for _ in range(1_000)) == 2
