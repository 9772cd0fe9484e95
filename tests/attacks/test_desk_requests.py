"""A taken-over screen writes requests of its own making in desk.db: none of them takes a meaning that it has no right
to."""

import json

import pytest
from three_users import ThreeUsers
from three_users_checks import going_on, nothing_wrong, restarted, said

from contract.messages import NoticeCode, NoticeEvent
from edge.core.domain import ENROL, LOCK_DOWN
from edge.tools.demo.play import Follower

pytestmark = pytest.mark.timeout(300)

INSERT = """
db = sqlite3.connect(state / "desk/desk.db", timeout=10)
for ref, kind, body in ROWS:
    db.execute("INSERT INTO requests (ref, kind, body, created_utc, by) VALUES (?, ?, ?, '', '')", (ref, kind, body))
db.commit()
"""


def asked(house: ThreeUsers, followed: Follower, *rows: tuple[str, str, str]) -> list[NoticeEvent]:
    """Write these requests as the screen's user; what the gate recorded until it took them all."""
    since = len(followed.events)
    last = ("last", "none", "{}")
    said(house, "screen", f"ROWS = {[*rows, last]!r}\n{INSERT}".replace("'last'", repr(f"last-{since}")))

    def refused() -> list[NoticeEvent]:
        return [
            e for e in followed.events[since:] if isinstance(e, NoticeEvent) and e.code is NoticeCode.REQUEST_REFUSED
        ]

    followed.until(lambda: any(e.detail.startswith("none:") for e in refused()), 30, "the requests were not taken")
    return refused()


def test_fail__a_request_chooses_no_ref(house: ThreeUsers, followed: Follower) -> None:
    """The newest "fire-on:…" holds the relay after a restart, "lock-down-over:…" ends a lock-down, an order's id says
    it is done."""
    names = (
        "fire-done:x",
        "fire-on:x",
        "lock-down-over:x",
        "locked-down:x",
        "disk-step:critical:x",
        "f" * 32,
        "x" * 100_000,
    )
    assert len(asked(house, followed, *((name, "unknown", "{}") for name in names))) == len(names) + 1
    restarted(house, followed)
    live = followed._journal.live()
    assert live is not None and live.gate_state == "locked"
    with house.journal() as db:
        found = {ref for (ref,) in db.execute("SELECT ref FROM refs")}
    assert not found.intersection(names)
    nothing_wrong(house)


def test_fail__a_request_that_no_event_can_hold_is_refused_and_stops_no_gate(
    house: ThreeUsers, followed: Follower
) -> None:
    good = {"worker_id": "worker-a", "consent_ref": "c", "model_id": "m", "sealed_record": "AAAA"}
    bodies = [
        {**good, "worker_id": "no id/at all"},
        {**good, "consent_ref": ""},
        {**good, "sealed_record": "A" * 62_000},
        {**good, "model_id": "m" * 300},
    ]
    rows = [(f"enrol-{number:032x}", ENROL, json.dumps(body)) for number, body in enumerate(bodies)]
    commissioned = {"outcome": "passed", "signed_record": "A" * 56_000, "public_key": "AAAA"}
    rows += [
        ("commission-" + "0" * 32, "commission", json.dumps(commissioned)),
        ("lock_down-" + "0" * 32, LOCK_DOWN, "[" * 999),
    ]
    going_on(house, followed, lambda: asked(house, followed, *rows))
    nothing_wrong(house)
    followed.until(followed.drained, 60, "HQ did not get everything")
