"""Make stays and days from passages: of some people around some moments, or all of them.

One piece of SQL serves both, on SQLite and PostgreSQL. What a rebuild makes and what an event makes cannot differ.
`rules.working_time` says the rules in words and in Python.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from district.attendance.models import Stay
from district.attendance.models.projections import INSIDE
from district.attendance.projection_sql import DAY_COLUMNS, STAY, Dialect, select_days, select_stays, upsert
from district.attendance.rules.working_time import wall_clock_s
from district.attendance.rules_of_sites import rules_by_site

AROUND = timedelta(days=1)
"""A passage changes no stay that began more than the longest stay before it."""
MARGIN = timedelta(days=4)
"""Passages further away from a changed day decide nothing in it."""
OVERDUE_AT_ONCE = 2_000

_TABLES = (
    "CREATE TEMP TABLE IF NOT EXISTS attendance_touched AS SELECT person_id, date AS day_from, date AS day_to,"
    " came AS utc_from, came AS utc_to FROM attendance_stay LIMIT 0",
    f"CREATE TEMP TABLE IF NOT EXISTS attendance_fresh AS SELECT {', '.join(STAY)} FROM attendance_stay LIMIT 0",
    "DELETE FROM attendance_touched",
    "DELETE FROM attendance_fresh",
)
_GONE_STAYS = """
DELETE FROM attendance_stay WHERE id IN (
  SELECT s.id FROM attendance_touched t CROSS JOIN attendance_stay s
  WHERE s.person_id = t.person_id AND s.date BETWEEN t.day_from AND t.day_to
    AND s.came >= t.utc_from AND s.came < t.utc_to
    AND s.entry_id NOT IN (SELECT f.entry_id FROM attendance_fresh f))"""
_GONE_DAYS = """
DELETE FROM attendance_day WHERE id IN (
  SELECT d.id FROM attendance_touched t CROSS JOIN attendance_day d
  WHERE d.person_id = t.person_id AND d.date BETWEEN t.day_from AND t.day_to
    AND NOT EXISTS (SELECT 1 FROM attendance_stay s WHERE s.person_id = d.person_id AND s.date = d.date
    AND s.project_id = d.project_id AND s.came >= t.utc_from AND s.came < t.utc_to))"""


class Touched:
    """People whose passages changed, and from when to when."""

    def __init__(self) -> None:
        self.spans: dict[int, tuple[datetime, datetime]] = {}

    def add(self, person_id: int | None, utc: datetime) -> None:
        """Note a changed passage; one of an unknown person counts in no stay."""
        if person_id is not None:
            first, last = self.spans.get(person_id, (utc, utc))
            self.spans[person_id] = (min(first, utc), max(last, utc))


def project(touched: Touched, now: datetime | None = None) -> None:
    """Make the stays and days of touched people again. Call it in the transaction that changes their passages."""
    if not touched.spans:
        return
    dialect = Dialect.of(connection)
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in _TABLES:
            cursor.execute(statement)
        cursor.executemany("INSERT INTO attendance_touched VALUES (%s, %s, %s, %s, %s)", _rows(touched.spans))
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE attendance_touched")  # else it plans for a thousand people, and reads all passages
        insert_into(cursor, "attendance_fresh", STAY, select_stays(dialect, touched=True), [seconds_of(now)])
        cursor.execute(_GONE_STAYS)
        fresh = f"SELECT {', '.join(STAY)} FROM attendance_fresh WHERE TRUE {upsert('stay', STAY, ['entry_id'])}"
        insert_into(cursor, "attendance_stay", STAY, fresh)
        cursor.execute(_GONE_DAYS)
        days = f"{select_days(touched=True)} {upsert('day', DAY_COLUMNS, ['person_id', 'date', 'project_id'])}"
        insert_into(cursor, "attendance_day", DAY_COLUMNS, days)


def close_overdue(now: datetime | None = None) -> bool:
    """Close the stays that last longer than their site allows: the exit is missing. Return whether there were any."""
    now, found = now or timezone.now(), Touched()
    inside = Stay.objects.filter(INSIDE, came__lt=now - timedelta(hours=1)).order_by("came")
    rules, zone = rules_by_site(), timezone.get_default_timezone()
    for person, site, came in inside.values_list("person_id", "project_id", "came"):
        if came < now - timedelta(seconds=rules(site, wall_clock_s(came, zone)).longest_s):
            found.add(person, came)
        if len(found.spans) >= OVERDUE_AT_ONCE:
            break
    project(found, now)
    return bool(found.spans)


def insert_into(cursor: Any, table: str, columns: list[str], select: str, params: Sequence[Any] = ()) -> None:
    """Insert what a query gives."""
    cursor.execute(f"INSERT INTO {table} ({', '.join(columns)}) {select}", list(params))


def _rows(spans: Mapping[int, tuple[datetime, datetime]]) -> list[tuple[Any, ...]]:
    """Return the rows of the touched people: the days that may change, and the passages that decide them."""
    ops, rows = connection.ops, []
    for person, (first, last) in spans.items():
        days = [timezone.localtime(moment).date() for moment in (first - AROUND - AROUND, last + AROUND)]
        moments = (first - AROUND - MARGIN, last + MARGIN)
        rows.append(
            (
                person,
                *(ops.adapt_datefield_value(day) for day in days),
                *(ops.adapt_datetimefield_value(moment) for moment in moments),
            )
        )
    return rows


def seconds_of(now: datetime | None) -> int:
    """Return whole seconds since 1970 of a moment, or of the present."""
    return int((now or timezone.now()).timestamp())
