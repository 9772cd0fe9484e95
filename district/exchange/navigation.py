"""The exchange's entry of the navigation."""

from django.utils.translation import gettext_lazy as _

from district.navigation import NavigationEntry
from district.permissions import Permission

ENTRIES = (NavigationEntry(_("Gates' HQ"), "exchange:status", Permission.CHANGE_SYSTEM, 960, icon="gate"),)
