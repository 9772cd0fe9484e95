"""`sitegate-hq refused` and `inside`: what managers ask."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from common.terminal.console import styled
from contract.messages import DirectoryEntry
from hq.commands.console import out, print_json
from hq.commands.context import opened
from hq.commands.options import Folder, Json, id_of
from hq.commands.times import WRITTEN, short_text, typed_time, zone_text
from hq.database.clock import now
from hq.database.event_search import EventFilter
from hq.database.store import Store
from hq.keys.keys import HqKeys
from hq.registry.directory import Directory
from hq.reports import managers
from hq.reports.managers import Inside, Refused

Names = Annotated[bool, typer.Option("--names", help="Show names from the directory beside the ids.")]
Entries = dict[str, DirectoryEntry]
_ROWS_MAX = 100_000


def refused(
    folder: Folder = Path(),
    site: Annotated[str | None, typer.Option("--site", help="Only at this site.", callback=id_of("site"))] = None,
    since: Annotated[str, typer.Option("--since", help=f"From this time on: {WRITTEN}.")] = "today",
    until: Annotated[str | None, typer.Option("--until", help="Before this time.")] = None,
    names: Names = False,
    as_json: Json = False,
) -> None:
    """Who was refused today, why, and what to do: by reason, the one that concerns most people first.

    Example: sitegate-hq refused --site site-1 --since yesterday --names
    """
    begin, end = typed_time(since, "--since", now()), typed_time(until, "--until", now())
    wanted = EventFilter(site_id=site, since=begin, until=end)
    with opened(folder, site) as (_, _, publisher, store):
        rows = managers.refused(store, wanted, _ROWS_MAX)
        entries = _entries(store, publisher.keys, (row.worker_id for row in rows)) if names else {}
    if as_json:
        return print_json([{**asdict(row), "todo": managers.todo(row.reason), **_name(row, entries)} for row in rows])
    where = f"at {site}" if site else "at all sites"
    out.print(f"refused {where} since {short_text(begin or now(), now())}, {zone_text(now())}:", highlight=False)
    for reason, group in groupby(rows, key=lambda row: row.reason):
        _show_reason(reason, list(group), entries)
    if not rows:
        out.print("  nobody")
    return None


def inside(
    site: Annotated[str, typer.Argument(help="The site.", callback=id_of("site"))],
    folder: Folder = Path(),
    hours: Annotated[float, typer.Option(min=0.1, max=24 * 31, help="Passages of so many hours count.")] = 24,
    names: Names = False,
    as_json: Json = False,
) -> None:
    """Who is inside a site now, since when, and through which gate. It counts the passages that HQ holds.

    Example: sitegate-hq inside site-1 --names
    """
    with opened(folder, site) as (_, _, publisher, store):
        rows = managers.inside(store, site, now() - timedelta(hours=hours))
        entries = _entries(store, publisher.keys, (row.worker_id for row in rows)) if names else {}
    if as_json:
        return print_json([{**asdict(row), **_name(row, entries)} for row in rows])
    people = sum(row.count for row in rows)
    out.print(f"{people} inside {site} by the passages of {hours:g} h, {zone_text(now())}:", highlight=False)
    for row in rows:
        who = _who(row.worker_id, entries) if row.worker_id else f"{row.count} not recognised"
        out.print(f"  {short_text(row.since_utc, now())}  {row.gate_id}  {who}", highlight=False)
    return None


def register(app: typer.Typer) -> None:
    """Add the commands to `sitegate-hq`."""
    app.command()(refused)
    app.command()(inside)


def _show_reason(reason: str, rows: list[Refused], entries: Entries) -> None:
    people, times = len({row.worker_id for row in rows if row.worker_id}), sum(row.times for row in rows)
    count = f"{times} times" if times > 1 else "once"
    who = f", {people} {'people' if people > 1 else 'worker'}" if people else ""
    out.print(styled((reason, "bold"), f": {count}{who}"), highlight=False)
    if what := managers.todo(reason):
        out.print(f"  {what}", highlight=False)
    for row in rows:
        often = f", {row.times} times" if row.times > 1 else ""
        place = f"{row.site_id}/{row.gate_id}"
        out.print(
            f"  {short_text(row.last_utc, now())}  {place}  {_who(row.worker_id, entries)}{often}", highlight=False
        )


def _entries(store: Store, keys: HqKeys, worker_ids: Iterable[str | None]) -> Entries:
    with store.read() as db:
        return Directory(keys).of(db, sorted({name for name in worker_ids if name}))


def _who(worker_id: str | None, entries: Entries) -> str:
    if worker_id is None:
        return "not recognised"
    entry = entries.get(worker_id)
    words = [entry.name, entry.employer] if entry else []
    return " ".join((worker_id, *(f"({text})" for text in [", ".join(filter(None, words))] if text)))


def _name(row: Refused | Inside, entries: Entries) -> dict[str, str | None]:
    entry = entries.get(row.worker_id or "")
    return {"name": entry.name, "employer": entry.employer} if entry else {}
