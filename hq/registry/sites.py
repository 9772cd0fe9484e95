"""The registry of sites. They live in the database, so that a running HQ follows; `sites` in hq.toml only adds some."""

from collections.abc import Iterable

from sqlalchemy import Connection

from common import ids
from common.terminal.problems import shown
from contract.messages import DECISION_LISTS, ListKind
from hq.config import FILE_NAME, HqConfig, HqConfigError
from hq.database import sites as tables
from hq.database.clock import now
from hq.database.dirty_lists import mark
from hq.database.store import Store, lock
from hq.keys.keys import HqKeys
from hq.registry.gates import revoke_site
from hq.registry.known_sites import KnownSite, SiteRefused, active_site, check_who, checked_name, known_site, unknown

BY_CONFIGURATION = FILE_NAME


class SiteRegistry:
    """What people at HQ do with sites. Each method is one transaction and raises SiteRefused."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def active(self) -> tuple[str, ...]:
        """Name the sites that are not retired."""
        with self._store.read() as db:
            return tables.active_sites(db)

    def every(self) -> list[KnownSite]:
        """List all sites, retired ones too."""
        with self._store.read() as db:
            return [known_site(row) for row in tables.site_rows(db)]

    def shared_with(self, site_id: str) -> frozenset[str]:
        """Name the sites whose people a site sees: itself and those of its group. A retired site sees nobody."""
        with self._store.read() as db:
            return tables.shared_with(db, site_id)

    def checked(self, site_ids: Iterable[str]) -> tuple[str, ...]:
        """Return the ids of active sites, as somebody typed them."""
        with self._store.read() as db:
            return tuple(active_site(db, site_id).site_id for site_id in site_ids)

    def check_new(self, site_id: str, *, by: str, name: str = "", group: str = "") -> None:
        """Check what somebody typed, before a key is made with it. Raises NoId."""
        _check(site_id, by=by, name=name, group=group)
        with self._store.read() as db:
            _check_free(db, site_id)

    def add(self, site_id: str, *, by: str, name: str = "", group: str = "") -> bool:
        """Add a site, or bring a retired one back. Return whether it was retired. Raises NoId."""
        _check(site_id, by=by, name=name, group=group)
        with self._store.write("sites") as db:
            _check_free(db, site_id)
            retired = tables.site_row(db, site_id) is not None
            tables.add_sites(db, [site_id], by, now())
            values = {key: value for key, value in (("name", name), ("site_group", group)) if value or not retired}
            tables.change_site(db, site_id, retired_utc=None, retired_by=None, **values)
            for kind in (*DECISION_LISTS, ListKind.DIRECTORY):
                mark(db, tables.shared_with(db, site_id), kind)
        return retired

    def rename(self, site_id: str, name: str, *, by: str) -> None:
        """Set the name that people read. The id stays."""
        _check(site_id, by=by, name=name)
        with self._store.write("sites") as db:
            active_site(db, site_id)
            tables.change_site(db, site_id, name=name)

    def set_group(self, site_id: str, group: str, *, by: str) -> frozenset[str]:
        """Put a site into a group, or with "" into none. Return the sites whose lists change with it."""
        _check(site_id, by=by, group=group)
        with self._store.write("sites") as db:
            lock(db, "people")  # an import that runs now marks lists by the groups of now
            active_site(db, site_id)
            before = tables.shared_with(db, site_id)
            tables.change_site(db, site_id, site_group=group)
            changed = before | tables.shared_with(db, site_id)
            _mark_people(db, changed)
            return changed

    def retire(self, site_id: str, *, by: str) -> list[str]:
        """End a site: nobody registers for it, and its gates are revoked. Return these gates.

        Events, key files and the record of the site stay. May be repeated: it ends what an interruption left.
        """
        ids.checked("site", site_id)
        check_who(by)
        with self._store.write("sites") as db:
            row = tables.site_row(db, site_id)
            if row is None:
                raise SiteRefused(unknown(site_id, tables.active_sites(db)))
            if row.retired_utc is None:
                _mark_people(db, tables.shared_with(db, site_id))
                tables.change_site(db, site_id, retired_utc=now(), retired_by=by)
            return revoke_site(db, site_id, by, f"site {site_id} was retired")


def _mark_people(db: Connection, site_ids: Iterable[str]) -> None:
    """Mark the lists that hold these sites' people."""
    for kind in (ListKind.ROSTER, ListKind.RISK, ListKind.DIRECTORY):
        mark(db, site_ids, kind)


def open_store(config: HqConfig, keys: HqKeys) -> Store:
    """Open the database, with the sites of hq.toml in it. Raises StoreError, HqConfigError."""
    store = Store(config.url, keys)
    try:
        seed(store, config)
    except BaseException:
        store.close()
        raise
    return store


def seed(store: Store, config: HqConfig) -> None:
    """Add the sites of hq.toml that HQ never had. Raises HqConfigError for a section about a site that HQ lacks."""
    with store.read() as db:
        known = {row.site_id for row in tables.site_rows(db)}
    if missing := [site_id for site_id in config.sites if site_id not in known]:
        with store.write("sites") as db:
            tables.add_sites(db, missing, BY_CONFIGURATION, now())
    if odd := sorted(set(config.enrolments) - known - set(missing)):
        raise HqConfigError(f"{config.folder / FILE_NAME}: enrolments: {', '.join(odd)}: no site of this HQ")


def _check(site_id: str, *, by: str, name: str = "", group: str = "") -> None:
    if not ids.is_id(site_id):
        raise ids.NoId(
            f"site {shown(site_id)} is not an id: an id has letters (a-z), digits, . _ -, and begins with a letter or "
            f"digit, 64 at most. Choose one, and write the name with --name {shown(site_id)}"
        )
    check_who(by)
    checked_name(name)
    if group:
        ids.checked("group", group)


def _check_free(db: Connection, site_id: str) -> None:
    row = tables.site_row(db, site_id)
    if row is not None and row.retired_utc is None:
        raise SiteRefused(f"{site_id} is a site of this HQ since {row.added_utc:%Y-%m-%d}: sitegate-hq site list")
    if twin := tables.twin_of(db, site_id):
        raise SiteRefused(
            f"site {site_id} differs from {twin} only in the case of its letters: some disks keep one key file for "
            "both. Choose another id"
        )
