"""The entries of this app in the console's navigation."""

from django.utils.translation import gettext_lazy as _

from district.navigation import NavigationEntry
from district.permissions import Permission

ENTRIES: tuple[NavigationEntry, ...] = (
    NavigationEntry(_("People"), "people:people", Permission.SEE_PEOPLE, 110, icon="people", prefix="/people/"),
    NavigationEntry(_("Papers that expire"), "people:papers", Permission.SEE_RECORDS, 112, icon="certificate"),
    NavigationEntry(_("Possible duplicates"), "people:duplicates", Permission.MERGE_PEOPLE, 118, icon="merge"),
)
