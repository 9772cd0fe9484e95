"""Count what the matcher's results scored, approach by approach, for self-calibration and the drift alarm.

Pure: fed with identifications and the day, it knows neither clock nor file. Worker ids are kept for the present day, in
memory alone, so that nobody is counted twice. What is stored are counts per bin.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta

from edge.core.domain import Identification, Sight
from edge.core.score_counts import KEEP_DAYS, DayScores, bin_of
from edge.matcher.engine.quality import BLURRED, TOO_DARK, TURNED_AWAY

UNUSABLE_FRAMES_MIN = 3
"""Fewer unusable frames than this are a glance aside while walking past."""
_UNUSABLE = (TOO_DARK, BLURRED, TURNED_AWAY)


class ScoreHistory:
    """The days of one model, oldest first; the present day grows."""

    def __init__(self, model_id: str, known: Iterable[DayScores] = ()) -> None:
        self._model_id = model_id
        self._days = {d.day: d for d in sorted(known, key=lambda d: d.day) if d.model_id == model_id}
        self._today: date | None = None
        self._seen_workers: set[str] = set()
        self._approach = 0
        self._answer: Identification | None = None
        self._unusable_frames = 0

    @property
    def days(self) -> tuple[DayScores, ...]:
        return tuple(self._days.values())

    def add(self, seen: Identification, gallery: int, today: date) -> DayScores | None:
        """Add one frame's result. Returns the day so far if an approach ended with this frame, else None."""
        ended = None
        if seen.approach != self._approach:
            ended = self._end(gallery, today)
            self._approach, self._answer, self._unusable_frames = seen.approach, None, 0
        if seen.sight in (Sight.KNOWN, Sight.UNKNOWN) and seen.candidate is not None:
            self._answer = seen
        elif seen.sight in _UNUSABLE:
            self._unusable_frames += 1
        return ended

    def _end(self, gallery: int, today: date) -> DayScores | None:
        """Count the approach that is over; None if there is nothing to count."""
        answer = self._answer
        if answer is None and self._unusable_frames < UNUSABLE_FRAMES_MIN:
            return None
        if today != self._today:
            self._today, self._seen_workers = today, set()
            self._forget(today)
        day = self._days.get(today) or DayScores(day=today, model_id=self._model_id)
        if answer is None or answer.candidate is None:
            day = day.model_copy(update={"unusable": day.unusable + 1})
        elif answer.sight is Sight.UNKNOWN:
            day = day.model_copy(update={"unknown": _one_more(day.unknown, answer.candidate.score)})
        else:
            day = self._recognised(day, answer, answer.candidate.worker_id, answer.candidate.score)
        self._days[today] = day.model_copy(update={"gallery": gallery})
        return self._days[today]

    def _recognised(self, day: DayScores, answer: Identification, worker_id: str, score: float) -> DayScores:
        update: dict[str, object] = {"accepted": _one_more(day.accepted, score)}
        if worker_id not in self._seen_workers:
            self._seen_workers.add(worker_id)
            # After a restart the set is empty but the count stays: too few workers is the safe error.
            update["workers"] = max(day.workers, len(self._seen_workers))
            if answer.runner_up is not None:
                update["runner_up"] = _one_more(day.runner_up, answer.runner_up)
        return day.model_copy(update=update)

    def _forget(self, today: date) -> None:
        self._days = {d: scores for d, scores in self._days.items() if d > today - timedelta(days=KEEP_DAYS)}


def _one_more(bins: dict[int, int], score: float) -> dict[int, int]:
    return dict(Counter(bins) + Counter({bin_of(score): 1}))
