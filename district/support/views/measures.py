"""Pages of published measures."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from district.pages import page
from district.permissions import Permission
from district.support import registry
from district.support.forms import PublishForm, RetireForm, refused
from district.support.models import SupportMeasure
from district.support.rules.refusals import SupportRefused
from district.support.samples import sample_2020, sample_districts
from district.support.tables import MEASURES
from district.support.words import facts_of
from district.web.lists import list_page

SEE, DECIDE = Permission.SEE_SUPPORT, Permission.DECIDE_SUPPORT
_SAMPLES = {"2020": sample_2020, "districts": sample_districts}


@page(SEE)
@require_safe
def measures(request: HttpRequest) -> HttpResponseBase:
    """Show the measures in force."""
    user: Any = request.user
    rows = SupportMeasure.objects.visible_to(user).filter(retired=None)
    context = {"may_publish": user.scope(DECIDE).whole}
    return list_page(request, "support/measures.html", MEASURES, rows, context=context)


@page(SEE)
@require_safe
def measure(request: HttpRequest, key: str) -> HttpResponse:
    """Show what a measure says, its source, and its versions."""
    return _shown(request, key, RetireForm())


@page(DECIDE, whole=True)
@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: HttpRequest) -> HttpResponse:
    """Publish a file of measures; a file with a fault publishes none, and its text stays on the page."""
    if request.method != "POST":
        sample = _SAMPLES.get(request.GET.get("sample", ""))
        text = sample().decode() if sample else ""
        return render(request, "support/publish.html", {"form": PublishForm(initial={"text": text})})
    form = PublishForm(request.POST, request.FILES)
    if form.is_valid():
        content = form.cleaned_data["content"]
        try:
            made = registry.publish_measures(request.user, content)
        except SupportRefused as error:
            form = PublishForm({"text": content.decode("utf-8", "replace").replace("\0", "")})
            form.is_valid()
            form.add_error(None, refused(error))
        else:
            said = ngettext("%(count)s measure is published.", "%(count)s measures are published.", len(made))
            messages.success(request, said % {"count": len(made)} if made else _("Nothing has changed."))
            return redirect("support:measures")
    return render(request, "support/publish.html", {"form": form}, status=422)


@page(DECIDE, whole=True)
@require_POST
def retire(request: HttpRequest, key: str) -> HttpResponse:
    """Take a measure out of use."""
    form = RetireForm(request.POST)
    found = _versions(request, key)[0]
    if form.is_valid():
        try:
            registry.retire_measure(request.user, found, form.cleaned_data["why"])
        except SupportRefused as error:
            form.add_error(None, refused(error))
        else:
            messages.success(request, _("The measure is out of use. Open applications go on."))
            return redirect("support:measures")
    return _shown(request, key, form)


def _versions(request: HttpRequest, key: str) -> list[SupportMeasure]:
    user: Any = request.user
    rows: list[SupportMeasure] = list(SupportMeasure.objects.visible_to(user).filter(key=key).order_by("-version"))
    if not rows:
        raise Http404
    return rows


def _shown(request: HttpRequest, key: str, form: RetireForm) -> HttpResponse:
    user: Any = request.user
    rows = _versions(request, key)
    context = {
        "measure": rows[0],
        "facts": facts_of(rows[0].whole),
        "versions": rows,
        "form": form,
        "may_retire": rows[0].retired is None and user.scope(DECIDE).whole,
    }
    return render(request, "support/measure.html", context, status=422 if form.is_bound else 200)
