"""`sitegate gate`, `sync`, `screen`, `run`: the three processes, and all of them at once."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from common import uncaught
from edge.commands.common import DEFAULT_CONFIG, EXIT_PROBLEM, EXIT_USAGE, ConfigOption, err, example, fail, load_config
from edge.core.config import Config
from edge.system.logs import configure_logs
from edge.system.supervisor import Shutdown, Supervisor

LogJson = Annotated[bool, typer.Option("--log-json", help="Log JSON lines (the default when not on a terminal).")]

# Each command imports its own process only: what is not loaded cannot be touched.


def gate(config: ConfigOption = DEFAULT_CONFIG, log_json: LogJson = False) -> None:
    """Watch the lane, decide, open. Touches camera and pins, never the network."""
    with _locked_if_it_fails(config):
        load_config(config)
        from edge.app import gate as process

    _run(config, log_json, process.run, process.ERRORS)


def lock(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Set the relay to locked, and exit. systemd runs this after every end of the gate process."""
    err.print(_lock(config), highlight=False, markup=False)


def sync(config: ConfigOption = DEFAULT_CONFIG, log_json: LogJson = False) -> None:
    """Send events to HQ and receive its lists. Touches the network, never camera or pins."""
    from edge.app import sync as process

    _run(config, log_json, process.run, process.ERRORS)


def screen(config: ConfigOption = DEFAULT_CONFIG, log_json: LogJson = False) -> None:
    """Serve the pages of lane, guard, office and technician on this machine."""
    from edge.app import screen as process

    _run(config, log_json, process.run, process.ERRORS)


def run(config: ConfigOption = DEFAULT_CONFIG, log_json: LogJson = False) -> None:
    """Start and supervise gate, sync and screen together (a machine without systemd, the demo)."""
    load_config(config)
    configure_logs(as_json=log_json)
    shutdown = Shutdown()
    shutdown.catch_signals()
    flags = ["--config", str(config), *(["--log-json"] if log_json else [])]
    commands = [(name, [sys.executable, "-m", "edge", name, *flags]) for name in ("sync", "gate", "screen")]
    Supervisor(commands).run(shutdown)


@contextmanager
def _locked_if_it_fails(config: Path) -> Iterator[None]:
    """Lock the relay first if the gate cannot start: a broken configuration, or a library that cannot be loaded."""
    try:
        yield
    except (typer.Exit, ImportError, OSError) as error:
        try:
            said = _lock(config)
        except typer.Exit:
            said = ""  # already printed
        if said:
            err.print(said, highlight=False, markup=False)
        if isinstance(error, typer.Exit):
            raise
        raise fail(f"sitegate is not installed whole ({error}): install it again", EXIT_USAGE) from error


def _lock(config: Path) -> str:
    """Lock, and return one sentence; or print a clear message and exit with code 1."""
    from edge.app.lock_relay import lock_relay
    from edge.core.ports import GateError

    try:
        return lock_relay(config)
    except GateError as error:
        raise fail(str(error)) from error


def register(app: typer.Typer) -> None:
    app.command(epilog=example("sitegate run -c gate.toml"))(run)
    app.command(epilog=example("sitegate gate -c gate.toml"))(gate)
    app.command(epilog=example("sitegate lock -c gate.toml"))(lock)
    app.command(epilog=example("sitegate sync -c gate.toml"))(sync)
    app.command(epilog=example("sitegate screen -c gate.toml"))(screen)


def _run(
    config_path: Path,
    log_json: bool,
    process: Callable[[Config, Shutdown], None],
    errors: tuple[type[Exception], ...],
) -> None:
    config = load_config(config_path)
    configure_logs(as_json=log_json)
    shutdown = Shutdown()
    shutdown.catch_signals()
    try:
        process(config, shutdown)
    except errors as error:
        raise fail(str(error), EXIT_USAGE) from error
    except Exception as error:  # A defect. Its place belongs in the log, because nobody watches this process.
        uncaught.show("a defect", error)
        raise typer.Exit(EXIT_PROBLEM) from error
