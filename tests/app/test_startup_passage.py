"""Fire and exit button while the gate starts and another program locks the journal."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contract.messages import NoticeCode, NoticeEvent, PassageEvent
from edge.core.config import Config, SiteConfig
from edge.core.domain import GateSignal
from edge.loop.startup_passage import StartupPassage
from edge.sim import ManualClock, RecordingGate
from edge.storage.journal import Journal, JournalReader


class Early:
    def __init__(self, folder: Path, *refs: str) -> None:
        self.folder, self.clock = folder, ManualClock()
        self.gate = RecordingGate(self.clock)
        self.passage = StartupPassage(Config(), self.gate, self.clock, refs)
        self.journal = Journal(folder / "journal.db", SiteConfig(), self.clock)

    def notices(self) -> list[NoticeCode]:
        events = JournalReader(self.folder / "journal.db").latest(100)[::-1]
        return [event.code for event in events if isinstance(event, NoticeEvent)]

    def until(self, true: Callable[[], bool]) -> None:
        ends = time.monotonic() + 10
        while not true():
            assert time.monotonic() < ends
            time.sleep(0.01)


@pytest.fixture
def early(tmp_path: Path) -> Iterator[Early]:
    made = Early(tmp_path)
    yield made
    made.passage.close()
    made.journal.close()


def test_ok__fire_opens_before_there_is_a_journal_and_is_written_later(early: Early) -> None:
    early.gate.report(GateSignal.FIRE_ON)
    early.until(lambda: early.gate.energised)
    assert not early.passage.hand_over(early.journal), "it burns: nothing is handed over"
    assert early.gate.energised
    early.gate.report(GateSignal.FIRE_OFF)
    early.until(lambda: not early.gate.energised)
    assert early.passage.hand_over(early.journal)
    assert early.notices() == [NoticeCode.FIRE_ON, NoticeCode.FIRE_OFF]


def test_ok__the_exit_button_works_before_there_is_a_journal(early: Early) -> None:
    early.gate.report(GateSignal.REX)
    early.until(lambda: early.gate.energised)
    assert not early.passage.hand_over(early.journal), "somebody is passing"
    early.clock.advance(60)
    early.until(lambda: early.passage.hand_over(early.journal))
    events = JournalReader(early.folder / "journal.db").latest(100)
    assert any(isinstance(event, PassageEvent) for event in events)


def test_ok__a_lock_down_from_before_holds(tmp_path: Path) -> None:
    early = Early(tmp_path, "fire-done:a", "locked-down:b")
    early.until(lambda: early.passage.hand_over(early.journal))
    assert early.notices() == [] and not early.gate.energised
    early.journal.close()
