"""Figures per town and kind: how many, how long, how late."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from district.cases.figures import PERIODS, figures_of, tallies_of
from district.cases.tables import TALLIES
from district.cases.views.base import SEE
from district.pages import page
from district.web.lists import list_page


@page(SEE)
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """Show the figures of a period, by town and by type."""
    user: Any = request.user
    wanted = request.GET.get("days", "")
    days = int(wanted) if wanted in map(str, PERIODS) else PERIODS[1]
    towns, kinds, total = figures_of(user, days)
    context = {"towns": towns, "kinds": kinds, "total": total, "days": days, "periods": PERIODS, "tab": "figures"}
    return render(request, "cases/figures.html", context)


@page(SEE)
@require_safe
def days(request: HttpRequest) -> HttpResponseBase:
    """List the figures of each day."""
    user: Any = request.user
    rows = tallies_of(user).select_related("place")
    return list_page(request, "cases/days.html", TALLIES, rows, context={"tab": "figures"})
