"""What follows here when people or their work change."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Min
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext

from district.attendance.held import held_by_attendance
from district.attendance.intake import reassign
from district.attendance.models import Correction, Day, MonthConfirmation, Passage, Payroll, PayrollLine, Stay
from district.attendance.projection import Touched, project
from district.people import registry
from district.people.held import HeldTable
from district.people.holds import LEDGER_YEARS, Hold, years_after
from district.people.models import Assignment, Person
from district.people.signals import data_asked, erased, holds_asked, merged, stored

FOLLOWS_FOR = timedelta(days=62)
"""A change of work is followed back so far: this month and the last one. Older ledgers stay as they were settled."""


@receiver(post_save, sender=Assignment)
def follow_work(instance: Assignment, **_more: Any) -> None:
    """Give the passages of a person their employer, team and trade again."""
    follow_works([instance])


@receiver(stored, sender=Assignment)
def follow_works(rows: Iterable[Assignment], **_more: Any) -> None:
    """Give the passages of people their employer, team and trade again."""
    earliest, people = timezone.now() - FOLLOWS_FOR, dict[datetime, set[int]]()
    for row in rows:
        begins = datetime.combine(row.starts, time.min, UTC) - timedelta(days=1)
        people.setdefault(max(begins, earliest), set()).add(row.person_id)
    for since, them in people.items():
        passages = Passage.objects.filter(person__in=them, utc__gte=since, granted=True).order_by()
        spans = passages.values("person").annotate(first=Min("utc"), last=Max("utc"))
        touched = Touched()
        for person, first, last in spans.values_list("person", "first", "last"):
            touched.add(person, first)
            touched.add(person, last)
        if touched.spans:
            with transaction.atomic():
                reassign(list(touched.spans), since, touched)
                project(touched)


@receiver(merged)
def follow_merge(gained: Person, lost: Person, **_more: Any) -> None:
    """Make stays and days of both again: their passages moved. After a merge that was taken back, what gates said
    meanwhile of the other record returns to it.
    """
    both = [gained.pk, lost.pk]
    with transaction.atomic():
        touched = Touched()
        meanwhile = Passage.objects.filter(person=lost.pk, worker_id__in=registry.worker_ids_of(gained))
        first = meanwhile.aggregate(first=Min("utc"))["first"]
        if first is not None:
            meanwhile.exclude(worker_id=gained.worker_id).update(person=gained.pk)
            meanwhile.filter(worker_id=gained.worker_id).update(person=gained.pk, worker_id="")
            reassign([gained.pk], first, touched)
        for person, utc in Passage.objects.filter(person__in=both, granted=True).values_list("person_id", "utc"):
            touched.add(person, utc)
        Stay.objects.filter(person__in=both).delete()
        Day.objects.filter(person__in=both).delete()
        project(touched)


@receiver(holds_asked)
def hold_wages(person: Person, **_more: Any) -> list[Hold]:
    """Name the payrolls that forbid erasing: three years after the settlement, and before it without an end."""
    law = gettext("Regulation on Wages of Migrant Workers, Art. 28")
    payrolls = Payroll.objects.filter(lines__person=person)
    if payrolls.filter(settled=None).exists():
        return [Hold(gettext("A payroll with this person is not settled."), law, None)]
    last = payrolls.aggregate(last=Max("settled"))["last"]
    if last is None:
        return []
    return [Hold(gettext("The payroll is kept three years after settlement."), law, years_after(last, LEDGER_YEARS))]


@receiver(data_asked)
def show_data(person: Person, **_more: Any) -> list[HeldTable]:
    """Return what attendance holds about a person."""
    return held_by_attendance(person)


@receiver(erased)
def forget(person: Person, **_more: Any) -> None:
    """Remove wages and free texts of a person whose identity is erased. Days and passages stay, of nobody known."""
    PayrollLine.objects.filter(person=person).delete()
    Correction.objects.filter(person=person).update(why="", answer="")
    MonthConfirmation.objects.filter(person=person).update(objection="")
