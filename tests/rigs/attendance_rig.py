"""Entries of the feed as HQ gives them, for tests of attendance."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 3, 2, tzinfo=CHINA)


def at(hour: float, day: int = 0) -> datetime:
    """Return an hour of a day, counted from a Monday."""
    return (MONDAY + timedelta(days=day, hours=hour)).astimezone(UTC)


@dataclass(frozen=True)
class Entry:
    """The fields of HQ's entry."""

    kind: str = "event"
    site_id: str = "site-1"
    gate_id: str = "gate-1"
    line: str = "epoch"
    seq: int = 0
    type: str = ""
    worker_id: str | None = None
    utc: datetime | None = None
    corrected_utc: datetime | None = None
    received_utc: datetime | None = None
    body: str = ""
    why: str = ""
    last_seq: int = 0


@dataclass
class GateJournal:
    """Writes entries as one gate does."""

    site_id: str = "site-1"
    gate_id: str = "gate-1"
    line: str = "epoch"
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def passed(
        self, worker: str | None, direction: str, when: datetime, *, outcome: str = "passed", trusted: bool = True
    ) -> Entry:
        """Write a passage."""
        body = {"outcome": outcome, "direction": direction, "clock_trusted": trusted}
        return self._entry("passage", worker, when, body)

    def refused(self, worker: str | None, reason: str, when: datetime) -> Entry:
        """Write a refusal."""
        body = {"reason": reason, "granted": False, "direction": "in", "clock_trusted": True}
        return self._entry("access", worker, when, body)

    def _entry(self, kind: str, worker: str | None, when: datetime, body: dict[str, object]) -> Entry:
        received = max(when, when + timedelta(seconds=2))
        return Entry(
            *("event", self.site_id, self.gate_id, self.line, next(self._numbers), kind, worker, when, None, received),
            body=json.dumps(body),
        )
