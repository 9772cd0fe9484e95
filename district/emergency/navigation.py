"""Entries of the console's navigation."""

from django.utils.translation import gettext_lazy as _

from district.navigation import NavigationEntry
from district.permissions import Permission

ENTRIES = (NavigationEntry(_("Emergency measures"), "emergency:measures", Permission.SEE_MEASURES, 940, "alert"),)
