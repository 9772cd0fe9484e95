"""Scores as counts: bins, days, and what an approach leaves behind."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.domain import Candidate, Identification, Sight
from edge.core.score_counts import BIN, KEEP_DAYS, DayScores, bin_of, lower_edge, mean
from edge.matcher.engine import quality
from edge.matcher.score_monitor.score_history import UNUSABLE_FRAMES_MIN, ScoreHistory

MONDAY = date(2026, 11, 2)
MODEL = "pack/model/1234/m2"


def known(approach, worker_id="w-1", score=0.7, runner_up=0.2):
    return Identification(Sight.KNOWN, approach, Candidate(worker_id, score), 0.4, 3, runner_up=runner_up)


def unknown(approach, score=0.3):
    return Identification(Sight.UNKNOWN, approach, Candidate("w-9", score), 0.4, 5)


def blurred(approach):
    return Identification(quality.BLURRED, approach)


def played(history, *answers, today=MONDAY):
    """The day after these frames and an empty lane."""
    days = [history.add(seen, 300, today) for seen in (*answers, Identification(Sight.NOBODY))]
    return next((day for day in reversed(days) if day), None)


@given(st.floats(-1, 1))
def test_ok__every_score_lies_in_its_bin(score):
    assert lower_edge(bin_of(score)) - 1e-8 <= score < lower_edge(bin_of(score)) + BIN


def test_ok__a_bins_own_edge_belongs_to_it():
    assert all(bin_of(lower_edge(i)) == i for i in range(-200, 201))
    assert mean({bin_of(0.5): 1}) == pytest.approx(0.5 + BIN / 2)
    assert mean({}) == 0.0


def test_ok__an_approach_counts_once_however_many_frames_it_has():
    day = played(ScoreHistory(MODEL), known(1), known(1), known(1))
    assert day == DayScores(day=MONDAY, model_id=MODEL, gallery=300, workers=1, accepted={140: 1}, runner_up={40: 1})


def test_ok__the_last_answer_to_an_approach_counts():
    day = played(ScoreHistory(MODEL), unknown(1), known(1))
    assert (day.accepted, day.unknown) == ({140: 1}, {})


def test_ok__a_worker_passing_often_is_one_worker_and_one_runner_up():
    day = played(ScoreHistory(MODEL), known(1), known(2), known(3, "w-2"))
    assert (day.accepted, day.runner_up, day.workers) == ({140: 3}, {40: 2}, 2)
    assert day.usable == day.approaches == 3


def test_ok__an_approach_without_a_usable_face_counts_a_glance_does_not():
    history = ScoreHistory(MODEL)
    assert played(history, *[blurred(1)] * (UNUSABLE_FRAMES_MIN - 1)) is None
    assert played(history, *[blurred(2)] * UNUSABLE_FRAMES_MIN).unusable == 1
    assert played(history, *[blurred(3)] * UNUSABLE_FRAMES_MIN, unknown(3)).unusable == 1


def test_ok__nothing_is_counted_before_the_person_has_gone():
    history = ScoreHistory(MODEL)
    assert history.add(known(1), 300, MONDAY) is None
    assert history.days == ()


def test_ok__a_restart_goes_on_with_the_day_and_never_counts_workers_twice():
    before = ScoreHistory(MODEL)
    played(before, known(1, "w-1"), known(2, "w-2"))
    after = ScoreHistory(MODEL, before.days)
    day = played(after, known(1, "w-1"), known(2, "w-2"))
    assert (day.workers, day.accepted) == (2, {140: 4})


def test_ok__another_models_days_are_another_history():
    other = DayScores(day=MONDAY, model_id="another", unusable=7)
    assert ScoreHistory(MODEL, [other]).days == ()


def test_ok__old_days_are_forgotten():
    history = ScoreHistory(MODEL)
    played(history, known(1))
    day = MONDAY + timedelta(days=KEEP_DAYS)
    played(history, known(2), today=day)
    assert [d.day for d in history.days] == [day]


def test_ok__what_is_kept_names_nobody():
    day = played(ScoreHistory(MODEL), known(1, "w-1042"), unknown(2))
    assert "w-" not in day.model_dump_json()
