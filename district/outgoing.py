"""Hands changes to the outbox from the apps that stand below it, which may not import it."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.module_loading import import_string

_PUT = "district.exchange.outbox.put"


def send_worker(worker_id: str) -> None:
    """Queue the present state of a worker for HQ, in the transaction of the change."""
    _put("worker", worker_id)


def send_workers(worker_ids: Iterable[str]) -> None:
    """Queue the present state of many workers for HQ, in the transaction of the change."""
    import_string(f"{_PUT}_all")("worker", worker_ids)


def send_site(site_id: str) -> None:
    """Queue the present state of a site for HQ, in the transaction of the change."""
    _put("site", site_id)


def send_withdrawal(worker_id: str, body: Mapping[str, Any] | None = None) -> None:
    """Queue the withdrawal of a consent for HQ, in the transaction of the change."""
    _put("withdrawal", worker_id, body)


def send_erasure(worker_id: str, body: Mapping[str, Any] | None = None) -> None:
    """Queue the erasure of a worker for HQ, in the transaction of the change."""
    _put("erasure", worker_id, body)


def _put(kind: str, subject: str, body: Mapping[str, Any] | None = None) -> None:
    import_string(_PUT)(kind, subject, body)
