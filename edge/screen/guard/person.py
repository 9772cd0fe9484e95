"""A person's card as plain data, in the reader's language: who that is, and what stands against them. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from contract.messages import DataTier, Direction, Reason, RiskEntry
from edge.core.decision import GuardCheck, Objection, check_for_guard, policy_of, tiers
from edge.core.decision.hours import site_time
from edge.core.domain import Circumstances, RosterState, SiteStandings, WorkerStanding
from edge.screen.people.index import SitePerson
from edge.screen.words.people import PeopleWord

_W = PeopleWord


class GuardVerdict(StrEnum):
    """May a guard admit this person? The words are those of `PeopleWord`."""

    CLEAR = "clear"
    OVERRIDE = "override"
    BLOCKED = "blocked"
    UNCHECKED = "unchecked"

    @property
    def mood(self) -> str:
        """The colour beside the words."""
        return {"clear": "good", "blocked": "bad"}.get(self.value, "care")

    @property
    def icon(self) -> str:
        """The icon beside the words, of icons.svg."""
        return {"clear": "check", "blocked": "stop"}.get(self.value, "alert")


@dataclass(frozen=True, slots=True)
class AgainstLine:
    """One thing that stands against a person. `todo`: what to do about it."""

    words: str
    todo: str
    may_override: bool


@dataclass(frozen=True, slots=True)
class PersonCard:
    """A person's card. `despite`: the reasons that the guard sees, as a form field. `risks`: for managers alone."""

    person: SitePerson
    verdict: GuardVerdict
    against: tuple[AgainstLine, ...] = ()
    notes: tuple[str, ...] = ()
    despite: str = ""
    risks: tuple[RiskEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckedLists:
    """The gate's lists, as the card checks by them. `clock_trusted`: by the gate."""

    standings: SiteStandings
    state: RosterState
    now: datetime
    clock_trusted: bool

    def check(self, worker_id: str) -> GuardCheck:
        """Ask what the gate asks when a guard admits."""
        at = Circumstances(self.standings.site_id, Direction.IN, self.now, self.clock_trusted)
        return check_for_guard(worker_id, self.state, at)

    @property
    def today(self) -> date:
        """The day at the site, by which dates count."""
        return site_time(self.now, policy_of(self.state, self.standings.site_id, self.now)).date()

    @property
    def old(self) -> bool:
        """True if a list is missing, withheld or expired."""
        known = tiers(self.state, self.standings.site_id, self.now)
        return DataTier.EXPIRED in known or bool(self.state.withheld)


def person_card(
    person: SitePerson,
    lists: CheckedLists | None,
    words: Mapping[str, str],
    todo: Mapping[Reason, str],
    local: Callable[[datetime], datetime],
    *,
    sees_risk: bool,
) -> PersonCard:
    """Return the card of a person, by the same questions as the gate's. `local`: to the site's own time."""
    if lists is None:
        return PersonCard(person, GuardVerdict.UNCHECKED, notes=(words[_W.UNCHECKED_TODO],))
    found = lists.check(person.worker_id)
    standing = person.standing or WorkerStanding(worker_id=person.worker_id, listed=False)
    return PersonCard(
        person,
        verdict_of(found),
        tuple(_against(one, standing, lists.today, words, todo, local) for one in found.objections),
        tuple(_notes(lists, words)),
        " ".join(found.reasons),
        standing.risks if sees_risk else (),
    )


def verdict_of(found: GuardCheck) -> GuardVerdict:
    """Say whether a guard may admit."""
    if not found.objections:
        return GuardVerdict.CLEAR
    return GuardVerdict.OVERRIDE if found.may_admit else GuardVerdict.BLOCKED


def despite_of(text: str) -> tuple[Reason, ...]:
    """Read the field of a form that says what the guard saw. Raises ValueError."""
    return tuple(Reason(word) for word in text.split())


def _notes(lists: CheckedLists, words: Mapping[str, str]) -> Iterator[str]:
    if lists.old:
        yield words[_W.OLD_LISTS]
    if not lists.clock_trusted:
        yield words[_W.DOUBTFUL_CLOCK]


def _against(
    one: Objection,
    who: WorkerStanding,
    today: date,
    words: Mapping[str, str],
    todo: Mapping[Reason, str],
    local: Callable[[datetime], datetime],
) -> AgainstLine:
    if one.reason is Reason.RISK_HOLD:
        return AgainstLine(words[_W.HELD if one.may_override else _W.DENIED], words[_W.HELD_TODO], one.may_override)
    word, fact = _not_active(who, today) if one.reason is Reason.NOT_ACTIVE else _facts(one.reason, who, local)
    what_to_do = words[_W.NOBODY_TODO] if one.reason is Reason.UNKNOWN else todo[one.reason]
    return AgainstLine(words[word].format(date=fact, name=fact), what_to_do, one.may_override)


def _facts(reason: Reason, who: WorkerStanding, local: Callable[[datetime], datetime]) -> tuple[PeopleWord, object]:
    """Return the words for a reason, and the date or name in them."""
    if reason is Reason.TRAINING_LAPSED:
        return (_W.TRAINING_LAPSED if who.training_valid_until else _W.NO_TRAINING), who.training_valid_until
    if reason is Reason.DECLARATION_NEEDED:
        said = f"{local(who.declared_utc):%Y-%m-%d %H:%M}" if who.declared_utc else ""
        return (_W.DECLARED_BEFORE if said else _W.NO_DECLARATION), said
    if reason is Reason.EMPLOYER_NOT_ADMITTED:
        return (_W.EMPLOYER if who.employer else _W.NO_EMPLOYER), who.employer
    if reason is Reason.TRADE_NOT_ADMITTED:
        return (_W.TRADE if who.trade else _W.NO_TRADE), who.trade
    return (_W.OTHER_SITE if reason is Reason.NOT_THIS_SITE else _W.NOBODY), ""


def _not_active(who: WorkerStanding, today: date) -> tuple[PeopleWord, object]:
    if not who.active:
        return _W.SUSPENDED, ""
    if who.valid_from is not None and today < who.valid_from:
        return _W.NOT_YET, who.valid_from
    return _W.LEFT, who.valid_until
