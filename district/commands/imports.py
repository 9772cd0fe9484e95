"""`sitegate-district import`: show what a sheet would change, and apply it whole with --yes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from common.sheets.refusals import ImportRefused
from common.terminal.console import styled
from common.terminal.text import visible
from district.commands.context import Folder, opened, out

if TYPE_CHECKING:
    from district.imports.result import ImportResult

SHOWN_MAX = 30
PROBLEMS_MAX = 100


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import")(import_)


def import_(
    subject: Annotated[str, typer.Argument(help="What the rows are: places, enterprises, sites or people.")],
    file: Annotated[Path, typer.Argument(help="An .xlsx or .csv file.")],
    user: Annotated[str, typer.Option("--as", help="The account whose rights count, and who is recorded.")],
    folder: Folder = Path(),
    column: Annotated[
        list[str] | None, typer.Option(help="FIELD=HEADING, where the headings are not known; may be repeated.")
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="The sheet of a workbook with several.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Apply; without it only show what would change.")] = False,
) -> None:
    """Import places, enterprises, sites or people from a sheet. If anything is wrong in it, nothing is applied.

    Example: sitegate-district import sites sites.xlsx --as officer --dir district
    """
    opened(folder)
    from django.contrib.auth import get_user_model
    from django.db import transaction

    from district.audit.record import record
    from district.imports.checking import apply, check
    from district.imports.reading import open_path
    from district.imports.registry import importers

    account = get_user_model().objects.filter(username=user).first()
    if account is None:
        raise ImportRefused(f"no account is called {user!r}: sitegate-district user list")
    if subject not in importers():
        raise ImportRefused(f"{subject!r} cannot be imported; known: {', '.join(importers())}")
    importer, told = importers()[subject], _told(column or ())
    read = open_path(file, importer, told, sheet)
    if read.unknown(told):
        raise ImportRefused(f"--column {read.unknown(told)[0]}: no such field; known: {', '.join(read.fields)}")
    if not read.clear:
        key = (read.lacking or list(read.guess.unclear))[0]
        seen = ", ".join(text for text in read.headings.texts if text)
        raise ImportRefused(f"{file}: no one column is the {key}; headings: {seen}; name it: --column {key}=HEADING")
    result, digest = check(importer, read, account)
    _show(file, result)
    if not yes or not result.changing:
        return
    write = apply(importer, read, account, digest)
    with transaction.atomic():
        done = write()
        record(account, "import", type(account), details={"subject": subject, "rows": str(done.changing)})
    out.print(f"applied {done.changing} rows", highlight=False)


def _told(columns: list[str] | tuple[str, ...]) -> dict[str, str]:
    told = {}
    for text in columns:
        key, equals, heading = text.partition("=")
        if not equals:
            raise ImportRefused(f"--column {text}: write FIELD=HEADING, for example --column name=姓名")
        told[key.strip()] = heading.strip()
    return told


def _show(file: Path, result: "ImportResult") -> None:
    """Print what would change. Raises ImportRefused for problems."""
    for one in result.problems[:PROBLEMS_MAX]:
        place = ", ".join(part for part in (f"row {one.row}" if one.row else "", one.where) if part)
        text = visible(one.text % one.values if one.values else one.text)
        out.print(styled((f"  {place}: ", "red" if one.grave else "yellow"), text))
    if result.problem_count:
        raise ImportRefused(f"{file}: {result.problem_count} problem(s), nothing is applied")
    counts = ", ".join(f"{action} {count}" for action, count in result.actions.items())
    out.print(f"{file}: {result.rows} rows: {counts}", highlight=False)
    for row in result.changes[:SHOWN_MAX]:
        said = "; ".join(f"{key} {after}" for key, after, _before in row.fields)
        out.print(visible(f"  row {row.row}, {row.name}: {row.action} {said}"), highlight=False)
    if result.changing > SHOWN_MAX:
        out.print(f"  … and {result.changing - SHOWN_MAX} more", highlight=False)
