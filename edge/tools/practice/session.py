"""Run the practice gate: read typed lines, play them, and print what the gate does."""

import queue
import sys
import threading
from pathlib import Path

from common.terminal.console import Console, Table, styled
from contract.messages import AccessEvent, AnyEvent, NoticeCode, NoticeEvent, PassageEvent
from edge.app.state_folders import JOURNAL
from edge.core.domain import Tone
from edge.sim import ManualClock
from edge.storage.journal import JournalReader
from edge.tools.practice.paced_clock import PacedClock
from edge.tools.practice.people import what_happens
from edge.tools.practice.words import WORDS, Context, step_of
from edge.tools.stories.line import StoryError
from edge.tools.stories.stage import StoryStage
from edge.tools.stories.story import Story

LOUD = {Tone.GO: "bold green", Tone.STOP: "bold red", Tone.DESK: "magenta", Tone.ADJUST: "yellow", Tone.IDLE: "blue"}
SETTLE_S = 1.5
"""After the last typed line the gate runs so long, so that its answer is printed."""
QUIET = {NoticeCode.LIST_APPLIED, NoticeCode.GATE_STOPPED}
_END = "quit"


class PracticeSession:
    """The gate in `folder`, at the pace of real time unless `clock` is given. Raises StoryError, ConfigError."""

    def __init__(self, story: Story, folder: Path, out: Console, clock: ManualClock | None = None) -> None:
        self._story, self._out = story, out
        self._stage = StoryStage(story, folder, clock=clock or PacedClock())
        self._journal = JournalReader(folder / JOURNAL)
        self._seq = self._shown = self._lines = 0
        self._released = False
        self._wait_until_s = 0.0

    def close(self) -> None:
        """End the gate process in the orderly way."""
        self._journal.close()
        self._stage.close()

    def run(self) -> None:
        """Play typed lines until `quit` or the end of the input."""
        lines = _typed()
        ending = False
        while True:
            self._stage.turn()
            self._print_news()
            if self._stage.now_s < self._wait_until_s:
                continue
            if ending:
                return
            try:
                line = lines.get_nowait()
            except queue.Empty:
                continue
            if line.strip() == _END:
                ending, self._wait_until_s = True, self._stage.now_s + SETTLE_S
            elif line.strip():
                self._play(line.strip())

    def help(self) -> None:
        """Print what can be typed."""
        table = Table.grid(padding=(0, 2))
        for usage, meaning, _ in WORDS.values():
            table.add_row(styled(f"  {usage}"), styled((meaning, "dim")))
        for usage, meaning in (("wait SECONDS", "nothing is typed for a while"), ("who", "the workers"), (_END, "end")):
            table.add_row(styled(f"  {usage}"), styled((meaning, "dim")))
        self._out.print(table)

    def who(self) -> None:
        """Print the workers, their cards and what stands against them."""
        table = Table("worker", "card", "PIN", "what stands against them")
        for worker in self._story.worker:
            table.add_row(worker.id, worker.card or "", worker.pin or "", what_happens(worker, self._story))
        self._out.print(table)

    def _play(self, line: str) -> None:
        self._lines += 1
        word, _, rest = line.partition(" ")
        if line in ("help", "?"):
            self.help()
        elif line == "who":
            self.who()
        elif word == "wait":
            self._wait(rest)
        else:
            try:
                step_of(line, Context(self._story, self._stage.now_s, self._lines)).play(self._stage)
            except StoryError as error:
                self._out.print(styled((str(error), "yellow")), soft_wrap=True)

    def _wait(self, seconds: str) -> None:
        try:
            self._wait_until_s = self._stage.now_s + min(3600.0, float(seconds))
        except ValueError:
            self._out.print(styled(("type: wait SECONDS", "yellow")))

    def _print_news(self) -> None:
        """Print what the lane shows, what the relay does, and new events."""
        history = self._stage.indicator.history
        for record in history[self._shown :]:
            advice = f": {record.advice.value.replace('_', ' ')}" if record.advice else ""
            self._say("lane", (f"{record.tone.value}{advice}", LOUD[record.tone]))
        self._shown = len(history)
        if self._stage.released is not self._released:
            self._released = self._stage.released
            self._say("relay", ("released" if self._released else "locked", "bold" if self._released else ""))
        if self._stage.seq > self._seq:
            for event in reversed(self._journal.latest(self._stage.seq - self._seq)):
                self._event(event)
            self._seq = self._stage.seq

    def _event(self, event: AnyEvent) -> None:
        if isinstance(event, AccessEvent):
            factors = "+".join(factor.value for factor in event.factors)
            self._say("event", f"{event.reason.value}  {event.worker_id or 'nobody known'}  {factors}  {event.detail}")
        elif isinstance(event, PassageEvent):
            self._say("event", f"{event.outcome.value}  {event.worker_id or ''}  {event.direction.value}")
        elif isinstance(event, NoticeEvent) and event.code not in QUIET:
            self._say("event", f"{event.code.value}  {event.detail}")

    def _say(self, what: str, text: str | tuple[str, str]) -> None:
        clock = f"{self._stage.clock.utc().astimezone():%H:%M:%S}"
        self._out.print(styled((clock, "dim"), f"  {what:6}", text), soft_wrap=True)


def _typed() -> "queue.SimpleQueue[str]":
    """Read lines in a thread, so that the gate goes on while nobody types. The end of the input means `quit`."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read() -> None:
        for line in sys.stdin:
            lines.put(line)
        lines.put(_END)

    threading.Thread(target=read, name="typed lines", daemon=True).start()
    return lines
