"""What the worker looks for: overdue hand-overs and visits, ends without a release, orders that begin today."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, F, OuterRef, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from district.exchange import outbox
from district.exchange.models import OutboxRow
from district.quarantine.models import QuarantineOrder, QuarantineVisit, QuarantineWarning
from district.quarantine.registry import cases
from district.quarantine.registry.followers import without_holder
from district.quarantine.registry.hands import overdue_hand_overs
from district.quarantine.registry.held import orders_in_force

AT_ONCE = 50
"""Cases of one transaction: others write between."""


def warn_of_overdue() -> bool:
    """Open cases of what is overdue, a bounded number. Return whether there may be more."""
    today = timezone.localdate()
    yesterday, orders = today - timedelta(days=1), orders_in_force().order_by("pk")
    ended = orders.filter(ends__lt=today).values_list("pk", "ends")
    unvisited = unvisited_on(yesterday, orders).values_list("pk", flat=True)
    left = without_holder(orders)
    with transaction.atomic():
        more = [
            _warn_hand_overs(),
            _warn(((pk, cases.end_key(ends)) for pk, ends in ended), cases.warn_of_end),
            _warn(
                ((pk, cases.visits_key(yesterday)) for pk in unvisited),
                lambda one: cases.warn_of_visits(one, yesterday),
            ),
            _warn(((pk, cases.holder_key(today)) for pk in left), lambda one: cases.warn_of_holder(one, today)),
        ]
    return any(more)


@transaction.atomic
def tell_gates() -> bool:
    """Ask the gates to hold those whose quarantine begins today. Return whether there may be more."""
    due = QuarantineOrder.objects.kept().filter(
        released=None, gates_told=None, person__isnull=False, starts__lte=timezone.localdate()
    )
    rows = list(due.order_by("pk").values_list("pk", "person__worker_id")[:AT_ONCE])
    outbox.put_all(OutboxRow.Kind.RISK, [worker_id for _pk, worker_id in rows])
    QuarantineOrder.objects.filter(pk__in=[pk for pk, _worker_id in rows]).update(gates_told=timezone.now())
    return len(rows) == AT_ONCE


def with_visits(rows: "QuerySet[Any]", day: date, name: str) -> "QuerySet[Any]":
    """Add how often somebody met each person on a day."""
    counted = QuarantineVisit.objects.filter(order=OuterRef("pk"), day=day, met=True).order_by().values("order")
    found: QuerySet[Any] = rows.annotate(**{name: Coalesce(counted.annotate(n=Count("pk")).values("n"), 0)})
    return found


def unvisited_on(day: date, rows: "QuerySet[Any]") -> "QuerySet[Any]":
    """Keep the orders that lack visits of a day."""
    counted = with_visits(rows.filter(starts__lte=day, ordered__lte=day), day, "met")
    return counted.filter(visits_each_day__gt=F("met"))


def _warn_hand_overs() -> bool:
    late = list(overdue_hand_overs())
    known = _warned([row.order_id for row in late])
    fresh = [row for row in late if (row.order_id, cases.hand_over_key(row)) not in known][:AT_ONCE]
    for row in fresh:
        cases.warn_of_hand_over(row)
    return len(fresh) == AT_ONCE


def _warn(wanted: Iterable[tuple[int, str]], warn: Callable[[QuarantineOrder], object]) -> bool:
    """Warn of the orders without a warning of that key. Return whether there may be more."""
    keys = dict(wanted)
    known = _warned(keys)
    fresh = [pk for pk, key in keys.items() if (pk, key) not in known][:AT_ONCE]
    for one in QuarantineOrder.objects.filter(pk__in=fresh).select_related("person", "place", "measure", "holder"):
        warn(one)
    return len(fresh) == AT_ONCE


def _warned(orders: Iterable[int]) -> set[tuple[int, str]]:
    """Return the warnings of open orders."""
    wanted = set(orders)
    if not wanted:
        return set()
    rows = QuarantineWarning.objects.filter(order__released=None).values_list("order", "key")
    return {(pk, key) for pk, key in rows if pk in wanted}
