"""The calculator: an enterprise answers a short form and sees what it gets of each measure."""

from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from district.pages import page
from district.permissions import Permission
from district.places.models import Enterprise
from district.support import registry
from district.support.forms import ChooseEnterpriseForm, refused
from district.support.models import SupportApplication, SupportMeasure
from district.support.prefill import KnownAnswers, known_of
from district.support.questions import AnswersForm
from district.support.rules.calculator import SupportVerdict, assess
from district.support.rules.refusals import SupportRefused
from district.support.rules.states import OPEN
from district.support.words import ShownResult, shown_result

SEE, APPLY = Permission.SEE_SUPPORT, Permission.APPLY_SUPPORT
_ORDER = [SupportVerdict.YES, SupportVerdict.MISSING, SupportVerdict.NO]


@page(SEE)
@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """Choose the enterprise. An account of one enterprise goes on at once."""
    user: Any = request.user
    own = user.scope(SEE)
    if not own.ranges and len(own.enterprises) == 1:
        return redirect("support:calculate", next(iter(own.enterprises)))
    form = ChooseEnterpriseForm(user, request.GET if "enterprise" in request.GET else None)
    if form.is_valid():
        found = form.cleaned_data["enterprise"]
        if enterprises_of(user, SEE).filter(pk=found.pk).exists():
            return redirect("support:calculate", found.pk)
        form.add_error("enterprise", _("This enterprise has its seat elsewhere: its own town's office answers it."))
    context = {"form": form, "own": enterprises_of(user, SEE).filter(pk__in=own.enterprises)}
    return render(request, "support/choose.html", context, status=422 if form.is_bound else 200)


@page(SEE)
@require_http_methods(["GET", "HEAD", "POST"])
def calculate(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the form with what is known, and the results of the answers. Nothing is stored."""
    enterprise = get_object_or_404(enterprises_of(request.user, SEE), pk=pk)
    found = _in_force()
    known, last = known_of(enterprise), _last_answers(enterprise)
    if request.method == "POST":
        return _shown(request, enterprise, found, AnswersForm(found, known, last, request.POST), known)
    form = AnswersForm(found, known, last)
    form = AnswersForm(found, known, last, {name: one.initial or "" for name, one in form.fields.items()})
    return _shown(request, enterprise, found, form, known)


@page(APPLY)
@require_POST
def apply(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """Apply for one measure with the answers of the form."""
    enterprise = get_object_or_404(enterprises_of(request.user, APPLY), pk=pk)
    found, known = _in_force(), known_of(enterprise)
    measure = next((one for one in found if one.key == key), None)
    if measure is None and not SupportMeasure.objects.filter(key=key).exists():
        raise Http404
    form = AnswersForm(found, known, {}, request.POST)
    if form.is_valid():
        try:
            if measure is None:
                raise SupportRefused(gettext_noop("This measure has changed: look at the new version, then apply."))
            made = registry.apply_for(request.user, enterprise, measure, form.of_measure(key))
        except SupportRefused as error:
            form.add_error(None, refused(error))
        else:
            messages.success(request, _("The application is sent. Its page shows what happens next."))
            return redirect("support:application", made.pk)
    return _shown(request, enterprise, found, form, known)


def enterprises_of(user: Any, permission: Permission) -> "QuerySet[Any]":
    """Return the enterprises for which an account has a permission: its own, and those with their seat in its part."""
    scope = user.scope(permission)
    rows = Enterprise.objects.filter(retired=None).select_related("place")
    return rows.filter(Q(scope.places("place__path")) | scope.employers("pk"))


def _in_force() -> list[SupportMeasure]:
    return list(SupportMeasure.objects.filter(retired=None).order_by("key"))


def _last_answers(enterprise: Enterprise) -> dict[str, object]:
    """Return the answers of the last applications; the latest wins."""
    rows = SupportApplication.objects.filter(enterprise=enterprise).order_by("-made")[:20]
    return {name: value for row in reversed(rows) for name, value in row.answers.items()}


def _shown(
    request: HttpRequest,
    enterprise: Enterprise,
    found: list[SupportMeasure],
    form: AnswersForm,
    known: KnownAnswers,
) -> HttpResponse:
    results = _results(enterprise, found, form) if form.is_valid() or not _typed_wrong(form) else []
    user: Any = request.user
    context = {
        "enterprise": enterprise,
        "form": form,
        "results": results,
        "origin_unknown": known.origin_unknown,
        "may_apply": enterprises_of(user, APPLY).filter(pk=enterprise.pk).exists(),
        "one_only": not user.scope(SEE).ranges,
    }
    return render(request, "support/calculate.html", context, status=422 if form.errors else 200)


def _typed_wrong(form: AnswersForm) -> bool:
    return any(name != "__all__" for name in form.errors)


def _results(enterprise: Enterprise, found: list[SupportMeasure], form: AnswersForm) -> list[ShownResult]:
    today = timezone.localdate()
    rows = SupportApplication.objects.filter(enterprise=enterprise, state__in=OPEN)
    open_ones = {row.key: row for row in rows}
    pairs = [(one, assess(one.whole, form.of_measure(one.key), today)) for one in found]
    pairs.sort(key=lambda pair: _ORDER.index(pair[1].verdict))
    return [shown_result(one, result, open_ones.get(one.key)) for one, result in pairs]
