"""Declared trips of a synthetic district, and how long searches take in them."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from statistics import median
from typing import Any

import psutil
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from district.attendance.models import Day, FeedLine
from district.attendance.projection_sql import Dialect
from district.attendance.simulation.bulk import prepared, unindexed
from district.declarations.models import Trip
from district.emergency.models import EmergencyMeasure
from district.emergency.registry import measure_at, start_measure
from district.emergency.rules import MeasureKind
from district.people.models import Person
from district.places.models import Place
from district.tracing.finding import ALL_KINDS, find_contacts
from district.tracing.rules import ReasonKind, TraceLimits, TraceRefused, TraceWindow

TRAINS, YEAR = 14, 365
"""Trains of a day, and days: of 5,000,000 trips about 1,000 are in each train."""
FEW = 5
"""People for the search that finds half of the district."""
_EPOCH = date(1970, 1, 1)
_TRAVEL = frozenset({ReasonKind.TRIP, ReasonKind.ROUTE})


@dataclass(frozen=True, slots=True)
class SearchFigure:
    """How long one kind of search takes. Contacts: the median."""

    what: str
    contacts: int
    median_ms: float
    p95_ms: float
    processor_ms: float
    processor_p95_ms: float


_FILL = """
INSERT INTO declarations_trip
  (measure_id, made, person_id, mode, number, day, carriage, seat, from_code, to_code)
WITH RECURSIVE rounds(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM rounds WHERE k + 1 < %s),
people AS (SELECT id, ROW_NUMBER() OVER (ORDER BY id) - 1 AS n FROM people_person),
drawn AS (
  SELECT id, (n * 7919 + 13) %% 365 + k * 7 AS d,
    ((n * 7919 + k * 104729 + 13) * (n + k * 31 + 17)) %% 1000003 AS q
  FROM people CROSS JOIN rounds
)
SELECT {measure}, {now}, id, 'train', 'G' || CAST(1 + q %% {trains} AS varchar), {day},
  CAST(1 + (q / {trains}) %% 16 AS varchar),
  CAST(1 + (q / 224) %% 17 AS varchar) || SUBSTR('ABCDF', CAST(1 + (q / 3808) %% 5 AS integer), 1), '420100', '440600'
FROM drawn"""
"""Each person has one trip in each round, on days of its own."""


def write_trips(count: int) -> int:
    """Write about so many trips, if there is none. Return how many there are. Raises TraceRefused in a real
    district.
    """
    if not FeedLine.objects.filter(line="synthetic").exists():
        raise TraceRefused(gettext_noop("Trips are only made up in a district of `sitegate-district simulate`."))
    if Trip.objects.exists():
        return Trip.objects.count()
    measure, rounds = _measure(), max(1, round(count / max(Person.objects.count(), 1)))
    first = (_last_day() - timedelta(days=YEAR - 1) - _EPOCH).days
    sql = _FILL.format(
        measure=measure.pk,
        now="%s" if connection.vendor == "sqlite" else "CAST(%s AS timestamptz)",
        trains=TRAINS,
        day=Dialect.of(connection).date.format(f"{first} + d %% {YEAR}"),
    )
    with transaction.atomic(), unindexed("declarations_trip"), connection.cursor() as cursor:
        cursor.execute(sql, [rounds, timezone.now()])
    prepared()
    return Trip.objects.count()


def measure_searches(rounds: int, seed: int = 1) -> Iterator[SearchFigure]:
    """Search for the contacts of people drawn at random, over 14 days."""
    last = _last_day()
    window = TraceWindow(last - timedelta(days=13), last, timezone.now(), timezone.get_default_timezone())
    keys = list(Person.objects.living().order_by("pk").values_list("pk", flat=True))
    people = [Person.objects.get(pk=one) for one in random.Random(seed).sample(keys, min(rounds, len(keys)))]
    together = frozenset({ReasonKind.SITE, ReasonKind.GATE})
    for what, hops, kinds in (
        ("co-travel, one hop", 1, _TRAVEL),
        ("co-travel, two hops", 2, _TRAVEL),
        ("same site and same gate, one hop", 1, together),
        ("all reasons, one hop", 1, ALL_KINDS),
        ("all reasons, two hops", 2, ALL_KINDS),
    ):
        some = people[:FEW] if hops == 2 and kinds is ALL_KINDS else people
        yield _measured(what, some, window, TraceLimits(hops=hops), kinds)


def _measured(what: str, people: list[Person], window: TraceWindow, limits: TraceLimits, kinds: Any) -> SearchFigure:
    backend, took, spent, contacts = _backend(), list[float](), list[float](), list[int]()
    for person in people:
        begun_s, begun_cpu_s = time.perf_counter(), _processor_s(backend)
        contacts.append(len(find_contacts(person, window, limits, kinds)))
        took.append((time.perf_counter() - begun_s) * 1000)
        spent.append((_processor_s(backend) - begun_cpu_s) * 1000)
    return SearchFigure(what, round(median(contacts)), *_middle_and_p95(took), *_middle_and_p95(spent))


def _middle_and_p95(values: list[float]) -> tuple[float, float]:
    ordered = sorted(values)
    return round(median(ordered), 1), round(ordered[ceil(len(ordered) * 0.95) - 1], 1)


def _backend() -> psutil.Process | None:
    """Return the database's process of this connection, if it runs on this machine."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        number = cursor.fetchone()[0]
    try:
        return psutil.Process(number)
    except psutil.Error:
        return None


def _processor_s(backend: psutil.Process | None) -> float:
    """Return the processor time of this process and of its part of the database. Other work does not change it."""
    times = backend.cpu_times() if backend is not None else None
    return time.process_time() + (float(times.user + times.system) if times is not None else 0.0)


def _last_day() -> date:
    last = Day.objects.order_by("-date").values_list("date", flat=True).first()
    return last or timezone.localdate()


def _measure() -> EmergencyMeasure:
    root = Place.objects.order_by("path")[0]
    return measure_at(MeasureKind.DECLARATIONS, root.path) or start_measure(
        "simulate",
        MeasureKind.DECLARATIONS,
        root,
        purpose="Measure searches",
        legal_basis="Synthetic data",
        ends=timezone.localdate() + timedelta(days=90),
    )
