"""The pages about the past in real Chromium: they fit, are accessible in both languages, and lead to each other."""

from collections.abc import Iterator

import pytest
from axe_rules import violations
from desk_browser import open_as
from page_parts import press, shown, shows
from past_days import DAY, MARKUP, NAMES, write_day
from screen_stage import Stage, set_size
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from edge.core.config import SiteConfig

TODAY = DAY.date().isoformat()
PLACES = ("/history", "/history/refusals", "/history/trends", "/history/attendance")
SIZES = ((1024, 600), (1920, 1080), (400, 800))


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("past")
    write_day(folder / "journal.db", SiteConfig(site_id="harbour", gate_id="north-gate"))
    stage = Stage(folder)
    stage.names = NAMES
    yield stage
    stage.close()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_ok__the_past_fits_every_size_and_is_accessible(past: Stage, browser: WebDriver, language: str) -> None:
    faults = {}
    for place in PLACES:
        open_as(browser, past, f"{place}?day={TODAY}&from={TODAY}&to={TODAY}&lang={language}")
        for width, height in SIZES:
            set_size(browser, width, height)
            wide = browser.execute_script("return document.documentElement.scrollWidth")
            assert wide <= width, (place, width)
        assert MARKUP in shown(browser, "main") or place == "/history/trends"
        if found := violations(browser):
            faults[place] = found
    assert faults == {}


def test_ok__a_person_is_found_and_their_day_is_one_click_away(past: Stage, browser: WebDriver) -> None:
    set_size(browser, 1024, 600)
    open_as(browser, past, f"/history?day={TODAY}&lang=en")
    Select(browser.find_element(By.ID, "what")).select_by_visible_text("Training lapsed")
    press(browser, "form.filter button")
    shows(browser, "#found", "1 events")
    browser.find_element(By.LINK_TEXT, "Refusals").click()
    shows(browser, "table.past", "anna")
    browser.find_element(By.LINK_TEXT, MARKUP).click()
    shows(browser, "#found", "3 events")
    press(browser, "a[rel=prev]")
    shows(browser, "#found", "0 events")
    assert shown(browser, "header nav [aria-current]") == "History"
