"""Finding and admitting a person in real Chromium, with a gate that really decides."""

from collections.abc import Iterator

import pytest
from axe_rules import violations
from desk_browser import STORED
from guard_gate import GuardGate
from page_parts import press, put, shows
from screen_stage import set_size
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By

from contract.messages import AccessEvent, Reason
from edge.screen.access.roles import Role
from edge.screen.access.visitor import COOKIE

SIZES = ((1024, 600), (1920, 1080), (400, 800))


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardGate]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("guard")
        for name in ("MEMORY", "SYSTEMD"):
            patch.setattr(f"edge.app.memory_folder.{name}", folder)
        made = GuardGate(folder / "gate")
        made.desk.set_password("guard", STORED, by="test", role=Role.GUARD)
        made.start()
        yield made
        made.close()


def open_page(browser: WebDriver, gate: GuardGate, path: str) -> None:
    session = gate.sessions.open("guard", STORED)
    cookie = {"name": COOKIE, "value": session.token, "url": gate.url, "secure": True, "httpOnly": True}
    browser.execute_cdp_cmd("Network.setCookie", cookie)
    browser.get(gate.url + path)


def test_ok__typed_pinyin_finds_the_guard_overrides_and_the_gate_answers_on_the_card(
    gate: GuardGate, browser: WebDriver
) -> None:
    set_size(browser, 1024, 600)
    open_page(browser, gate, "/guard?lang=en")
    put(browser, "#q", "lisi")
    shows(browser, "main", "Crane Co")
    press(browser, ".found a")
    shows(browser, "main", "Safety training lapsed on 2026-06-30")
    put(browser, "#reason", "new papers seen")
    press(browser, ".ways .danger")
    shows(browser, "main", "Admitted by the guard")
    event = next(one for one in reversed(gate.events) if isinstance(one, AccessEvent))
    assert (event.reason, event.worker_id, event.granted) == (Reason.MANUAL_ADMIT, "w-0412", True)
    assert event.alerts


@pytest.mark.parametrize(
    ("worker_id", "en", "zh"),
    [
        ("w-0600", "Left on 2026-06-30", "已于 2026-06-30 退场"),
        ("w-0800", "Denied by a list", "名单禁止入场"),
        ("nobody", "Nobody has this id", "没有这个编号的人"),
    ],
)
def test_fail__who_is_blocked_may_only_be_let_out(
    gate: GuardGate, browser: WebDriver, worker_id: str, en: str, zh: str
) -> None:
    for language, words in (("en", en), ("zh", zh)):
        open_page(browser, gate, f"/guard/person/{worker_id}?lang={language}")
        shows(browser, "main", words)
        ways = browser.find_elements(By.CSS_SELECTOR, ".ways button")
        assert [way.get_attribute("value") for way in ways] == ["out"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_ok__search_and_cards_fit_and_keep_to_the_rules_of_axe(
    gate: GuardGate, browser: WebDriver, language: str
) -> None:
    for path in ("/guard/find?q=w-", "/guard/person/w-0412", "/guard/person/w-0700"):
        open_page(browser, gate, f"{path}{'&' if '?' in path else '?'}lang={language}")
        for width, height in SIZES:
            set_size(browser, width, height)
            assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        assert violations(browser) == []
