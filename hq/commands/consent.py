"""`sitegate-hq consent`: withdraw a consent everywhere, and see which gates have followed."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from common.terminal.console import Table
from contract.messages import ListKind
from hq.commands.console import out, print_json, print_table, time_text
from hq.commands.context import opened
from hq.commands.options import Folder, Json, id_of
from hq.registry.sites import SiteRegistry
from hq.reports import receipts

app = typer.Typer(
    no_args_is_help=True, help="Withdraw a worker's consent everywhere, and see which gates have followed."
)

LOG_PATIENCE_S = 5.0
_COLUMNS = (
    *("worker", "why", "gone at HQ", "site", "gate", "template", "since", "gate is", "since", "signed", "which means"),
)


@app.command()
def withdraw(
    workers: Annotated[
        list[str], typer.Argument(help="The workers' ids.", metavar="WORKER...", callback=id_of("worker"))
    ],
    folder: Folder = Path(),
    by: Annotated[str, typer.Option(help="Who recorded it.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Remove the workers too, not only their templates.")] = False,
) -> None:
    """Destroy the templates of these workers, and publish the rosters without them, whole, at once.

    Example: sitegate-hq consent withdraw w-1042 --by office-3
    """
    with opened(folder) as (_, people, publisher, store):
        people.withdraw(workers, by, remove=remove)
        for site in SiteRegistry(store).active():
            publisher.publish_without_removed(site)
            version = publisher.kept_versions().get((site, ListKind.ROSTER), (0, 0))[0]
            state = f"roster version {version}, whole, without {', '.join(workers)}" if version else "no roster yet"
            out.print(f"{site}: {state}", highlight=False)
        until = time.monotonic() + LOG_PATIENCE_S
        while not (emptied := store.empty_log()) and time.monotonic() < until:
            time.sleep(0.1)
        if not emptied:
            out.print("the database's log could not be emptied just now: the running HQ does it within a second")
    out.print("which gates have followed: sitegate-hq consent receipts", highlight=False)


@app.command("receipts")
def receipts_(
    worker: Annotated[
        str | None, typer.Argument(help="Only of this worker.", metavar="[WORKER]", callback=id_of("worker"))
    ] = None,
    folder: Folder = Path(),
    open_only: Annotated[bool, typer.Option("--open", help="Only gates that may still hold something.")] = False,
    as_json: Json = False,
) -> None:
    """Show which gates provably hold a withdrawn, removed or replaced template no more. Exit code 2 while one may.

    Example: sitegate-hq consent receipts w-1042
    """
    with opened(folder) as (_, _, _, store):
        found = receipts.receipts(store, worker)
    missing = any(row.held is not receipts.TemplatePlace.NOWHERE for row in found)
    shown = [row for row in found if not (open_only and row.held is receipts.TemplatePlace.NOWHERE)]
    if as_json:
        print_json([asdict(row) for row in shown])
    elif found:
        _show(shown)
        out.print(receipts.summary(found), highlight=False)
    else:
        out.print("nothing was withdrawn, removed or replaced yet")
    if missing:
        raise typer.Exit(2)


def register(parent: typer.Typer) -> None:
    """Add the group to `sitegate-hq`."""
    parent.add_typer(app, name="consent")


def _show(rows: list[receipts.Receipt]) -> None:
    table = Table(*_COLUMNS)
    for row in rows:
        gate = "online" if row.online else "offline"
        if row.sealed_enrolments:
            gate += f", {row.sealed_enrolments} sealed enrolments"
        table.add_row(
            *(row.worker_id, row.why, time_text(row.forgotten_utc), row.site_id, row.gate_id),
            *(row.held.value, time_text(row.proven_utc), gate, time_text(row.since_utc)),
            *("yes" if row.signed else "no", row.detail),
        )
    print_table(table)
