"""Pages of key lists: all of them, one with its hits, rules and refused rows."""

import json
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from district.declarations.area_names import listed_areas
from district.emergency.pages import measure_page
from district.screening import registry
from district.screening.forms import ListRuleForm, WhyForm, measures_of
from district.screening.models import Hit, KeyList, ListFile, ListRule
from district.screening.rules import HitState, ScreeningRefused
from district.screening.tables import LISTS, PROBLEMS, list_rows, list_state, refusal_text, refused_rows
from district.screening.views.base import KIND, SCREEN, SEE, may_change, own_list, seen_list
from district.web.export import stream_csv
from district.web.lists import list_page
from district.web.refusals import refused

_PROBLEMS_SHOWN = 100


@measure_page(SEE, KIND)
@require_safe
def lists(request: HttpRequest) -> HttpResponseBase:
    """Show the lists that concern an account."""
    user: Any = request.user
    rows = list_rows(KeyList.objects.visible_to(user).kept(), Hit.objects.visible_to(user).kept())
    context = {"may_load": measures_of(user).exists()}
    return list_page(request, "screening/lists.html", LISTS, rows, context=context)


@measure_page(SEE, KIND)
@require_safe
def key_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a list: where it stands, whom it finds, and what may be done."""
    return _shown(request, seen_list(request, pk))


@measure_page(SCREEN, KIND, fresh=True)
@require_POST
def force(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a list in force: a big one by the worker."""
    found = own_list(request, pk)
    try:
        if registry.confirm_list(found) and found.row_count > registry.ROWS_AT_ONCE:
            messages.success(request, _("The worker compares the list with everybody. The gates follow by themselves."))
        else:
            _forced, hits = registry.put_in_force(request.user, found)
            messages.success(request, _("The list is in force. Hits: %(count)s.") % {"count": hits})
    except ScreeningRefused as error:
        messages.error(request, refused(error).messages[0])
    return redirect("screening:list", pk)


@measure_page(SCREEN, KIND, fresh=True)
@require_POST
def rule(request: HttpRequest, pk: int) -> HttpResponse:
    """Add an area and days to a list."""
    found, form = own_list(request, pk), ListRuleForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            registry.add_rule(
                request.user, found, said["area"], said["first_day"], said["last_day"], at_once=said["at_once"]
            )
        except ScreeningRefused as error:
            form.add_error(None, refused(error))
        else:
            messages.success(request, _("The rule is in force. All declarations are compared with it."))
            return redirect("screening:list", pk)
    return _shown(request, found, rule_form=form)


@measure_page(SCREEN, KIND)
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw a list: its people are admitted again."""
    found, form = own_list(request, pk), WhyForm(request.POST)
    if form.is_valid():
        try:
            registry.withdraw_list(request.user, found, form.cleaned_data["why"])
        except ScreeningRefused as error:
            form.add_error(None, refused(error))
        else:
            messages.success(request, _("The list is withdrawn. Nobody is stopped because of it any more."))
            return redirect("screening:list", pk)
    return _shown(request, found, withdraw_form=form)


@measure_page(SCREEN, KIND)
@require_safe
def problems(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send the refused rows as a CSV file, to be corrected one after the other."""
    return stream_csv(refused_rows(own_list(request, pk)), PROBLEMS, f"key-list-{pk}-problems")


def _shown(
    request: HttpRequest, found: KeyList, rule_form: ListRuleForm | None = None, withdraw_form: WhyForm | None = None
) -> HttpResponse:
    user: Any = request.user
    changes = may_change(request, found)
    state, tone = list_state(found)
    counts = (
        Hit.objects.visible_to(user).kept().filter(list=found).order_by().values_list("state").annotate(Count("pk"))
    )
    by_state: dict[str, int] = dict(counts)
    refusals = list(refused_rows(found)) if changes else []
    file: ListFile | None = getattr(found, "file", None)
    problem: dict[str, Any] = json.loads(file.problem) if file and file.problem else {}
    open_still = found.withdrawn is None and found.loaded is None and found.stored is not None
    context = {
        "key_list": found,
        "state": state,
        "tone": tone,
        "file": file,
        "problem": _problem_text(problem),
        "sheets": problem.get("sheets"),
        "nothing_read": open_still and registry.nothing_read(found),
        "to_confirm": open_still and found.confirmed is None,
        "state_waits": open_still and found.confirmed is not None,
        "may_change": changes,
        "in_force": tone == "good",
        "held": by_state.get(HitState.IN_FORCE, 0),
        "waiting": by_state.get(HitState.CANDIDATE, 0),
        "dismissed": by_state.get(HitState.DISMISSED, 0),
        "lifted": by_state.get(HitState.LIFTED, 0),
        "rules": ListRule.objects.filter(list=found).order_by("pk"),
        "refused_count": len(refusals),
        "refused": refusals[:_PROBLEMS_SHOWN],
        "areas": listed_areas() if changes else (),
        "rule_form": rule_form or ListRuleForm(),
        "withdraw_form": withdraw_form or WhyForm(auto_id="withdraw_%s"),
    }
    wrong = any(form is not None and form.errors for form in (rule_form, withdraw_form))
    return render(request, "screening/list.html", context, status=422 if wrong else 200)


def _problem_text(problem: dict[str, Any]) -> str:
    """Return why a sheet was not read, as a page says it."""
    if problem.get("sheets"):
        return _("The workbook has several sheets with content. Choose one.")
    return refusal_text(problem["text"], problem["values"]) if problem else ""
