"""The manager's page as data, and the metrics of the same state."""

from datetime import timedelta
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from screen_parts import NOW, Ack, Held, Link, MemoryJournal, Summary, live

from contract.messages import (
    DataTier,
    Direction,
    EnrolmentEvent,
    ListKind,
    NoticeCode,
    NoticeEvent,
    Origin,
    PassageOutcome,
    Reason,
)
from edge.core.domain import LiveState
from edge.screen.journal.event_line import Mood
from edge.screen.journal.totals import JournalTotals
from edge.screen.office.inside import presence_now
from edge.screen.technician.metrics import exposition
from edge.screen.technician.view import TechnicianView, technician_view, unsent
from edge.screen.translations import load_all

ENGLISH = load_all()["en"]


def view_of(journal: MemoryJournal, state: LiveState | None = None, sync: Summary | None = None) -> TechnicianView:
    totals = JournalTotals(journal.epoch)
    totals.add(journal.kept)
    return technician_view(state, totals, sync or Summary(), ENGLISH, NOW)


@pytest.mark.parametrize(
    ("state", "mood", "words"),
    [
        (None, Mood.BAD, "Not running"),
        (live(age_s=60), Mood.BAD, "Not running"),
        (live(), Mood.PLAIN, "Locked"),
        (live(gate_state="released"), Mood.GOOD, "Released"),
        (live(gate_state="fire"), Mood.BAD, "Open: fire"),
        (live(gate_state="thinking"), Mood.PLAIN, "thinking"),
    ],
)
def test_ok__gate_state(state: LiveState | None, mood: Mood, words: str) -> None:
    view = view_of(MemoryJournal(), state)
    assert (view.gate_mood, view.gate_words) == (mood, words)
    assert (view.live is None) == (words == "Not running")


def test_ok__every_event_has_words_newest_first() -> None:
    for codes in (list(NoticeCode)[::2], list(NoticeCode)[1::2]):  # the page shows the newest 50
        notices = MemoryJournal()
        for code in codes:
            notices.add(NoticeEvent, code=code, detail="why")
        assert all(line.what for line in view_of(notices).lines) and len(view_of(notices).lines) == len(codes)
    journal = MemoryJournal()
    for reason in Reason:
        journal.access(reason, "w-1")
    for outcome in PassageOutcome:
        journal.passage("w-2", outcome=outcome)
    journal.add(EnrolmentEvent, worker_id="w-3", consent_ref="c", model_id="m", sealed_record=b"x")
    lines = view_of(journal).lines
    assert len(lines) == len(Reason) + len(PassageOutcome) + 1
    assert (lines[0].what, lines[0].worker_id) == ("Enrolled here", "w-3")
    assert all(line.what for line in lines)
    assert lines[-1].what == "Admitted" and lines[-1].mood is Mood.GOOD


def test_ok__name_of_the_risk_list_stays_out() -> None:
    journal = MemoryJournal()
    journal.access(Reason.RISK_HOLD, "w-1", "key-screening")
    assert view_of(journal).lines[0].detail == ""


def test_fail__who_sees_no_names_sees_no_hold_and_nothing_that_people_wrote() -> None:
    journal = MemoryJournal()
    asked: dict[str, Any] = {"by": "anna", "origin": Origin.DESK}
    journal.access(Reason.RISK_HOLD, "w-1", "key-screening")
    journal.add(NoticeEvent, code=NoticeCode.LOCKED_DOWN, detail="by anna: Wang fights", **asked)
    journal.add(NoticeEvent, code=NoticeCode.REQUEST_REFUSED, detail="admit: by anna: Wang is late")
    journal.access(Reason.MANUAL_ADMIT, "w-1", "by anna: Wang forgot the card")
    journal.access(Reason.TRAINING_LAPSED, "w-2", "valid until 2026-06-30")
    totals = JournalTotals(journal.epoch)
    totals.add(journal.kept)
    lines = technician_view(None, totals, Summary(), ENGLISH, NOW, names=False).lines
    assert len(lines) == 4 and lines[0].detail == "valid until 2026-06-30"
    assert not any(one in str(lines) for one in ("anna", "Wang", "risk list", "key-screening"))


def test_ok__people_newest_first_with_those_without_id() -> None:
    journal = MemoryJournal()
    for worker_id in ("a", "b", None):
        journal.passage(worker_id)
    totals = JournalTotals(journal.epoch)
    totals.add(journal.kept)
    found = presence_now(None, totals, NOW)
    assert [p.worker_id for p in found.people] == ["b", "a"]
    assert (found.total, found.unnamed) == (3, 1)


@pytest.mark.parametrize(
    ("link", "mood", "words"),
    [
        (None, Mood.BAD, "Sync not started"),
        (Link(False, NOW), Mood.CARE, "Not connected"),
        (Link(True, NOW, hq_online=False), Mood.CARE, "HQ is offline"),
        (Link(True, NOW, hq_online=None), Mood.GOOD, "Connected"),
        (Link(True, NOW), Mood.GOOD, "Connected"),
    ],
)
def test_ok__connection(link: Link | None, mood: Mood, words: str) -> None:
    panel = view_of(MemoryJournal(), sync=Summary(link=link)).link
    assert (panel.mood, panel.words) == (mood, words)


@pytest.mark.parametrize(("epoch", "seq", "left"), [("e1", 0, 4), ("e1", 3, 1), ("e1", 4, 0), ("e0", 400, 4)])
def test_ok__unsent_counts_what_hq_has_not_acknowledged(epoch: str, seq: int, left: int) -> None:
    journal = MemoryJournal()
    for _ in range(4):
        journal.access(Reason.UNKNOWN)
    totals = JournalTotals("e1")
    totals.add(journal.kept)
    assert unsent(Summary(ack=Ack(epoch, seq, NOW)), totals) == left


@pytest.mark.parametrize("found", list(DataTier))
def test_ok__a_list_shows_the_tier_the_gate_gives_it(found: DataTier) -> None:
    roster, risk, policy, _names = view_of(MemoryJournal(), live(roster_tier=found, risk_tier=found)).lists
    assert (roster.tier, risk.tier, policy.tier) == (found.value, found.value, "")


def test_ok__a_silent_gate_gives_no_tier() -> None:
    assert [line.tier for line in view_of(MemoryJournal()).lists] == ["", "", "", ""]


def test_fail__no_list_yet_is_expired() -> None:
    roster = view_of(MemoryJournal(), live()).lists[0]
    assert (roster.version, roster.age, roster.tier, roster.mood) == (0, "none yet", "expired", Mood.BAD)


def samples(state: LiveState | None, journal: MemoryJournal, sync: Summary) -> dict[tuple[str, ...], float]:
    totals = JournalTotals(journal.epoch)
    totals.add(journal.kept)
    text = exposition(state, totals, sync, NOW).decode()
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_ok__metrics() -> None:
    journal = MemoryJournal()
    journal.access(Reason.GRANTED, "w-1")
    journal.passage("w-1")
    journal.passage("w-9", Direction.OUT)
    sync = Summary({ListKind.ROSTER: Held(7, NOW - timedelta(hours=1))}, Ack("e1", 1, NOW), Link(True, NOW))
    got = samples(live(frames_per_s=24.5, gate_state="released", age_s=2, threshold=0.4), journal, sync)
    assert got[("sitegate_access_events_total", "granted")] == 1
    assert got[("sitegate_access_events_total", "unknown")] == 0
    assert got[("sitegate_passages_total", "in", "passed")] == 1
    assert got[("sitegate_people_on_site",)] == 1
    assert got[("sitegate_unsent_events",)] == 2
    assert got[("sitegate_list_age_seconds", "roster")] == 3600
    assert got[("sitegate_list_version", "risk")] == 0
    assert got[("sitegate_camera_frames_per_second",)] == 24.5
    assert got[("sitegate_gate_state", "released")] == 1 and got[("sitegate_gate_state", "locked")] == 0
    assert got[("sitegate_live_age_seconds",)] == 2
    assert got[("sitegate_journal_chain_whole",)] == 1
    assert not any("w-1" in part for key in got for part in key)


def test_fail__metrics_of_a_silent_gate_claim_no_state() -> None:
    got = samples(live(age_s=60), MemoryJournal(), Summary())
    assert got[("sitegate_gate_running",)] == 0
    assert [got[("sitegate_gate_state", s)] for s in ("locked", "released", "fire")] == [0, 0, 0]
