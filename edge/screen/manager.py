"""The manager's page as plain data, ready for the template: pure, and already in the reader's language."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contract.messages import (
    AccessEvent,
    AnyEvent,
    DataTier,
    EnrolmentEvent,
    ListKind,
    NoticeCode,
    NoticeEvent,
    PassageEvent,
    PassageOutcome,
    PolicySnapshot,
    Reason,
)
from edge.config import Config
from edge.decision import tier
from edge.domain import ListAge, LiveState
from edge.passage import PassageState
from edge.screen.lane import is_stale
from edge.screen.sources import HeldList, SyncView
from edge.screen.tally import Tally
from edge.screen.texts import Label, Texts

SHOWN_PEOPLE = 60


class Mood(StrEnum):
    """How a line is coloured; its words and icon say the same."""

    GOOD = "good"
    CARE = "care"
    BAD = "bad"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Line:
    """One event: `icon` names a symbol of icons.html."""

    utc: datetime
    mood: Mood
    icon: str
    worker_id: str
    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class ListLine:
    name: str
    version: int
    age: str
    mood: Mood
    tier: str


@dataclass(frozen=True, slots=True)
class Person:
    worker_id: str
    since: datetime


@dataclass(frozen=True, slots=True)
class LinkPanel:
    """`unsent` counts journal events that HQ has not acknowledged."""

    mood: Mood
    words: str
    since: datetime | None
    unsent: int
    last_ack: str


@dataclass(frozen=True, slots=True)
class ManagerView:
    """`live` is None while the gate is silent."""

    live: LiveState | None
    gate_mood: Mood
    gate_words: str
    link: LinkPanel
    lists: tuple[ListLine, ...]
    people: tuple[Person, ...]
    people_total: int
    unnamed: int
    lines: tuple[Line, ...]
    kept: int
    head: int
    chain_error: str


def manager_view(
    live: LiveState | None, tally: Tally, sync: SyncView | None, config: Config, texts: Texts, now: datetime
) -> ManagerView:
    """Everything the page shows, at the time `now` (UTC)."""
    shown = None if is_stale(live, now) else live
    gate_mood, gate_words = _gate(shown, texts)
    people = [Person(worker_id, since) for worker_id, since in reversed(tally.on_site.items())]
    return ManagerView(
        live=shown,
        gate_mood=gate_mood,
        gate_words=gate_words,
        link=_link(sync, tally, texts, now),
        lists=tuple(_list(kind, sync, config, texts, now) for kind in ListKind),
        people=tuple(people[:SHOWN_PEOPLE]),
        people_total=tally.people_on_site,
        unnamed=tally.unnamed,
        lines=tuple(line(event, texts) for event in reversed(tally.recent)),
        kept=tally.seq - tally.since_seq,
        head=tally.seq,
        chain_error=tally.chain_error,
    )


def unsent(sync: SyncView | None, tally: Tally) -> int:
    """Events of the present epoch that HQ has not acknowledged."""
    acked = sync.acked.get(tally.epoch, 0) if sync else 0
    return max(0, tally.seq - max(acked, tally.since_seq))


def list_tier(kind: ListKind, sync: SyncView | None, site_id: str, now: datetime) -> DataTier | None:
    """Fresh, stale or expired by the policy in force (its defaults if none is known); the policy itself has no age
    limit: None."""
    held = _held(kind, sync)
    policy = (sync.policy if sync else None) or PolicySnapshot(site_id=site_id, issued_utc=now)
    age = ListAge(held.version, held.issued_utc)
    if kind is ListKind.ROSTER:
        return tier(age, now, policy.roster_stale_after_h, policy.roster_expired_after_h)
    if kind is ListKind.RISK:
        return tier(age, now, policy.risk_stale_after_h, policy.risk_expired_after_h)
    return None


def line(event: AnyEvent, texts: Texts) -> Line:
    """One event in words. The name of a risk list stays out: the reason is enough to act on."""
    if isinstance(event, AccessEvent):
        detail = "" if event.reason is Reason.RISK_HOLD else event.detail
        mood, icon = _ACCESS.get(event.reason, (Mood.BAD, "stop"))
        return Line(event.utc, mood, icon, event.worker_id or "", texts.reason[event.reason], detail)
    if isinstance(event, PassageEvent):
        mood, icon = _PASSAGE[event.outcome]
        words = f"{texts.outcome[event.outcome]} ({texts.direction[event.direction]})"
        return Line(event.utc, mood, icon, event.worker_id or "", words, "")
    if isinstance(event, NoticeEvent):
        mood = Mood.BAD if event.code in _ALARMS else Mood.CARE if event.code in _CARES else Mood.PLAIN
        icon = "fire" if event.code is NoticeCode.FIRE_ON else "note"
        return Line(event.utc, mood, icon, "", texts.notice[event.code], event.detail)
    assert isinstance(event, EnrolmentEvent)
    return Line(event.utc, Mood.PLAIN, "enrol", event.worker_id, texts.label[Label.ENROLMENT], "")


_ACCESS: dict[Reason, tuple[Mood, str]] = {
    Reason.GRANTED: (Mood.GOOD, "check"),
    Reason.REMOTE_OPEN: (Mood.CARE, "check"),
    Reason.LOW_QUALITY: (Mood.CARE, "eye"),
    Reason.MULTIPLE_FACES: (Mood.CARE, "people"),
}

_PASSAGE: dict[PassageOutcome, tuple[Mood, str]] = {
    PassageOutcome.PASSED: (Mood.GOOD, "walk"),
    PassageOutcome.NOT_TAKEN: (Mood.PLAIN, "back"),
    PassageOutcome.FORCED: (Mood.BAD, "alarm"),
}

_ALARMS = {NoticeCode.FIRE_ON, NoticeCode.TAMPER, NoticeCode.CAMERA_LOST}
_CARES = {
    NoticeCode.LIST_REFUSED,
    NoticeCode.MESSAGE_REFUSED,
    NoticeCode.COMMAND_REFUSED,
    NoticeCode.REQUEST_REFUSED,
    NoticeCode.JOURNAL_RESTARTED,
    NoticeCode.REPLICA_RESTARTED,
}

_TIERS = {DataTier.FRESH: Mood.GOOD, DataTier.STALE: Mood.CARE, DataTier.EXPIRED: Mood.BAD}


def _gate(live: LiveState | None, texts: Texts) -> tuple[Mood, str]:
    if live is None:
        return Mood.BAD, texts.label[Label.NOT_RUNNING]
    try:
        state = PassageState(live.gate_state)
    except ValueError:  # a newer gate process: show its own word
        return Mood.PLAIN, live.gate_state
    moods = {PassageState.LOCKED: Mood.PLAIN, PassageState.RELEASED: Mood.GOOD, PassageState.FIRE: Mood.BAD}
    return moods[state], texts.gate_state[state]


def _link(sync: SyncView | None, tally: Tally, texts: Texts, now: datetime) -> LinkPanel:
    never = texts.label[Label.NEVER]
    if sync is None:
        return LinkPanel(Mood.BAD, texts.label[Label.NO_SYNC], None, unsent(None, tally), never)
    words = texts.label[Label.CONNECTED if sync.connected else Label.DISCONNECTED]
    last_ack = _ago(sync.acked_utc, texts, now) if sync.acked_utc else never
    mood = Mood.GOOD if sync.connected else Mood.CARE
    return LinkPanel(mood, words, sync.since_utc, unsent(sync, tally), last_ack)


def _list(kind: ListKind, sync: SyncView | None, config: Config, texts: Texts, now: datetime) -> ListLine:
    held = _held(kind, sync)
    found = list_tier(kind, sync, config.site.site_id, now)
    age = _ago(held.issued_utc, texts, now) if held.issued_utc else texts.label[Label.NONE_YET]
    if found is None:
        return ListLine(texts.list[kind], held.version, age, Mood.PLAIN, "")
    return ListLine(texts.list[kind], held.version, age, _TIERS[found], texts.tier[found])


def _held(kind: ListKind, sync: SyncView | None) -> HeldList:
    return sync.lists.get(kind, HeldList()) if sync else HeldList()


def _ago(then: datetime, texts: Texts, now: datetime) -> str:
    return texts.label[Label.AGO].format(age=texts.age(now - then))
