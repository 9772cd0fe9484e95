"""One event of the journal as a line of a page: pure, and already in the reader's language."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from contract.messages import (
    AccessEvent,
    AnyEvent,
    AskedEvent,
    ClockEvent,
    CommissioningEvent,
    CommissioningOutcome,
    EnrolmentEvent,
    NoticeCode,
    NoticeEvent,
    Origin,
    PassageEvent,
    PassageOutcome,
    Reason,
    TrainingEvent,
)
from edge.screen.journal.alarms import ALARM_NOTICES
from edge.screen.journal.event_detail import event_detail, technical_detail
from edge.screen.translations import Label, Texts


class Mood(StrEnum):
    """Colour of a line. Its words and its icon say the same."""

    GOOD = "good"
    CARE = "care"
    BAD = "bad"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Line:
    """One event: `icon` names a symbol of icons.html; `todo` is what to do about it, if anything. `technical`: the
    gate's own words, in its language, where there are no others."""

    utc: datetime
    mood: Mood
    icon: str
    worker_id: str
    what: str
    detail: str = ""
    todo: str = ""
    technical: str = ""
    who: str = ""
    """Who asked for it, and where; "" if nobody did."""


def event_line(event: AnyEvent, texts: Texts) -> Line:
    """One event in words. The name of a risk list stays out: the reason is enough to act on."""
    line = replace(_heading(event, texts), detail=event_detail(event, texts), technical=technical_detail(event, texts))
    if not isinstance(event, AccessEvent | PassageEvent | NoticeEvent) or not event.by:
        return line
    line = replace(line, who=who(event, texts))
    if isinstance(event, NoticeEvent) and event.code is NoticeCode.COMMAND_DONE and event.origin is Origin.DESK:
        visitor = _VISITOR.match(event.detail)
        word = Label.DESK_DONE if visitor is None else _VISITS[visitor[2]]
        return replace(line, what=texts.label[word], worker_id=visitor[1] if visitor else "", detail="")
    return line


def who(event: AskedEvent, texts: Texts) -> str:
    """Say who asked for what the gate did, and where: "anna (desk)"."""
    place = texts.origin[event.origin] if event.origin else ""
    return f"{event.by} ({place})" if event.by and place else event.by


def _heading(event: AnyEvent, texts: Texts) -> Line:
    if isinstance(event, AccessEvent):
        mood, icon = _ACCESS.get(event.reason, (Mood.BAD, "stop"))
        if event.alerts:  # Admitted, with an alert for the manager.
            mood = Mood.CARE
        todo = "" if event.granted else texts.todo[event.reason]
        return Line(event.utc, mood, icon, event.worker_id or "", texts.reason[event.reason], todo=todo)
    if isinstance(event, PassageEvent):
        mood, icon = _PASSAGE[event.outcome]
        words = f"{texts.outcome[event.outcome]} ({texts.direction[event.direction]})"
        return Line(event.utc, mood, icon, event.worker_id or "", words)
    if isinstance(event, NoticeEvent):
        mood = Mood.BAD if event.code in ALARM_NOTICES else Mood.CARE if event.code in _CARES else Mood.PLAIN
        icon = "fire" if event.code is NoticeCode.FIRE_ON else "note"
        todo = texts.notice_todo.get(event.code, "")
        return Line(event.utc, mood, icon, "", texts.notice[event.code], todo=todo)
    if isinstance(event, CommissioningEvent):
        good = event.outcome is CommissioningOutcome.PASSED
        words = texts.label[Label.COMMISSIONED if good else Label.COMMISSIONING_FAILED]
        return Line(event.utc, Mood.PLAIN if good else Mood.BAD, "gate", "", words)
    if isinstance(event, ClockEvent):
        return Line(event.utc, Mood.CARE, "note", "", texts.label[Label.CLOCK_SET])
    if isinstance(event, TrainingEvent):
        mood, label = (Mood.GOOD, Label.TRAINING_PROVEN) if event.proven else (Mood.CARE, Label.TRAINING_NOT_PROVEN)
        return Line(event.utc, mood, "note", event.worker_id or "", texts.label[label])
    assert isinstance(event, EnrolmentEvent)
    return Line(event.utc, Mood.PLAIN, "enrol", event.worker_id, texts.label[Label.ENROLMENT])


_VISITOR = re.compile("(visitor-[0-9a-f]{12}): (registered|ended)")
_VISITS = {"registered": Label.VISITOR_REGISTERED, "ended": Label.VISIT_ENDED}
"""What the gate records of visitors (`edge.loop.visitors`)."""

_ACCESS: dict[Reason, tuple[Mood, str]] = {
    Reason.GRANTED: (Mood.GOOD, "check"),
    Reason.REMOTE_OPEN: (Mood.CARE, "check"),
    Reason.MANUAL_ADMIT: (Mood.CARE, "check"),
    Reason.LOW_QUALITY: (Mood.CARE, "eye"),
    Reason.MULTIPLE_FACES: (Mood.CARE, "people"),
    Reason.SECOND_FACTOR: (Mood.CARE, "people"),
}

_PASSAGE: dict[PassageOutcome, tuple[Mood, str]] = {
    PassageOutcome.PASSED: (Mood.GOOD, "walk"),
    PassageOutcome.NOT_TAKEN: (Mood.PLAIN, "back"),
    PassageOutcome.FORCED: (Mood.BAD, "alarm"),
    PassageOutcome.REVERSED: (Mood.BAD, "back"),
    PassageOutcome.TAILGATED: (Mood.BAD, "people"),
}

_CARES = {
    NoticeCode.LIST_REFUSED,
    NoticeCode.LOOK_ALIKE,
    NoticeCode.THRESHOLD_PROPOSED,
    NoticeCode.DRIFT,
    NoticeCode.MESSAGE_REFUSED,
    NoticeCode.COMMAND_REFUSED,
    NoticeCode.REQUEST_REFUSED,
    NoticeCode.JOURNAL_RESTARTED,
    NoticeCode.CLOCK_BELIEVED,
    NoticeCode.LISTS_FORGOTTEN,
    NoticeCode.REPLICA_RESTARTED,
    NoticeCode.READER_LOST,
    NoticeCode.SENSOR_CHATTER,
}
