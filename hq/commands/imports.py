"""`sitegate-hq import`: show what a file would change, ask once, and apply it whole."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress

from common.sheets.opening import digest_of
from common.sheets.refusals import ImportRefused
from common.terminal.console import TextColumn
from hq.commands.console import err, out
from hq.commands.context import opened
from hq.commands.import_text import counted, preview, refusal
from hq.commands.lists import publish_lists
from hq.commands.options import Folder
from hq.database.store import Store
from hq.imports.importing import Apply, Importing
from hq.imports.lines import FileSource, SheetSource
from hq.imports.opening import columns_text, is_sheet, named_columns, open_source, save_columns
from hq.imports.plan import ImportMode
from hq.imports.reading import ImportOptions
from hq.imports.summary import ImportSummary
from hq.registry.sites import SiteRegistry

BAR_FROM = 5_000
"""Lines from which a progress bar is worth its place."""


def import_(
    files: Annotated[list[Path], typer.Argument(help="Files: .csv, .xlsx, .json or .toml.", metavar="FILE...")],
    folder: Folder = Path(),
    mode: Annotated[
        ImportMode,
        typer.Option(help="update: add and change; add: only add; replace: whole records; remove: who is named goes."),
    ] = ImportMode.UPDATE,
    site: Annotated[str | None, typer.Option(help="The only site that the file is about.")] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="FIELD=HEADING, where the headings were guessed wrong; may be repeated.")
    ] = None,
    columns: Annotated[
        Path | None, typer.Option(help="A TOML file with FIELD = HEADING; it is written if it does not exist.")
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="The sheet of a workbook with several.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="The zone of times that name none: Asia/Shanghai.")] = None,
    serial_dates: Annotated[
        list[str] | None, typer.Option(help="A field whose numbers are a spreadsheet's day numbers; may be repeated.")
    ] = None,
    new_list: Annotated[
        list[str] | None, typer.Option(help="A risk list that no rule names yet; may be repeated.")
    ] = None,
    by: Annotated[str, typer.Option(help="Who imports; it is recorded.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Apply without a question.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and end.")] = False,
    and_publish: Annotated[bool, typer.Option("--publish", help="Publish the lists to all sites afterwards.")] = False,
) -> None:
    """Import people, risk entries and rules from files. If anything is wrong in one of them, nothing is applied.

    On a terminal it shows what would change, and asks. Elsewhere CSV and XLSX need --yes.

    Example: sitegate-hq import workers.xlsx --site site-1 --dir ./hq
    """
    files = list(dict.fromkeys(files))
    if mode is ImportMode.REPLACE and len(files) > 1:
        raise ImportRefused("--mode replace takes one file, since each would take away what the others hold: join them")
    with opened(folder) as (_, people, publisher, store):
        if site is not None:
            (site,) = SiteRegistry(store).checked([site])
        given = named_columns(column or (), columns)
        read = partial(open_source, sheet=sheet, time_zone=time_zone, serial_dates=tuple(serial_dates or ()))
        importing = Importing(people, store, ImportOptions(mode, site, tuple(new_list or ()), by))
        asks = _is_terminal() and not yes
        found = [_checked(file, importing, read(file, store, given)) for file in files]
        for one in found:
            if one.refused or asks or dry_run or is_sheet(one.file):
                preview(one.file, one.source, one.checked, details=(asks or dry_run) and not one.refused)
        if refused := [refusal(one.file, one.checked) for one in found if one.refused]:
            raise ImportRefused("\n".join(refused))
        found = [one for one in found if not (one.checked.changes_nothing and is_sheet(one.file))]
        if dry_run or not found or not _may_apply(found, yes, asks):
            return
        with importing.applying() as apply:
            applied = [_applied(one, apply) for one in found]
        for one, summary in zip(found, applied, strict=True):
            out.print(counted(summary))
            if isinstance(one.source, SheetSource):
                _remember(store, one.source, given, columns)
        if and_publish:
            publish_lists(publisher, publisher.to_publish(SiteRegistry(store).active()))


@dataclass(frozen=True, slots=True)
class _CheckedFile:
    """A file, what it would change, and a digest of its bytes."""

    file: Path
    source: FileSource | SheetSource
    checked: ImportSummary
    digest: str

    @property
    def refused(self) -> bool:
        return bool(self.checked.problem_count)


def _checked(file: Path, importing: Importing, source: FileSource | SheetSource) -> _CheckedFile:
    digest = digest_of(file)
    with _progress("checking", source.total) as done:
        return _CheckedFile(file, source, importing.check(source, done), digest)


def _applied(one: _CheckedFile, apply: Apply) -> ImportSummary:
    """Apply a file. Raises ImportRefused: it changed, or an earlier file changed what it is about."""
    if digest_of(one.file) != one.digest:
        raise ImportRefused(f"{one.file} changed since it was checked: run the import again")
    with _progress("applying", one.checked.lines) as done:
        try:
            return apply(one.source, one.checked, done)
        except ImportRefused as error:
            raise ImportRefused(f"nothing was imported; {one.file}: {error}") from error


def register(app: typer.Typer) -> None:
    """Add the command to `sitegate-hq`."""
    app.command("import")(import_)


def _may_apply(found: Sequence[_CheckedFile], yes: bool, asks: bool) -> bool:
    """Ask on a terminal. Elsewhere a sheet, whose columns are guessed, needs --yes; JSON and TOML of scripts do not."""
    if yes:
        return True
    if asks:
        return typer.confirm("Apply this?", default=False)
    if sheets := [str(one.file) for one in found if is_sheet(one.file)]:
        raise ImportRefused(f"nothing was applied: {sheets[0]} needs --yes where nobody can be asked")
    return True


def _remember(store: Store, source: SheetSource, given: dict[str, str], path: Path | None) -> None:
    """Save the columns that somebody named, for the next file with these headings."""
    if given:
        save_columns(store, source)
    if path is not None and not path.exists():
        path.write_text(columns_text(source.columns.named), encoding="utf-8")
        out.print(f"wrote {path}: use it with --columns, or edit it")


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


@contextmanager
def _progress(what: str, total: int | None) -> Iterator[Callable[[int], object]]:
    if not err.is_terminal or (total is not None and total < BAR_FROM):
        yield lambda done: None
        return
    with Progress(TextColumn(what), BarColumn(), MofNCompleteColumn(), console=err, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)
