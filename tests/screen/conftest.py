"""One Chromium for all browser tests, a fresh stage for each."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from screen_stage import Stage, open_chromium
from selenium.webdriver.chrome.webdriver import WebDriver

SERVER_GONE = re.compile(
    r"ERR_CONNECTION_|ERR_EMPTY_RESPONSE|/events - .*status of 403|ERR_INCOMPLETE_CHUNKED_ENCODING|htmx:(sendError|afterRequest)"
)
"""What Chromium and htmx write when nobody answers; a wrong answer would be htmx:responseError."""


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    driver = open_chromium(tmp_path_factory.mktemp("chromium"))
    yield driver
    driver.quit()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.close()


@pytest.fixture
def browser(chromium: WebDriver) -> Iterator[WebDriver]:
    """The browser with an empty console, which must stay empty but for a server that is not there."""
    chromium.execute_cdp_cmd("Network.clearBrowserCookies", {})
    chromium.get_log("browser")
    yield chromium
    chromium.get("about:blank")
    complaints = [entry["message"] for entry in chromium.get_log("browser") if entry["level"] == "SEVERE"]
    unexpected = [c for c in complaints if not SERVER_GONE.search(c)]
    assert unexpected == [], "the page complains in its console"
