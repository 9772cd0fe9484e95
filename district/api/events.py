"""What other programs hear of, and how each event reads."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q
from django.db.models.signals import post_delete, post_save

from district.api.models import WebhookEndpoint
from district.api.recorded_events import of_records
from district.api.webhooks import WebhookItem, emit, listeners
from district.attendance.models import Passage
from district.audit.record import recorded
from district.cases.broadcasts import step_data
from district.cases.models import Case, CaseStep
from district.cases.signals import stepped
from district.people.models import Assignment
from district.people.signals import stored

_Event = WebhookEndpoint.Event
_ASSIGNMENTS = _Event.ASSIGNMENTS
_OF_PASSAGES = (_Event.PASSAGES, _Event.REFUSALS, _Event.PRESENCE)


def connect() -> None:
    """Listen to what changes."""
    post_save.connect(_saved, Assignment, dispatch_uid="api.Assignment")
    stored.connect(_stored, Assignment, dispatch_uid="api.Assignment.stored")
    post_delete.connect(_deleted, Assignment, dispatch_uid="api.Assignment.deleted")
    post_save.connect(_passed, Passage, dispatch_uid="api.Passage")
    recorded.connect(of_records, dispatch_uid="api.recorded")
    stepped.connect(_stepped, Case, dispatch_uid="api.Case")


def of_feed(entries: Iterable[Any]) -> None:
    """Tell of the passages of a page of the feed, after attendance stored them."""
    told = [event for event in _OF_PASSAGES if listeners(event)]
    if not told:
        return
    lines: dict[tuple[str, str], list[int]] = {}
    for entry in entries:
        if entry.kind == "event":
            lines.setdefault((entry.gate_id, entry.line), []).append(entry.seq)
    for (gate, line), numbers in lines.items():
        wanted = Q(line__gate_id=gate, line__line=line, seq__in=numbers)
        stored = Passage.objects.filter(wanted).select_related("line", "person", "project__place").order_by("seq")
        _tell(told, stored)


def _tell(told: Iterable[WebhookEndpoint.Event], stored: Iterable[Passage]) -> None:
    rows = list(stored)
    for event in told:
        if event == _Event.PASSAGES:
            emit(event, map(_passage, rows))
        elif event == _Event.REFUSALS:
            emit(event, (_passage(row) for row in rows if not row.granted))
        else:
            emit(event, (_presence(row) for row in rows if row.granted and not row.set_aside and row.person))


def _presence(row: Passage) -> WebhookItem:
    assert row.person is not None
    data = {
        "what": "came" if row.direction == Passage.Direction.IN else "left",
        "worker_id": row.person.worker_id,
        "site_id": row.project.site_id,
        "utc": row.utc.isoformat(),
    }
    return WebhookItem(row.project.place.path, row.enterprise_id, data)


def _passage(row: Passage) -> WebhookItem:
    data = {
        "gate_id": row.line.gate_id,
        "line": row.line.line,
        "seq": row.seq,
        "site_id": row.project.site_id,
        "worker_id": row.person.worker_id if row.person else row.worker_id,
        "utc": row.utc.isoformat(),
        "direction": row.direction,
        "granted": row.granted,
        "reason": row.reason,
        "source": row.source,
    }
    return WebhookItem(row.project.place.path, row.enterprise_id, data)


def _assignment(row: Assignment, what: str) -> WebhookItem:
    data = {
        "what": what,
        "assignment_id": row.pk,
        "worker_id": row.person.worker_id,
        "site_id": row.project.site_id,
        "employer_code": row.enterprise.uscc,
        "team": row.team.name if row.team else "",
        "trade": row.trade,
        "starts": row.starts.isoformat(),
        "ends": row.ends.isoformat() if row.ends else None,
    }
    return WebhookItem(row.project.place.path, row.enterprise_id, data)


def _saved(instance: Assignment, created: bool, **_: Any) -> None:
    _stored([instance], created)


def _stored(rows: Sequence[Assignment], created: bool, **_: Any) -> None:
    if listeners(_ASSIGNMENTS):
        emit(_ASSIGNMENTS, (_assignment(row, "begun" if created else "changed") for row in rows))


def _deleted(instance: Assignment, **_: Any) -> None:
    if listeners(_ASSIGNMENTS):
        emit(_ASSIGNMENTS, [_assignment(instance, "removed")])


def _passed(instance: Passage, created: bool, **_: Any) -> None:
    if created:
        _tell([event for event in _OF_PASSAGES if listeners(event)], [instance])


def _stepped(case: Case, step: CaseStep, **_: Any) -> None:
    """Tell of a step of a case, without its title. One that is kept from the site belongs to the place above."""
    event = _Event.HEALTH_CASES if case.of_health else _Event.CASES
    if listeners(event):
        place = case.reporter_place if case.discreet else case.place
        emit(event, [WebhookItem(place.path, None if case.discreet else case.enterprise_id, step_data(step))])
