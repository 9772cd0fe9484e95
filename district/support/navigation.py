"""Entries of the console's navigation."""

from django.utils.translation import gettext_lazy as _

from district.navigation import NavigationEntry
from district.permissions import Permission

ENTRIES = (
    NavigationEntry(_("Support"), "support:calculator", Permission.SEE_SUPPORT, 540, "wages", prefix="/support/"),
)
