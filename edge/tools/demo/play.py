"""The demonstration from curtain to curtain."""

import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from common.terminal.console import Console
from contract.codec import decode_event
from contract.messages import DECISION_LISTS, AccessEvent, AnyEvent, ListKind, PassageEvent
from edge.app.state_folders import JOURNAL, REPLICA
from edge.replica.summary import SummaryReader
from edge.screen.access.roles import Role
from edge.sim import load_script
from edge.storage.journal import JournalReader
from edge.tools.demo import show, verdict
from edge.tools.demo.cast import ACTS, FEBRUARY, KEPT, PUPIL
from edge.tools.demo.gate_file import SITE
from edge.tools.demo.stage import DemoStage, StageError

READY_S = 60.0
SETTLE_S = 0.3
SLOWER_MAX = 4
"""So many times its length the film may take on a slow computer."""
DRAIN_S = 20.0
FEBRUARY_S = 300.0
"""The district's part may take so long on a slow computer."""


def play(
    console: Console, root: Path, models_dir: Path, photos_dir: Path, *, keep: bool, gate_only: bool = False
) -> bool:
    """Set up, let people walk up, tell what happened; True if all came as promised.

    `gate_only`: without the district's part, in a third of the time.
    """
    acts, accounts = ACTS if gate_only else (*ACTS, *FEBRUARY, *PUPIL), list[str]()
    acts = (*acts, *KEPT) if keep else acts
    with DemoStage(root, models_dir, repeat=keep, acts=acts) as stage:
        with console.status("starting broker, HQ and gate, enrolling the workers, publishing roster and risk list…"):
            stage.start_with_members(photos_dir)
            if keep or not gate_only:
                stage.make_console()
        followed = Follower(stage)
        with console.status("the gate starts and receives its lists over MQTT…"):
            followed.until(followed.ready, READY_S, "the gate did not get ready")
        for happened in followed.events:
            show.event(console, 0.0, happened)
        console.rule("people walk up")
        _walk_ups(console, stage, followed)
        lines = _verdict(console, stage, followed)
        show.gate_table(console, lines)
        if keep or not gate_only:
            with console.status("making a small district for the console…"):
                accounts = stage.start_console()
        if not gate_only:
            console.rule("the district's February")
            february = _february(console, stage, followed)
            show.february_table(console, february)
            lines += february
        promised = all(line.ok for line in lines)
        if keep:
            _keep(console, stage, accounts)
        return promised


class Follower:
    """Reads the gate's journal as it grows."""

    def __init__(self, stage: DemoStage) -> None:
        self._stage = stage
        state = stage.root / "state"
        self._journal, self._summary = JournalReader(state / JOURNAL), SummaryReader(state / REPLICA)
        self.events: list[AnyEvent] = []

    def poll(self) -> list[AnyEvent]:
        """The events since the last call."""
        self._stage.check_alive()
        records = self._journal.records(len(self.events), 1000)
        new = [decode_event(record.body) for record in records]
        self.events += new
        return new

    def until(self, true: Callable[[], bool], seconds: float, problem: str) -> None:
        deadline = time.monotonic() + seconds
        while not true():
            if time.monotonic() > deadline:
                raise StageError(f"{problem} within {seconds:g} s:\n{self._stage.log_tail('gate')}")
            time.sleep(0.03)
            self.poll()

    def ready(self) -> bool:
        """The lists are in force and the camera delivers."""
        live = self._journal.live()
        versions = self._summary.read().lists
        return (
            live is not None
            and live.camera_ok
            and live.gallery_size > 0
            and {ListKind.ROSTER, ListKind.RISK} <= set(versions)
            and sum(getattr(e, "code", "") == "list_applied" for e in self.events) >= len(DECISION_LISTS)
        )

    def drained(self) -> bool:
        """HQ has acknowledged everything the journal holds."""
        ack = self._summary.read().ack
        return ack is not None and ack.epoch == self._journal.epoch and ack.seq >= self._journal.head()


def _walk_ups(console: Console, stage: DemoStage, followed: Follower) -> None:
    script = load_script(stage.root / "walk-ups.toml")
    seconds = sum(scene.duration_s for scene in script.scenes if not scene.start_when_path) + SETTLE_S
    stage.go.touch()
    begun = time.monotonic()
    while (elapsed := time.monotonic() - begun) < seconds or (
        elapsed < SLOWER_MAX * seconds and not _all_acted(followed)
    ):
        for happened in followed.poll():
            show.event(console, elapsed, happened)
        time.sleep(0.02)
    stage.go.unlink()  # nobody walks up again before this round is judged


def _all_acted(followed: Follower) -> bool:
    """Say whether everybody was decided about, and those let in have passed: on a slow computer the film is slower."""
    decided = [event for event in followed.events if isinstance(event, AccessEvent)]
    passages = sum(isinstance(event, PassageEvent) for event in followed.events)
    return len(decided) >= len(ACTS) and passages >= sum(event.granted for event in decided)


def _verdict(console: Console, stage: DemoStage, followed: Follower) -> list[verdict.VerdictLine]:
    with console.status("waiting for HQ to acknowledge the last event…"):
        followed.until(followed.drained, DRAIN_S, "HQ did not acknowledge everything")
    events = followed.events
    held = [v for v in stage.hq_verdicts() if v["epoch"] == events[0].epoch]
    wanted = f"HQ holds {len(events)} of {len(events)} events, chain verified"
    got = "HQ holds nothing"
    if held:
        chain = "chain verified" if held[0]["ok"] else f"chain broken: {held[0]['problem']}"
        got = f"HQ holds {held[0]['held']} of {len(events)} events, {chain}"
    return [
        *verdict.acts(events),
        verdict.passages(events),
        verdict.pins(stage.pins_path, stage.config().gate, events),
        verdict.VerdictLine(f"{SITE}, over MQTT", wanted, got),
    ]


def _february(console: Console, stage: DemoStage, followed: Follower) -> list[verdict.VerdictLine]:
    """Let the people side play its part, and people walk up in between. Return what came of each step."""
    steps, before = stage.start_february(), len(followed.events)
    begun = time.monotonic()
    done: list[verdict.VerdictLine] = []

    def catch_up() -> list[verdict.VerdictLine]:
        for happened in followed.poll():
            show.event(console, time.monotonic() - begun, happened)
        for line in verdict.february(steps.read_text(encoding="utf-8"))[len(done) :]:
            show.step(console, time.monotonic() - begun, line)
            done.append(line)
        return verdict.february_acts(followed.events[before:])

    with console.status("people declare, a list arrives, people walk up, cases are worked on…"):
        while stage.february_ended() is None and time.monotonic() - begun < FEBRUARY_S:
            catch_up()
            time.sleep(0.05)
        if stage.february_ended() != 0:
            raise StageError(f"February ended too early:\n{stage.log_tail('february')}")
        ends = time.monotonic() + DRAIN_S
        while not all(line.ok for line in catch_up()) and time.monotonic() < ends:
            time.sleep(0.05)
    return [*done, *catch_up()]


def _keep(console: Console, stage: DemoStage, accounts: list[str]) -> None:
    """Leave everything running, people walking up again and again, until Ctrl-C."""
    url, password = f"http://127.0.0.1:{stage.screen_port}", stage.make_accounts()
    stage.go.touch()
    (stage.root / KEPT[0].waits_for).touch()
    console.print()
    console.print_text("\n".join(accounts))
    roles = ", ".join(Role)
    console.print(f"The gate keeps running. Its pages: {url}/   the lane: {url}/lane", highlight=False)
    console.print(f"Sign in there as {roles}; the password of each is {password}", highlight=False)
    console.print(f"Its files: {stage.root}   Ctrl-C ends it.", highlight=False)
    ended = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: ended.set())  # the demonstration is over: this does not cut it short
    while not ended.wait(0.5):
        stage.check_alive()
    console.print("stopping…")
