"""Who works where, and at which sites a list holds whom. Functions run in the caller's transaction."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from sqlalchemy import Connection, delete, insert, select

from contract.messages import ListKind
from hq.database import tables as t
from hq.database.dirty_lists import mark
from hq.database.sites import shared_with, site_groups, site_row

PAGE = 500
"""Workers that are read at once."""


def replace_assignments(db: Connection, sites: Mapping[str, Iterable[str]]) -> None:
    """Set the sites of these workers. `sites`: worker id -> sites."""
    remove_assignments(db, sites)
    rows = [{"site_id": site, "worker_id": who} for who, theirs in sites.items() for site in sorted(set(theirs))]
    if rows:
        db.execute(insert(t.assignments), rows)


def remove_assignments(db: Connection, worker_ids: Iterable[str]) -> None:
    """Take these workers off all sites."""
    for some in _slices(worker_ids):
        db.execute(delete(t.assignments).where(t.assignments.c.worker_id.in_(some)))


def assigned_sites(db: Connection, worker_ids: Iterable[str]) -> dict[str, frozenset[str]]:
    """Read worker id -> the sites where the worker is assigned. Workers without a site are left out."""
    found: dict[str, set[str]] = {}
    columns = t.assignments.c
    for some in _slices(worker_ids):
        wanted = select(columns.worker_id, columns.site_id).where(columns.worker_id.in_(some))
        for row in db.execute(wanted):
            found.setdefault(row.worker_id, set()).add(row.site_id)
    return {worker_id: frozenset(sites) for worker_id, sites in found.items()}


def people_sources(db: Connection, site_id: str) -> tuple[str, ...]:
    """Name the sites whose workers are on this site's lists. A retired site has none.

    A site that is not in the registry counts as one without a group.
    """
    known = site_row(db, site_id) is not None
    return tuple(sorted(shared_with(db, site_id))) if known else (site_id,)


def list_sites(db: Connection, site_ids: Collection[str]) -> frozenset[str]:
    """Name the sites on whose lists the workers of these sites are: themselves, and those of their groups."""
    groups = site_groups(db)
    named = {groups[site_id] for site_id in site_ids if groups.get(site_id)}
    return frozenset(site_ids) | {site_id for site_id, group in groups.items() if group in named}


def listed_pages(db: Connection, site_id: str) -> Iterator[list[str]]:
    """Read the workers on a site's lists in pages, in the order of the database."""
    yield from _pages(db, people_sources(db, site_id))


def site_pages(db: Connection, site_id: str) -> Iterator[list[str]]:
    """Read the workers who are assigned to this very site, in pages."""
    yield from _pages(db, (site_id,))


def _pages(db: Connection, sources: Collection[str]) -> Iterator[list[str]]:
    columns, after = t.assignments.c, ""
    while sources:
        wanted = select(columns.worker_id).where(columns.site_id.in_(sources), columns.worker_id > after)
        page = list(db.execute(wanted.distinct().order_by(columns.worker_id).limit(PAGE)).scalars())
        if page:
            yield page
        if len(page) < PAGE:
            return
        after = page[-1]


def listed_of(db: Connection, site_id: str, worker_ids: Iterable[str]) -> frozenset[str]:
    """Return those of these workers who are on a site's lists."""
    columns, sources = t.assignments.c, people_sources(db, site_id)
    found: set[str] = set()
    for some in _slices(worker_ids) if sources else ():
        wanted = select(columns.worker_id).join(t.workers, t.workers.c.worker_id == columns.worker_id)
        wanted = wanted.where(columns.site_id.in_(sources), columns.worker_id.in_(some))
        found.update(db.execute(wanted).scalars())
    return frozenset(found)


def remove_without_worker(db: Connection) -> None:
    """Remove assignments of workers who are gone, and mark the lists of their sites."""
    columns = t.assignments.c
    gone = ~select(t.workers.c.worker_id).where(t.workers.c.worker_id == columns.worker_id).exists()
    sites = set(db.execute(select(columns.site_id).where(gone).distinct()).scalars())
    for kind in (ListKind.ROSTER, ListKind.RISK, ListKind.DIRECTORY):
        mark(db, list_sites(db, sites), kind)
    db.execute(delete(t.assignments).where(gone))


def works_elsewhere(db: Connection, worker_id: str, site_id: str) -> frozenset[str]:
    """Name the other sites of a worker who is not on this site's lists; none if the worker is, or is unknown.

    A gate of this site says "unknown". This is for people at HQ who may see it.
    """
    if listed_of(db, site_id, [worker_id]):
        return frozenset()
    return assigned_sites(db, [worker_id]).get(worker_id, frozenset())


def _slices(worker_ids: Iterable[str]) -> Iterator[list[str]]:
    names = list(worker_ids)
    return (names[i : i + PAGE] for i in range(0, len(names), PAGE))
