"""Find rows and values on a page of the console."""

import re

from district.demo.browser import Browser, PageError


def row_links(browser: Browser, part: str) -> list[str]:
    """Return the addresses of single rows on a page."""
    return [link for link in browser.links(part) if re.fullmatch(rf"{part}[0-9]+/", link)]


def first_row(browser: Browser, part: str) -> str:
    """Return the address of the first row on a page. Raises PageError."""
    found = row_links(browser, part)
    if not found:
        raise PageError(f"{browser.path()} lists nothing: {browser.text()[:900]}")
    return found[0]


def shown_at(browser: Browser, path: str) -> str:
    """Open a page, and return the words that it shows. Raises PageError."""
    browser.open(path)
    return browser.text()


def value_of(browser: Browser, field: str, part: str = "") -> str:
    """Return the value of the first field or choice that shows this part. Raises PageError."""
    for one in browser.values(field):
        if one and not one.startswith("-") and part in one:
            return one.partition(" ")[0]
    raise PageError(f"{browser.path()} offers no {field} with {part!r}, only {browser.values(field)}")
