"""The desk's page in real Chromium: sign in, let somebody through, and everything fits."""

import pytest
from axe_rules import violations
from desk_browser import PASSWORD, STORED, open_desk
from page_parts import press, put, shows, until
from screen_stage import Stage, set_size
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By

from contract.messages import AccessEvent, Advice, Direction, Reason
from contract.policy import Factor
from edge.core.domain import ADMIT, AdmitRequest
from edge.screen.access.visitor import COOKIE, KEPT_COOKIE
from edge.storage.desk import DeskReader


def test_ok__sign_in_admit_and_see_what_the_gate_did(stage: Stage, browser: WebDriver) -> None:
    set_size(browser, 1024, 600)
    open_desk(browser, stage)
    press(browser, ".without-id summary")
    put(browser, "#reason", "visitor with the manager")
    press(browser, ".without-id button")
    until(browser, lambda b: "The gate was asked" in b.page_source)
    reader = DeskReader(stage.folder / "desk.db")
    (request,) = reader.requests(0)
    assert request.kind == ADMIT
    wanted = AdmitRequest.model_validate_json(request.body)
    assert (wanted.by, wanted.reason, wanted.worker_id) == ("anna", "visitor with the manager", None)
    stage.journal.append(
        AccessEvent,
        reason=Reason.MANUAL_ADMIT,
        granted=True,
        advice=Advice.WALK_THROUGH,
        direction=Direction.IN,
        factors=(Factor.GUARD,),
        detail="by anna: visitor with the manager",
    )
    shows(browser, ".state", "by anna")
    press(browser, "header form button")
    until(browser, lambda b: b.find_elements(By.ID, "password"))
    reader.close()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_ok__nothing_is_cut_off_at_any_size(stage: Stage, browser: WebDriver, language: str) -> None:
    stage.play_morning()
    open_desk(browser, stage, language)
    for width, height in ((1024, 600), (1920, 1080), (390, 844)):
        set_size(browser, width, height)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        button = browser.find_element(By.CSS_SELECTOR, ".find-person button").rect
        assert button["y"] + button["height"] <= height, "the button is on the first screen"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_ok__a_kept_screen_shows_the_office_and_asks_for_the_password_for_more(
    stage: Stage, browser: WebDriver, language: str
) -> None:
    browser.delete_all_cookies()
    stage.desk.set_password("anna", STORED, by="test")
    browser.get(f"{stage.url}/guard?lang={language}")
    press(browser, "#keep")
    assert violations(browser) == []
    put(browser, "#name", "anna")
    put(browser, "#password", PASSWORD)
    press(browser, "main form button")
    until(browser, lambda b: b.find_elements(By.ID, "q"))
    browser.get(f"{stage.url}/lane")  # a page that asks for nothing of the account
    browser.delete_cookie(COOKIE)  # as if its time was over
    browser.get(f"{stage.url}/")
    assert not browser.find_elements(By.ID, "password") and violations(browser) == []
    assert not browser.find_elements(By.CSS_SELECTOR, 'nav a[href$="/guard"]')
    browser.get(f"{stage.url}/guard")
    assert browser.find_elements(By.ID, "password") and not browser.find_elements(By.ID, "keep")
    press(browser, "header form button")
    until(browser, lambda b: not b.get_cookie(KEPT_COOKIE))
    browser.get(f"{stage.url}/")
    assert browser.find_elements(By.ID, "password")
