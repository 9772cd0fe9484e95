"""Print the demonstration: one line per event as it happens, and the table at the end."""

from collections.abc import Sequence

from common.terminal.console import Console, Table, styled
from contract.messages import (
    AccessEvent,
    Advice,
    AnyEvent,
    ClockEvent,
    CommissioningEvent,
    EnrolmentEvent,
    NoticeEvent,
    PassageEvent,
    TrainingEvent,
)
from edge.tools.demo.verdict import VerdictLine

_SAID: dict[Advice, tuple[str, str]] = {
    Advice.WALK_THROUGH: ("green", "✔ Please walk through"),
    Advice.COME_CLOSER: ("yellow", "⇧ Please come closer"),
    Advice.MORE_LIGHT: ("yellow", "☀ Please step into the light"),
    Advice.LESS_LIGHT: ("yellow", "☀ Please step out of the glare"),
    Advice.HOLD_STILL: ("yellow", "● Please hold still"),
    Advice.LOOK_AT_CAMERA: ("yellow", "◉ Please look at the camera"),
    Advice.LOOK_UP: ("yellow", "↑ Please look up"),
    Advice.LOOK_DOWN: ("yellow", "↓ Please look down a little"),
    Advice.HOLD_UPRIGHT: ("yellow", "↑ Please hold your head straight"),
    Advice.UNCOVER_FACE: ("yellow", "☺ Please take off the mask or dark glasses"),
    Advice.TURN_LEFT: ("yellow", "← Please turn your head left"),
    Advice.TURN_RIGHT: ("yellow", "→ Please turn your head right"),
    Advice.ONE_BY_ONE: ("yellow", "① One at a time, please"),
    Advice.SHOW_CODE_OR_CARD: ("yellow", "▣ Please show your code or card"),
    Advice.ENTER_PIN: ("yellow", "# Please enter your PIN"),
    Advice.LOOK_TOO: ("yellow", "◉ Now look at the camera"),
    Advice.NEXT_PERSON_TOO: ("yellow", "② The second person too, please"),
    Advice.COME_IN_HOURS: ("yellow", "◷ Come in working hours"),
    Advice.DECLARE_HEALTH: ("yellow", "+ Declare your health first"),
    Advice.RENEW_TRAINING: ("yellow", "✎ Renew your training"),
    Advice.SEE_DESK: ("magenta", "■ Please see the desk"),
    Advice.WAIT: ("blue", "… Please wait"),
    Advice.STEP_BACK: ("yellow", "⇩ Step back, then come again"),
}
LANE: dict[Advice, tuple[str, str]] = {
    advice: _SAID.get(advice, ("yellow", f"● {advice.value.replace('_', ' ').capitalize()}")) for advice in Advice
}
"""Colour and sentence of each advice. One without a sentence above says its own words."""


def event(console: Console, seconds: float, happened: AnyEvent) -> None:
    """Print one line: when, the gate's decision (for the manager), the lane's message (for the worker)."""
    head = f"{seconds:5.1f} s #{happened.seq:<3} "
    match happened:
        case AccessEvent():
            colour, said = LANE[happened.advice]
            reason, worker = f"{happened.reason.value:15}", f" {happened.worker_id or '-':9} {_score(happened):11} "
            console.print(styled((head, "dim"), (reason, colour), worker, (said, colour)))
            return
        case PassageEvent():
            words = f"{happened.outcome.value:15} {happened.worker_id or '-'}"
        case NoticeEvent():
            words = f"{happened.code.value:15} {happened.detail}"
        case EnrolmentEvent():
            words = f"enrolled        {happened.worker_id}"
        case CommissioningEvent():
            words = f"commissioning   {happened.outcome.value}"
        case TrainingEvent():
            words = f"training        {happened.worker_id} {'proven' if happened.proven else happened.detail}"
        case ClockEvent():
            words = f"clock set       was {happened.was_utc:%Y-%m-%d %H:%M:%S}"
    console.print(styled((f"{head}{words}", "dim")))


def step(console: Console, seconds: float, line: VerdictLine) -> None:
    """Print one line for a step of the people side."""
    console.print(styled((f"{seconds:5.1f} s      ", "dim"), f"{line.title}: {line.got}"))


def gate_table(console: Console, lines: Sequence[VerdictLine]) -> None:
    """Print what happened at the gate and, where it differs, what was promised."""
    _table(
        console,
        lines,
        Table("", "who walked up", "what the gate did", title="The gate, as promised?", title_justify="left"),
    )


def february_table(console: Console, lines: Sequence[VerdictLine]) -> None:
    """Print what happened in the district and, where it differs, what was promised."""
    title = "The district's February, as promised?"
    _table(console, lines, Table("", "what was done", "what came of it", title=title, title_justify="left"))


def _table(console: Console, lines: Sequence[VerdictLine], rows: Table) -> None:
    for line in lines:
        if line.ok:
            rows.add_row(styled(("✔", "green")), line.title, line.got)
        else:
            got = styled((line.got, "bold red"), f" but promised was: {line.wanted}")
            rows.add_row(styled(("✘", "bold red")), line.title, got)
    console.print(rows)


def _score(event: AccessEvent) -> str:
    """The comparison score and its threshold."""
    if event.score is None or event.threshold is None:
        return ""
    return f"{event.score:.2f} {'≥' if event.score >= event.threshold else '<'} {event.threshold:.2f}"
