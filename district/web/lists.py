"""Answer one request for a list: filter, order, page, columns, saved views and export, all from its description."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import BigIntegerField, CharField, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_filters import FilterSet

from district.permissions import Permission
from district.prepared import Given, PreparedQuery, columns_of, from_columns
from district.scope import Account, VisibleModel
from district.web.export import stream_csv, stream_xlsx
from district.web.models import SavedView
from district.web.paging import COUNTED, KeysetPage, counted, keyset_page
from district.web.signals import exported
from district.web.tables import ListTable, TableColumn, table_rows

OWN_PARAMETERS = ("after", "before", "sort", "columns", "format")
EMPTY_LABEL = "---------"
"""What Django and django-filter write for no choice."""
_EXPORT_CHUNK = 1_000


@dataclass(frozen=True)
class ShownTable:
    """A list as `web/parts/table.html` shows it."""

    table: ListTable
    columns: tuple[TableColumn, ...]
    page: KeysetPage
    query: Mapping[str, str]
    """The address's parameters without the cursor."""
    sort: str
    count: str
    filters: Any = None
    """The form of the filters, or None."""
    views: tuple[SavedView, ...] = ()
    may_export: bool = False
    filtered: bool = False

    @property
    def body(self) -> SafeString:
        """Return the `<tr>` of the page."""
        return table_rows(self.page.rows, self.columns, pick=self.table.pick)

    @property
    def headings(self) -> Iterator[tuple[TableColumn, str, str]]:
        """Return each column, its `aria-sort`, and the parameter that sorts by it ("" if it does not sort)."""
        for column in self.columns:
            up, down = self.sort == column.name, self.sort == f"-{column.name}"
            wanted = f"-{column.name}" if up else column.name
            yield column, "ascending" if up else "descending" if down else "", wanted if column.sort else ""

    @property
    def all_columns(self) -> list[tuple[TableColumn, bool]]:
        """Return each column and whether it is shown, for the column menu."""
        return [(column, column in self.columns) for column in self.table.columns]


def list_page(
    request: HttpRequest,
    template: str,
    table: ListTable,
    rows: "QuerySet[Any]",
    *,
    filters: FilterSet | None = None,
    context: Mapping[str, object] | None = None,
) -> HttpResponseBase:
    """Return a page of a list, or the whole list as a file if the address says `format=csv` or `format=xlsx`.

    `rows` are limited by `visible_to` already. With `filters` (a FilterSet over those rows) its result is shown. A
    file holds only rows on which the account also may export. Raises PermissionDenied.
    """
    if filters is not None:
        rows = filters.qs
    columns = table.chosen(request.GET.get("columns", ""))
    keys = table.order(request.GET.get("sort", ""))
    if wanted := request.GET.get("format"):
        return _file(request, wanted, table, columns, rows.order_by(*keys))
    return render(request, template, {"table": shown_table(request, table, rows, filters=filters), **(context or {})})


def shown_table(
    request: HttpRequest, table: ListTable, rows: "QuerySet[Any]", *, filters: FilterSet | None = None
) -> ShownTable:
    """Return a list for a page that shows more than the list. `rows` are filtered already."""
    sort = request.GET.get("sort", "")
    page = keyset_page(
        rows, table.order(sort), after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    query = {
        name: str(value) for name, value in request.GET.items() if name not in ("after", "before", "format") and value
    }
    user: Any = request.user
    return ShownTable(
        table=table,
        columns=table.chosen(request.GET.get("columns", "")),
        page=page,
        query=query,
        sort=sort,
        count=count_text(rows),
        filters=_form(filters) if filters is not None else None,
        views=tuple(from_columns(SavedView, row) for row in _VIEWS.rows(user=user.pk, table=table.name)),
        may_export=_may(user, Permission.EXPORT),
        filtered=any(name not in OWN_PARAMETERS for name in query),
    )


_VIEWS = PreparedQuery(
    lambda: SavedView.objects.filter(
        user=Given("user", BigIntegerField()), table=Given("table", CharField())
    ).values_list(*columns_of(SavedView))
)


def count_text(rows: "QuerySet[Any]") -> str:
    """Return how many rows there are, in words; above COUNTED without the exact number."""
    count, more = counted(rows)
    if more:
        return _("more than %(count)s") % {"count": f"{COUNTED:,}"}
    return ngettext("%(count)s row", "%(count)s rows", count) % {"count": f"{count:,}"}


def _form(filters: FilterSet) -> Any:
    """Return the form; a choice without a value says "all" instead of a row of dashes."""
    for field in filters.form.fields.values():
        if getattr(field, "empty_label", None) == EMPTY_LABEL:
            field.empty_label = _("all")
    return filters.form


def _may(user: Account, permission: Permission) -> bool:
    return not user.scope(permission).empty


def _file(
    request: HttpRequest, wanted: str, table: ListTable, columns: tuple[TableColumn, ...], rows: "QuerySet[Any]"
) -> HttpResponseBase:
    user: Any = request.user
    if wanted not in ("csv", "xlsx") or not _may(user, Permission.EXPORT):
        raise PermissionDenied
    if issubclass(rows.model, VisibleModel):
        allowed = rows.model.objects.visible_to(user, Permission.EXPORT)
        rows = rows.filter(pk__in=allowed.order_by().values("pk"))
    exported.send(sender=table.name, request=request, table=table.name, format=wanted)
    columns = tuple(column for column in columns if column.exported)
    stream = rows.iterator(chunk_size=_EXPORT_CHUNK)
    response: HttpResponseBase = (
        stream_csv(stream, columns, table.name) if wanted == "csv" else stream_xlsx(stream, columns, table.name)
    )
    patch_vary_headers(response, ("Cookie",))
    return response
