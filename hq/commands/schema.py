"""`sitegate-hq schema`: the message contract for software of other makers."""

from pathlib import Path
from typing import Annotated

import typer

from contract import schema
from contract.messages import VERSION
from hq.commands.console import out


def register(app: typer.Typer) -> None:
    """Add the command to `sitegate-hq`."""
    app.command("schema")(_schema)


def _schema(
    folder: Annotated[Path | None, typer.Option("--out", help="Write all documents into this folder.")] = None,
) -> None:
    """Write the messages as JSON Schema and AsyncAPI, for software of other makers. Without --out: show the channels.

    Example: sitegate-hq schema --out ./sitegate-contract
    """
    if folder is None:
        out.print_json(schema.documents()["index.json"])
    else:
        written = schema.write(folder)
        out.print(f"wrote {len(written)} files of contract {VERSION} into {folder}", highlight=False)
