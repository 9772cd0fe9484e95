"""`sitegate-hq init`, `broker`, `run` and `ingest`: HQ's folder and its processes."""

import threading
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from common import ids, private_files, uncaught
from common.processes import on_ending
from hq import config as settings
from hq.broker import open_broker
from hq.commands.console import out
from hq.commands.options import Folder
from hq.keys import keys
from hq.service import HqService

OWN_BROKER = "127.0.0.1"
"""It has neither TLS nor passwords. Gates on the network need another broker (docs/HQ.md)."""


def init(
    folder: Annotated[Path, typer.Argument(help="The folder to make.")],
    site: Annotated[list[str] | None, typer.Option("--site", help="A site; may be repeated.")] = None,
    broker_port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the MQTT broker.")] = 1883,
) -> None:
    """Make HQ's folder: keys, one key pair per site, and hq.toml. Existing files stay.

    Example: sitegate-hq init ./hq --site site-1
    """
    sites = tuple(
        ids.checked("site", name) for name in site or ()
    )  # before anything is made: it becomes the name of a file
    for path in keys.init(folder, sites, broker_port):
        out.print(f"made {path}", highlight=False)
    for name in sites:
        if name not in settings.load(folder).sites:
            out.print(
                f"{folder / settings.FILE_NAME} stays as it was: sitegate-hq site add {name} --by YOU", highlight=False
            )
    out.print("Each gate of a site needs: keys/hq-signing.pub.pem, keys/hq-sealing.pub.pem, keys/sites/SITE.key.pem")
    out.print("For names on its screen it needs: keys/sites/SITE.screen.key.pem")


def broker(
    folder: Folder = Path(), host: Annotated[str, typer.Option(help="Address to listen on.")] = OWN_BROKER
) -> None:
    """Run the embedded MQTT broker on hq.toml's port until interrupted.

    Example: sitegate-hq broker --dir ./hq
    """
    stop = stop_event()
    with open_broker(folder, settings.load(folder).broker.port, host) as running:
        out.print(f"broker listens on {', '.join(running.listeners)}", highlight=False)
        while not stop.wait(0.5):
            if not running.is_running:
                raise RuntimeError("the broker ended by itself: start it again")


def run(
    folder: Folder = Path(),
    with_broker: Annotated[
        bool, typer.Option("--with-broker", help="Run the embedded broker too, for this machine.")
    ] = False,
) -> None:
    """Receive and acknowledge events, publish lists and commands, until interrupted.

    Example: sitegate-hq run --dir ./hq --with-broker
    """
    config = settings.load(folder)
    private_files.tighten(config.folder / settings.FILE_NAME)
    stop, service = stop_event(), HqService(config)
    try:
        service.claim()  # before the broker: a second HQ names the first, not a port that is taken
        with open_broker(folder, config.broker.port, OWN_BROKER) if with_broker else nullcontext():
            where = f"broker {config.broker.host}:{config.broker.port}"
            own = f"; its own broker listens on {OWN_BROKER}:{config.broker.port}, for this machine alone"
            out.print(f"HQ runs; {where}{own if with_broker else ''}", highlight=False)
            _serve(service, config.metrics.port, stop)
    finally:
        service.close()


def ingest(
    folder: Folder = Path(),
    metrics_port: Annotated[int, typer.Option(min=0, max=65_535, help="Prometheus, on this machine; 0: none.")] = 0,
) -> None:
    """Store a share of the gates' events beside `sitegate-hq run`, until interrupted. Start as many as there are cores.

    This helps with PostgreSQL; SQLite has one writer at a time.

    Example: sitegate-hq ingest --dir ./hq
    """
    config = settings.load(folder)
    out.print(f"taking events from broker {config.broker.host}:{config.broker.port}", highlight=False)
    _serve(HqService(config, worker=True), metrics_port, stop_event())


def stop_event() -> threading.Event:
    """Make an event that SIGINT, SIGTERM and SIGHUP set."""
    stop = threading.Event()
    on_ending(lambda *_: stop.set())
    return stop


def register(app: typer.Typer) -> None:
    """Add the commands to `sitegate-hq`."""
    for command in (init, broker, run, ingest):
        app.command()(command)


def _serve(service: HqService, metrics_port: int, stop: threading.Event) -> None:
    """Run a service until it is stopped, with its metrics if there is a port for them. Raises MetricsPortTaken."""
    try:
        if metrics_port:
            service.metrics.serve(metrics_port)
        service.run(stop)
    except (OSError, RuntimeError, SQLAlchemyError):  # shown in one sentence
        raise
    except Exception as error:  # a defect: its place belongs into the log of an unattended process
        uncaught.show("a defect", error)
        raise typer.Exit(1) from error
    finally:
        service.close()
