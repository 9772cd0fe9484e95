"""PROMISE: a registered visitor's badge lets one person in at a time, and the journal says who registered them."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from loop_rig import NOBODY, House, known, unknown

from contract.messages import (
    AccessEvent,
    Direction,
    NoticeCode,
    NoticeEvent,
    Origin,
    PassageEvent,
    PassageOutcome,
    PolicySnapshot,
    Reason,
)
from contract.policy import Factor, FactorRule
from edge.core.claims import UNKNOWN_BADGE
from edge.core.config import Config
from edge.core.domain import AdmitRequest, Claim, Frame, GateSignal, LockDownRequest
from edge.core.domain.visitors import VisitorDetails, badge_digest, new_badge
from edge.devices.readers.qr_codes import read_codes
from edge.loop import GateLoop
from edge.sim import RecordingGate
from edge.sim.code_card import CodeCard
from edge.storage.desk_store import DeskStore
from edge.storage.journal import Journal
from edge.storage.presence import JournalPresence

DETAILS = VisitorDetails(name="Li Na", host="w1", purpose="fire inspection")


class ShowsBadges:
    """A code reader to which a test hands a badge."""

    text = ""

    def read(self, frame: Frame) -> Claim | None:
        text, self.text = self.text, ""
        return Claim(badge=badge_digest(text)) if text else None


class VisitedHouse(House):
    """A gate that reads visitors' badges, and its desk."""

    def make_loop(self) -> GateLoop:
        self.codes = ShowsBadges()
        self.desk = DeskStore(self.folder / "desk.db", self.clock.utc)
        self.presence = JournalPresence(self.folder / "journal.db", self.clock)
        strict = PolicySnapshot(
            site_id="site-1",
            list_version=1,
            issued_utc=self.clock.utc(),
            training_required=True,
            employers=("ACME",),
            declaration_valid_h=24,
            factors=(FactorRule(any_of=((Factor.CARD, Factor.PIN),)),),
        )
        self.lists.state = replace(self.lists.state, policy=strict)
        adapters = self.adapters(code_reader=self.codes, presence=self.presence)
        return GateLoop(Config(), adapters)

    def restart(self) -> None:
        self.close()
        self.gate = RecordingGate(self.clock)
        self.journal = Journal(self.folder / "journal.db", Config().site, self.clock)
        self.loop = self.make_loop()

    def close(self) -> None:
        self.loop.close()
        self.desk.close()
        self.presence.close()

    def registers(self, hours: float = 8) -> tuple[str, str]:
        found = self.desk.register_visitor(DETAILS, "anna", self.clock.utc() + timedelta(hours=hours))
        self.sees(NOBODY, 0.5)
        return found

    def shows(self, badge: str) -> None:
        self.codes.text = badge
        self.sees(NOBODY, 0.3)

    def walks_through(self) -> None:
        self.gate.report(GateSignal.PASSED)
        self.sees(NOBODY, 12)

    @property
    def newest(self) -> AccessEvent:
        return next(event for event in reversed(self.events) if isinstance(event, AccessEvent))


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[VisitedHouse]:
    made = VisitedHouse(tmp_path)
    yield made
    made.close()


def test_ok__a_badge_lets_the_visitor_in_without_papers_and_again_only_after_leaving(gate: VisitedHouse) -> None:
    visitor, badge = gate.registers()
    recorded = [e for e in gate.events if isinstance(e, NoticeEvent) and visitor in e.detail]
    assert [(e.code, e.by, e.origin) for e in recorded] == [(NoticeCode.COMMAND_DONE, "anna", Origin.DESK)]
    gate.shows(badge)
    assert (gate.newest.reason, gate.newest.worker_id) == (Reason.GRANTED, visitor)
    assert gate.newest.factors == (Factor.CODE,) and gate.acts.count("pulse") == 1
    gate.walks_through()
    assert gate.passages[-1] is PassageOutcome.PASSED
    gate.shows(badge)
    assert gate.newest.reason is Reason.PASSBACK and gate.acts.count("pulse") == 1, "a photo of the badge"
    assert "Li Na" not in str([event.model_dump() for event in gate.events]), "the journal holds no name"
    assert gate.desk.end_visit(visitor, "bo")
    gate.sees(NOBODY, 0.5)
    left = gate.events[-1]
    assert isinstance(left, PassageEvent) and left.direction is Direction.OUT
    assert (left.worker_id, left.by, left.origin) == (visitor, "bo", Origin.DESK)
    assert gate.presence.inside(gate.clock.utc() - timedelta(hours=20)) == 0
    gate.shows(badge)
    assert (gate.newest.reason, gate.newest.detail) == (Reason.FACTOR_REFUSED, UNKNOWN_BADGE)


def test_fail__an_ended_replaced_expired_or_foreign_badge_opens_nothing(gate: VisitedHouse) -> None:
    visitor, badge = gate.registers(hours=1)
    newer = gate.desk.renew_badge(visitor, "anna", gate.clock.utc() + timedelta(hours=1))
    gate.sees(NOBODY, 0.5)
    gate.shows(badge)
    gate.shows("SGV1:" + "A" * 32)
    gate.clock.advance(3601)
    gate.shows(newer or "")
    details = [e.detail for e in gate.events if isinstance(e, AccessEvent)]
    assert details[:2] == [UNKNOWN_BADGE] * 2 and "expired" in details[2]
    assert "pulse" not in gate.acts


def test_fail__a_changed_file_admits_nobody_whom_the_journal_does_not_know(gate: VisitedHouse) -> None:
    _, badge = gate.registers(hours=1)
    far = (gate.clock.utc() + timedelta(days=300)).isoformat()
    with sqlite3.connect(gate.folder / "desk.db") as db:
        db.execute("UPDATE visitors SET until_utc = ?", (far,))
        db.execute(
            "INSERT INTO visitors SELECT 'visitor-000000000000', ?, from_utc, until_utc, details, created_utc, by,"
            " NULL, '' FROM visitors",
            (badge_digest("SGV1:MINE"),),
        )
        db.execute("INSERT INTO visitors VALUES ('w1', 'x', 'y', 'z', '', '', '', NULL, '')")
    db.close()
    gate.sees(NOBODY, 0.5)
    for text in (badge, "SGV1:MINE"):
        gate.shows(text)
        assert gate.newest.detail == UNKNOWN_BADGE
    assert "pulse" not in gate.acts


def test_fail__a_request_for_a_year_or_of_another_pass_is_refused(gate: VisitedHouse) -> None:
    gate.registers()
    with sqlite3.connect(gate.folder / "desk.db") as db:
        body = str(db.execute("SELECT body FROM requests").fetchone()[0]).replace('"by":"anna"', '"by":"eve"')
        far = (gate.clock.utc() + timedelta(days=300)).isoformat()
        for number, text in enumerate(
            (body, body.split('"until_utc"', 1)[0] + f'"until_utc":"{far}",' + body[body.index('"asked_utc"') :])
        ):
            ref = f"visitor-{number:032x}"
            db.execute(
                "INSERT INTO requests (ref, kind, body, created_utc, by) VALUES (?, 'visitor', ?, '', 'eve')",
                (ref, text),
            )
    db.close()
    gate.sees(NOBODY, 0.5)
    refused = [e.detail for e in gate.events if isinstance(e, NoticeEvent) and e.code is NoticeCode.REQUEST_REFUSED]
    assert len(refused) == 2 and all("eve" in detail for detail in refused)


def test_fail__a_worker_in_front_of_the_camera_does_not_come_in_with_a_visitors_badge(gate: VisitedHouse) -> None:
    _, badge = gate.registers()
    gate.sees(known(1), 0.3)
    gate.codes.text = badge
    gate.sees(known(1), 0.3)
    assert gate.newest.reason is Reason.FACTOR_REFUSED and "pulse" not in gate.acts


def test_fail__a_lock_down_holds_visitors_too_and_names_who_asked_and_why(gate: VisitedHouse) -> None:
    _, badge = gate.registers()
    asked = LockDownRequest(by="anna", why="a fight at the fence", asked_utc=gate.clock.utc())
    gate.desk.request_lock_down(asked, release=False)
    gate.sees(NOBODY, 0.5)
    gate.shows(badge)
    assert gate.newest.reason is Reason.LOCKED_DOWN
    locked = next(e for e in gate.events if isinstance(e, NoticeEvent) and e.code is NoticeCode.LOCKED_DOWN)
    assert (locked.by, locked.origin, locked.detail) == ("anna", Origin.DESK, "by anna: a fight at the fence")


def test_ok__the_badge_holds_after_a_restart_and_a_guard_lets_the_visitor_in_without_it(gate: VisitedHouse) -> None:
    visitor, badge = gate.registers()
    gate.desk.forget_done(gate.journal.seen)
    gate.restart()
    gate.sees(unknown(1), 0.5)
    gate.shows(badge)
    assert gate.newest.reason is Reason.GRANTED
    gate.walks_through()
    gate.desk.request_admission(
        AdmitRequest(
            by="bo", reason="lost the badge", worker_id=visitor, direction=Direction.IN, asked_utc=gate.clock.utc()
        )
    )
    gate.sees(NOBODY, 0.5)
    event = gate.newest
    assert (event.reason, event.by, event.origin) == (Reason.MANUAL_ADMIT, "bo", Origin.DESK)


def test_ok__the_camera_reads_a_badge() -> None:
    badge, frame = new_badge(), np.full((480, 640, 3), 120, np.uint8)
    CodeCard(badge).draw(frame, 320, 240, 300, 0)
    assert read_codes(frame) == [badge]
