"""Tells other programs of what no change announces: gates that fall silent, and papers that expire soon."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from district.api.models import ToldDay, ToldGate, WebhookEndpoint
from district.api.webhooks import WebhookItem, emit, listeners
from district.people.models import Assignment, Certificate, Employment, in_force
from district.places.models import Gate
from district.places.rules import SILENT

_Event = WebhookEndpoint.Event
DAYS_BEFORE = (30, 7, 0)
"""A program hears of it so many days before a paper expires."""
_CATCH_UP = timedelta(days=7)
_PAPERS = "papers"


def tell_of_gates() -> bool:
    """Tell of gates that fell silent or are back."""
    gates_at(timezone.now())
    return False


@transaction.atomic
def gates_at(now: datetime) -> None:
    """Hold what HQ heard against what was sent."""
    told = {row.gate_id: row for row in ToldGate.objects.select_for_update()}
    used = Gate.objects.filter(retired__isnull=True, project__closed__isnull=True, last_heard__isnull=False)
    silent = set(used.filter(last_heard__lt=now - SILENT).values_list("pk", flat=True))
    fell, back = silent - set(told), set(told) - silent
    if not fell and not back:
        return
    rows = list(Gate.objects.filter(pk__in=fell | back).select_related("project__place").order_by("pk"))
    if listeners(_Event.GATES):
        emit(_Event.GATES, (_gate(row, "silent" if row.pk in fell else "back") for row in rows))
    ToldGate.objects.filter(gate__in=back).delete()
    ToldGate.objects.bulk_create([ToldGate(gate_id=key, since=now) for key in sorted(fell)], ignore_conflicts=True)


def tell_of_papers() -> bool:
    """Tell of papers that expire soon, once a day."""
    papers_on(timezone.localdate())
    return False


@transaction.atomic
def papers_on(today: date) -> None:
    """Tell of each day that was not told yet."""
    row, _made = ToldDay.objects.select_for_update().get_or_create(
        name=_PAPERS, defaults={"until": today - timedelta(days=1)}
    )
    day = max(row.until, today - _CATCH_UP)
    if day >= today:
        return
    if listeners(_Event.PAPERS):
        days = [day + timedelta(days=number) for number in range(1, (today - day).days + 1)]
        ends = {one + timedelta(days=before): before for one in days for before in DAYS_BEFORE}
        emit(_Event.PAPERS, _papers(ends, today))
    row.until = today
    row.save()


def _gate(row: Gate, what: str) -> WebhookItem:
    data = {
        "what": what,
        "gate_id": row.gate_id,
        "site_id": row.project.site_id,
        "last_heard": row.last_heard.isoformat() if row.last_heard else None,
    }
    return WebhookItem(row.project.place.path, None, data)


def _papers(ends: dict[date, int], today: date) -> Iterator[WebhookItem]:
    """Return one event for each paper and site on which its holder works."""
    certificates: Any = Certificate.objects.filter(expires__in=ends).values_list("person", "kind", "expires")
    contracts: Any = Employment.objects.filter(Q(ends__isnull=True) | Q(ends__gte=today), contract_ends__in=ends)
    found: list[tuple[int, str, date]] = list(certificates)
    found += [(person, "contract", end) for person, end in contracts.values_list("person", "contract_ends")]
    people = {person for person, _kind, _end in found}
    working = Assignment.objects.filter(in_force(today), person__in=people)
    at: dict[int, list[Any]] = {}
    for row in working.select_related("person", "project__place").order_by("pk"):
        at.setdefault(row.person_id, []).append(row)
    for person, kind, end in found:
        for row in at.get(person, []):
            data = {
                "what": "expires",
                "worker_id": row.person.worker_id,
                "site_id": row.project.site_id,
                "kind": kind,
                "expires": end.isoformat(),
                "days": ends[end],
            }
            yield WebhookItem(row.project.place.path, row.enterprise_id, data)
