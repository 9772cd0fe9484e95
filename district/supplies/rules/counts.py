"""The figures of one day: people of an employer, isolation places, and until when they are due. Pure."""

from dataclasses import astuple, dataclass, fields
from datetime import date, time, timedelta

from django.utils.translation import gettext_noop

from district.supplies.rules.refusals import SuppliesRefused

PEOPLE_MAX = 20_000
BACK_DAYS = 3
"""So many days back a figure can still be declared or corrected."""
JUMP = 10
"""A figure that is so many times the last one, or more, is asked about. A zero too many is the usual mistake."""
JUMP_FROM = 100
"""Below this a jump is not asked about: sites do grow from 2 to 30."""


@dataclass(frozen=True)
class PeopleCounts:
    """What an employer declares of its people on one site."""

    expected: int
    back: int
    from_listed: int = 0
    """Of those who are back: how many came from areas that the district lists."""
    abnormal: int = 0
    """Of those who are back: how many are not well."""


PEOPLE_FIELDS = tuple(field.name for field in fields(PeopleCounts))
"""These names are columns of the counts too."""


@dataclass(frozen=True)
class IsolationPlaces:
    """Rooms where a site can keep somebody apart."""

    places: int
    used: int = 0

    @property
    def lacking(self) -> bool:
        """Say that nobody more could be kept apart."""
        return self.used >= self.places


def check_counts(counts: PeopleCounts) -> PeopleCounts:
    """Return figures that can be. Raises SuppliesRefused."""
    if not all(0 <= figure <= PEOPLE_MAX for figure in astuple(counts)):
        raise SuppliesRefused(gettext_noop("Write numbers from 0 to %(most)s."), most=PEOPLE_MAX)
    if counts.back > counts.expected:
        raise SuppliesRefused(gettext_noop("More people are back than expected: correct one of the two numbers."))
    if counts.from_listed > counts.back:
        raise SuppliesRefused(gettext_noop("More people from listed areas than people back: correct the number."))
    if counts.abnormal > counts.back:
        raise SuppliesRefused(gettext_noop("More people who are not well than people back: correct the number."))
    return counts


def check_isolation(rooms: IsolationPlaces) -> IsolationPlaces:
    """Return figures that can be. More used than there are is possible, and bad. Raises SuppliesRefused."""
    if not all(0 <= figure <= PEOPLE_MAX for figure in (rooms.places, rooms.used)):
        raise SuppliesRefused(gettext_noop("Write numbers from 0 to %(most)s."), most=PEOPLE_MAX)
    return rooms


def check_day(day: date, today: date, starts: date) -> date:
    """Return a day that can be declared now. Raises SuppliesRefused."""
    if day > today:
        raise SuppliesRefused(gettext_noop("This day has not come yet: choose today or a day before."))
    if day < today - timedelta(days=BACK_DAYS):
        raise SuppliesRefused(
            gettext_noop("Declare at most %(days)s days back. Ask the district to note an older correction."),
            days=BACK_DAYS,
        )
    if day < starts:
        raise SuppliesRefused(gettext_noop("The measure did not hold on this day: choose a later one."))
    return day


def jumps(before: int, now: int) -> bool:
    """Say whether a figure is so far from the last one that a person should look at it again."""
    low, high = sorted((before, now))
    return low > 0 and high >= JUMP_FROM and high >= low * JUMP


def is_late(now: time, due: time) -> bool:
    """Say whether what is due at a time of the day is late."""
    return now >= due
