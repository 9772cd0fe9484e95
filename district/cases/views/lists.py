"""The list, the board, one case, its photos, and the news of an account."""

import base64
from dataclasses import dataclass
from typing import Any

from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django_stubs_ext import StrPromise

from district.audit.record import READ, record
from district.cases.filters import CaseFilter
from district.cases.models import Case, CaseNotice
from district.cases.names import STATE_NAMES
from district.cases.rules import CaseState
from district.cases.tables import CASES, owner_name, short_title, state_tone
from district.cases.views.base import SEE, WORK, case_of, case_page
from district.pages import page
from district.web.lists import list_page

BOARD_MAX = 25
"""Cases of one column; the list has all."""
NEWS_MAX = 100


def rows_of(user: Any) -> Any:
    """Return the cases that an account sees, with what lists show of them."""
    return Case.objects.visible_to(user).kept().select_related("place", "desk", "owner")


@page(SEE)
@require_safe
def cases(request: HttpRequest) -> HttpResponseBase:
    """List the cases."""
    user: Any = request.user
    filters = CaseFilter(request.GET, rows_of(user), request=request)
    return list_page(request, "cases/cases.html", CASES, rows_of(user), filters=filters, context={"tab": "list"})


@dataclass(frozen=True)
class BoardColumn:
    """The open cases of one state, what is due first first."""

    name: StrPromise
    state: str
    cards: list[dict[str, Any]]
    more: bool


@page(SEE)
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """Show the open cases by their states."""
    user: Any = request.user
    mine = request.GET.get("whose") == "mine"
    rows = rows_of(user).filter(owner=user) if mine else rows_of(user)
    columns = [_column(rows, state) for state in CaseState if state is not CaseState.CLOSED]
    return render(request, "cases/board.html", {"columns": columns, "mine": mine, "tab": "board"})


def _column(rows: Any, state: CaseState) -> BoardColumn:
    due = "confirm_due" if state is CaseState.RESOLVED else "solution_due"
    found = list(rows.filter(state=state.value).order_by(F(due).asc(nulls_last=True), "pk")[: BOARD_MAX + 1])
    cards = [
        {"case": one, "title": short_title(one), "owner": owner_name(one), "tone": state_tone(one)}
        for one in found[:BOARD_MAX]
    ]
    return BoardColumn(STATE_NAMES[state], state.value, cards, len(found) > BOARD_MAX)


@page(SEE)
@require_safe
def case(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a case: its clocks, its history, its check-list, and the next step."""
    return case_page(request, case_of(request, pk))


@page(SEE)
@require_safe
def photo(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Return a photo of a report or a note."""
    found = case_of(request, pk)
    return _picture(request, found, get_object_or_404(found.photos, pk=number).photo)


@page(SEE)
@require_safe
def task_photo(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Return the photo that proves a task."""
    found = case_of(request, pk)
    return _picture(request, found, get_object_or_404(found.response, number=number).photo)


def _picture(request: HttpRequest, found: Case, text: str) -> HttpResponse:
    try:
        picture = base64.b64decode(text, validate=True)
    except ValueError:
        picture = b""
    if not picture:
        raise Http404
    if found.of_health:
        record(request.user, READ, found, fields=["photo"])
    return HttpResponse(picture, content_type="image/jpeg", headers={"X-Content-Type-Options": "nosniff"})


@page(SEE)
@require_safe
def news(request: HttpRequest) -> HttpResponse:
    """Show the news of the account, the newest first."""
    user: Any = request.user
    seen = Case.objects.visible_to(user).kept().order_by().values("pk")
    rows = CaseNotice.objects.filter(user=user, case__in=seen).select_related("case__place", "step")
    context = {"notices": [_notice(one) for one in rows[:NEWS_MAX]], "tab": "news"}
    return render(request, "cases/news.html", context)


def _notice(one: Any) -> dict[str, Any]:
    return {"notice": one, "title": short_title(one.case), "tone": state_tone(one.case) if one.seen is None else ""}


@page(SEE, post=WORK)
@require_POST
def all_seen(request: HttpRequest) -> HttpResponse:
    """Note that the account has read all its news."""
    CaseNotice.objects.filter(user=request.user.pk, seen=None).update(seen=timezone.now())
    return redirect("cases:news")
