"""One index of the site's people: names of the directory, standings of the gate, and who is inside."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from common.pinyin import Letters, letters
from contract.messages import DirectoryEntry, Id
from contract.names import matched
from edge.core.domain import MusterList, MusterPerson, RosterState, SiteStandings, WorkerStanding
from edge.screen.ports import NameDirectory, StandingSource

FOUND_MAX = 20
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


class PeopleIndex:
    """Joins the sources on demand, and again only after one of them changed.

    `directory`, `standings`, `muster`: the newest of each. None of them raises.
    """

    def __init__(
        self,
        directory: Callable[[], NameDirectory],
        standings: StandingSource = lambda: None,
        muster: Callable[[], MusterList | None] = lambda: None,
    ) -> None:
        self._directory, self._standings, self._muster = directory, standings, muster
        self._entries: Mapping[str, DirectoryEntry] = {}
        self._found: SiteStandings | None = None
        self._workers: dict[str, WorkerStanding] = {}
        self._state: RosterState | None = None
        self._keys: dict[str, _Keys] = {}
        self._letters: dict[str, Letters] = {}
        self._listed: MusterList | None = None
        self._inside: dict[str, MusterPerson] = {}

    @property
    def standings(self) -> SiteStandings | None:
        """What the gate wrote last; None: it does not run."""
        self._follow()
        return self._found

    @property
    def state(self) -> RosterState | None:
        """The same as the decision takes it."""
        self._follow()
        return self._state

    def name(self, worker_id: str) -> str:
        """Return the name of a worker, or "" if the directory has none."""
        entry = self._directory().entries.get(worker_id)
        return (entry.name or "") if entry else ""

    def person(self, worker_id: str) -> SitePerson | None:
        """Return a worker; None if neither directory nor lists have this id."""
        self._follow()
        return self._person(worker_id) if worker_id in self._keys else None

    def search(self, text: str, limit: int = FOUND_MAX) -> FoundPeople:
        """Find workers by a part of the name, its pinyin, initials, worker id or phone number."""
        wanted = matched(text)
        joined = wanted.replace(" ", "")
        if not joined or len(text) > TEXT_MAX:
            return FoundPeople()
        self._follow()
        ranked = sorted((rank, self._order(who), who) for who, rank in self._ranks(wanted, joined))
        return FoundPeople(tuple(self._person(who) for _, _, who in ranked[:limit]), len(ranked))

    def ids(self, text: str) -> frozenset[str]:
        """Return the workers whom `search` finds, all of them."""
        wanted = matched(text)
        self._follow()
        return frozenset(who for who, _ in self._ranks(wanted, wanted.replace(" ", ""))) if wanted else frozenset()

    def _ranks(self, wanted: str, joined: str) -> Iterator[tuple[str, int]]:
        for who, keys in self._keys.items():
            rank = _rank(keys, wanted, joined)
            if rank is not None:
                yield who, rank

    def _order(self, worker_id: str) -> str:
        return self._keys[worker_id].letters.pinyin or worker_id

    def _follow(self) -> None:
        """Take up what changed in the sources."""
        entries, found, muster = self._directory().entries, self._standings(), self._muster()
        if muster is not self._listed:
            self._listed = muster
            self._inside = {one.worker_id: one for one in muster.people} if muster else {}
        if entries is self._entries and found is self._found:
            return
        if found is not self._found:
            self._found, self._state = found, found.state() if found else None
            self._workers = {one.worker_id: one for one in found.workers} if found else {}
        self._entries = entries
        self._keys = {who: self._keys_of(who) for who in (entries.keys() | self._workers.keys())}
        self._letters = {self._name_of(who): keys.letters for who, keys in self._keys.items()}

    def _keys_of(self, worker_id: str) -> _Keys:
        entry, name = self._entries.get(worker_id), self._name_of(worker_id)
        phone = "".join(sign for sign in (entry.phone or "") if sign.isdigit()) if entry else ""
        read = self._letters.get(name) or letters(name)
        return _Keys(matched(worker_id), matched(name), phone, read)

    def _name_of(self, worker_id: str) -> str:
        entry = self._entries.get(worker_id)
        return (entry.name or "") if entry else ""

    def _person(self, worker_id: Id) -> SitePerson:
        entry = self._entries.get(worker_id) or DirectoryEntry(worker_id=worker_id)
        standing, inside = self._workers.get(worker_id), self._inside.get(worker_id)
        return SitePerson(
            worker_id=worker_id,
            name=entry.name or "",
            employer=entry.employer or (standing.employer if standing else None) or "",
            team=entry.team or "",
            trade=entry.trade or (standing.trade if standing else None) or "",
            phone=entry.phone or "",
            standing=standing,
            inside_since=inside.utc if inside else None,
            inside_gate=inside.gate_id if inside else "",
        )


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


_PART_MIN, _PHONE_MIN = 2, 4
"""A shorter part of a reading or of a phone number fits nearly everybody."""
