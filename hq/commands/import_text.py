"""The words of `sitegate-hq import`: what would change, and why a file is refused."""

from collections.abc import Iterable
from pathlib import Path

from common.terminal.console import styled
from common.terminal.text import visible
from hq.commands.console import LISTED, out
from hq.imports.lines import FileSource, SheetSource
from hq.imports.plan import Change
from hq.imports.summary import ImportSummary

LINES_MAX = 30
"""Changes that are printed."""
PROBLEMS_MAX = 100
PLACES_MAX = 3


def preview(file: Path, source: FileSource | SheetSource, found: ImportSummary, *, details: bool) -> None:
    """Print how a file was read and what it would change. `details` hold names: only for a person who looks."""
    out.print(f"{file}: {found.lines} lines", highlight=False)
    for note in source.notes:
        out.print(f"  {note}", highlight=False)
    if found.problem_count:
        return
    for text in _counts(found):
        out.print(f"  {text}", highlight=False)
    for line in found.shown[:LINES_MAX] if details else ():
        out.print(f"    {line}", highlight=False)
    total = sum(n for counted in (found.workers, found.risk) for c, n in counted.items() if c is not Change.NONE)
    if details and total + found.policies > LINES_MAX:
        out.print(f"    … and {total + found.policies - LINES_MAX} more", highlight=False)
    for text, places in found.warnings.items():
        out.print(styled(("  look: ", "yellow"), text, _where(places)))


def counted(done: ImportSummary) -> str:
    """Say what was imported."""
    unchanged = f" ({done.workers[Change.NONE]} unchanged)" if done.workers[Change.NONE] else ""
    return (
        f"imported {_all(done.workers.values())} workers{unchanged}, {_all(done.risk.values())} risk entries, "
        f"{done.policies} policies, {done.enrolments} enrolments"
    )


def refusal(file: Path, found: ImportSummary) -> str:
    """Return every problem of a file, as `tell` prints it."""
    shown = [visible(str(problem)) for problem in found.problems[:PROBLEMS_MAX]]
    if found.problem_count > len(shown):
        shown.append(f"… and {found.problem_count - len(shown)} more")
    return f"{file}: {found.problem_count} problem(s), nothing was imported" + "".join(LISTED + one for one in shown)


def _counts(found: ImportSummary) -> Iterable[str]:
    for what, counts in (("workers", found.workers), ("risk entries", found.risk)):
        if counts:
            yield f"{what}: " + ", ".join(f"{change} {counts[change]}" for change in Change if counts[change])
    if found.by_field:
        yield "fields that change: " + ", ".join(f"{key} {count}" for key, count in found.by_field.most_common())
    if found.policies or found.enrolments:
        yield f"rules of {found.policies} site(s), {found.enrolments} enrolment(s)"
    if found.changes_nothing:
        yield "nothing changes: HQ has all of it already"


def _where(places: list[str]) -> str:
    named = [place for place in places if place]
    if not named:
        return ""
    more = f" and {len(named) - PLACES_MAX} more" if len(named) > PLACES_MAX else ""
    return f" ({', '.join(named[:PLACES_MAX])}{more})"


def _all(counts: Iterable[int]) -> int:
    return sum(counts)
