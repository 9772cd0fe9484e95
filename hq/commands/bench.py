"""`sitegate-hq bench`."""

import json
import os
import platform
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from common.terminal.console import Table, styled
from hq.bench.servers import Postgres, ServerError
from hq.commands.console import err, out, print_table
from hq.database import tables as t
from hq.database.errors import plainly
from hq.database.store import Store
from hq.keys import keys

if TYPE_CHECKING:
    from hq.bench.district import DistrictFigures
    from hq.bench.events import Measurement

NewDatabase = Callable[[], str]


app = typer.Typer(
    help="Measure HQ on this machine.",
    epilog="Example: sitegate-hq bench --events 100000 --gates 100",
    invoke_without_command=True,
)


@app.callback()
def bench(
    context: typer.Context,
    events: Annotated[int, typer.Option(min=1_000, max=10_000_000, help="Events of each measurement.")] = 50_000,
    gates: Annotated[int, typer.Option(min=1, max=1_000, help="Gates that send them.")] = 32,
    people: Annotated[int, typer.Option(min=10, max=500_000, help="Workers imported and published.")] = 5_000,
    database_url: Annotated[
        str | None,
        typer.Option(help="An empty database to use beside SQLite; it is emptied again.  [default: own server]"),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--dir", help="Folder on the disk that SQLite is timed on.  [default: here]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """Measure HQ on this machine: events stored, workers imported and published.

    One and two processes store events, with and without a broker, into SQLite and PostgreSQL (own server, if
    installed).

    `bench lists` measures how soon changes are in force at many gates.
    """
    if context.invoked_subcommand is not None:
        return
    from hq.bench import events as measurements  # numpy is for this command alone
    from hq.bench.lists import lists

    measurements.quiet()
    found: list[Measurement] = []
    with ExitStack() as stack:
        work = _work_folder(folder, stack)
        keys.init(work, (measurements.SITE,), 1)
        databases = {"SQLite": _sqlite(work), **_server(database_url, stack)}
        progress = stack.enter_context(Progress(console=err, transient=True))
        task = progress.add_task("making events", total=6 * len(databases))
        payloads = measurements.batches([f"g-{n}" for n in range(gates)], events)
        for database, new in databases.items():
            for what in (measurements.ingest_alone, measurements.through_broker):
                for processes in (1, 2):
                    progress.update(task, description=f"{database}: {what.__name__.replace('_', ' ')}, {processes}")
                    found.append(what(work, _made(new()), database, payloads, processes))
                    progress.advance(task)
            progress.update(task, description=f"{database}: {people} workers")
            figures, per_worker = lists(work, _made(new()), database, people)
            found += figures
            progress.advance(task, 2)
    _show(found, per_worker, as_json)


@app.command("lists")
def lists_command(
    sites: Annotated[int, typer.Option(min=1, max=2_000, help="Sites.")] = 300,
    gates: Annotated[int, typer.Option(min=1, max=10_000, help="Simulated gates, divided among the sites.")] = 1_000,
    workers: Annotated[int, typer.Option(min=1, max=1_000_000, help="Workers, divided among the sites.")] = 100_000,
    changes: Annotated[int, typer.Option(min=1, max=1_000, help="Changes of workers, and as many risk entries.")] = 40,
    postgres: Annotated[
        bool, typer.Option("--postgres", help="With PostgreSQL (own server) instead of SQLite.")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option("--dir", help="Folder on the disk that is timed.  [default: here]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of text.")] = False,
) -> None:
    """Measure how soon one worker's change, and one risk entry, are in force at the gates of the worker's site.

    HQ, its database and mosquitto are real. The gates are simulated: they verify, open and hold their lists.

    Example: sitegate-hq bench lists --sites 10 --gates 30 --workers 1000
    """
    from hq.bench.district import measure  # numpy is for this command alone
    from hq.bench.synthetic_district import District

    with ExitStack() as stack:
        work = _work_folder(folder, stack)
        server = stack.enter_context(closing(Postgres())) if postgres else None
        url = server.database("bench") if server else f"sqlite:///{work}/bench.db"
        progress = stack.enter_context(Progress(console=err, transient=True))
        task = progress.add_task("a synthetic district", total=None)
        wanted = District(sites, gates, workers, changes)
        database = "PostgreSQL" if postgres else "SQLite"
        figures = measure(work, url, database, wanted, lambda text: progress.update(task, description=text))
    if as_json:
        return out.print_json(json.dumps({"machine": _machine(), **asdict(figures)}))
    return _show_district(figures)


def _show_district(found: "DistrictFigures") -> None:
    out.print(
        f"{found.database}, {found.sites} sites, {found.gates} gates, {found.workers} workers; {_machine()}",
        highlight=False,
    )
    for line in (
        f"all workers imported, with two templates each: {found.import_s:.1f} s",
        f"first round of all lists, until the last gate: {found.round_s:.1f} s, {found.round_mb:.1f} MB to all gates",
        f"one worker changed, in force at all gates of the site: p50 {found.worker_p50_s:.2f} s, "
        f"p95 {found.worker_p95_s:.2f} s, {found.worker_bytes} bytes to each gate",
        f"one risk entry, likewise: p50 {found.risk_p50_s:.2f} s, p95 {found.risk_p95_s:.2f} s, {found.risk_bytes} bytes",
        f"HQ's process: {found.hq_memory_mb:.0f} MB at most, {found.hq_cpu_s:.1f} s of processor time",
    ):
        out.print(f"  {line}", highlight=False)


def _machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


def _show(found: list["Measurement"], per_worker: float, as_json: bool) -> None:
    machine = _machine()
    if as_json:
        rows = [{**asdict(figure), "per_s": figure.per_s} for figure in found]
        out.print_json(json.dumps({"machine": machine, "roster_bytes_per_worker": per_worker, "figures": rows}))
        return
    table = Table(
        "what",
        "database",
        "processes",
        "per second",
        "µs of HQ's processor each",
        title=f"sitegate-hq bench: {machine}",
    )
    for figure in found:
        table.add_row(
            figure.name, figure.database, str(figure.processes), f"{figure.per_s:,.0f}", f"{figure.cpu_us:,.0f}"
        )
    print_table(table)
    out.print(f"roster on the wire: {per_worker:.0f} bytes per worker with two templates", highlight=False)


def _work_folder(folder: Path | None, stack: ExitStack) -> Path:
    """Make a folder that is removed afterwards."""
    parent = folder or Path.cwd()
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sitegate-hq-bench-", dir=parent)))


def _sqlite(folder: Path) -> NewDatabase:
    numbers = count(1)
    return lambda: f"sqlite:///{folder}/bench{next(numbers)}.db"


def _server(url: str | None, stack: ExitStack) -> dict[str, NewDatabase]:
    """Return PostgreSQL: the named one, one of our own, or none."""
    if url is not None:
        if _tables(url):
            raise ServerError("the database is not empty, and would be emptied: create one for this measurement")
        stack.callback(_empty, url)
        return {url.partition(":")[0].partition("+")[0]: lambda: _empty(url)}
    try:
        server = Postgres()
    except ServerError as error:
        err.print(styled(("without PostgreSQL:", "yellow"), f" {error}"))
        return {}
    stack.callback(server.close)
    numbers = count(1)
    return {"PostgreSQL": lambda: server.database(f"bench{next(numbers)}")}


def _made(url: str) -> str:
    """Make the tables, so that this is in no figure."""
    Store(url).close()
    return url


def _tables(url: str) -> list[str]:
    try:
        engine = create_engine(url)
        found = inspect(engine).get_table_names()
        engine.dispose()
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        raise ServerError(plainly(error, "--database-url")) from error
    return found


def _empty(url: str) -> str:
    engine = create_engine(url)
    with engine.begin() as db:
        t.metadata.drop_all(db)
        db.execute(text("DROP TABLE IF EXISTS alembic_version"))
    engine.dispose()
    return url


def register(root: typer.Typer) -> None:
    """Add the command to `sitegate-hq`."""
    root.add_typer(app, name="bench")
