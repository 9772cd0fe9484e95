"""The site office in real Chromium: the one sentence changes by itself, in both languages and three sizes."""

from collections.abc import Iterator

import pytest
from axe_rules import violations
from desk_browser import open_as
from page_parts import shown, shows
from screen_stage import Stage, set_size
from selenium.webdriver.chrome.webdriver import WebDriver

from contract.messages import DataTier
from edge.core.domain import Tone

SIZES = [(1024, 600), (1920, 1080), (400, 800)]
VERDICT = "#verdict"
WELL = {"risk_tier": DataTier.FRESH}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One gate with a morning behind it."""
    stage = Stage(tmp_path_factory.mktemp("office") / "gate")
    stage.play_morning()
    stage.show(Tone.IDLE, **WELL)
    yield stage
    stage.close()


def test_ok__the_sentence_changes_without_a_reload(office: Stage, browser: WebDriver) -> None:
    set_size(browser, 1024, 600)
    open_as(browser, office, "/?lang=en")
    shows(browser, VERDICT, "All is well.")
    office.show(Tone.IDLE, camera_ok=False, **WELL)
    shows(browser, VERDICT, "The camera gives no picture.")
    office.show(Tone.IDLE, **WELL)
    shows(browser, VERDICT, "All is well.")


def test_ok__each_page_fits_in_each_language_and_size_and_can_be_read(office: Stage, browser: WebDriver) -> None:
    open_as(browser, office, "/")
    for language, said in (("en", "All is well."), ("zh", "一切正常。")):
        for path in ("/holds", "/training", "/muster", "/history", "/history/trends", "/"):
            browser.get(f"{office.url}{path}?lang={language}")
            for size in SIZES:
                set_size(browser, *size)
                assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth"), (path, size)
            assert violations(browser) == [], path
        shows(browser, VERDICT, said)
    assert shown(browser, "#people-total") == "7"
