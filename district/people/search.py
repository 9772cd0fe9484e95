"""Finds people by what somebody types: a name, its pinyin or initials, a phone, an id number, a worker id."""

from typing import Any

from django.db.models import Q

from district.audit.record import record_many
from district.people import rules
from district.people.listing import LIST_KEYS, listed_people
from district.people.models import IdDocument, Person
from district.people.registry.persons import document_index, phone_index
from district.permissions import Permission
from district.scope import Account

TEXT_MAX = 80
FEW = 200
DOCUMENT_DIGITS_MIN = 6
"""A text with fewer digits is no id number."""
_LAST = "\U0010ffff"


def found_q(text: str, user: Account) -> Q:
    """Return the filter for people. Numbers are found whole only, and id numbers only by who may see documents."""
    plain = " ".join(text[:TEXT_MAX].replace("\0", "").split())
    if not plain:
        return Q(pk__in=[])
    found = Q(worker_id=plain.lower())
    if any(sign.isdigit() for sign in plain):
        found |= _by_phone(plain) | _by_document(plain, user)
    if any(sign.isalpha() for sign in plain):
        letters = plain.casefold().replace(" ", "").replace("'", "")
        found |= begins("name", plain) | begins("joined", letters)
        if letters.isascii() and len(letters) <= 4:
            found |= Q(initials=letters)
    return found


def begins(column: str, text: str) -> Q:
    """Compare by order and not by LIKE: an index then serves it on both databases, and % means nothing."""
    return Q(**{f"{column}__gte": text, f"{column}__lt": text + _LAST})


def _by_phone(text: str) -> Q:
    try:
        return Q(phone_index=phone_index(rules.phone_number(text)))
    except rules.WrongNumber:
        return Q(pk__in=[])


def _by_document(text: str, user: Account) -> Q:
    if user.scope(Permission.SEE_DOCUMENTS).empty:
        return Q(pk__in=[])
    indexes = {document_index(rules.compact(text))}
    return Q(pk__in=IdDocument.objects.visible_to(user).filter(number_index__in=indexes).values("person"))


def record_search_by_number(user: Any, text: str) -> None:
    """Record that an account found people by the number of an id document."""
    if sum(sign.isdigit() for sign in text) < DOCUMENT_DIGITS_MIN or user.scope(Permission.SEE_DOCUMENTS).empty:
        return
    found = IdDocument.objects.visible_to(user).filter(number_index=document_index(rules.compact(text)))
    people = [row.person for row in found.select_related("person")]
    if people:
        record_many(user, "search", people, fields=["id_number"], why="search by number")


def found_people(text: str, user: Account, limit: int = 20) -> list[Person]:
    """Return the visible people who fit a text, by name.

    A text that fits few people is looked up first, and rights are asked of those. One that fits many is read from the
    account's own list in the order of names, which ends early. Either alone takes 0.3 s in a district.
    """
    asked = found_q(text, user)
    few = list(Person.objects.filter(asked).order_by().values_list("pk", flat=True)[: FEW + 1])
    if len(few) <= FEW:
        rows: Any = Person.objects.visible_to(user).living().filter(pk__in=few)
        return list(rows.order_by("pinyin", "pk")[:limit])
    return list(listed_people(user).filter(asked).order_by(*LIST_KEYS)[:limit])
