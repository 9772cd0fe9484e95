"""The screen's pages, opened in real Chromium: with a password, or as an account of a role."""

from page_parts import press, put, until
from screen_stage import Stage
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By

from edge.screen.access.passwords import hash_password
from edge.screen.access.roles import Role
from edge.screen.access.visitor import COOKIE

PASSWORD = "correct horse battery"
STORED = hash_password(PASSWORD)


def open_desk(browser: WebDriver, stage: Stage, language: str = "en") -> None:
    """Sign in with a password, as a guard."""
    stage.desk.set_password("anna", STORED, by="test")
    browser.get(f"{stage.url}/guard?lang={language}")
    put(browser, "#name", "anna")
    put(browser, "#password", PASSWORD)
    press(browser, "main form button")
    until(browser, lambda b: b.find_elements(By.ID, "q"))


def open_as(browser: WebDriver, stage: Stage, path: str, role: Role = Role.MANAGER) -> None:
    """Open a page, signed in as an account of a role, named like it."""
    stage.desk.set_password(role.value, STORED, by="test", role=role)
    session = stage.sessions.open(role.value, STORED)
    cookie = {"name": COOKIE, "value": session.token, "url": stage.url, "secure": True, "httpOnly": True}
    browser.execute_cdp_cmd("Network.setCookie", cookie)
    browser.get(f"{stage.url}{path}")
