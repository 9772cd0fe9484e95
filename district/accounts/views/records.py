"""The audit record: who changed and who read what."""

from typing import cast

from django.http import HttpRequest, HttpResponseBase

from district.accounts.models import User
from district.accounts.tables import ENTRIES, EntryFilter
from district.audit.models import Entry
from district.pages import page
from district.permissions import Permission
from district.web.lists import list_page


@page(Permission.SEE_AUDIT)
def records(request: HttpRequest) -> HttpResponseBase:
    """List what happened inside the viewer's part of the district, newest first."""
    rows = Entry.objects.visible_to(cast(User, request.user))
    return list_page(request, "accounts/records.html", ENTRIES, rows, filters=EntryFilter(request.GET, rows))
