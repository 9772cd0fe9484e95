"""The worker's page in real Chromium, on a real journal and a real server."""

import pytest
from screen_stage import Stage, set_size
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

from contract.messages import Advice
from edge.core.domain import Tone

SIZES = [(1024, 600), (1920, 1080), (390, 844)]


def shown(browser: WebDriver) -> tuple[str, str]:
    """(tone, the sentence in the first language)."""
    return tuple(
        browser.execute_script(
            "const lane = document.getElementById('lane');"
            "return [lane.dataset.tone, lane.querySelector('strong').textContent]"
        )
    )


def wait_for(browser: WebDriver, tone: str, sentence: str) -> None:
    WebDriverWait(browser, 20, poll_frequency=0.05).until(
        lambda b: shown(b) == (tone, sentence), f"the lane never said {tone}: {sentence}"
    )


def colour(browser: WebDriver) -> str:
    return str(browser.execute_script("return getComputedStyle(document.getElementById('lane')).backgroundColor"))


def test_ok__tone_sentence_and_picture_follow_the_gate(stage: Stage, browser: WebDriver) -> None:
    browser.get(f"{stage.url}/lane")
    wait_for(browser, "idle", "Look here")
    seen = {(colour(browser), browser.execute_script("return document.querySelector('#lane svg').innerHTML"))}
    for tone, advice, sentence in [
        (Tone.ADJUST, Advice.COME_CLOSER, "Come closer"),
        (Tone.GO, Advice.WALK_THROUGH, "Walk through"),
        (Tone.STOP, Advice.SEE_DESK, "Stop. See the desk"),
        (Tone.DESK, Advice.SEE_DESK, "Please see the desk"),
    ]:
        stage.show(tone, advice)
        wait_for(browser, tone.value, sentence)
        seen.add((colour(browser), browser.execute_script("return document.querySelector('#lane svg').innerHTML")))
    assert len({c for c, _ in seen}) == len({p for _, p in seen}) == 5, "each tone has a colour and a shape of its own"


def test_fail__a_silent_gate_shows_as_not_running_and_comes_back(stage: Stage, browser: WebDriver) -> None:
    stage.show(Tone.GO, Advice.WALK_THROUGH)
    browser.get(f"{stage.url}/lane")
    wait_for(browser, "go", "Walk through")
    stage.silence()
    wait_for(browser, "desk", "Gate not running. See the desk")
    stage.show(Tone.IDLE)
    wait_for(browser, "idle", "Look here")


def test_fail__a_dead_screen_server_shows_and_is_found_again(stage: Stage, browser: WebDriver) -> None:
    stage.show(Tone.GO, Advice.WALK_THROUGH)
    browser.get(f"{stage.url}/lane")
    wait_for(browser, "go", "Walk through")
    stage.stop_server()
    wait_for(browser, "desk", "Gate not running. See the desk")
    stage.start_server()
    wait_for(browser, "go", "Walk through")


def test_ok__nothing_of_a_worker_is_in_the_page(stage: Stage, browser: WebDriver) -> None:
    stage.play_morning()
    stage.show(Tone.DESK, Advice.SEE_DESK)
    browser.get(f"{stage.url}/lane")
    wait_for(browser, "desk", "Please see the desk")
    assert "w-0" not in browser.page_source and "isk list" not in browser.page_source


def test_ok__chinese_with_english_beside_it(stage: Stage, browser: WebDriver) -> None:
    browser.get(f"{stage.url}/lane?lang=zh")
    wait_for(browser, "idle", "请看这里")
    second = browser.execute_script(
        "const s = document.querySelector('#lane .words span'); return [s.lang, s.textContent]"
    )
    assert second == ["en", "Look here"]
    assert browser.execute_script("return document.documentElement.lang") == "zh"


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("language", ["en", "zh"])
def test_ok__every_sign_fits_the_display(
    stage: Stage, browser: WebDriver, size: tuple[int, int], language: str
) -> None:
    set_size(browser, *size)
    browser.get(f"{stage.url}/lane?lang={language}")
    outside = browser.execute_script(
        """
        const lane = document.getElementById("lane"), bad = [];
        for (const sign of document.querySelectorAll("template")) {
          lane.replaceChildren(sign.content.cloneNode(true));
          for (const part of lane.querySelectorAll("svg, strong, span")) {
            const box = part.getBoundingClientRect(), name = `${sign.id} ${part.tagName}`;
            if (box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight) bad.push(name);
            if (part.scrollWidth > part.clientWidth + 1 && part.tagName !== "svg") bad.push(`${name} overflows`);
          }
          if (lane.scrollHeight > innerHeight || lane.scrollWidth > innerWidth) bad.push(`${sign.id} scrolls`);
        }
        return bad;
        """
    )
    assert outside == []
