"""Put changes for HQ into the outbox, in the transaction that makes them."""

from collections.abc import Iterable, Mapping
from typing import Any

from district.exchange.models import OutboxRow


def put(kind: OutboxRow.Kind, subject: str, body: Mapping[str, Any] | None = None) -> None:
    """Queue one thing for HQ. Call it inside the transaction of the change: both are stored, or neither."""
    OutboxRow.objects.create(kind=kind, subject=subject, body=dict(body or {}))


def put_all(kind: OutboxRow.Kind, subjects: Iterable[str]) -> None:
    """Queue many things of one kind, as `put` does."""
    OutboxRow.objects.bulk_create([OutboxRow(kind=kind, subject=subject) for subject in subjects], batch_size=500)
