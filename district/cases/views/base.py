"""What the pages of cases share."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django_stubs_ext import StrPromise

from district.audit.record import READ, record
from district.cases.forms import AssignForm, HandOverForm, SaidForm
from district.cases.models import Case, CaseNotice
from district.cases.names import SIDE_NAMES
from district.cases.registry.sides import sides_of
from district.cases.rules import WAITS_FOR, CaseAction, CaseRefused, CaseState, actions_of
from district.cases.shown import clocks_of, history_of, tasks_of
from district.cases.tables import state_tone
from district.people.models import Person
from district.permissions import Permission
from district.places.models import Place
from district.web.refusals import refused

SEE, WORK = Permission.SEE_CASES, Permission.WORK_CASES
BUTTONS: dict[CaseAction, tuple[str, StrPromise, StrPromise]] = {
    CaseAction.PROGRESS: ("progress", gettext_lazy("What was done"), gettext_lazy("Add note")),
    CaseAction.RESOLVE: ("resolve", gettext_lazy("How it was solved"), gettext_lazy("It is solved")),
    CaseAction.CONFIRM: ("confirm", gettext_lazy("Does the solution hold?"), gettext_lazy("Yes, confirm")),
    CaseAction.CLOSE: ("close", pgettext_lazy("case", "Close"), gettext_lazy("Close the case")),
    CaseAction.ASSIGN: ("assign", gettext_lazy("Who is to work on it"), gettext_lazy("Assign")),
    CaseAction.HAND_OVER: ("hand_over", gettext_lazy("Not ours"), gettext_lazy("Hand over")),
    CaseAction.REOPEN: ("reopen", gettext_lazy("It is not solved"), pgettext_lazy("case", "Open again")),
}
"""Step -> name of its address, heading, and button, in the order of the page."""


def case_of(request: HttpRequest, pk: int, permission: Permission = SEE) -> Case:
    """Return a case that the account may see, or work on. Raises Http404."""
    rows = Case.objects.visible_to(request.user, permission).kept()  # type: ignore[arg-type]
    found: Case = get_object_or_404(
        rows.select_related("place", "desk", "owner", "reporter", "reporter_person", "person", "enterprise"), pk=pk
    )
    return found


def case_page(request: HttpRequest, case: Case, bound: CaseAction | None = None, form: Any = None) -> HttpResponse:
    """Show a case with the forms of all steps that the account may do. `bound`: the step whose form was wrong."""
    user: Any = request.user
    now = timezone.now()
    sides = sides_of(user, case, now)
    actions = actions_of(CaseState(case.state), sides)
    if case.of_health:
        record(user, READ, case, fields=["title", "text"], why=_("opened the case"))
    CaseNotice.objects.filter(case=case, user=user, seen=None).update(seen=now)
    waits = WAITS_FOR.get(CaseState(case.state))
    context = {
        "case": case,
        "tone": state_tone(case),
        "clocks": clocks_of(case, now),
        "steps": history_of(case),
        "tasks": list(tasks_of(case)),
        "photos": case.photos.defer("photo"),
        "waits": SIDE_NAMES[waits] if waits else "",
        "yours": waits in sides,
        "person_shown": case.person_id and Person.objects.visible_to(user).filter(pk=case.person_id).exists(),
        "place_shown": Place.objects.visible_to(user).filter(pk=case.place_id).exists(),
        "may_respond": CaseAction.RESPOND in actions,
        "tasks_open": CaseAction.RESPOND in actions and case.response.filter(done=None).exists(),
        "forms": [
            (BUTTONS[one], form if one is bound else form_of(one, user, case), one is _main(actions))
            for one in BUTTONS
            if one in actions
        ],
        "refused": form if bound is CaseAction.RESPOND else None,
        "trouble": _errors(form) if bound in BUTTONS and bound not in actions else [],
    }
    return render(request, "cases/case.html", context, status=422 if bound else 200)


def form_of(action: CaseAction, user: Any, case: Case, data: Any = None, files: Any = None) -> Any:
    """Return the form of a step; None if it asks for nothing."""
    match action:
        case CaseAction.ASSIGN:
            return AssignForm(case, data, auto_id="id_assign_%s")
        case CaseAction.HAND_OVER:
            return HandOverForm(user, case, data, auto_id="id_hand_over_%s")
        case _:
            form = SaidForm(data, files, auto_id=f"id_{action.value}_%s")
            if action is not CaseAction.PROGRESS:
                del form.fields["photos"]
            form.fields["said"].required = action not in (CaseAction.CONFIRM, CaseAction.CLOSE)
            return form


def step(
    request: HttpRequest, pk: int, action: CaseAction, do: Callable[[Any, Case, dict[str, Any]], Any], done: str
) -> HttpResponse:
    """Do a step that a form asks for, and show the case. A wrong form keeps what was typed."""
    case = case_of(request, pk, WORK)
    form = form_of(action, request.user, case, request.POST, request.FILES)
    if form.is_valid():
        try:
            do(request.user, case, form.cleaned_data)
        except CaseRefused as error:
            form.add_error(None, refused(error))
        else:
            messages.success(request, done)
            return redirect(_after(request, pk))
    return case_page(request, case_of(request, pk), action, form)


def _after(request: HttpRequest, pk: int) -> str:
    """Return the case's page, or the list if the account does not see the case any more: it handed it over."""
    seen = Case.objects.visible_to(request.user).kept().filter(pk=pk)  # type: ignore[arg-type]
    return reverse("cases:case", args=[pk]) if seen.exists() else reverse("cases:cases")


def _errors(form: Any) -> list[str]:
    """Return what was wrong with a form that the page does not offer any more: the case has moved on."""
    return [str(error) for errors in form.errors.values() for error in errors]


def _main(actions: tuple[CaseAction, ...]) -> CaseAction | None:
    """Return the obvious next step."""
    order = (CaseAction.CLOSE, CaseAction.CONFIRM, CaseAction.RESOLVE, CaseAction.PROGRESS, CaseAction.ASSIGN)
    return next((one for one in order if one in actions), None)
