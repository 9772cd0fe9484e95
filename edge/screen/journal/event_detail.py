"""What an event says beside its heading, in the reader's language: pure."""

from contract.messages import AccessEvent, AnyEvent, ClockEvent, NoticeEvent, PassageEvent, Reason, TrainingEvent
from edge.screen.journal.detail_words import detail_words, note_words, risk_words
from edge.screen.translations import Texts

GATE_LANGUAGE = "en"
"""The language in which the gate writes details."""
_UNTOLD = (Reason.RISK_HOLD, Reason.MULTIPLE_FACES)
"""The heading is enough to act on. The name of a risk list is for managers alone, also if a guard asked."""


def event_detail(event: AnyEvent, texts: Texts) -> str:
    """Return what everybody who sees the event may read; "" if there is nothing, or no words for it."""
    if isinstance(event, AccessEvent):
        return _of_decision(event, texts)
    if isinstance(event, NoticeEvent):
        return typed(event) if event.by else _known(event.detail, texts)
    if isinstance(event, TrainingEvent):
        return event.by or _known(event.detail, texts)
    if isinstance(event, ClockEvent):
        return f"{event.was_utc:%Y-%m-%d %H:%M:%S} → {event.utc:%Y-%m-%d %H:%M:%S} UTC"
    return ""


def manager_detail(event: AccessEvent, texts: Texts) -> str:
    """Return the risk lists of a decision and what each does, for managers; "" if there are none."""
    actions = texts.room("office")
    if event.alerts:
        words, lists = texts.room("details"), _lists(texts)
        return "; ".join(note_words(note, words, lists, actions) for note in event.alerts)
    return risk_words(event.detail, actions) if event.reason is Reason.RISK_HOLD else ""


def technical_detail(event: AnyEvent, texts: Texts) -> str:
    """Return the gate's own words where `event_detail` has none: for technicians, and in the gate's language."""
    unspoken = isinstance(event, NoticeEvent | TrainingEvent) and not event_detail(event, texts)
    return event.detail if unspoken and isinstance(event, NoticeEvent | TrainingEvent) else ""


def typed(event: AccessEvent | PassageEvent | NoticeEvent) -> str:
    """Return the words that a person gave for it, without their name."""
    if isinstance(event, PassageEvent) or event.detail.endswith(f"by {event.by} at the desk"):
        return ""
    return event.detail.partition(f"by {event.by}: ")[2] if f"by {event.by}" in event.detail else event.detail


def _of_decision(event: AccessEvent, texts: Texts) -> str:
    if event.reason in _UNTOLD:
        return ""
    if event.reason is Reason.LOW_QUALITY:  # The advice to the person says more than the measure's name.
        return texts.sign[event.advice]
    words, lists = texts.room("details"), _lists(texts)
    notes = [note_words(note, words, lists) for note in event.alerts]
    if not event.by:
        return "; ".join(notes) or _known(event.detail, texts)
    given = typed(event)
    if not event.granted:  # The gate has added what it found to the guard's words.
        why, _, found = given.rpartition("; ")
        given = "; ".join(filter(None, (why, detail_words(found, words, lists)))) if why else given
    return "; ".join(filter(None, (given, *notes)))


def _known(detail: str, texts: Texts) -> str:
    """Translate a detail of the gate. One without words is shown only to readers of the gate's language."""
    found = detail_words(detail, texts.room("details"), _lists(texts))
    return found if found is not None else detail if texts.code == GATE_LANGUAGE else ""


def _lists(texts: Texts) -> dict[str, str]:
    return {kind.value: name for kind, name in texts.list.items()}
