"""`sitegate-district measure-screening`: how long a key list takes in a synthetic district."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from district.commands.context import Folder, Json, opened, out


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("measure-screening")(measure_screening)


def measure_screening(
    folder: Folder = Path(),
    rows: Annotated[int, typer.Option(min=1, max=5_000_000, help="Rows of the list.")] = 1_000_000,
    rounds: Annotated[int, typer.Option(min=1, max=1_000, help="How many single people are compared.")] = 30,
    as_json: Json = False,
) -> None:
    """Compare a synthetic key list with everybody in a district that `simulate` made. Nothing of it is kept.

    Example: sitegate-district measure-screening --dir measured --rows 1000000
    """
    opened(folder)
    from district.screening.rules import ScreeningRefused
    from district.screening.simulation import measure_screening as measured

    found = []
    try:
        for one in measured(rows, rounds):
            found.append(asdict(one))
            if not as_json:
                out.print(
                    f"{one.what}: median {one.median_ms} ms, p95 {one.p95_ms} ms, processor {one.cpu_ms} ms,"
                    f" {one.found} found",
                    highlight=False,
                )
    except ScreeningRefused as error:
        raise typer.BadParameter(str(error), param_hint="--dir") from None
    if as_json:
        out.print_json(json.dumps({"rows": rows, "figures": found}))
