"""The district's calendar, office hours, night duty and quiet hours."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from district.cases import registry
from district.cases.forms import CalendarDayForm, DutyHoursForm
from district.cases.models import CalendarDay, DutyHours
from district.cases.rules import CaseRefused
from district.cases.views.base import SEE
from district.pages import page
from district.permissions import Permission
from district.web.refusals import refused

CHANGE = Permission.CHANGE_SITES


@page(SEE)
@require_safe
def duty(request: HttpRequest) -> HttpResponse:
    """Show days that differ from their weekday, and the hours of each place."""
    return _shown(request)


@page(CHANGE, whole=True)
@require_POST
def set_day(request: HttpRequest) -> HttpResponse:
    """Say whether a day is worked. The calendar is the whole district's."""
    form = CalendarDayForm(request.POST)
    if form.is_valid():
        registry.set_day(request.user, **form.cleaned_data)
        messages.success(request, _("The day is saved. Deadlines that are set stay."))
        return redirect("cases:duty")
    return _shown(request, day_form=form)


@page(SEE, post=CHANGE)
@require_POST
def add_hours(request: HttpRequest) -> HttpResponse:
    """Add hours of weekdays to a place: all of them, or none."""
    form = DutyHoursForm(request.user, request.POST)
    if form.is_valid():
        try:
            registry.add_weekdays(request.user, **form.cleaned_data)
        except CaseRefused as error:
            form.add_error(None, refused(error))
        else:
            messages.success(request, _("The hours are added."))
            return redirect("cases:duty")
    return _shown(request, hours_form=form)


@page(SEE, post=CHANGE)
@require_POST
def remove_hours(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove hours."""
    user: Any = request.user
    registry.remove_hours(user, get_object_or_404(_changeable(user), pk=pk))
    messages.success(request, _("The hours are removed."))
    return redirect("cases:duty")


def _changeable(user: Any) -> Any:
    return DutyHours.objects.filter(user.scope(CHANGE).places("place__path"))


def _shown(request: HttpRequest, day_form: Any = None, hours_form: Any = None) -> HttpResponse:
    user: Any = request.user
    today = timezone.localdate()
    visible = DutyHours.objects.visible_to(user).select_related("place", "user")
    mine = set(_changeable(user).values_list("pk", flat=True))
    hours = sorted(visible, key=lambda row: (row.place.path, row.kind, row.weekday, row.begins))
    whole = user.scope(CHANGE).whole
    context = {
        "days": CalendarDay.objects.filter(day__gte=today)[:120],
        "hours": [(row, DutyHoursForm.WEEKDAYS[row.weekday], row.pk in mine) for row in hours],
        "office": registry.OFFICE[0],
        "day_form": day_form or (CalendarDayForm() if whole else None),
        "hours_form": hours_form or (DutyHoursForm(user) if user.may(CHANGE) else None),
        "tab": "duty",
    }
    return render(request, "cases/duty.html", context, status=422 if day_form or hours_form else 200)
