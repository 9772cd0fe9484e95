"""The technician's page in real Chromium, on a real journal and a real server."""

import pytest
from desk_browser import open_as
from page_parts import shown, shows
from screen_stage import Stage, set_size
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from contract.messages import Advice, Reason
from edge.core.domain import Tone
from edge.screen.office.muster import NoNames
from edge.tools.status.facts import names_refused

SIZES = [(1024, 600), (1920, 1080), (390, 844)]


def test_ok__a_morning_at_a_glance(stage: Stage, browser: WebDriver) -> None:
    stage.play_morning()
    stage.names = NoNames(trouble="the directory is for site north, this is harbour")
    set_size(browser, 1280, 900)
    open_as(browser, stage, "/technician")
    shows(browser, "#events", "w-1188")  # the last to come: now everything before it is there too
    events = shown(browser, "#events")
    for words in (
        "Admitted",
        "w-1042",
        "Training lapsed",
        "valid until 2026-06-30",
        "Held: risk list",
        "Not recognised",
    ):
        assert words in events
    assert "key-screening" not in browser.page_source
    assert "Connected" in shown(browser, "[aria-labelledby=h-hq]")
    lists = shown(browser, "[aria-labelledby=h-lists]")
    assert "version 41 · issued 2 h ago" in lists and "fresh" in lists and "stale" in lists
    assert "not used" in lists and "the directory is for site north" in lists
    assert names_refused(stage.config.screen), "sitegate status asks so"
    stage.names = NoNames()
    assert not names_refused(stage.config.screen)
    gate = shown(browser, "[aria-labelledby=h-gate]")
    assert "Locked" in gate and "25 fps" in gate and "312" in gate and "0.512" in gate
    assert "whole" in shown(browser, "[aria-labelledby=h-journal]")


def test_ok__what_happens_appears_by_itself(stage: Stage, browser: WebDriver) -> None:
    open_as(browser, stage, "/technician")
    assert "Nothing has happened yet." in shown(browser, "#events")
    stage.show(Tone.GO, Advice.WALK_THROUGH, gate_state="released")
    stage.access(Reason.GRANTED, Advice.WALK_THROUGH, "w-77")
    stage.passes("w-77")
    shows(browser, "#events", "w-77")
    shows(browser, "[aria-labelledby=h-gate]", "Released")


def test_fail__a_silent_gate_is_said_to_be_not_running(stage: Stage, browser: WebDriver) -> None:
    open_as(browser, stage, "/technician")
    shows(browser, "[aria-labelledby=h-gate]", "Locked")
    stage.silence()
    shows(browser, "[aria-labelledby=h-gate]", "Not running")


def test_fail__a_dead_server_is_said_and_found_again(stage: Stage, browser: WebDriver) -> None:
    open_as(browser, stage, "/technician")
    lost = browser.find_element(By.ID, "lost")
    assert not lost.is_displayed()
    stage.stop_server()
    WebDriverWait(browser, 15).until(lambda _: lost.is_displayed())
    stage.start_server()
    WebDriverWait(browser, 15).until(lambda b: b.find_elements(By.ID, "password"))  # a restart signs everybody out


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("language", ["en", "zh"])
def test_ok__no_sideways_scrolling(stage: Stage, browser: WebDriver, size: tuple[int, int], language: str) -> None:
    stage.play_morning()
    stage.passes("w" * 64)
    set_size(browser, *size)
    open_as(browser, stage, f"/technician?lang={language}")
    shows(browser, "#events", "w" * 64)
    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    assert browser.execute_script("return document.documentElement.lang") == language


def test_ok__chinese(stage: Stage, browser: WebDriver) -> None:
    stage.play_morning()
    open_as(browser, stage, "/technician?lang=zh")
    shows(browser, "#events", "拦下：重点名单")
    stage.access(Reason.UNKNOWN, Advice.SEE_DESK)
    shows(browser, "#events", "未识别")
