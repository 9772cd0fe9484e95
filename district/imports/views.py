"""Pages of an import: upload, columns, preview, application. Only the account that uploaded a sheet sees it."""

from collections.abc import Iterator
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common.sheets.refusals import SheetError
from district.imports.forms import ColumnsForm, SheetChoiceForm, SheetUploadForm
from district.imports.importer import Importer
from district.imports.models import SheetImport
from district.imports.reading import keep_upload, opened_upload
from district.imports.registry import importers_for
from district.imports.result import ImportResult, ShownProblem
from district.imports.steps import (
    WAITING,
    begin,
    choose_columns,
    confirm,
    drop,
    result_of,
)
from district.pages import SignedIn, page
from district.web.export import stream_csv, stream_xlsx
from district.web.refusals import refusal_text
from district.web.tables import TableColumn

PROBLEMS_SHOWN = 100


@page(None)
@require_safe
def imports(request: HttpRequest) -> HttpResponse:
    """Show what can be imported, and the account's last imports."""
    found = SheetImport.objects.filter(user=request.user.pk).order_by("-made")[:30]
    usable = _usable(request)
    rows = [{"one": one, "importer": usable.get(one.subject)} for one in found]
    return render(request, "imports/imports.html", {"importers": usable.values(), "rows": rows})


@page(None)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, subject: str) -> HttpResponse:
    """Take a sheet, and say what it may hold."""
    importer = _importer(request, subject)
    form = SheetUploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        content = form.cleaned_data["file"].read()
        try:
            one = keep_upload(_user(request), importer, form.cleaned_data["file"].name, content)
        except SheetError as error:
            form.add_error("file", refusal_text(error))
        else:
            begin(one)
            return redirect("imports:sheet", one.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "imports/new.html", {"importer": importer, "form": form}, status=status)


@page(None)
@require_safe
def template(request: HttpRequest, subject: str) -> HttpResponseBase:
    """Send an empty workbook with the headings."""
    importer = _importer(request, subject)
    columns = [TableColumn(one.column.key, one.label) for one in importer.fields]
    return stream_xlsx([], columns, importer.key)


@page(None)
@require_http_methods(["GET", "HEAD", "POST"])
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """Show where an upload stands, and take the choice of its columns or its sheet."""
    one, importer = _mine(request, pk)
    if one.state != SheetImport.State.COLUMNS and "columns" not in request.GET:
        return _shown(request, one, importer)
    if one.state not in (SheetImport.State.COLUMNS, SheetImport.State.CHECKED):
        return redirect("imports:sheet", one.pk)
    if sheets := one.refusal.get("sheets"):
        return _choose_sheet(request, one, importer, sheets)
    if one.refusal:
        return _shown(request, one, importer)
    return _choose_columns(request, one, importer)


@page(None, fresh=True)
@require_POST
def apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Apply what the preview showed."""
    one = _mine(request, pk)[0]
    if not confirm(one):
        messages.error(request, _("This sheet cannot be applied as it stands. Look at what is below."))
    elif one.state == SheetImport.State.APPLIED:
        messages.success(request, _("%(file)s is applied.") % {"file": one.file_name})
    return redirect("imports:sheet", one.pk)


@page(None)
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Drop an upload."""
    one, importer = _mine(request, pk)
    if drop(one):
        messages.success(request, _("%(file)s is dropped. Nothing was changed.") % {"file": one.file_name})
        return redirect("imports:new", importer.key)
    messages.error(request, _("%(file)s was confirmed already, and cannot be dropped.") % {"file": one.file_name})
    return redirect("imports:sheet", one.pk)


@page(None)
@require_safe
def problems(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send the problems as a CSV file, to be corrected one after the other."""
    one = _mine(request, pk)[0]
    columns = (
        TableColumn("row", _("Row")),
        TableColumn("where", _("Column")),
        TableColumn("text", _("Problem"), said),
    )
    return stream_csv(result_of(one).problems, columns, f"problems-{one.pk}")


def said(problem: ShownProblem) -> str:
    """Return a problem in the reader's language."""
    return sentence(problem.text, cast(dict[str, str], problem.values))


def sentence(text: str, values: dict[str, str]) -> str:
    """Return a sentence in the reader's language, with its values."""
    return _(text) % values if values else _(text)


def _choose_sheet(request: HttpRequest, one: SheetImport, importer: type[Importer], sheets: list[str]) -> HttpResponse:
    form = SheetChoiceForm(sheets, request.POST or None)
    if request.method == "POST" and form.is_valid():
        one.sheet_name = form.cleaned_data["sheet"]
        begin(one)
        return redirect("imports:sheet", one.pk)
    return render(request, "imports/choose_sheet.html", {"one": one, "importer": importer, "form": form})


def _choose_columns(request: HttpRequest, one: SheetImport, importer: type[Importer]) -> HttpResponse:
    try:
        with opened_upload(one, importer) as opened:
            form = ColumnsForm(importer, opened, request.POST or None)
            if request.method == "POST" and form.is_valid():
                choose_columns(one, form.cleaned_data, opened.digest)
                return redirect("imports:sheet", one.pk)
            lacking = [importer.label(key) for key in opened.lacking]
            shown = {"form": form, "lacking": lacking, "opened": opened}
    except SheetError as error:
        one.columns = {}  # what was chosen before does not fit: guess again
        one.refusal = {"text": error.text, "values": {key: str(value) for key, value in error.values.items()}}
        return _shown(request, one, importer)
    status = 422 if request.method == "POST" else 200
    return render(request, "imports/columns.html", {"one": one, "importer": importer, **shown}, status=status)


def _shown(request: HttpRequest, one: SheetImport, importer: type[Importer]) -> HttpResponse:
    result = result_of(one)
    refusal = sentence(one.refusal["text"], one.refusal["values"]) if one.refusal else ""
    context = {
        "one": one,
        "importer": importer,
        "refusal": refusal,
        "waiting": one.state in WAITING,
        "result": result,
        "problems": [(problem, said(problem)) for problem in result.problems[:PROBLEMS_SHOWN]],
        "changes": _changes(importer, result),
        "may_apply": one.state == SheetImport.State.CHECKED and result.may_be_applied,
    }
    return render(request, "imports/sheet.html", context)


def _changes(importer: type[Importer], result: ImportResult) -> Iterator[dict[str, Any]]:
    for row in result.changes:
        fields = [
            (importer.label(key), importer.said(key, after), importer.said(key, before))
            for key, after, before in row.fields
        ]
        yield {"row": row.row, "action": row.action, "name": row.name, "fields": fields}


def _usable(request: HttpRequest) -> dict[str, type[Importer]]:
    found = importers_for(_user(request))
    if not found:
        raise PermissionDenied
    return found


def _importer(request: HttpRequest, subject: str) -> type[Importer]:
    found = _usable(request).get(subject)
    if found is None:
        raise Http404
    return found


def _mine(request: HttpRequest, pk: int) -> tuple[SheetImport, type[Importer]]:
    usable = _usable(request)
    one = get_object_or_404(SheetImport, pk=pk, user=request.user.pk, subject__in=usable)
    return one, usable[one.subject]


def _user(request: HttpRequest) -> SignedIn:
    return cast(SignedIn, request.user)
