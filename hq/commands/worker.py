"""`sitegate-hq worker`: find workers, end their work, erase them."""

import itertools
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from common.terminal.console import Table, styled
from contract.messages import ListKind, SiteDates
from hq.commands.console import err, out, print_json, print_table, time_text
from hq.commands.context import opened
from hq.commands.options import ByOption, Folder, Json, WorkerArgument, id_of
from hq.database.clock import now
from hq.database.people_changes import noted_changes
from hq.database.store import Store
from hq.lists.publisher import Publisher
from hq.registry import leaving
from hq.registry.known_workers import KnownWorker, known_workers, search_workers
from hq.registry.leaving import LeavingRefused
from hq.registry.site_dates import dates_text
from hq.registry.sites import SiteRegistry

app = typer.Typer(no_args_is_help=True, help="Show and find workers, end their work, erase them.")

LOG_WAIT_S = 5.0
Workers = Annotated[list[str], typer.Argument(help="The workers' ids.", metavar="WORKER...", callback=id_of("worker"))]
WhyOption = Annotated[str, typer.Option("--why", help="The reason; it is recorded.")]
_COLUMNS = ("worker", "name", "employer", "trade", "sites", "works", "until", "consent", "photos", "card")


class WorkerUnknown(ValueError):
    """A worker whom HQ does not have. The text says what to do."""


@app.command()
def show(worker: WorkerArgument, folder: Folder = Path(), as_json: Json = False) -> None:
    """Show all that HQ knows of one worker, with the risk lists and what was done at HQ.

    Example: sitegate-hq worker show w-1042
    """
    with opened(folder) as (_, people, _publisher, store):
        with store.read() as db:
            found = next(known_workers(db, people, [worker]), None)
            changes = noted_changes(db, people.cipher, worker)
        risks = people.risk_lists.find(worker, history=True)
    if found is None and not as_json:
        raise WorkerUnknown(f"{worker} is not among the workers: sitegate-hq worker find NAME{_erased(changes)}")
    if as_json:
        listed = [entry.model_dump(mode="json", exclude_none=True) for entry in risks]
        return print_json({"worker": found and asdict(found), "risk": listed, "changes": [asdict(c) for c in changes]})
    table = Table("what", "value", show_header=False, box=None)
    for name, value in asdict(found).items() if found else ():
        table.add_row(name.replace("_", " "), _text(value))
    for entry in risks:
        ends = time_text(entry.valid_until_utc) or "no end"
        lifted = f", lifted by {entry.lifted_by}" if entry.lifted_utc else ""
        table.add_row("risk list", f"{entry.list_name}, {entry.reason_code or 'no reason code'}, until {ends}{lifted}")
    for change in changes:
        why = f": {change.why}" if change.why else ""
        table.add_row(change.what, f"{time_text(change.utc)} by {change.by or 'somebody'}{why}")
    return print_table(table)


@app.command("list")
def list_(
    folder: Folder = Path(),
    site: Annotated[
        str | None, typer.Option("--site", help="Only workers of this site.", callback=id_of("site"))
    ] = None,
    without_photo: Annotated[bool, typer.Option("--without-photo", help="Only workers without a template.")] = False,
    left: Annotated[bool, typer.Option("--left", help="Also those who do not work any more.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="At most so many.")] = 200,
    as_json: Json = False,
) -> None:
    """List workers: who works where, who has a consent, who still needs a photo.

    Example: sitegate-hq worker list --site site-1 --without-photo
    """
    today = now().date()
    with opened(folder, site) as (_, people, _publisher, store), store.read() as db:
        wanted = (
            worker
            for worker in known_workers(db, people)
            if (site is None or site in worker.sites)
            and (left or worker.works(today, site))
            and not (without_photo and worker.templates)
        )
        _show_workers(wanted, limit, as_json=as_json)


@app.command()
def find(
    text: Annotated[str, typer.Argument(help="A part of an id, a name, a phone number, a team or an employer.")],
    folder: Folder = Path(),
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    as_json: Json = False,
) -> None:
    """Find workers, also those who left. Capitals, blanks and full-width characters do not matter.

    Example: sitegate-hq worker find "Li Wei"
    """
    if not text.strip():
        raise typer.BadParameter("say what to look for", param_hint="TEXT")
    with opened(folder) as (_, people, _publisher, store), store.read() as db:
        _show_workers(search_workers(db, people, text), limit, as_json=as_json)


@app.command()
def retire(
    workers: Workers,
    by: ByOption,
    why: WhyOption,
    folder: Folder = Path(),
    last_day: Annotated[
        datetime | None,
        typer.Option("--last-day", formats=["%Y-%m-%d"], help="The last day of work.  [default: they stop now]"),
    ] = None,
    site: Annotated[
        str | None, typer.Option("--site", help="End the work at this site only.", callback=id_of("site"))
    ] = None,
) -> None:
    """End the work of workers: their gates refuse them. The record stays, so that they can come back by an import.

    Example: sitegate-hq worker retire w-1042 --last-day 2026-12-31 --by office-3 --why "contract ends"
    """
    with opened(folder) as (_, people, publisher, store):
        day = last_day.date() if last_day else None
        leaving.retire(people, workers, by=by, why=why, last_day=day, site_id=site)
        publish_changed(publisher, store)
    when = f"after {day}" if day and day >= now().date() else "now"
    where = f"at {site}" if site else "anywhere"
    out.print(f"{', '.join(workers)}: no work {where} {when}", highlight=False)


@app.command()
def erase(
    workers: Workers,
    by: ByOption,
    why: WhyOption,
    folder: Folder = Path(),
    override: Annotated[
        bool, typer.Option("--override", help="Erase though a risk entry does not name you; it is recorded.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Erase without a question.")] = False,
    as_json: Json = False,
) -> None:
    """Erase all that HQ knows of workers: record, names, templates, cards, risk lists. Events keep the id alone.

    Example: sitegate-hq worker erase w-1042 --by office-3 --why "asked for it" --yes
    """
    if not yes and not (sys.stdin.isatty() and typer.confirm(f"Erase {', '.join(workers)} for good?")):
        raise LeavingRefused("nothing was erased: --yes erases without a question")
    with opened(folder) as (_, people, publisher, store):
        erased = leaving.erase(people, workers, by=by, why=why, override=override)
        _publish_without(publisher, store, {site_id for one in erased for site_id in one.sites})
        emptied = _emptied(store)
    if as_json:
        return print_json({"erased": [asdict(one) for one in erased], "files_emptied": emptied})
    for one in erased:
        out.print(f"{one.worker_id} erased: {one}", highlight=False)
    if not emptied:
        out.print("the database's log could not be emptied just now: the running HQ does it within a second")
    out.print("copies may remain:")
    out.print("  - at gates, until they have the next lists: sitegate-hq consent receipts", highlight=False)
    out.print("  - in backups and replicas of the database: after a restore erase again", highlight=False)
    return out.print("  - in the files that you imported: spreadsheets and photos", highlight=False)


def register(parent: typer.Typer) -> None:
    """Add the group to `sitegate-hq`."""
    parent.add_typer(app, name="worker")


def _show_workers(workers: Iterable[KnownWorker], limit: int, *, as_json: bool) -> None:
    found = list(itertools.islice(workers, limit + 1))
    if as_json:
        print_json([asdict(worker) for worker in found[:limit]])
    else:
        table, today = Table(*_COLUMNS), now().date()
        for one in found[:limit]:
            names = one.worker_id, one.name or "", one.employer or "", one.trade or "", ", ".join(one.sites)
            consent = "yes" if one.consent_ref else "no"
            works = "yes" if one.works(today) else "no"
            table.add_row(*names, works, _text(one.valid_until), consent, str(one.templates), _text(one.has_card))
        print_table(table)
        out.print(f"{min(len(found), limit)} workers", highlight=False)
    if len(found) > limit:
        err.print(styled((f"only the first {limit} are shown: --limit shows more", "yellow")))


def publish_changed(publisher: Publisher, store: Store) -> None:
    """Publish the lists that changed, at all sites."""
    for key in publisher.to_publish(SiteRegistry(store).active()):
        publisher.publish(*key)


def _publish_without(publisher: Publisher, store: Store, sites: set[str]) -> None:
    """Publish the lists of these sites whole: a list of changes leaves those who were erased in the former one."""
    for site_id in SiteRegistry(store).active():
        publisher.publish_without_removed(site_id)
    for site_id in sorted(sites):
        publisher.publish(site_id, ListKind.RISK, snapshot=True)
    publish_changed(publisher, store)


def _emptied(store: Store) -> bool:
    until = time.monotonic() + LOG_WAIT_S
    while not store.empty_log():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def _erased(changes: list[Any]) -> str:
    erased = next((change for change in changes if change.what == "erased"), None)
    return f"; erased on {time_text(erased.utc)} by {erased.by}" if erased else ""


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return time_text(value)
        case date():
            return value.isoformat()
        case (SiteDates(), *_):
            return dates_text(value)
        case tuple():
            return ", ".join(map(str, value))
        case _:
            return str(value)
