"""Pages of who learned what: under way, completed, and each proof."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from district.pages import page
from district.people.models import Person
from district.permissions import Permission
from district.training import registry
from district.training.filters import CompletedFilter, LearnersFilter
from district.training.forms import ConfirmForm
from district.training.models import CourseCompletion, Learning, TrainingProof
from district.training.tables import COMPLETED, LEARNERS, PROOFS
from district.training.views.common import form_page
from district.web.lists import list_page

_SEE, _TRAIN = Permission.SEE_TRAINING, Permission.TRAIN


@page(_SEE)
@require_safe
def learners(request: HttpRequest) -> HttpResponseBase:
    """List who learns on the phone, and how far they are."""
    user: Any = request.user
    rows = Learning.objects.visible_to(user).select_related("person", "course")
    found = LearnersFilter(request.GET, rows, user=user)
    waiting = rows.filter(completed=None, passed__isnull=False, person__in=_mine(user)) if user.may(_TRAIN) else ()
    context = {"tab": "learners", "waiting": waiting[:50]}
    return list_page(request, "training/learners.html", LEARNERS, rows, filters=found, context=context)


@page(_SEE)
@require_safe
def completed(request: HttpRequest) -> HttpResponseBase:
    """List who completed a course, and until when it holds."""
    user: Any = request.user
    rows = CourseCompletion.objects.visible_to(user).select_related("person", "course")
    found = CompletedFilter(request.GET, rows, user=user)
    return list_page(request, "training/list.html", COMPLETED, rows, filters=found, context={"tab": "completed"})


@page(_SEE)
@require_safe
def proofs(request: HttpRequest) -> HttpResponseBase:
    """List each code of training that a gate saw, also those that did not count."""
    user: Any = request.user
    rows = TrainingProof.objects.visible_to(user).select_related("person", "learning__course", "session__course")
    return list_page(request, "training/list.html", PROOFS, rows, context={"tab": "proofs"})


@page(_TRAIN)
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Confirm by hand who learned."""
    user: Any = request.user
    rows = Learning.objects.visible_to(user, _TRAIN).filter(person__in=_mine(user)).select_related("person", "course")
    found: Learning = get_object_or_404(rows, pk=pk)
    form = ConfirmForm(request.POST or None)

    def do(given: dict[str, Any]) -> str:
        registry.confirm_learning(user, found, given["why"])
        return reverse("training:learners")

    context = {
        "heading": _("Confirm who learned"),
        "lead": f"{found.person} · {found.course}",
        "back": reverse("training:learners"),
    }
    return form_page(request, form, do, "training/form.html", context)


def _mine(user: Any) -> Any:
    """Return the people who work in the account's part now."""
    return Person.objects.visible_to(user, _TRAIN).changeable_by(user, _TRAIN).living().order_by().values("pk")
