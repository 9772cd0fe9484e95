"""Alarms, refusals and the lock-down as plain data, in the reader's language. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from contract.messages import AccessEvent, DirectoryEntry, NoticeCode, NoticeEvent
from edge.core.domain import LiveState
from edge.core.domain.alarms import Acknowledgement
from edge.core.passage import PassageState
from edge.screen.journal.alarms import ENDING, AlarmEvent, AlarmLog
from edge.screen.journal.event_detail import event_detail
from edge.screen.journal.event_line import Line, event_line, who
from edge.screen.translations import Texts

WAITS_FOR = timedelta(days=7)
"""An older alarm waits for nobody: it is in the history."""
SHOWN_REFUSALS = 5
SHOWN_DONE = 20


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """One alarm. `over`: when its cause ended; `lasts`: it has an end, and that did not come yet."""

    epoch: str
    seq: int
    line: Line
    over: datetime | None
    lasts: bool
    acknowledged: Acknowledgement | None


@dataclass(frozen=True, slots=True)
class RefusalRow:
    """One refusal. `name`: "" if unknown. `later`: when the same worker was let in after it, and `by` whom."""

    line: Line
    name: str
    later: datetime | None
    by: str


class LockState(StrEnum):
    """What the screen knows of the lock-down."""

    ON = "on"
    OFF = "off"
    UNKNOWN = "unknown"
    """The gate process is silent."""


@dataclass(frozen=True, slots=True)
class LockDownView:
    """The lock-down, since when, who asked for it and why. All three may be unknown. `mark`: which one it is."""

    state: LockState
    since: datetime | None = None
    who: str = ""
    why: str = ""
    mark: str = ""


def alarm_rows(
    log: AlarmLog, acknowledged: Mapping[int, Acknowledgement], texts: Texts, now: datetime
) -> tuple[list[AlarmRow], list[AlarmRow]]:
    """Return the alarms that wait for somebody, and those that somebody acknowledged; both newest first."""
    rows = [
        _alarm(event, log, acknowledged.get(event.seq), texts)
        for event in reversed(log.alarms)
        if now - event.utc <= WAITS_FOR
    ]
    waiting = [row for row in rows if row.acknowledged is None]
    return waiting, [row for row in rows if row.acknowledged is not None][:SHOWN_DONE]


def refusal_rows(log: AlarmLog, directory: Mapping[str, DirectoryEntry], texts: Texts) -> list[RefusalRow]:
    """Return the newest refusals, newest first, with what to do and what became of them."""
    return [_refusal(event, log, directory, texts) for event in list(log.refusals)[: -SHOWN_REFUSALS - 1 : -1]]


def lock_down_view(live: LiveState | None, log: AlarmLog, texts: Texts) -> LockDownView:
    """Return what is known of the lock-down. `live` None: the gate process is silent."""
    if live is None:
        return LockDownView(LockState.UNKNOWN)
    if live.gate_state is not PassageState.LOCKDOWN:
        return LockDownView(LockState.OFF)
    for event in reversed(log.alarms):
        if isinstance(event, NoticeEvent) and event.code is NoticeCode.LOCKED_DOWN and log.over_since(event) is None:
            said = who(event, texts), event_detail(event, texts)
            return LockDownView(LockState.ON, event.utc, *said, mark=live.lock_down)
    return LockDownView(LockState.ON, mark=live.lock_down)


def _alarm(event: AlarmEvent, log: AlarmLog, found: Acknowledgement | None, texts: Texts) -> AlarmRow:
    over = log.over_since(event)
    ends = isinstance(event, NoticeEvent) and event.code in ENDING
    return AlarmRow(event.epoch, event.seq, event_line(event, texts), over, ends and over is None, found)


def _refusal(event: AccessEvent, log: AlarmLog, directory: Mapping[str, DirectoryEntry], texts: Texts) -> RefusalRow:
    entry, later = directory.get(event.worker_id or ""), log.let_in_later(event)
    name = (entry.name if entry else None) or ""
    return RefusalRow(event_line(event, texts), name, later.utc if later else None, later.by if later else "")
