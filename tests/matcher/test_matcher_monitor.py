"""The monitor: counts answers, judges once a day, proposes or applies, alarms."""

from datetime import UTC, date, datetime, timedelta

import pytest
from score_streams import day as drift_day
from score_tails import runner_ups
from screen_parts import live

from contract.messages import NoticeCode
from edge.core.config import MatcherConfig
from edge.core.domain import Candidate, Identification, Recognition, Sight
from edge.matcher.score_monitor.monitor import ScoreMonitor
from edge.replica.summary import ReplicaSummary
from edge.screen.journal.totals import JournalTotals
from edge.screen.technician.metrics import exposition
from edge.screen.technician.view import technician_view
from edge.screen.translations import load_all

TODAY = date(2026, 11, 30)
BASIS = Recognition(workers=1_000, fpir_target=0.003, tail="pack")


class Calendar:
    """A wall clock set by hand."""

    def __init__(self):
        self.now, self.trust = datetime(2026, 11, 30, 6, tzinfo=UTC), True

    def utc(self):
        return self.now

    def monotonic(self):
        return self.now.timestamp()

    def trusted(self):
        return self.trust


class Kept:
    """A store in memory."""

    def __init__(self, *days):
        self.kept = {d.day: d for d in days}

    def days(self):
        return list(self.kept.values())

    def save(self, day):
        self.kept[day.day] = day


def monitor(store, clock=None, **config):
    made = ScoreMonitor(store, clock or Calendar(), MatcherConfig(**config), "m", 0.0275)
    made.gallery_changed(1_000, 0.45)
    return made


def alike():
    """Ten days of a site whose people resemble each other much more than the pack's public."""
    return runner_ups(1_000, 500, shift=0.08)


def dirty_lens():
    return [drift_day(ago, **({"mean": 0.5} if ago <= 7 else {})) for ago in range(40, 0, -1)]


def test_ok__an_answer_is_counted_and_kept_when_the_person_has_gone():
    store = Kept()
    watching = monitor(store)
    watching.add(Identification(Sight.KNOWN, 1, Candidate("w-1", 0.7), 0.45, 3, runner_up=0.3))
    assert store.kept == {}
    watching.add(Identification(Sight.NOBODY))
    assert store.kept[TODAY].accepted == {140: 1}


def test_fail__nothing_is_counted_by_a_clock_that_is_wrong():
    store, clock = Kept(), Calendar()
    clock.trust = False
    watching = monitor(store, clock)
    watching.add(Identification(Sight.KNOWN, 1, Candidate("w-1", 0.7), 0.45, 3))
    watching.add(Identification(Sight.NOBODY))
    assert (store.kept, watching.notices()) == ({}, [])


def test_ok__a_proposal_is_told_and_changes_nothing():
    watching = monitor(Kept(*alike()))
    (notice,) = watching.notices()
    assert notice.code is NoticeCode.THRESHOLD_PROPOSED
    assert "500 workers (not in use)" in notice.detail
    assert watching.applied == 0.0
    assert watching.with_corrections(BASIS, 0.45).proposed == pytest.approx(0.5, abs=0.04)
    assert watching.notices() == [notice]  # the journal takes each ref once


def test_ok__applied_only_if_the_configuration_says_so():
    watching = monitor(Kept(*alike()), self_calibrate="apply")
    assert 0.0 < watching.applied <= 0.05
    assert watching.with_corrections(BASIS, 0.45).correction == watching.applied
    assert "(in use)" in watching.notices()[0].detail


def test_ok__a_threshold_set_by_hand_is_never_touched():
    assert monitor(Kept(*alike()), self_calibrate="apply", threshold=0.45).applied == 0.0


def test_ok__within_a_day_the_threshold_stands_still():
    clock = Calendar()
    today = alike()[0].model_copy(update={"day": TODAY})
    watching = monitor(Kept(today), clock, self_calibrate="apply")
    assert (watching.notices(), watching.applied) == ([], 0.0)
    clock.now += timedelta(days=1)
    assert watching.notices()
    assert watching.applied > 0


def test_ok__drift_is_told_once_a_day():
    clock = Calendar()
    watching = monitor(Kept(*dirty_lens()), clock)
    first, again = watching.notices(), watching.notices()
    assert [n.code for n in first] == [NoticeCode.DRIFT]
    assert first == again
    assert "scores of recognised workers down" in first[0].detail
    clock.now += timedelta(days=1)
    assert watching.notices()[0].ref != first[0].ref


def test_ok__drift_is_shown_with_a_next_step_and_measured():
    with_corrections = monitor(Kept(*dirty_lens())).with_corrections(BASIS, 0.45)
    state, now = live(recognition=with_corrections, threshold=0.45), datetime(2026, 11, 21, 6, tzinfo=UTC)
    state = state.model_copy(update={"utc": now})
    for texts in load_all().values():
        view = technician_view(state, JournalTotals(), ReplicaSummary(), texts, now)
        assert [alarm.todo for alarm in view.alarms] == list(texts.drift_todo.values())[:1]
        assert "1,000" in view.threshold_words or "1000" in view.threshold_words
    text = exposition(state, JournalTotals(), ReplicaSummary(), now).decode()
    assert 'sitegate_drift_alarm{of="scores"} 1.0' in text
    assert 'sitegate_drift_alarm{of="unknown"} 0.0' in text
    assert "sitegate_fpir_target 0.003" in text
