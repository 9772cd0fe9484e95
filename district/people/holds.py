"""Legal holds: reasons why a person's data may not be erased yet. A hold beats an erasure, and is named."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from district.people import signals
from district.people.models import Assignment, Employment, Person, in_force

LEDGER_YEARS = 3
"""How long wage ledgers are kept after the last settlement."""


@dataclass(frozen=True)
class Hold:
    """One reason to keep what names a person. `until`: the last day; None while the work goes on."""

    reason: str
    law: str
    until: date | None


def holds_of(person: Person) -> list[Hold]:
    """Return the holds in force today, also those that other apps name."""
    today = timezone.localdate()
    answers: Any = signals.holds_asked.send(Person, person=person)
    named: list[Hold] = [hold for _receiver, holds in answers for hold in holds]
    found = [*_of_work(person, today), *named]
    return [hold for hold in found if hold.until is None or hold.until >= today]


def held_until(person: Person) -> date | None:
    """Return the last day of all holds; None if one has no end yet. Without a hold: yesterday or earlier."""
    ends = [hold.until for hold in holds_of(person)]
    return None if None in ends else max((end for end in ends if end is not None), default=date.min)


def _of_work(person: Person, today: date) -> list[Hold]:
    rows = [model.objects.filter(person=person) for model in (Assignment, Employment)]
    law = _("Regulation on Wages of Migrant Workers, Art. 28")
    if any(one.filter(in_force(today)).exists() for one in rows):
        return [Hold(_("The person is employed: the wage ledger goes on."), law, None)]
    last: date | None = max(filter(None, (one.aggregate(last=Max("ends"))["last"] for one in rows)), default=None)
    if last is None:
        return []
    return [Hold(_("The wage ledger is kept three years after settlement."), law, years_after(last, LEDGER_YEARS))]


def years_after(day: date, years: int) -> date:
    """Return the same day some years later; 29 February becomes 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
