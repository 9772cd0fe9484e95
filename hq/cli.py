"""The `sitegate-hq` command."""

import signal
import threading
import time
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from contract import ids, uncaught
from contract.memory import keep_private
from contract.messages import Command, CommandAction, ListKind
from contract.terminal.console import Table, styled
from contract.terminal.errors import telling_group
from contract.uncaught import shown_without_values
from hq import config as settings
from hq.broker import open_broker
from hq.commands import bench, consent, credentials, enrolments, gaps, schema
from hq.commands import gate as gate_cli
from hq.commands import keys as keys_cli
from hq.commands.console import (
    described,
    err,
    gate_json,
    health_cells,
    out,
    print_json,
    print_table,
    show_events,
    tell,
    time_text,
)
from hq.commands.context import Folder, opened
from hq.commands.logs import configure_logs
from hq.commands.order_text import signed_by
from hq.database.store import Store, now
from hq.keys import keys
from hq.lists import orders
from hq.lists.publisher import Publisher
from hq.registry.people import read_import
from hq.reports import report
from hq.reports.registration_states import registration_states
from hq.service import HqService

app = typer.Typer(
    help="HQ of sitegate: receives every gate's events, publishes roster, risk list and policy.",
    no_args_is_help=True,
    rich_markup_mode=None,  # markup would swallow what stands in brackets
    pretty_exceptions_enable=False,
    cls=telling_group(tell, described),
)

Json = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]
GateOption = Annotated[str | None, typer.Option("--gate", help="Only this gate.")]


def main() -> None:
    """Entry point of the console script."""
    keep_private()
    configure_logs()
    with shown_without_values():
        app()


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The folder to make.")],
    site: Annotated[list[str], typer.Option("--site", help="A site; may be repeated.")],
    broker_port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the MQTT broker.")] = 1883,
) -> None:
    """Make HQ's folder: keys, one key pair per site, and hq.toml. Existing files stay.

    Example: sitegate-hq init ./hq --site site-1
    """
    sites = tuple(ids.checked("site", name) for name in site)  # before anything is made: it becomes the name of a file
    for path in keys.init(folder, sites, broker_port):
        out.print(f"made {path}", highlight=False)
    new = [name for name in sites if name not in settings.load(folder).sites]
    if new:
        out.print(f"{folder / settings.FILE_NAME} stays as it was: add to its sites {', '.join(new)}", highlight=False)
    out.print("Each gate of a site needs: keys/hq-signing.pub.pem, keys/hq-sealing.pub.pem, keys/sites/SITE.key.pem")


@app.command()
def broker(
    folder: Folder = Path(), host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1"
) -> None:
    """Run the embedded MQTT broker on hq.toml's port until interrupted.

    Example: sitegate-hq broker --dir ./hq
    """
    with open_broker(folder, settings.load(folder).broker.port, host) as running:
        out.print(f"broker listens on {', '.join(running.listeners)}", highlight=False)
        stop = _stop_event()
        while not stop.wait(0.5):
            if not running.is_running:
                raise RuntimeError("the broker ended by itself: start it again")


@app.command()
def run(
    folder: Folder = Path(),
    with_broker: Annotated[bool, typer.Option("--with-broker", help="Run the embedded broker too.")] = False,
) -> None:
    """Receive and acknowledge events, publish lists and commands, until interrupted.

    Example: sitegate-hq run --dir ./hq --with-broker
    """
    config = settings.load(folder)
    stop = _stop_event()
    with open_broker(folder, config.broker.port) if with_broker else nullcontext():
        out.print(f"HQ runs; broker {config.broker.host}:{config.broker.port}", highlight=False)
        _serve(HqService(config), config.metrics.port, stop)


@app.command()
def ingest(
    folder: Folder = Path(),
    metrics_port: Annotated[int, typer.Option(min=0, max=65_535, help="Prometheus, on this machine; 0: none.")] = 0,
) -> None:
    """Take a share of the gates' events beside `sitegate-hq run`, until interrupted. Start as many as there are cores.

    Worth it with PostgreSQL; SQLite has one writer at a time.

    Example: sitegate-hq ingest --dir ./hq
    """
    config = settings.load(folder)
    out.print(f"taking events from broker {config.broker.host}:{config.broker.port}", highlight=False)
    _serve(HqService(config, worker=True), metrics_port, _stop_event())


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="JSON or TOML: workers, risk, policies, enrolments, sealed_enrolments.")],
    folder: Folder = Path(),
    and_publish: Annotated[bool, typer.Option("--publish", help="Publish all lists to all sites afterwards.")] = False,
) -> None:
    """Add workers, the risk list, policies and enrolments from a file; all of it or, after an error, nothing.

    Example: sitegate-hq import workers.toml --dir ./hq --publish
    """
    with opened(folder) as (config, people, publisher, _):
        done = people.take(read_import(file))
        out.print(
            f"imported {done.workers} workers, {done.risk} risk entries, {done.policies} policies, "
            f"{done.enrolments} enrolments"
        )
        if and_publish:
            _publish(publisher, config.sites, tuple(ListKind))


@app.command()
def publish(
    folder: Folder = Path(),
    site: Annotated[list[str] | None, typer.Option("--site", help="Only this site; may be repeated.")] = None,
    kind: Annotated[list[ListKind] | None, typer.Option("--list", help="Only this list; may be repeated.")] = None,
    snapshot: Annotated[bool, typer.Option("--snapshot", help="The whole lists, not only what changed.")] = False,
) -> None:
    """Sign the next version of the lists; the running HQ sends them to the gates.

    Where little changed since the last whole list, the changes alone are sent.

    Example: sitegate-hq publish --site site-1 --list roster
    """
    with opened(folder) as (config, _, publisher, _store):
        _publish(publisher, tuple(site or config.sites), tuple(kind or ListKind), snapshot)


@app.command()
def events(
    folder: Folder = Path(),
    gate: GateOption = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many, the newest.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Then wait for more.")] = False,
    as_json: Json = False,
) -> None:
    """The events HQ holds, oldest first. A time that was corrected, because the gate's clock was set later, says so.

    Example: sitegate-hq events --gate gate-1 --follow
    """
    with opened(folder) as (_, _, _, store):
        rows = report.events(store, gate_id=gate, limit=limit)
        show_events(rows, as_json=as_json)
        stop = _stop_event() if follow else None
        last = rows[-1].id if rows else 0
        while stop is not None and not stop.wait(0.5):
            rows = report.events(store, gate_id=gate, after_id=last, limit=100_000)
            show_events(rows, as_json=as_json)
            last = rows[-1].id if rows else last


@app.command()
def gates(folder: Folder = Path(), as_json: Json = False) -> None:
    """Every gate: connected or not, list versions, events held and not delivered yet, and what is wrong with it.

    --json shows all that it says of itself.

    Example: sitegate-hq gates
    """
    with opened(folder) as (config, _, _, store):
        rows = report.gates(store)
        known = registration_states(store, config.gates.unsigned_until)
    silent = sorted(known.keys() - {row.gate_id for row in rows})
    rows += [report.GateOverview(known[name].site_id, name, None, None, None, None, 0) for name in silent]
    if as_json:
        return print_json([{**gate_json(row), "standing": asdict(known[row.gate_id])} for row in rows])
    table = Table(
        "site",
        "gate",
        "known to HQ",
        "state",
        "since",
        "roster",
        "risk",
        "policy",
        "events",
        "unsent",
        "oldest",
        "fps",
        "CPU °C",
        "disk MB",
        "look at",
    )
    for row in rows:
        state = "unknown" if row.status is None else "online" if row.status.online else "offline"
        if row.status and not row.status.online:
            state += " (planned)" if row.status.planned else " (lost)"
        versions = [str(getattr(row.status, f"{kind.value}_version", "")) for kind in ListKind]
        standing = known[row.gate_id]
        told = styled((standing.text, "" if standing.taken else "red"))
        table.add_row(
            row.site_id,
            row.gate_id,
            told,
            state,
            time_text(row.status_utc),
            *versions,
            str(row.events),
            *health_cells(row.health),
        )
    return print_table(table)


@app.command()
def verify(folder: Folder = Path(), as_json: Json = False) -> None:
    """Walk the hash chain of every journal from its first event. Exit code 2 if one is not whole.

    Example: sitegate-hq verify
    """
    with opened(folder) as (_, people, _, store):
        verdicts, aside = report.verdicts(store, people.cipher), report.quarantine(store)
    if as_json:
        print_json([{**asdict(v), "ok": v.ok} for v in verdicts])
    else:
        for v in verdicts:
            said = "chain verified" if v.ok else f"NOT verified: {v.problem or 'events are missing'}"
            held = f"{v.gate_id} epoch {v.epoch}: HQ holds {v.held} of {v.last_seq} events, "
            out.print(styled(held, (said, "" if v.ok else "red")))
            if v.erased:
                out.print(f"  {v.erased} enrolments without what was sealed in them, erased by HQ", highlight=False)
            if v.newer:
                out.print(
                    f"  {v.newer} events of a newer version: update sitegate-hq, it reads them then", highlight=False
                )
        if not verdicts:
            out.print("no events yet")
        if aside:
            out.print(styled((f"{len(aside)} payloads in quarantine: sitegate-hq quarantine", "red")))
    if not all(v.ok for v in verdicts):
        raise typer.Exit(2)


@app.command()
def quarantine(folder: Folder = Path(), as_json: Json = False) -> None:
    """What came from gates and did not verify, newest first.

    Example: sitegate-hq quarantine
    """
    with opened(folder) as (_, _, _, store):
        rows = report.quarantine(store)
    if as_json:
        return print_json([asdict(row) for row in rows])
    table = Table("received", "gate", "epoch", "seq", "gate told", "what is wrong")
    for row in rows:
        times = time_text(row.received_utc), time_text(row.told_utc)
        table.add_row(times[0], row.gate_id, row.epoch, str(row.seq), times[1], row.reason)
    return print_table(table)


@app.command()
def command(
    gate: Annotated[str, typer.Argument(help="The gate.")],
    action: Annotated[str, typer.Argument(help="open-once, lock-down, release-lock-down, resync or reboot.")],
    why: Annotated[str, typer.Option(help="The reason; it is recorded at the gate.")],
    by: Annotated[str, typer.Option(help="Who gives the order.")],
    folder: Folder = Path(),
    site: Annotated[str | None, typer.Option(help="The gate's site; needed if it never reported.")] = None,
    valid_s: Annotated[float, typer.Option(min=1, max=900, help="The gate refuses it after so long.")] = 30,
    wait_s: Annotated[
        float, typer.Option(min=0, max=900, help="Wait so long for the gate's answer; 0: not at all.")
    ] = 15,
) -> None:
    """Order one gate to do something once. The running HQ sends it; a gate that is away never gets it.

    Exit code 0 only if the gate says that it did it (with --wait-s 0: if the order is queued).

    Example: sitegate-hq command gate-1 open-once --why "delivery, checked by phone" --by manager-7
    """
    try:
        wanted = CommandAction(action.replace("-", "_"))
    except ValueError as error:
        known = ", ".join(a.value.replace("_", "-") for a in CommandAction)
        raise typer.BadParameter(f"{action!r} is unknown; known: {known}", param_hint="ACTION") from error
    ids.checked("gate", gate)
    by, why = signed_by(by, why)
    with opened(folder) as (_, _, publisher, store):
        found = (site and ids.checked("site", site)) or next(
            (row.site_id for row in report.gates(store) if row.gate_id == gate), None
        )
        if found is None:
            raise typer.BadParameter("this gate never reported: name its --site", param_hint="GATE")
        newest = max((row.id for row in report.events(store, limit=1)), default=0)
        order = publisher.order(found, gate, wanted, why=why, by=by, valid_s=valid_s)
        out.print(
            f"command {order.command_id} for {found}/{gate}, valid until {time_text(order.expires_utc)}",
            highlight=False,
        )
        if wait_s:
            _await_answer(store, order, newest, wait_s)


schema.register(app)
credentials.register(app)
keys_cli.register(app)
gate_cli.register(app)
enrolments.register(app)
consent.register(app)
gaps.register(app)
bench.register(app)


def _publish(publisher: Publisher, sites: tuple[str, ...], kinds: tuple[ListKind, ...], snapshot: bool = False) -> None:
    for site in sites:
        for kind in kinds:
            version = publisher.publish(site, kind, snapshot)
            whole, _ = publisher.kept_versions()[site, kind]
            what = "" if whole == version else f", changes since version {whole}"
            out.print(f"{site}: {kind.value} version {version}{what}", highlight=False)


def _await_answer(store: Store, order: Command, newest: int, wait_s: float) -> None:
    """Say what became of an order; exit code 1 unless the gate did it."""
    until = time.monotonic() + wait_s
    while (found := orders.answer(store, order, newest)).done is None and time.monotonic() < until:
        time.sleep(0.2)
    if found.done:
        return out.print(found.text, highlight=False, markup=False)
    err.print(found.text if found.done is False else orders.still_open(order, found, now()), markup=False)
    raise typer.Exit(1)


def _serve(service: HqService, metrics_port: int, stop: threading.Event) -> None:
    """Run a service until told to stop, its numbers served if there is a port for them. Raises MetricsPortTaken."""
    try:
        if metrics_port:
            service.metrics.serve(metrics_port)
        service.run(stop)
    except (OSError, RuntimeError, SQLAlchemyError):  # told in one sentence
        raise
    except Exception as error:  # a defect: where it is belongs into the log of a process that nobody watches
        uncaught.tell("a defect", error)
        raise typer.Exit(1) from error
    finally:
        service.close()


def _stop_event() -> threading.Event:
    """An event that SIGINT and SIGTERM set."""
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    return stop
