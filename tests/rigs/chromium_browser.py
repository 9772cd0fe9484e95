"""The story's browser with a real Chromium: what `district.demo.browser.HttpBrowser` does without a screen."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from screen_stage import set_size
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from district.demo.browser import PageError, Value
from district.demo.code_image import code_in_picture

PAGE_S = 60.0
_SET = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change', {bubbles: true}))"
_ARRIVED = "return !window.storyLeaves && document.readyState === 'complete'"
_COOKIE = ("name", "value", "domain", "path", "httpOnly", "secure", "sameSite", "expires")
_SIZE = 1024, 900
"""A whole code is in the picture."""
_TYPED = {"text", "search", "tel", "number", "email", "password", "url", ""}


class ChromiumBrowser:
    """Shows one page at a time, and fills in forms by the names of their fields.

    Several share one Chromium: each has a tab and cookies of its own.
    """

    _active: ClassVar["WeakKeyDictionary[WebDriver, ChromiumBrowser]"] = WeakKeyDictionary()

    def __init__(self, driver: WebDriver, base: str) -> None:
        """`base`: the console's address, without a slash at its end."""
        self.driver, self._base = driver, base
        self._leave_active()
        driver.switch_to.new_window("tab")
        set_size(driver, *_SIZE)
        self._tab, self._cookies = driver.current_window_handle, list[Any]()

    def _activate(self) -> None:
        """Show this one's tab with this one's cookies."""
        if self._active.get(self.driver) is self:
            return
        self._leave_active()
        self.driver.switch_to.window(self._tab)
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.driver.execute_cdp_cmd("Network.setCookies", {"cookies": self._cookies})
        self._active[self.driver] = self

    def _leave_active(self) -> None:
        """Keep the cookies of the one that is shown, while its page is there."""
        before = self._active.pop(self.driver, None)
        if before is not None:
            kept = self.driver.execute_cdp_cmd("Network.getCookies", {"urls": [self._base]})["cookies"]
            before._cookies = [{name: one[name] for name in _COOKIE if name in one} for one in kept]

    def close(self) -> None:
        """Close the tab: its page would go on asking for news."""
        self._active.pop(self.driver, None)
        self.driver.switch_to.window(self._tab)
        self.driver.close()
        self.driver.switch_to.window(self.driver.window_handles[0])

    def open(self, path: str) -> None:
        """Open a page of the console, or a whole address."""
        self._activate()
        self.driver.get(path if "://" in path else self._base + path)

    def submit(self, action: str, values: Mapping[str, Value] | None = None, *, button: str = "") -> None:
        """Fill in a form, press its button, and wait for the page after it. Raises PageError."""
        form = self._form(action)
        for name, value in (values or {}).items():
            self._fill(form, name, value)
        pressed = self._button(form, button)
        self.driver.execute_script("window.storyLeaves = true")
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", pressed)
        pressed.click()
        waited = WebDriverWait(self.driver, PAGE_S, ignored_exceptions=[WebDriverException])
        waited.until(lambda driver: driver.execute_script(_ARRIVED), f"nothing followed the form {action!r}")

    def text(self) -> str:
        """Return the words that the page shows."""
        self.driver.switch_to.window(self._tab)
        return " ".join(self.driver.find_element(By.TAG_NAME, "body").text.split())

    def links(self, part: str) -> list[str]:
        """Return the addresses on the page that hold this part."""
        self.driver.switch_to.window(self._tab)
        found = [one.get_dom_attribute("href") or "" for one in self.driver.find_elements(By.CSS_SELECTOR, "a[href]")]
        return [link for link in found if part in link]

    def values(self, field_name: str) -> list[str]:
        """Return the values of all fields with this name, of a list its choices."""
        self.driver.switch_to.window(self._tab)
        css = f"[name='{field_name}']:not(select), [data-name='{field_name}'], select[name='{field_name}'] option"
        fields = self.driver.find_elements(By.CSS_SELECTOR, css)
        return [f"{one.get_dom_attribute('value') or ''} {_label(one)}".strip() for one in fields]

    def forms(self) -> str:
        """Return the addresses of the page's forms, one on each line."""
        self.driver.switch_to.window(self._tab)
        found = self.driver.find_elements(By.TAG_NAME, "form")
        return "\n".join(form.get_dom_attribute("action") or "" for form in found)

    def fields(self) -> str:
        """Return the names of the page's fields, one on each line."""
        self.driver.switch_to.window(self._tab)
        found = self.driver.find_elements(By.CSS_SELECTOR, "form [name]")
        return "\n".join(field.get_dom_attribute("name") or "" for field in found)

    def code(self) -> str:
        """Return the text of the QR code that the page shows. Raises UnreadableCode."""
        self.driver.switch_to.window(self._tab)
        return code_in_picture(self.driver.find_element(By.CSS_SELECTOR, ".code svg").screenshot_as_png)

    def path(self) -> str:
        """Return the path of the page that is shown, with its query."""
        self.driver.switch_to.window(self._tab)
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


def _label(field: WebElement) -> str:
    """Return what a choice says, or the name of a box for those who do not see it."""
    return str(field.get_property("textContent") or "").strip() or field.get_dom_attribute("aria-label") or ""
