"""How a site counts: working time, shifts, and entrances without a gate."""

import secrets
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from district.attendance.forms import EntranceForm, ShiftForm, SiteRulesForm
from district.attendance.models import Entrance, Shift, SiteRules
from district.attendance.remake import remake_site
from district.attendance.rules.entrances import code_at
from district.attendance.rules.working_time import HOUR, WorkingTime
from district.attendance.rules_of_sites import RulesRefused, rules_on, set_rules
from district.attendance.signed_in import PageRequest
from district.audit.record import record
from district.pages import page
from district.permissions import Permission
from district.places.models import Project


@page(Permission.SEE_ATTENDANCE)
def sites(request: PageRequest) -> HttpResponse:
    """List the sites of an account, to set how each counts."""
    found = Project.objects.visible_to(request.user, Permission.SEE_ATTENDANCE).select_related("place")
    return render(request, "attendance/sites.html", {"sites": found.order_by("place__name", "pk")[:500]})


@page(Permission.SEE_ATTENDANCE, post=Permission.APPROVE)
def site_rules(request: PageRequest, site_id: str) -> HttpResponse:
    """Show and set how a site counts. Each form on the page names itself by `what`."""
    site = _site(request, site_id, Permission.SEE_ATTENDANCE)
    forms = {"rules": SiteRulesForm(initial=_initial(site)), "shift": ShiftForm(), "entrance": EntranceForm()}
    if request.method == "POST":
        _site(request, site_id, Permission.APPROVE)
        if _taken(request, site, forms):
            return redirect("attendance:site_rules", site_id=site_id)
    changes = Project.objects.visible_to(request.user, Permission.APPROVE).filter(pk=site.pk).exists()
    context = {
        "site": site,
        "forms": forms,
        "history": SiteRules.objects.filter(project=site).order_by("-from_local"),
        "shifts": Shift.objects.filter(project=site),
        "entrances": Entrance.objects.filter(project=site, closed=None).order_by("name"),
        "may_change": changes,
    }
    return render(request, "attendance/site_rules.html", context)


@page(Permission.SEE_PRESENCE)
def entrance_code(request: PageRequest, address: str) -> HttpResponse:
    """Show the present code of an entrance, for a screen there or to print for the day."""
    rows = Entrance.objects.visible_to(request.user, Permission.SEE_PRESENCE).select_related("project__place")
    entrance = get_object_or_404(rows, address=address, closed=None)
    now = timezone.now()
    context = {
        "entrance": entrance,
        "code": code_at(entrance.secret, now.timestamp(), entrance.period_s),
        "now": now,
        "link": request.build_absolute_uri(reverse("attendance:enter", args=[entrance.address])),
    }
    return render(request, "attendance/entrance_code.html", context)


def _site(request: PageRequest, site_id: str, permission: Permission) -> Project:
    rows = Project.objects.visible_to(request.user, permission).select_related("place")
    found: Project = get_object_or_404(rows, site_id=site_id)
    return found


def _initial(site: Project) -> dict[str, Any]:
    now = rules_on(site, timezone.localdate())
    hours, seconds = divmod(now.day_begins_s, HOUR)
    return {
        "since": timezone.localdate(),
        "day_begins": f"{hours:02}:{seconds // 60:02}",
        "longest_h": now.longest_s // HOUR,
        "full_day_h": now.full_day_s / HOUR,
    }


def _taken(request: PageRequest, site: Project, forms: dict[str, Any]) -> bool:
    """Do what one of the page's forms asks. Return whether it was done."""
    what = request.POST.get("what", "")
    match what:
        case "rules":
            return _set_rules(request, site, forms)
        case "shift" | "entrance":
            return _add(request, site, what, forms)
        case "remove_shift" | "close_entrance":
            return _end(request, site, what)
        case _:
            return True


def _set_rules(request: PageRequest, site: Project, forms: dict[str, Any]) -> bool:
    form = forms["rules"] = SiteRulesForm(request.POST)
    if not form.is_valid():
        return False
    given = form.cleaned_data
    rules = WorkingTime(given["day_begins"], given["longest_h"] * HOUR, int(given["full_day_h"] * HOUR))
    try:
        with transaction.atomic():
            made = set_rules(site, given["since"], rules)
            remake_site(site, given["since"])
            record(request.user, "set_working_time", made)
    except RulesRefused as error:
        form.add_error("since", str(error))
        return False
    messages.success(request, _("The site counts by these rules from that day on. Its days since then are made again."))
    return True


def _add(request: PageRequest, site: Project, what: str, forms: dict[str, Any]) -> bool:
    form = forms[what] = (ShiftForm if what == "shift" else EntranceForm)(request.POST)
    if not form.is_valid():
        return False
    row = form.save(commit=False)
    row.project = site
    if what == "entrance":
        row.address, row.secret = secrets.token_urlsafe(12), secrets.token_hex(32)
    try:
        with transaction.atomic():
            row.save()
            record(request.user, f"add_{what}", row)
    except IntegrityError:
        form.add_error("name", _("This name is taken on this site: choose another."))
        return False
    messages.success(request, _("Added."))
    return True


def _end(request: PageRequest, site: Project, what: str) -> bool:
    number = request.POST.get("pk", "")
    if not number.isdecimal() or len(number) > 18:
        return True
    with transaction.atomic():
        if what == "remove_shift":
            row: Any = get_object_or_404(Shift, project=site, pk=int(number))
            record(request.user, what, row)
            row.delete()
        else:
            row = get_object_or_404(Entrance, project=site, pk=int(number), closed=None)
            row.closed = timezone.now()
            row.save(update_fields=["closed"])
            record(request.user, what, row)
    messages.success(request, _("Done."))
    return True
