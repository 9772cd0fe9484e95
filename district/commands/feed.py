"""`sitegate-district feed`: events of HQ's feed that could not be stored."""

import json
from pathlib import Path

import typer

from district.commands.context import Folder, Json, opened, out


def register(app: typer.Typer) -> None:
    """Add the commands."""
    feed = typer.Typer(help="Events of the gates that could not be stored.", no_args_is_help=True)
    feed.command()(failed)
    feed.command()(retry)
    app.add_typer(feed, name="feed")


def failed(folder: Folder = Path(), as_json: Json = False) -> None:
    """List the events that could not be stored, with the reason. The exit code is 1 if there are any.

    Example: sitegate-district feed failed
    """
    opened(folder)
    from district.exchange.models import FailedEntry

    rows = list(FailedEntry.objects.order_by("pk"))
    if as_json:
        names = ("gate_id", "line", "seq", "error", "attempts")
        out.print_json(json.dumps([{name: getattr(row, name) for name in names} for row in rows]))
    else:
        for row in rows:
            out.print(f"{row.gate_id} {row.line} {row.seq}: {row.error}", markup=False, highlight=False)
        advice = "update this program, then: sitegate-district feed retry" if rows else "nothing to do"
        out.print(f"events that could not be stored: {len(rows)}; {advice}", highlight=False)
    if rows:
        raise typer.Exit(1)


def retry(folder: Folder = Path()) -> None:
    """Try to store these events again, at once. The exit code is 1 if some fail again.

    Example: sitegate-district feed retry
    """
    opened(folder)
    from district.exchange.failed import retry_all

    stored, again = retry_all()
    out.print(f"stored: {stored}, failed again: {again}", highlight=False)
    if again:
        raise typer.Exit(1)
