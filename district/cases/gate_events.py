"""Which events of gates open a case, or add to one. Pure."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from district.cases.rules import CaseKind
from district.exchange.feed_entry import EntryOfFeed

OLDEST = timedelta(hours=48)
"""An older event opens no case: the first reading of a feed holds years. A gate without a network is in time for it."""


class GateNews(StrEnum):
    """What a gate says of a case that is open."""

    AGAIN = "again"
    OVER = "over"
    BACK = "back"


@dataclass(frozen=True)
class GateFinding:
    """An event that opens a case under a key, or that is news of it."""

    kind: CaseKind
    key: str
    site_id: str
    gate_id: str
    at: datetime
    worker_id: str = ""
    news: GateNews | None = None
    """None: it opens a case; if one is open, it is news of it (`AGAIN`)."""


_NOTICES: dict[str, tuple[CaseKind, GateNews | None]] = {
    "tamper": (CaseKind.TAMPER, None),
    "tamper_over": (CaseKind.TAMPER, GateNews.OVER),
    "fire_on": (CaseKind.FIRE, None),
    "fire_off": (CaseKind.FIRE, GateNews.OVER),
}


def read_finding(entry: EntryOfFeed, now: datetime) -> GateFinding | None:
    """Return what an entry means for cases; None for most."""
    if entry.kind != "event" or entry.type not in ("access", "notice"):
        return None
    at = _moment(entry, now)
    if at is None or now - at > OLDEST:
        return None
    body = json.loads(entry.body)
    if entry.type == "notice":
        found = _NOTICES.get(str(body.get("code")))
        if found is None:
            return None
        kind, news = found
        where = entry.site_id if kind is CaseKind.FIRE else entry.gate_id
        return GateFinding(kind, _key(kind, where), entry.site_id, entry.gate_id, at, news=news)
    return None if body.get("granted") else _refusal(entry, str(body.get("reason")), at)


def silent_key(gate_id: str) -> str:
    """Return the key of the case of a silent gate."""
    return _key(CaseKind.SILENT_GATE, gate_id)


def _refusal(entry: EntryOfFeed, reason: str, at: datetime) -> GateFinding | None:
    if reason == "risk_hold" and entry.worker_id:
        key = _key(CaseKind.RISK_AT_GATE, f"{entry.site_id}:{entry.worker_id}")
        return GateFinding(CaseKind.RISK_AT_GATE, key, entry.site_id, entry.gate_id, at, entry.worker_id)
    if reason == "roster_expired":
        key = _key(CaseKind.LIST_EXPIRED, entry.gate_id)
        return GateFinding(CaseKind.LIST_EXPIRED, key, entry.site_id, entry.gate_id, at)
    return None


def _moment(entry: EntryOfFeed, now: datetime) -> datetime | None:
    """Return when it happened. A gate's clock may be wrong: nothing happened after HQ received it."""
    said = entry.corrected_utc or entry.utc or entry.received_utc
    latest = min(entry.received_utc or now, now)
    return None if said is None else min(said, latest)


def _key(kind: CaseKind, where: str) -> str:
    return f"gate:{kind.value}:{where}"[:120]
