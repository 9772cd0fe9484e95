"""People in one team. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo

from district.tracing.rules.contacts import Certainty, Encounter, ReasonKind
from district.tracing.rules.window import Span, days_span, shared

ASSUMED = timedelta(hours=16)
"""How long a stay may have been whose entry or exit nobody saw."""


@dataclass(frozen=True)
class TeamFact:
    """Days of somebody in a team. Not `seen`: the register says so, and no gate saw it."""

    person: int
    team: int
    first: date
    last: date
    seen: bool


def in_team_together(
    cases: Iterable[TeamFact], others: Iterable[TeamFact], window: Span, zone: tzinfo
) -> Iterator[Encounter]:
    """Return each time that somebody was in a team together with one of the cases.

    A gate that saw both on the same day makes it certain; the register alone makes it possible.
    """
    teams: dict[int, list[TeamFact]] = defaultdict(list)
    for one in cases:
        teams[one.team].append(one)
    for other in others:
        for one in teams.get(other.team, []):
            first, last = max(one.first, other.first), min(one.last, other.last)
            if first > last or one.person == other.person or one.seen != other.seen:
                continue
            both = shared(days_span(first, last, zone), window)
            if both is not None:
                certainty = Certainty.CERTAIN if one.seen else Certainty.POSSIBLE
                yield Encounter(
                    other.person, one.person, ReasonKind.TEAM, str(one.team), both, certainty, sure=one.seen
                )
