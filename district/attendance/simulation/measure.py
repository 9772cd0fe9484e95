"""Measure what pages ask of the database, an event's whole transaction, and a rebuild."""

import resource
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

import psutil
from django.db import connection
from django.db.models import Count, QuerySet

from district.attendance.feed_handlers import handle
from district.attendance.models import Day, Passage, Stay
from district.attendance.models.projections import INSIDE
from district.attendance.rebuild import rebuild
from district.attendance.simulation.live import live_entries
from district.people.models import Person, PersonScope, Team
from district.places.models import Place, Project

ROUNDS = 30


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure. SQL time alone: the database's answer, until all rows are there."""

    what: str
    median_ms: float
    p95_ms: float
    rows: int
    cpu_ms: float = 0.0
    """Mean processor time, of this process and of the database. Other programs on the machine do not change it."""


def measure_questions(last_day: date) -> list[Measured]:
    """Ask what pages ask, each some times with other values."""
    return [_measured(what, ask) for what, ask in _questions(last_day)]


def measure_events(page: int, pages: int) -> Measured:
    """Take pages of live events through the feed's handler."""
    entries: Any = list(islice(live_entries(), page * pages))
    took, begun_cpu_s = [], _processor_s()
    for number in range(pages):
        begun_s = time.perf_counter()
        handle(entries[number * page : (number + 1) * page])
        took.append((time.perf_counter() - begun_s) * 1000)
    cpu_ms = (_processor_s() - begun_cpu_s) * 1000 / pages
    return _figure(f"a page of {page} events, stored and projected", took, page, cpu_ms)


def measure_rebuild() -> dict[str, float | int]:
    """Make all stays and days again."""
    begun_s, begun_cpu_s = time.perf_counter(), _processor_s()
    stays, days = rebuild()
    return {
        "cpu_seconds": round(_processor_s() - begun_cpu_s, 1),
        "seconds": round(time.perf_counter() - begun_s, 1),
        "passages": Passage.objects.filter(granted=True).count(),
        "stays": stays,
        "days": days,
        "process_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def as_json(found: list[Measured]) -> list[dict[str, Any]]:
    """Return figures for printing."""
    return [asdict(one) for one in found]


def _questions(last_day: date) -> Iterator[tuple[str, Callable[[int], QuerySet[Any]]]]:
    sizes = Project.objects.annotate(many=Count("assignments")).order_by("-many")
    yield from _about_people()
    yield from _about_attendance(sizes[0], last_day.replace(day=1))
    yield from _about_passages(sizes[0], datetime(last_day.year, last_day.month, last_day.day, tzinfo=UTC))


def _about_people() -> Iterator[tuple[str, Callable[[int], QuerySet[Any]]]]:
    scope = PersonScope.objects.filter(place=Place.objects.filter(kind="town").first()).order_by("pinyin", "person")
    middle = scope.values_list("pinyin", flat=True)[scope.count() // 2]
    phones = list(Person.objects.order_by("pk").values_list("phone_index", flat=True)[:ROUNDS])
    yield "people of a town, first page", lambda n: scope[:50]
    yield "people of a town, a page in the middle", lambda n: scope.filter(pinyin__gte=middle)[:50]
    begins = [("wangw", "wangx"), ("liju", "lijv")]
    searched = [Person.objects.filter(joined__gte=first, joined__lt=end) for first, end in begins]
    yield "search by pinyin", lambda n: searched[n % 2][:20]
    yield "search by phone", lambda n: Person.objects.filter(phone_index=phones[n % len(phones)])


def _about_attendance(biggest: Project, month: date) -> Iterator[tuple[str, Callable[[int], QuerySet[Any]]]]:
    inside, days = Stay.objects.filter(INSIDE), Day.objects.filter(date__gte=month)
    teams = list(Team.objects.order_by("pk").values_list("pk", flat=True)[:ROUNDS])
    people = list(Person.objects.order_by("pk").values_list("pk", flat=True)[:ROUNDS])
    yield "inside the biggest site", lambda n: inside.filter(project=biggest).select_related("person", "team")
    yield "inside, counted by site", lambda n: inside.values("project").annotate(many=Count("pk")).order_by()
    yield "month ledger of a team", lambda n: days.filter(team=teams[n % len(teams)])
    yield "month ledger of the biggest site", lambda n: days.filter(project=biggest)
    flagged = Day.objects.filter(project=biggest, missing_exit=True).order_by("-date", "person")
    yield "days with a missing exit on a site", lambda n: flagged[:50]
    yield "days of a person", lambda n: Day.objects.filter(person=people[n % len(people)]).order_by("-date")[:62]


def _about_passages(biggest: Project, day: datetime) -> Iterator[tuple[str, Callable[[int], QuerySet[Any]]]]:
    """Ask for refusals, and for ten minutes of the morning in China."""
    at_site = Passage.objects.filter(project=biggest)
    refused = at_site.filter(granted=False, utc__gte=day - timedelta(hours=8)).order_by("-utc")
    morning = day - timedelta(hours=1, minutes=15)
    yield "refused today on a site", lambda n: refused[:50]
    yield (
        "a site's passages in ten minutes",
        lambda n: at_site.filter(utc__range=(morning, morning + timedelta(minutes=10))),
    )


def _measured(what: str, ask: Callable[[int], QuerySet[Any]]) -> Measured:
    took, rows, begun_cpu_s = [], 0, _processor_s()
    for number in range(ROUNDS):
        sql, params = ask(number).query.sql_with_params()
        with connection.cursor() as cursor:
            begun_s = time.perf_counter()
            cursor.execute(sql, params)
            rows = len(cursor.fetchall())
            took.append((time.perf_counter() - begun_s) * 1000)
    return _figure(what, took, rows, (_processor_s() - begun_cpu_s) * 1000 / ROUNDS)


def _processor_s() -> float:
    """Return the processor time of this process, and of all the database's processes if they run on this machine."""
    own = time.process_time()
    if connection.vendor != "postgresql":
        return own
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        number = cursor.fetchone()[0]
    try:
        server = psutil.Process(psutil.Process(number).ppid())
        ended = server.cpu_times()
        spent = [one.cpu_times() for one in server.children()]
    except psutil.Error:
        return own
    return float(own + ended.children_user + ended.children_system + sum(one.user + one.system for one in spent))


def _figure(what: str, took: list[float], rows: int, cpu_ms: float) -> Measured:
    ordered = sorted(took)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return Measured(what, round(statistics.median(ordered), 2), round(p95, 2), rows, round(cpu_ms, 2))
