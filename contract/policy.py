"""The parts of a site's policy: when, by which factors, and what a list, a full site or a second passage means."""

from datetime import date, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

_LIST_MAX = 200


class Factor(StrEnum):
    """How a person shows who they are. Several together are asked for by `FactorRule`."""

    FACE = "face"
    CODE = "code"
    """A signed, short-lived QR code."""
    CARD = "card"
    PIN = "pin"
    GUARD = "guard"
    """A guard who knows the person, by name and with a reason."""


class Weekday(StrEnum):
    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class RiskAction(StrEnum):
    """What being on a list means at the gate."""

    HOLD = "hold"
    """Please see the desk: the desk may admit after asking."""
    DENY = "deny"
    """Not today, whatever the desk thinks."""
    ADMIT_AND_ALERT = "admit_and_alert"
    """In, and the manager is told."""


class AntiPassback(StrEnum):
    """What follows when somebody who is inside comes in again, or somebody outside leaves."""

    OFF = "off"
    SOFT = "soft"
    """Admitted, and noted."""
    HARD = "hard"
    """Refused."""


class PolicyPart(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")


class Period(PolicyPart):
    """Some hours of some days, in the site's own time. `until` at or before `since` reaches into the next day."""

    days: tuple[Weekday, ...] = Field(default=tuple(Weekday), min_length=1)
    since: time = time(0, 0)
    until: time = time(0, 0)

    @model_validator(mode="after")
    def _in_site_time(self) -> "Period":
        if self.since.tzinfo or self.until.tzinfo:
            raise ValueError("since and until are in the site's own time: leave the zone out, for example 07:30")
        return self


class Holiday(PolicyPart):
    """Days, both included, on which `periods` hold instead of the usual working hours; none: the site is closed."""

    first: date
    last: date
    periods: tuple[Period, ...] = Field(default=(), max_length=_LIST_MAX)

    @model_validator(mode="after")
    def _in_order(self) -> "Holiday":
        if self.last < self.first:
            raise ValueError(f"a holiday ends ({self.last}) before it begins ({self.first})")
        return self


class FactorRule(PolicyPart):
    """During `periods` (none: always) a person must show every factor of one of the combinations in `any_of`."""

    periods: tuple[Period, ...] = Field(default=(), max_length=_LIST_MAX)
    any_of: tuple[tuple[Factor, ...], ...] = Field(min_length=1, max_length=20)

    @model_validator(mode="after")
    def _passable(self) -> "FactorRule":
        if not all(self.any_of):
            raise ValueError("a combination of no factors would admit anybody")
        if not any(Factor.FACE not in combination for combination in self.any_of):
            raise ValueError("the face may not be the only way in: add a combination without it")
        return self


class RiskRule(PolicyPart):
    """What being on the list of this name means."""

    list_name: str = Field(max_length=80)
    action: RiskAction


EVERY_WAY_IN: tuple[FactorRule, ...] = (
    FactorRule(any_of=((Factor.FACE,), (Factor.CODE,), (Factor.CARD, Factor.PIN), (Factor.GUARD,))),
)


def zone_named(name: str) -> ZoneInfo | None:
    """The IANA time zone of this name; None if this machine knows none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; no name at all; a folder of the zone database
        return None
