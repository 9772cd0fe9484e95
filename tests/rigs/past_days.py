"""A journal with a past, for the pages about it: one working day, in a real file."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from contract.messages import (
    AccessEvent,
    Advice,
    Direction,
    DirectoryEntry,
    NoticeCode,
    NoticeEvent,
    PassageEvent,
    PassageOutcome,
    Reason,
)
from edge.core.config import SiteConfig
from edge.screen.office.muster import NoNames
from edge.storage.journal import Journal

DAY = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
"""The first moment of yesterday, by the clock of the site."""
MARKUP = "<script>alert(1)</script>"
NAMES = NoNames(
    1,
    datetime.now(UTC),
    {
        "w-1": DirectoryEntry(worker_id="w-1", name="王小明", employer="中建三局", team="A", phone="138"),
        "w-2": DirectoryEntry(worker_id="w-2", name="Li Wei", employer="=1+1", team="B"),
        "w-3": DirectoryEntry(worker_id="w-3", name=MARKUP, employer=MARKUP, team=MARKUP),
    },
)
ADMISSIONS = (Reason.GRANTED, Reason.MANUAL_ADMIT, Reason.REMOTE_OPEN)


class PastDay:
    """Writes one day into a journal. Hours are those of the site."""

    def __init__(self, path: Path, site: SiteConfig) -> None:
        self.path, self._now = path, DAY
        self._journal = Journal(path, site, self, synchronous="OFF")

    def utc(self) -> datetime:
        return self._now.astimezone(UTC)

    def monotonic(self) -> float:
        return self._now.timestamp()

    def trusted(self) -> bool:
        return True

    def at(self, hour: float) -> "PastDay":
        """Set the clock."""
        self._now = DAY + timedelta(hours=hour)
        return self

    def decides(
        self,
        reason: Reason,
        worker_id: str | None = None,
        detail: str = "",
        alerts: tuple[str, ...] = (),
        by: str = "",
    ) -> None:
        granted = reason in ADMISSIONS
        self._journal.append(
            AccessEvent,
            reason=reason,
            granted=granted,
            advice=Advice.WALK_THROUGH if granted else Advice.SEE_DESK,
            direction=Direction.IN,
            worker_id=worker_id,
            detail=detail,
            alerts=alerts,
            by=by,
        )

    def passes(self, worker_id: str | None, direction: Direction = Direction.IN) -> None:
        self._journal.append(PassageEvent, outcome=PassageOutcome.PASSED, direction=direction, worker_id=worker_id)

    def notes(self, code: NoticeCode, detail: str = "") -> None:
        self._journal.append(NoticeEvent, code=code, detail=detail)

    def close(self) -> None:
        self._journal.close()


def write_day(path: Path, site: SiteConfig | None = None) -> None:
    """Write a day with every kind of event."""
    day = PastDay(path, site or SiteConfig())
    day.at(6).notes(NoticeCode.GATE_STARTED)
    for hour, worker in ((7.0, "w-1"), (7.1, "w-2")):
        day.at(hour).decides(Reason.GRANTED, worker)
        day.at(hour + 0.001).passes(worker)
    day.at(7.2).decides(Reason.TRAINING_LAPSED, "w-3", "valid until 2026-06-30")
    day.at(7.25).decides(Reason.MANUAL_ADMIT, "w-3", f"by anna: {MARKUP}", by="anna")
    day.at(7.251).passes("w-3")
    day.at(7.3).decides(Reason.RISK_HOLD, "w-9", "key-screening")
    day.at(7.4).decides(Reason.UNKNOWN)
    day.at(8.0).decides(Reason.GRANTED, "w-4", alerts=("risk list: key-screening",))
    day.at(9.0).notes(NoticeCode.COMMAND_DONE, "lock_down by anna at the desk")
    day.at(17.0).decides(Reason.GRANTED, "w-1")
    day.at(17.001).passes("w-1", Direction.OUT)
    day.close()
