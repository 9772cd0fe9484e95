"""All places, and all officers and liaisons, as lists and files."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from district.pages import page
from district.permissions import Permission
from district.places.models import Place, Responsibility
from district.places.tables import APPOINTMENTS, PLACES
from district.web.lists import list_page


@page(Permission.SEE_SITES)
@require_safe
def all_places(request: HttpRequest) -> HttpResponseBase:
    """List the places in the order of the tree."""
    user: Any = request.user
    rows = Place.objects.visible_to(user).order_by()
    return list_page(request, "places/list.html", PLACES, rows, context={"heading": _("All places")})


@page(Permission.SEE_SITES)
@require_safe
def appointments(request: HttpRequest) -> HttpResponseBase:
    """List who is and was officer or liaison, the latest first."""
    user: Any = request.user
    rows = Responsibility.objects.visible_to(user).select_related("user", "place", "enterprise")
    context = {"heading": _("Officers and liaisons")}
    return list_page(request, "places/list.html", APPOINTMENTS, rows, context=context)
