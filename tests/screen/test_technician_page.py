"""The technician's page in real Chromium, on a real journal and a real server."""

import pytest
from desk_browser import open_as
from screen_stage import Stage, set_size
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from contract.messages import Advice, Reason
from edge.core.domain import Tone

SIZES = [(1024, 600), (1920, 1080), (390, 844)]


def text(browser: WebDriver, css: str) -> str:
    """The text now; '' if the part is being replaced this moment."""
    return str(browser.execute_script("return document.querySelector(arguments[0])?.innerText ?? ''", css))


def wait_for(browser: WebDriver, css: str, wanted: str) -> None:
    WebDriverWait(browser, 15, poll_frequency=0.1).until(
        lambda b: wanted in text(b, css), f"{css} never said {wanted!r}: {text(browser, css)!r}"
    )


def test_ok__a_morning_at_a_glance(stage: Stage, browser: WebDriver) -> None:
    stage.play_morning()
    set_size(browser, 1280, 900)
    open_as(browser, stage, "/technician")
    wait_for(browser, "#events", "w-1188")  # the last to come: now everything before it is there too
    events = text(browser, "#events")
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
    assert "Connected" in text(browser, "[aria-labelledby=h-hq]")
    lists = text(browser, "[aria-labelledby=h-lists]")
    assert "version 41 · issued 2 h ago" in lists and "fresh" in lists and "stale" in lists
    gate = text(browser, "[aria-labelledby=h-gate]")
    assert "Locked" in gate and "25 fps" in gate and "312" in gate and "0.512" in gate
    assert "whole" in text(browser, "[aria-labelledby=h-journal]")


def test_ok__what_happens_appears_by_itself(stage: Stage, browser: WebDriver) -> None:
    open_as(browser, stage, "/technician")
    assert "Nothing has happened yet." in text(browser, "#events")
    stage.show(Tone.GO, Advice.WALK_THROUGH, gate_state="released")
    stage.access(Reason.GRANTED, Advice.WALK_THROUGH, "w-77")
    stage.passes("w-77")
    wait_for(browser, "#events", "w-77")
    wait_for(browser, "[aria-labelledby=h-gate]", "Released")


def test_fail__a_silent_gate_is_said_to_be_not_running(stage: Stage, browser: WebDriver) -> None:
    open_as(browser, stage, "/technician")
    wait_for(browser, "[aria-labelledby=h-gate]", "Locked")
    stage.silence()
    wait_for(browser, "[aria-labelledby=h-gate]", "Not running")


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
    wait_for(browser, "#events", "w" * 64)
    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    assert browser.execute_script("return document.documentElement.lang") == language


def test_ok__chinese(stage: Stage, browser: WebDriver) -> None:
    stage.play_morning()
    open_as(browser, stage, "/technician?lang=zh")
    wait_for(browser, "#events", "拦下：重点名单")
    stage.access(Reason.UNKNOWN, Advice.SEE_DESK)
    wait_for(browser, "#events", "未识别")
