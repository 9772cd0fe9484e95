"""Monitor the matcher's results: count their scores, propose a threshold, raise the drift alarm."""

from datetime import date

import structlog

from contract.messages import NoticeCode
from edge.core.config import MatcherConfig
from edge.core.domain import Identification, Incident, Recognition
from edge.core.ports import Clock, ScoreCountStore
from edge.matcher.score_monitor.drift import PopulationShift, find_drift
from edge.matcher.score_monitor.score_history import ScoreHistory
from edge.matcher.score_monitor.site_threshold import SiteTail, correction, site_tail

_log = structlog.get_logger()

REPORT_STEP = 0.01
"""Corrections that round to the same hundredth are reported once a month."""


class ScoreMonitor:
    """One per matcher, which adds every result. Nothing is counted while the clock is not trusted: the day would be
    wrong.

    Judges once a day and when the gallery changes, on whole days: within a day the threshold does not change.
    """

    def __init__(
        self, store: ScoreCountStore, clock: Clock, config: MatcherConfig, model_id: str, pack_scale: float
    ) -> None:
        self._store, self._clock, self._config, self._pack_scale = store, clock, config, pack_scale
        self._history = ScoreHistory(model_id, store.days())
        self._gallery, self._expected = 0, 0.0
        self._judged: date | None = None
        self._site: SiteTail | None = None
        self._correction = 0.0
        self._shifts: list[PopulationShift] = []
        self._notices: list[Incident] = []

    @property
    def applied(self) -> float:
        """The present correction of the threshold; 0 for a threshold set in the configuration."""
        return self._correction if self._config.self_calibrate == "apply" and self._config.threshold is None else 0.0

    def gallery_changed(self, workers: int, expected: float) -> None:
        """Note a new gallery. `expected` is its threshold before any correction."""
        self._gallery, self._expected, self._judged = workers, expected, None
        self._judge()

    def add(self, seen: Identification) -> None:
        """Count the result of one frame."""
        if self._clock.trusted() and (day := self._history.add(seen, self._gallery, self._clock.utc().date())):
            self._store.save(day)

    def notices(self) -> list[Incident]:
        """The day's notices, to be read at least every few seconds. Judges once a day."""
        self._judge()
        return self._notices

    def with_corrections(self, basis: Recognition, expected: float) -> Recognition:
        """Add this day's correction, proposal and drift to `basis`."""
        return basis.model_copy(
            update={
                "correction": self.applied,
                "proposed": expected + self._correction if self._correction else None,
                "drift": {shift.kind.value: round(shift.index / shift.limit, 3) for shift in self._shifts},
                "alarms": tuple(shift.kind.value for shift in self._shifts if shift.alarming),
            }
        )

    def _judge(self) -> None:
        if not self._clock.trusted() or (today := self._clock.utc().date()) == self._judged:
            return
        self._judged = today
        days = self._history.days
        self._site = site_tail(days, self._gallery, self._config.fpir_target, today, self._pack_scale)
        self._correction = correction(self._expected, self._site) if self._site else 0.0
        self._shifts = find_drift(days, today)
        self._notices = []
        if self._site and abs(self._correction) >= REPORT_STEP / 2:
            self._notices.append(self._proposal(self._site, today))
        if alarms := [str(shift) for shift in self._shifts if shift.alarming]:
            self._notices.append(Incident(f"drift-{today}", NoticeCode.DRIFT, "; ".join(alarms)))
            _log.warning("scores_drifted", what=alarms)

    def _proposal(self, site: SiteTail, today: date) -> Incident:
        proposed = self._expected + self._correction
        detail = (
            f"{proposed:.3f} instead of {self._expected:.3f}, from the scores of {site.workers} workers "
            f"({'in use' if self.applied else 'not in use'})"
        )
        ref = f"threshold-{today:%Y-%m}-{round(self._correction / REPORT_STEP):+d}-{self._config.self_calibrate}"
        return Incident(ref, NoticeCode.THRESHOLD_PROPOSED, detail)
