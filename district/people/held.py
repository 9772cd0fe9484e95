"""Collects all that is held about one person. The person's own page shows it, and the person may take it as a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.utils import timezone

from district.audit.models import Entry
from district.people import signals
from district.people.models import Person
from district.people.registry.merging import records_of
from district.people.rules.retention import KEPT, KeptField

READINGS_MAX = 500


@dataclass(frozen=True)
class HeldTable:
    """What one table holds about a person."""

    label: str
    rows: Sequence[Mapping[str, Any]]
    purpose: str = ""
    ground: str = ""
    kept: str = ""
    sensitive: bool = False


@dataclass(frozen=True)
class Reading:
    """Who read or changed what, when and why."""

    utc: datetime
    actor: str
    action: str
    fields: str
    why: str


def held_of(person: Person) -> list[HeldTable]:
    """Return all that is held, this app's tables first. Values are decrypted: record the look before."""
    records = records_of(person)
    own = [_table(kept, records) for kept in KEPT]
    answers: Any = signals.data_asked.send(Person, person=person)
    return [*own, *(table for _receiver, tables in answers for table in tables)]


def counts_of(person: Person) -> list[tuple[KeptField, int]]:
    """Return how many rows are held of each kind, without their values."""
    records = records_of(person)
    return [(kept, sum(1 for row in _rows(kept, records) if _held(row, kept))) for kept in KEPT]


def readings_of(person: Person) -> list[Reading]:
    """Return who read or changed this person's data, the latest first.

    This is the person's own record, and not the auditor's view: it names actor, field and reason only.
    """
    keys = [str(one.pk) for one in records_of(person)]
    entries = Entry.objects.filter(subject_kind=Person._meta.label_lower, subject_id__in=keys)
    return [
        Reading(
            entry.utc,
            entry.actor,
            entry.action,
            ", ".join(entry.details.get("fields", [])),
            entry.details.get("why", ""),
        )
        for entry in entries.order_by("-utc", "-pk")[:READINGS_MAX]
    ]


def as_file(person: Person) -> dict[str, Any]:
    """Return all that is held as plain values, for a JSON file."""
    return {
        "worker_id": person.worker_id,
        "made": timezone.now().isoformat(timespec="seconds"),
        "held": [
            {
                "what": table.label,
                "purpose": table.purpose,
                "ground": table.ground,
                "kept": table.kept,
                "rows": [{name: _plain(value) for name, value in row.items()} for row in table.rows],
            }
            for table in held_of(person)
        ],
        "seen_by": [
            {"when": _plain(one.utc), "who": one.actor, "what": one.action, "fields": one.fields, "why": one.why}
            for one in readings_of(person)
        ],
    }


def _table(kept: KeptField, records: Sequence[Person]) -> HeldTable:
    names = [name for name in kept.fields if not name.endswith(("_index", "_hash"))]
    rows = [{name: _shown(row, name) for name in names} for row in _rows(kept, records) if _held(row, kept)]
    return HeldTable(
        str(kept.label), rows, str(kept.purpose), str(kept.ground), str(kept.kept), sensitive=kept.sensitive
    )


def _rows(kept: KeptField, records: Sequence[Person]) -> Sequence[Any]:
    model: Any = apps.get_model(kept.table)
    if model is Person:
        return records
    return list(model.objects.filter(person__in=records).order_by("pk"))


def _held(row: Any, kept: KeptField) -> bool:
    return any(getattr(row, name) not in ("", None, False) for name in kept.fields)


def _shown(row: Any, name: str) -> Any:
    display = getattr(row, f"get_{name}_display", None)
    return display() if display is not None else getattr(row, name)


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | float) else str(value)
