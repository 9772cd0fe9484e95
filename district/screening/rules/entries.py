"""The normal form of a row of a key list."""

import re
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext_noop
from stdnum.cn import ric

from district.people.rules import (
    RESIDENT,
    WrongName,
    WrongNumber,
    checked_name,
    compact,
    letters,
    phone_number,
)
from district.screening.rules.areas import area_prefix
from district.screening.rules.refusals import ScreeningRefused

KINDS = ("", "01", "08", "10", "12")
"""Kinds of documents (`idCardType`); empty: the list does not say."""
_NUMBER_MAX = 40
_NUMBER = re.compile(r"[0-9A-Z()/.-]*", re.ASCII)


@dataclass(frozen=True, repr=False)
class KeyEntry:
    """A row as the list gives it. Empty: the list does not say."""

    name: str = ""
    number: str = ""
    """Of an id document."""
    kind: str = ""
    phone: str = ""
    birth: date | None = None
    area: str = ""
    """Where the person comes from, GB/T 2260."""
    note: str = ""


@dataclass(frozen=True)
class NormalKeyEntry:
    """A row in the form in which the registry has people."""

    name: str = field(default="", repr=False)
    joined: str = field(default="", repr=False)
    initials: str = field(default="", repr=False)
    number: str = field(default="", repr=False)
    kind: str = ""
    phone: str = field(default="", repr=False)
    birth: date | None = field(default=None, repr=False)
    area: str = ""
    note: str = field(default="", repr=False)

    @property
    def province(self) -> str:
        """Return the province's two digits, or ""."""
        return self.area[:2]


def normal_entry(entry: KeyEntry) -> NormalKeyEntry:
    """Return the normal form of a row. Raises ScreeningRefused, which never repeats a name or number."""
    kind, number, birth, area = _document(entry)
    if area:
        area_prefix(area)
    try:
        name = checked_name(entry.name) if entry.name.strip() else ""
        phone = phone_number(entry.phone) if entry.phone.strip() else ""
    except (WrongName, WrongNumber) as error:
        raise ScreeningRefused("%(problem)s", problem=str(error)) from None
    if not (number or phone or (name and (birth or area))):
        raise ScreeningRefused(
            gettext_noop("The row names nobody: give a number, a phone, or a name with date of birth or area.")
        )
    read = letters(name)
    note = " ".join(entry.note.replace("\0", "").split())[:500]
    return NormalKeyEntry(name, read.joined, read.initials, number, kind, phone, birth, area, note)


def _document(entry: KeyEntry) -> tuple[str, str, date | None, str]:
    """Return kind, number, birth and area. A resident number says the last two itself."""
    kind, number, area = entry.kind, compact(entry.number), entry.area.strip()
    if kind not in KINDS:
        raise ScreeningRefused(gettext_noop("This kind of document is unknown: use 01, 08, 10 or 12, or leave it out."))
    if len(number) > _NUMBER_MAX or "\0" in number:
        raise ScreeningRefused(gettext_noop("The number of the document is too long: compare it."))
    if not _NUMBER.fullmatch(number):
        raise ScreeningRefused(gettext_noop("The number has characters that no document has: compare it."))
    if kind in {"", RESIDENT} and re.fullmatch(r"\d{15}", number, re.ASCII):  # issued until 1999
        number = f"{number[:6]}19{number[6:]}"
        number += ric.calc_check_digit(f"{number}0")
    looks_resident = re.fullmatch(r"\d{17}[\dX]", number, re.ASCII) is not None
    if kind == RESIDENT and number and not looks_resident:
        raise ScreeningRefused(gettext_noop("A resident number has 18 digits, the last may be X: compare it."))
    if not looks_resident or kind not in {"", RESIDENT}:
        return kind, number, entry.birth, area
    birth = _birth(number)
    if birth is None or number[-1] != ric.calc_check_digit(number):
        raise ScreeningRefused(gettext_noop("The resident number is mistyped: its check digit or date is wrong."))
    return RESIDENT, number, birth, area or _area(number)


def _birth(number: str) -> date | None:
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def _area(number: str) -> str:
    """Return the area in a number. One that begins with zero is none."""
    return number[:6] if number[0] != "0" else ""
