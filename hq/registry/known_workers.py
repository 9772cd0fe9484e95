"""What HQ knows of workers, as people at HQ read it. No card number, PIN or template is in it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from contract.messages import SiteDates
from contract.names import matched
from hq.database import people as tables
from hq.registry.people import PeopleRegistry

PAGE = 500
"""Workers that are read at once."""
_NUMBER = re.compile(r"[\d\s()+./-]{4,}")


@dataclass(frozen=True, slots=True)
class KnownWorker:
    """A worker. `templates`: how many stand under the consent; `changed_utc`: when the record was last written."""

    worker_id: str
    name: str | None
    employer: str | None
    team: str | None
    trade: str | None
    phone: str | None
    sites: tuple[str, ...]
    active: bool
    valid_from: date | None
    valid_until: date | None
    training_valid_until: date | None
    site_dates: tuple[SiteDates, ...]
    """Dates that differ by site."""
    declared_utc: datetime | None
    slow: bool
    consent_ref: str | None
    has_card: bool
    has_pin: bool
    templates: int
    changed_utc: datetime
    greeting: str | None = None
    """The short name that the worker lets the lane show."""

    def works(self, today: date, site_id: str | None = None) -> bool:
        """Tell whether the worker is active on a day: at a site, or anywhere."""
        sites: tuple[str | None, ...] = (site_id,) if site_id else (self.sites or (None,))
        return self.active and any(self._there(today, site) for site in sites)

    def _there(self, today: date, site_id: str | None) -> bool:
        own = next((one for one in self.site_dates if one.site_id == site_id), None)
        since = (own and own.valid_from) or self.valid_from
        until = (own and own.valid_until) or self.valid_until
        return (since is None or since <= today) and (until is None or today <= until)


def known_workers(db: Connection, people: PeopleRegistry, only: Sequence[str] | None = None) -> Iterator[KnownWorker]:
    """Read workers by id, page by page: all, or `only` those of these that are known. Raises AtRestError."""
    names = tables.worker_ids(db) if only is None else sorted(set(only))
    for start in range(0, len(names), PAGE):
        yield from _page(db, people, names[start : start + PAGE])


def search_workers(db: Connection, people: PeopleRegistry, text: str) -> Iterator[KnownWorker]:
    """Find workers whose id, name, phone, team or employer contains the text. Slow: it decrypts all."""
    wanted, digits = matched(text), _digits(text) if _NUMBER.fullmatch(text.strip()) else ""
    for worker in known_workers(db, people):
        texts = worker.worker_id, worker.name, worker.team, worker.employer, worker.phone
        if any(wanted in matched(one) for one in texts if one) or (digits and digits in _digits(worker.phone or "")):
            yield worker


def _page(db: Connection, people: PeopleRegistry, names: Sequence[str]) -> Iterator[KnownWorker]:
    directory = people.directory.of(db, names)
    templates: dict[tuple[str, str], int] = {}
    for row in tables.template_rows(db, names):
        key = row.worker_id, row.consent_ref
        templates[key] = templates.get(key, 0) + 1
    for row in tables.worker_rows(db, names):
        worker, entry = tables.worker_of(people.cipher, row), directory[row.worker_id]
        yield KnownWorker(
            worker_id=worker.worker_id,
            name=entry.name,
            employer=worker.employer,
            team=entry.team,
            trade=worker.trade,
            phone=entry.phone,
            sites=worker.sites,
            active=worker.active,
            valid_from=worker.valid_from,
            valid_until=worker.valid_until,
            training_valid_until=worker.training_valid_until,
            site_dates=worker.site_dates,
            declared_utc=worker.declared_utc,
            slow=worker.slow,
            consent_ref=worker.consent_ref,
            has_card=bool(worker.cards),
            has_pin=worker.pin is not None,
            templates=templates.get((worker.worker_id, worker.consent_ref or ""), 0),
            changed_utc=row.updated_utc,
            greeting=entry.greeting,
        )


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
