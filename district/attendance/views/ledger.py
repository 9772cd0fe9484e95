"""The month ledger of a team: on the page, as a file, and to be confirmed by the workers."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from district.attendance import confirmations
from district.attendance.ledgers import PEOPLE_ON_PAGE, Ledger, days_of_month, ledger_of, team_names
from district.attendance.signed_in import PageRequest
from district.attendance.workbook import ledger_workbook
from district.audit.record import record
from district.pages import page
from district.permissions import Permission
from district.places.models import Project
from district.web.export import XLSX

SITES_OFFERED = 500


@page(Permission.SEE_ATTENDANCE)
def ledger(request: PageRequest) -> HttpResponseBase:
    """Show the month of a team, or choose site and team."""
    site, month = _site(request), _month(request)
    if site is None:
        return render(request, "attendance/ledger.html", _choice(request, month))
    days = days_of_month(request.user, site, month)
    if request.GET.get("format") == "xlsx":
        return _file(request, site, month)
    teams = team_names(site, days)
    team = _team(request, teams)
    shown = ledger_of(site, month, days.filter(team=team) if teams else days.none())
    context = {
        **_choice(request, month),
        "site": site,
        "teams": teams,
        "team": team,
        "ledger": shown,
        "rows": [(row, row.cells([day.day for day in shown.days])) for row in shown.rows[:PEOPLE_ON_PAGE]],
        "more": len(shown.rows) > PEOPLE_ON_PAGE,
        "may_export": not request.user.scope(Permission.EXPORT).empty,
        "may_ask": days_of_month(request.user, site, month, Permission.CORRECT).exists(),
    }
    return render(request, "attendance/ledger.html", context)


@page(Permission.CORRECT)
@require_POST
def ask_confirmation(request: PageRequest) -> HttpResponse:
    """Ask a team to confirm its month."""
    site, month = _site(request), _month(request)
    if site is None:
        raise PermissionDenied
    days = days_of_month(request.user, site, month, Permission.CORRECT)
    team = _team(request, team_names(site, days))
    asked = confirmations.ask(request.user, site, month, ledger_of(site, month, days.filter(team=team)).rows)
    messages.success(
        request, _("%(count)d people are asked. Print the sheet, or send the links.") % {"count": len(asked)}
    )
    query = urlencode({"site": site.pk, "month": f"{month:%Y-%m}", "team": team or ""})
    return redirect(f"{reverse('attendance:confirmation_sheet')}?{query}")


@page(Permission.CORRECT)
def confirmation_sheet(request: PageRequest) -> HttpResponse:
    """Show each person's own link and QR code, to print or to send."""
    site, month = _site(request), _month(request)
    if site is None:
        return redirect("attendance:ledger")
    days = days_of_month(request.user, site, month, Permission.CORRECT)
    team = _team(request, team_names(site, days))
    shown = ledger_of(site, month, days.filter(team=team))
    asked = confirmations.of_month(site, month, [row.person_id for row in shown.rows])
    sheets = [(one, request.build_absolute_uri(_address(one))) for one in asked]
    return render(
        request,
        "attendance/confirmation_sheet.html",
        {"site": site, "month": month, "sheets": sheets, "days": confirmations.LINK_DAYS},
    )


def _address(confirmation: Any) -> str:
    return reverse("attendance:my_month", args=[confirmations.link_token(confirmation)])


def _choice(request: PageRequest, month: date) -> dict[str, Any]:
    sites = Project.objects.visible_to(request.user, Permission.SEE_ATTENDANCE).select_related("place")
    return {
        "sites": sites.order_by("place__name", "pk")[:SITES_OFFERED],
        "month": month,
        "month_text": f"{month:%Y-%m}",
    }


def _file(request: PageRequest, site: Project, month: date) -> FileResponse:
    if request.user.scope(Permission.EXPORT).empty:
        raise PermissionDenied
    days = days_of_month(request.user, site, month, Permission.EXPORT)
    teams = team_names(site, days)
    if "team" in request.GET:
        team = _team(request, teams)
        teams, days = {team: teams.get(team, "")}, days.filter(team=team)
    made: Ledger = ledger_of(site, month, days)
    record(request.user, "export", site, details={"table": "ledger", "month": f"{month:%Y-%m}"})
    name = f"{site.site_id}-{month:%Y-%m}.xlsx"
    return FileResponse(ledger_workbook(made, teams), as_attachment=True, filename=name, content_type=XLSX)


def _site(request: PageRequest) -> Project | None:
    """Return the chosen site; the only one if there is no other; None if none is chosen or visible."""
    sites = Project.objects.visible_to(request.user, Permission.SEE_ATTENDANCE).select_related("place")
    wanted = request.POST.get("site") or request.GET.get("site", "")
    if wanted.isdecimal() and len(wanted) < 19:
        found: Project | None = sites.filter(pk=int(wanted)).first()
        return found
    first = list(sites[:2])
    return first[0] if len(first) == 1 else None


def _month(request: PageRequest) -> date:
    """Return the chosen month; this one if it cannot be read."""
    text = request.POST.get("month") or request.GET.get("month", "")
    try:
        found = date.fromisoformat(f"{text[:7]}-01")
    except ValueError:
        return timezone.localdate().replace(day=1)
    return found if 2000 <= found.year <= 2200 else timezone.localdate().replace(day=1)


def _team(request: PageRequest, teams: dict[int | None, str]) -> int | None:
    wanted = request.POST.get("team") or request.GET.get("team", "")
    number = int(wanted) if wanted.isdecimal() and len(wanted) < 19 else None
    return number if number in teams else next(iter(teams), None)
