"""Entries of the navigation."""

from django.utils.translation import gettext_lazy as _

from district.navigation import NavigationEntry
from district.permissions import Permission

ENTRIES = (
    NavigationEntry(_("Inside now"), "attendance:presence", Permission.SEE_PRESENCE, 10, icon="presence"),
    NavigationEntry(_("Days"), "attendance:days", Permission.SEE_ATTENDANCE, 210, icon="calendar"),
    NavigationEntry(_("Month ledger"), "attendance:ledger", Permission.SEE_ATTENDANCE, 220, icon="month"),
    NavigationEntry(_("Corrections"), "attendance:corrections", Permission.SEE_ATTENDANCE, 230, icon="edit"),
    NavigationEntry(_("Payrolls"), "attendance:payrolls", Permission.SEE_WAGES, 240, icon="wages"),
    NavigationEntry(_("Working time"), "attendance:sites", Permission.SEE_ATTENDANCE, 260, icon="clock"),
)
