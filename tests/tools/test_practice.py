"""`sitegate try`: typed lines through the real loop, on a clock set by hand."""

import io
from pathlib import Path

import pytest

from common.terminal.console import Console
from edge.sim import ManualClock
from edge.tools.practice.people import practice_story
from edge.tools.practice.session import PracticeSession
from edge.tools.practice.words import WORDS, Context, step_of
from edge.tools.stories.line import StoryError
from edge.tools.stories.story import Story, load_story

STORIES = Path(__file__).parents[1] / "stories"


def played(folder: Path, monkeypatch: pytest.MonkeyPatch, *lines: str, story: Story | None = None) -> list[str]:
    """Type the lines, and return what was printed."""
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines)))
    told = practice_story(story)
    shown = io.StringIO()
    session = PracticeSession(told, folder, Console(file=shown, width=200), ManualClock(told.starts))
    try:
        session.run()
    finally:
        session.close()
    return shown.getvalue().splitlines()


def test_ok__a_card_and_its_pin_open_and_the_passage_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = played(tmp_path, monkeypatch, "card li-wei", "wait 1", "pin 4711", "wait 1", "pass", "wait 1")
    text = "\n".join(said)
    asked, opened, passed = (text.index(word) for word in ("enter pin", "relay released", "passed  li-wei"))
    assert asked < opened < passed and "granted  li-wei" in text


def test_ok__each_answer_can_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ("card 1003", "wait 1", "face wang-fang", "wait 1", "leave", "wait 1", "face stranger", "wait 1", "leave")
    more = (
        "lock",
        "wait 1",
        "release",
        "wait 1",
        "fire on",
        "wait 1",
        "fire off",
        "wait 1",
        "restart power_cut",
        "who",
    )
    text = "\n".join(played(tmp_path, monkeypatch, *lines, *more))
    wanted = "training_lapsed risk_hold unknown lock_down fire_on fire_off gate_started zhao-lei"
    assert [word for word in wanted.split() if word not in text] == []


def test_fail__what_is_no_line_is_answered_and_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = ("nonsense", "card", "face nobody-here", "wait long", 'card "1001', "break window", "input roof on", "pin")
    said = played(tmp_path, monkeypatch, *wrong, "help")
    assert sum("released" in line for line in said) == 0
    assert any("type help" in line for line in said) and any("type: break camera" in line for line in said)
    assert all(any(usage in line for line in said) for usage, _, _ in WORDS.values())


def test_ok__the_workers_and_rules_of_a_story_can_be_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = load_story(STORIES / "pin_guessing.toml")
    text = "\n".join(played(tmp_path, monkeypatch, "who", story=told))
    assert told.worker[0].id in text


def test_fail__a_line_for_another_gate_says_what_is_missing() -> None:
    context = Context(practice_story(), 0, 1)
    with pytest.raises(StoryError, match="there are li-wei"):
        step_of("admit ghost", context)
