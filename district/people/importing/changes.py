"""What a row of a sheet changes: for the preview, and for the question whether anything changes at all."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from contract.names import matched
from district.fields import index_of
from district.imports.importer import ShownChange
from district.people.models import AccessCard, Assignment, BankAccount, Certificate, Employment, Person
from district.people.registry.desk import Desk
from district.places.models import Enterprise, Project

OF_PERSON = ("sex", "birth", "nation", "phone", "address", "emergency_contact")
_SENSITIVE = {"id_number", "phone", "address", "emergency_contact", "account", "card"}
TRAINING = "安全培训"
"""The kind under which an imported training is stored; the gates' rules ask for trainings by date."""


@dataclass(frozen=True)
class PeopleRow:
    """A row whose site and employer are known."""

    given: Mapping[str, Any]
    kind: str
    project: Project
    enterprise: Enterprise
    work: Assignment | None
    """The person's present work on that site."""


def changes_of(row: PeopleRow, person: Person | None, desk: Desk, today: date) -> Iterator[ShownChange]:
    """Say which fields change. Values of sensitive fields are left out."""
    given, work = row.given, row.work
    account = next((one.number_index for one in desk.rows_of(BankAccount, person)), None) if person else None
    for key in OF_PERSON:
        if key in given and (person is None or (getattr(person, key) or None) != (given[key] or None)):
            yield (
                ShownChange(key)
                if key in _SENSITIVE
                else ShownChange(key, *_texts(given[key], person and getattr(person, key)))
            )
    if person is None:
        yield ShownChange("id_number")
    if work is None:
        yield ShownChange("site", row.project.place.name)
        yield ShownChange("starts", str(given.get("starts") or today))
    before = {"team": work.team.name if work and work.team else "", "trade": work.trade if work else ""}
    for key in ("team", "trade"):
        if key in given and matched(str(given[key] or "")) != matched(before[key]):
            yield ShownChange(key, *_texts(given[key], before[key]))
    if given.get("ends") and (work is None or work.ends != given["ends"]):
        yield ShownChange("ends", *_texts(given["ends"], work and work.ends))
    if given.get("account") and index_of(BankAccount, "number_index", given["account"]) != account:
        yield ShownChange("account")
    for key in ("contract_number", "contract_ends", "training_expires"):
        if given.get(key) and not (person is not None and _stored(key, person, row, desk) == given[key]):
            yield ShownChange(key, str(given[key]))
    cards = [one.number for one in desk.rows_of(AccessCard, person)] if person else []
    if given.get("card") and given["card"] not in cards:
        yield ShownChange("card")


def _stored(key: str, person: Person, row: PeopleRow, desk: Desk) -> object:
    if key == "training_expires":
        held = (one for one in desk.rows_of(Certificate, person) if (one.kind, one.number) == (TRAINING, ""))
        return next((one.expires for one in held), None)
    there = [one for one in desk.rows_of(Employment, person) if one.enterprise_id == row.enterprise.pk]
    return getattr(max(there, key=lambda one: one.starts, default=None), key, None)


def _texts(after: object, before: object) -> tuple[str, str]:
    return "" if after is None else str(after), "" if before is None else str(before)
