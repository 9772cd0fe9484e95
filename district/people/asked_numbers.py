"""Limits how often an account learns that an id number belongs to somebody whom it does not see."""

import math
from typing import Any

from django.utils.translation import ngettext

from district.accounts import limits
from district.people.models import Person
from district.people.registry import RecordRefused
from district.people.registry.persons import holder


def count_asked(user: Any, kind: str, number: str) -> None:
    """Count a typed id number, before any transaction begins: what is undone later is counted too.

    A number that is free, or of somebody visible, gives its attempt back. With none left every number is refused:
    else the refusal itself would say who is registered. Raises RecordRefused, WrongNumber.
    """
    if not number:
        return
    known = holder(kind, number)
    taken = limits.take_of_account(limits.ID_NUMBERS, user)
    if taken.wait_s:
        minutes = math.ceil(taken.wait_s / 60)
        text = ngettext(
            "Too many id numbers of people who are not yours were typed: wait %(minutes)s minute.",
            "Too many id numbers of people who are not yours were typed: wait %(minutes)s minutes.",
            minutes,
        )
        raise RecordRefused(text % {"minutes": minutes})
    if known is None or Person.objects.visible_to(user).filter(pk=known.pk).exists():
        limits.give_back(taken.sources)
