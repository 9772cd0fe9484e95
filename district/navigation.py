"""Entries of the console's navigation. Each app names its own in `navigation.py`, as `ENTRIES`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from district.permissions import Permission

GROUPS: dict[int, StrPromise] = {
    0: _("Today"),
    1: _("Register"),
    2: _("Attendance and wages"),
    3: _("Authorities"),
    4: _("Emergency"),
    5: _("Learning and support"),
    9: _("Administration"),
}
"""Headings of the navigation. An entry with order 120 stands under the heading 1."""


@dataclass(frozen=True)
class NavigationEntry:
    """A link that an account sees if it has the permission somewhere; None: everybody who is signed in."""

    label: StrPromise
    url_name: str
    permission: Permission | None
    order: int
    """Hundreds choose the heading of `GROUPS`; the rest sorts below it."""
    icon: str = "right"
    """The id of a symbol in `common/web/static/web/icons.svg`."""
    prefix: str = ""
    """Marks the entry as the present one on all pages below this path; "" means the entry's own path."""
    when: Callable[[Any], bool] | None = None
    """Shows the entry only to accounts of which this is true; None: to all that have the permission."""
