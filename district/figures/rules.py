"""What is counted each day, who may see it, and how shares and ages are named. Pure."""

from datetime import date, timedelta
from enum import StrEnum

from district.permissions import Permission

SHOWN_DAYS = 30
"""How far back the slider goes. A missing day of these is filled."""
KEPT_DAYS = 400
LATE_DAYS = 7
"""Gates that were offline send events later: so many days back are counted again once a day."""


class FigureName(StrEnum):
    """One figure of a place and day. Some have parts, such as the province."""

    SITES = "sites"
    SITES_RESUMED = "sites_resumed"
    """By their date of resumption."""
    SITES_MEASURED = "sites_measured"
    """Somebody passed a gate inwards on the day."""
    ENTERPRISES = "enterprises"
    """With a contract on an open site; counted at the enterprise's seat."""
    ENTERPRISES_RESUMED = "enterprises_resumed"
    ENTERPRISES_MEASURED = "enterprises_measured"
    REGISTERED = "registered"
    """By province of origin. Who works on two sites counts on both."""
    PRESENT = "present"
    """By province of origin."""
    STARTED = "started"
    """Work began on the day, by province."""
    ENDED = "ended"
    """The day was the last of work, by province."""
    GATES = "gates"
    GATES_SILENT = "gates_silent"
    CASES_OPEN = "cases_open"
    """By age, as `AGES` names it."""
    CASES_OVERDUE = "cases_overdue"
    CASES_MADE = "cases_made"
    CASES_CLOSED = "cases_closed"
    HEALTH_OPEN = "health_open"
    """Open cases of health kinds, by age."""
    HEALTH_OVERDUE = "health_overdue"
    TO_DECLARE = "to_declare"
    DECLARED = "declared"
    ABNORMAL = "abnormal"
    ARRIVED = "arrived"
    """Declared trips of the day, by the province where they began."""
    SITES_TO_FILE = "sites_to_file"
    SITES_FILED = "sites_filed"
    EXPECTED = "expected"
    BACK = "back"
    FROM_LISTED = "from_listed"
    NOT_WELL = "not_well"
    STOCK = "stock"
    """By item."""
    DAILY_USE = "daily_use"
    """By item."""
    SHORT = "short"
    """Sites whose stock of an item is short, by item."""
    ISOLATION = "isolation"
    ISOLATION_USED = "isolation_used"


_N, _P = FigureName, Permission
_HEALTH = frozenset({_N.HEALTH_OPEN, _N.HEALTH_OVERDUE, _N.TO_DECLARE, _N.DECLARED, _N.ABNORMAL, _N.ARRIVED})
_SUPPLIES = frozenset(
    {
        _N.SITES_TO_FILE,
        _N.SITES_FILED,
        _N.EXPECTED,
        _N.BACK,
        _N.FROM_LISTED,
        _N.NOT_WELL,
        _N.STOCK,
        _N.DAILY_USE,
        _N.SHORT,
        _N.ISOLATION,
        _N.ISOLATION_USED,
    }
)
_CASES = frozenset({_N.CASES_OPEN, _N.CASES_OVERDUE, _N.CASES_MADE, _N.CASES_CLOSED})
SEEN_WITH: dict[Permission, frozenset[FigureName]] = {
    _P.SEE_HEALTH: _HEALTH,
    _P.SEE_SUPPLIES: _SUPPLIES,
    _P.SEE_CASES: _CASES,
    _P.SEE_ATTENDANCE: frozenset(FigureName) - _HEALTH - _SUPPLIES - _CASES,
}
"""What an account needs at a place to see a figure of it."""

AGES: tuple[tuple[str, timedelta], ...] = (
    ("0", timedelta(days=1)),
    ("1", timedelta(days=3)),
    ("3", timedelta(days=7)),
    ("7", timedelta.max),
)
"""Bands of the age of a case: the days at which each begins, and its end."""


def age_band(age: timedelta) -> str:
    """Return the band of an age."""
    return next(name for name, end in AGES if age < end or end == timedelta.max)


def share(part: int, whole: int) -> str:
    """Return a share in percent with two decimals, as district offices report it; "–" without a whole.

    It is cut, not rounded: 99.996% is not all.
    """
    if whole <= 0:
        return "–"
    hundredths = part * 10_000 // whole
    return f"{hundredths // 100}.{hundredths % 100:02d}%"


def days_to_fill(filled: dict[date, date], today: date) -> list[date]:
    """Return the days to count now: the late ones that were not counted today, and missing ones, the latest first.

    `filled`: for each counted day the day on which that was done. Today itself is counted apart, more often.
    """
    days = (today - timedelta(days=back) for back in range(1, SHOWN_DAYS))
    return [day for day in days if day not in filled or ((today - day).days <= LATE_DAYS and filled[day] < today)]


def slider_day(at: str, today: date) -> date | None:
    """Return the day of a position of the slider: 0 is the first shown day. None for no position."""
    if not (at.isascii() and at.isdecimal()) or len(at) > 4:
        return None
    return today - timedelta(days=SHOWN_DAYS - 1 - min(int(at), SHOWN_DAYS - 1))


def slider_at(day: date, today: date) -> int:
    """Return the position of a day on the slider."""
    return max(0, min(SHOWN_DAYS - 1, SHOWN_DAYS - 1 - (today - day).days))
