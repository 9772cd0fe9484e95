"""The --config option, the console and the printing of errors, which all commands share."""

from pathlib import Path
from typing import Annotated

import typer

from common.terminal.console import Console, styled
from edge.core.config import Config, ConfigError, load

DEFAULT_CONFIG = Path("/etc/sitegate/sitegate.toml")

ConfigOption = Annotated[
    Path,
    typer.Option(
        "--config", "-c", envvar="SITEGATE_CONFIG", help="The gate's TOML file.", show_default=str(DEFAULT_CONFIG)
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a script instead of a table.")]

out = Console()
err = Console(stderr=True)

EXIT_PROBLEM = 1
EXIT_USAGE = 2

LISTED = "\n  - "
"""What begins each problem in a list of them (`edge.core.config.ConfigError`)."""


def load_config(path: Path) -> Config:
    """The configuration, or a clear message and exit code 2."""
    try:
        return load(path)
    except ConfigError as error:
        raise fail(str(error), EXIT_USAGE) from error


def optional_config(path: Path) -> Config | None:
    """The configuration; None if none was named and there is none at its usual place."""
    return load_config(path) if path != DEFAULT_CONFIG or path.exists() else None


def fail(message: str, code: int = EXIT_PROBLEM) -> typer.Exit:
    """Print what went wrong and what to do; `raise fail(...)`."""
    tell(message)
    return typer.Exit(code)


def tell(message: str) -> None:
    """Print what went wrong. Only our own lists of problems have several lines."""
    first, *more = message.split(LISTED)
    err.print(styled(("problem:", "bold red"), f" {first}"), soft_wrap=True)
    for line in more:
        err.print(f"  - {line}", soft_wrap=True)


def example(*lines: str) -> str:
    """The epilog of a command's help: examples that can be copied."""
    return "Example: " + "  ·  ".join(f"`{line}`" for line in lines)
