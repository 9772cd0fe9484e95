"""Entries of the console's navigation."""

from django.utils.translation import gettext_lazy as _

from district.emergency.pages import while_measure
from district.emergency.rules import MeasureKind
from district.navigation import NavigationEntry
from district.permissions import Permission

_SEE = Permission.SEE_SUPPLIES
ENTRIES = (
    NavigationEntry(
        _("People and supplies"),
        "supplies:sites",
        _SEE,
        450,
        "inbox",
        prefix="/supplies/",
        when=while_measure(_SEE, MeasureKind.SUPPLIES),
    ),
)
