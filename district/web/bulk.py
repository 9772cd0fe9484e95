"""Change several rows at once: first a preview that says for each row what will happen, then all or nothing.

An app describes an action once and gives it to `bulk_page`, which is the view behind the list's `bulk_address`:

    END = BulkAction(
        name="end",
        label=_("End the work here"),
        explained=_("Each person chosen leaves this site on the day below. Gates stop admitting them."),
        form=LastDayForm,
        check=lambda row, values: "" if row.ends is None else _("has ended already"),
        apply=lambda user, row, values: end_assignment(row, values["day"], by=user),
        refusals=(RecordRefused,),
    )

    @page(Permission.CHANGE_PEOPLE)
    @require_POST
    def several(request):
        rows = Assignment.objects.visible_to(request.user, Permission.CHANGE_PEOPLE)
        return bulk_page(request, (END,), rows, back=reverse("people:people"))
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_stubs_ext import StrOrPromise

PICKED_MAX = 500
"""Rows of one bulk action: what somebody can still look through."""
_ID_DIGITS = 18


def _nothing_wrong(row: Any, values: Mapping[str, Any]) -> str:
    return ""


@dataclass(frozen=True)
class BulkAction:
    """What can be done with several rows."""

    name: str
    label: StrOrPromise
    explained: StrOrPromise
    """What happens to each row, in one or two sentences."""
    apply: Callable[[Any, Any, Mapping[str, Any]], object]
    """Does it for one row: (account, row, values of the form). Writes its audit entry."""
    check: Callable[[Any, Mapping[str, Any]], str] = _nothing_wrong
    """Says why a row is left out; "" if it is not."""
    form: type[forms.Form] | None = None
    """What else is asked, once for all rows."""
    refusals: tuple[type[Exception], ...] = ()
    """Exceptions of `apply` whose text says what to do. One of them undoes all rows."""
    danger: bool = False


@dataclass(frozen=True)
class BulkRow:
    """A row of the preview; `left_out` says why nothing will happen to it."""

    row: Any
    left_out: str


def bulk_choices(actions: Sequence[BulkAction]) -> list[tuple[str, StrOrPromise]]:
    """Return what `web/parts/table.html` needs as `bulk`."""
    return [(action.name, action.label) for action in actions]


def bulk_page(request: HttpRequest, actions: Sequence[BulkAction], rows: "QuerySet[Any]", *, back: str) -> HttpResponse:
    """Answer both steps: the preview, and the change of all rows in one transaction.

    `rows` are those that the account may change. Rows that it may not see are not found, without a word.
    """
    action = next((action for action in actions if action.name == request.POST.get("action")), None)
    keys = [int(key) for key in request.POST.getlist("pick") if key.isdecimal() and len(key) <= _ID_DIGITS]
    if action is None or not keys or len(keys) > PICKED_MAX:
        text = _("Choose between 1 and %(most)s rows, then an action.") % {"most": PICKED_MAX}
        messages.error(request, text)
        return redirect(back)
    confirmed = request.POST.get("confirmed") == "yes"
    form = action.form(request.POST if confirmed else None) if action.form else None
    values: Mapping[str, Any] = {}
    if confirmed and (form is None or form.is_valid()):
        values = form.cleaned_data if form else {}
        refusal = _changed(request, action, rows, keys, values)
        if not refusal:
            return redirect(back)
        messages.error(request, refusal)
    preview = [BulkRow(row, action.check(row, values)) for row in rows.filter(pk__in=keys)]
    context = {
        "action": action,
        "form": form,
        "changing": [item for item in preview if not item.left_out],
        "left_out": [item for item in preview if item.left_out],
        "back": back,
        "keys": keys,
    }
    return render(request, "web/bulk.html", context)


def _changed(
    request: HttpRequest,
    action: BulkAction,
    rows: "QuerySet[Any]",
    keys: Sequence[int],
    values: Mapping[str, Any],
) -> str:
    """Change all rows or none. Return why none was changed, or ""."""
    done = 0
    current: object = ""
    try:
        with transaction.atomic():
            for row in rows.filter(pk__in=keys):
                current = row
                if not action.check(row, values):
                    action.apply(request.user, row, values)
                    done += 1
    except action.refusals as error:
        return _("Nothing was changed. %(row)s: %(why)s") % {"row": current, "why": error}
    text = ngettext("%(count)s row is changed.", "%(count)s rows are changed.", done) % {"count": done}
    messages.success(request, text)
    return ""
