"""The rows of exports: workers, the risk lists, and events."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from common.sheet_cells import ROWS_MAX
from hq.database.event_search import EventFilter
from hq.database.store import Store
from hq.registry.known_workers import known_workers
from hq.registry.people import PeopleRegistry
from hq.registry.site_dates import dates_text
from hq.reports.listed_events import events
from hq.reports.sheet_writer import Value

_STEP = timedelta(hours=1)

WORKER_HEADINGS = (
    *("worker_id", "name", "employer", "team", "trade", "phone", "sites", "active", "valid_from", "valid_until"),
    *("training_valid_until", "slow", "consent_ref", "site_dates", "greeting"),
)
"""An import reads the same headings, so that a list can be corrected and come back."""
RISK_HEADINGS = (
    *("worker_id", "list_name", "reason_code", "purpose", "valid_from_utc", "valid_until_utc", "may_lift", "officer"),
    *("added_by", "added_utc"),
)
EVENT_HEADINGS = ("time", "site", "gate", "epoch", "number", "type", "reason", "direction", "worker_id", "received")


def worker_rows(store: Store, people: PeopleRegistry, site_id: str | None = None) -> Iterator[tuple[Value, ...]]:
    """Read all workers, or those of one site, by id. Cards, PINs and templates are never exported."""
    with store.read() as db:
        for one in known_workers(db, people):
            if site_id is not None and site_id not in one.sites:
                continue
            who = one.worker_id, one.name, one.employer, one.team, one.trade, one.phone, ", ".join(one.sites)
            when = one.active, one.valid_from, one.valid_until, one.training_valid_until
            yield *who, *when, one.slow, one.consent_ref, dates_text(one.site_dates) or None, one.greeting


def risk_rows(people: PeopleRegistry) -> Iterator[tuple[Value, ...]]:
    """Read who is on a risk list."""
    for one in people.risk_lists.find():
        times = one.valid_from_utc, one.valid_until_utc
        what = one.worker_id, one.list_name, one.reason_code, one.purpose
        yield *what, *times, ", ".join(one.may_lift), one.officer, one.added_by, one.added_utc


def event_rows(store: Store, wanted: EventFilter, since: datetime, until: datetime) -> Iterator[tuple[Value, ...]]:
    """Read events by the time at which they happened, an hour at a time."""
    begin = since
    while begin < until:
        end = min(begin + _STEP, until)
        for one in events(store, replace(wanted, since=begin, until=end), limit=ROWS_MAX + 1):
            where = one.site_id, one.gate_id, one.epoch, one.seq
            what = one.type, one.reason, one.direction, one.worker_id
            yield one.corrected_utc or one.utc, *where, *what, one.received_utc
        begin = end
