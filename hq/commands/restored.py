"""`sitegate-hq restored`: times at which the database proved to be older than it was, until a person has checked."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from common.terminal.console import Table, styled
from hq.commands.console import err, out, print_json, print_table, time_text
from hq.commands.context import opened
from hq.commands.options import Folder, Json
from hq.database.clock import now
from hq.database.restorations import Restoration, mark_seen, restorations
from hq.database.store import Store
from hq.reports.list_states import ListProblem

app = typer.Typer(
    help="Databases that were restored: show, and say that somebody has checked what was changed since.",
    epilog="Example: sitegate-hq restored",
    invoke_without_command=True,
)


class NotChecked(RuntimeError):
    """A word that cannot be recorded. The text says why."""


@app.callback()
def show(context: typer.Context, folder: Folder = Path(), as_json: Json = False) -> None:
    """Show when the database proved to be older than it was, and who checked what was changed since."""
    context.obj = folder
    if context.invoked_subcommand is None:
        _show(folder, as_json)


@app.command()
def checked(
    context: typer.Context,
    number: Annotated[int, typer.Argument(help="The number that sitegate-hq restored shows.")],
    by: Annotated[str, typer.Option("--by", help="Who has checked; it is recorded.")],
    why: Annotated[str, typer.Option("--why", help="What was checked; it is recorded.")],
    folder: Folder = Path(),
) -> None:
    """Say that somebody has checked what was changed since the backup: risk list, withdrawals, gates.

    Example: sitegate-hq restored checked 1 --by manager-7 --why "risk list compared with the paper"
    """
    if not by.strip() or not why.strip() or len(by) > 80:
        raise NotChecked("--by (1 to 80 characters) and --why may not be empty: both are recorded")
    with (
        opened(folder if folder != Path() else context.obj or folder) as (_, _, _, store),
        store.write("restorations") as db,
    ):
        known = mark_seen(db, number, now(), by, why)
    if not known:
        raise NotChecked(f"{number} is no open restoration: see sitegate-hq restored")
    out.print(f"recorded: {number} was checked by {by}", highlight=False)


def register(main: typer.Typer) -> None:
    """Add the group to `sitegate-hq`."""
    main.add_typer(app, name="restored")


def warn(store: Store, problems: Iterable[ListProblem]) -> None:
    """Print what a person must know before reading anything else: an old database, refused lists."""
    with store.read() as db:
        unseen = restorations(db, open_only=True)
    for one in unseen:
        text = f"{one}. Check what was changed since (risk list, withdrawals, gates), then: sitegate-hq restored checked {one.id}"
        err.print(styled(("restored:", "red"), f" {text}"))
    for problem in problems:
        err.print(styled((f"{problem.gate_id}:", "red" if problem.refused else "yellow"), f" {problem.text}"))


def _show(folder: Path, as_json: bool) -> None:
    with opened(folder) as (_, _, _, store), store.read() as db:
        rows: list[Restoration] = restorations(db)
    if as_json:
        return print_json([asdict(row) for row in rows])
    if not rows:
        return out.print("this database was never restored, as far as HQ knows")
    table = Table("number", "found", "database of", "what", "checked", "by", "why")
    for row in rows:
        checked_by = time_text(row.seen_utc), row.seen_by or "", row.why or ""
        table.add_row(str(row.id), time_text(row.found_utc), time_text(row.backup_utc), row.what, *checked_by)
    return print_table(table)
