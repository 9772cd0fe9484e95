"""Entries of the console's navigation."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from district.navigation import NavigationEntry
from district.permissions import Permission


def _has_places(user: Any) -> bool:
    """Say whether an account sees places: an enterprise's clerk sees single sites alone."""
    return bool(user.scope(Permission.SEE_ATTENDANCE).ranges)


ENTRIES = (
    NavigationEntry(_("Daily figures"), "figures:picture", Permission.SEE_ATTENDANCE, 20, "chart", when=_has_places),
)
