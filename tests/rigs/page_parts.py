"""Read and press parts of a page that renews itself: a part may be replaced at any moment."""

from collections.abc import Callable

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait


def until(browser: WebDriver, true: Callable[[WebDriver], object]) -> None:
    """Wait until it is so."""
    WebDriverWait(browser, 20, poll_frequency=0.1, ignored_exceptions=[StaleElementReferenceException]).until(true)


def shown(browser: WebDriver, css: str) -> str:
    """Return the text of the first such part, read in one step; "" if there is none."""
    return str(browser.execute_script("return document.querySelector(arguments[0])?.innerText ?? ''", css))


def shows(browser: WebDriver, css: str, text: str) -> None:
    """Wait until such a part shows a text."""
    waits = WebDriverWait(browser, 20, poll_frequency=0.1)
    waits.until(lambda b: text in shown(b, css), f"{css} never said {text!r}")


def press(browser: WebDriver, css: str) -> None:
    """Click, also if the part is replaced meanwhile."""
    until(browser, lambda b: b.find_element(By.CSS_SELECTOR, css).click() is None)


def put(browser: WebDriver, css: str, text: str) -> None:
    """Type into a field, also if it is replaced before the first key."""
    until(browser, lambda b: b.find_element(By.CSS_SELECTOR, css).send_keys(text) is None)
