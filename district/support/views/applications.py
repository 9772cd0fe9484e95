"""Pages of applications: the list, one application with its history, and the steps of both sides."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_POST, require_safe

from district.cases.models import Case
from district.cases.rules import CaseState
from district.pages import page
from district.permissions import Permission
from district.support import registry
from district.support.filters import ApplicationFilter
from district.support.forms import DecisionForm, ReplyForm, refused
from district.support.models import SupportApplication
from district.support.rules.answers import read_answers
from district.support.rules.refusals import SupportRefused
from district.support.rules.states import NEXT, ApplicationState
from district.support.tables import APPLICATIONS, STATE_TONES
from district.support.words import facts_of, stated_answers, yuan
from district.web.lists import list_page

SEE, APPLY, DECIDE = Permission.SEE_SUPPORT, Permission.APPLY_SUPPORT, Permission.DECIDE_SUPPORT
_S = ApplicationState


@page(SEE)
@require_safe
def applications(request: HttpRequest) -> HttpResponseBase:
    """Show the applications that an account may see."""
    rows = _rows(request, SEE)
    filters = ApplicationFilter(request.GET, rows, request=request)
    return list_page(request, "support/applications.html", APPLICATIONS, rows, filters=filters)


@page(SEE)
@require_safe
def application(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an application: the answers, the result, the history, and the next step."""
    return _shown(request, pk)


@page(DECIDE)
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, grant, refuse, or record the payment: the button named `do` says which."""
    found, form = _found(request, pk, DECIDE), DecisionForm(request.POST)
    if form.is_valid():
        said, amount = form.cleaned_data["why"], form.cleaned_data["amount"] or Decimal(0)
        steps: dict[str, tuple[Callable[[], object], str]] = {
            "ask": (lambda: registry.ask_applicant(request.user, found, said), _("The enterprise is asked.")),
            "grant": (
                lambda: registry.grant_application(request.user, found, amount, said),
                _("The application is granted."),
            ),
            "refuse": (
                lambda: registry.refuse_application(request.user, found, said),
                _("The application is refused."),
            ),
            "paid": (lambda: registry.mark_paid(request.user, found), _("The payment is recorded.")),
        }
        if _done(request, steps, form):
            return redirect("support:application", pk)
    return _shown(request, pk, decision=form)


@page(APPLY)
@require_POST
def reply(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer the office, withdraw, or confirm the decision: the button named `do` says which."""
    found, form = _found(request, pk, APPLY), ReplyForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data["said"]
        steps: dict[str, tuple[Callable[[], object], str]] = {
            "answer": (lambda: registry.answer_office(request.user, found, said), _("The office has your answer.")),
            "withdraw": (
                lambda: registry.withdraw_application(request.user, found),
                _("The application is withdrawn."),
            ),
            "confirm": (
                lambda: registry.confirm_decision(request.user, found),
                _("The decision is confirmed, and the case is closed."),
            ),
        }
        if _done(request, steps, form):
            return redirect("support:application", pk)
    return _shown(request, pk, reply=form)


def _done(
    request: HttpRequest, steps: dict[str, tuple[Callable[[], object], str]], form: DecisionForm | ReplyForm
) -> bool:
    """Do the step that a button names. A refusal goes to the form."""
    try:
        if (name := request.POST.get("do", "")) not in steps:
            raise SupportRefused(gettext_noop("Choose one of the buttons of the page."))
        do, said = steps[name]
        do()
    except SupportRefused as error:
        form.add_error(None, refused(error))
        return False
    messages.success(request, said)
    return True


def _rows(request: HttpRequest, permission: Permission) -> "QuerySet[Any]":
    user: Any = request.user
    rows: QuerySet[Any] = SupportApplication.objects.visible_to(user, permission)
    return rows.select_related("enterprise", "measure", "case")


def _found(request: HttpRequest, pk: int, permission: Permission) -> SupportApplication:
    found: SupportApplication = get_object_or_404(_rows(request, permission), pk=pk)
    return found


def _shown(
    request: HttpRequest, pk: int, *, decision: DecisionForm | None = None, reply: ReplyForm | None = None
) -> HttpResponse:
    """Show an application as it is now; a form is one that was sent and refused."""
    found = _found(request, pk, SEE)
    after = NEXT[_S(found.state)]
    whole = found.measure.whole
    may_decide = _rows(request, DECIDE).filter(pk=found.pk).exists()
    may_reply = _rows(request, APPLY).filter(pk=found.pk).exists()
    context = {
        "application": found,
        "tone": STATE_TONES.get(found.state, ""),
        "facts": facts_of(whole),
        "answers": stated_answers(whole, read_answers(whole, found.answers)),
        "amount": yuan(found.amount),
        "granted": yuan(found.granted) if found.granted is not None else "",
        "steps": found.steps.order_by("pk"),
        "decision": decision or DecisionForm(initial={"amount": found.amount}),
        "reply": reply or ReplyForm(),
        "may_ask": may_decide and _S.ASKED in after,
        "may_grant": may_decide and _S.GRANTED in after,
        "may_refuse": may_decide and _S.REFUSED in after,
        "may_pay": may_decide and _S.PAID in after,
        "may_answer": may_reply and found.state == _S.ASKED,
        "may_withdraw": may_reply and _S.WITHDRAWN in after,
        "may_confirm": may_reply and found.case is not None and found.case.state == CaseState.RESOLVED,
        "case_address": _case_address(request, found.case),
    }
    return render(request, "support/application.html", context, status=422 if decision or reply else 200)


def _case_address(request: HttpRequest, case: Case | None) -> str:
    """Return the page of the case, or "" if the account does not see it."""
    user: Any = request.user
    if case is None or not Case.objects.visible_to(user).filter(pk=case.pk).exists():
        return ""
    return reverse("cases:case", args=[case.pk])
