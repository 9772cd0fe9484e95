"""One event of the journal as a line of the manager's page: pure, and already in the reader's language."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contract.messages import (
    AccessEvent,
    AnyEvent,
    ClockEvent,
    CommissioningEvent,
    CommissioningOutcome,
    EnrolmentEvent,
    NoticeCode,
    NoticeEvent,
    PassageEvent,
    PassageOutcome,
    Reason,
    TrainingEvent,
)
from edge.screen.translations import Label, Texts


class Mood(StrEnum):
    """Colour of a line. Its words and its icon say the same."""

    GOOD = "good"
    CARE = "care"
    BAD = "bad"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Line:
    """One event: `icon` names a symbol of icons.html; `todo` is what to do about it, if anything."""

    utc: datetime
    mood: Mood
    icon: str
    worker_id: str
    what: str
    detail: str
    todo: str = ""


def event_line(event: AnyEvent, texts: Texts) -> Line:
    """One event in words. The name of a risk list stays out: the reason is enough to act on."""
    if isinstance(event, AccessEvent):
        detail = "" if event.reason in (Reason.RISK_HOLD, Reason.MULTIPLE_FACES) else event.detail
        if event.reason is Reason.LOW_QUALITY:  # The advice to the person says more than the measure's name.
            detail = texts.sign[event.advice]
        mood, icon = _ACCESS.get(event.reason, (Mood.BAD, "stop"))
        if event.alerts:  # Admitted, with an alert for the manager.
            mood, detail = Mood.CARE, "; ".join(event.alerts)
        todo = "" if event.granted else texts.todo[event.reason]
        return Line(event.utc, mood, icon, event.worker_id or "", texts.reason[event.reason], detail, todo)
    if isinstance(event, PassageEvent):
        mood, icon = _PASSAGE[event.outcome]
        words = f"{texts.outcome[event.outcome]} ({texts.direction[event.direction]})"
        return Line(event.utc, mood, icon, event.worker_id or "", words, "")
    if isinstance(event, NoticeEvent):
        mood = Mood.BAD if event.code in _ALARMS else Mood.CARE if event.code in _CARES else Mood.PLAIN
        icon = "fire" if event.code is NoticeCode.FIRE_ON else "note"
        todo = texts.notice_todo.get(event.code, "")
        return Line(event.utc, mood, icon, "", texts.notice[event.code], event.detail, todo)
    if isinstance(event, CommissioningEvent):
        good = event.outcome is CommissioningOutcome.PASSED
        words = texts.label[Label.COMMISSIONED if good else Label.COMMISSIONING_FAILED]
        return Line(event.utc, Mood.PLAIN if good else Mood.BAD, "gate", "", words, "")
    if isinstance(event, ClockEvent):
        detail = f"{event.was_utc:%Y-%m-%d %H:%M:%S} → {event.utc:%Y-%m-%d %H:%M:%S} UTC"
        return Line(event.utc, Mood.CARE, "note", "", texts.label[Label.CLOCK_SET], detail)
    if isinstance(event, TrainingEvent):
        mood, label = (Mood.GOOD, Label.TRAINING_PROVEN) if event.proven else (Mood.CARE, Label.TRAINING_NOT_PROVEN)
        return Line(event.utc, mood, "note", event.worker_id or "", texts.label[label], event.by or event.detail)
    assert isinstance(event, EnrolmentEvent)
    return Line(event.utc, Mood.PLAIN, "enrol", event.worker_id, texts.label[Label.ENROLMENT], "")


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

_ALARMS = {
    NoticeCode.FIRE_ON,
    NoticeCode.TAMPER,
    NoticeCode.CAMERA_LOST,
    NoticeCode.HELD_OPEN,
    NoticeCode.LOCKED_DOWN,
    NoticeCode.PULSE_CUT,
    NoticeCode.TOO_MANY_GUESSES,
    NoticeCode.STILL_THERE,
    NoticeCode.EVENT_REFUSED,
    NoticeCode.DISK_LOW,
    NoticeCode.DISK_FILLING,
    NoticeCode.TWIN_GATE,
    NoticeCode.EVENTS_LOST,
    NoticeCode.JOURNAL_HELD,
    NoticeCode.CLOCK_BEHIND,
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
