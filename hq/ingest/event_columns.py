"""The columns that the table of events has beside the record itself. Pure."""

from functools import cache
from typing import Any

from contract.messages import Event
from hq.database.values import UNREAD_TYPE

_SHOWN = ("reason", "outcome", "code", "worker_id")


def unread(event: Event) -> bool:
    """Tell whether only the fields common to all events could be read."""
    return type(event) is Event


def columns(event: Event | None) -> dict[str, Any]:
    """Return type, reason, worker and time of an event; None is an unreadable one.

    `reason`: of a decision; outcome of a passage; code of a notice; version of an event that HQ cannot read yet.
    """
    held = _fields(type(event)) if event else frozenset()
    shown = {name: getattr(event, name) for name in _SHOWN if name in held}
    version = event.version if event and unread(event) else ""
    return {
        "type": UNREAD_TYPE if version else getattr(event, "type", "unreadable"),
        "reason": version or next((str(shown[name]) for name in _SHOWN[:-1] if shown.get(name) is not None), ""),
        "worker_id": shown.get("worker_id"),
        "utc": event.utc if event else None,
    }


@cache
def _fields(kind: type[Event]) -> frozenset[str]:
    """Return the fields of such an event. To ask an event for a missing one takes longer than everything else here."""
    return frozenset(kind.model_fields)
