"""Every recipe of docs/HOW_TO_ADD.md names files, functions and words that are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "HOW_TO_ADD.md").read_text(encoding="utf-8")
STEPS = [line for line in PAGE.splitlines() if re.match(r"\| \d+ \|", line)]
RECIPES = re.findall(r"^## (.+)$", PAGE, flags=re.M)


def _sources(step: str) -> str:
    """Return the text of every Python file that the step names, itself or by its folder."""
    found: list[Path] = []
    for path in re.findall(r"`([\w./-]+/[\w./-]*)`", step):
        place = ROOT / path
        found += sorted(place.rglob("*.py")) if place.is_dir() else [place] if place.suffix == ".py" else []
    return "\n".join(path.read_text(encoding="utf-8") for path in found)


def test_ok__the_promised_recipes_are_there() -> None:
    wanted = (
        "rule",
        "message",
        "language",
        "quality fault",
        "camera source",
        "reader",
        "gate adapter",
        "page",
        "command",
    )
    assert all(any(word in recipe for recipe in RECIPES) for word in wanted)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.split(" | ")[1][:60])
def test_ok__a_step_names_places_and_functions_that_exist(step: str) -> None:
    for folder in re.findall(r"`([\w-]+(?:/[\w-]+)*/)`", step):
        assert (ROOT / folder).is_dir(), folder
    source = _sources(step)
    for name in re.findall(r"`(?:\w+\.)?(\w+)\(\)`", step):
        assert f"def {name}(" in source, name
    for name in re.findall(r"`(_?[A-Z]\w+)`", step):
        if name != "SiteNotice":  # the example
            assert re.search(rf"\b{name}\b", source), name


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.split(" | ")[1][:60])
def test_ok__a_step_says_what_holds_it(step: str) -> None:
    cells = [cell.strip() for cell in re.sub(r"`[^`]*`", "CODE", step).strip("|").split("|")]
    assert len(cells) == 4
    assert all(cells)
