"""The loop, turn by turn: a hand-set clock, a recording gate, a real journal, and what the matcher says given as
data."""

import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from loop_rig import NOBODY, House, known, order, unknown
from loop_rig import house as house

from contract.messages import (
    AccessEvent,
    Advice,
    CommissioningEvent,
    CommissioningOutcome,
    EnrolmentEvent,
    NoticeCode,
    NoticeEvent,
    PassageEvent,
    PassageOutcome,
    Reason,
    RiskEntry,
)
from edge.core.domain import (
    Candidate,
    CommissioningRequest,
    EnrolmentRequest,
    GateSignal,
    Identification,
    Incident,
    ListAge,
    LockDownRequest,
    RosterState,
    Tone,
)
from edge.core.ports import GateError
from edge.loop import FAILURES_MAX
from edge.loop.hq_inbox import INCIDENTS, REQUESTS
from edge.matcher.engine import quality
from edge.storage.desk import DeskWriter
from edge.storage.journal import JournalReader


def test_ok__known_worker_is_journalled_then_let_through_once(house: House) -> None:
    house.sees(known(), 1.0)
    house.gate.report(GateSignal.PASSED)
    house.sees(known(), 10.0)  # still standing there after having passed: nothing more happens
    assert house.decisions == [Reason.GRANTED]
    assert house.acts == ["pulse", "lock"]
    assert house.passages == [PassageOutcome.PASSED]
    access, passage = (e for e in house.events if isinstance(e, AccessEvent | PassageEvent))
    assert isinstance(passage, PassageEvent)
    assert (passage.access_seq, passage.worker_id) == (access.seq, "w1")


def test_ok__the_decision_is_on_disk_before_the_relay_moves(house: House) -> None:
    seen: list[list[Reason]] = []
    pulse = house.gate.pulse

    def spy(*how: Any) -> None:
        other = JournalReader(house.folder / "journal.db")  # another connection sees only what is committed
        seen.append([e.reason for e in other.latest(10) if isinstance(e, AccessEvent)])
        other.close()
        pulse(*how)

    house.gate.pulse = spy  # type: ignore[method-assign]
    house.sees(known(), 0.3)
    assert seen == [[Reason.GRANTED]]


def test_fail__no_journal_no_opening(house: House) -> None:
    house.journal._file.db.execute("PRAGMA query_only=ON")  # the disk refuses from here on
    house.matcher.now = known()
    assert [house.loop.step() for _ in range(5)] == [False] * 5  # and the watchdog is not fed
    assert "pulse" not in house.acts
    assert house.indicator.history[-1].advice is Advice.SEE_DESK
    house.journal._file.db.execute("PRAGMA query_only=OFF")


def test_fail__a_journal_that_another_program_locks_opens_nothing_and_restarts_nothing(house: House) -> None:
    """A restarted process could not open it, and fire and exit button would be without one."""
    other = sqlite3.connect(house.folder / "journal.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    house.matcher.now = known()
    assert [house.loop.step() for _ in range(3)] == [True] * 3  # the watchdog is fed
    assert "pulse" not in house.acts
    assert house.indicator.history[-1].advice is Advice.SEE_DESK
    other.close()


def test_ok__what_happened_while_the_disk_refused_is_recorded_when_it_works_again(house: House) -> None:
    house.sees(known(), 0.3)
    house.journal._file.db.execute("PRAGMA query_only=ON")
    house.gate.report(GateSignal.PASSED)
    house.gate.report(GateSignal.FIRE_ON)
    house.sees(NOBODY, 0.5)
    assert house.passages == []
    assert house.gate.energised  # fire wins over a full disk
    house.journal._file.db.execute("PRAGMA query_only=OFF")
    house.sees(NOBODY, 0.5)
    assert house.passages == [PassageOutcome.PASSED]
    assert house.notices == [NoticeCode.FIRE_ON]
    assert house.gate.energised


def test_ok__somebody_who_does_not_walk_through_is_recorded(house: House) -> None:
    house.sees(known(), 0.3)
    house.sees(NOBODY, 8.0)
    assert house.passages == [PassageOutcome.NOT_TAKEN]
    assert not house.gate.energised


def test_fail__a_pulse_that_fails_does_not_block_the_gate_for_ever(house: House) -> None:
    pulse = house.gate.pulse

    def refuse(*how: Any) -> None:
        raise GateError("the guard is not running")

    house.gate.pulse = refuse  # type: ignore[method-assign]
    house.sees(known(), 0.1)
    house.gate.pulse = pulse  # type: ignore[method-assign]
    house.sees(NOBODY, 8.0)
    assert house.passages == [PassageOutcome.NOT_TAKEN]
    house.sees(known(2), 0.3)
    assert house.acts[-1] == "pulse"


def test_ok__the_next_person_waits_until_the_first_is_through(house: House) -> None:
    house.sees(known(1), 0.3)
    house.sees(unknown(2), 1.0)
    assert house.decisions == [Reason.GRANTED]
    house.gate.report(GateSignal.PASSED)
    house.sees(unknown(2), 0.3)
    assert house.decisions == [Reason.GRANTED, Reason.UNKNOWN]


def test_fail__a_stranger_is_refused_and_the_relay_never_moves(house: House) -> None:
    house.sees(unknown(), 2.0)
    assert house.decisions == [Reason.UNKNOWN]
    assert house.acts == []


def test_ok__a_refused_person_who_stays_is_looked_at_afresh(house: House) -> None:
    house.sees(unknown(), 6.0)
    assert house.decisions == [Reason.UNKNOWN, Reason.UNKNOWN]


def test_ok__the_lane_shows_risk_hold_and_unknown_alike(house: House) -> None:
    house.sees(unknown(1), 0.3)
    stranger = house.indicator.history[-1]
    house.sees(NOBODY, 3.0)
    house.lists.state = RosterState(
        workers=house.lists.state.workers,
        risks={"w1": (RiskEntry(worker_id="w1"),)},
        roster=house.lists.state.roster,
        risk=house.lists.state.risk,
    )
    house.sees(known(2), 0.3)
    assert house.decisions == [Reason.UNKNOWN, Reason.RISK_HOLD]
    held = house.indicator.history[-1]
    assert (held.tone, held.advice) == (stranger.tone, stranger.advice) == (Tone.DESK, Advice.SEE_DESK)


def test_ok__advice_is_shown_at_once_and_recorded_once_if_it_lasts(house: House) -> None:
    dark = Identification(quality.TOO_DARK, 1)
    house.sees(dark, 0.2)
    assert house.indicator.history[-1].advice is Advice.MORE_LIGHT
    assert house.decisions == []
    house.sees(dark, 3.0)
    assert house.decisions == [Reason.LOW_QUALITY]
    house.sees(known(), 0.3)  # the same person, now in the light
    assert house.decisions == [Reason.LOW_QUALITY, Reason.GRANTED]


def test_ok__an_empty_lane_goes_back_to_idle(house: House) -> None:
    house.sees(unknown(), 0.3)
    house.sees(NOBODY, 3.0)
    assert house.indicator.history[-1].tone is Tone.IDLE


def test_ok__fire_opens_until_reset_and_no_decision_is_made_meanwhile(house: House) -> None:
    house.gate.report(GateSignal.FIRE_ON)
    house.sees(known(), 20.0)
    assert house.gate.energised
    assert house.decisions == []
    house.gate.report(GateSignal.FIRE_OFF)
    house.sees(NOBODY, 0.3)
    assert not house.gate.energised
    assert house.notices == [NoticeCode.FIRE_ON, NoticeCode.FIRE_OFF]


def test_ok__somebody_forcing_the_gate_and_an_opened_housing_are_recorded(house: House) -> None:
    house.gate.report(GateSignal.PASSED)
    house.gate.report(GateSignal.TAMPER)
    house.sees(NOBODY)
    assert house.passages == [PassageOutcome.FORCED]
    assert house.notices == [NoticeCode.TAMPER]


def test_fail__an_error_in_the_pipeline_is_a_recorded_no_decision_and_the_gate_stays_shut(house: House) -> None:
    house.sees(ValueError("broken frame"), 0.2)
    assert house.decisions == [Reason.NO_DECISION]
    assert house.acts == []
    house.sees(NOBODY, 0.1)
    house.sees(known(2), 0.3)
    assert house.decisions[-1] is Reason.GRANTED


def test_fail__a_loop_that_only_fails_ends_the_process(house: House) -> None:
    house.matcher.now = ValueError("for ever")
    with pytest.raises(ValueError, match="for ever"):
        for _ in range(FAILURES_MAX):
            house.loop.step()


def test_fail__a_lost_camera_is_recorded_and_shown_and_its_return_too(house: House) -> None:
    house.sees(NOBODY)
    house.camera.ok = False
    for _ in range(5):
        house.loop.step()
    assert house.indicator.history[-1].tone is Tone.STOP
    house.camera.ok = True
    house.sees(NOBODY)
    assert house.notices == [NoticeCode.CAMERA_LOST, NoticeCode.CAMERA_BACK]


def test_ok__an_order_opens_exactly_once_also_when_replayed_after_a_restart(house: House) -> None:
    house.lists.orders = [order(house), order(house)]
    house.sees(NOBODY, 1.0)
    house.gate.report(GateSignal.PASSED)
    house.sees(NOBODY, 1.0)
    house.lists.orders = [order(house)]
    house.loop = house.make_loop()
    house.sees(NOBODY, 1.0)
    assert house.decisions == [Reason.REMOTE_OPEN]
    assert house.acts.count("pulse") == 1
    assert "manager-7" in next(e.detail for e in house.events if isinstance(e, AccessEvent))


def test_fail__an_order_while_the_gate_is_busy_is_refused_for_good(house: House) -> None:
    house.sees(known(), 0.3)
    house.lists.orders = [order(house)]
    house.sees(NOBODY, 0.5)
    house.lists.orders = [order(house)]
    house.sees(NOBODY, 10.0)
    assert house.notices == [NoticeCode.COMMAND_REFUSED]
    assert house.acts.count("pulse") == 1


def test_fail__what_sync_refused_is_journalled_once(house: House) -> None:
    house.lists.refused = [Incident("r1", NoticeCode.LIST_REFUSED, "not signed by HQ")]
    house.sees(NOBODY, 1.0)
    house.loop = house.make_loop()
    house.sees(NOBODY, 1.0)
    assert house.notices == [NoticeCode.LIST_REFUSED]


def test_fail__a_flood_from_sync_is_recorded_but_bounded(house: House) -> None:
    """What it made up must not fill the disk; all of it comes in the end, if it is still there."""
    house.lists.refused = [Incident(f"{n:032x}", NoticeCode.MESSAGE_REFUSED, "made up") for n in range(80)]
    house.sees(NOBODY, 5)
    assert len(house.events) == INCIDENTS.burst
    house.sees(NOBODY, 2 * INCIDENTS.refill_s)
    assert len(house.events) == INCIDENTS.burst + 2
    house.clock.advance(1000 * INCIDENTS.refill_s)
    house.sees(NOBODY, 1)
    assert len(house.events) == 80
    house.lists.refused = [Incident(f"{n:032x}", NoticeCode.MESSAGE_REFUSED, "made up") for n in range(81)]
    house.sees(NOBODY, 1)
    assert len(house.events) == 81, "those that are known cost nothing"


def test_fail__a_flood_of_requests_is_taken_bit_by_bit(house: House) -> None:
    """In their order, and none is lost; meanwhile the lane goes on."""
    desk = DeskWriter(house.folder / "desk.db", house.clock.utc)
    for number in range(250):
        wanted = LockDownRequest(by=f"guard-{number}", asked_utc=house.clock.utc() - timedelta(days=1))
        desk.request_lock_down(wanted, release=False)
    house.sees(NOBODY, 5)
    refused = len(house.events)
    assert REQUESTS.burst <= refused <= REQUESTS.burst + 5 / REQUESTS.refill_s + 1
    house.sees(NOBODY, 300)
    said = [event.detail for event in house.events if isinstance(event, NoticeEvent)]
    assert [words.split(":")[1].strip() for words in said] == [f"by guard-{number}" for number in range(250)]
    desk.close()


def test_ok__what_the_scores_tell_is_journalled_once(house: House) -> None:
    house.matcher.tells = [Incident("drift-2026-11-21", NoticeCode.DRIFT, "scores down")]
    house.sees(NOBODY, 1.0)
    house.loop = house.make_loop()  # a restart tells it no second time
    house.sees(NOBODY, 1.0)
    assert house.notices == [NoticeCode.DRIFT]
    state = house.reader.live()
    assert state is not None
    assert state.recognition == house.matcher.recognition


@pytest.mark.parametrize("seen", [known(), unknown()])
def test_ok__every_decision_names_threshold_model_and_gallery(house: House, seen: Identification) -> None:
    house.matcher.gallery_size = 312
    house.sees(seen, 0.5)
    (event,) = (e for e in house.events if isinstance(e, AccessEvent))
    assert (event.threshold, event.model_id, event.gallery_size) == (0.45, "test/model", 312)


def test_ok__an_enrolment_made_here_is_journalled_once(house: House) -> None:
    desk = DeskWriter(house.folder / "desk.db")
    desk.request_enrolment(
        EnrolmentRequest(worker_id="w9", consent_ref="c-9", model_id="m", sealed_record=b"sealed"), by="t"
    )
    desk.close()
    house.sees(NOBODY, 1.0)
    house.loop = house.make_loop()
    house.sees(NOBODY, 1.0)
    enrolments = [e for e in house.events if isinstance(e, EnrolmentEvent)]
    assert [(e.worker_id, e.sealed_record) for e in enrolments] == [("w9", b"sealed")]


def test_ok__a_commissioning_record_is_journalled_once(house: House) -> None:
    desk = DeskWriter(house.folder / "desk.db")
    request = CommissioningRequest(outcome=CommissioningOutcome.PASSED, signed_record=b"signed", public_key=b"k" * 32)
    desk.request_commissioning(request, by="T-1")
    desk.close()
    house.sees(NOBODY, 1.0)
    house.loop = house.make_loop()
    house.sees(NOBODY, 1.0)
    records = [e for e in house.events if isinstance(e, CommissioningEvent)]
    assert [(e.outcome, e.signed_record) for e in records] == [(CommissioningOutcome.PASSED, b"signed")]


def test_fail__lists_from_the_future_or_a_clock_in_1970_admit_nobody(house: House) -> None:
    house.clock.set_utc(datetime.fromisoformat("1970-01-01T00:00:00+00:00"))
    house.sees(known(), 0.3)
    assert house.decisions == [Reason.CLOCK_UNTRUSTED]
    assert house.acts == []
    assert house.events[-1].clock_trusted is False


def test_ok__the_live_state_follows_and_names_nobody(house: House) -> None:
    house.sees(known(), 0.3)
    live = house.reader.live()
    assert live is not None
    assert (live.tone, live.advice, live.gate_state) == (Tone.GO, Advice.WALK_THROUGH, "released")
    assert "w1" not in live.model_dump_json()


def test_ok__closing_locks_and_is_recorded(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.sees(known(), 0.2)
    house.loop.close()
    assert not house.gate.energised
    assert house.notices == [NoticeCode.GATE_STOPPED]


def test_ok__look_alikes_are_recorded_once_per_roster_by_id_alone(house: House) -> None:
    house.matcher.alike = None  # the comparison is still going on
    house.sees(NOBODY, 1.0)
    assert NoticeCode.LOOK_ALIKE not in house.notices
    house.matcher.alike = {"w1": Candidate("w2", 0.8), "w2": Candidate("w1", 0.8)}
    house.sees(NOBODY, 1.0)
    house.loop = house.make_loop()  # a restart
    house.sees(NOBODY, 1.0)
    (notice,) = (e for e in house.events if isinstance(e, NoticeEvent) and e.code is NoticeCode.LOOK_ALIKE)
    assert notice.detail == "w1 ~ w2"
    house.lists.state = replace(house.lists.state, roster=ListAge(2, house.clock.utc()))
    house.lists.fresh = True
    house.sees(NOBODY, 1.0)
    assert house.notices.count(NoticeCode.LOOK_ALIKE) == 2
