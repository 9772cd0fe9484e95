"""PROMISE: nothing typed is lost when a session ends, search follows the typing, and keys move through a list."""

import pytest
from console_pages import sign_in
from district_rig import small_district
from django.contrib.sessions.models import Session
from pytest_django.live_server_helper import LiveServer
from screen_stage import set_size
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from district.permissions import Role

pytestmark = pytest.mark.django_db(transaction=True)


def _value(browser: WebDriver, name: str) -> str:
    return str(browser.find_element(By.NAME, name).get_property("value"))


def test_ok__what_was_typed_survives_the_end_of_the_session_but_for_private_fields(
    live_server: LiveServer, chromium: WebDriver
) -> None:
    town = small_district()
    clerk, address = town.accounts[Role.CLERK], f"{live_server.url}/people/add/"
    sign_in(chromium, live_server.url, clerk)
    chromium.get(address)
    chromium.find_element(By.NAME, "name").send_keys("王小明")
    chromium.find_element(By.NAME, "address").send_keys("secret street")
    Session.objects.all().delete()
    chromium.execute_script(
        "const f = document.querySelector('form[data-draft]'); f.noValidate = true; f.requestSubmit();"
    )
    WebDriverWait(chromium, 20).until(lambda b: "/account/login" in b.current_url)
    sign_in(chromium, live_server.url, clerk)
    chromium.get(f"{live_server.url}/")
    chromium.get(address)
    assert (_value(chromium, "name"), _value(chromium, "address")) == ("王小明", "")
    sign_in(chromium, live_server.url, town.accounts[Role.MANAGER])
    chromium.get(address)
    assert _value(chromium, "name") == ""


def test_ok__search_follows_the_typing_and_arrows_reach_the_results(
    live_server: LiveServer, chromium: WebDriver
) -> None:
    town = small_district()
    set_size(chromium, 1280, 800)  # type: ignore[arg-type]
    sign_in(chromium, live_server.url, town.accounts[Role.OFFICER])
    chromium.get(f"{live_server.url}/")
    chromium.find_element(By.TAG_NAME, "body").send_keys("/")
    chromium.switch_to.active_element.send_keys("gongren")
    WebDriverWait(chromium, 20).until(lambda b: b.find_elements(By.CSS_SELECTOR, "#find-panel .found a"))
    chromium.switch_to.active_element.send_keys(Keys.ARROW_DOWN, Keys.ENTER)
    WebDriverWait(chromium, 20).until(lambda b: "/people/" in b.current_url)


def test_ok__keys_walk_through_a_list(live_server: LiveServer, chromium: WebDriver) -> None:
    town = small_district()
    sign_in(chromium, live_server.url, town.accounts[Role.CLERK])
    chromium.get(f"{live_server.url}/people/")
    body = chromium.find_element(By.TAG_NAME, "body")
    body.send_keys("jjx")
    assert chromium.find_element(By.ID, "bulk").is_displayed()
    assert chromium.find_element(By.CSS_SELECTOR, "[data-picked]").text == "1"
