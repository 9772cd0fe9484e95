"""PROMISE: a live part asks again after every failure, shows that it is old meanwhile, and loses no answer."""

import pytest
from console_pages import sign_in
from district_rig import SmallDistrict, small_district
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from district.imports import views
from district.imports.models import SheetImport
from district.imports.result import ImportResult
from district.permissions import Role

pytestmark = pytest.mark.django_db(transaction=True)
STALE, LIVE = "#import.stale", "#import:not(.stale)"


def until(browser: WebDriver, css: str) -> None:
    WebDriverWait(browser, 30).until(lambda page: page.find_elements(By.CSS_SELECTOR, css), css)


def network(browser: WebDriver, *, offline: bool = False, latency_ms: int = 0) -> None:
    limits = {"offline": offline, "latency": latency_ms, "downloadThroughput": -1, "uploadThroughput": -1}
    browser.execute_cdp_cmd("Network.emulateNetworkConditions", limits)


@pytest.fixture
def waiting(live_server: LiveServer, chromium: WebDriver) -> SheetImport:
    """Open the page of a sheet that the worker checks."""
    town: SmallDistrict = small_district()
    officer = town.accounts[Role.OFFICER]
    one = SheetImport.objects.create(
        subject="enterprises", user=officer, file_name="firms.csv", state=SheetImport.State.TO_CHECK
    )
    sign_in(chromium, live_server.url, officer)
    chromium.get(f"{live_server.url}/imports/sheet/{one.pk}/")
    until(chromium, LIVE)
    return one


def test_ok__a_live_part_goes_on_after_every_kind_of_failure(
    waiting: SheetImport, chromium: WebDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    chromium.execute_cdp_cmd("Network.enable", {})
    assert 0 < chromium.execute_script("return htmx.config.timeout") <= 30_000
    chromium.execute_script("htmx.config.timeout = 300")
    try:
        network(chromium, latency_ms=5_000)  # no answer in time
        until(chromium, STALE)
        network(chromium)
        until(chromium, LIVE)
        network(chromium, offline=True)
        until(chromium, STALE)
    finally:
        network(chromium)
    chromium.execute_script("htmx.config.timeout = 20000")
    until(chromium, LIVE)
    with monkeypatch.context() as patch:
        patch.setattr(views, "result_of", lambda one: 1 / 0)
        until(chromium, STALE)
    waiting.state, waiting.result = SheetImport.State.APPLIED, ImportResult(rows=1).to_json()
    waiting.save()
    until(chromium, ".note.good")
    assert not chromium.find_elements(By.CSS_SELECTOR, "[hx-trigger^=every]"), "it asks although nothing will change"
