"""Whom HQ's gates hold because of a quarantine: one entry for each person."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from django.utils import timezone

from district.quarantine.models import QuarantineOrder
from district.wire import HqRiskEntry, HqRiskLift

LIST = "district-follow-up"
"""It says nothing of health: guards may read the names of lists. Without a rule for it the gates hold."""


def risks_of(worker_ids: Sequence[str]) -> list[HqRiskEntry | HqRiskLift]:
    """Return the entries of workers in quarantine. Each holds until somebody releases, at most while it is kept."""
    rows = QuarantineOrder.objects.kept().filter(
        person__worker_id__in=worker_ids,
        person__erased=None,
        person__merged_into=None,
        released=None,
        starts__lte=timezone.localdate(),
    )
    return [_entry(row) for row in rows.select_related("person", "measure", "holder").order_by("pk")]


def _entry(order: QuarantineOrder) -> HqRiskEntry:
    assert order.person is not None  # the query asks for workers
    name = order.holder.name or order.holder.get_username()
    officer = f"{name}, {order.holder.phone}" if order.holder.phone else name
    return HqRiskEntry(order.person.worker_id, LIST, f"f-{order.pk}", officer[:80], last_moment(order))


def last_moment(order: QuarantineOrder) -> datetime:
    """Return when an order is erased at the latest: nobody stays held by an order that is gone."""
    day = min(order.measure.ends, timezone.localtime(order.made).date() + timedelta(days=order.measure.kept_days))
    return datetime.combine(day + timedelta(days=1), time(), timezone.get_current_timezone())
