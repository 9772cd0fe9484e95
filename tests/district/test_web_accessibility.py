"""PROMISE: every page works by keyboard and screen reader, fits a phone, and keeps its own CSP.

axe-core looks at each page in Chromium, by the rules of WCAG 2.1 A and AA.
"""

from typing import Any

import pytest
from axe_rules import violations
from console_pages import console_pages, sign_in
from district_rig import small_district
from pytest_django.live_server_helper import LiveServer
from screen_stage import set_size
from selenium.webdriver.chrome.webdriver import WebDriver

from district.permissions import Role

PHONE = (390, 844)


@pytest.mark.django_db(transaction=True)
def test_ok__every_page_is_accessible_fits_a_phone_and_keeps_the_csp(
    live_server: LiveServer, chromium: WebDriver
) -> None:
    town = small_district()
    faults = {}
    pages = console_pages([town.accounts[role] for role in Role])
    for page in pages:
        sign_in(chromium, live_server.url, page.user)
        if found := _faults(chromium, f"{live_server.url}{page.address}"):
            faults[f"{page.name} as {page.user.name}"] = found
    assert faults == {}, "\n".join(f"{name}: {fault}" for name, found in faults.items() for fault in found)
    assert len(pages) > 5


def _faults(browser: WebDriver, address: str) -> list[str]:
    set_size(browser, *PHONE)  # type: ignore[arg-type]
    browser.get_log("browser")
    browser.get(address)
    wide = browser.execute_script("return document.documentElement.scrollWidth")
    found = [f"{wide} px wide on a phone"] if wide > PHONE[0] else []
    set_size(browser, 1280, 800)  # type: ignore[arg-type]
    found += violations(browser)
    found += [entry["message"] for entry in browser.get_log("browser") if _matters(entry)]
    return found


def _matters(entry: dict[str, Any]) -> bool:
    return entry["level"] == "SEVERE" and "favicon.ico" not in entry["message"]
