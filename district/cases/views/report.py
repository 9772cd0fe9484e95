"""Report a problem on the console."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from district.cases.forms import ReportForm
from district.cases.registry import open_case
from district.cases.rules import CaseKind, CaseRefused
from district.cases.views.base import WORK
from district.pages import page
from district.web.refusals import refused


@page(WORK)
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """Report a problem with place, category and photos."""
    user: Any = request.user
    form = ReportForm(user, request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        once = said.pop("once")
        key = f"report:{user.pk}:{once}" if once else ""
        try:
            made = open_case(CaseKind.WHISTLE, said.pop("place"), reporter=user, key=key, **said)
        except CaseRefused as error:
            form.add_error(None, refused(error))
        else:
            messages.success(
                request, _("Reported as %(number)s. You are asked before it closes.") % {"number": made.number}
            )
            return redirect("cases:case", made.pk)
    return render(request, "cases/report.html", {"form": form}, status=422 if form.is_bound else 200)
