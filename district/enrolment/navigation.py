"""Enrolment's entry of the navigation."""

from django.utils.translation import gettext_lazy as _

from district.navigation import NavigationEntry
from district.permissions import Permission

ENTRIES = (NavigationEntry(_("Enrolment"), "enrolment:overview", Permission.INVITE, 130, icon="qr"),)
