"""Print for `sitegate-hq`: tables for people, JSON for scripts."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.measure import Measurement
from sqlalchemy.exc import SQLAlchemyError

from common.terminal.console import Console, Table, styled
from hq.commands.times import local_text
from hq.database.errors import plainly
from hq.reports.listed_events import ListedEvent

out = Console(soft_wrap=True)
err = Console(stderr=True, soft_wrap=True)

LISTED = "\n  - "
"""Begins each problem in a list of them (`hq.config.HqConfigError`)."""


def tell(message: str) -> None:
    """Print an error. Only our own lists of problems have several lines."""
    first, *more = message.split(LISTED)
    err.print(styled(("error:", "red"), f" {first}"))
    for line in more:
        err.print(f"  - {line}")


def tell_warning(message: str) -> None:
    """Print a warning beside the output."""
    err.print(styled(("warning:", "yellow"), f" {message}"))


def described(error: Exception) -> str | None:
    """Describe an error that is not HQ's own; None if HQ has no better words."""
    return plainly(error, "database_url in hq.toml") if isinstance(error, SQLAlchemyError) else None


def show_events(rows: list[ListedEvent], *, as_json: bool) -> None:
    """Print events, one a line."""
    for row in rows:
        if as_json:
            out.print(json.dumps(asdict(row), default=str), highlight=False, markup=False)
        else:
            place = f"{row.site_id}/{row.gate_id}"
            text = f"{local_text(row.corrected_utc or row.utc)}  {place}  {row.seq:>6}  {row.direction or '-':<3}  "
            text += f"{row.type:<9} {row.reason:<18} {row.worker_id or ''}"
            if row.corrected_utc:
                text += f"  (corrected; the gate's clock showed {local_text(row.utc)})"
            out.print(text.rstrip(), highlight=False, markup=False)


def print_json(data: Any) -> None:
    """Print data as JSON."""
    out.print_json(json.dumps(data, default=str))


def print_table(table: Table) -> None:
    """Print a table in its full width, so that no cell is cut; a terminal can scroll."""
    wide = out.options.update(max_width=400)
    # rich never prints wider than its console believes the terminal to be.
    Console(file=out.file, width=Measurement.get(out, wide, table).maximum).print(table)


def time_text(value: datetime | None) -> str:
    """Return a time as text; "" if there is none."""
    return f"{value:%Y-%m-%d %H:%M:%S}Z" if value else ""
