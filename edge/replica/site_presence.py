"""Who is on the site: HQ's presence list over all gates, and this gate's own newer passages.

HQ's list says how far this gate's journal is in it. So an own passage counts at once, and none counts twice. An old
list does not count: the gate then goes by its own journal alone, as a gate without HQ does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from contract.messages import Direction
from edge.core.domain import LastPassage
from edge.core.ports import Clock
from edge.replica.presence_list import AHEAD_MAX, PresenceList, PresenceListReader, SitePassage
from edge.storage.presence import JournalPresence, count_unnamed


@dataclass(frozen=True, slots=True)
class PeopleOnSite:
    """Everybody on the site by the newest knowledge, old or not. `issued_utc`: of HQ's list; None: by this gate
    only."""

    named: Mapping[str, SitePassage]
    unnamed: int
    issued_utc: datetime | None
    version: int


class SitePresence:
    """The port `edge.core.ports.Presence`."""

    def __init__(self, own: JournalPresence, listed: PresenceListReader, clock: Clock, gate_id: str) -> None:
        self._own, self._listed, self._clock, self._gate_id = own, listed, clock, gate_id
        self._counts = PresenceList()
        self._through: dict[str, int] = {}
        self._through_of: tuple[int, str] | None = None

    def follow(self, max_age_s: float) -> int:
        """See `edge.core.ports.Presence`. Without a trusted clock no list counts: its age is not known."""
        now = self._clock.utc()
        self._listed.refresh(now)
        found = self._listed.state
        age = now - found.issued_utc if found.issued_utc else None
        fresh = age is not None and age >= -AHEAD_MAX and age.total_seconds() <= max_age_s
        self._counts = found if fresh and self._clock.trusted() else PresenceList()
        return self._counts.version

    def inside(self, since: datetime) -> int:
        """See `edge.core.ports.Presence`."""
        if not self._counts.version:
            return self._own.inside(since)
        named, unnamed = self._merged(self._counts, since)
        return unnamed + sum(passage.last.direction is Direction.IN for passage in named.values())

    def last_passage(self, worker_id: str) -> LastPassage | None:
        """See `edge.core.ports.Presence`. Of HQ's and an own passage the later one counts."""
        own = self._own.last_passage(worker_id)
        if not self._counts.version:
            return own
        listed = self._counts.named.get(worker_id)
        if listed is None or own is None:
            return listed.last if listed else own
        if not self._own.is_newer(worker_id, self._covered(self._counts)):
            return listed.last
        return max(listed.last, own, key=lambda last: last.utc)

    def people(self, since: datetime) -> PeopleOnSite:
        """Return who is on the site, for people to read: an old list is better than none in an evacuation."""
        found = self._listed.state
        named, unnamed = self._merged(found, since)
        inside = {who: passage for who, passage in named.items() if passage.last.direction is Direction.IN}
        return PeopleOnSite(inside, unnamed, found.issued_utc, found.version)

    @property
    def read_to(self) -> tuple[object, ...]:
        """What the answers depend on: it changes with every new passage and list."""
        return *self._own.read_to, self._listed.state.version

    def close(self) -> None:
        self._own.close()

    def _merged(self, listed: PresenceList, since: datetime) -> tuple[dict[str, SitePassage], int]:
        """Return the last passages since a time, and the number of unknown people."""
        named, unnamed = dict(listed.named), []
        for own in self._own.newer(self._covered(listed)):
            if own.worker_id is None:
                unnamed.append(own.last)
            elif (known := named.get(own.worker_id)) is None or known.last.utc <= own.last.utc:
                named[own.worker_id] = SitePassage(own.last, self._gate_id)
        count = count_unnamed(listed.unnamed, (last for last in unnamed if last.utc >= since))
        return {who: passage for who, passage in named.items() if passage.last.utc >= since}, count

    def _covered(self, listed: PresenceList) -> dict[str, int]:
        """Return epoch -> how far this gate's journals are in the list. An end of a copied journal does not count."""
        key = listed.version, self._own.read_to[0]
        if key != self._through_of:
            self._through_of, self._through = key, {}
            for end in listed.ends.values():
                if end.gate_id == self._gate_id and self._own.holds(end.epoch, end.seq, end.hash):
                    self._through[end.epoch] = max(end.seq, self._through.get(end.epoch, 0))
        return self._through
