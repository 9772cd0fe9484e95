"""`sitegate-district simulate`: a synthetic district, to measure with; `rebuild`: projections from the passages."""

import json
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from district.commands.context import Folder, Json, opened, out
from district.commands.measured_load import Load
from district.commands.measured_report import PARTS, measured_pages


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(simulate)
    app.command()(rebuild)
    app.command("simulate-events", hidden=True)(simulate_events)
    app.command("simulate-lists", hidden=True)(simulate_lists)


def rebuild(folder: Folder = Path()) -> None:
    """Make all stays and days again from the passages. Stop the worker meanwhile.

    Example: sitegate-district rebuild --dir district
    """
    opened(folder)
    from district.attendance.rebuild import rebuild as made_again

    begun_s = time.perf_counter()
    stays, days = made_again()
    out.print(f"{stays} stays, {days} days in {time.perf_counter() - begun_s:.1f} s", highlight=False)


def simulate(
    folder: Folder = Path(),
    people: Annotated[int, typer.Option(min=1, help="How many workers.")] = 100_000,
    sites: Annotated[int, typer.Option(min=1, max=990, help="How many sites.")] = 300,
    gates: Annotated[int, typer.Option(min=1, max=9_999, help="How many gates; at least one for each site.")] = 1_000,
    days: Annotated[int, typer.Option(min=1, max=400, help="How many days of passages.")] = 60,
    last_day: Annotated[str, typer.Option("--last-day", help="The last day, YYYY-MM-DD; else yesterday.")] = "",
    seed: Annotated[int, typer.Option(help="The same seed makes the same district.")] = 1,
    measure: Annotated[
        bool, typer.Option("--measure", help="Measure the district; make it first if there is none.")
    ] = False,
    parts: Annotated[str, typer.Option(help="What to measure: questions, pages, load, files.")] = ",".join(PARTS),
    users: Annotated[int, typer.Option(min=1, max=64, help="Users at the same time, under load.")] = 8,
    rate: Annotated[float, typer.Option(min=0.1, help="Requests a second of all users.")] = 50.0,
    seconds: Annotated[float, typer.Option(min=1, help="How long the load lasts.")] = 120.0,
    events: Annotated[float, typer.Option(min=0, help="Events a second that flow in meanwhile.")] = 60.0,
    declarations: Annotated[
        float, typer.Option(min=0, help="Declarations a second that workers send meanwhile.")
    ] = 0.0,
    lists_every: Annotated[
        float, typer.Option("--lists-every", min=0, help="Seconds between two key lists that arrive; 0: none.")
    ] = 0.0,
    hits: Annotated[
        int, typer.Option(min=0, max=200, help="People whom each key list names: HQ and gates run, and hold them.")
    ] = 0,
    as_json: Json = False,
) -> None:
    """Fill an empty database with a synthetic district, to measure with. The usual size has 24 million passages.

    Example: sitegate-district simulate --dir measured --people 10000 --sites 30 --gates 100 --measure
    """
    config = opened(folder)
    from district.attendance.simulation.run import measured, simulated
    from district.attendance.simulation.size import DatabaseNotEmpty, SimulationSize

    def tell(text: str) -> None:
        if not as_json:
            out.print(text, highlight=False)

    try:
        last = date.fromisoformat(last_day) if last_day else date.today() - timedelta(days=1)
    except ValueError:
        raise typer.BadParameter("write the day as YYYY-MM-DD", param_hint="--last-day") from None
    size, wanted, found = (
        SimulationSize(people, sites, max(gates, sites), days, last, seed),
        parts.split(","),
        dict[str, Any](),
    )
    try:
        found |= simulated(size, tell=tell)
    except DatabaseNotEmpty as error:
        if not measure:
            raise typer.BadParameter(str(error), param_hint="--dir") from None
    if measure:
        load = Load(users, rate, seconds, events, declarations, lists_every, hits)
        found |= measured_pages(config, wanted, load, tell)
    if measure and "questions" in wanted:
        found |= measured(size, tell=tell)
    if as_json:
        out.print_json(json.dumps(found))


def simulate_events(folder: Folder = Path(), rate: float = 60.0, seconds: float = 60.0) -> None:
    """Let events flow into a synthetic district. `simulate --measure` starts it."""
    opened(folder)
    from district.attendance.simulation.live import flow

    out.print_json(json.dumps(flow(rate, seconds)))


def simulate_lists(
    folder: Folder = Path(),
    every: float = 20.0,
    seconds: float = 60.0,
    rows: int = 2_000,
    hits: int = 0,
    ready: Annotated[Path | None, typer.Option()] = None,
) -> None:
    """Let key lists arrive in a synthetic district. `simulate --measure` starts it."""
    opened(folder)
    from district.commands.measured_lists import load_lists

    out.print_json(load_lists(every, seconds, rows, hits, ready.touch if ready else lambda: None))
