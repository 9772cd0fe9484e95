"""PROMISE: the district's February, in Chromium: declare, list, refuse, warn, close, trace, train."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from chromium_browser import ChromiumBrowser
from screen_stage import open_chromium
from selenium.webdriver.chrome.webdriver import WebDriver
from story_stage import answers
from sync_rig import wait_until

from district.demo.browser import HttpBrowser
from district.demo.february import LIST_NAME, TRAIN, February
from district.demo.story_steps import StoryActors, StoryStep
from edge.tools.demo import verdict
from edge.tools.demo.cast import FEBRUARY, PUPIL
from edge.tools.demo.play import Follower
from edge.tools.demo.stage import DemoStage

START_S = 180.0
SECRETS = [TRAIN, LIST_NAME]
"""Words of the emergency that stand in the clear in the district's files while a measure holds."""


@pytest.fixture
def stage(tmp_path: Path, models_dir: Path, photos_dir: Path) -> Iterator[DemoStage]:
    """HQ, a gate whose lane is empty, and the console of a small district."""
    with DemoStage(tmp_path / "stage", models_dir, acts=(*FEBRUARY, *PUPIL)) as stage:
        stage.start_with_members(photos_dir)
        stage.make_console()
        yield stage


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[WebDriver]:
    driver = open_chromium(tmp_path / "chromium")
    yield driver
    driver.quit()


@pytest.mark.long  # the demonstration's test plays the same story on the same pages, without a screen
@pytest.mark.timeout(900)  # minutes on a busy machine: a gate, HQ, a console and a browser
def test_ok__a_february_from_the_declaration_to_the_proof_at_the_gate(
    stage: DemoStage, driver: WebDriver, tmp_path: Path
) -> None:
    words = [line.split() for line in stage.start_console() if "/demo/" in line]
    base = f"http://127.0.0.1:{stage.console_port}"
    followed, steps = Follower(stage), list[StoryStep]()
    followed.until(followed.ready, START_S, "the gate did not get ready")
    wait_until(lambda: answers(f"{base}/account/login/"), "the console answers", START_S)
    before = len(followed.events)
    stage.go.touch()

    @contextmanager
    def browser() -> Iterator[ChromiumBrowser]:
        with closing(ChromiumBrowser(driver, base)) as made:
            yield made

    actors = StoryActors(
        browser=browser,
        links={one[0]: one[-1] for one in words},
        walk_up=lambda name: (stage.root / name).touch(),
        show_code=lambda text: _put(stage.root / "code", text),
        tell=steps.append,
    )
    February(actors, tmp_path).play()
    print("", *(f"{one.seconds:6.1f} s  {one.title}: {one.got}" for one in steps), sep="\n")
    assert [one.got for one in steps] == [one.wanted for one in steps]
    wait_until(lambda: all(line.ok for line in _decided(followed, before)), "the gate decides as promised", 60)
    held = [text for text in SECRETS if _found(stage.root / "district", text)]
    assert held == SECRETS, "the search finds nothing, not even what is there"
    stage.stop("gate")
    ending = replace(actors, browser=lambda: HttpBrowser(base))  # the rest needs no screen
    assert February(ending, tmp_path).end_measures() == "4 erased"
    stage.stop("console")
    assert [text for text in SECRETS if _found(stage.root / "district", text)] == []


def _found(folder: Path, text: str) -> bool:
    return any(text.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def _put(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _decided(followed: Follower, before: int) -> list[verdict.VerdictLine]:
    followed.poll()
    return verdict.february_acts(followed.events[before:])
