"""Pages of classroom sessions: plan one, show its code to the terminal, see who took part."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from district.exchange.door import close_hq_door
from district.pages import page
from district.people.models import Assignment, Person, in_force
from district.permissions import Permission
from district.training import registry
from district.training.codes import code_in_class
from district.training.forms import ClassForm, ConfirmForm
from district.training.models import ClassSession, CourseCompletion, TrainingProof
from district.training.registry.proofs import lacking_of
from district.training.registry.timetable import step_now, times_of
from district.training.rules import Step
from district.training.tables import CLASSES, class_state, step_name
from district.training.views.common import do_or_say, form_page
from district.web.lists import list_page
from district.wire import HqAway, HqRefused

_SEE, _TRAIN = Permission.SEE_TRAINING, Permission.TRAIN
SHOWN_MAX = 300


@page(_SEE)
@require_safe
def classes(request: HttpRequest) -> HttpResponseBase:
    """List the classes on an account's sites."""
    user: Any = request.user
    rows = ClassSession.objects.visible_to(user).select_related("course", "project__place")
    context = {"tab": "classes", "may_train": user.may(_TRAIN)}
    return list_page(request, "training/classes.html", CLASSES, rows, context=context)


@page(_TRAIN)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponseBase:
    """Plan a class."""
    user: Any = request.user
    form = ClassForm(request.POST or None, user=user, initial={"course": request.GET.get("course", "")})

    def do(given: dict[str, Any]) -> str:
        made = registry.plan_class(user, given.pop("course"), given.pop("project"), **given)
        return reverse("training:class", args=[made.pk])

    context = {"heading": _("New class"), "back": reverse("training:classes")}
    return form_page(request, form, do, "training/form.html", context)


@page(_SEE)
@require_safe
def session(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a class: what the terminal is asked for now, and who took part."""
    found = _found(request, pk)
    return render(request, "training/class.html", _shown(request, found))


@page(_SEE)
@require_safe
def now(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the part that changes: the code, and the participants."""
    return render(request, "training/class_now.html", _shown(request, _found(request, pk)))


@page(_TRAIN)
@require_POST
def step(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin a class, ask for its end, close or cancel it."""
    found, what = _found(request, pk, _TRAIN), request.POST.get("what", "")
    if what == "start":
        do_or_say(request, lambda: registry.ask_step(request.user, found, Step.START), _("The class has begun."))
    elif what == "end":
        do_or_say(request, lambda: registry.ask_step(request.user, found, Step.END), _("Show the code of the end."))
    elif what == "close":
        do_or_say(request, lambda: registry.close_class(request.user, found), _("The class is closed."))
    elif what == "cancel" and do_or_say(
        request, lambda: registry.cancel_class(request.user, found), _("The class is cancelled.")
    ):
        return redirect("training:classes")
    return redirect("training:class", pk)


@page(_TRAIN)
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm by hand that a worker of the site takes part now."""
    found = _found(request, pk, _TRAIN)
    person: Person = get_object_or_404(_workers(found), worker_id=request.POST.get("worker_id", "")[:40])
    step_asked, why = step_now(found, timezone.now()) or Step.PROOF, request.POST.get("why", "")
    done = _("%(name)s takes part.") % {"name": person.name}

    def do() -> object:
        return registry.confirm_class_step(request.user, found, person, step_asked, why[:500])

    do_or_say(request, do, done)
    return redirect("training:class", pk)


def _found(request: HttpRequest, pk: int, permission: Permission = _SEE) -> ClassSession:
    user: Any = request.user
    rows = ClassSession.objects.visible_to(user, permission).select_related("course", "project__place", "gate")
    found: ClassSession = get_object_or_404(rows, pk=pk)
    return found


def _workers(found: ClassSession) -> Any:
    """Return who works on the site of a class today."""
    today = timezone.localdate()
    there = Assignment.objects.filter(in_force(today), project=found.project_id, starts__lte=today)
    return Person.objects.living().filter(pk__in=there.order_by().values("person"))


def _shown(request: HttpRequest, found: ClassSession) -> dict[str, Any]:
    user: Any = request.user
    asked, problem, code = step_now(found, timezone.now()), "", None
    may = ClassSession.objects.visible_to(user, _TRAIN).filter(pk=found.pk).exists()
    if asked is not None and may:  # the code is the teacher's: who sees it can show it
        try:
            code = code_in_class(found, asked)
        except (HqAway, HqRefused):
            close_hq_door()
            problem = _("There is no connection to the gates. Wait a minute; this page tries again by itself.")
    state, tone = class_state(found)
    return {
        "session": found,
        "state": state,
        "tone": tone,
        "asked": asked,
        "asked_name": step_name(asked.value) if asked else "",
        "code": code,
        "problem": problem,
        "people": _participants(user, found),
        "may_train": may,
        "workers": _workers(found).visible_to(user, _TRAIN)[:SHOWN_MAX] if may and asked is not None else (),
        "form": ConfirmForm(),
    }


def _participants(user: Any, found: ClassSession) -> list[dict[str, Any]]:
    """Return each participant with the steps that are proven and lacking."""
    rows = TrainingProof.objects.visible_to(user).filter(session=found).select_related("person").order_by("utc")
    of_person: dict[int, list[TrainingProof]] = {}
    for row in rows[: SHOWN_MAX * 8]:
        of_person.setdefault(row.person_id, []).append(row)
    completed = CourseCompletion.objects.filter(session_name=found.session_name).order_by()
    done, times = set(completed.values_list("person", flat=True)), times_of(found)
    return [
        {
            "person": proofs[0].person,
            "steps": [(step_name(one.step), one.utc, one.proven, one.by) for one in proofs],
            "done": key in done,
            "lacks": len(lacking_of(times, proofs)),
        }
        for key, proofs in of_person.items()
    ]
