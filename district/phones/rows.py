"""Rows of a worker's first page on the phone, which apps add: a declaration, a quarantine, a course.

An app lists its own in `phone_rows.py`, as `ROWS`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from django_stubs_ext import StrPromise

from district.people.models import Person
from district.web.registry import offered


@dataclass(frozen=True)
class PhoneRow:
    """A link on the first page of a worker's phone."""

    label: StrPromise
    url_name: str
    order: int
    icon: str = "list"
    """The name of a template in `phones/icons/`."""
    when: Callable[[Person], bool] | None = None
    """Shows the row only to workers of whom this is true; None: to all."""

    @property
    def picture(self) -> str:
        """Return the template of the icon."""
        return f"phones/icons/{self.icon}.html"


@cache
def _all_rows() -> tuple[PhoneRow, ...]:
    return tuple(sorted(offered("phone_rows", "ROWS"), key=lambda row: row.order))


def rows_for(person: Person) -> list[PhoneRow]:
    """Return the rows that a worker sees, in their order."""
    return [row for row in _all_rows() if row.when is None or row.when(person)]
