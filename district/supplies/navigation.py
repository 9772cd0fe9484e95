"""Entries of the console's navigation."""

from django.utils.translation import gettext_lazy as _

from district.emergency.pages import while_measure
from district.emergency.rules import MeasureKind
from district.navigation import NavigationEntry
from district.permissions import Permission

_P = Permission.SEE_SUPPLIES
_WHEN = while_measure(_P, MeasureKind.SUPPLIES)
ENTRIES = (
    NavigationEntry(_("People and supplies"), "supplies:sites", _P, 450, "inbox", prefix="/supplies/", when=_WHEN),
    NavigationEntry(_("Stocks"), "supplies:stocks", _P, 451, "columns", when=_WHEN),
    NavigationEntry(_("Sums by place"), "supplies:sums", _P, 452, "chart", when=_WHEN),
    NavigationEntry(_("Offers of surplus"), "supplies:offers", _P, 453, "send", when=_WHEN),
    NavigationEntry(_("Commitments"), "supplies:commitments", _P, 454, "document", when=_WHEN),
)
