"""The pages of draws and spot checks."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from district.supplies import registry
from district.supplies.forms import CheckForm, DrawForm
from district.supplies.models import SpotCheck, SpotCheckDraw
from district.supplies.rules.commitments import CheckResult
from district.supplies.rules.draws import drawn
from district.supplies.rules.refusals import SuppliesRefused
from district.supplies.tables import DRAWS
from district.supplies.views.common import CHECK, SEE, supply_page
from district.web.lists import list_page
from district.web.refusals import refused


@supply_page(SEE)
@require_safe
def draws(request: HttpRequest) -> HttpResponseBase:
    """List the draws, and draw."""
    return _listed(request, None)


@supply_page(CHECK)
@require_POST
def add_draw(request: HttpRequest) -> HttpResponseBase:
    """Draw some of the commitments of a place."""
    user: Any = request.user
    form = DrawForm(user, request.POST)
    if form.is_valid():
        try:
            made = registry.draw_checks(user, form.cleaned_data["place"], form.cleaned_data["count"])
        except SuppliesRefused as error:
            form.add_error(None, refused(error))
        else:
            messages.success(request, _("The draw is recorded. Check these sites without a warning."))
            return redirect("supplies:draw", made.pk)
    return _listed(request, form)


@supply_page(SEE)
@require_safe
def draw(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a draw: its seed, its numbers, and whether drawing again gives the same."""
    user: Any = request.user
    found = get_object_or_404(SpotCheckDraw.objects.visible_to(user).kept().select_related("place"), pk=pk)
    checks = list(SpotCheck.objects.visible_to(user).filter(draw=found).select_related("commitment__project__place"))
    again = drawn(found.seed, found.numbers, found.size)
    kept = list(SpotCheck.objects.filter(draw=found).order_by("number").values_list("commitment", flat=True))
    context = {"draw": found, "checks": checks, "same": again == kept, "may_check": user.may(CHECK)}
    return render(request, "supplies/draw.html", context)


@supply_page(CHECK)
@require_http_methods(["GET", "HEAD", "POST"])
def note_check(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Note what a spot check found."""
    user: Any = request.user
    kept = SpotCheck.objects.visible_to(user, CHECK).filter(draw__in=SpotCheckDraw.objects.kept())
    rows = kept.select_related("commitment__project__place", "draw")
    found = get_object_or_404(rows.filter(user.scope(CHECK).places("commitment__project__place__path")), pk=pk)
    form = CheckForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            registry.note_check(user, found, CheckResult(form.cleaned_data["result"]), form.cleaned_data["note"])
        except SuppliesRefused as error:
            form.add_error(None, refused(error))
        else:
            messages.success(request, _("The check is noted."))
            return redirect("supplies:commitment", found.commitment_id)
    context = {"check": found, "form": form}
    return render(request, "supplies/check.html", context, status=422 if form.is_bound else 200)


def _listed(request: HttpRequest, form: DrawForm | None) -> HttpResponseBase:
    user: Any = request.user
    rows = SpotCheckDraw.objects.visible_to(user).kept().select_related("place")
    rows = rows.annotate(open_checks=Count("checks", filter=Q(checks__result="")))
    may_draw = user.may(CHECK)
    context = {"form": form or (DrawForm(user) if may_draw else None), "may_draw": may_draw}
    return list_page(request, "supplies/draws.html", DRAWS, rows, context=context)
