"""Tells other programs of what the audit record notes: it is written in the transaction of each change."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from district.api.models import WebhookEndpoint
from district.api.webhooks import WebhookItem, emit, listeners
from district.attendance.models import Correction
from district.audit.models import Entry
from district.people.models import Consent, Person

_Event = WebhookEndpoint.Event
_PEOPLE: Mapping[str, str] = {
    "add": "added",
    "change": "changed",
    "choose way": "changed",
    "give consent": "enrolled",
    "withdraw consent": "withdrawn",
    "erase": "erased",
}
"""Action of the record -> what a program hears."""
_CORRECTIONS: Mapping[str, str] = {
    "ask_correction": "asked",
    "correction_approved": "approved",
    "correction_refused": "refused",
    "correction_taken_back": "taken_back",
}
_IMPORT = "import"
_FACE = {"give consent", "withdraw consent"}


def of_records(entries: Sequence[Entry], **_: Any) -> None:
    """Tell of some entries of the audit record. Most are of no interest: reading is recorded too."""
    people = [one for one in entries if one.action in _PEOPLE and one.subject_kind.startswith("people.")]
    corrections = [one for one in entries if one.action in _CORRECTIONS]
    imports = [one for one in entries if one.action == _IMPORT and one.subject_kind == "imports.sheetimport"]
    if people and listeners(_Event.PEOPLE):
        emit(_Event.PEOPLE, _people(people))
    if corrections and listeners(_Event.CORRECTIONS):
        emit(_Event.CORRECTIONS, _corrections(corrections))
    if imports and listeners(_Event.IMPORTS):
        emit(_Event.IMPORTS, map(_sheet, imports))


def _people(entries: Sequence[Entry]) -> Iterable[WebhookItem]:
    """Name the worker and what happened, and never what a field holds."""
    names = dict(Person.objects.filter(pk__in=_keys(entries, "people.person")).values_list("pk", "worker_id"))
    consents = Consent.objects.filter(pk__in=_keys(entries, "people.consent"))
    givers = dict(consents.values_list("pk", "person__worker_id"))
    for one in entries:
        known = givers if one.subject_kind == "people.consent" else names
        worker = known.get(int(one.subject_id)) if one.subject_kind in ("people.consent", "people.person") else None
        fields = one.details.get("fields", [])
        if worker is None or (one.action in _FACE and Consent.Purpose.FACE not in fields):
            continue
        data = {"what": _PEOPLE[one.action], "worker_id": worker, "fields": fields, "utc": one.utc.isoformat()}
        yield WebhookItem(one.place_path, one.enterprise, data)


def _corrections(entries: Sequence[Entry]) -> Iterable[WebhookItem]:
    rows = Correction.objects.filter(pk__in=_keys(entries, "attendance.correction"))
    for row in rows.select_related("person", "project__place"):
        action = next(one.action for one in entries if one.subject_id == str(row.pk))
        data = {
            "what": _CORRECTIONS[action],
            "correction_id": row.pk,
            "kind": row.kind,
            "worker_id": row.person.worker_id,
            "site_id": row.project.site_id,
            "utc": row.utc.isoformat(),
            "direction": row.direction,
            "answer": row.answer,
        }
        yield WebhookItem(row.project.place.path, row.enterprise_id, data)


def _sheet(one: Entry) -> WebhookItem:
    data = {
        "what": "applied",
        "import_id": int(one.subject_id),
        "subject": one.details.get("subject", ""),
        "rows": int(one.details.get("rows", 0)),
        "utc": one.utc.isoformat(),
    }
    return WebhookItem(one.place_path, one.enterprise, data)


def _keys(entries: Iterable[Entry], kind: str) -> list[int]:
    return [int(one.subject_id) for one in entries if one.subject_kind == kind and one.subject_id.isdigit()]
