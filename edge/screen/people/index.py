"""One index of the site's people: names of the directory, standings of the gate, and who is inside."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from common.pinyin import Letters, letters
from contract.messages import DirectoryEntry
from contract.names import matched
from edge.core.domain import MusterList, MusterPerson, RosterState, SiteStandings, WorkerStanding
from edge.screen.ports import NameDirectory, StandingSource

FOUND_MAX = 20
_PART_MIN, _PHONE_MIN = 2, 4
"""A shorter part of a reading or of a phone number fits nearly everybody."""
TEXT_MAX = 80
"""Longer texts than any name find nothing."""


@dataclass(frozen=True, slots=True)
class SitePerson:
    """A worker as the pages show one. What is not known is ""; `standing`: None if the gate's lists have no such id."""

    worker_id: str
    name: str = field(default="", repr=False)
    employer: str = field(default="", repr=False)
    team: str = field(default="", repr=False)
    trade: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    standing: WorkerStanding | None = None
    inside_since: datetime | None = None
    inside_gate: str = ""


@dataclass(frozen=True, slots=True)
class FoundPeople:
    """The best matches, best first, and how many there are in all."""

    people: tuple[SitePerson, ...] = ()
    total: int = 0


@dataclass(frozen=True, slots=True)
class _Keys:
    """The texts by which one worker is found, in matched form."""

    worker_id: str
    name: str
    phone: str
    letters: Letters


@dataclass(frozen=True, slots=True)
class _Joined:
    """What the sources said together, at one time."""

    entries: Mapping[str, DirectoryEntry] = field(default_factory=dict)
    standings: SiteStandings | None = None
    state: RosterState | None = None
    workers: Mapping[str, WorkerStanding] = field(default_factory=dict)
    keys: Mapping[str, _Keys] = field(default_factory=dict)


class PeopleIndex:
    """Joins the sources on demand, and again only after one of them changed.

    `directory`, `standings`, `muster`: the newest of each. None of them raises. A large site takes a second of work, so
    pages call `ready` before they ask: it works beside the event loop.
    """

    def __init__(
        self,
        directory: Callable[[], NameDirectory],
        standings: StandingSource = lambda: None,
        muster: Callable[[], MusterList | None] = lambda: None,
    ) -> None:
        self._directory, self._standings, self._muster = directory, standings, muster
        self._joined = _Joined()
        self._joining = Lock()

    async def ready(self) -> None:
        """Take up what changed in the sources, beside the event loop."""
        entries, found = self._directory().entries, await asyncio.to_thread(self._standings)
        if self._differs(entries, found):
            await asyncio.to_thread(self._join, entries, found)

    @property
    def standings(self) -> SiteStandings | None:
        """What the gate wrote last; None: it does not run."""
        return self._newest().standings

    @property
    def state(self) -> RosterState | None:
        """The same as the decision takes it."""
        return self._newest().state

    def name(self, worker_id: str) -> str:
        """Return the name of a worker, or "" if the directory has none."""
        entry = self._directory().entries.get(worker_id)
        return (entry.name or "") if entry else ""

    def person(self, worker_id: str) -> SitePerson | None:
        """Return a worker; None if neither directory nor lists have this id."""
        joined = self._newest()
        return _person(joined, self._inside(), worker_id) if worker_id in joined.keys else None

    def search(self, text: str, limit: int = FOUND_MAX) -> FoundPeople:
        """Find workers by a part of the name, its pinyin, initials, worker id or phone number."""
        joined = self._newest()
        ranked = sorted((rank, joined.keys[who].letters.pinyin or who, who) for who, rank in _ranks(joined, text))
        inside = self._inside()
        return FoundPeople(tuple(_person(joined, inside, who) for _, _, who in ranked[:limit]), len(ranked))

    def ids(self, text: str) -> frozenset[str]:
        """Return the workers whom `search` finds, all of them."""
        return frozenset(who for who, _ in _ranks(self._newest(), text))

    def _newest(self) -> _Joined:
        entries, found = self._directory().entries, self._standings()
        if self._differs(entries, found):
            self._join(entries, found)
        return self._joined

    def _differs(self, entries: Mapping[str, DirectoryEntry], found: SiteStandings | None) -> bool:
        joined = self._joined
        return found is not joined.standings or (entries is not joined.entries and bool(entries or joined.entries))

    def _join(self, entries: Mapping[str, DirectoryEntry], found: SiteStandings | None) -> None:
        """Join the sources. While another thread does so, what was joined before stays."""
        if not self._joining.acquire(blocking=False):
            return
        try:
            before = self._joined
            same = found is before.standings
            workers = before.workers if same else {one.worker_id: one for one in (found.workers if found else ())}
            state = before.state if same else found.state() if found else None
            self._joined = _Joined(entries, found, state, workers, _keys_of(entries, workers, before))
        finally:
            self._joining.release()

    def _inside(self) -> dict[str, MusterPerson]:
        muster = self._muster()
        return {one.worker_id: one for one in muster.people} if muster else {}


def _person(joined: _Joined, inside: Mapping[str, MusterPerson], worker_id: str) -> SitePerson:
    entry = joined.entries.get(worker_id) or DirectoryEntry(worker_id=worker_id)
    standing, came = joined.workers.get(worker_id), inside.get(worker_id)
    return SitePerson(
        worker_id=worker_id,
        name=entry.name or "",
        employer=entry.employer or (standing.employer if standing else None) or "",
        team=entry.team or "",
        trade=entry.trade or (standing.trade if standing else None) or "",
        phone=entry.phone or "",
        standing=standing,
        inside_since=came.utc if came else None,
        inside_gate=came.gate_id if came else "",
    )


def _keys_of(
    entries: Mapping[str, DirectoryEntry], workers: Mapping[str, WorkerStanding], before: _Joined
) -> dict[str, _Keys]:
    """Return the keys of everybody. Those of an entry that did not change stay."""
    known = {keys.name: keys.letters for keys in before.keys.values()}
    found = {}
    for who in entries.keys() | workers.keys():
        entry = entries.get(who)
        if who in before.keys and entry is before.entries.get(who):
            found[who] = before.keys[who]
            continue
        name = matched(entry.name or "") if entry else ""
        phone = "".join(sign for sign in (entry.phone or "") if sign.isdigit()) if entry else ""
        found[who] = _Keys(matched(who), name, phone, known.get(name) or letters(name))
    return found


def _ranks(joined: _Joined, text: str) -> Iterator[tuple[str, int]]:
    """Yield everybody whom a text finds, with how well it fits."""
    wanted = matched(text) if len(text) <= TEXT_MAX else ""
    without_blanks = wanted.replace(" ", "")
    if without_blanks:
        for who, keys in joined.keys.items():
            rank = _rank(keys, wanted, without_blanks)
            if rank is not None:
                yield who, rank


def _rank(keys: _Keys, wanted: str, joined: str) -> int | None:
    """Return how well the text fits, 0 best; None: not at all."""
    if wanted in (keys.worker_id, keys.name):
        return 0
    if keys.name and (keys.name.startswith(wanted) or keys.letters.joined.startswith(joined)):
        return 1
    if keys.letters.initials.startswith(joined) or keys.worker_id.startswith(wanted):
        return 2
    if wanted in keys.name or wanted in keys.worker_id:
        return 3
    if len(joined) >= _PART_MIN and joined in keys.letters.joined:
        return 4
    return 5 if len(joined) >= _PHONE_MIN and joined in keys.phone else None
