"""Places and days: who was in an area of GB/T 2260, or on the way through it."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.utils.translation import gettext_noop

from district.screening.rules.refusals import ScreeningRefused

FIRST_YEAR, LAST_YEAR = 1900, 2199
"""Days of a rule. Each of them has a day before and after it."""


class PlaceMatch(StrEnum):
    """Whether somebody was in an area. `possible`: they named a wider area, which contains it."""

    NONE = "none"
    POSSIBLE = "possible"
    SURE = "sure"


@dataclass(frozen=True)
class PlaceAndDays:
    """An area and the days from the first to the last, both included."""

    code: str
    first: date
    last: date


def check_days(first: date, last: date) -> None:
    """Refuse days turned round, and days that no calendar of people has. Raises ScreeningRefused."""
    if last < first:
        raise ScreeningRefused(gettext_noop("The last day is before the first: compare both."))
    if first.year < FIRST_YEAR or last.year > LAST_YEAR:
        raise ScreeningRefused(
            gettext_noop("Choose days from %(first)s to %(last)s."), first=FIRST_YEAR, last=LAST_YEAR
        )


def area_prefix(code: str) -> str:
    """Return the digits that all codes inside an area begin with. Raises ScreeningRefused.

    GB/T 2260 has two digits each for province, city and county; a level that is left out is 00.
    """
    if not re.fullmatch(r"[1-9]\d{5}", code, re.ASCII):
        raise ScreeningRefused(gettext_noop("An area code has six digits (GB/T 2260), such as 440605."))
    if code[2:] == "0000":
        return code[:2]
    return code[:4] if code[4:] == "00" else code


def wider_areas(code: str) -> tuple[str, ...]:
    """Return the codes of the areas that contain this one, without itself. Raises ScreeningRefused."""
    prefix = area_prefix(code)
    return tuple(prefix[:count].ljust(6, "0") for count in range(2, len(prefix), 2))


def compare_places(asked: PlaceAndDays, was: PlaceAndDays) -> PlaceMatch:
    """Say whether a stay in one place was in the area that is asked for, on its days."""
    if was.last < asked.first or was.first > asked.last:
        return PlaceMatch.NONE
    wanted = area_prefix(asked.code)
    try:
        named = area_prefix(was.code)
    except ScreeningRefused:  # declared without a code, or with a wrong one
        return PlaceMatch.NONE
    if named.startswith(wanted):
        return PlaceMatch.SURE
    return PlaceMatch.POSSIBLE if wanted.startswith(named) else PlaceMatch.NONE
