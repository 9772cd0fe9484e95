"""The small district of most tests: made once in a process, then its rows are stored as they were. That takes a tenth
of the time, and hundreds of tests begin with it.
"""

import pickle
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from district_rig import SmallDistrict, small_district
from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone

from district.places.models import Place

_SAME_CLOCK_S = 5.0
"""A clock that a test has set differs by more."""
_Rows = dict[str, list[tuple[Any, ...]]]


@dataclass
class _KeptDistrict:
    """The rows of each table, the objects that tests work on, and when both were made in UTC."""

    rows: _Rows
    objects: bytes
    began: datetime
    ended: datetime


_kept: list[_KeptDistrict] = []


def kept_district() -> SmallDistrict:
    """Make the small district in the test's database; times of its making become now."""
    usual = connection.vendor == "sqlite" and abs((timezone.now() - datetime.now(UTC)).total_seconds()) < _SAME_CLOCK_S
    if not usual or Place.objects.exists():
        return small_district()
    with transaction.atomic():
        return _stored(_kept[0]) if _kept else _made()


def _made() -> SmallDistrict:
    before, began = _all_rows(), _utc()
    made = small_district()
    rows = {table: [row for row in found if row not in before[table]] for table, found in _all_rows().items()}
    _kept.append(_KeptDistrict({t: found for t, found in rows.items() if found}, pickle.dumps(made), began, _utc()))
    return made


def _stored(kept: _KeptDistrict) -> SmallDistrict:
    now = _utc()
    with connection.cursor() as cursor:
        for table, rows in kept.rows.items():
            marks = ", ".join(["%s"] * len(rows[0]))
            moved = [[now if _was_now(value, kept) else value for value in row] for row in rows]
            cursor.executemany(f'INSERT INTO "{table}" VALUES ({marks})', moved)
    made: SmallDistrict = pickle.loads(kept.objects)
    return made


def _was_now(value: object, kept: _KeptDistrict) -> bool:
    return isinstance(value, datetime) and kept.began <= value <= kept.ended


def _all_rows() -> _Rows:
    with connection.cursor() as cursor:
        return {table: cursor.execute(f'SELECT * FROM "{table}"').fetchall() for table in _tables()}


@cache
def _tables() -> tuple[str, ...]:
    return tuple(sorted({model._meta.db_table for model in apps.get_models(include_auto_created=True)}))


def _utc() -> datetime:
    return timezone.now().astimezone(UTC).replace(tzinfo=None)
