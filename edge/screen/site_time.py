"""The site's own time, for every page: one time zone, and dates with their day of the week. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from contract.policy import Weekday, zone_named
from edge.screen.ports import StandingSource
from edge.screen.words.time import TimeWord

_EARLIEST, _LATEST = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)
"""Bounds of local times: beyond them a time zone would overflow."""


_DAYS = tuple(Weekday)


@dataclass(frozen=True, slots=True)
class SiteTime:
    """Times in one zone, in the words of one language. `zone` None: the zone of this computer."""

    zone: tzinfo | None
    words: Mapping[str, str]

    def local(self, utc: datetime) -> datetime:
        """Return a time in the site's zone."""
        return max(_EARLIEST, min(utc, _LATEST)).astimezone(self.zone)

    def day(self, day: date) -> str:
        """Return a date with its day of the week, for example "Sun 2026-11-29"."""
        weekday = self.words[_DAYS[day.weekday()]]
        return self.words[TimeWord.PATTERN].format(weekday=weekday, date=day.isoformat())

    def moment(self, utc: datetime, now: datetime) -> str:
        """Return hours, minutes and seconds, with the day before them if that is not today."""
        at = self.local(utc)
        today = at.date() == self.local(now).date()
        return f"{at:%H:%M:%S}" if today else f"{self.day(at.date())} {at:%H:%M:%S}"

    def full(self, utc: datetime) -> str:
        """Return the day, hours and minutes."""
        at = self.local(utc)
        return f"{self.day(at.date())} {at:%H:%M}"

    def name(self, now: datetime) -> str:
        """Return the zone's name and its difference from UTC, for example "Asia/Shanghai, UTC+08:00"."""
        at = self.local(now)
        offset = at.strftime("%z")
        difference = f"UTC{offset[:3]}:{offset[3:5]}"
        named = getattr(self.zone, "key", "")
        return f"{named}, {difference}" if named else difference


class SiteZone:
    """The zone that the site's policy names. It stays known while the gate process is down."""

    def __init__(self, standings: StandingSource) -> None:
        self._standings = standings
        self._name, self._zone = "", zone_of("")

    @property
    def known(self) -> tzinfo | None:
        """The zone that was found last. It costs no look at a file."""
        return self._zone

    def now(self) -> tzinfo | None:
        """Return the present zone; None until a policy is known: the zone of this computer."""
        found = self._standings()
        if found is not None and found.policy is not None and found.policy.time_zone != self._name:
            self._name = found.policy.time_zone
            self._zone = zone_of(self._name)
        return self._zone


def zone_of(name: str) -> tzinfo | None:
    """Return the zone of this IANA name. None: this machine does not know it, so its own zone applies."""
    return zone_named(name) if name else None
