"""A site's policy as it travels, and the check for contradictions in it."""

from collections.abc import Iterator
from itertools import combinations
from typing import Literal

from pydantic import Field, model_validator

from contract.messages.lists import SnapshotHeader
from contract.policy import EVERY_WAY_IN, AntiPassback, FactorRule, GuardOverride, Holiday, Period, RiskRule, zone_named


class PolicySnapshot(SnapshotHeader):
    """The site's rules. The defaults apply until HQ's first policy arrives (policy version 0)."""

    type: Literal["policy"] = "policy"
    list_version: int = Field(default=0, ge=0)
    roster_stale_after_h: float = Field(default=24, gt=0, le=24 * 90)
    roster_expired_after_h: float = Field(default=24 * 7, gt=0, le=24 * 365)
    risk_stale_after_h: float = Field(default=24, gt=0, le=24 * 90)
    risk_expired_after_h: float = Field(default=72, gt=0, le=24 * 365)
    admit_on_stale: bool = True
    training_required: bool = True
    look_alike_second_factor: bool = True
    time_zone: str = Field(default="UTC", max_length=60)
    """IANA name of the site's own time. All hours and dates are in it."""
    working_hours: tuple[Period, ...] = Field(default=(), max_length=200)
    """Without periods: at any time."""
    holidays: tuple[Holiday, ...] = Field(default=(), max_length=200)
    employers: tuple[str, ...] = Field(default=(), max_length=2_000)
    """Admitted employers. An empty list admits all."""
    trades: tuple[str, ...] = Field(default=(), max_length=2_000)
    declaration_valid_h: float | None = Field(default=None, gt=0, le=24 * 365)
    """Maximum age of the health declaration. None: no declaration is needed."""
    temperature_max_c: float | None = Field(default=None, ge=30, le=45)
    temperature_required: bool = False
    """True: a missing reading is a refusal. False: it is only noted."""
    risk_rules: tuple[RiskRule, ...] = Field(default=(), max_length=200)
    """A risk list without a rule means `hold`."""
    anti_passback: AntiPassback = AntiPassback.OFF
    anti_passback_forgets_after_h: float = Field(default=14, gt=0, le=24 * 7)
    occupancy_max: int | None = Field(default=None, ge=1, le=100_000)
    presence_max_age_s: float = Field(default=90, ge=5, le=3600)
    """An older presence list does not count: the gate goes by its own passages."""
    two_person: bool = False
    """Two different workers must come within `two_person_within_s`. Each needs the right to pass, and gets one
    release."""
    two_person_within_s: float = Field(default=30, gt=0, le=600)
    admit_on_low_disk: bool = True
    """False: the gate admits no worker while it writes events into its last reserve of disk space."""
    protective_gear_advice: bool = False
    """Say when a helmet or mask is missing. It is never a reason to refuse."""
    lane_names: bool = False
    """True: the lane may show the short name (`DirectoryEntry.greeting`) of a worker who is admitted."""
    guard_override: tuple[GuardOverride, ...] = Field(default=(), max_length=20)
    """What a guard may override, with a reason, who admits a named worker on the way in. A list that holds always, a
    list that denies never."""
    factors: tuple[FactorRule, ...] = Field(default=EVERY_WAY_IN, min_length=1, max_length=50)
    """The first rule whose periods include the present time applies."""

    @model_validator(mode="after")
    def _not_contradictory(self) -> "PolicySnapshot":
        if found := contradictions(self):
            raise ValueError("; ".join(found))
        return self


def contradictions(policy: PolicySnapshot) -> list[str]:
    """Return one sentence for each contradiction in the policy."""
    return [*_ages(policy), *_times(policy), *_people(policy), *_factors(policy)]


def _ages(policy: PolicySnapshot) -> Iterator[str]:
    limits = (
        ("roster", policy.roster_stale_after_h, policy.roster_expired_after_h),
        ("risk", policy.risk_stale_after_h, policy.risk_expired_after_h),
    )
    for name, stale, expired in limits:
        if stale > expired:
            yield f"the {name} would expire after {expired:g} h, before it is stale after {stale:g} h"


def _times(policy: PolicySnapshot) -> Iterator[str]:
    if zone_named(policy.time_zone) is None:
        yield f"time_zone {policy.time_zone!r} is no IANA time zone known here: write one such as Asia/Hong_Kong"
    for one, other in combinations(sorted(policy.holidays, key=lambda holiday: holiday.first), 2):
        if other.first <= one.last:
            yield f"two holidays overlap: {one.first} to {one.last} and {other.first} to {other.last}"


def _people(policy: PolicySnapshot) -> Iterator[str]:
    if policy.temperature_required and policy.temperature_max_c is None:
        yield "temperature_required needs temperature_max_c"
    if policy.two_person and policy.occupancy_max == 1:
        yield "two_person admits people in pairs, but occupancy_max is 1: nobody could ever come in"
    names = [rule.list_name for rule in policy.risk_rules]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"two risk rules for the list {name!r}"


def _factors(policy: PolicySnapshot) -> Iterator[str]:
    if policy.factors[-1].periods:
        yield "the last factor rule must hold at any time: leave its periods empty"
    for number, rule in enumerate(policy.factors[:-1], 1):
        if not rule.periods:
            yield f"factor rule {number} holds at any time: the rules after it never apply"
