"""Entries of the console's navigation."""

from django.utils.translation import gettext_lazy as _

from district.emergency.pages import while_measure
from district.emergency.rules import MeasureKind
from district.navigation import NavigationEntry
from district.permissions import Permission

_SEE = Permission.SEE_SCREENING
_WHEN = while_measure(_SEE, MeasureKind.SCREENING)

ENTRIES = (
    NavigationEntry(_("Hits"), "screening:hits", _SEE, 420, "alert", when=_WHEN),
    NavigationEntry(_("Key lists"), "screening:lists", _SEE, 425, "document", when=_WHEN),
)
