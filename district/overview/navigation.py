"""Entries of the navigation."""

from django.utils.translation import gettext_lazy as _

from district.navigation import NavigationEntry

ENTRIES = (
    NavigationEntry(_("Overview"), "overview:home", None, 0, icon="home"),
    NavigationEntry(_("Your first day"), "overview:first_day", None, 90, icon="bookmark"),
)
