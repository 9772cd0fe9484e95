"""Entries of the console's navigation."""

from django.utils.translation import gettext_lazy as _

from district.navigation import NavigationEntry
from district.permissions import Permission

ENTRIES = (
    NavigationEntry(_("Sites"), "places:sites", Permission.SEE_SITES, 120, "site"),
    NavigationEntry(_("Enterprises"), "places:enterprises", Permission.SEE_SITES, 130, "building"),
    NavigationEntry(_("Places"), "places:tree", Permission.SEE_SITES, 140, "place", prefix="/places/"),
    NavigationEntry(_("Vacancies"), "places:vacancies", Permission.SEE_SITES, 150, "account"),
)
