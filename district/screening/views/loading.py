"""Pages that load a list: its facts and file, the columns of an unclear sheet."""

import json
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from common.sheets.refusals import SheetError
from district.emergency.pages import measure_page
from district.imports.forms import SheetChoiceForm
from district.screening import registry
from district.screening.forms import ListColumnsForm, NewListForm
from district.screening.models import KeyList, ListFile
from district.screening.rules import ScreeningRefused
from district.screening.views.base import KIND, SCREEN, own_list
from district.web.refusals import refusal_text, refused


@measure_page(SCREEN, KIND)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Take a list from an authority. It stops nobody before somebody confirms it."""
    user: Any = request.user
    form = NewListForm(user, request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            made, file = _kept(user, form.cleaned_data)
        except ScreeningRefused as error:
            form.add_error(None, refused(error))
        else:
            if file is not None and registry.is_small(file):
                registry.read_file(file)
            return redirect("screening:list", made.pk)
    return render(request, "screening/new.html", {"form": form}, status=422 if form.is_bound else 200)


@measure_page(SCREEN, KIND)
@require_http_methods(["GET", "HEAD", "POST"])
def columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose which column of the sheet holds what."""
    found, file = _file(request, pk)
    try:
        with registry.opened_file(file) as opened:
            form = ListColumnsForm(opened, request.POST or None)
            valid = request.method == "POST" and form.is_valid()
    except SheetError as error:
        messages.error(request, refusal_text(error))
        return redirect("screening:list", pk)
    if valid:
        registry.choose_columns(file, form.cleaned_data)
        return redirect("screening:list", pk)
    context = {"key_list": found, "file": file, "form": form}
    return render(request, "screening/columns.html", context, status=422 if form.is_bound else 200)


@measure_page(SCREEN, KIND)
@require_http_methods(["GET", "HEAD", "POST"])
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the sheet of a workbook that has several."""
    found, file = _file(request, pk)
    names = json.loads(file.problem or "{}").get("sheets") or []
    if not names:
        raise Http404
    form = SheetChoiceForm(names, request.POST or None)
    if request.method == "POST" and form.is_valid():
        registry.choose_sheet(file, form.cleaned_data["sheet"])
        return redirect("screening:list", pk)
    context = {"key_list": found, "file": file, "form": form}
    return render(request, "screening/columns.html", context, status=422 if form.is_bound else 200)


@transaction.atomic
def _kept(user: Any, said: dict[str, Any]) -> tuple[KeyList, ListFile | None]:
    """Store the list and its file together. A list without a file has no rows to wait for."""
    file, measure = said.pop("file"), said.pop("measure")
    made = registry.begin_list(user, measure, registry.AboutKeyList(**said))
    if file:
        return made, registry.keep_file(made, file.name, file.read())
    registry.store_rows(made, ())
    return made, None


def _file(request: HttpRequest, pk: int) -> tuple[KeyList, ListFile]:
    found = own_list(request, pk)
    rows = ListFile.objects.filter(list__withdrawn=None).exclude(state=ListFile.State.WAITING)
    return found, get_object_or_404(rows, list=found)
