"""Entries of the console's navigation."""

from django.utils.translation import gettext_lazy as _

from district.emergency.pages import while_measure
from district.emergency.rules import MeasureKind
from district.navigation import NavigationEntry
from district.permissions import Permission

_WHEN = while_measure(Permission.SEE_TRACING, MeasureKind.TRACING)
ENTRIES = (
    NavigationEntry(_("Contact tracing"), "tracing:investigations", Permission.SEE_TRACING, 450, "search", when=_WHEN),
    NavigationEntry(_("Contacts to call"), "tracing:calls", Permission.SEE_TRACING, 455, "phone", when=_WHEN),
)
