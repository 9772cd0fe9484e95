"""`sitegate-hq enrolments`: decide on enrolments made at gates."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from common.terminal.console import Table
from hq.commands.console import out, print_json, print_table, time_text
from hq.commands.context import opened
from hq.commands.options import Folder, Json
from hq.config import HqConfig
from hq.database.store import Store
from hq.keys import keys
from hq.registry.approvals import Approvals, Enrolment
from hq.registry.import_draft import EnrolmentRefused
from hq.registry.people import PeopleRegistry

app = typer.Typer(
    help="Enrolments made at gates: show, approve, refuse.",
    epilog="Example: sitegate-hq enrolments",
    invoke_without_command=True,
)

Numbers = Annotated[list[int], typer.Argument(help="Numbers that sitegate-hq enrolments shows.")]
ByOption = Annotated[str, typer.Option("--by", help="Who decides; it is recorded.")]
WhyOption = Annotated[str, typer.Option("--why", help="The reason; it is recorded.")]
All = Annotated[bool, typer.Option("--all", help="Also those that are decided.")]


@app.callback()
def show(context: typer.Context, folder: Folder = Path(), decided: All = False, as_json: Json = False) -> None:
    """Show what waits for an approval: whose face, which gate, on which consent."""
    context.obj = folder
    if context.invoked_subcommand is None:
        _show(folder, decided=decided, as_json=as_json)


@app.command("list")
def list_(folder: Folder = Path(), decided: All = False, as_json: Json = False) -> None:
    """Show the same as without a command.

    Example: sitegate-hq enrolments list --all
    """
    _show(folder, decided=decided, as_json=as_json)


@app.command()
def approve(numbers: Numbers, by: ByOption, why: WhyOption, folder: Folder = Path()) -> None:
    """Let enrolments count: the next roster contains them. This confirms the consent of workers who had none at HQ yet.

    Example: sitegate-hq enrolments approve 17 --by manager-7 --why "consent form seen"
    """
    with opened(folder) as (config, people, _, store):
        approvals = _approvals(config, people, store)
        for number in numbers:
            _show_state(approvals.approve(number, by=_name(by), why=_reason(why)))


@app.command()
def refuse(numbers: Numbers, by: ByOption, why: WhyOption, folder: Folder = Path()) -> None:
    """Let enrolments never count, and destroy their templates.

    Example: sitegate-hq enrolments refuse 17 --by manager-7 --why "not this worker"
    """
    with opened(folder) as (config, people, _, store):
        approvals = _approvals(config, people, store)
        for number in numbers:
            _show_state(approvals.refuse(number, by=_name(by), why=_reason(why)))


def register(main: typer.Typer) -> None:
    """Add the group to `sitegate-hq`."""
    main.add_typer(app, name="enrolments")


def _show(folder: Path, *, decided: bool, as_json: bool) -> None:
    with opened(folder) as (config, people, _, store):
        rows = _approvals(config, people, store).listed(waiting=not decided)
    if as_json:
        return print_json([asdict(row) for row in rows])
    table = Table("number", "site", "gate", "worker", "consent", "taken", "state", "by", "why")
    for row in rows:
        who = row.site_id, row.gate_id, row.worker_id, row.consent_ref
        table.add_row(str(row.id), *who, time_text(row.captured_utc), row.state, row.decided_by or "", row.why or "")
    return print_table(table)


def _approvals(config: HqConfig, people: PeopleRegistry, store: Store) -> Approvals:
    return Approvals(store, people, keys.load(config.folder), config.trusted_sites)


def _reason(why: str) -> str:
    if not why.strip():
        raise EnrolmentRefused("--why may not be empty: it is recorded")
    return why


def _name(by: str) -> str:
    if not by.strip() or len(by) > 80:
        raise EnrolmentRefused("--by: who decides, in 1 to 80 characters")
    return by


def _show_state(row: Enrolment) -> None:
    out.print(f"enrolment {row.id} of {row.worker_id} at {row.gate_id}: {row.state}", highlight=False, markup=False)
