"""Entries of the console's navigation."""

from django.utils.translation import gettext_lazy as _

from district.emergency.pages import while_measure
from district.emergency.rules import MeasureKind
from district.navigation import NavigationEntry
from district.permissions import Permission

_SEE = Permission.SEE_HEALTH
ENTRIES = (
    NavigationEntry(
        _("Declarations"),
        "declarations:sites",
        _SEE,
        410,
        "document",
        when=while_measure(_SEE, MeasureKind.DECLARATIONS),
    ),
)
