"""What a reader of the history asks for: a day, a kind of event, a person. Pure; no text of a query is trusted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from contract.messages import PassageOutcome, Reason
from edge.core.domain import HistoryKind, HistoryQuery

FIRST_DAY, LAST_DAY = date(2020, 1, 1), date(2200, 1, 1)
WHO_MAX = 80
PAGE_LINES = 50
PAGES_MAX = 100_000
REASON, OUTCOME = "reason.", "outcome."
ADMISSIONS = (Reason.GRANTED, Reason.MANUAL_ADMIT, Reason.REMOTE_OPEN)
REFUSALS = tuple(reason for reason in Reason if reason not in ADMISSIONS)


@dataclass(frozen=True, slots=True)
class HistoryAsked:
    """One question. `what`: a kind, "reason.…", "outcome.…", or "" for all. `who`: a name or an id, or "".

    `through`: the newest event of the first page, 0 there.
    """

    day: date
    what: str = ""
    who: str = ""
    page: int = 0
    through: int = 0

    def query(self, tz: tzinfo | None, workers: frozenset[str] | None, hidden: frozenset[Reason]) -> HistoryQuery:
        """Return the question to the journal. `workers`: who `who` may be; None: anybody."""
        since, until = bounds(self.day, tz)
        kind = HistoryKind(self.what) if self.what in set(HistoryKind) else None
        reason = outcome = None
        if self.what.startswith(REASON):
            reason = Reason(self.what.removeprefix(REASON))
        elif self.what.startswith(OUTCOME):
            outcome = PassageOutcome(self.what.removeprefix(OUTCOME))
        return HistoryQuery(since, until, kind, reason, outcome, workers, hidden)

    def words(self, **changed: object) -> dict[str, str]:
        """Return the question as a query string's fields, without what is empty."""
        fields: dict[str, object] = {"day": self.day.isoformat(), "what": self.what, "who": self.who}
        fields |= {"page": self.page, "through": self.through} | changed
        return {name: str(value) for name, value in fields.items() if value not in ("", 0)}


def choices(hidden: Iterable[Reason] = ()) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return all that `what` may be: kinds, reasons, outcomes. `hidden`: reasons that this reader must not know."""
    shown = [reason for reason in (*ADMISSIONS, *REFUSALS) if reason not in set(hidden)]
    return (
        tuple(HistoryKind),
        tuple(REASON + reason.value for reason in shown),
        tuple(OUTCOME + outcome.value for outcome in PassageOutcome),
    )


def asked(query: Mapping[str, str], today: date, hidden: Iterable[Reason] = ()) -> HistoryAsked:
    """Read a question. What is not understood counts as not said."""
    what = query.get("what", "")
    return HistoryAsked(
        day=day_of(query.get("day", ""), today),
        what=what if any(what in group for group in choices(hidden)) else "",
        who=" ".join(query.get("who", "").split())[:WHO_MAX],
        page=_number(query.get("page", ""), PAGES_MAX),
        through=_number(query.get("through", ""), 2**53),
    )


def day_of(text: str, otherwise: date) -> date:
    """Return a day as a form sends it (YYYY-MM-DD)."""
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        return otherwise
    return day if FIRST_DAY <= day <= LAST_DAY else otherwise


def bounds(day: date, tz: tzinfo | None = None, begins: timedelta = timedelta(0)) -> tuple[datetime, datetime]:
    """Return the first moment of a day of the site, and of the next one (UTC). A day may have 23 or 25 hours.

    `begins`: what the site's clock shows then, if not midnight.
    """
    first, after = (datetime.combine(one, time.min, tz) + begins for one in (day, day + timedelta(days=1)))
    return first.astimezone(UTC), after.astimezone(UTC)


def _number(text: str, most: int) -> int:
    return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 20 else 0
