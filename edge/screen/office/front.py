"""The site office's front page as plain data, in the reader's language: pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from contract.messages import DECISION_LISTS, DataTier, DirectoryEntry, ListKind
from edge.screen.journal.event_line import Mood
from edge.screen.office.concerns import NAMES_OLD, Finding, Knowledge, findings
from edge.screen.office.inside import Breakdown, Presence, Scope, by_property, presence_now
from edge.screen.site_time import SiteTime
from edge.screen.translations import Label, Texts
from edge.screen.words.office import OfficeWord

PROPERTIES = {
    "employer": OfficeWord.BY_EMPLOYER,
    "team": OfficeWord.BY_TEAM,
    "trade": OfficeWord.BY_TRADE,
}
_ICONS = {Mood.GOOD: "check", Mood.CARE: "alert", Mood.BAD: "alert", Mood.PLAIN: "info"}


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence about the site, and the next step. `concern`: its name, "" if all is well."""

    mood: Mood
    icon: str
    sentence: str
    todo: str
    concern: str = ""


@dataclass(frozen=True, slots=True)
class Shares:
    """The people inside by one property, under its heading."""

    heading: str
    breakdown: Breakdown
    more: str


@dataclass(frozen=True, slots=True)
class AgeLine:
    """One list of this gate: its age in words, and what that means."""

    name: str
    age: str
    mood: Mood
    state: str


@dataclass(frozen=True, slots=True)
class FrontView:
    """`verdict`: the one sentence. `also`: everything else that needs a look. `shares`: empty without names."""

    verdict: Said
    also: tuple[Said, ...]
    presence: Presence
    scope: str
    counted: str
    unnamed: str
    shares: tuple[Shares, ...]
    lists: tuple[AgeLine, ...]


def front_view(known: Knowledge, texts: Texts, time: SiteTime) -> FrontView:
    """Say whether all is well, who is inside, and how old the lists are."""
    words = texts.room("office")
    said = tuple(_said(finding, texts, time) for finding in findings(known))
    presence = presence_now(known.muster, known.totals, known.now)
    whole = presence.scope is Scope.ALL_GATES
    age = known.now - presence.issued_utc if presence.issued_utc else None
    return FrontView(
        verdict=said[0] if said else _all_well(words),
        also=said[1:],
        presence=presence,
        scope=words[OfficeWord.ALL_GATES if whole else OfficeWord.THIS_GATE],
        counted=texts.age(age) if age is not None else "",
        unnamed=words[OfficeWord.UNNAMED].format(n=presence.unnamed) if presence.unnamed else "",
        shares=_shares(presence, known.names.entries, words),
        lists=_lists(known, texts),
    )


def _all_well(words: Mapping[str, str]) -> Said:
    return Said(Mood.GOOD, _ICONS[Mood.GOOD], words[OfficeWord.ALL_WELL], words[OfficeWord.NOTHING_TO_DO])


def _said(finding: Finding, texts: Texts, time: SiteTime) -> Said:
    names = texts.label[Label.LIST_SEPARATOR].join(texts.list[kind] for kind in finding.lists)
    values = {"age": texts.age(finding.age or timedelta(0)), "lists": names} | finding.values
    sentence = texts.room("concerns")[finding.concern].format(**values)
    if finding.until is not None:
        until = texts.room("office")[OfficeWord.LISTS_LAST_UNTIL].format(when=time.full(finding.until))
        sentence = f"{sentence} {until}"
    todo = texts.room("concerns_todo")[finding.concern]
    return Said(finding.mood, _ICONS[finding.mood], sentence, todo, finding.concern.value)


def _shares(presence: Presence, entries: Mapping[str, DirectoryEntry], words: Mapping[str, str]) -> tuple[Shares, ...]:
    if not entries or not presence.people:
        return ()
    found = []
    for name, heading in PROPERTIES.items():
        breakdown = by_property(presence.people, entries, name)
        more = words[OfficeWord.MORE_GROUPS].format(n=breakdown.more, people=breakdown.others) if breakdown.more else ""
        found.append(Shares(words[heading], breakdown, more))
    return tuple(found)


_TIERS = {DataTier.FRESH: Mood.GOOD, DataTier.STALE: Mood.CARE, DataTier.EXPIRED: Mood.BAD}


def _lists(known: Knowledge, texts: Texts) -> tuple[AgeLine, ...]:
    """Return the lists that decide, the list of names, and the count over all gates."""
    return (*(_decides(kind, known, texts) for kind in DECISION_LISTS), _names(known, texts), _presence(known, texts))


def _decides(kind: ListKind, known: Knowledge, texts: Texts) -> AgeLine:
    """Return a list with the tier that the gate gives it: the policy's limits are sealed for the gate."""
    held, live = known.sync.lists.get(kind), known.heard
    tiers = {ListKind.ROSTER: live.roster_tier, ListKind.RISK: live.risk_tier} if live else {}
    age = _ago(held.issued_utc, known.now, texts) if held else texts.room("office")[OfficeWord.MISSING]
    tier = tiers.get(kind)
    if tier is None:
        return AgeLine(texts.list[kind], age, Mood.PLAIN, "")
    return AgeLine(texts.list[kind], age, _TIERS[tier], texts.tier[tier])


def _names(known: Knowledge, texts: Texts) -> AgeLine:
    words, names = texts.room("office"), known.names
    if names.trouble:
        return _names_not_used(known, texts)
    if not names.version or names.issued_utc is None:
        return AgeLine(words[OfficeWord.DIRECTORY], words[OfficeWord.MISSING], Mood.PLAIN, "")
    tier = DataTier.STALE if known.now - names.issued_utc > NAMES_OLD else DataTier.FRESH
    age = _ago(names.issued_utc, known.now, texts)
    return AgeLine(words[OfficeWord.DIRECTORY], age, _TIERS[tier], texts.tier[tier])


def _names_not_used(known: Knowledge, texts: Texts) -> AgeLine:
    """Return the age of the names that are shown. Without any, return that of the list that is not used."""
    words, names = texts.room("office"), known.names
    held = names if names.version else known.sync.lists.get(ListKind.DIRECTORY)
    issued = held.issued_utc if held is not None else None
    age = _ago(issued, known.now, texts) if issued is not None else ""
    state = words[OfficeWord.OTHER_NOT_USED if names.version else OfficeWord.NOT_USED]
    return AgeLine(words[OfficeWord.DIRECTORY], age, Mood.CARE, state)


def _presence(known: Knowledge, texts: Texts) -> AgeLine:
    words, muster = texts.room("office"), known.muster
    if muster is None or muster.issued_utc is None:
        return AgeLine(words[OfficeWord.PRESENCE], words[OfficeWord.MISSING], Mood.PLAIN, "")
    age = known.now - muster.issued_utc
    tier = DataTier.STALE if age.total_seconds() > muster.max_age_s else DataTier.FRESH
    return AgeLine(
        words[OfficeWord.PRESENCE], _ago(muster.issued_utc, known.now, texts), _TIERS[tier], texts.tier[tier]
    )


def _ago(then: datetime, now: datetime, texts: Texts) -> str:
    return texts.label[Label.AGO].format(age=texts.age(now - then))
