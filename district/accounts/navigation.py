"""Entries of accounts in the console's navigation."""

from django.utils.translation import gettext_lazy as _

from district.navigation import NavigationEntry
from district.permissions import Permission

ENTRIES = (
    NavigationEntry(_("Accounts"), "accounts:accounts", Permission.SEE_ACCOUNTS, 910, icon="account"),
    NavigationEntry(_("Audit record"), "accounts:records", Permission.SEE_AUDIT, 920, icon="shield"),
)
