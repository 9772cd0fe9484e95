"""`sitegate replay` as it is typed, and the promise that the same story always gives the same."""

import re
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from edge.cli import app
from edge.tools.stories.compare import compare, explain
from edge.tools.stories.line import StoryError
from edge.tools.stories.play import play
from edge.tools.stories.story import load_story

FOLDER = Path(__file__).parents[1] / "stories"
STORY = FOLDER / "fire_while_open.toml"


def replay(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["replay", *map(str, arguments)], env={"COLUMNS": "160"})
    return done.exit_code, done.output


def test_ok__it_prints_both_sides_and_draws_the_timeline(tmp_path: Path) -> None:
    code, said = replay(STORY, "--svg", tmp_path / "a.svg", "--png", tmp_path / "a.png")
    assert code == 0, said
    assert "Fire breaks out while the turnstile is open" in said
    assert "notice fire_on" in said
    assert "as expected" in said
    assert "Fire alarm: gate open" in (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_fail__a_difference_is_explained_and_exits_1(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(STORY.read_text(encoding="utf-8").replace('"not_taken"', '"passed"'), encoding="utf-8")
    code, said = replay(wrong, STORY)
    assert code == 1
    assert f"✘ {wrong}: first difference, about 1.5 s: expected “passage passed · w1”, but this did not happen" in said
    assert f"✔ {STORY}: as expected" in said


def test_fail__a_story_that_cannot_be_played_exits_2(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(STORY.read_text(encoding="utf-8").replace("sensor", "senser"), encoding="utf-8")
    code, said = replay(wrong)
    assert code == 2
    assert "did you mean 'sensor'?" in said
    assert replay(STORY, STORY, "--svg", tmp_path / "x.svg")[0] == 2
    assert replay(tmp_path / "none.toml")[0] == 2


def test_fail__an_input_that_is_not_fitted_is_named(tmp_path: Path) -> None:
    path = tmp_path / "story.toml"
    path.write_text(STORY.read_text(encoding="utf-8").replace('"fire"', '"skylight"'), encoding="utf-8")
    with pytest.raises(StoryError, match=r"at 1.5 s: this gate has no input 'skylight': set gate.skylight_pin"):
        play(load_story(path))


def test_ok__the_same_story_always_gives_the_same() -> None:
    story = load_story(FOLDER / "power_cut_while_open.toml")
    with capture_logs():
        first, second = play(story), play(story)
    assert first.changes == second.changes
    assert first.shown == second.shown
    assert [(at_s, e.type) for at_s, e in first.events] == [(at_s, e.type) for at_s, e in second.events]


def test_ok__the_example_of_the_page_is_as_expected(tmp_path: Path) -> None:
    page = (FOLDER.parents[1] / "docs" / "SCENARIOS.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", page, flags=re.DOTALL)
    (tmp_path / "example.toml").write_text(example, encoding="utf-8")
    assert not explain(compare(play(load_story(tmp_path / "example.toml"))))
