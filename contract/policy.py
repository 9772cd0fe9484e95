"""The parts of a site's policy: periods, factors, and what follows from a risk list or a second passage."""

from datetime import date, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

_LIST_MAX = 200


class Factor(StrEnum):
    """How a person shows who they are. A `FactorRule` may ask for several."""

    FACE = "face"
    CODE = "code"
    """A signed, short-lived QR code."""
    CARD = "card"
    PIN = "pin"
    GUARD = "guard"
    """A guard who knows the person admits them, with a name and a reason."""


class Weekday(StrEnum):
    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class RiskAction(StrEnum):
    """What the gate does with a worker on a risk list."""

    HOLD = "hold"
    """Please see the desk. A guard there may admit after asking."""
    DENY = "deny"
    """Refuse, also at the desk."""
    ADMIT_AND_ALERT = "admit_and_alert"
    """Admit, and show it to the manager."""


class GuardOverride(StrEnum):
    """What stands against a worker, and a guard may override with a reason. The words are those of `Reason`."""

    UNKNOWN = "unknown"
    NOT_THIS_SITE = "not_this_site"
    NOT_ACTIVE = "not_active"
    EMPLOYER_NOT_ADMITTED = "employer_not_admitted"
    TRADE_NOT_ADMITTED = "trade_not_admitted"
    TRAINING_LAPSED = "training_lapsed"
    DECLARATION_NEEDED = "declaration_needed"


class AntiPassback(StrEnum):
    """What the gate does when a worker who is inside comes in again, or a worker who is outside leaves."""

    OFF = "off"
    SOFT = "soft"
    """Admit, and note it."""
    HARD = "hard"
    """Refuse."""


class PolicyPart(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")


class Period(PolicyPart):
    """Some hours of some days, in the site's own time. If `until` is at or before `since`, it is on the next day."""

    days: tuple[Weekday, ...] = Field(default=tuple(Weekday), min_length=1)
    since: time = time(0, 0)
    until: time = time(0, 0)

    @model_validator(mode="after")
    def _in_site_time(self) -> "Period":
        if self.since.tzinfo or self.until.tzinfo:
            raise ValueError("since and until are in the site's own time: leave the zone out, for example 07:30")
        return self


class Holiday(PolicyPart):
    """Days, first and last included, on which `periods` replace the usual working hours. Without periods the site is
    closed."""

    first: date
    last: date
    periods: tuple[Period, ...] = Field(default=(), max_length=_LIST_MAX)

    @model_validator(mode="after")
    def _in_order(self) -> "Holiday":
        if self.last < self.first:
            raise ValueError(f"a holiday ends ({self.last}) before it begins ({self.first})")
        return self


class FactorRule(PolicyPart):
    """During `periods` a person must show all factors of one combination in `any_of`. Without periods the rule always
    holds."""

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
    """What the gate does with a worker on the list of this name."""

    list_name: str = Field(max_length=80)
    action: RiskAction


EVERY_WAY_IN: tuple[FactorRule, ...] = (
    FactorRule(any_of=((Factor.FACE,), (Factor.CODE,), (Factor.CARD, Factor.PIN), (Factor.GUARD,))),
)


def zone_named(name: str) -> ZoneInfo | None:
    """Return the IANA time zone of this name; None if this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; no name at all; a folder of the zone database
        return None
