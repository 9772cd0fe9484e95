"""The steps of a case, as its page's forms send them."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from district.cases import registry
from district.cases.forms import SaidForm
from district.cases.rules import CaseAction, CaseRefused
from district.cases.views.base import SEE, WORK, case_of, case_page, step
from district.pages import page
from district.web.refusals import refused


@page(SEE, post=WORK)
@require_POST
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a case an owner."""

    def do(user: Any, case: Any, said: dict[str, Any]) -> None:
        registry.assign(user, case, said["owner"], said["said"])

    return step(request, pk, CaseAction.ASSIGN, do, _("The case is assigned."))


@page(SEE, post=WORK)
@require_POST
def hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a case to the desk of another place."""

    def do(user: Any, case: Any, said: dict[str, Any]) -> None:
        registry.hand_over(user, case, said["desk"], said["said"])

    return step(request, pk, CaseAction.HAND_OVER, do, _("The case is handed over. Its deadlines go on."))


@page(SEE, post=WORK)
@require_POST
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Note what was done."""

    def do(user: Any, case: Any, said: dict[str, Any]) -> None:
        registry.progress(user, case, said["said"], said["photos"])

    return step(request, pk, CaseAction.PROGRESS, do, _("The note is added."))


@page(SEE, post=WORK)
@require_POST
def resolve(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that a case is solved."""

    def do(user: Any, case: Any, said: dict[str, Any]) -> None:
        registry.resolve(user, case, said["said"])

    return step(request, pk, CaseAction.RESOLVE, do, _("The case is solved. The reporter's side is asked to confirm."))


@page(SEE, post=WORK)
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm a solution."""

    def do(user: Any, case: Any, said: dict[str, Any]) -> None:
        registry.confirm(user, case, said["said"])

    return step(request, pk, CaseAction.CONFIRM, do, _("The solution is confirmed. The case can be closed."))


@page(SEE, post=WORK)
@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a confirmed case."""

    def do(user: Any, case: Any, said: dict[str, Any]) -> None:
        registry.close(user, case, said["said"])

    return step(request, pk, CaseAction.CLOSE, do, _("The case is closed."))


@page(SEE, post=WORK)
@require_POST
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a case again."""

    def do(user: Any, case: Any, said: dict[str, Any]) -> None:
        registry.reopen(user, case, said["said"])

    return step(request, pk, CaseAction.REOPEN, do, _("The case is open again, with new deadlines."))


@page(SEE, post=WORK)
@require_POST
def respond(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Mark a task of the check-list as done, with its proof."""
    case = case_of(request, pk, WORK)
    if not case.response.filter(number=number).exists():
        raise Http404
    form = SaidForm(request.POST, request.FILES, auto_id=f"id_task_{number}_%s")
    form.fields["said"].required = False
    if form.is_valid():
        photo = next(iter(form.cleaned_data["photos"]), b"")
        try:
            registry.respond(request.user, case, number, form.cleaned_data["said"], photo)  # type: ignore[arg-type]
        except CaseRefused as error:
            form.add_error(None, refused(error))
        else:
            messages.success(request, _("The task is done."))
            return redirect("cases:case", pk)
    return case_page(request, case_of(request, pk), CaseAction.RESPOND, TaskTry(number, form))


class TaskTry:
    """A task's form that was wrong: its number, and what was typed."""

    def __init__(self, number: int, form: forms.Form) -> None:
        self.number, self.form = number, form
