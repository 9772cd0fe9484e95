"""What the manager's page and the metrics tell of the disk and of a clock that was set."""

from datetime import timedelta

import pytest
from screen_parts import NOW, MemoryJournal, Summary, live

from contract.messages import ClockEvent, DiskStep, NoticeCode, NoticeEvent
from edge.core.domain import DiskState
from edge.screen.journal.event_line import Mood
from edge.screen.journal.totals import JournalTotals
from edge.screen.technician.metrics import exposition
from edge.screen.technician.view import technician_view
from edge.screen.translations import load_all

TEXTS = load_all()


def alarms(disk: DiskState | None, language: str = "en", warn_days: float = 7) -> list[tuple[str, str]]:
    view = technician_view(live(disk=disk), JournalTotals(), Summary(), TEXTS[language], NOW, warn_days)
    return [(alarm.what, alarm.todo) for alarm in view.alarms]


def test_ok__room_enough_is_no_alarm() -> None:
    assert alarms(None) == alarms(DiskState(step=DiskStep.OK, free_mb=9000, days_left=8)) == []


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("step", [DiskStep.LOW, DiskStep.VERY_LOW, DiskStep.CRITICAL])
def test_ok__each_step_says_how_much_is_left_and_what_to_do(step: DiskStep, language: str) -> None:
    ((what, todo),) = alarms(DiskState(step=step, free_mb=123.4), language)
    assert "123 MB" in what and todo
    assert "{" not in what + todo


@pytest.mark.parametrize("language", TEXTS)
def test_ok__a_disk_that_fills_says_when(language: str) -> None:
    (_, (soon, _)) = alarms(DiskState(step=DiskStep.LOW, free_mb=900, days_left=0.34), language)
    ((later, _),) = alarms(DiskState(step=DiskStep.OK, free_mb=9000, days_left=4.4), language)
    assert " 0.3 " in soon and " 4 " in later
    assert alarms(DiskState(step=DiskStep.OK, free_mb=9000, days_left=4.4), language, warn_days=0) == []


def test_ok__a_silent_gate_raises_no_alarm_of_its_disk() -> None:
    old = live(age_s=60, disk=DiskState(step=DiskStep.CRITICAL, free_mb=1))
    assert technician_view(old, JournalTotals(), Summary(), TEXTS["en"], NOW, 7).alarms == ()


@pytest.mark.parametrize(("language", "words"), [("en", "Clock was set"), ("zh", "时钟已校正")])
def test_ok__a_clock_that_was_set_is_a_line_of_its_own(language: str, words: str) -> None:
    journal, totals = MemoryJournal(), JournalTotals("e1")
    journal.add(ClockEvent, was_utc=NOW - timedelta(hours=26), was_trusted=True)
    journal.add(NoticeEvent, code=NoticeCode.DISK_LOW, detail="low: 900 MB free")
    totals.add(journal.kept)
    low, clock = technician_view(live(), totals, Summary(), TEXTS[language], NOW).lines
    assert (clock.what, clock.mood) == (words, Mood.CARE)
    assert f"{NOW - timedelta(hours=26):%Y-%m-%d %H:%M:%S} → {NOW:%Y-%m-%d %H:%M:%S} UTC" == clock.detail
    assert low.mood is Mood.BAD


def test_ok__metrics_of_the_disk() -> None:
    disk = DiskState(step=DiskStep.VERY_LOW, free_mb=400, days_left=1.5)
    text = exposition(live(disk=disk), JournalTotals(), Summary(), NOW).decode()
    assert 'sitegate_disk_step{step="very_low"} 1.0' in text
    assert 'sitegate_disk_step{step="ok"} 0.0' in text
    assert "sitegate_disk_free_bytes 4e+08" in text
    assert "sitegate_disk_days_left 1.5" in text
    assert "sitegate_disk" not in exposition(live(), JournalTotals(), Summary(), NOW).decode()
