"""The entry of the navigation."""

from django.utils.translation import gettext_lazy as _

from district.navigation import NavigationEntry
from district.permissions import Permission

ENTRIES = (NavigationEntry(_("Other programs"), "api:programs", Permission.EXPORT, 950, icon="webhook"),)
