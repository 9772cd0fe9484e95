"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[Path, typer.Option("--dir", "-d", envvar="SITEGATE_HQ_DIR", help="The folder with hq.toml.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
GateArgument = Annotated[str, typer.Argument(help="The gate.")]
