"""A worker's own phone: report a problem, see what became of it, and confirm the solution."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from district.cases.forms import PhoneReportForm
from district.cases.registry import Phone, confirm, reopen
from district.cases.registry.phones import phone_name, report_by_phone, reported_by, sites_of
from district.cases.rules import CaseRefused, CaseState
from district.people.models import Person
from district.phones.pages import phone_page
from district.web.refusals import refused


@phone_page
@require_http_methods(["GET", "HEAD", "POST"])
def problems(request: HttpRequest) -> HttpResponse:
    """Report a problem, and list those that were reported."""
    person: Person = request.worker  # type: ignore[attr-defined]
    sites = sites_of(person, timezone.localdate())
    form = PhoneReportForm(sites, request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = report_by_phone(person, **form.cleaned_data)
        except CaseRefused as error:
            form.add_error(None, refused(error))
        else:
            return redirect("cases:my_problem", made.pk)
    context = {"form": form, "sites": sites, "cases": reported_by(person)[:20]}
    return render(request, "cases/my_problems.html", context, status=422 if form.is_bound else 200)


@phone_page
@require_http_methods(["GET", "HEAD", "POST"])
def problem(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what became of a problem. Once it is solved, ask whether that holds."""
    person: Person = request.worker  # type: ignore[attr-defined]
    case: Any = get_object_or_404(reported_by(person), pk=pk)
    trouble = ""
    if request.method == "POST":
        by = Phone(phone_name(person, discreet=case.discreet))
        try:
            if request.POST.get("answer") == "yes":
                confirm(by, case)
            else:
                reopen(by, case, request.POST.get("said", ""))
        except CaseRefused as error:
            trouble = refused(error).messages[0]
        else:
            return redirect("cases:my_problem", pk)
    context = {
        "case": case,
        "steps": [step for step in case.steps.order_by("pk") if step.action in _TOLD],
        "asked": case.state == CaseState.RESOLVED,
        "again": case.state in (CaseState.CONFIRMED, CaseState.CLOSED),
        "trouble": trouble,
        "said": request.POST.get("said", ""),
    }
    return render(request, "cases/my_problem.html", context, status=422 if trouble else 200)


_TOLD = ("report", "assign", "progress", "resolve", "confirm", "close", "reopen")
