"""What the demonstration prints: one line per event as it happens, and the table at the end."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from contract.messages import AccessEvent, Advice, AnyEvent, EnrolmentEvent, NoticeEvent, PassageEvent
from edge.demo.verdict import Line

_LANE: dict[Advice, tuple[str, str]] = {
    Advice.WALK_THROUGH: ("green", "✔ Welcome, please walk through"),
    Advice.COME_CLOSER: ("yellow", "⇧ Please come closer"),
    Advice.MORE_LIGHT: ("yellow", "☀ Too dark: please step into the light"),
    Advice.HOLD_STILL: ("yellow", "● Please hold still"),
    Advice.LOOK_AT_CAMERA: ("yellow", "◉ Please look at the camera"),
    Advice.ONE_BY_ONE: ("yellow", "① One at a time, please"),
    Advice.SEE_DESK: ("magenta", "■ Please see the desk"),
    Advice.WAIT: ("blue", "… Please wait"),
}


def event(console: Console, seconds: float, happened: AnyEvent) -> None:
    """One line: when, what the gate decided (for the manager), what the lane said (for the worker)."""
    head = f"[dim]{seconds:6.2f} s  #{happened.seq:<3}[/]"
    match happened:
        case AccessEvent():
            colour, said = _LANE[happened.advice]
            score = f"score {happened.score:.2f} of {happened.threshold:.2f}" if happened.threshold is not None and happened.score is not None else ""
            who = happened.worker_id or "-"
            console.print(f"{head}  [{colour}]{happened.reason.value:16}[/] {who:10} {score:19} lane: [{colour}]{said}[/]", highlight=False)
        case PassageEvent():
            console.print(f"{head}  [dim]{happened.outcome.value:16} {happened.worker_id or '-':10}[/]", highlight=False)
        case NoticeEvent():
            console.print(f"{head}  [dim]{happened.code.value:16} {escape(happened.detail)}[/]", highlight=False)
        case EnrolmentEvent():
            console.print(f"{head}  [dim]enrolled         {happened.worker_id}[/]", highlight=False)


def table(console: Console, lines: Sequence[Line]) -> None:
    """Promise beside reality."""
    rows = Table("", "who walked up", "what had to happen", "what happened", title="The gate, as promised?", title_justify="left")
    for line in lines:
        mark = "[green]✔[/]" if line.ok else "[bold red]✘[/]"
        got = escape(line.got) if line.ok else f"[bold red]{escape(line.got)}[/]"
        rows.add_row(mark, line.title, escape(line.wanted), got)
    console.print(rows)
