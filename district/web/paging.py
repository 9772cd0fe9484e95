"""Page through rows by key. No OFFSET and no exact totals, so that page 500 costs as much as page 1."""

import base64
import binascii
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone

PAGE_SIZE = 50
COUNTED = 1_000
"""Rows are counted up to here; a list that is longer says "more than 1,000"."""
CURSOR_LENGTH = 600


@dataclass(frozen=True)
class KeysetPage:
    """The rows of one page, and the cursors of its neighbours; "" where there is none."""

    rows: list[Any]
    next_cursor: str = ""
    previous_cursor: str = ""
    broken: bool = False
    """The cursor could not be read: this is the first page."""


def keyset_page(
    rows: "QuerySet[Any]", keys: Sequence[str], *, after: str = "", before: str = "", size: int = PAGE_SIZE
) -> KeysetPage:
    """Return the page behind or before a cursor. `keys` are fields without nulls, "-" before descending ones, and
    together unique: end with "pk". A cursor that cannot be read gives the first page.
    """
    backwards = bool(before)
    cursor = before or after
    values = _values(rows, keys, cursor) if cursor else None
    ordered = rows.order_by(*(_turned(key) for key in keys) if backwards else keys)
    if values is not None:
        ordered = ordered.filter(_behind(keys, values, backwards=backwards))
    elif backwards:
        ordered, backwards = rows.order_by(*keys), False
    found = list(ordered[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    if not found:
        return KeysetPage([], broken=bool(cursor) and values is None)
    has_next = more if not backwards else True
    has_previous = more if backwards else values is not None
    return KeysetPage(
        found,
        cursor_of(found[-1], keys) if has_next else "",
        cursor_of(found[0], keys) if has_previous else "",
        broken=bool(cursor) and values is None,
    )


def counted(rows: "QuerySet[Any]") -> tuple[int, bool]:
    """Return how many rows there are, up to COUNTED, and whether there are more."""
    found = rows.order_by()[: COUNTED + 1].count()
    return min(found, COUNTED), found > COUNTED


def cursor_of(row: Any, keys: Sequence[str]) -> str:
    """Return the cursor of a row."""
    values = [_plain(_attribute(row, key.lstrip("-"))) for key in keys]
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


def _attribute(row: Any, key: str) -> Any:
    for name in key.split("__"):
        row = getattr(row, name)
    return row


def _plain(value: Any) -> Any:
    return (
        value.isoformat() if isinstance(value, date | datetime) else str(value) if isinstance(value, Decimal) else value
    )


def _turned(key: str) -> str:
    return key[1:] if key.startswith("-") else f"-{key}"


def _behind(keys: Sequence[str], values: Sequence[Any], *, backwards: bool) -> Q:
    """Return `(a, b) > (x, y)` as `a >= x and (a > x or (a = x and b > y))`: an index on a serves the first part."""
    rest = Q()
    for key, value in reversed(list(zip(keys, values, strict=True))):
        name = key.lstrip("-")
        sign = "lt" if key.startswith("-") != backwards else "gt"
        strictly = Q(**{f"{name}__{sign}": value})
        rest = Q(**{f"{name}__{sign}e": value}) & (strictly | (Q(**{name: value}) & rest)) if rest else strictly
    return rest


def _values(rows: "QuerySet[Any]", keys: Sequence[str], cursor: str) -> list[Any] | None:
    """Read a cursor, which anybody may have written. Return None if it does not fit."""
    if len(cursor) > CURSOR_LENGTH or not cursor.isascii():
        return None
    try:
        read = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    if not isinstance(read, list) or len(read) != len(keys):
        return None
    try:
        values = [_read(rows, key.lstrip("-"), value) for key, value in zip(keys, read, strict=True)]
    except (ValidationError, ValueError, TypeError, OverflowError):
        return None
    return None if None in values else values


def _read(rows: "QuerySet[Any]", key: str, value: object) -> Any:
    if not isinstance(value, str | int | float | bool) or (isinstance(value, str) and "\0" in value):
        raise ValueError(key)
    if isinstance(value, str):
        value.encode()  # a lone surrogate is a ValueError
    found = _field(rows, key).to_python(value)
    if isinstance(found, datetime):
        found = (found if timezone.is_aware(found) else timezone.make_aware(found)).astimezone(UTC)
    if isinstance(found, float) and not math.isfinite(found):
        raise ValueError(key)
    if isinstance(found, int) and not -(2**63) <= found < 2**63:
        raise OverflowError(key)
    return found


def _field(rows: "QuerySet[Any]", key: str) -> Any:
    """Return the field of a key: an annotation's own, or that of a column."""
    if key in rows.query.annotations:
        return rows.query.annotations[key].output_field
    model: Any = rows.model
    names = key.split("__")
    for name in names[:-1]:
        model = model._meta.get_field(name).related_model
    return model._meta.pk if names[-1] == "pk" else model._meta.get_field(names[-1])
