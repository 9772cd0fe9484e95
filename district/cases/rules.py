"""The life cycle of a case: its states, the steps between them, and who may do which. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from statistics import median

from django.utils.translation import gettext_noop

from common.refusals import TranslatableError


class CaseKind(StrEnum):
    """What a case is about."""

    HIT = "hit"
    RISK_AT_GATE = "risk_at_gate"
    TEMPERATURE = "temperature"
    DECLARATION = "declaration"
    SILENT_GATE = "silent_gate"
    LIST_EXPIRED = "list_expired"
    TAMPER = "tamper"
    FIRE = "fire"
    SHORTFALL = "shortfall"
    WHISTLE = "whistle"
    SUPPORT = "support"
    CONTACT = "contact"


HEALTH_KINDS = frozenset(
    {CaseKind.HIT, CaseKind.RISK_AT_GATE, CaseKind.TEMPERATURE, CaseKind.DECLARATION, CaseKind.CONTACT}
)
"""They say something of a person's health: a guard sees none of them."""


class CaseCategory(StrEnum):
    """What a reported problem is about."""

    SAFETY = "safety"
    HEALTH = "health"
    SUPPLIES = "supplies"
    LIVING = "living"
    WAGES = "wages"
    GATE = "gate"
    OTHER = "other"


class CaseState(StrEnum):
    """Where a case stands."""

    REPORTED = "reported"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    RESOLVED = "resolved"
    CONFIRMED = "confirmed"
    CLOSED = "closed"


class CaseAction(StrEnum):
    """What somebody does to a case. Each is one row of its history."""

    REPORT = "report"
    ASSIGN = "assign"
    HAND_OVER = "hand_over"
    PROGRESS = "progress"
    RESPOND = "respond"
    RESOLVE = "resolve"
    CONFIRM = "confirm"
    CLOSE = "close"
    REOPEN = "reopen"
    ESCALATE = "escalate"
    NEWS = "news"


class CaseSide(StrEnum):
    """On which side of a case somebody stands."""

    DESK = "desk"
    """Who works on cases at the place that answers now, or above it."""
    OWNER = "owner"
    REPORTER = "reporter"
    SITE = "site"
    """Who works on cases at the place where it is. It does tasks of the check-list there, and proves them."""


_S, _A, _SIDE = CaseState, CaseAction, CaseSide
_WORKING = frozenset({_SIDE.DESK, _SIDE.OWNER})
_THERE = _WORKING | {_SIDE.SITE}
_ANY = _WORKING | {_SIDE.REPORTER}

TABLE: dict[tuple[CaseState, CaseAction], tuple[CaseState, frozenset[CaseSide]]] = {
    (_S.REPORTED, _A.ASSIGN): (_S.ASSIGNED, frozenset({_SIDE.DESK})),
    (_S.REPORTED, _A.HAND_OVER): (_S.REPORTED, frozenset({_SIDE.DESK})),
    (_S.REPORTED, _A.PROGRESS): (_S.IN_PROGRESS, frozenset({_SIDE.DESK})),
    (_S.REPORTED, _A.RESPOND): (_S.REPORTED, _THERE),
    (_S.ASSIGNED, _A.ASSIGN): (_S.ASSIGNED, frozenset({_SIDE.DESK})),
    (_S.ASSIGNED, _A.HAND_OVER): (_S.REPORTED, _WORKING),
    (_S.ASSIGNED, _A.PROGRESS): (_S.IN_PROGRESS, frozenset({_SIDE.OWNER})),
    (_S.ASSIGNED, _A.RESPOND): (_S.IN_PROGRESS, _THERE),
    (_S.IN_PROGRESS, _A.ASSIGN): (_S.ASSIGNED, frozenset({_SIDE.DESK})),
    (_S.IN_PROGRESS, _A.HAND_OVER): (_S.REPORTED, _WORKING),
    (_S.IN_PROGRESS, _A.PROGRESS): (_S.IN_PROGRESS, frozenset({_SIDE.OWNER})),
    (_S.IN_PROGRESS, _A.RESPOND): (_S.IN_PROGRESS, _THERE),
    (_S.IN_PROGRESS, _A.RESOLVE): (_S.RESOLVED, frozenset({_SIDE.OWNER})),
    (_S.RESOLVED, _A.CONFIRM): (_S.CONFIRMED, frozenset({_SIDE.REPORTER})),
    (_S.RESOLVED, _A.REOPEN): (_S.ASSIGNED, frozenset({_SIDE.REPORTER})),
    (_S.CONFIRMED, _A.CLOSE): (_S.CLOSED, _ANY),
    (_S.CONFIRMED, _A.REOPEN): (_S.ASSIGNED, frozenset({_SIDE.REPORTER, _SIDE.DESK})),
    (_S.CLOSED, _A.REOPEN): (_S.ASSIGNED, frozenset({_SIDE.REPORTER, _SIDE.DESK})),
}
"""State and action -> next state, and the sides that may do it. What is not here is refused. A report makes a case, and
the program escalates it and adds news: none of these changes where it stands.
"""

WAITS_FOR: dict[CaseState, CaseSide] = {
    _S.REPORTED: _SIDE.DESK,
    _S.ASSIGNED: _SIDE.OWNER,
    _S.IN_PROGRESS: _SIDE.OWNER,
    _S.RESOLVED: _SIDE.REPORTER,
    _S.CONFIRMED: _SIDE.DESK,
}
"""Who has the next step of an open case."""
OWNED = frozenset(CaseState) - {_S.REPORTED}
"""States in which one account owns the case. Before that the desk does."""
WITH_DESK_OR_OWNER = (_S.REPORTED, _S.ASSIGNED, _S.IN_PROGRESS)
"""States whose next step the district owes: only these escalate."""


class CaseRefused(TranslatableError):
    """A step that cannot be. `text` is an English message id, `values` fill it."""


def next_state(state: CaseState, action: CaseAction, sides: frozenset[CaseSide]) -> CaseState:
    """Return where a case stands after a step of somebody on these sides. Raises CaseRefused."""
    if (state, action) not in TABLE:
        raise CaseRefused(gettext_noop("The case has moved on: load the page again, and see its next step."))
    after, allowed = TABLE[state, action]
    if sides & allowed:
        return after
    if action is _A.CONFIRM:
        raise CaseRefused(gettext_noop("Only the reporter's side confirms: ask it to look."))
    raise CaseRefused(gettext_noop("This step is not yours: the case's page says who has it."))


def actions_of(state: CaseState, sides: frozenset[CaseSide]) -> tuple[CaseAction, ...]:
    """Return what somebody on these sides can do now, in the order of the life cycle."""
    return tuple(a for a in CaseAction if (state, a) in TABLE and sides & TABLE[state, a][1])


def reports_side(*, is_reporter: bool, reporter_answers: bool, stands_above: bool, resolved_it: bool) -> bool:
    """Say whether somebody is on the reporter's side.

    It is the reporter. If the reporter is a program, left or lets the time for an answer pass, it is who works on cases
    at the reporter's place or above. Who resolved the case never confirms it for another.
    """
    return is_reporter or (not reporter_answers and stands_above and not resolved_it)


def check_said(text: str) -> str:
    """Return what somebody wrote about a step. Raises CaseRefused if it says nothing."""
    said = text.replace("\0", "").strip()
    if len(said) < 2:
        raise CaseRefused(gettext_noop("Write a few words: the others read them."))
    if len(said) > 4_000:
        raise CaseRefused(gettext_noop("Write at most 4,000 characters."))
    return said


@dataclass(frozen=True)
class Spread:
    """How long cases took."""

    count: int
    median: timedelta | None
    p90: timedelta | None


def spread(durations: Sequence[timedelta]) -> Spread:
    """Return median and 90th percentile (nearest rank: the smallest that 90 % do not exceed)."""
    if not durations:
        return Spread(0, None, None)
    ordered = sorted(durations)
    middle: timedelta = median(ordered)  # type: ignore[type-var]
    return Spread(len(ordered), middle, ordered[math.ceil(len(ordered) * 9 / 10) - 1])


def spread_minutes(minutes: Sequence[int]) -> tuple[float | None, float | None]:
    """Return median and 90th percentile in hours, with one decimal."""
    found = spread([timedelta(minutes=one) for one in minutes])
    if found.median is None or found.p90 is None:
        return None, None
    hour = timedelta(hours=1)
    return round(found.median / hour, 1), round(found.p90 / hour, 1)
