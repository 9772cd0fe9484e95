"""Entries of the console's navigation."""

from django.utils.translation import gettext_lazy as _

from district.emergency.pages import while_measure
from district.emergency.rules import MeasureKind
from district.navigation import NavigationEntry
from district.permissions import Permission

ENTRIES = (
    NavigationEntry(
        _("Quarantine"),
        "quarantine:orders",
        Permission.SEE_HEALTH,
        460,
        icon="home",
        when=while_measure(Permission.SEE_HEALTH, MeasureKind.QUARANTINE),
    ),
)
