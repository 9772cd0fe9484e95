"""Sites as the database has them, and what is said of one that it does not have."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row

from common import ids
from common.terminal.problems import shown
from hq.database import sites as tables

NAME_MAX = 80


class SiteRefused(RuntimeError):
    """A site that cannot be added, changed or retired. The text says why and what to do."""


@dataclass(frozen=True, slots=True)
class KnownSite:
    """A site of this HQ. `site_group`: sites of one group share their people; "" is none."""

    site_id: str
    name: str
    site_group: str
    added_utc: datetime
    added_by: str
    retired_utc: datetime | None
    retired_by: str | None


def active_site(db: Connection, site_id: str, *, hold: bool = False) -> KnownSite:
    """Return a site that is not retired. `hold`: a retirement waits for this transaction. Raises SiteRefused, NoId."""
    ids.checked("site", site_id)
    row = tables.site_row(db, site_id, hold=hold)
    if row is None:
        raise SiteRefused(unknown(site_id, tables.active_sites(db)))
    if row.retired_utc is not None:
        raise SiteRefused(
            f"site {site_id} was retired on {row.retired_utc:%Y-%m-%d} by {row.retired_by}: to use it again: "
            f"sitegate-hq site add {site_id} --by YOU"
        )
    return known_site(row)


def check_known(db: Connection, site_id: str) -> None:
    """Check that HQ has this site, or had it before it was retired. Raises SiteRefused."""
    if tables.site_row(db, site_id) is None:
        raise SiteRefused(unknown(site_id, tables.active_sites(db)))


def unknown(site_id: str, active: Iterable[str]) -> str:
    """Say that HQ has no such site, which ones it has, and how one is added."""
    has = ", ".join(active) or "none yet"
    return f"{site_id} is no site of this HQ; it has {has}. A new one: sitegate-hq site add {site_id} --by YOU"


def known_site(row: Row[tuple[object, ...]]) -> KnownSite:
    """Read a site from its row."""
    return KnownSite(**{name: getattr(row, name) for name in KnownSite.__slots__})


def check_who(by: str) -> None:
    """Check who did something, as somebody typed it. Raises SiteRefused."""
    if not by.strip() or len(by) > NAME_MAX or not by.isprintable():
        raise SiteRefused(f"--by: who does this, in 1 to {NAME_MAX} characters")


def checked_name(name: str) -> str:
    """Return a name for people to read, of a site or a gate. Raises SiteRefused."""
    if len(name) > NAME_MAX or not name.isprintable():
        raise SiteRefused(f"name {shown(name)}: one line of at most {NAME_MAX} characters")
    return name
