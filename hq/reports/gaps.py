"""Find what HQ does not hold although it should, and what it can no longer know. Pure."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby, pairwise

from contract.messages import GateStatus, Health, NoticeCode


class GapKind(StrEnum):
    """What is wrong."""

    HOLE = "hole"
    """The database holds fewer events than HQ acknowledged."""
    BRANCH = "branch"
    """A second continuation of a journal, or one without what came before it. It is held apart (`hq.ingest.forks`)."""
    NOT_VERIFIED = "not_verified"
    """The journal has events that did not verify. The quarantine says why."""
    ENDS_OPEN = "ends_open"
    """The gate began another journal without being stopped: the last events of this one may be missing."""
    UNEXPLAINED_EPOCH = "unexplained_epoch"
    """A journal follows another, and the gate did not set one aside: a new card, or a second gate with this id."""
    STUCK = "stuck"
    """The gate has events that HQ does not hold, and HQ has stored none for a while."""
    SILENT = "silent"
    """No health message for a while, from a gate that did not announce its end."""
    CLOCK = "clock"
    """The newest event's time is not to be trusted."""
    LOST = "lost"
    """The gate itself reported that events are lost."""


@dataclass(frozen=True, slots=True)
class JournalFacts:
    """What the database says of one journal. `held`: rows. `quarantined`: numbers in quarantine.

    `first_codes`: reasons of its first events. `last_code`: reason of its newest. `moved_utc`: when an event was last
    stored. Of a branch, `base` is the number before its first event, and `parting` says why it is one. `last_boot`: the
    start of the gate's computer in which its newest event was written.
    """

    site_id: str
    gate_id: str
    epoch: str
    begun: int
    acknowledged: int
    held: int
    quarantined: int
    first_codes: tuple[str, ...]
    last_code: str
    clock_trusted: bool
    moved_utc: datetime
    base: int = 0
    parting: str = ""
    last_boot: str = ""


@dataclass(frozen=True, slots=True)
class GateFacts:
    """What a gate last reported."""

    site_id: str
    gate_id: str
    status: GateStatus | None
    health: Health | None
    health_utc: datetime | None
    losses: int = 0
    lost_utc: datetime | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Something wrong. `missing`: events, as far as that is known.

    `size`: what may grow of it. `mark`: what tells it from a later one of the same kind, such as since when a gate is
    silent.
    """

    kind: GapKind
    site_id: str
    gate_id: str
    epoch: str
    missing: int
    detail: str
    size: int = 0
    mark: str = ""

    @property
    def id(self) -> str:
        """The same for the same gap at each search."""
        parts = (self.kind.value, self.site_id, self.gate_id, self.epoch, self.mark)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:8]


def find(journals: Iterable[JournalFacts], gates: Iterable[GateFacts], now: datetime, patience: timedelta) -> list[Gap]:
    """Find everything that is wrong, journal by journal in the order they were begun, then gate by gate.

    `patience`: how long a gate may be silent, or have events that do not arrive.
    """
    reported = {gate.gate_id: gate for gate in gates}
    by_gate = sorted(journals, key=lambda journal: (journal.gate_id, journal.begun))
    found: list[Gap] = []
    for gate_id, group in groupby(by_gate, key=lambda journal: journal.gate_id):
        lines = list(group)
        for journal in lines:
            found += _in_journal(journal)
        own = [journal for journal in lines if not journal.parting] or lines[-1:]
        found += _between(own)
        found += _newest(own[-1], reported.get(gate_id), patience)
    for gate in reported.values():
        found += _silence(gate, now, patience)
        found += filter(None, [loss(gate.site_id, gate.gate_id, gate.losses, gate.lost_utc)])
    return found


def _in_journal(journal: JournalFacts) -> Iterator[Gap]:
    if journal.parting:
        yield _gap(GapKind.BRANCH, journal, 0, journal.parting)
    if (missing := journal.acknowledged - journal.base - journal.held) != 0:
        text = (
            f"HQ acknowledged {journal.acknowledged} events and holds {journal.held}: rows were lost or removed; restore a "
            "backup beside this database and compare, the gate may have forgotten them"
        )
        yield _gap(GapKind.HOLE, journal, missing, text)
    if journal.quarantined:
        text = f"{journal.quarantined} events did not verify: sitegate-hq quarantine says which and why"
        yield replace(_gap(GapKind.NOT_VERIFIED, journal, 0, text), size=journal.quarantined)


def _between(own: Sequence[JournalFacts]) -> Iterator[Gap]:
    for before, after in pairwise(own):
        if NoticeCode.JOURNAL_RESTARTED not in after.first_codes:
            text = f"follows {before.epoch}, and the gate set nothing aside: a new card or computer, or two gates with one id"
            yield _gap(GapKind.UNEXPLAINED_EPOCH, after, 0, text)
        if before.last_code != NoticeCode.GATE_STOPPED:
            text = (
                f"ends with event {before.acknowledged}, which is no {NoticeCode.GATE_STOPPED.value}: what came after it is "
                "at most in the file that the gate set aside, or on its old card"
            )
            yield _gap(GapKind.ENDS_OPEN, before, 0, text)


def _newest(journal: JournalFacts, gate: GateFacts | None, patience: timedelta) -> Iterator[Gap]:
    moved = journal.moved_utc
    if gate and (health := gate.health) and gate.health_utc and _stuck(health, gate.health_utc - moved, patience):
        text = (
            f"the gate has {health.unsent_events} events after {journal.acknowledged}, and none has come since "
            f"{moved:%Y-%m-%d %H:%M}Z: if it is connected, it waits for something that HQ misses: sitegate-hq quarantine, or resync"
        )
        yield replace(_gap(GapKind.STUCK, journal, health.unsent_events, text), mark=str(journal.acknowledged))
    if not journal.clock_trusted:
        text = "the time of its newest event is not to be trusted: check the gate's clock battery and time server"
        yield replace(_gap(GapKind.CLOCK, journal, 0, text), mark=journal.last_boot)


def _stuck(health: Health, unmoved: timedelta, patience: timedelta) -> bool:
    """Tell whether events do not arrive.

    The event must have waited too: a quiet gate's first event in hours is not stuck.
    """
    return health.unsent_events > 0 and min(unmoved, timedelta(seconds=health.oldest_unsent_s)) > patience


def _silence(gate: GateFacts, now: datetime, patience: timedelta) -> Iterator[Gap]:
    if gate.status and not gate.status.online and gate.status.planned:
        return
    if gate.health_utc is None or now - gate.health_utc > patience:
        since = f"since {gate.health_utc:%Y-%m-%d %H:%M}Z" if gate.health_utc else "ever"
        text = f"no sign of life {since}: what happened there since is not known here yet"
        unsent = gate.health.unsent_events if gate.health else 0
        mark = gate.health_utc.isoformat() if gate.health_utc else ""
        yield Gap(GapKind.SILENT, gate.site_id, gate.gate_id, "", unsent, text, unsent, mark)


def loss(site_id: str, gate_id: str, losses: int, last: datetime | None) -> Gap | None:
    """Return the gap of a gate that reported lost events so often."""
    if not losses:
        return None
    when = f", last {last:%Y-%m-%d %H:%M}Z" if last else ""
    times = "once" if losses == 1 else f"{losses} times"
    text = f"the gate reported lost events {times}{when}: sitegate-hq events --gate {gate_id} --reason events_lost"
    return Gap(GapKind.LOST, site_id, gate_id, "", 0, text, losses)


def _gap(kind: GapKind, journal: JournalFacts, missing: int, detail: str) -> Gap:
    return Gap(kind, journal.site_id, journal.gate_id, journal.epoch, missing, detail, abs(missing))
