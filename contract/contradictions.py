"""What in a policy cannot be meant together. All of it at once, in words for whoever wrote the policy."""

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING

from contract.policy import zone_named

if TYPE_CHECKING:
    from contract.messages import PolicySnapshot


def contradictions(policy: "PolicySnapshot") -> list[str]:
    """One sentence for each; none for a policy that can be followed."""
    return [*_ages(policy), *_times(policy), *_people(policy), *_factors(policy)]


def _ages(policy: "PolicySnapshot") -> Iterator[str]:
    limits = (
        ("roster", policy.roster_stale_after_h, policy.roster_expired_after_h),
        ("risk", policy.risk_stale_after_h, policy.risk_expired_after_h),
    )
    for name, stale, expired in limits:
        if stale > expired:
            yield f"the {name} would expire after {expired:g} h, before it is stale after {stale:g} h"


def _times(policy: "PolicySnapshot") -> Iterator[str]:
    if zone_named(policy.time_zone) is None:
        yield f"time_zone {policy.time_zone!r} is no IANA time zone known here: write one such as Asia/Hong_Kong"
    for one, other in combinations(sorted(policy.holidays, key=lambda holiday: holiday.first), 2):
        if other.first <= one.last:
            yield f"two holidays overlap: {one.first} to {one.last} and {other.first} to {other.last}"


def _people(policy: "PolicySnapshot") -> Iterator[str]:
    if policy.temperature_required and policy.temperature_max_c is None:
        yield "temperature_required needs temperature_max_c"
    if policy.two_person and policy.occupancy_max == 1:
        yield "two_person admits people in pairs, but occupancy_max is 1: nobody could ever come in"
    names = [rule.list_name for rule in policy.risk_rules]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"two risk rules for the list {name!r}"


def _factors(policy: "PolicySnapshot") -> Iterator[str]:
    if policy.factors[-1].periods:
        yield "the last factor rule must hold at any time: leave its periods empty"
    for number, rule in enumerate(policy.factors[:-1], 1):
        if not rule.periods:
            yield f"factor rule {number} holds at any time: the rules after it never apply"
