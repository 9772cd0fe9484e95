"""Is what somebody shows genuine?"""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.code import Code, make
from contract.credentials import card_digest
from contract.policy import Factor
from edge.core.claims import CLOCK_SLACK, UNKNOWN_CARD, card_claim, card_index, code_claim, merge_claims
from edge.core.domain import Claim, Worker

HQ, FORGER = (Ed25519PrivateKey.from_private_bytes(bytes([n] * 32)) for n in (1, 2))
NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)


def claim(
    issued: datetime = NOW,
    minutes: float = 15,
    site_id: str = "site-1",
    key: Ed25519PrivateKey = HQ,
    now: datetime = NOW,
) -> Claim:
    code = Code("w-1", site_id, issued, issued + timedelta(minutes=minutes), 7)
    return code_claim(make(code, key), HQ.public_key(), "site-1", now)


@pytest.mark.parametrize("site_id", ["site-1", ""])
def test_ok__a_code_of_hq_for_here_and_now(site_id: str) -> None:
    found = claim(site_id=site_id)
    assert (found.worker_id, found.factors, found.refusal) == ("w-1", {Factor.CODE}, "")
    assert found.ref.startswith("code-")


def test_ok__clocks_may_differ_a_little_but_no_code_lives_longer() -> None:
    assert claim(now=NOW - CLOCK_SLACK).worker_id == "w-1"
    assert claim(now=NOW - CLOCK_SLACK - timedelta(seconds=1)).refusal
    assert claim(now=NOW + timedelta(minutes=15) - timedelta(seconds=1)).worker_id == "w-1"
    assert claim(now=NOW + timedelta(minutes=15)).refusal


@pytest.mark.parametrize(
    ("shown", "why"),
    [
        (lambda: claim(issued=NOW + timedelta(days=1)), "the code is not valid before 2026-11-22 06:00 UTC"),
        (lambda: claim(issued=NOW - timedelta(days=1)), "the code expired at 2026-11-20 06:15 UTC"),
        (lambda: claim(site_id="site-2"), "the code is for site site-2"),
        (lambda: claim(key=FORGER), "the code is not signed by HQ's key"),
        (lambda: code_claim("SG1:HELLO", HQ.public_key(), "site-1", NOW), "the code is broken"),
    ],
)
def test_fail__each_wrong_code_says_why(shown: object, why: str) -> None:
    assert callable(shown)
    found = shown()
    assert (found.worker_id, found.factors, found.ref, found.refusal) == (None, frozenset(), "", why)


def test_ok__a_card_names_its_worker() -> None:
    workers = {name: Worker(name, cards=(card_digest("site-1", number),)) for name, number in (("a", "1"), ("b", "2"))}
    index = card_index(workers)
    assert card_claim("2", "site-1", index) == Claim("b", frozenset({Factor.CARD}))
    assert card_claim("3", "site-1", index).refusal == UNKNOWN_CARD
    assert card_claim("2", "site-2", index).refusal == UNKNOWN_CARD


def test_fail__a_card_of_two_workers_is_nobodys() -> None:
    digest = card_digest("site-1", "1")
    index = card_index({name: Worker(name, cards=(digest,)) for name in ("a", "b", "c")})
    assert card_claim("1", "site-1", index).refusal == UNKNOWN_CARD


def test_ok__what_one_person_shows_adds_up_and_another_person_begins_anew() -> None:
    card, pin = Claim("a", frozenset({Factor.CARD})), Claim("a", frozenset({Factor.PIN}))
    assert merge_claims(merge_claims(Claim(), card), pin).factors == {Factor.CARD, Factor.PIN}
    other = Claim("b", frozenset({Factor.CODE}), ref="code-1")
    assert merge_claims(card, other) == other
