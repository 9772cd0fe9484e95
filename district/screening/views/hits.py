"""Pages of hits: all of them, one with both records side by side, and its decision."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from district.emergency.pages import measure_page
from district.people.models import Assignment, in_force
from district.screening import registry
from district.screening.beside import beside_row, beside_rule
from district.screening.forms import ConfirmHitForm, HitFilter, WhyForm
from district.screening.models import Hit
from district.screening.rules import STEPS, HitState, ScreeningRefused
from district.screening.tables import HITS, hit_rows, hit_state
from district.screening.views.base import KIND, SCREEN, SEE, seen_hit
from district.web.lists import list_page
from district.web.refusals import refused


@measure_page(SEE, KIND)
@require_safe
def hits(request: HttpRequest) -> HttpResponseBase:
    """Show the hits of people in the account's scope."""
    user: Any = request.user
    rows = hit_rows(Hit.objects.visible_to(user).kept())
    filters = HitFilter(request.GET, queryset=rows, request=request)
    return list_page(request, "screening/hits.html", HITS, rows, filters=filters)


@measure_page(SEE, KIND)
@require_safe
def hit(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a hit without the sensitive fields, and what may be decided."""
    return _shown(request, seen_hit(request, pk))


@measure_page(SCREEN, KIND, fresh=True)
@require_POST
def compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Show both records side by side, for a reason that is recorded."""
    found, form = seen_hit(request, pk, SCREEN), WhyForm(request.POST, auto_id="compare_%s")
    if not form.is_valid():
        return _shown(request, found, compare_form=form)
    user: Any = request.user
    try:
        row = registry.read_row(user, found, form.cleaned_data["why"])
    except ScreeningRefused as error:
        form.add_error(None, refused(error))
        return _shown(request, found, compare_form=form)
    beside = beside_row(user, found.person, row) if row else beside_rule(user, found)
    return _shown(request, found, beside=beside)


@measure_page(SCREEN, KIND)
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that it is the same person: the gates hold."""
    found, form = seen_hit(request, pk, SCREEN), ConfirmHitForm(request.POST, auto_id="confirm_%s")

    def do() -> object:
        day = form.cleaned_data["until"]
        zone = timezone.get_current_timezone()
        until = datetime.combine(day + timedelta(days=1), time(), zone) if day else None
        return registry.confirm_hit(request.user, found, form.cleaned_data["why"], until)

    return _decided(request, found, form, do, _("The gates of the sites concerned hold this person within seconds."))


@measure_page(SCREEN, KIND)
@require_POST
def dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that it is somebody else."""
    found, form = seen_hit(request, pk, SCREEN), WhyForm(request.POST, auto_id="dismiss_%s")

    def do() -> object:
        return registry.dismiss_hit(request.user, found, form.cleaned_data["why"])

    return _decided(request, found, form, do, _("Noted. The same row of a later list brings no new hit."))


@measure_page(SCREEN, KIND)
@require_POST
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a hit out of force."""
    found, form = seen_hit(request, pk, SCREEN), WhyForm(request.POST, auto_id="lift_%s")

    def do() -> object:
        return registry.lift_hit(request.user, found, form.cleaned_data["why"])

    return _decided(request, found, form, do, _("The gates admit this person again within seconds."))


def _decided(request: HttpRequest, found: Hit, form: WhyForm, do: Callable[[], object], done: str) -> HttpResponse:
    if form.is_valid():
        try:
            do()
        except ScreeningRefused as error:
            form.add_error(None, refused(error))
        else:
            messages.success(request, done)
            return redirect("screening:hit", found.pk)
    return _shown(request, found, decision_form=form)


def _shown(
    request: HttpRequest,
    found: Hit,
    *,
    compare_form: WhyForm | None = None,
    decision_form: WhyForm | None = None,
    beside: Any = None,
) -> HttpResponse:
    user: Any = request.user
    state, tone = hit_state(found)
    decides = Hit.objects.visible_to(user, SCREEN).filter(pk=found.pk).exists()
    steps = STEPS[HitState(found.state)] if decides and found.list.withdrawn is None else frozenset()
    given = {form.auto_id: form for form in (compare_form, decision_form) if form is not None}
    first, end = found.measure.place.branch
    work = Assignment.objects.filter(in_force(timezone.localdate()), person=found.person)
    inside = work.filter(project__place__path__gte=first, project__place__path__lt=end)
    shown = {
        "confirm_%s": HitState.IN_FORCE in steps,
        "dismiss_%s": HitState.DISMISSED in steps,
        "lift_%s": HitState.LIFTED in steps,
    }
    late = decision_form if decision_form is not None and not shown.get(str(decision_form.auto_id)) else None
    context = {
        "hit": found,
        "late": late,
        "likeness": f"{found.score:.0%}",
        "state": state,
        "tone": tone,
        "work": inside.select_related("project__place", "enterprise").order_by("pk"),
        "beside": beside,
        "decides": decides,
        "may_confirm": shown["confirm_%s"],
        "may_dismiss": shown["dismiss_%s"],
        "may_lift": shown["lift_%s"],
        "compare_form": given.get("compare_%s") or WhyForm(auto_id="compare_%s"),
        "confirm_form": given.get("confirm_%s") or ConfirmHitForm(auto_id="confirm_%s"),
        "dismiss_form": given.get("dismiss_%s") or WhyForm(auto_id="dismiss_%s"),
        "lift_form": given.get("lift_%s") or WhyForm(auto_id="lift_%s"),
    }
    return render(request, "screening/hit.html", context, status=422 if given else 200)
