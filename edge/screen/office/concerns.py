"""What may be wrong at a gate, most urgent first, as plain data. Pure, and without words."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contract.messages import DataTier, DiskStep, ListKind
from edge.core.domain import DiskState, LiveState, MusterList, SiteStandings
from edge.core.passage import PassageState
from edge.screen.journal.event_line import Mood
from edge.screen.journal.totals import JournalTotals
from edge.screen.lane_view import is_stale
from edge.screen.ports import Link, NameDirectory, SyncSummary
from edge.screen.words.office import Concern

NAMES_OLD = timedelta(days=1)
"""HQ signs the list of names again several times a day."""
SILENCE_MAX = timedelta(minutes=5)
"""A shorter loss of the connection is no news: sync connects again by itself."""


GRAVE = frozenset(
    concern for number, concern in enumerate(Concern) if number <= list(Concern).index(Concern.DISK_CRITICAL)
)
"""Shown in red: nobody is let in, anybody is let in, or records are lost."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be. `values` fill the blanks of its words. `until`: nobody is admitted from
    then on, if it lasts."""

    concern: Concern
    age: timedelta | None = None
    until: datetime | None = None
    lists: tuple[ListKind, ...] = ()
    values: dict[str, str] = field(default_factory=dict)

    @property
    def mood(self) -> Mood:
        return Mood.BAD if self.concern in GRAVE else Mood.CARE


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the screen knows of the gate at one moment. `warn_days`: warn if the disk is full within so many days.
    `standings`: None while the gate process has written none."""

    live: LiveState | None
    totals: JournalTotals
    sync: SyncSummary
    muster: MusterList | None
    names: NameDirectory
    now: datetime
    warn_days: float = 0
    standings: SiteStandings | None = None

    @property
    def heard(self) -> LiveState | None:
        """The gate's state; None while the gate process is silent."""
        return None if is_stale(self.live, self.now) else self.live


def findings(known: Knowledge) -> tuple[Finding, ...]:
    """Return everything that needs a look, most urgent first."""
    order = list(Concern)
    found = [*_gate(known), *_lists(known), *_records(known), *_connection(known), *_people(known)]
    return tuple(sorted(found, key=lambda finding: order.index(finding.concern)))


_STATES = {
    PassageState.FIRE: Concern.FIRE,
    PassageState.FIRE_OVER: Concern.FIRE_OVER,
    PassageState.FORCED_OPEN: Concern.FORCED_OPEN,
    PassageState.HELD_OPEN: Concern.HELD_OPEN,
    PassageState.LOCKDOWN: Concern.LOCKED_DOWN,
}
_PHOTOS_LET_IN = ("off", "advisory")


def _gate(known: Knowledge) -> Iterator[Finding]:
    live = known.heard
    if live is None:
        yield Finding(Concern.NOT_RUNNING)
        return
    if isinstance(live.gate_state, PassageState) and (concern := _STATES.get(live.gate_state)):
        yield Finding(concern)
    if not live.camera_ok:
        yield Finding(Concern.CAMERA_LOST)
    if live.clock_behind:
        yield Finding(Concern.CLOCK_BEHIND)
    elif not live.clock_trusted:
        yield Finding(Concern.CLOCK_UNTRUSTED)
    if live.liveness in _PHOTOS_LET_IN:
        yield Finding(Concern.PHOTOS)
    if live.recognition and live.recognition.alarms:
        yield Finding(Concern.DRIFT)


def _lists(known: Knowledge) -> Iterator[Finding]:
    """Say which lists keep people out, or will. The tiers are the gate's own: its policy sets the limits."""
    live = known.heard
    if live is None:
        return
    if live.lists_refused:
        yield Finding(Concern.LISTS_NOT_BELIEVED, lists=tuple(sorted(live.lists_refused)))
        return
    for kind, tier, none, stale, expired in (
        (ListKind.ROSTER, live.roster_tier, Concern.NO_ROSTER, Concern.ROSTER_STALE, Concern.ROSTER_EXPIRED),
        (ListKind.RISK, live.risk_tier, Concern.NO_RISK_LIST, Concern.RISK_STALE, Concern.RISK_EXPIRED),
    ):
        held = known.sync.lists.get(kind)
        if held is None and tier is DataTier.EXPIRED:
            yield Finding(none)
        elif tier is not DataTier.FRESH:
            age = known.now - held.issued_utc if held else None
            refuses = tier is DataTier.EXPIRED or not _admits_on_stale(known.standings)
            yield Finding(expired if refuses else stale, age, None if refuses else lists_last_until(known))


def lists_last_until(known: Knowledge) -> datetime | None:
    """Return when the gate stops admitting if no newer list comes; None if unknown or past."""
    standings = known.standings
    if standings is None or standings.policy is None:
        return None
    policy = standings.policy
    roster_h, risk_h = policy.roster_expired_after_h, policy.risk_expired_after_h
    if not policy.admit_on_stale:
        roster_h, risk_h = policy.roster_stale_after_h, policy.risk_stale_after_h
    ages = ((standings.roster, roster_h), (standings.risk, risk_h))
    ends = [age.issued_utc + timedelta(hours=hours) for age, hours in ages if age.issued_utc is not None]
    first = min(ends, default=None)
    return first if first is not None and first > known.now else None


def _admits_on_stale(standings: SiteStandings | None) -> bool:
    return standings is None or standings.policy is None or standings.policy.admit_on_stale


def _records(known: Knowledge) -> Iterator[Finding]:
    if known.totals.chain_error:
        yield Finding(Concern.CHAIN_BROKEN)
    disk = known.heard.disk if known.heard else None
    if disk is not None:
        yield from _disk(disk, known.warn_days)


def _disk(disk: DiskState, warn_days: float) -> Iterator[Finding]:
    free = {"free": f"{disk.free_mb:.0f}"}
    if disk.step is DiskStep.CRITICAL:
        yield Finding(Concern.DISK_CRITICAL, values=free)
    elif disk.step is not DiskStep.OK:
        yield Finding(Concern.DISK_LOW, values=free)
    if disk.days_left is not None and disk.days_left < warn_days:
        days = f"{disk.days_left:.0f}" if disk.days_left >= 1 else f"{disk.days_left:.1f}"
        yield Finding(Concern.DISK_FILLING, values={"days": days})


def _connection(known: Knowledge) -> Iterator[Finding]:
    link = known.sync.link
    if link is None:
        yield Finding(Concern.NO_SYNC, until=lists_last_until(known))
        return
    lost = _loss(link)
    age = known.now - link.since_utc
    if lost is not None and age >= SILENCE_MAX:
        yield Finding(lost, age, lists_last_until(known))


def _loss(link: Link) -> Concern | None:
    if not link.connected:
        return Concern.HQ_LOST
    if link.hq_online is False:
        return Concern.HQ_OFFLINE
    return Concern.BROKER_PROBLEM if link.detail else None


def _people(known: Knowledge) -> Iterator[Finding]:
    muster, names = known.muster, known.names
    if muster is not None and muster.issued_utc is not None:
        age = known.now - muster.issued_utc
        if age.total_seconds() > muster.max_age_s:
            yield Finding(Concern.PRESENCE_OLD, age)
    if names.trouble:
        yield Finding(Concern.NAMES_NOT_USED)
    elif names.version and names.issued_utc is not None and known.now - names.issued_utc > NAMES_OLD:
        yield Finding(Concern.NAMES_OLD, known.now - names.issued_utc)
