"""The story format: what it accepts, and how it tells everything that is wrong at once, line by line."""

import tomllib
from pathlib import Path

import pytest

from edge.tools.stories import expect, steps
from edge.tools.stories.line import StoryError
from edge.tools.stories.story import Story, line_numbers, load_story

GOOD = """\
title = "A worker walks through"
story = "A worker is recognised and walks through."
timeline = [
  { at = 1.0, person = "w1" },
  { at = 2.0, sensor = "passage" },
]
expect = [
  { decision = "granted", worker = "w1" },
  { released = 1.2, until = 1.8 },
]
worker = [{ id = "w1" }]
"""


def load(tmp_path: Path, text: str) -> Story:
    path = tmp_path / "story.toml"
    path.write_text(text, encoding="utf-8")
    return load_story(path)


def problems(tmp_path: Path, text: str) -> str:
    with pytest.raises(StoryError) as caught:
        load(tmp_path, text)
    return str(caught.value)


def test_ok__a_story_is_read_with_its_kinds_of_lines(tmp_path: Path) -> None:
    story = load(tmp_path, GOOD)
    assert [step.kind() for step in story.timeline] == ["person", "sensor"]
    assert [line.headline for line in story.expect] == ["decision granted", "relay released"]
    assert story.ends_s == 3.0
    assert not story.filmed


def test_fail__every_problem_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text = GOOD.replace('person = "w1"', 'persom = "w1"').replace("until = 1.8", "untill = 1.8")
    told = problems(tmp_path, text.replace("title", "titel"))
    assert "line 4: no such step: did you mean 'person'?" in told
    assert "line 9: untill: unknown key; did you mean 'until'?" in told
    assert "titel: unknown key; did you mean 'title'?" in told
    assert "title is missing" in told
    assert told.startswith(str(tmp_path / "story.toml") + ": 4 problem(s)")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{ at = 1, sensor = "fire", turn = "on" }', "turn: unknown key; did you mean 'turns'?"),
        ('{ at = 1, sensor = "fire", turns = "up" }', "turns: Input should be 'on', 'off' or 'on and off'"),
        ('{ person = "w1" }', "at is missing"),
        ('{ at = -1, person = "w1" }', "at: Input should be greater than or equal to 0"),
        ('{ at = 1, person = "w1", sensor = "fire" }', "has two kinds (person and sensor): write two lines"),
        ("{ at = 1 }", "no such step: known: person, people"),
        ('{ at = 1, command = "explode" }', "command: Input should be 'open_once'"),
        ("{ at = 1, clock = 2026-01-01T00:00:00 }", "clock: Input should have timezone info"),
        ("{ at = 1, clock = 9999-12-31T00:00:00Z }", "clock: Input should be less than or equal to 2200"),
        ("{ at = nan, restart = 'orderly' }", "at: Input should be"),
        ('{ at = 1, command = "open_once", valid_s = 1e300 }', "valid_s: Input should be less than"),
        ('{ at = 1, command = "open_once", id = "a b" }', "id: String should match pattern"),
        ('{ at = 1, worker = "w1", becomes = { aktive = 1 } }', "aktive: unknown key; did you mean 'active'?"),
        ("{ at = 1, policy = { admit_on_stail = 1 } }", "admit_on_stail: unknown key; did you mean 'admit_on_stale'?"),
        ('"fire"', "is no step; write { at = 1.0, person = … }"),
        ('{ at = 1, person = "w7" }', "there is no [[worker]] for w7; known: nobody, stranger, w1"),
        ('{ at = 0.5, walks_up = ["b"] }', "do not go together"),
    ],
)
def test_fail__a_wrong_step_says_what_to_write(tmp_path: Path, line: str, told: str) -> None:
    assert told in problems(
        tmp_path, GOOD.replace('{ at = 1.0, person = "w1" }', f'{{ at = 0, person = "w1" }},\n{line}')
    )


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("policy = { admit_on_stail = true }", "policy.admit_on_stail: unknown key; did you mean 'admit_on_stale'?"),
        ("policy = { occupancy_max = 0 }", "policy.occupancy_max: Input should be greater than or equal to 1"),
        ("policy = { roster_stale_after_h = 200 }", "before it is stale"),
        ("config = { gate = { puls_ms = 5 } }", "config.gate.puls_ms: unknown key; did you mean 'pulse_ms'?"),
        ("config = { gate = { fire_pin = 17 } }", "config.pin 17 is used by gate.relay_pin and gate.fire_pin"),
        ("ends = 0", "ends: Input should be greater than 0"),
    ],
)
def test_fail__a_wrong_policy_or_configuration_is_told(tmp_path: Path, more: str, told: str) -> None:
    assert told in problems(tmp_path, more + "\n" + GOOD)


def test_fail__a_timeline_out_of_order_or_empty_is_refused(tmp_path: Path) -> None:
    assert "not in order of time" in problems(tmp_path, GOOD.replace("at = 1.0", "at = 9.0"))
    assert "nothing happens in it" in problems(
        tmp_path, 'title = "Nothing"\nstory = "Nothing at all."\ntimeline = []\n'
    )


def test_fail__a_file_that_is_no_toml_or_not_there_is_told(tmp_path: Path) -> None:
    assert "is not valid TOML" in problems(tmp_path, "title = ")
    with pytest.raises(StoryError, match="cannot be read"):
        load_story(tmp_path / "none.toml")


def test_ok__lines_are_found_in_both_ways_of_writing() -> None:
    text = (
        'a = 1\ntimeline = [ # first\n  { at = 1 },\n\n  # a remark\n  { at = 2 },\n]\nworker = [\n  { id = "x" },\n]\n'
    )
    assert line_numbers(text, "timeline") == [3, 6]
    assert line_numbers("[[timeline]]\nat = 1\n\n[[timeline]]\nat = 2\n", "timeline") == [1, 4]
    assert len(tomllib.loads(text)["timeline"]) == 2


PAGE = (Path(__file__).parents[2] / "docs" / "SCENARIOS.md").read_text(encoding="utf-8")


def test_ok__the_page_names_every_kind_of_line_and_every_key_of_a_story() -> None:
    for kind in (*steps.KINDS, *expect.KINDS):
        assert f"`{kind.kind()}`" in PAGE, kind.kind()
    for key in Story.model_fields.keys() - {"timeline", "expect"}:
        assert f"`{key}`" in PAGE or f"`{key} = " in PAGE, key
