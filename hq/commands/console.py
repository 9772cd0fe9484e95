"""Print for `sitegate-hq`: tables for people, JSON for scripts."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.measure import Measurement
from sqlalchemy.exc import SQLAlchemyError

from common.terminal.console import Console, Table, styled
from contract.messages import Health
from hq.database.errors import plainly
from hq.reports import report

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


def show_events(rows: list[report.ListedEvent], *, as_json: bool) -> None:
    """Print events, one a line."""
    for row in rows:
        if as_json:
            out.print(json.dumps(asdict(row), default=str), highlight=False, markup=False)
        else:
            text = f"{time_text(row.corrected_utc or row.utc)}  {row.gate_id}  {row.seq:>6}  {row.type:<9} "
            text += f"{row.reason:<18} {row.worker_id or ''}"
            if row.corrected_utc:
                text += f"  (corrected; the gate's clock showed {time_text(row.utc)})"
            out.print(text, highlight=False, markup=False)


def gate_json(row: report.GateOverview) -> dict[str, Any]:
    """Return a gate for JSON."""
    return {
        "site_id": row.site_id,
        "gate_id": row.gate_id,
        "events": row.events,
        "status": row.status.model_dump(mode="json") if row.status else None,
        "status_utc": row.status_utc,
        "health": row.health.model_dump(mode="json") if row.health else None,
        "health_utc": row.health_utc,
    }


def health_cells(health: Health | None) -> tuple[str, ...]:
    """Return unsent events, age of the oldest, frames per second, temperature, free disk, and what needs attention."""
    if health is None:
        return ("",) * 6
    wrong = [
        says
        for wrong, says in (
            (not health.gate_state, "gate process silent"),
            (bool(health.gate_state) and not health.camera_ok, "camera lost"),
            (bool(health.gate_state) and not health.clock_trusted, "clock not set"),
            (bool(health.drift_alarms), f"scores have changed: {', '.join(health.drift_alarms)}"),
            (bool(health.lists_refused), f"admits nobody on older lists: {', '.join(health.lists_refused)}"),
            (bool(health.topics_refused), f"the broker refuses it: {', '.join(health.topics_refused)}"),
            (health.threshold_proposed is not None, f"threshold proposed: {health.threshold_proposed}"),
        )
        if wrong
    ]
    temperature = "" if health.cpu_temperature_c is None else f"{health.cpu_temperature_c:.0f}"
    measured = f"{health.oldest_unsent_s:.0f} s", f"{health.frames_per_s:.1f}", temperature, str(health.disk_free_mb)
    return (str(health.unsent_events), *measured, "; ".join(wrong))


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
