"""What the gate believes: signatures, seals, addressees, versions and times."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.codec import encode
from contract.messages import Command, ListKind, RosterSnapshot, SealedList, SealedTemplate, WorkerRecord
from contract.signing import seal, sign
from edge.sync import lists
from edge.sync.commands import CommandRefused, verified
from edge.sync.incidents import Throttle
from edge.sync.lists import ListRefused

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
    assert verified(_signed_command(), "gate-1", HQ.public_key(), NOW) == _command()


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
        (encode(_command()), "not a signed command"),
        (b"\x00", "not a signed command"),
    ],
)
def test_fail__commands_that_must_not_be_obeyed(envelope: bytes, what: str) -> None:
    with pytest.raises(CommandRefused, match=what):
        verified(envelope, "gate-1", HQ.public_key(), NOW)


def _roster(site_id: str = "site-1", version: int = 3, **worker: object) -> RosterSnapshot:
    workers = (WorkerRecord.model_validate({"worker_id": "w-1", **worker}),)
    return RosterSnapshot(site_id=site_id, list_version=version, issued_utc=NOW, workers=workers)


def _sealed(roster: RosterSnapshot, key: X25519PrivateKey = SITE, **header: object) -> SealedList:
    fields = {
        "site_id": roster.site_id,
        "list_version": roster.list_version,
        "issued_utc": NOW,
        "kind": "roster",
        "sealed": seal(encode(roster), "roster", key.public_key()),
    }
    return SealedList(**{**fields, **header})


def test_ok__a_list_goes_through_both_steps() -> None:
    roster = _roster()
    envelope = sign(encode(_sealed(roster)), "roster", HQ)
    header = lists.header(envelope, ListKind.ROSTER, "site-1", HQ.public_key())
    assert header.list_version == 3
    assert lists.content(header, SITE) == roster


@pytest.mark.parametrize(
    ("envelope", "what"),
    [
        (sign(encode(_sealed(_roster())), "roster", OTHER_HQ), "not signed by HQ"),
        (sign(encode(_sealed(_roster())), "risk", HQ), "expected 'roster'"),
        (sign(encode(_sealed(_roster(), kind="risk")), "roster", HQ), "came on the channel"),
        (sign(encode(_sealed(_roster(site_id="site-2"))), "roster", HQ), "is for site site-2"),
        (b"{}", "not a signed roster"),
    ],
)
def test_fail__headers_that_are_not_for_us(envelope: bytes, what: str) -> None:
    with pytest.raises(ListRefused, match=what):
        lists.header(envelope, ListKind.ROSTER, "site-1", HQ.public_key())


@pytest.mark.parametrize(
    ("sealed", "what"),
    [
        (_sealed(_roster(), key=OTHER_SITE), "not sealed for this key"),
        (_sealed(_roster(version=2), list_version=9), "another than the header"),
        (_sealed(_roster(site_id="site-2"), site_id="site-1"), "another than the header"),
    ],
)
def test_fail__contents_that_do_not_fit(sealed: SealedList, what: str) -> None:
    with pytest.raises(ListRefused, match=what):
        lists.content(sealed, SITE)


def _template(values: list[float]) -> SealedTemplate:
    return SealedTemplate(model_id="m", vector=np.array(values, dtype="<f2").tobytes())


def test_ok__templates_become_unit_vectors() -> None:
    found, bad = lists.templates(_roster(consent_ref="c", templates=(_template([3, 4]),)))
    assert bad == 0
    assert found[0][0] == "w-1"
    assert np.allclose(found[0][1].vector, [0.6, 0.8])
    assert found[0][1].vector.dtype == np.float32


def test_fail__no_consent_no_template() -> None:
    assert lists.templates(_roster(templates=(_template([3, 4]),))) == ((), 0)


def test_fail__unreadable_templates_are_left_out_and_counted() -> None:
    broken = (
        SealedTemplate(model_id="m", vector=b""),
        SealedTemplate(model_id="m", vector=b"odd"),
        _template([0, 0]),
        _template([float("nan"), 1]),
        _template([1, 0]),
    )
    found, bad = lists.templates(_roster(consent_ref="c", templates=broken))
    assert (len(found), bad) == (1, 4)


def test_ok__a_flood_of_refusals_is_thinned_per_kind() -> None:
    throttle = Throttle(burst=5, refill_s=60)
    assert sum(throttle.allow("a", 0.0) for _ in range(1_000)) == 5
    assert throttle.allow("b", 0.0)
    assert sum(throttle.allow("a", 120.0) for _ in range(1_000)) == 2
