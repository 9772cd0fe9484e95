"""Days: the list, and one day with what it was made from."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from district.attendance.filters import CorrectionFilter, DayFilter
from district.attendance.forms import AddPassageForm, AnswerForm, SetAsideForm
from district.attendance.models import Correction, Day, Passage, Stay
from district.attendance.previews import day_after
from district.attendance.requests import (
    CorrectionRefused,
    approve,
    ask_for_passage,
    ask_to_set_aside,
    refuse,
    take_back,
)
from district.attendance.shifts import shift_text
from district.attendance.signed_in import PageRequest
from district.attendance.tables import CORRECTIONS, DAYS
from district.days import start_of_day
from district.pages import page
from district.permissions import Permission
from district.web.lists import list_page

_LISTED = (
    *("date", "trade", "first_in", "last_out", "seconds", "night_seconds", "missing_exit", "missing_entry"),
    *("corrected", "person__name", "project__place__name", "team__name", "enterprise__name"),
)
"""What the list shows of a day: the rest of a person is encrypted, and takes as long again."""


@page(Permission.SEE_ATTENDANCE)
def days(request: PageRequest) -> HttpResponseBase:
    """Show days. Without a filter those of the last week: a district has 100,000 a day."""
    rows = Day.objects.visible_to(request.user).select_related("person", "project__place", "team", "enterprise")
    rows = rows.prefetch_related("project__shifts").only(*_LISTED)
    if not request.GET.get("since") and not request.GET.get("until"):
        rows = rows.filter(date__gte=timezone.localdate() - timedelta(days=7))
    filters = DayFilter(request.GET, queryset=rows, request=request)
    return list_page(request, "attendance/days.html", DAYS, rows, filters=filters)


@page(Permission.SEE_ATTENDANCE, post=Permission.CORRECT)
def day(request: PageRequest, pk: int) -> HttpResponse:
    """Show a day, its stays and passages. A POST asks for a correction."""
    shown = get_object_or_404(
        Day.objects.visible_to(request.user).select_related("person", "project__place", "team", "enterprise"), pk=pk
    )
    may_ask = Day.objects.visible_to(request.user, Permission.CORRECT).filter(pk=pk).exists()
    form = AddPassageForm(initial={"date": shown.date})
    if request.method == "POST":
        get_object_or_404(Day.objects.visible_to(request.user, Permission.CORRECT), pk=pk)
        form, done = _asked(request, shown)
        if done:
            return redirect("attendance:day", pk=pk)
    stays = Stay.objects.filter(project=shown.project, person=shown.person, date=shown.date).order_by("came")
    context = {
        "day": shown,
        "stays": stays,
        "passages": _passages(shown),
        "corrections": _corrections(shown),
        "shift": shift_text(shown),
        "form": form,
        "may_ask": may_ask,
    }
    return render(request, "attendance/day.html", context)


@page(Permission.SEE_ATTENDANCE)
def corrections(request: PageRequest) -> HttpResponseBase:
    """Show requests for corrections."""
    rows = Correction.objects.visible_to(request.user).select_related("person", "project__place")
    filters = CorrectionFilter(request.GET, queryset=rows, request=request)
    return list_page(request, "attendance/corrections.html", CORRECTIONS, rows, filters=filters)


@page(Permission.SEE_ATTENDANCE)
def correction(request: PageRequest, pk: int) -> HttpResponse:
    """Show a request with what would become of the day. A POST decides it."""
    rows = Correction.objects.visible_to(request.user).select_related("person", "project__place")
    found = get_object_or_404(rows, pk=pk)
    may_decide = Correction.objects.visible_to(request.user, Permission.APPROVE).filter(pk=pk).exists()
    own = found.asked_by == str(request.user)
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        action, answer = request.POST.get("action", ""), form.cleaned_data["answer"]
        if action != "take_back":
            get_object_or_404(Correction.objects.visible_to(request.user, Permission.APPROVE), pk=pk)
        try:
            _decided(request, found, action, answer)
        except CorrectionRefused as error:
            messages.error(request, str(error))
        return redirect("attendance:correction", pk=pk)
    context = {
        "correction": found,
        "after": day_after(found),
        "may_decide": may_decide and not own,
        "own": own,
        "form": form,
        "day": Day.objects.visible_to(request.user)
        .filter(person=found.person, project=found.project, date=timezone.localtime(found.utc).date())
        .first(),
    }
    return render(request, "attendance/correction.html", context)


def _asked(request: PageRequest, shown: Day) -> tuple[Any, bool]:
    """Take one of the two forms of a day. Return the form for a passage, and whether something was asked."""
    try:
        if "passage" in request.POST:
            aside = SetAsideForm(request.POST)
            if not aside.is_valid():
                messages.error(request, _("Say what happened: the person who decides was not there."))
                return AddPassageForm(initial={"date": shown.date}), False
            passage = get_object_or_404(_passages(shown), pk=aside.cleaned_data["passage"])
            ask_to_set_aside(request.user, passage, aside.cleaned_data["why"])
        else:
            form = AddPassageForm(request.POST)
            if not form.is_valid():
                return form, False
            ask_for_passage(
                request.user,
                shown.project,
                shown.person,
                form.cleaned_data["direction"],
                form.moment,
                form.cleaned_data["why"],
            )
    except CorrectionRefused as error:
        messages.error(request, str(error))
        return AddPassageForm(request.POST), False
    messages.success(request, _("The request is made. Somebody else decides it."))
    return AddPassageForm(initial={"date": shown.date}), True


def _decided(request: PageRequest, found: Correction, action: str, answer: str) -> None:
    match action:
        case "approve":
            approve(request.user, found, answer)
            messages.success(request, _("Approved. The day is made again."))
        case "refuse":
            refuse(request.user, found, answer)
            messages.success(request, _("Refused."))
        case "take_back":
            take_back(request.user, found)
            messages.success(request, _("The request is taken back."))
        case _:
            raise CorrectionRefused(_("Choose what to do: approve or refuse."))


def _passages(shown: Day) -> Any:
    """Return the passages from the day before to the day after: what decides the day."""
    begins = start_of_day(shown.date)
    span = (begins - timedelta(hours=6), begins + timedelta(hours=36))
    rows = Passage.objects.filter(project=shown.project, person=shown.person, utc__range=span)
    return rows.select_related("line", "person", "project").order_by("utc")


def _corrections(shown: Day) -> Any:
    begins = start_of_day(shown.date)
    span = (begins, begins + timedelta(hours=36))
    return Correction.objects.filter(project=shown.project, person=shown.person, utc__range=span).order_by("asked")
