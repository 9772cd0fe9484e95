"""Real photos through the matcher with its monitor: what is counted, and what a dirty lens does to it."""

from collections import Counter
from datetime import timedelta

import cv2
import numpy as np
import pytest

from edge.core.config import MatcherConfig
from edge.core.domain import Frame, Sight
from edge.core.score_counts import DayScores, bin_of
from edge.matcher import FaceMatcher, open_matcher
from edge.matcher.score_monitor.drift import DriftKind, find_drift
from edge.matcher.score_monitor.monitor import ScoreMonitor
from edge.sim import ManualClock
from edge.storage.score_store import ScoreStore
from edge.tools.evaluation.conditions import film_on_lens


@pytest.fixture(scope="module")
def engine(models_dir):
    return open_matcher(MatcherConfig(), models_dir).engine


@pytest.fixture
def photo(photos_dir):
    return lambda name: cv2.imread(str(photos_dir / name))


def frame_of(image):
    frame = np.full((480, 640, 3), 110, dtype=np.uint8)
    width = round(image.shape[1] * 480 / image.shape[0])
    frame[:, 150 : 150 + width] = cv2.resize(image, (width, 480), interpolation=cv2.INTER_AREA)[:, :490]
    return frame


class Lane:
    """People come one after another, each for six frames, with an empty lane between them."""

    def __init__(self, matcher):
        self.matcher, self.number = matcher, 0

    def comes(self, frame):
        seen = [self._show(frame) for _ in range(6)]
        for _ in range(30):
            self._show(np.full_like(frame, 110))
        return seen[-1]

    def _show(self, frame):
        self.number += 1
        return self.matcher.identify(Frame(frame, self.number / 25, self.number))


def enrolled(engine, photo, monitor=None):
    matcher = FaceMatcher(engine, MatcherConfig(), monitor=monitor)
    names = {"worker-a": "person-a-1.jpg", "worker-b": "person-b-1.jpg", "worker-c": "person-c-1.png"}
    matcher.load([(who, t) for who, name in names.items() for t in matcher.enrol([photo(name)])])
    return matcher


def test_ok__a_morning_at_the_gate_leaves_counts_and_no_names(engine, photo, tmp_path):
    clock, store = ManualClock(), ScoreStore(tmp_path / "scores.db")
    monitor = ScoreMonitor(store, clock, MatcherConfig(), engine.model_id, 0.0275)
    lane = Lane(enrolled(engine, photo, monitor))
    first = lane.comes(frame_of(photo("person-a-2.jpg")))
    assert (first.sight, first.candidate.worker_id) == (Sight.KNOWN, "worker-a")
    assert lane.comes(frame_of(cv2.flip(photo("person-a-2.jpg"), 1))).sight is Sight.KNOWN
    assert lane.comes(frame_of(photo("person-d-1.png"))).sight is Sight.UNKNOWN
    assert lane.comes((frame_of(photo("person-a-2.jpg")) * 0.08).astype(np.uint8)).sight is not Sight.KNOWN
    (day,) = store.days()
    assert (day.day, day.gallery, day.workers) == (clock.utc().date(), 3, 1)
    assert (sum(day.accepted.values()), sum(day.unknown.values()), sum(day.runner_up.values())) == (2, 1, 1)
    assert day.accepted[bin_of(first.candidate.score)] >= 1
    assert list(day.runner_up) == [bin_of(first.runner_up)]
    assert first.runner_up < first.threshold
    assert b"worker-a" not in (tmp_path / "scores.db").read_bytes() + (tmp_path / "scores.db-wal").read_bytes()
    store.close()


def test_ok__a_gate_told_not_to_count_counts_nothing(engine, photo):
    seen = Lane(enrolled(engine, photo)).comes(frame_of(photo("person-a-2.jpg")))
    assert (seen.sight, seen.runner_up) == (Sight.KNOWN, None)


def test_ok__a_film_on_the_lens_is_told_from_real_scores(engine, photo):
    """Sixty workers who score as these photos do, with a clean lens and with a dirty one."""
    lane = Lane(enrolled(engine, photo))
    clean = [frame_of(image) for image in (photo("person-a-2.jpg"), cv2.flip(photo("person-a-2.jpg"), 1))]
    before = [lane.comes(frame) for frame in clean]
    after = [lane.comes(film_on_lens(film_on_lens(frame))) for frame in clean]
    today = ManualClock().utc().date()

    def day(ago, seen):
        known = [s.candidate.score for s in seen if s.sight is Sight.KNOWN]
        counts = Counter(bin_of(score) for score in known * 30)
        lost = 30 * (len(seen) - len(known))
        when = today - timedelta(days=ago)
        return DayScores(day=when, model_id="m", workers=60, accepted=counts, unusable=lost)

    steady = [day(ago, before) for ago in range(40, 0, -1)]
    assert not any(shift.alarming for shift in find_drift(steady, today))
    dirty = steady[:-7] + [day(ago, after) for ago in range(7, 0, -1)]
    assert {s.kind for s in find_drift(dirty, today) if s.alarming} & {DriftKind.SCORES, DriftKind.UNUSABLE}
