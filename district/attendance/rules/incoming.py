"""What an entry of HQ's feed means here. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from district.exchange.feed_entry import EntryOfFeed

NOT_TAKEN = "not_taken"
"""A release that nobody used."""


@dataclass(frozen=True, slots=True)
class Said:
    """A passage or a refusal that a gate reported."""

    site_id: str
    gate_id: str
    line: str
    seq: int
    worker_id: str | None
    utc: datetime
    inwards: bool
    granted: bool
    reason: str

    def as_json(self) -> dict[str, Any]:
        """Return it for the table of entries that wait for their site."""
        return {
            "worker_id": self.worker_id,
            "utc": self.utc.isoformat(),
            "inwards": self.inwards,
            "granted": self.granted,
            "reason": self.reason,
        }

    @classmethod
    def from_json(cls, site_id: str, key: tuple[str, str, int], found: Mapping[str, Any]) -> "Said":
        """Read it from that table."""
        utc = datetime.fromisoformat(found["utc"])
        return cls(site_id, *key, found["worker_id"], utc, found["inwards"], found["granted"], found["reason"])


def read_entry(entry: EntryOfFeed) -> Said | None:
    """Read a passage or a refusal; None if the entry is neither.

    A gate may show a wrong time. Then the corrected time counts, or the time at which HQ received the event. Nobody
    passed after HQ received it.
    """
    if entry.type not in ("passage", "access"):
        return None
    body = json.loads(entry.body)
    passed = entry.type == "passage"
    if (passed and body["outcome"] == NOT_TAKEN) or (not passed and body["granted"]):
        return None
    return Said(
        *(entry.site_id, entry.gate_id, entry.line, entry.seq, entry.worker_id),
        utc=_moment(entry, trusted=bool(body.get("clock_trusted"))),
        inwards=body["direction"] == "in",
        granted=passed,
        reason=str(body["outcome"] if passed else body["reason"])[:40],
    )


NEVER_SET = datetime(2020, 1, 1, tzinfo=UTC)
"""An earlier time is that of a clock which nobody set yet."""


def _moment(entry: EntryOfFeed, *, trusted: bool) -> datetime:
    received = entry.received_utc or datetime.max.replace(tzinfo=UTC)
    if received < NEVER_SET and trusted and entry.utc is not None:
        return entry.corrected_utc or entry.utc
    said = entry.corrected_utc or (entry.utc if trusted else None) or entry.received_utc or entry.utc
    return min(said or received, received)
