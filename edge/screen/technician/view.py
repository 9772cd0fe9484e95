"""The technician's page as plain data, ready for the template: pure, and already in the reader's language."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from contract.messages import (
    DECISION_LISTS,
    DataTier,
    DiskStep,
    ListKind,
    NoticeCode,
)
from edge.core.domain import LiveState
from edge.core.passage import PassageState
from edge.screen.journal.event_line import Line, Mood, event_line
from edge.screen.journal.totals import JournalTotals
from edge.screen.journal.withheld import is_hold, without_people
from edge.screen.lane_view import is_stale
from edge.screen.ports import SyncSummary
from edge.screen.translations import DiskSign, Drifted, Label, PhotosLetIn, Texts


@dataclass(frozen=True, slots=True)
class ListLine:
    name: str
    version: int
    age: str
    mood: Mood
    tier: str
    detail: str = ""
    """The log's own words for what is wrong."""


@dataclass(frozen=True, slots=True)
class LinkPanel:
    """`unsent` counts journal events that HQ has not acknowledged; `detail` is the log's own word for what is wrong."""

    mood: Mood
    words: str
    since: datetime | None
    unsent: int
    last_ack: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A drift or a dangerous setting (`grave`, shown in red), and the next step."""

    what: str
    todo: str
    grave: bool = False


@dataclass(frozen=True, slots=True)
class TechnicianView:
    """`live` is None while the gate is silent."""

    live: LiveState | None
    gate_mood: Mood
    gate_words: str
    alarms: tuple[Alarm, ...]
    threshold_words: str
    link: LinkPanel
    lists: tuple[ListLine, ...]
    lines: tuple[Line, ...]
    kept: int
    head: int
    chain_error: str
    unread: int


def technician_view(
    live: LiveState | None,
    totals: JournalTotals,
    sync: SyncSummary,
    texts: Texts,
    now: datetime,
    warn_days: float = 0,
    *,
    names: bool = True,
    names_trouble: str = "",
) -> TechnicianView:
    """Everything the page shows, at the time `now` (UTC). `warn_days`: raise an alarm if the disk is full within so
    many days. `names`: the account may see them. `names_trouble`: why a list of names that is here is not used."""
    shown = None if is_stale(live, now) else live
    gate_mood, gate_words = gate_now(shown, texts)
    return TechnicianView(
        live=shown,
        gate_mood=gate_mood,
        gate_words=gate_words,
        alarms=(
            *_photo_alarms(shown, texts),
            *_memory_alarms(shown, texts),
            *_disk_alarms(shown, texts, warn_days),
            *_alarms(shown, texts),
        ),
        threshold_words=_threshold(shown, texts),
        link=_link(sync, totals, texts, now),
        lists=(
            *(_list(kind, sync, shown, texts, now) for kind in DECISION_LISTS),
            _names(sync, names_trouble, texts, now),
        ),
        lines=tuple(_lines(totals, texts, names=names)),
        kept=totals.seq - totals.since_seq,
        head=totals.seq,
        chain_error=totals.chain_error,
        unread=totals.unread,
    )


def _lines(totals: JournalTotals, texts: Texts, *, names: bool) -> Iterator[Line]:
    for event in reversed(totals.recent):
        if names:
            yield event_line(event, texts)
        elif not is_hold(event):
            yield without_people(event, event_line(event, texts), texts)


def unsent(sync: SyncSummary, totals: JournalTotals) -> int:
    """Events of the present epoch that HQ has not acknowledged."""
    acked = sync.ack.seq if sync.ack and sync.ack.epoch == totals.epoch else 0
    return max(0, totals.seq - max(acked, totals.since_seq))


_GATE_MOODS = {
    PassageState.LOCKED: Mood.PLAIN,
    PassageState.CLEARING: Mood.PLAIN,
    PassageState.LOCKDOWN: Mood.CARE,
    PassageState.HELD_OPEN: Mood.BAD,
    PassageState.FORCED_OPEN: Mood.BAD,
    PassageState.FIRE: Mood.BAD,
    PassageState.FIRE_OVER: Mood.BAD,
}
"""The other states are somebody passing, as should be."""

_TIERS = {DataTier.FRESH: Mood.GOOD, DataTier.STALE: Mood.CARE, DataTier.EXPIRED: Mood.BAD}


def gate_now(live: LiveState | None, texts: Texts) -> tuple[Mood, str]:
    """The gate's state in words; `live` is None while the gate is silent."""
    if live is None:
        return Mood.BAD, texts.label[Label.NOT_RUNNING]
    if not isinstance(live.gate_state, PassageState):  # A newer gate process: show its own word.
        return Mood.PLAIN, live.gate_state
    return _GATE_MOODS.get(live.gate_state, Mood.GOOD), texts.gate_state[live.gate_state]


def _alarms(live: LiveState | None, texts: Texts) -> tuple[Alarm, ...]:
    found = live.recognition.alarms if live and live.recognition else ()
    known = [Drifted(sign) for sign in found if sign in set(Drifted)]  # A newer gate may watch more.
    return tuple(Alarm(texts.drifted[sign], texts.drift_todo[sign]) for sign in known)


def _photo_alarms(live: LiveState | None, texts: Texts) -> tuple[Alarm, ...]:
    """Alarms in red, while a photo of a worker would be let in."""
    if live is None or live.liveness not in set(PhotosLetIn):
        return ()
    mode = PhotosLetIn(live.liveness)
    return (Alarm(texts.photos[mode], texts.photos_todo[mode], grave=True),)


def _memory_alarms(live: LiveState | None, texts: Texts) -> tuple[Alarm, ...]:
    """Alarms while the gate does not trust its lists or its clock, and so admits nobody."""
    if live is None:
        return ()
    found = []
    if live.lists_refused:
        names = texts.label[Label.LIST_SEPARATOR].join(texts.list[kind] for kind in sorted(live.lists_refused))
        words = texts.label[Label.LISTS_NOT_BELIEVED].format(lists=names)
        found.append(Alarm(words, texts.label[Label.LISTS_NOT_BELIEVED_TODO], grave=True))
    if live.clock_behind:
        found.append(Alarm(texts.label[Label.CLOCK_BEHIND], texts.notice_todo[NoticeCode.CLOCK_BEHIND], grave=True))
    return tuple(found)


def _disk_alarms(live: LiveState | None, texts: Texts, warn_days: float) -> tuple[Alarm, ...]:
    disk = live.disk if live else None
    if disk is None:
        return ()
    found = []
    if disk.step is not DiskStep.OK:
        sign = DiskSign(disk.step.value)
        found.append(Alarm(texts.disk[sign].format(free=f"{disk.free_mb:.0f}"), texts.disk_todo[sign]))
    if disk.days_left is not None and disk.days_left < warn_days:
        days = f"{disk.days_left:.0f}" if disk.days_left >= 1 else f"{disk.days_left:.1f}"
        found.append(Alarm(texts.disk[DiskSign.FILLING].format(days=days), texts.disk_todo[DiskSign.FILLING]))
    return tuple(found)


def _threshold(live: LiveState | None, texts: Texts) -> str:
    """The threshold's basis in one sentence, and what the gate's own scores propose."""
    if live is None or live.recognition is None or not live.recognition.workers:
        return ""
    basis, label = live.recognition, texts.label
    values = {"target": f"{basis.fpir_target * 1000:g}", "workers": basis.workers}
    words = (label[Label.THRESHOLD_BY_HAND] if basis.tail == "config" else label[Label.THRESHOLD_WHY]).format(**values)
    if basis.correction:
        return f"{words} {label[Label.THRESHOLD_CORRECTED].format(by=f'{basis.correction:+.3f}')}"
    if basis.proposed is not None:
        return f"{words} {label[Label.THRESHOLD_PROPOSAL].format(value=f'{basis.proposed:.3f}')}"
    return words


def _link(sync: SyncSummary, totals: JournalTotals, texts: Texts, now: datetime) -> LinkPanel:
    last_ack = _ago(sync.ack.received_utc, texts, now) if sync.ack else texts.label[Label.NEVER]
    waiting = unsent(sync, totals)
    if sync.link is None:
        return LinkPanel(Mood.BAD, texts.label[Label.NO_SYNC], None, waiting, last_ack)
    if not sync.link.connected:
        words = texts.label[Label.DISCONNECTED]
        return LinkPanel(Mood.CARE, words, sync.link.since_utc, waiting, last_ack, sync.link.detail)
    if sync.link.hq_online is False:
        words = texts.label[Label.HQ_OFFLINE]
        return LinkPanel(Mood.CARE, words, sync.link.since_utc, waiting, last_ack, sync.link.detail)
    if sync.link.detail:
        words = texts.label[Label.BROKER_PROBLEM]
        return LinkPanel(Mood.BAD, words, sync.link.since_utc, waiting, last_ack, sync.link.detail)
    return LinkPanel(Mood.GOOD, texts.label[Label.CONNECTED], sync.link.since_utc, waiting, last_ack)


def _list(kind: ListKind, sync: SyncSummary, live: LiveState | None, texts: Texts, now: datetime) -> ListLine:
    """A list on this disk, with the tier that the gate tells: only the gate can open the policy's limits."""
    held = sync.lists.get(kind)
    tiers = {ListKind.ROSTER: live.roster_tier, ListKind.RISK: live.risk_tier} if live else {}
    found = tiers.get(kind)
    age = _ago(held.issued_utc, texts, now) if held else texts.label[Label.NONE_YET]
    version = held.version if held else 0
    if found is None:
        return ListLine(texts.list[kind], version, age, Mood.PLAIN, "")
    return ListLine(texts.list[kind], version, age, _TIERS[found], texts.tier[found])


def _names(sync: SyncSummary, trouble: str, texts: Texts, now: datetime) -> ListLine:
    """The list of names on this disk, and why the screen does not use it."""
    held, label = sync.lists.get(ListKind.DIRECTORY), texts.label
    age = _ago(held.issued_utc, texts, now) if held else label[Label.NONE_YET]
    state = label[Label.NAMES_NOT_USED] if trouble else ""
    return ListLine(label[Label.NAMES], held.version if held else 0, age, Mood.CARE, state, trouble)


def _ago(then: datetime, texts: Texts, now: datetime) -> str:
    return texts.label[Label.AGO].format(age=texts.age(now - then))
