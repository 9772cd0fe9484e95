"""The pages about visitors, alarms and the lock-down in real Chromium: what a guard does with them."""

from datetime import UTC, datetime

import pytest
from axe_rules import violations
from desk_browser import open_as
from page_parts import press, put, shown, shows, until
from screen_stage import Stage, set_size
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from contract.messages import Advice, Direction, NoticeCode, NoticeEvent, Origin, PassageEvent, PassageOutcome, Reason
from edge.core.domain import LOCK_DOWN, RELEASE_LOCK_DOWN, VISITOR, VISITOR_LEFT, LockDownRequest, Tone
from edge.screen.access.roles import Role
from edge.storage.desk import DeskReader

SIZES = ((1024, 600), (1920, 1080), (400, 800))


def fits(browser: WebDriver) -> None:
    for width, height in SIZES:
        set_size(browser, width, height)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    set_size(browser, 1024, 600)
    assert violations(browser) == []


def kinds(stage: Stage) -> list[str]:
    reader = DeskReader(stage.folder / "desk.db")
    found = [request.kind for request in reader.requests(0)]
    reader.close()
    return found


def walks(stage: Stage, worker_id: str, direction: Direction) -> None:
    stage.journal.append(PassageEvent, outcome=PassageOutcome.PASSED, direction=direction, worker_id=worker_id)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_ok__a_visitor_is_registered_comes_in_and_leaves(stage: Stage, browser: WebDriver, language: str) -> None:
    open_as(browser, stage, f"/visitors?lang={language}", Role.GUARD)
    fits(browser)
    for name, value in (("name", "李娜 <b>Li</b>"), ("host", "Wang Wei"), ("purpose", "fire inspection")):
        put(browser, f"#{name}", value)
    Select(browser.find_element(By.ID, "hours")).select_by_value("2")
    for other in ({"en": "zh", "zh": "en"}[language], language):  # what was typed stays
        press(browser, "a[hreflang]")
        until(browser, lambda b, other=other: b.find_elements(By.CSS_SELECTOR, f"html[lang={other}]"))
        until(browser, lambda b: b.find_element(By.ID, "name").get_attribute("value"))
    press(browser, ".register button")
    until(browser, lambda b: b.find_elements(By.CSS_SELECTOR, ".visitor-badge svg path"))
    assert shown(browser, "h1") == "李娜 <b>Li</b>"
    fits(browser)
    (visit,) = [one for one in stage.desk.visits() if one.ended_utc is None]
    assert visit.by == "guard" and kinds(stage)[-1] == VISITOR
    press(browser, ".visitor-badge .button")
    walks(stage, visit.visitor_id, Direction.IN)
    browser.get(f"{stage.url}/visitors")
    until(browser, lambda b: b.find_elements(By.CSS_SELECTOR, ".list .pill.good"))
    press(browser, f"#{visit.visitor_id}")
    fits(browser)
    press(browser, "#leave")
    until(browser, lambda b: b.find_elements(By.CSS_SELECTOR, ".said.good"))
    assert kinds(stage)[-1] == VISITOR_LEFT
    walks(stage, visit.visitor_id, Direction.OUT)


def test_ok__an_alarm_waits_on_an_open_page_until_somebody_says_what_was_done(stage: Stage, browser: WebDriver) -> None:
    open_as(browser, stage, "/guard?lang=en", Role.GUARD)
    stage.journal.append(NoticeEvent, code=NoticeCode.TAMPER)
    alarm = stage.journal.append(NoticeEvent, code=NoticeCode.HELD_OPEN)
    until(browser, lambda b: b.find_elements(By.ID, f"alarm-{alarm.seq}"))
    press(browser, f"#alarm-{alarm.seq}")
    fits(browser)
    put(browser, "#note", "door closed <i>")
    press(browser, ".narrow button")
    until(browser, lambda b: b.find_elements(By.CSS_SELECTOR, ".said.good"))
    assert not browser.find_elements(By.ID, f"alarm-{alarm.seq}")
    assert "guard" in shown(browser, "main") and "door closed <i>" in shown(browser, "main")
    found = stage.desk.acknowledgements(alarm.epoch)[alarm.seq]
    assert (found.by, found.note) == ("guard", "door closed <i>")
    fits(browser)


def test_ok__a_refusal_says_what_to_do_and_what_became_of_it(stage: Stage, browser: WebDriver) -> None:
    open_as(browser, stage, "/alarms?lang=en", Role.GUARD)
    stage.access(Reason.TRAINING_LAPSED, Advice.RENEW_TRAINING, "w-5")
    shows(browser, ".refusals", "Send to the training office")
    stage.access(Reason.GRANTED, Advice.WALK_THROUGH, "w-5")
    shows(browser, ".refusals", "let in later")


def test_ok__a_lock_down_asks_first_and_shows_on_every_open_page(stage: Stage, browser: WebDriver) -> None:
    open_as(browser, stage, "/guard?lang=en", Role.GUARD)
    before = kinds(stage)
    press(browser, "#lock-ask")
    assert kinds(stage) == before, "nothing was asked of the gate yet"
    fits(browser)
    put(browser, "#why", "a fight")
    press(browser, ".narrow button")
    until(browser, lambda b: b.current_url.endswith("done=asked"))
    reader = DeskReader(stage.folder / "desk.db")
    asked = reader.requests(0)[-1]
    reader.close()
    wanted = LockDownRequest.model_validate_json(asked.body)
    assert (asked.kind, wanted.by, wanted.why) == (LOCK_DOWN, "guard", "a fight")
    first = browser.current_window_handle
    browser.switch_to.new_window("tab")
    browser.get(f"{stage.url}/visitors?lang=en")
    assert not browser.find_elements(By.CSS_SELECTOR, "#banner .said")
    stage.journal.append(
        NoticeEvent, code=NoticeCode.LOCKED_DOWN, by="guard", origin=Origin.DESK, detail="by guard: a fight"
    )
    stage.show(Tone.DESK, Advice.SEE_DESK, gate_state="lockdown")
    for window in (browser.current_window_handle, first):
        browser.switch_to.window(window)
        shows(browser, "#banner", "guard (desk): a fight")
    assert "End the lock-down" in shown(browser, "#lock-ask")
    fits(browser)
    press(browser, "#lock-ask")
    press(browser, ".narrow button")
    until(browser, lambda _: kinds(stage)[-1] == RELEASE_LOCK_DOWN)
    stage.journal.append(NoticeEvent, code=NoticeCode.LOCK_DOWN_OVER, by="guard", origin=Origin.DESK)
    stage.show(Tone.IDLE)
    until(browser, lambda b: not b.find_elements(By.CSS_SELECTOR, "#banner .said"))
    stage.desk.forget_done(lambda ref: ref == asked.ref)
    assert datetime.now(UTC) > wanted.asked_utc
