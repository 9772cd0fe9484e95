"""The pages of one site: its days, and the form that declares one; and what a measure asks."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from district.attendance.models import Day
from district.cases.models import Case
from district.emergency.models import EmergencyMeasure
from district.emergency.registry import measure_at
from district.emergency.rules import MeasureKind
from district.permissions import Permission
from district.places.models import Enterprise, Project
from district.supplies import registry
from district.supplies.asked import answers_for, with_state
from district.supplies.day_form import DayForm
from district.supplies.forms import PolicyForm
from district.supplies.latest import latest_lines
from district.supplies.models import EmployerCount, SiteReport, StartCommitment, SupplyOffer
from district.supplies.names import OFFER_TONES, STOCK_NAMES, STOCK_TONES
from district.supplies.rules.commitments import CommitmentState
from district.supplies.rules.counts import PEOPLE_FIELDS
from district.supplies.rules.items import days_left
from district.supplies.rules.offers import OPEN_STATES
from district.supplies.rules.refusals import SuppliesRefused
from district.supplies.tables import filing_state, stock_state
from district.supplies.views.common import DECLARE, SEE, day_of, site_of, supply_page
from district.web.refusals import refused

SHOWN_DAYS = 14


@supply_page(SEE)
@require_safe
def site(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a site: today, its stocks, its requests and tasks, its last days."""
    user: Any = request.user
    found, today = site_of(request, pk), timezone.localdate()
    state, tone = filing_state(with_state(Project.objects.filter(pk=pk), today).get())
    lines = latest_lines(user).select_related("report__measure__supply_policy").filter(report__project=found)
    stocks = [
        (line, days_left(line.figures), STOCK_NAMES[s], STOCK_TONES[s]) for line in lines for s in [stock_state(line)]
    ]
    offers = SupplyOffer.objects.visible_to(user).kept().filter(state__in=[one.value for one in OPEN_STATES])
    offers = (offers.filter(giver=found) | offers.filter(taker=found)).select_related("giver__place", "taker__place")
    cases = Case.objects.visible_to(user).kept().still_open().filter(place=found.place, source="supplies")
    commitments = StartCommitment.objects.visible_to(user).kept().filter(project=found)
    context = {
        "project": found,
        "state": state,
        "tone": tone,
        "days": _days(user, found),
        "stocks": stocks,
        "offers": [(one, OFFER_TONES[one.state]) for one in offers],
        "cases": cases,
        "commitment": commitments.filter(state=CommitmentState.IN_FORCE.value).first(),
        "may_declare": Project.objects.visible_to(user, DECLARE).filter(pk=pk).exists(),
        "may_commit": answers_for(user, found, DECLARE),
    }
    return render(request, "supplies/site.html", context)


@supply_page(DECLARE)
@require_http_methods(["GET", "HEAD", "POST"])
def declare(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Declare people and supplies of a site for a day, or correct them."""
    user: Any = request.user
    found, day = site_of(request, pk, DECLARE), day_of(request)
    whole = answers_for(user, found, DECLARE)
    employers = _employers(user, found, day, whole)
    if request.method == "POST":
        form = DayForm(found, employers, day, request.POST, whole=whole)
        if form.is_valid():
            try:
                seen = form.cleaned_data["seen"]
                registry.declare_day(user, found, form.people(), form.site(), day=day, seen=seen)
            except SuppliesRefused as error:
                form.add_error(None, refused(error))
            else:
                messages.success(request, _("The day is declared. Thank you."))
                return redirect("supplies:site", pk)
        form.data = QueryDict(mutable=True)  # who looks now has seen what others declared
        form.data.update({**request.POST.dict(), "seen": registry.version_of(found, day)})
    else:
        form = DayForm(found, employers, day, whole=whole, initial={"seen": registry.version_of(found, day)})
    measure = measure_at(MeasureKind.SUPPLIES, found.place.path)
    context = {
        "project": found,
        "day": day,
        "form": form,
        "policy": registry.policy_of(measure) if measure is not None else None,
        "passed": Day.objects.visible_to(user).filter(project=found, date=day).values("person").distinct().count(),
    }
    return render(request, "supplies/declare.html", context, status=422 if form.is_bound else 200)


@supply_page(Permission.START_MEASURES)
@require_http_methods(["GET", "HEAD", "POST"])
def rules_of_measure(request: HttpRequest, measure: int) -> HttpResponseBase:
    """Say what a measure asks of its sites."""
    user: Any = request.user
    rows = EmergencyMeasure.objects.filter(user.scope(Permission.START_MEASURES).places("place__path"))
    found = get_object_or_404(rows.filter(kind=MeasureKind.SUPPLIES).select_related("place"), pk=measure)
    form = PolicyForm(request.POST or None, instance=registry.policy_of(found))
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            registry.set_policy(user, found, form.needs(), due=said["due"], listed_areas=said["listed_areas"])
        except SuppliesRefused as error:
            form.add_error(None, refused(error))
        else:
            messages.success(request, _("The rules hold from now on."))
            return redirect("supplies:sites")
    context = {"measure": found, "form": form}
    return render(request, "supplies/rules.html", context, status=422 if form.is_bound else 200)


def _employers(user: Any, project: Project, day: Any, whole: bool) -> list[Enterprise]:
    """Return for whose people an account can declare."""
    working = registry.employers_of(project, day)
    if whole:
        return working
    own = user.scope(DECLARE).enterprises
    return [one for one in working if one.pk in own]


def _days(user: Any, project: Project) -> list[dict[str, Any]]:
    """Return the last declared days of a site, the newest first, as far as an account sees them."""
    found: dict[Any, dict[str, Any]] = {}
    rows = EmployerCount.objects.visible_to(user).kept().filter(project=project).order_by("-date")
    for row in rows[: SHOWN_DAYS * 20]:
        day = found.setdefault(row.date, {"date": row.date, **dict.fromkeys(PEOPLE_FIELDS, 0)})
        for name in PEOPLE_FIELDS:
            day[name] += getattr(row, name)
        day["by"] = row.by
    for report in SiteReport.objects.visible_to(user).kept().filter(project=project).order_by("-date")[:SHOWN_DAYS]:
        if report.date in found:
            found[report.date]["rooms"] = f"{report.isolation_used} / {report.isolation_places}"
    return list(found.values())[:SHOWN_DAYS]
