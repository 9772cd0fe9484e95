"""Entries of the console's navigation."""

from django.utils.translation import gettext_lazy as _

from district.navigation import NavigationEntry
from district.permissions import Permission

ENTRIES = (NavigationEntry(_("Cases"), "cases:cases", Permission.SEE_CASES, 20, "bell"),)
