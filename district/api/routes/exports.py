"""Whole lists as files: CSV, XLSX or JSON lines. Rows are read by key, page by page, and stream."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema
from ninja.errors import HttpError
from ninja.responses import NinjaJSONEncoder

from district.api import schemas
from district.api.models import ApiToken
from district.api.routes.attendance import day_out, passage_out
from district.api.routes.lists import CURSOR_MAX, REFUSALS, need, site_of
from district.api.routes.register import assignment_out, person_out
from district.attendance.ledgers import days_of_month, ledger_of
from district.attendance.models import Day, Passage
from district.audit.record import record
from district.people.models import Assignment, Person
from district.permissions import Permission
from district.places.models import Project
from district.web.export import XLSX, stream_csv, stream_xlsx
from district.web.paging import cursor_of, keyset_page
from district.web.tables import TableColumn

router = Router(tags=["exports"])
PAGE = 500
DAYS_MAX, PASSAGE_DAYS_MAX = 366, 31
JSON_LINES = "application/x-ndjson"
LISTS = ("people", "assignments", "days", "passages", "ledger")
What = Annotated[str, Field(json_schema_extra={"enum": list(LISTS)})]
_FILES = {
    "responses": {
        200: {
            "description": "The file. Each JSON line has `cursor`: begin behind it with `after`.",
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                XLSX: {"schema": {"type": "string", "format": "binary"}},
                JSON_LINES: {"schema": {"type": "string"}},
            },
        }
    }
}


class ExportQuery(Schema):
    """Which rows, and as which kind of file."""

    format: Literal["csv", "xlsx", "jsonl"] = "csv"
    site_id: str = Field("", max_length=63, description="Of one site; the ledger needs it.")
    first: date | None = Field(None, description="First day of days and passages.")
    last: date | None = Field(None, description="Last day: at most 366 days of days, 31 of passages.")
    month: str = Field("", max_length=7, description="Of the ledger, such as 2026-11.")
    after: str = Field("", max_length=CURSOR_MAX, description="JSON lines: begin behind the line with this cursor.")


@dataclass(frozen=True)
class Export:
    """How one list becomes a file. `keys`: by which it is paged."""

    permission: Permission
    schema: type[Schema]
    keys: tuple[str, ...] = ()
    rows: Callable[[ApiToken, ExportQuery], Any] | None = None
    out: Callable[[Any], dict[str, object]] | None = None


@router.get("/exports/{what}", response=REFUSALS, operation_id="export", openapi_extra=_FILES)
def export(request: HttpRequest, what: Path[What], query: Query[ExportQuery]) -> HttpResponseBase:
    """Send a whole list as a file: the rows and rights are those of the pages."""
    if what not in LISTS:
        raise HttpError(404, f"no such list: take {', '.join(LISTS)}")
    chosen = EXPORTS[what]
    token = need(request, chosen.permission, query)
    if query.after and query.format != "jsonl":
        raise HttpError(400, "after begins in the middle of a list: it works with format=jsonl alone")
    rows = _ledger(token, query) if chosen.rows is None else _read(chosen, chosen.rows(token, query), query.after)
    record(token.made_by, "api.export", token, details={"what": what, "format": query.format})
    if query.format == "jsonl":
        return StreamingHttpResponse(_lines(rows), content_type=JSON_LINES)
    columns = [_column(name) for name in chosen.schema.model_fields]
    values = (row for row, _cursor in rows)
    return stream_csv(values, columns, what) if query.format == "csv" else stream_xlsx(values, columns, what)


def _read(chosen: Export, rows: Any, after: str) -> Iterator[tuple[dict[str, object], str]]:
    """Check the cursor at once, and read the pages while they are sent. Raises HttpError."""
    first = keyset_page(rows, chosen.keys, after=after, size=PAGE)
    if first.broken:
        raise HttpError(400, "after is no cursor of this list: leave it out, and begin with the first row")
    out = chosen.out
    assert out is not None

    def pages() -> Iterator[tuple[dict[str, object], str]]:
        page = first
        while True:
            for row in page.rows:
                yield out(row), cursor_of(row, chosen.keys)
            if not page.next_cursor:
                return
            page = keyset_page(rows, chosen.keys, after=page.next_cursor, size=PAGE)

    return pages()


def _ledger(token: ApiToken, query: ExportQuery) -> Iterator[tuple[dict[str, object], str]]:
    """Return the month ledger of a site. Raises HttpError."""
    if query.after:
        raise HttpError(400, "the ledger is sent whole: leave after out")
    try:
        month = datetime.strptime(query.month, "%Y-%m").date()
    except ValueError:
        raise HttpError(422, "month: write year and month, such as 2026-11") from None
    site = site_of(token, query.site_id, Permission.SEE_ATTENDANCE)
    found = ledger_of(site, month, days_of_month(token, site, month))
    names = dict(Person.objects.filter(pk__in=[row.person_id for row in found.rows]).values_list("pk", "worker_id"))
    return (
        (
            {
                "worker_id": names[row.person_id],
                "name": row.name,
                "site_id": site.site_id,
                "month": f"{month:%Y-%m}",
                "trade": row.trade,
                "days": row.present,
                "units": float(row.units),
                "hours": row.hours,
                "night_hours": row.night_hours,
                "flags": row.flags,
                "confirmation": row.confirmation,
            },
            "",
        )
        for row in found.rows
    )


def _people(token: ApiToken, query: ExportQuery) -> Any:
    rows = Person.objects.visible_to(token).filter(merged_into=None)
    site = _site(token, query, Permission.SEE_PEOPLE)
    return rows.filter(pk__in=Assignment.objects.filter(project=site).values("person")) if site else rows


def _assignments(token: ApiToken, query: ExportQuery) -> Any:
    rows = Assignment.objects.visible_to(token).filter(person__merged_into=None)
    site = _site(token, query, Permission.SEE_PEOPLE)
    rows = rows.filter(project=site) if site else rows
    return rows.select_related("person", "project", "enterprise", "team")


def _days(token: ApiToken, query: ExportQuery) -> Any:
    first, last = _span(query, DAYS_MAX)
    rows = Day.objects.visible_to(token).filter(date__gte=first, date__lte=last)
    site = _site(token, query, Permission.SEE_ATTENDANCE)
    rows = rows.filter(project=site) if site else rows
    return rows.select_related("person", "project", "enterprise")


def _passages(token: ApiToken, query: ExportQuery) -> Any:
    first, last = _span(query, PASSAGE_DAYS_MAX)
    zone = timezone.get_default_timezone()
    since = datetime.combine(first, time(), zone)
    until = datetime.combine(last + timedelta(days=1), time(), zone)
    rows = Passage.objects.visible_to(token).filter(utc__gte=since, utc__lt=until)
    site = _site(token, query, Permission.SEE_ATTENDANCE)
    rows = rows.filter(project=site) if site else rows
    return rows.select_related("person", "project", "line")


def _span(query: ExportQuery, most: int) -> tuple[date, date]:
    if query.first is None or query.last is None:
        raise HttpError(422, "first, last: name the first and the last day, such as first=2026-11-01")
    if not 0 <= (query.last - query.first).days < most or query.last.year > 9000:
        raise HttpError(400, f"last must not be before first, and {most} days at most are sent")
    if query.first.year < 2000:
        raise HttpError(400, "first is too long ago: compare the year")
    return query.first, query.last


def _site(token: ApiToken, query: ExportQuery, permission: Permission) -> Project | None:
    return site_of(token, query.site_id, permission) if query.site_id else None


def _lines(rows: Iterator[tuple[dict[str, object], str]]) -> Iterator[str]:
    for row, cursor in rows:
        yield json.dumps({**row, "cursor": cursor}, cls=NinjaJSONEncoder, ensure_ascii=False) + "\n"


def _column(name: str) -> TableColumn:
    return TableColumn(name, name, value=lambda row: row[name])


_P = Permission
EXPORTS: dict[str, Export] = {
    "people": Export(_P.SEE_PEOPLE, schemas.PersonOut, ("pk",), _people, person_out),
    "assignments": Export(_P.SEE_PEOPLE, schemas.AssignmentOut, ("pk",), _assignments, assignment_out),
    "days": Export(_P.SEE_ATTENDANCE, schemas.DayOut, ("date", "pk"), _days, day_out),
    "passages": Export(_P.SEE_ATTENDANCE, schemas.PassageOut, ("utc", "pk"), _passages, passage_out),
    "ledger": Export(_P.SEE_ATTENDANCE, schemas.LedgerOut),
}
