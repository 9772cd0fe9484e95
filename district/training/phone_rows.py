"""Rows of a worker's first page on the phone."""

from django.utils.translation import gettext_lazy as _

from district.people.models import Person
from district.phones.rows import PhoneRow
from district.training.registry import courses_of


def _has_courses(person: Person) -> bool:
    return bool(courses_of(person))


ROWS = (PhoneRow(_("My courses"), "training:my_courses", 30, "list", _has_courses),)
