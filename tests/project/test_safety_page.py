"""docs/SAFETY.md says what the code does: the transitions word for word, and a test for every hazard."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.cli import app
from edge.commands.passage import BEGIN, END, diagram, replaced, section, table
from edge.core.passage import TRANSITIONS, PassageInput, PassageState

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "SAFETY.md").read_text(encoding="utf-8")


def test_ok__the_page_shows_the_passage_as_it_is() -> None:
    assert replaced(PAGE) == PAGE, "run: sitegate passage --write docs/SAFETY.md"


def test_ok__the_table_and_the_diagram_leave_nothing_out() -> None:
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table().splitlines()[2:]]
    shown = {(state, happened) for states, happened, _, _ in cells for state in states.split(", ")}
    assert shown == {(s.replace("_", " "), i.replace("_", " ")) for s, i in TRANSITIONS}
    arrows = re.findall(r"^    (\w+) --> (\w+): (.+)$", diagram(), flags=re.MULTILINE)
    drawn = {(a, b, words) for a, b, all_words in arrows for words in all_words.split(", ")}
    for (state, happened), (after, _) in TRANSITIONS.items():
        words = happened.replace("_", " ")
        assert state is after or {(state, after, words), ("any", after, words)} & drawn
    assert {state for state, _, _ in drawn} - {"any"} == set(PassageState) - {PassageState.FIRE} | {"fire"}
    assert ("any", "fire", PassageInput.FIRE_ON.replace("_", " ")) in drawn


def test_ok__the_command_prints_and_writes(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    assert CliRunner().invoke(app, ["passage", "--write", str(page)]).exit_code == 0
    assert page.read_text() == f"before\n{BEGIN}\n\n{section()}\n\n{END}\nafter\n"
    assert section() in CliRunner().invoke(app, ["passage"]).output


@pytest.mark.parametrize("content", ["no marks", BEGIN, f"{END} {BEGIN}"])
def test_fail__a_page_without_its_marks_is_left_alone(tmp_path: Path, content: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(content)
    assert CliRunner().invoke(app, ["passage", "--write", str(page)]).exit_code == 2
    assert page.read_text() == content


def test_ok__every_hazard_names_its_measure_and_a_test_that_exists() -> None:
    part = PAGE.partition("## Hazards and measures")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in part.splitlines() if line.startswith("|")][2:]
    assert len(rows) > 20
    for hazard, measure, shown, stays in rows:
        assert measure and stays, hazard
        named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", shown)
        assert named or shown == "by hand, on the device", hazard
        for path, name in named:
            text = (ROOT / path).read_text(encoding="utf-8")
            assert not name or f"\ndef {name}(" in text, f"{hazard}: {path}::{name}"
