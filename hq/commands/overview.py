"""`sitegate-hq gates`: every gate in one table."""

from dataclasses import asdict
from pathlib import Path

import typer

from common.terminal.console import Table, styled
from contract.messages import DECISION_LISTS
from hq.commands.console import gate_json, health_cells, print_json, print_table, time_text
from hq.commands.context import opened
from hq.commands.options import Folder, Json
from hq.commands.restored import warn
from hq.reports import report
from hq.reports.list_states import list_problems
from hq.reports.registration_states import RegistrationState, registration_states

_COLUMNS = (
    *("site", "gate", "known to HQ", "state", "since", "roster", "risk", "policy", "events", "unsent", "oldest"),
    *("fps", "CPU °C", "disk MB", "look at"),
)


def gates(folder: Folder = Path(), as_json: Json = False) -> None:
    """Every gate: connected or not, list versions, events held and not delivered yet, and what is wrong with it.

    --json shows all that it says of itself.

    Example: sitegate-hq gates
    """
    with opened(folder) as (config, _, _, store):
        rows = report.gates(store)
        known = registration_states(store, config.gates.unsigned_until)
        problems = list_problems(store)
        if not as_json:
            warn(store, problems)
    silent = sorted(known.keys() - {row.gate_id for row in rows})
    rows += [report.GateOverview(known[name].site_id, name, None, None, None, None, 0) for name in silent]
    if as_json:
        return print_json(
            [
                {
                    **gate_json(row),
                    "standing": asdict(known[row.gate_id]),
                    "list_problems": [one.text for one in problems if one.gate_id == row.gate_id],
                }
                for row in rows
            ]
        )
    table = Table(*_COLUMNS)
    for row in rows:
        _add_row(table, row, known[row.gate_id])
    return print_table(table)


def register(app: typer.Typer) -> None:
    """Add the command to `sitegate-hq`."""
    app.command()(gates)


def _add_row(table: Table, row: report.GateOverview, registered: RegistrationState) -> None:
    table.add_row(
        row.site_id,
        row.gate_id,
        styled((registered.text, "" if registered.taken else "red")),
        _state(row),
        time_text(row.status_utc),
        *(str(getattr(row.status, f"{kind.value}_version", "")) for kind in DECISION_LISTS),
        str(row.events),
        *health_cells(row.health),
    )


def _state(row: report.GateOverview) -> str:
    if row.status is None:
        return "unknown"
    if row.status.online:
        return "online"
    return "offline (planned)" if row.status.planned else "offline (lost)"
