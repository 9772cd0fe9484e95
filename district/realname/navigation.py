"""The uploads' entry of the navigation."""

from django.utils.translation import gettext_lazy as _

from district.navigation import NavigationEntry
from district.permissions import Permission

ENTRIES = (NavigationEntry(_("Real-name platform"), "realname:sites", Permission.SEE_UPLOADS, 310, icon="upload"),)
