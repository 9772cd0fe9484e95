"""Add people, and change what is held about them."""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _

from contract.names import matched
from district.fields import index_of
from district.people import rules
from district.people.models import IdDocument, Person
from district.people.registry.base import (
    RecordRefused,
    change_of_people,
    followed,
    keep,
    living,
    look_for_likes,
    rows_of,
)
from district.people.registry.desk import desk_now, survivor
from district.people.registry.merging import merge

ID_BYTES = 10
"""80 random bits: nobody guesses a worker id, and none comes twice."""
CHANGEABLE = (
    "name", "sex", "birth", "nation", "phone", "address", "emergency_contact", "language", "slow",
)  # fmt: skip
_FROM_ID = {"birth": "birth", "sex": "sex"}
_TEXT_MAX = 200
_LANGUAGE_MAX = 10


@dataclass(frozen=True, kw_only=True)
class PersonDraft:
    """A person as somebody typed it. Empty fields are unknown."""

    name: str
    id_kind: str = IdDocument.Kind.RESIDENT
    id_number: str = ""
    id_expires: date | None = None
    id_issuer: str = ""
    sex: str = ""
    birth: date | None = None
    nation: str = ""
    phone: str = ""
    address: str = ""
    emergency_contact: str = ""
    language: str = ""
    slow: bool = False


class Added(NamedTuple):
    """Who was added, or was known already by the number of the id document."""

    person: Person
    known: bool


@change_of_people
def add_person(by: object, draft: PersonDraft) -> Added:
    """Add a person. Somebody with the same id document is the same person, and keeps what the draft leaves empty.

    Raises RecordRefused, WrongName, WrongNumber.
    """
    known = holder(draft.id_kind, draft.id_number) if draft.id_number else None
    given = {name: value for name in CHANGEABLE if (value := getattr(draft, name))}
    if known is not None:
        _same_name(known, draft.name)
        changed = change_person(by, known, {name: value for name, value in given.items() if name != "name"})
        return Added(changed, known=True)
    made = new_worker_id()
    person = Person(worker_id=made)
    fields = _put(person, given)
    keep(person)
    followed(by, "add", person, fields=fields, moved=True)
    if draft.id_number:
        person = set_document(by, person, draft.id_kind, draft.id_number, draft.id_expires, draft.id_issuer)
    else:
        look_for_likes(person)
    return Added(person, known=person.worker_id != made)


@change_of_people
def change_person(by: object, person: Person, changes: Mapping[str, Any], why: str = "") -> Person:
    """Change fields of CHANGEABLE; others are refused. Return the person as stored. Raises RecordRefused, WrongName,
    WrongNumber.
    """
    if unknown := set(changes) - set(CHANGEABLE):
        raise RecordRefused(_("These fields cannot be changed here: %(names)s.") % {"names": ", ".join(unknown)})
    person = living(person)
    _agrees_with_documents(person, changes)
    fields = _put(person, changes)
    if not fields:
        return person
    keep(person)
    followed(by, "change", person, fields=fields, moved="name" in fields, why=why)
    if fields & {"name", "birth"}:
        look_for_likes(person)
    return person


@change_of_people
def set_document(
    by: object, person: Person, kind: str, number: str, expires: date | None = None, issuer: str = ""
) -> Person:
    """Add an id document, or put another number in place of the one of the same kind.

    If somebody else has the number, both records are one person and are merged: the holder's record stays. Returns
    the record that stays. Raises RecordRefused, WrongNumber.
    """
    person = living(person)
    facts = rules.id_facts(kind, number, timezone.localdate())
    other = holder(kind, number)
    if other is not None and other.pk != person.pk:
        _same_name(other, person.name)
        merge(by, living(other), person, reason="same id document")
        return other
    there = next((one for one in rows_of(IdDocument, person) if one.kind == kind), None)
    document = there or IdDocument(person=person, kind=kind)
    document.number, document.number_index = facts.number, document_index(facts.number)
    document.expires, document.issuer = expires or document.expires, issuer.strip()[:80] or document.issuer
    keep(document, _("Somebody else stored this number at the same moment: try again."))
    person.birth, person.sex = facts.birth or person.birth, facts.sex or person.sex
    person.province, person.documented = facts.province or person.province, True
    keep(person)
    followed(by, "change", person, document, fields=("number", "expires", "issuer"))
    look_for_likes(person)
    return person


def holder(kind: str, number: str) -> Person | None:
    """Return who holds an id document, through merges. Raises WrongNumber."""
    facts = rules.id_facts(kind, number, timezone.localdate())
    index, desk = document_index(facts.number), desk_now()
    if desk is not None:
        return desk.holder(kind, index)
    found = IdDocument.objects.filter(kind=kind, number_index=index).select_related("person").first()
    return survivor(found.person) if found else None


def new_worker_id() -> str:
    """Return a random name for HQ and the gates."""
    return "w-" + base64.b32encode(secrets.token_bytes(ID_BYTES)).decode().lower()


def phone_index(number: str) -> str:
    """Return the index by which a phone number in its normal form is found."""
    return index_of(Person, "phone_index", number)


def document_index(number: str) -> str:
    """Return the index by which a document of any kind is found by its number in normal form."""
    return index_of(IdDocument, "number_index", number)


def _same_name(known: Person, name: str) -> None:
    if matched(known.name) != matched(rules.checked_name(name)):
        raise RecordRefused(
            _("This id number is registered under another name: compare number and name with the document.")
        )


def _agrees_with_documents(person: Person, changes: Mapping[str, Any]) -> None:
    if not set(changes) & set(_FROM_ID) or all(one.kind != rules.RESIDENT for one in rows_of(IdDocument, person)):
        return
    for name in set(changes) & set(_FROM_ID):
        if changes[name] != getattr(person, name):
            raise RecordRefused(_("Sex and date of birth follow from the id number: correct the number instead."))


def _put(person: Person, changes: Mapping[str, Any]) -> set[str]:
    """Put checked values into a person. Return the names of the fields that changed."""
    before = {name: getattr(person, name) for name in changes}
    for name, value in changes.items():
        setattr(person, name, _checked(name, value))
    if "name" in changes:
        found = rules.letters(person.name)
        person.pinyin, person.joined, person.initials = found.pinyin, found.joined, found.initials
    if "phone" in changes:
        person.phone_index = phone_index(person.phone)
    return {name for name in changes if getattr(person, name) != before[name]}


def _checked(name: str, value: Any) -> Any:
    if name == "name":
        return rules.checked_name(value)
    if name == "phone":
        return rules.phone_number(value) if value else ""
    if name == "nation" and value:
        code = rules.nation_code(value)
        if code is None:
            raise RecordRefused(_("This nation is not in the national table: choose one of it."))
        return code
    if name == "sex" and value not in {"", "m", "f"}:
        raise RecordRefused(_("Sex is m or f."))
    if isinstance(value, str):
        return " ".join(value.replace("\0", "").split())[: _LANGUAGE_MAX if name == "language" else _TEXT_MAX]
    return value
