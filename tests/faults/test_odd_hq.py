"""An HQ that is slow, answers half, answers twice and in disorder, or has a wrong clock. All events arrive, exactly
once."""

import random
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from sameness import same_everywhere
from sync_rig import Rig, note, utc

from contract.codec import encode
from contract.messages import Ack, Command, CommandAction
from contract.signing import sign
from contract.topics import Channel
from edge.replica.signed_commands import CommandRefused, verify_command
from hq import config as hq_config
from hq.ingest.batches import ReadBatch
from hq.service import HqService


class OddHq(HqService):
    """The real one, with a habit. `answered` counts its acknowledgements."""

    def __init__(self, rig: Rig, habit: "Callable[[OddHq, Ack, str], None]", batch_s: float = 0.0) -> None:
        super().__init__(hq_config.load(rig.hq_folder))
        self.habit, self.batch_s = habit, batch_s
        self.batches = self.answered = 0
        self.kept: list[tuple[Ack, str]] = []
        self.dice = random.Random(11)

        intake = self.parts.intake
        self._add, self._answer = intake.add, intake.acknowledge
        intake.add, intake.acknowledge = self.take_batch, lambda ack, site_id: self.habit(self, ack, site_id)

    def take_batch(self, batch: ReadBatch) -> None:
        self.batches += 1
        time.sleep(self.batch_s)
        self._add(batch)

    def answer(self, ack: Ack, site_id: str) -> None:
        self.answered += 1
        self._answer(ack, site_id)


def prompt(hq: OddHq, ack: Ack, site_id: str) -> None:
    hq.answer(ack, site_id)


def half(hq: OddHq, ack: Ack, site_id: str) -> None:
    if hq.dice.random() < 0.5:
        hq.answer(ack, site_id)


def disorder(hq: OddHq, ack: Ack, site_id: str) -> None:
    """Each answer once or twice, among older ones."""
    hq.kept.append((ack, site_id))
    for kept in hq.dice.choices(hq.kept, k=2):
        hq.answer(*kept)
    if hq.dice.random() < 0.5:
        hq.answer(ack, site_id)


@pytest.mark.parametrize(
    ("habit", "batch_s", "events"),
    [(prompt, 0.4, 60), (half, 0.0, 150), (disorder, 0.0, 150)],
    ids=["slow", "half", "disorder"],
)
def test_ok__an_odd_hq_gets_everything_once(rig: Rig, habit: Callable[..., None], batch_s: float, events: int) -> None:
    journal, store = rig.journal(), rig.store()
    hq = OddHq(rig, habit, batch_s)
    rig.register()
    rig._runs(hq)
    rig.sync(rig.gate_config(ack_timeout_s=1))
    for _ in range(10):
        note(journal, events // 10)
    same_everywhere(rig, store, events)
    assert hq.batches < 10 * events / 10, "it is not buried"
    print(f"{events} events in batches of 10: {hq.batches} batches came, {hq.answered} answers went")


@pytest.mark.long
def test_ok__an_hq_that_takes_seconds_for_each_batch(rig: Rig) -> None:
    journal, store = rig.journal(), rig.store()
    hq = OddHq(rig, prompt, batch_s=3.0)
    rig.register()
    rig._runs(hq)
    rig.sync(rig.gate_config(ack_timeout_s=1))
    note(journal, 150)
    same_everywhere(rig, store, 150, timeout_s=180)
    assert hq.batches < 45
    print(f"150 events in batches of 10, 3 s each: {hq.batches} batches came")


def test_fail__commands_of_an_hq_with_a_wrong_clock_are_refused_with_the_reason(rig: Rig) -> None:
    """A minute ahead is borne; what would be valid for too long, or is not yet, or not any more, is not obeyed."""
    now = utc()
    for skew_s, says in (
        (59, ""),
        (61, "check both clocks"),
        (86_400, "check both clocks"),
        (-31, "expired"),
        (-86_400, "expired"),
    ):
        issued = now + timedelta(seconds=skew_s)
        command = Command(
            command_id="c-1",
            gate_id="gate-1",
            action=CommandAction.OPEN_ONCE,
            issued_utc=issued,
            expires_utc=issued + timedelta(seconds=30),
            issued_by="m",
            why="test",
        )
        envelope = sign(encode(command), Channel.COMMAND.value, rig.signing)
        if says:
            with pytest.raises(CommandRefused, match=says):
                verify_command(envelope, "gate-1", rig.signing.public_key(), now)
        else:
            assert verify_command(envelope, "gate-1", rig.signing.public_key(), now) == command
