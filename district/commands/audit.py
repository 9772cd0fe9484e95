"""`sitegate-district audit`: whether the record of changes and readings is whole."""

import json
from pathlib import Path
from typing import Annotated

import typer

from district.commands.context import Folder, Json, opened, out


def register(app: typer.Typer) -> None:
    """Add the commands."""
    audit = typer.Typer(help="The record of who changed and who read what.", no_args_is_help=True)
    audit.command("check")(check)
    audit.command()(heads)
    app.add_typer(audit, name="audit")


def check(
    kept: Annotated[str, typer.Option("--heads", help="A line of `audit heads` that you kept elsewhere.")] = "",
    folder: Folder = Path(),
    as_json: Json = False,
) -> None:
    """Check each entry of the audit record. The exit code is 1 if anything is not as it was written.

    Example: sitegate-district audit check
    """
    opened(folder)
    from district.audit import heads as of_chains
    from district.audit.check import AuditProblem
    from district.audit.check import check as checked

    known, problems = of_chains.read(kept) if kept else {}, []
    path = of_chains.file_of_heads()
    try:
        if path is not None and path.exists():
            known = of_chains.later(known, of_chains.read(path.read_text()))
    except of_chains.WrongHeads as error:
        problems.append(AuditProblem("", 0, f"{path}: {error}"))
    result = checked(known)
    problems += result.problems
    if as_json:
        found = {"entries": result.entries, "problems": [problem.__dict__ for problem in problems]}
        out.print_json(json.dumps(found))
    else:
        for problem in problems:
            where = f"chain {problem.chain}, entry {problem.seq}: " if problem.chain else ""
            out.print(f"{where}{problem.text}", markup=False, highlight=False)
        chains = len(result.heads)
        verdict = "is NOT whole" if problems else "is whole"
        out.print(f"the audit record {verdict}: {result.entries} entries in {chains} chains", highlight=False)
    if problems:
        raise typer.Exit(1)


def heads(folder: Folder = Path()) -> None:
    """Print the ends of the chains as one line. Keep it elsewhere: `audit check --heads` holds the record against it.

    Example: sitegate-district audit heads
    """
    opened(folder)
    from district.audit import heads as of_chains

    out.print(of_chains.written(of_chains.present_heads()), markup=False, highlight=False, soft_wrap=True)
