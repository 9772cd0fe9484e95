"""Every story in this folder is a test of its own (docs/SCENARIOS.md)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from edge.tools.stories.compare import compare, explain
from edge.tools.stories.film import Studio
from edge.tools.stories.play import play
from edge.tools.stories.story import load_story

FOLDER = Path(__file__).parent
STORIES = sorted(FOLDER.glob("*.toml"))


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """What the gate logs about a story's troubles is not needed, and drawing tracebacks takes long."""
    with capture_logs():
        yield


@pytest.fixture(scope="module")
def studio(models_dir: Path, photos_dir: Path) -> Studio:
    return Studio(models_dir, photos_dir)


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_ok__story(path: Path, request: pytest.FixtureRequest) -> None:
    story = load_story(path)
    studio = request.getfixturevalue("studio") if story.filmed else None
    rows = compare(play(story, studio))
    table = "\n".join(f"{r.at_s:6.2f} | {r.expected:45} | {r.got:45} | {r.problem}" for r in rows)
    assert not explain(rows), f"{story.title}: {explain(rows)}\n{table}"


def test_ok__there_are_stories_enough_and_each_title_is_its_own() -> None:
    titles = [load_story(path).title for path in STORIES]
    assert len(STORIES) >= 40
    assert len(set(titles)) == len(titles)
