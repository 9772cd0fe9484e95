"""PROMISE: from a sheet to the gate and back: imported, enrolled on a phone, let in, counted, uploaded, withdrawn.

A real gate on the walk-up camera, HQ with its broker, the console in Chromium, and a simulated real-name platform.
"""

import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import xlsxwriter
from id_numbers import id_number
from screen_stage import open_chromium, set_size
from selenium.common.exceptions import TimeoutException
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait
from story_stage import GATE, SITE, StoryStage
from sync_rig import wait_until

from contract.messages import Reason
from edge.core.config import MatcherConfig
from edge.matcher import open_matcher
from edge.tools.demo.cast import portraits

NAME, ID_NUMBER = "欧阳晓峰", id_number(225, birth="19900307")
PAGE_S = 60.0
ROW = {
    "姓名": NAME,
    "身份证号": ID_NUMBER,
    "民族": "汉",
    "手机号": "13800138000",
    "住址": "示范省示范市一号",
    "项目": SITE,
    "班组": "钢筋一班",
    "工种": "钢筋工",
    "进场日期": f"{date.today() - timedelta(days=1):%Y-%m-%d}",
    "培训有效期": "2099-12-31",
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, models_dir: Path, photos_dir: Path) -> Iterator[StoryStage]:
    """Everything runs, and nobody has walked up yet."""
    with StoryStage(tmp_path_factory.mktemp("story"), models_dir) as stage:
        stage.start_all(portraits(photos_dir, open_matcher(MatcherConfig(), models_dir)))
        yield stage


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[WebDriver]:
    driver = open_chromium(tmp_path / "desk")
    yield driver
    driver.quit()


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[WebDriver]:
    driver = open_chromium(tmp_path / "phone")
    set_size(driver, 390, 844)
    yield driver
    driver.quit()


def sheet(path: Path) -> Path:
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        for column, (heading, value) in enumerate(ROW.items()):
            page.write_string(0, column, heading)
            page.write_string(1, column, value)
    return path


def seen(browser: WebDriver, css: str) -> WebElement:
    def found(page: WebDriver) -> WebElement | bool:
        return next((one for one in page.find_elements(By.CSS_SELECTOR, css) if one.is_displayed()), False)

    try:
        element = WebDriverWait(browser, PAGE_S).until(found)
    except TimeoutException:
        text = browser.find_element(By.TAG_NAME, "body").text
        raise AssertionError(f"no {css} at {browser.current_url}:\n{text}") from None
    assert isinstance(element, WebElement)
    return element


def at(browser: WebDriver, path: str) -> None:
    WebDriverWait(browser, PAGE_S).until(lambda b: b.current_url.endswith(path), f"{path}, not {browser.current_url}")


def on_page(browser: WebDriver, url: str, text: str) -> Callable[[], bool]:
    def shows() -> bool:
        browser.get(url)
        return text in browser.find_element(By.TAG_NAME, "main").text

    return shows


def sign_in(browser: WebDriver, stage: StoryStage, who: str) -> None:
    browser.delete_all_cookies()
    browser.get(stage.links[who])
    at(browser, f"{stage.console_port}/")


def import_worker(desk: WebDriver, stage: StoryStage, file: Path) -> None:
    sign_in(desk, stage, "clerk")
    desk.get(f"{stage.console}/imports/people/")
    desk.find_element(By.CSS_SELECTOR, "input[type=file]").send_keys(str(file))
    seen(desk, "main form button.main").click()
    seen(desk, "form[action$='/apply/'] button").click()
    seen(desk, ".note.good")


def ledger_of(desk: WebDriver, stage: StoryStage) -> str:
    """Return the address of this month's ledger of the worker's team."""
    address = f"{stage.console}/attendance/ledger?site=1"
    desk.get(address)
    teams = desk.find_elements(By.CSS_SELECTOR, "#f-team option")
    team = next(one.get_attribute("value") for one in teams if one.text.startswith(ROW["班组"]))
    return f"{address}&team={team}"


def invite(desk: WebDriver, stage: StoryStage) -> str:
    desk.get(f"{stage.console}/enrolment/1/")
    for box in desk.find_elements(By.CSS_SELECTOR, "input[name=pick]:checked"):
        if box.get_attribute("aria-label") != NAME:
            box.click()
    seen(desk, "form .pager button.main").click()
    link = seen(desk, f"input[data-name='{NAME}']").get_attribute("value")
    assert link
    return link


def enrol(phone: WebDriver, link: str, photo: Path) -> None:
    phone.get(link)
    seen(phone, "#answer").send_keys(ID_NUMBER[-4:])
    seen(phone, "button.main").click()
    at(phone, "/me/choose")
    seen(phone, "button[value=face]").click()
    at(phone, "/me/agree")
    seen(phone, "button[value=yes]").click()
    at(phone, "/me/platform")
    seen(phone, "button[value=yes]").click()
    at(phone, "/me/photo")
    phone.find_element(By.CSS_SELECTOR, "input[type=file]").send_keys(str(photo))
    WebDriverWait(phone, 2 * PAGE_S).until(lambda b: b.current_url.endswith("/me/"), "the photo was not taken")
    assert phone.find_elements(By.CSS_SELECTOR, "form[action$='/me/stop']"), "the consent is not in force"


def withdraw(phone: WebDriver, stage: StoryStage) -> None:
    """Stop the use of the face, and read the receipt to its end: each gate is named and has confirmed."""
    phone.get(f"{stage.console}/me/")
    seen(phone, "form[action$='/me/stop'] button").click()
    at(phone, "/me/receipt")
    seen(phone, ".sign.good")
    lines = phone.find_elements(By.CSS_SELECTOR, "ul.rows li")
    assert [GATE in line.text for line in lines] == [True]
    assert "good" in (lines[0].get_attribute("class") or "")


class Durations:
    """Measures how long things took, and prints it: `pytest -s` shows it. Nothing is asserted about it."""

    def __init__(self) -> None:
        self._since, self._lines = time.monotonic(), list[str]()

    def restart(self) -> None:
        self._since = time.monotonic()

    def until(self, true: Callable[[], object], what: str, timeout_s: float = PAGE_S) -> None:
        wait_until(true, what, timeout_s)
        self._lines.append(f"{time.monotonic() - self._since:6.1f} s  {what}")

    def show(self) -> None:
        print("", "since the phone said that the enrolment is done:", *self._lines, sep="\n")


@pytest.mark.long  # the demonstration plays the people side and the gate in each run
@pytest.mark.timeout(900)  # minutes on a busy machine: a gate, HQ, a console and two browsers
def test_ok__a_worker_from_the_sheet_to_the_receipt(
    stage: StoryStage, desk: WebDriver, phone: WebDriver, tmp_path: Path, photos_dir: Path
) -> None:
    import_worker(desk, stage, sheet(tmp_path / "workers.xlsx"))
    enrol(phone, invite(desk, stage), photos_dir / "person-a-1.jpg")

    took = Durations()
    took.until(lambda: stage.faces_known() == 1, "the gate knows the worker")
    stage.go.touch()
    took.until(lambda: any(one.granted for one in stage.access()), "the gate opens for the worker")
    granted = next(one for one in stage.access() if one.granted)
    worker_id = str(granted.worker_id)
    sign_in(desk, stage, "manager")
    took.until(on_page(desk, f"{stage.console}/attendance/inside", NAME), "inside on the console")
    took.until(on_page(desk, f"{stage.console}/attendance/days", NAME), "a day on the console")
    took.until(on_page(desk, ledger_of(desk, stage), NAME), "in the ledger")
    first = min(stage.passages(worker_id))
    took.until(lambda: first in stage.at_platform(ID_NUMBER)[1], "the first passage is at the platform", 2 * PAGE_S)
    held = stage.at_platform(ID_NUMBER)[0]
    names = ("workerName", "idCardNumber", "workType", "nation", "address", "cellPhone")
    assert [held[name] for name in names] == [NAME, ID_NUMBER, "020", "汉", ROW["住址"], ROW["手机号"]]
    assert held["headImage"] > 0
    assert first[1] == "01", "the gate lets in"

    took.restart()
    withdraw(phone, stage)
    took.until(lambda: stage.faces_known() == 0, "after the first tap of the withdrawal: the gate knows nobody")
    before = len(stage.access())
    wait_until(lambda: len(stage.access()) > before + 1, "somebody walks up again", PAGE_S)
    assert {one.reason for one in stage.access()[before + 1 :]} == {Reason.UNKNOWN}
    took.until(
        lambda: stage.at_platform(ID_NUMBER)[1] == stage.passages(worker_id),
        "the platform holds exactly the passages of the gate",
        2 * PAGE_S,
    )
    took.show()
