"""The desk's page in real Chromium: sign in, let somebody through, and everything fits."""

import pytest
from desk_browser import open_desk
from screen_stage import Stage, set_size
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from contract.messages import AccessEvent, Advice, Direction, Reason
from contract.policy import Factor
from edge.core.domain import ADMIT, AdmitRequest
from edge.storage.desk import DeskReader


def test_ok__sign_in_admit_and_see_what_the_gate_did(stage: Stage, browser: WebDriver) -> None:
    set_size(browser, 1024, 600)
    open_desk(browser, stage)
    browser.find_element(By.CSS_SELECTOR, ".without-id summary").click()
    browser.find_element(By.ID, "reason").send_keys("visitor with the manager")
    browser.find_element(By.CSS_SELECTOR, ".without-id button").click()
    WebDriverWait(browser, 10).until(lambda b: "The gate was asked" in b.page_source)
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
    WebDriverWait(browser, 10, ignored_exceptions=[StaleElementReferenceException]).until(
        lambda b: "by anna" in b.find_element(By.CSS_SELECTOR, ".state").text
    )
    browser.find_element(By.CSS_SELECTOR, "header form button").click()
    WebDriverWait(browser, 10).until(lambda b: b.find_elements(By.ID, "password"))
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
