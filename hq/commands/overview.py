"""`sitegate-hq gates`: every gate in one table."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from common.terminal.console import Console, Table, stacked, styled
from contract.messages import DECISION_LISTS, Health
from hq.commands.console import out, print_json, print_table, tell_warning, time_text
from hq.commands.context import opened
from hq.commands.options import Folder, Json
from hq.commands.restored import warn
from hq.commands.times import short_text, zone_text
from hq.database.clock import now
from hq.lists.lock_downs import SiteLockDown, SiteLockDowns
from hq.reports import link_file, report
from hq.reports.gate_lines import GateLine, gate_lines
from hq.reports.list_states import list_problems
from hq.reports.registration_states import RegistrationState, registration_states

URGENT = 3
"""Problems up to this rank are shown in red."""
_WIDE = (
    *("site", "gate", "known to HQ", "state", "since", "roster", "risk", "policy", "events", "unsent", "oldest"),
    *("fps", "CPU °C", "disk MB", "look at"),
)

Wide = Annotated[bool, typer.Option("--wide", help="All numbers in one wide table.")]


def gates(folder: Folder = Path(), wide: Wide = False, as_json: Json = False) -> None:
    """Every gate, those first that need somebody: state, list versions, and what is wrong with it.

    A lost or killed gate shows its last known state. --json shows all that it says of itself.

    Example: sitegate-hq gates
    """
    with opened(folder) as (config, _, publisher, store):
        rows = report.gates(store)
        known = registration_states(store, config.gates.unsigned_until)
        standing = SiteLockDowns(store, publisher.keys, lambda: False).standing()
        refused = list_problems(store)
        if not as_json:
            warn(store, refused)
    silent = sorted(known.keys() - {row.gate_id for row in rows})
    rows += [report.GateOverview(known[name].site_id, name, None, None, None, None, 0) for name in silent]
    lines = gate_lines(rows, known, refused, {one.site_id for one in standing}, now(), _time)
    if as_json:
        problems = {line.gate_id: [found.text for found in line.problems] for line in lines}
        of_lists = {name: [one.text for one in refused if one.gate_id == name] for name in problems}
        return print_json(
            [
                {
                    **_gate_json(row, known[row.gate_id], problems[row.gate_id]),
                    "list_problems": of_lists[row.gate_id],
                }
                for row in rows
            ]
        )
    for problem in link_file.problems(config.folder):
        tell_warning(problem)
    for one in standing:
        out.print(styled((f"{one.site_id} is locked down", "red"), _since(one)), highlight=False)
    if wide:
        return _print_wide(rows, known, {line.gate_id: line for line in lines})
    return _print_lines(lines)


def register(app: typer.Typer) -> None:
    """Add the command to `sitegate-hq`."""
    app.command()(gates)


def _print_lines(lines: list[GateLine]) -> None:
    """Print a table as wide as the terminal. Long words continue in the next line, and nothing is cut."""
    wrong = sum(bool(line.problems) for line in lines)
    count = "1 gate" if len(lines) == 1 else f"{len(lines)} gates"
    out.print(f"{count}, {wrong} to look at, {zone_text(now())}", highlight=False)
    if not lines:
        return
    table = Table("gate", "state", "lists", "look at")
    for column in table.columns:
        column.overflow = "fold"
    table.columns[2].no_wrap = True
    for line in lines:
        urgent = bool(line.problems) and line.problems[0].rank <= URGENT
        found = [(problem.text, "red" if problem.rank <= URGENT else "") for problem in line.problems]
        state = styled((line.state, "red" if urgent else ""))
        table.add_row(stacked(line.site_id, line.gate_id), state, line.lists, stacked(*found) if found else "")
    # Not `out`: with soft_wrap it would cut what does not fit.
    Console(file=out.file, width=out.width).print(table)
    out.print("lists: versions of roster/risk list/policy; all numbers: --wide or --json", highlight=False)


def _print_wide(
    rows: list[report.GateOverview], known: dict[str, RegistrationState], lines: dict[str, GateLine]
) -> None:
    table = Table(*_WIDE)
    for row in rows:
        registered, line = known[row.gate_id], lines[row.gate_id]
        table.add_row(
            row.site_id,
            row.gate_id,
            styled((registered.text, "" if registered.taken else "red")),
            line.state,
            time_text(row.status_utc),
            *(str(getattr(row.status, f"{kind.value}_version", "")) for kind in DECISION_LISTS),
            str(row.events),
            *_numbers(row.health),
            "; ".join(problem.text for problem in line.problems),
        )
    print_table(table)


def _numbers(health: Health | None) -> tuple[str, ...]:
    """Return unsent events, age of the oldest, frames per second, temperature and free disk."""
    if health is None:
        return ("",) * 5
    temperature = "" if health.cpu_temperature_c is None else f"{health.cpu_temperature_c:.0f}"
    measured = f"{health.oldest_unsent_s:.0f} s", f"{health.frames_per_s:.1f}", temperature, str(health.disk_free_mb)
    return (str(health.unsent_events), *measured)


def _gate_json(row: report.GateOverview, registered: RegistrationState, problems: list[str]) -> dict[str, Any]:
    return {
        "site_id": row.site_id,
        "gate_id": row.gate_id,
        "events": row.events,
        "status": row.status.model_dump(mode="json") if row.status else None,
        "status_utc": row.status_utc,
        "health": row.health.model_dump(mode="json") if row.health else None,
        "health_utc": row.health_utc,
        "standing": asdict(registered),
        "state": row.state,
        "state_utc": row.state_utc,
        "state_since_utc": row.state_since_utc,
        "locked_down_utc": row.locked_down_utc,
        "losses": row.losses,
        "problems": problems,
    }


def _since(one: SiteLockDown) -> str:
    return f" since {short_text(one.ordered_utc, now())} by {one.by}: {one.why}. See: sitegate-hq lock-downs"


def _time(value: Any) -> str:
    return short_text(value, now())
