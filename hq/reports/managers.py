"""Answer what managers ask: who was refused and what to do, who is inside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from contract.messages import Direction, Reason
from hq.database.event_search import EventFilter, refusals
from hq.database.presence import passages_at
from hq.database.store import Store

TODO: Mapping[Reason, str] = {
    Reason.UNKNOWN: "The gate knows no such face or card. Is the worker assigned to this site, and enrolled?",
    Reason.NOT_THIS_SITE: "The worker is assigned to other sites. Assign this site, if the worker shall work here.",
    Reason.NOT_ACTIVE: "The worker's time has not begun or has ended. Change valid_from or valid_until, if it goes on.",
    Reason.TRAINING_LAPSED: "The training has expired. Let the worker renew it, then import the new date.",
    Reason.RISK_HOLD: "The worker is on a risk list. Ask whoever may lift the entry; tell the reason to nobody else.",
    Reason.SECOND_FACTOR: "The face was not enough here: a card, a code or a PIN was missing. Give the worker one.",
    Reason.LIVENESS_DOUBT: "It may have been a picture instead of a person. Let the guard look, and see the alerts.",
    Reason.LOW_QUALITY: "The camera saw no usable face. Many of these: check light, lens and place of the camera.",
    Reason.MULTIPLE_FACES: "Several people stood before the camera. One at a time; many of these: mark the place.",
    Reason.ROSTER_EXPIRED: "The gate's lists are too old. Is it connected? sitegate-hq gates says what it holds.",
    Reason.CLOCK_UNTRUSTED: "The gate's clock is not trusted. Set it right; check its battery and the time server.",
    Reason.OUTSIDE_HOURS: "It was outside the hours of the site's rules. Change the rules, if the hours are wrong.",
    Reason.EMPLOYER_NOT_ADMITTED: "The employer is not admitted by the site's rules. Is its name spelt as in the rules?",
    Reason.TRADE_NOT_ADMITTED: "The trade is not admitted by the site's rules. Is its name spelt as in the rules?",
    Reason.DECLARATION_NEEDED: "The health declaration is missing or too old. Let the worker declare again.",
    Reason.TEMPERATURE_HIGH: "The temperature was too high. Follow the site's procedure for illness.",
    Reason.PASSBACK: "The worker counts as inside already. Left by an open door? Then a guard admits once.",
    Reason.SITE_FULL: "The site has as many people as its rules allow. Wait until somebody leaves.",
    Reason.PARTNER_NEEDED: "Two people must come together here. The second one did not come in time.",
    Reason.FACTOR_REFUSED: "A card, code or PIN was wrong, expired, or another worker's. Give the worker a new one.",
    Reason.LOCKED_DOWN: "The gate was locked down. sitegate-hq gates and lock-downs say since when.",
    Reason.DISK_FULL: "The gate has no room for events. Look at its disk at once.",
    Reason.NO_DECISION: "The gate could not decide. Look at its log: journalctl -u sitegate-gate.",
}
"""Reason of a refusal -> what to do next. Reasons that open are not in it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """How often one worker was refused at one gate for one reason. `worker_id` None: nobody was recognised."""

    reason: str
    worker_id: str | None
    site_id: str
    gate_id: str
    times: int
    last_utc: datetime


@dataclass(frozen=True, slots=True)
class Inside:
    """Somebody whose last passage led in. `worker_id` None: people who came in unrecognised, `count` of them."""

    worker_id: str | None
    gate_id: str
    since_utc: datetime
    count: int = 1


def todo(reason: str) -> str:
    """Say what to do after refusals for a reason; a newer gate may know other reasons."""
    known = {word.value for word in Reason}
    return TODO.get(Reason(reason), "") if reason in known else "A newer gate refused. Update sitegate-hq."


def refused(store: Store, wanted: EventFilter, limit: int) -> list[Refused]:
    """List refusals: the reason with most people first, of each reason the newest first."""
    with store.read() as db:
        rows = refusals(db, wanted, limit)
    found = [Refused(row.reason, row.worker_id, row.site_id, row.gate_id, row.times, row.last) for row in rows]
    people: dict[str, set[str | None]] = {}
    for one in found:
        people.setdefault(one.reason, set()).add(one.worker_id)
    return sorted(found, key=lambda one: (-len(people[one.reason]), one.reason, -one.last_utc.timestamp()))


def inside(store: Store, site_id: str, since: datetime) -> list[Inside]:
    """List who is inside a site, by the passages since a time: who came in first is first.

    The running HQ keeps these passages, the same as in the presence list of the gates. Every person who got through
    counts. An unknown person who leaves is one who came, if there is one.
    """
    with store.read() as db:
        last, others = passages_at(db, site_id, since)
    named = [Inside(row.worker_id, row.gate_id, row.utc) for row in last if row.direction == Direction.IN]
    unknown: list[Inside] = []
    for row in others:
        if row.direction == Direction.IN:
            unknown.append(Inside(None, row.gate_id, row.utc))
        elif unknown:
            unknown.pop(0)
    return sorted([*named, *_together(unknown)], key=lambda one: one.since_utc)


def _together(unknown: Sequence[Inside]) -> list[Inside]:
    """Make one row of the unrecognised people of each gate."""
    found: dict[str, Inside] = {}
    for one in unknown:
        first = found.get(one.gate_id)
        found[one.gate_id] = Inside(None, one.gate_id, first.since_utc, first.count + 1) if first else one
    return list(found.values())
