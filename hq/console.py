"""How the `sitegate-hq` command shows things: tables for people, JSON for scripts."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from hq import report

out = Console(soft_wrap=True)
err = Console(stderr=True, soft_wrap=True)


def show_events(rows: list[report.EventRow], *, as_json: bool) -> None:
    for row in rows:
        if as_json:
            out.print(json.dumps(asdict(row), default=str), highlight=False, markup=False)
        else:
            text = f"{time_text(row.corrected_utc or row.utc)}  {row.gate_id}  {row.seq:>6}  {row.type:<9} {row.reason:<18} {row.worker_id or ''}"
            if row.corrected_utc:
                text += f"  (corrected; the gate's clock showed {time_text(row.utc)})"
            out.print(text, highlight=False, markup=False)


def gate_json(row: report.GateRow) -> dict[str, Any]:
    return {
        "site_id": row.site_id,
        "gate_id": row.gate_id,
        "events": row.events,
        "status": row.status.model_dump(mode="json") if row.status else None,
        "status_utc": row.status_utc,
        "health": row.health.model_dump(mode="json") if row.health else None,
        "health_utc": row.health_utc,
    }


def print_json(data: Any) -> None:
    out.print(json.dumps(data, default=str, indent=2), highlight=False, markup=False)


def print_table(table: Table) -> None:
    """As wide as it is: a cut cell helps nobody, a terminal can scroll."""
    wide = out.options.update(max_width=400)
    out.print(table, width=Measurement.get(out, wide, table).maximum, crop=False)


def time_text(value: datetime | None) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S}Z" if value else ""
