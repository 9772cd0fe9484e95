"""Draw the gate's present state again and again on one terminal screen."""

import time
from datetime import datetime

from rich.console import Group, RenderableType
from rich.live import Live
from rich.rule import Rule
from rich.text import Text

from common.terminal.console import Console, Table, styled
from common.terminal.findings import MARKS
from contract.messages import AccessEvent, AnyEvent, PassageEvent
from edge.core.config import Config
from edge.core.domain import Tone
from edge.tools.status.facts import FactsReader, GateFacts
from edge.tools.status.lines import SILENT_AFTER, status_lines

TONES = {
    Tone.IDLE: ("○ idle", "blue"),
    Tone.ADJUST: ("◔ adjust", "yellow"),
    Tone.GO: ("● go", "bold green"),
    Tone.DESK: ("■ desk", "magenta"),
    Tone.STOP: ("▲ stop", "bold red"),
}
"""Each tone with a sign of its own, for those who do not see the colour."""
EVENTS_MAX = 200


def show_live(out: Console, config: Config, every_s: float) -> None:
    """Draw until Ctrl-C, on the terminal's other screen, so that the shell's text comes back."""
    with (
        FactsReader(config, EVENTS_MAX) as reader,
        Live(console=out, screen=True, auto_refresh=False, vertical_overflow="crop") as live,
    ):
        try:
            while True:
                live.update(picture(reader.read(), config, out.height), refresh=True)
                time.sleep(every_s)
        except KeyboardInterrupt:
            return


def picture(facts: GateFacts, config: Config, height: int) -> RenderableType:
    """Return the whole screen: the lane, the lines of `sitegate status`, and as many events as there is room."""
    lines = status_lines(facts, config)
    table = Table.grid(padding=(0, 2))
    for line in lines:
        mark, colour = MARKS[line.state]
        table.add_row(
            styled((mark, colour)), styled(line.what), styled((line.detail, "" if line.state == "ok" else colour))
        )
    room = max(3, height - len(lines) - 5)
    return Group(
        _head(facts, config),
        Rule("Ctrl-C ends", style="dim", align="right"),
        table,
        Rule(style="dim"),
        _events(facts, room),
    )


def _head(facts: GateFacts, config: Config) -> Text:
    live, clock = facts.live, f"{facts.now.astimezone():%a %Y-%m-%d %H:%M:%S}"
    name = (f"{config.site.gate_id} at {config.site.site_id}", "bold")
    if live is None or abs(facts.now - live.utc) > SILENT_AFTER:
        return styled(name, f"   {clock}   ", ("✘ gate silent", "bold red"))
    advice = f": {live.advice.value.replace('_', ' ')}" if live.advice else ""
    word, colour = TONES[live.tone]
    return styled(name, f"   {clock}   lane ", (f"{word}{advice}", colour))


def _events(facts: GateFacts, room: int) -> RenderableType:
    """Return the newest events that fit, the newest below, as a log is read."""
    table = Table.grid(padding=(0, 2))
    for event in reversed(facts.newest[:room]):
        table.add_row(_time(event.utc), styled(event.type), *_described(event))
    return table


def _described(event: AnyEvent) -> tuple[Text, Text]:
    if isinstance(event, AccessEvent):
        colour = "green" if event.granted else "yellow"
        return styled((event.reason.value, colour)), styled(event.worker_id or "")
    if isinstance(event, PassageEvent):
        return styled(event.outcome.value), styled(event.worker_id or "")
    return styled(str(getattr(event, "code", event.type))), styled(str(getattr(event, "detail", "")))


def _time(utc: datetime) -> str:
    return f"{utc.astimezone():%H:%M:%S}"
