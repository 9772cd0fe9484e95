"""`sitegate-hq risk`: put a worker on a risk list, take somebody off, see who is on one."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from common.terminal.console import Table
from common.terminal.problems import shown
from hq.commands.console import out, print_json, print_table, time_text
from hq.commands.context import opened
from hq.commands.options import ByOption, Folder, Json, WorkerArgument, id_of
from hq.commands.worker import publish_changed
from hq.database.clock import now
from hq.imports import importing
from hq.registry.risk_record import RiskRecord, StoredRisk
from hq.registry.risks import RiskRefused

app = typer.Typer(no_args_is_help=True, help="The risk lists: who is on one, put a worker on it, lift an entry.")

DEFAULT_LIST = "key-screening"
ListOption = Annotated[str, typer.Option("--list", help="The list, as the policy of the sites names it.")]
END_MAX = timedelta(days=366)


@app.command("list")
def list_(
    folder: Folder = Path(),
    worker: Annotated[
        str | None, typer.Option("--worker", help="Only this worker, with lifted entries.", callback=id_of("worker"))
    ] = None,
    list_name: Annotated[str | None, typer.Option("--list", help="Only this list.")] = None,
    as_json: Json = False,
) -> None:
    """Show who is on a risk list: since when, until when, why, and who may lift it.

    Example: sitegate-hq risk list --list key-screening
    """
    with opened(folder) as (_, people, _publisher, _store):
        rows = people.risk_lists.find(worker, list_name, history=worker is not None)
    if as_json:
        return print_json([row.model_dump(mode="json", exclude_none=True) for row in rows])
    table = Table("worker", "list", "reason", "purpose", "from", "until", "may lift", "added", "by", "lifted")
    for row in rows:
        times = time_text(row.valid_from_utc), time_text(row.valid_until_utc) or "no end"
        added = time_text(row.added_utc), row.added_by
        what = row.worker_id, row.list_name, row.reason_code or "", row.purpose or ""
        table.add_row(*what, *times, ", ".join(row.may_lift) or "anybody", *added, _lifted(row))
    return print_table(table)


@app.command()
def add(
    worker: WorkerArgument,
    reason: Annotated[str, typer.Option("--reason", help="The reason's code; free of names and diagnoses.")],
    purpose: Annotated[str, typer.Option("--purpose", help="What the measure is for.")],
    by: ByOption,
    folder: Folder = Path(),
    list_name: ListOption = DEFAULT_LIST,
    until: Annotated[
        str,
        typer.Option("--until", help="The end: 2026-12-31 (to the end of this day, UTC), 2026-12-31T06:00Z, 14d, 12h."),
    ] = "",
    no_end: Annotated[bool, typer.Option("--no-end", help="Without an end; needs --why.")] = False,
    why: Annotated[str, typer.Option("--why", help="Why it has no end; it is recorded with the purpose.")] = "",
    begins: Annotated[str, typer.Option("--from", help="The beginning, written as --until.  [default: now]")] = "",
    may_lift: Annotated[
        list[str] | None, typer.Option("--may-lift", help="A person or role who may lift it; may be repeated.")
    ] = None,
    officer: Annotated[str, typer.Option("--officer", help="Whom the site office may ask.")] = "",
    new_list: Annotated[bool, typer.Option("--new-list", help="No rule and no entry names the list yet.")] = False,
) -> None:
    """Put a worker on a list. Other workers and lists stay. Every entry has an end, unless you say why not.

    Example: sitegate-hq risk add w-1042 --reason contact-7 --purpose "screening" --until 14d --by office-3
    """
    if bool(until) == no_end:
        raise typer.BadParameter("an emergency measure has an end: give --until, or --no-end with --why")
    if no_end and not why.strip():
        raise typer.BadParameter("say why it has no end", param_hint="--why")
    record = _record(
        worker_id=worker,
        list_name=list_name.strip(),
        reason_code=_said("--reason", reason),
        purpose=_said("--purpose", purpose) + (f" (no end: {why.strip()})" if no_end else ""),
        valid_from_utc=_moment("--from", begins) if begins else None,
        valid_until_utc=_moment("--until", until) if until else None,
        may_lift=tuple(name.strip() for name in may_lift or ()),
        officer=officer.strip() or None,
    )
    if record.valid_until_utc and record.valid_until_utc <= now():
        raise RiskRefused(f"--until {until} is over already: check the date")
    if record.valid_until_utc and record.valid_until_utc > now() + END_MAX:
        raise RiskRefused(f"--until {until} is more than a year away: check the year, or --no-end with --why")
    with opened(folder) as (_, people, publisher, store):
        found = people.find(worker)
        if found is None:
            raise RiskRefused(f"{worker} is not among the workers: check the id (sitegate-hq worker find)")
        known = importing.known_names(people, store)
        name = known.list_called(record.list_name)
        if name is None and not new_list:
            raise RiskRefused(f"{known.unknown_list(record.list_name)} --new-list")
        record = record.model_copy(update={"list_name": name or record.list_name})
        if kept := [one for one in people.risk_lists.find(worker, record.list_name) if not one.may_be_lifted_by(by)]:
            named = ", ".join(kept[0].may_lift)
            raise RiskRefused(f"{worker} is on {record.list_name}: only {named} may change the entry; lift it first")
        people.risk_lists.add([record], _said("--by", by))
        publish_changed(publisher, store)
    end = time_text(record.valid_until_utc) or "no end"
    out.print(
        f"{worker} is on {record.list_name} until {end}, at {', '.join(found.sites) or 'no site'}", highlight=False
    )


@app.command()
def lift(
    worker: WorkerArgument,
    by: ByOption,
    why: Annotated[str, typer.Option("--why", help="The reason; it is recorded.")],
    folder: Folder = Path(),
    list_name: ListOption = DEFAULT_LIST,
    override: Annotated[
        bool, typer.Option("--override", help="Lift it though the entry does not name you; it is recorded.")
    ] = False,
) -> None:
    """Take a worker off a list. HQ keeps who lifted the entry, when and why.

    Example: sitegate-hq risk lift w-1042 --by doctor-2 --why "test is negative"
    """
    with opened(folder) as (_, people, publisher, store):
        people.risk_lists.lift(worker, list_name, _said("--by", by), _said("--why", why), override=override)
        publish_changed(publisher, store)
    out.print(f"{worker} is off {list_name}", highlight=False)


def register(parent: typer.Typer) -> None:
    """Add the group to `sitegate-hq`."""
    parent.add_typer(app, name="risk")


def _record(**fields: object) -> RiskRecord:
    """Make an entry. Raises RiskRefused with every problem."""
    try:
        return RiskRecord.model_validate(fields)
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise RiskRefused(said.removeprefix(": ").replace("Value error, ", "")) from error


def _moment(option: str, text: str) -> datetime:
    """Read a day (its end), a moment, or a duration from now. Raises RiskRefused."""
    text = text.strip()
    if text[:-1].isdecimal() and text[-1:] in ("d", "h") and len(text) <= 5:
        number = int(text[:-1])
        return now() + (timedelta(days=number) if text.endswith("d") else timedelta(hours=number))
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise RiskRefused(
            f"{option} {shown(text)}: write a day as 2026-12-31, a moment as 2026-12-31T06:00Z, 14d or 12h"
        ) from None
    if len(text) <= len("2026-12-31"):
        found += timedelta(days=1 if option == "--until" else 0)
        return found.replace(tzinfo=UTC)
    if found.tzinfo is None:
        raise RiskRefused(
            f"{option} {shown(text)}: a moment needs its zone: 2026-12-31T06:00Z or 2026-12-31T14:00+08:00"
        )
    return found.astimezone(UTC)


def _said(option: str, text: str) -> str:
    if not text.strip():
        raise RiskRefused(f"{option} may not be empty: it is recorded")
    return text.strip()


def _lifted(row: StoredRisk) -> str:
    return f"{time_text(row.lifted_utc)} by {row.lifted_by}: {row.lifted_why}" if row.lifted_utc else ""
