"""Describe a list once: its columns serve the page, the phone, the column menu, and the CSV and XLSX export.

An app writes in its `tables.py`:

    PEOPLE = ListTable(
        name="people",
        keys=("pinyin", "pk"),
        columns=(
            TableColumn("name", _("Name"), link=lambda person: reverse("people:person", args=[person.pk])),
            TableColumn("birth", _("Born"), sort=("birth", "pk")),
            TableColumn("site", _("Site"), value=lambda person: person.site_name, shown=False),
        ),
        empty=EmptyState(_("Nobody is registered yet"), _("Add people or import a sheet."), "people:add", _("Add")),
    )

and in a view `return list_page(request, "people/people.html", PEOPLE, rows, filters=…)` (`district.web.lists`).
The template extends `web/page.html` and includes `web/parts/table.html`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from html import escape
from typing import Any, Literal

from django.utils import timezone
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

ColumnKind = Literal["text", "number", "code", "time", "clock", "badge", "long"]
"""`code` is set in a fixed width, `clock` shows a time without its date, `badge` a coloured word."""
Tone = Literal["", "good", "care", "bad", "info", "accent"]
_CLASSES = {"number": "number", "long": "long", "code": "mono nowrap", "time": "nowrap", "clock": "nowrap"}
_BOX = '<td class="pick"><input type="checkbox" name="pick" value="%(key)s" form="bulk" aria-label="%(label)s"></td>'


@dataclass(frozen=True)
class TableColumn:
    """A column. `value` is a function or a path of attributes such as "project.place.name"; "" means `name`."""

    name: str
    label: StrOrPromise
    value: Callable[[Any], object] | str = ""
    kind: ColumnKind = "text"
    link: Callable[[Any], str] | None = None
    note: Callable[[Any], object] | str | None = None
    """A second, quiet line."""
    tone: Callable[[Any], Tone] | None = None
    """The colour of a badge."""
    sort: tuple[str, ...] = ()
    """Fields without nulls by which the list can be sorted, ending with "pk"."""
    shown: bool = True
    """False: the column is seen by accounts that choose it."""
    exported: bool = True

    def of(self, row: Any) -> object:
        """Return the value of a row, as an export shows it."""
        return _looked_up(row, self.value or self.name)


@dataclass(frozen=True)
class EmptyState:
    """What an empty list says, and what to do about it."""

    title: StrOrPromise
    text: StrOrPromise = ""
    url_name: str = ""
    action: StrOrPromise = ""
    icon: str = "inbox"


@dataclass(frozen=True)
class ListTable:
    """A list of rows. `keys` is its own order: fields without nulls, ending with "pk"."""

    name: str
    columns: tuple[TableColumn, ...]
    keys: tuple[str, ...] = ("pk",)
    empty: EmptyState = field(default_factory=lambda: EmptyState(_("Nothing here")))
    pick: bool = False
    """True: each row has a box, named `pick`, for bulk actions."""

    def chosen(self, names: str) -> tuple[TableColumn, ...]:
        """Return the columns that an address names, in the table's order; without names the usual ones."""
        wanted = {name for name in names.split(",") if name}
        found = tuple(column for column in self.columns if column.name in wanted)
        return found or tuple(column for column in self.columns if column.shown)

    def order(self, sort: str) -> tuple[str, ...]:
        """Return the keys for a sort parameter such as "-birth"; a name that does not sort gives the own order."""
        column = next((c for c in self.columns if c.name == sort.lstrip("-") and c.sort), None)
        if column is None:
            return self.keys
        return tuple(_turned(key) for key in column.sort) if sort.startswith("-") else column.sort


def table_rows(rows: list[Any], columns: tuple[TableColumn, ...], *, pick: bool = False) -> SafeString:
    """Return the `<tr>` of a page. Made without templates: this is the hot part of every list."""
    cells = [(column, _CLASSES.get(column.kind, ""), escaped(str(column.label))) for column in columns]
    choose = escaped(_("Choose %(row)s")) if pick else ""
    lines = []
    for row in rows:
        box = _BOX % {"key": row.pk, "label": choose % {"row": escaped(str(row))}} if pick else ""
        lines.append(f"<tr>{box}{''.join(_cell(row, *cell) for cell in cells)}</tr>")
    return mark_safe("".join(lines))


def escaped(value: Any) -> str:
    """Return a text for HTML. Django's own way asks each value whether it is lazy: half of the time of a list."""
    return escape(value) if type(value) is str else str(conditional_escape(value))


def shown(value: object, kind: ColumnKind = "text") -> str:
    """Return a value as pages show it: local times, ISO dates, words for yes and no."""
    match value:
        case None | "":
            return "–"
        case bool():
            return _("yes") if value else _("no")
        case datetime():
            local = timezone.localtime(value) if timezone.is_aware(value) else value
            return local.strftime("%H:%M" if kind == "clock" else "%Y-%m-%d %H:%M")
        case date():
            return value.isoformat()
        case time():
            return value.strftime("%H:%M")
        case int() if kind == "number":
            return f"{value:,}"
        case float():
            return f"{value:,.1f}"
        case _:
            return str(value)


def _turned(key: str) -> str:
    return key[1:] if key.startswith("-") else f"-{key}"


def _looked_up(row: Any, value: Callable[[Any], object] | str) -> object:
    if callable(value):
        return value(row)
    for name in value.split("."):
        row = row.get(name) if isinstance(row, dict) else getattr(row, name, None)
        if row is None:
            return None
    return row() if callable(row) else row


def _cell(row: Any, column: TableColumn, css: str, label: str) -> str:
    value = column.of(row)
    text = escaped(value if isinstance(value, SafeString) else shown(value, column.kind))
    if value is None or value == "":
        css = f"{css} none".strip()
    elif column.kind == "badge":
        tone = column.tone(row) if column.tone else ""
        text = f'<span class="badge {tone}">{text}</span>'
    if column.link is not None and (address := column.link(row)):
        text = f'<a href="{escaped(address)}">{text}</a>'
    if column.note is not None and (note := _looked_up(row, column.note)):
        text = f"{text}<small>{escaped(shown(note))}</small>"
    return f'<td class="{css}" data-label="{label}">{text}</td>'
