"""Store payrolls, and hold paid days against seen days."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from district.attendance.models import Day, Payroll, PayrollLine
from district.attendance.rules.ledger import PaidDifference, SeenPerson, differences, least_seconds, month_days
from district.attendance.rules_of_sites import rules_on
from district.audit.record import record
from district.people.models import Person


class PayrollRefused(ValueError):
    """A payroll that cannot be changed. The text says what to do."""


class PayrollKey(NamedTuple):
    """Which payroll: one enterprise's, of one site and month."""

    project: int
    enterprise: int
    month: date


class PaidPerson(NamedTuple):
    """What one person is paid for."""

    person: int
    days: Decimal
    amount: Decimal | None


@transaction.atomic
def replace_payroll(by: object, key: PayrollKey, people: Sequence[PaidPerson]) -> Payroll:
    """Store a payroll. One of the same month is replaced whole. Raises PayrollRefused if it is settled."""
    named: dict[str, Any] = {"project_id": key.project, "enterprise_id": key.enterprise, "month": key.month}
    payroll: Payroll = Payroll.objects.select_for_update().get_or_create(**named)[0]
    if payroll.settled is not None:
        raise PayrollRefused(_("The wages of this month are settled: put the difference into the next payroll."))
    payroll.imported, payroll.imported_by = timezone.now(), str(by)
    payroll.save()
    payroll.lines.all().delete()
    PayrollLine.objects.bulk_create(
        [PayrollLine(payroll=payroll, person_id=one.person, days=one.days, amount=one.amount) for one in people],
        batch_size=500,
    )
    record(by, "import_payroll", payroll, details={"people": str(len(people)), "month": f"{key.month:%Y-%m}"})
    return payroll


@transaction.atomic
def settle(by: object, payroll: Payroll) -> None:
    """Note that all wages are paid: from now on the payroll is held for three years. Raises PayrollRefused."""
    if month_days(payroll.month)[-1] >= timezone.localdate():
        raise PayrollRefused(_("This month has not ended: settle it afterwards."))
    changed = Payroll.objects.filter(pk=payroll.pk, settled=None).update(settled=timezone.localdate())
    if not changed:
        raise PayrollRefused(_("These wages are settled already."))
    payroll.refresh_from_db()
    record(by, "settle_payroll", payroll)


def differences_of(payroll: Payroll) -> list[PaidDifference]:
    """Return where paid days and seen days differ, both ways."""
    days = month_days(payroll.month)
    rows = Day.objects.filter(
        project=payroll.project, enterprise=payroll.enterprise, date__gte=days[0], date__lte=days[-1]
    )
    whole, half = least_seconds(rules_on(payroll.project, days[-1]).full_day_s)
    counts = (
        rows.order_by()
        .values_list("person")
        .annotate(
            present=Count("pk"),
            wholes=Count("pk", filter=Q(seconds__gte=whole)),
            halves=Count("pk", filter=Q(seconds__gte=half)),
        )
    )
    seen = {person: SeenPerson(present, Decimal(wholes + halves) / 2) for person, present, wholes, halves in counts}
    paid = dict(payroll.lines.values_list("person", "days"))
    names = dict(Person.objects.filter(pk__in=seen.keys() | paid.keys()).order_by().values_list("pk", "name"))
    return differences(seen, paid, names)
