"""Options that several commands have. Ids are checked as they are typed, before anything is made with them."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from common import ids

Typed = TypeVar("Typed", str, list[str], None)


def id_of(what: str) -> Callable[[Typed], Typed]:
    """Return the check of an id, or of several, that a person typed. It raises NoId."""

    def check(typed: Typed) -> Typed:
        several: list[str] = [typed] if isinstance(typed, str) else typed or []
        for one in several:
            ids.checked(what, one)
        return typed

    return check


Folder = Annotated[Path, typer.Option("--dir", "-d", envvar="SITEGATE_HQ_DIR", help="The folder with hq.toml.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
GateArgument = Annotated[str, typer.Argument(help="The gate.", callback=id_of("gate"))]
WorkerArgument = Annotated[str, typer.Argument(help="The worker's id.", callback=id_of("worker"))]
ByOption = Annotated[str, typer.Option("--by", help="Who does this; it is recorded.")]
