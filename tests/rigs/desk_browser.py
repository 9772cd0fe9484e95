"""The desk's page, opened in real Chromium."""

from screen_stage import Stage
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from edge.screen.passwords import hash_password

PASSWORD = "correct horse battery"


def open_desk(browser: WebDriver, stage: Stage, language: str = "en") -> None:
    stage.desk.set_password("anna", hash_password(PASSWORD), by="test")
    browser.get(f"{stage.url}/desk?lang={language}")
    browser.find_element(By.ID, "name").send_keys("anna")
    browser.find_element(By.ID, "password").send_keys(PASSWORD)
    browser.find_element(By.CSS_SELECTOR, "form button").click()
    WebDriverWait(browser, 20).until(lambda b: b.find_elements(By.ID, "reason"))
