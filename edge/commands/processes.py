"""`sitegate gate|sync|screen|run`: the three processes, and all of them at once."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from edge import app as composition
from edge.commands.common import DEFAULT_CONFIG, EXIT_USAGE, ConfigOption, example, fail, load_config
from edge.logs import configure_logs
from edge.supervisor import Shutdown, Supervisor

LogJson = Annotated[bool, typer.Option("--log-json", help="Log JSON lines (the default when not on a terminal).")]


def gate(config: ConfigOption = DEFAULT_CONFIG, log_json: LogJson = False) -> None:
    """Watch the lane, decide, open. Touches camera and pins, never the network."""
    _run(config, log_json, composition.run_gate)


def sync(config: ConfigOption = DEFAULT_CONFIG, log_json: LogJson = False) -> None:
    """Send events to HQ and receive its lists. Touches the network, never camera or pins."""
    _run(config, log_json, composition.run_sync)


def screen(config: ConfigOption = DEFAULT_CONFIG, log_json: LogJson = False) -> None:
    """Serve the lane page and the manager's page on this machine."""
    _run(config, log_json, composition.run_screen)


def run(config: ConfigOption = DEFAULT_CONFIG, log_json: LogJson = False) -> None:
    """Start and supervise gate, sync and screen together (a machine without systemd, the demo)."""
    load_config(config)
    configure_logs(as_json=log_json)
    shutdown = Shutdown()
    shutdown.catch_signals()
    flags = ["--config", str(config), *(["--log-json"] if log_json else [])]
    commands = [(name, [sys.executable, "-m", "edge", name, *flags]) for name in ("sync", "gate", "screen")]
    Supervisor(commands).run(shutdown)


def lock(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Set the relay to locked, and exit. systemd runs it after the gate process ended, however it ended."""
    try:
        composition.lock(load_config(config))
    except composition.STARTUP_ERRORS as error:
        raise fail(str(error)) from error


def register(app: typer.Typer) -> None:
    app.command(epilog=example("sitegate run -c gate.toml"))(run)
    app.command(epilog=example("sitegate gate -c gate.toml"))(gate)
    app.command(epilog=example("sitegate lock -c gate.toml"))(lock)
    app.command(epilog=example("sitegate sync -c gate.toml"))(sync)
    app.command(epilog=example("sitegate screen -c gate.toml"))(screen)


def _run(config_path: Path, log_json: bool, process: composition.Process) -> None:
    config = load_config(config_path)
    configure_logs(as_json=log_json)
    shutdown = Shutdown()
    shutdown.catch_signals()
    try:
        process(config, shutdown)
    except composition.STARTUP_ERRORS as error:
        raise fail(str(error), EXIT_USAGE) from error
