"""`sitegate-district measure-tracing`: how long searches for contacts take in a synthetic district."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from district.commands.context import Folder, Json, opened, out


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("measure-tracing")(measure_tracing)


def measure_tracing(
    folder: Folder = Path(),
    trips: Annotated[int, typer.Option(min=1, help="Make about so many trips first, if there is none.")] = 5_000_000,
    rounds: Annotated[int, typer.Option(min=1, max=1_000, help="How many people are traced, drawn at random.")] = 30,
    as_json: Json = False,
) -> None:
    """Measure searches for contacts in a district that `simulate` made. It adds declared trips.

    Example: sitegate-district measure-tracing --dir measured --trips 5000000
    """
    opened(folder)
    from district.tracing.rules import TraceRefused
    from district.tracing.simulation import measure_searches, write_trips

    try:
        count = write_trips(trips)
    except TraceRefused as error:
        raise typer.BadParameter(str(error), param_hint="--dir") from None
    found = []
    if not as_json:
        out.print(f"{count} trips", highlight=False)
    for one in measure_searches(rounds):
        found.append(one)
        if not as_json:
            out.print(
                f"{one.what}: median {one.median_ms} ms, p95 {one.p95_ms} ms; processor {one.processor_ms} ms,"
                f" p95 {one.processor_p95_ms} ms; {one.contacts} contacts",
                highlight=False,
            )
    if as_json:
        out.print_json(json.dumps({"trips": count, "figures": [asdict(one) for one in found]}))
