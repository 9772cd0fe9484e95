"""`sitegate-hq enroll`: templates from a folder or an archive of photos."""

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from common.sheets.opening import open_sheet
from common.terminal.console import TextColumn, styled
from hq.commands.console import err, out, print_json
from hq.commands.context import opened
from hq.commands.options import Folder, Json
from hq.commands.worker import publish_changed
from hq.imports.columns import KNOWN_HEADINGS
from hq.photos.assignment import Assignment, PhotoProblem, PhotoRow, assigned_by_name, assigned_by_table, named_workers
from hq.photos.judging import JudgedPhotos, Offers, judge, wanted_photos
from hq.photos.matcher_process import PhotoMatcher
from hq.photos.table import CONSENT_MAX, PhotoTableError, photo_rows
from hq.registry.photo_enrolments import PhotoEnrolments

SHOWN = 20
"""Names in one line of the summary."""
NOTHING_STORED, SOME_BAD = 1, 2


def enroll(
    photos: Annotated[Path, typer.Argument(help="A folder or a ZIP archive of photos: JPEG, PNG, WebP or BMP.")],
    folder: Folder = Path(),
    consent: Annotated[
        str, typer.Option("--consent", help="The consent of each worker for whom neither HQ nor the table has one.")
    ] = "",
    table: Annotated[
        Path | None,
        typer.Option("--table", help="A CSV or XLSX file with the columns worker_id, and photo or consent or both."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Enrolled workers too: the new templates replace the old ones.")
    ] = False,
    accept: Annotated[
        list[str] | None,
        typer.Option("--accept", metavar="WORKER", help="Enrol this worker though another face is alike; repeatable."),
    ] = None,
    why: Annotated[str, typer.Option("--why", help="The reason for --accept; it is recorded.")] = "",
    by: Annotated[str, typer.Option("--by", help="Who enrols; it is recorded.")] = "",
    models: Annotated[
        Path | None, typer.Option("--models", help="The folder of weights.  [default: the cache]")
    ] = None,
    fetch: Annotated[bool, typer.Option("--fetch", help="Download missing weights first (40 MB).")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be stored.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Store without a question.")] = False,
    and_publish: Annotated[bool, typer.Option("--publish", help="Publish the lists that changed afterwards.")] = False,
    as_json: Json = False,
) -> None:
    """Enrol many workers from photos that carry their ids as names: w-1042.jpg, "w-1042 (2).jpg", w-1042/front.jpg.

    All good photos count, in one transaction; each other one is named with what to do. Exit code 2 if there are any.
    Photos are only read. Nobody is enrolled without a consent.

    Example: sitegate-hq enroll photos.zip --consent "paper forms of 2026-11-28" --yes
    """
    if accept and not why.strip():
        raise typer.BadParameter("say why: the reason is recorded", param_hint="--why")
    rows = _rows(table)
    offers = Offers({row.worker_id: row.consent_ref for row in rows or () if row.consent_ref}, _consent(consent))
    with opened(folder) as (_, people, publisher, store), PhotoMatcher(photos, models, fetch=fetch) as matcher:
        enrolments = PhotoEnrolments(store, people)
        assignment, judged = _judged(matcher, enrolments, rows, offers, (accept or [], why), replace)
        if not as_json:
            _show(assignment, judged)
        if agreed := bool(judged.enrolments) and _agreed(len(judged.enrolments), dry_run, yes, as_json):
            late = enrolments.write(judged.enrolments, replace=replace, by=by)
            judged.problems += [PhotoProblem("", worker_id, problem) for worker_id, problem in late.items()]
            judged.enrolments = [one for one in judged.enrolments if one.worker_id not in late]
        if agreed and and_publish:
            publish_changed(publisher, store)
    problems = [*assignment.problems, *judged.problems]
    if as_json:
        print_json(_as_data(assignment, judged, problems, stored=agreed))
    elif agreed:
        out.print(f"enrolled {len(judged.enrolments)} workers", highlight=False)
    if not agreed and judged.enrolments and not dry_run:
        raise typer.Exit(NOTHING_STORED)
    if problems:
        raise typer.Exit(SOME_BAD)


def register(app: typer.Typer) -> None:
    """Add the command to `sitegate-hq`."""
    app.command()(enroll)


def _consent(text: str) -> str:
    if len(text.strip()) > CONSENT_MAX:
        raise typer.BadParameter(f"at most {CONSENT_MAX} characters", param_hint="--consent")
    return text.strip()


def _rows(table: Path | None) -> list[PhotoRow] | None:
    """Read the table. Raises PhotoTableError, ImportRefused."""
    if table is None:
        return None
    try:
        return photo_rows(open_sheet(table, None, KNOWN_HEADINGS).rows())
    except PhotoTableError as error:
        raise PhotoTableError(f"{table}: {error}") from error


def _judged(
    matcher: PhotoMatcher,
    enrolments: PhotoEnrolments,
    table: list[PhotoRow] | None,
    offers: Offers,
    accepted: tuple[list[str], str],
    replace: bool,
) -> tuple[Assignment, JudgedPhotos]:
    """Assign the photos, make their templates, compare them. Stores nothing."""
    by_name = not any(row.file for row in table or ())
    names = named_workers(matcher.files) if by_name else {row.worker_id for row in table or ()}
    states = enrolments.states(names, matcher.model_id)
    assignment = (
        assigned_by_name(matcher.files, states) if by_name else assigned_by_table(matcher.files, states, table or ())
    )
    wanted, judged = wanted_photos(assignment.photos, states, offers, replace=replace)
    columns = TextColumn("reading photos"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=err, transient=True) as bar:
        task, begun = bar.add_task("", total=len(wanted)), time.monotonic()
        held = enrolments.held(matcher.model_id)
        judge(matcher, wanted, held, offers, *accepted, judged, lambda done: bar.update(task, completed=done))
    if wanted:
        rate = len(wanted) / max(0.001, time.monotonic() - begun)
        err.print(f"read {len(wanted)} photos, {rate:.1f} a second", highlight=False)
    return assignment, judged


def _show(assignment: Assignment, judged: JudgedPhotos) -> None:
    photos = sum(len(one.templates) for one in judged.enrolments)
    out.print(f"to enrol: {len(judged.enrolments)} workers with {photos} photos", highlight=False)
    if judged.already:
        hint = "; --replace takes the new photos instead"
        out.print(f"already enrolled: {_some(judged.already)}{hint}", highlight=False)
    if assignment.left_out:
        out.print(f"left out, no photos by their names: {_some(assignment.left_out)}", highlight=False)
    if problems := [*assignment.problems, *judged.problems]:
        out.print(styled((f"{len(problems)} problem(s)", "yellow")))
        for problem in problems:
            out.print(f"  - {problem}", highlight=False)


def _some(names: tuple[str, ...] | list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{len(names)} ({', '.join(names[:SHOWN])}{more})"


def _agreed(workers: int, dry_run: bool, yes: bool, as_json: bool) -> bool:
    """Ask once on a terminal; elsewhere only `yes` stores."""
    if dry_run or yes:
        return not dry_run
    if sys.stdin.isatty() and not as_json:
        return typer.confirm(f"Store the templates of {workers} workers?")
    err.print("nothing was stored: --yes stores, --dry-run only shows", highlight=False)
    return False


def _as_data(
    assignment: Assignment, judged: JudgedPhotos, problems: list[PhotoProblem], *, stored: bool
) -> dict[str, Any]:
    return {
        "stored": stored,
        "enrolled": [{"worker_id": one.worker_id, "photos": judged.files[one.worker_id]} for one in judged.enrolments],
        "already_enrolled": judged.already,
        "left_out": assignment.left_out,
        "problems": [asdict(problem) for problem in problems],
    }
