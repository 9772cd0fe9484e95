"""`sitegate roster`: HQ's lists, as this gate believes them (signatures checked, seals opened)."""

import json
from pathlib import Path

import typer

from common.terminal.console import Table, styled
from contract.messages import NoticeCode
from contract.signing import BadKey
from edge.app.roster import open_roster
from edge.commands.clock import WhyOption, send
from edge.commands.common import (
    DEFAULT_CONFIG,
    EXIT_USAGE,
    ConfigOption,
    JsonOption,
    err,
    example,
    fail,
    load_config,
    out,
)
from edge.core.decision import tiers
from edge.core.domain import RosterState
from edge.system.clock import SystemClock

app = typer.Typer(no_args_is_help=True, help="Show the lists this gate has from HQ.")


@app.command("list", epilog=example("sitegate roster list", "sitegate roster list --json"))
def list_(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """List every worker by id: sites, dates, templates, risk list, look-alikes, photos that were upside down."""
    from edge.matcher import ModelError
    from edge.matcher.engine.upright import rotated_workers
    from edge.matcher.gallery.look_alikes import marked

    state, matcher = _state(config), load_config(config).matcher
    try:
        alike, turned = marked(state.templates, matcher), rotated_workers(state.templates, matcher)
    except ModelError as error:
        raise fail(str(error), EXIT_USAGE) from error
    counts: dict[str, int] = {}
    for worker_id, _ in state.templates:
        counts[worker_id] = counts.get(worker_id, 0) + 1
    rows = [
        {
            "worker_id": w.worker_id,
            "sites": sorted(w.sites),
            "active": w.active,
            "training_valid_until": str(w.training_valid_until or ""),
            "templates": counts.get(w.worker_id, 0),
            "risk_list": w.worker_id in state.risks,
            "look_alike": alike[w.worker_id].worker_id if w.worker_id in alike else "",
            "look_alike_score": round(alike[w.worker_id].score, 3) if w.worker_id in alike else "",
            "upside_down": w.worker_id in turned,
        }
        for w in state.workers.values()
    ]
    if as_json:
        out.print_json(json.dumps(rows))
        return
    names = ("worker", "sites", "active", "training until", "templates", "risk list", "looks like", "score")
    table = Table(*names, "upside down", box=None)
    for row in rows:
        table.add_row(*(", ".join(v) if isinstance(v, list) else _plain(v) for v in row.values()))
    out.print(table)
    if turned:
        out.print(f"{len(turned)} enrolled from a photo upside down: their faces do not fit, enrol them again")


@app.command(epilog=example("sitegate roster status"))
def status(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Show version and age of roster, risk list and policy, and what was refused."""
    roster_state, now = _state(config), SystemClock().utc()
    found = dict(zip(("roster", "risk"), tiers(roster_state, "site", now), strict=True))
    ages = {"roster": roster_state.roster, "risk": roster_state.risk, "policy": roster_state.policy_age}
    rows = [
        {
            "list": name,
            "version": age.version,
            "issued_utc": age.issued_utc.isoformat() if age.issued_utc else "",
            "tier": found[name].value if name in found else "",
        }
        for name, age in ages.items()
    ]
    if as_json:
        out.print_json(json.dumps(rows))
        return
    table = Table("list", "version", "issued (UTC)", "tier", box=None)
    for row in rows:
        table.add_row(*map(str, row.values()))
    out.print(table)


@app.command("accept", epilog=example('sitegate roster accept --why "HQ was restored from a backup"'))
def accept(why: WhyOption, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Let the next lists from HQ come into force although this gate had newer ones.

    This holds for one hour, and once for each list. Use it when HQ was restored from a backup. It is recorded with
    your name.
    """
    send(config, "take_older_lists", why)
    out.print("asked: the next lists from HQ come into force, also older ones; see: sitegate events list")


def _plain(value: object) -> str:
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _state(config_path: Path) -> RosterState:
    try:
        reader = open_roster(load_config(config_path))
    except BadKey as error:
        raise fail(str(error), EXIT_USAGE) from error
    reader.refresh()
    if reader.trouble:
        raise fail(reader.trouble)
    for incident in reader.incidents():
        if incident.code is NoticeCode.LIST_REFUSED:  # Other incidents are not about lists. The journal has them.
            err.print(styled(("refused:", "yellow"), f" {incident.detail}"))
    return reader.state
