"""`sitegate-district simulate`: a synthetic district, to measure with; `rebuild`: projections from the passages."""

import json
import time
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from district.commands.context import Folder, Json, opened, out


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(simulate)
    app.command()(rebuild)


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
    last_day: Annotated[str, typer.Option("--last-day", help="The last day, YYYY-MM-DD.")] = "2026-04-30",
    seed: Annotated[int, typer.Option(help="The same seed makes the same district.")] = 1,
    measure: Annotated[bool, typer.Option("--measure", help="Measure afterwards what pages and events take.")] = False,
    as_json: Json = False,
) -> None:
    """Fill an empty database with a synthetic district, to measure with. The usual size has 24 million passages.

    Example: sitegate-district simulate --dir measured --people 10000 --sites 30 --gates 100 --measure
    """
    opened(folder)
    from district.attendance.simulation.run import simulated
    from district.attendance.simulation.size import DatabaseNotEmpty, SimulationSize

    try:
        size = SimulationSize(people, sites, max(gates, sites), days, date.fromisoformat(last_day), seed)
    except ValueError:
        raise typer.BadParameter("write the day as YYYY-MM-DD", param_hint="--last-day") from None
    try:
        found = simulated(
            size, measure=measure, tell=lambda text: None if as_json else out.print(text, highlight=False)
        )
    except DatabaseNotEmpty as error:
        raise typer.BadParameter(str(error), param_hint="--dir") from None
    if as_json:
        out.print_json(json.dumps(found))
