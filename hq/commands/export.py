"""`sitegate-hq export`: workers, risk lists and events as a file for a spreadsheet."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from hq.commands.console import out, print_json
from hq.commands.context import opened
from hq.commands.options import Folder, Json, id_of
from hq.commands.times import typed_time
from hq.database.clock import now
from hq.database.event_search import EventFilter
from hq.reports import exports
from hq.reports.sheet_writer import Value, check_target, write_sheet

app = typer.Typer(no_args_is_help=True, help="Write workers, risk lists or events to a CSV or XLSX file.")

Target = Annotated[Path, typer.Argument(help="The file: .xlsx keeps long numbers as they are, .csv is for programs.")]
Replace = Annotated[bool, typer.Option("--replace", help="Replace a file of this name.")]
SiteOption = Annotated[str | None, typer.Option("--site", help="Only this site.", callback=id_of("site"))]


@app.command()
def workers(
    to: Target, folder: Folder = Path(), site: SiteOption = None, replace_: Replace = False, as_json: Json = False
) -> None:
    """Write all workers, with names and phone numbers. An import reads the file again.

    Example: sitegate-hq export workers workers.xlsx --site site-1
    """
    check_target(to, replace=replace_)
    with opened(folder, site) as (_, people, _publisher, store):
        _write(to, exports.WORKER_HEADINGS, exports.worker_rows(store, people, site), as_json=as_json)


@app.command()
def risk(to: Target, folder: Folder = Path(), replace_: Replace = False, as_json: Json = False) -> None:
    """Write who is on a risk list, why and until when.

    Example: sitegate-hq export risk risk.xlsx
    """
    check_target(to, replace=replace_)
    with opened(folder) as (_, people, _publisher, _store):
        _write(to, exports.RISK_HEADINGS, exports.risk_rows(people), as_json=as_json)


@app.command()
def events(
    to: Target,
    folder: Folder = Path(),
    since: Annotated[str, typer.Option("--since", help="The first day or moment.")] = "today",
    until: Annotated[str | None, typer.Option("--until", help="The end.  [default: one day after --since]")] = None,
    site: SiteOption = None,
    worker: Annotated[str | None, typer.Option("--worker", help="Only this worker.", callback=id_of("worker"))] = None,
    replace_: Replace = False,
    as_json: Json = False,
) -> None:
    """Write the events of a day, or of the time between two moments, in the order in which they happened.

    Example: sitegate-hq export events events.xlsx --since 2026-11-28 --site site-1
    """
    check_target(to, replace=replace_)
    utc = now()
    begin = typed_time(since, "--since", utc) or utc
    end = typed_time(until, "--until", utc) or begin + timedelta(days=1)
    if end <= begin:
        raise typer.BadParameter("the end is not after the beginning", param_hint="--until")
    wanted = EventFilter(site_id=site, worker_id=worker)
    with opened(folder, site) as (_, _people, _publisher, store):
        _write(to, exports.EVENT_HEADINGS, exports.event_rows(store, wanted, begin, end), as_json=as_json)


def register(parent: typer.Typer) -> None:
    """Add the group to `sitegate-hq`."""
    parent.add_typer(app, name="export")


def _write(to: Path, headings: Sequence[str], rows: Iterable[Sequence[Value]], *, as_json: bool) -> None:
    count = write_sheet(to, headings, rows)
    if as_json:
        print_json({"file": str(to), "rows": count})
    else:
        out.print(f"wrote {to}: {count} rows, for you alone (0600)", highlight=False)
