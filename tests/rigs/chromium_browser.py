"""The story's browser with a real Chromium: what `district.demo.browser.HttpBrowser` does without a screen."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.ui import Select, WebDriverWait

from district.demo.browser import PageError, Value

PAGE_S = 60.0
_SET = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change', {bubbles: true}))"
_TYPED = {"text", "search", "tel", "number", "email", "password", "url", ""}


class ChromiumBrowser:
    """Shows one page at a time, and fills in forms by the names of their fields."""

    def __init__(self, driver: WebDriver, base: str) -> None:
        """`base`: the console's address, without a slash at its end."""
        self.driver, self._base = driver, base

    def open(self, path: str) -> None:
        """Open a page of the console, or a whole address."""
        self.driver.get(path if "://" in path else self._base + path)

    def submit(self, action: str, values: Mapping[str, Value] | None = None, *, button: str = "") -> None:
        """Fill in a form, press its button, and wait for the page after it. Raises PageError."""
        form = self._form(action)
        for name, value in (values or {}).items():
            self._fill(form, name, value)
        page = self.driver.find_element(By.TAG_NAME, "html")
        pressed = self._button(form, button)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", pressed)
        pressed.click()
        WebDriverWait(self.driver, PAGE_S).until(staleness_of(page), f"nothing followed the form {action!r}")
        WebDriverWait(self.driver, PAGE_S).until(lambda d: d.execute_script("return document.readyState") == "complete")

    def text(self) -> str:
        """Return the words that the page shows."""
        return " ".join(self.driver.find_element(By.TAG_NAME, "body").text.split())

    def links(self, part: str) -> list[str]:
        """Return the addresses on the page that hold this part."""
        found = [one.get_dom_attribute("href") or "" for one in self.driver.find_elements(By.CSS_SELECTOR, "a[href]")]
        return [link for link in found if part in link]

    def values(self, field_name: str) -> list[str]:
        """Return the values of all fields with this name, of a list its choices."""
        css = f"[name='{field_name}']:not(select), [data-name='{field_name}'], select[name='{field_name}'] option"
        fields = self.driver.find_elements(By.CSS_SELECTOR, css)
        return [
            f"{one.get_dom_attribute('value') or ''} {str(one.get_property('textContent') or '').strip()}".strip()
            for one in fields
        ]

    def path(self) -> str:
        """Return the path of the page that is shown, with its query."""
        url = urlsplit(self.driver.current_url)
        return url.path + (f"?{url.query}" if url.query else "")

    def _form(self, action: str) -> WebElement:
        for form in self.driver.find_elements(By.TAG_NAME, "form"):
            known = form.get_dom_attribute("action") or ""
            if known.partition("?")[0].endswith(action) if action else not known:
                return form
        raise PageError(f"{self.driver.current_url} has no form {action!r}: {self.text()[:600]}")

    def _fill(self, form: WebElement, name: str, value: Value) -> None:
        fields = form.find_elements(By.CSS_SELECTOR, f"[name='{name}']")
        if not fields:
            raise PageError(f"{self.driver.current_url}: the form has no field {name!r}: {self.text()[:600]}")
        kind = fields[0].get_dom_attribute("type") or ""
        wanted = [value] if isinstance(value, str | Path) else list(value)
        if isinstance(value, Path):
            fields[0].send_keys(str(value))
        elif fields[0].tag_name == "select":
            for one in wanted:
                Select(fields[0]).select_by_value(str(one))
        elif kind in {"checkbox", "radio"}:
            for one in fields:
                if one.is_selected() != ((one.get_dom_attribute("value") or "on") in wanted):
                    self.driver.execute_script("arguments[0].click()", one)
        elif kind in _TYPED and fields[0].is_displayed():
            fields[0].clear()
            fields[0].send_keys(str(value))
        else:
            self.driver.execute_script(_SET, fields[0], str(value))

    @staticmethod
    def _button(form: WebElement, button: str) -> WebElement:
        name, _, value = button.partition("=")
        css = f"button[name='{name}'][value='{value}']" if button else "button:not([type=button]), input[type=submit]"
        return form.find_element(By.CSS_SELECTOR, css)
