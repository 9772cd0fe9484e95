"""Both records of a hit side by side. They are the list's row or rule, and what the registry holds of the person."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from district.declarations.models import Stopover, Trip
from district.people.models import IdDocument, Person
from district.people.rules import PROVINCES, hidden, province_name
from district.permissions import Permission
from district.scope import Account
from district.screening.models import Hit, KeyRow


@dataclass(frozen=True)
class BesideField:
    """One fact in both records."""

    label: str
    listed: str
    registered: str
    same: bool | None
    """None: one of the two does not say it."""


def beside_row(user: Account, person: Person, row: KeyRow) -> list[BesideField]:
    """Return the facts of a list's row beside those of the registry.

    Numbers are whole only for accounts that may see documents of this person. The caller has recorded the look.
    """
    whole = Person.objects.visible_to(user, Permission.SEE_DOCUMENTS).filter(pk=person.pk).exists()
    documents = list(IdDocument.objects.filter(person=person).order_by("pk"))
    numbers = [one.number for one in documents]
    province = row.province if row.province in PROVINCES else ""
    return [
        _facts(_("Name"), row.name, [person.name]),
        _facts(
            _("Id number"), _shown(row.number, whole), [_shown(one, whole) for one in numbers], row.number in numbers
        ),
        _facts(
            _("Phone"), _shown(row.phone, whole), [_shown(person.phone, whole)], row.phone_index == person.phone_index
        ),
        _facts(_("Date of birth"), _day(row.birth), [_day(person.birth)]),
        _facts(
            _("Origin"),
            " ".join(part for part in (province_name(province) if province else "", row.area) if part),
            [province_name(person.province) if person.province else ""],
            row.province == person.province,
        ),
        BesideField(_("Remark"), row.note, "", None),
    ]


def beside_rule(user: Account, hit: Hit) -> list[BesideField]:
    """Return the places and days that a person declared beside those of a rule."""
    rule = hit.rule
    if rule is None:
        return []
    asked = f"{rule.area} · {rule.first_day} – {rule.last_day}"
    stays = (
        Stopover.objects.visible_to(user)
        .kept()
        .filter(person=hit.person, from_day__lte=rule.last_day, until_day__gte=rule.first_day)
    )
    found = [
        BesideField(_("Stay"), asked, f"{one.area} · {one.from_day} – {one.until_day}", None)
        for one in stays.order_by("from_day", "pk")
    ]
    trips = Trip.objects.visible_to(user).kept().filter(person=hit.person, day__lte=rule.last_day)
    found += [
        BesideField(_("Trip"), asked, f"{one.from_code} → {one.to_code} · {one.day} {one.number}".strip(), None)
        for one in trips.order_by("day", "pk")
    ]
    return found


def _facts(label: str, listed: str, registered: Iterable[str], same: bool | None = None) -> BesideField:
    held = [one for one in registered if one]
    known = bool(listed and held)
    equal = listed in held if same is None else same
    return BesideField(label, listed, ", ".join(held), equal if known else None)


def _shown(number: str, whole: bool) -> str:
    return number if whole or not number else hidden(number)


def _day(day: Any) -> str:
    return day.isoformat() if day else ""
