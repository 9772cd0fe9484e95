"""Measures screening in a district that `simulate` made: a synthetic list against everybody. Nothing is kept."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from statistics import median
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from district.emergency.models import EmergencyMeasure
from district.emergency.rules import MeasureKind
from district.people.models import Person
from district.places.models import Place
from district.screening.models import Hit, KeyList, KeyRow
from district.screening.registry.matching import compare_list, compare_people, people_of
from district.screening.registry.names import pairs_by_name
from district.screening.registry.numbers import pairs_by_number, pairs_by_phone
from district.screening.rules import ScreeningRefused

_KNOWN = """
CREATE TEMPORARY TABLE known ON COMMIT DROP AS
SELECT joined, initials, province, row_number() OVER (ORDER BY id) - 1 AS n FROM people_person WHERE joined <> ''
"""
_HELD = """
CREATE TEMPORARY TABLE held ON COMMIT DROP AS
SELECT number_index, row_number() OVER (ORDER BY id) - 1 AS n FROM people_iddocument WHERE kind = '01'
"""
_ROWS = """
INSERT INTO screening_keyrow (measure_id, made, list_id, name, joined, initials, number, number_index, document_kind,
  phone, phone_index, birth, area, province, note)
SELECT %(measure)s, now(), %(list)s, '', known.joined, known.initials, '',
  CASE WHEN g %% 1000 = 0 THEN coalesce(held.number_index, '')
       WHEN g %% 2 = 0 THEN left(md5(g::text) || md5('n' || g), 43) ELSE '' END,
  CASE WHEN g %% 2 = 0 THEN '01' ELSE '' END, '',
  CASE WHEN g %% 4 < 2 THEN left(md5('p' || g) || md5('q' || g), 43) ELSE '' END,
  date '1960-01-01' + (g * 104729 %% 16000)::int, '', known.province, ''
FROM generate_series(1::bigint, %(rows)s) AS g
JOIN known ON known.n = g * 7919 %% %(known)s LEFT JOIN held ON held.n = g * 6151 %% %(held)s
"""
"""Half of the rows have a number, each thousandth one that somebody holds. The others have name, birth and province."""


@dataclass(frozen=True)
class ScreeningFigure:
    """What one question took. Times in ms; `found`: pairs or hits."""

    what: str
    rounds: int
    median_ms: float
    p95_ms: float
    cpu_ms: float
    found: int


class _Undone(Exception):
    """Takes the synthetic list back."""


def measure_screening(rows: int, rounds: int) -> Iterator[ScreeningFigure]:
    """Compare a list of so many rows with everybody, and so many single people with it.

    All of it is one transaction that is taken back. Raises ScreeningRefused: no PostgreSQL, or nobody to compare with.
    """
    if connection.vendor != "postgresql":
        raise ScreeningRefused(gettext_noop("Measure on PostgreSQL: the list is made inside the database."))
    place = Place.objects.filter(depth=1).first()
    if place is None or not Person.objects.living().exists():
        raise ScreeningRefused(gettext_noop("The district is empty: make one with sitegate-district simulate."))
    found: list[ScreeningFigure] = []
    try:
        with transaction.atomic():
            found += _measured(_synthetic(place, rows), rounds)
            raise _Undone
    except _Undone:
        yield from found


def _measured(key_list: KeyList, rounds: int) -> Iterator[ScreeningFigure]:
    people, rows = people_of(key_list.measure), KeyRow.objects.filter(list=key_list)
    questions: dict[str, Callable[[], Any]] = {
        "everybody by number": lambda: pairs_by_number(people, rows, None),
        "everybody by phone": lambda: pairs_by_phone(people, rows, None),
        "everybody by name": lambda: pairs_by_name(people, rows, None),
    }
    for what, ask in questions.items():
        yield _figure(what, [ask] * min(rounds, 3))
    yield _figure("everybody, hits stored", [lambda: range(compare_list(key_list))])
    numbers = list(people.values_list("pk", flat=True))
    step = max(1, len(numbers) // rounds)
    ones = numbers[::step][:rounds]
    yield _figure("one person", [partial(_compare_one, one) for one in ones])


def _compare_one(person: int) -> range:
    return range(compare_people([person]))


def _synthetic(place: Place, rows: int) -> KeyList:
    today = timezone.localdate()
    measure = EmergencyMeasure.objects.create(
        kind=MeasureKind.SCREENING, place=place, purpose="measure", legal_basis="measure", starts=today,
        ends=today + timedelta(days=14), kept_days=30, by="measure",
    )  # fmt: skip
    key_list = KeyList.objects.create(
        measure=measure, name="measure", source="measure", legal_basis="measure", ends=measure.ends,
        reason_code="measure", officer="measure", by="measure", loaded=timezone.now(),
    )  # fmt: skip
    with connection.cursor() as cursor:
        counts = {}
        for table, made in (("known", _KNOWN), ("held", _HELD)):
            cursor.execute(made)
            cursor.execute(f"ANALYZE {table}")
            cursor.execute(f"SELECT count(*) FROM {table}")
            counts[table] = max(1, cursor.fetchone()[0])
        cursor.execute(_ROWS, {"measure": measure.pk, "list": key_list.pk, "rows": rows, **counts})
        for model in (KeyRow, Hit):
            cursor.execute(f"ANALYZE {model._meta.db_table}")
    return key_list


def _figure(what: str, questions: list[Callable[[], Any]]) -> ScreeningFigure:
    times, found, cpu_s = [], 0, time.process_time()
    for ask in questions:
        begun_s = time.perf_counter()
        found = max(found, len(ask()))
        times.append((time.perf_counter() - begun_s) * 1_000)
    cpu_ms = (time.process_time() - cpu_s) * 1_000 / len(questions)
    ordered = sorted(times)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return ScreeningFigure(what, len(questions), round(median(times), 1), round(p95, 1), round(cpu_ms, 1), found)
