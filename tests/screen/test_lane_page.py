"""The worker's page in real Chromium, on a real journal and a real server that all these tests share."""

import time
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from axe_rules import AXE, RULES
from screen_stage import Stage, set_size
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

from contract.messages import Advice, DirectoryEntry
from edge.core.domain import Tone
from edge.replica.directory import DirectoryList

SIZES = [(1024, 600), (800, 480), (1920, 1080), (400, 800)]
PICTURE = np.zeros((240, 320, 3), np.uint8)
PICTURE[:, :160] = (0, 0, 255)  # red on the left of the camera's picture, so on the right of a mirror
JPEG = cv2.imencode(".jpg", PICTURE)[1].tobytes()
LONG_NAME = "欧阳娜仁其木格" * 2 + "王小明"
PLACE = {"en": "blue container behind you, second door", "zh": "身后蓝色集装箱，第二个门"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stage = Stage(tmp_path_factory.mktemp("lane"), desk_place=PLACE, desk_arrow="down")
    yield stage
    stage.close()


@pytest.fixture
def lane(shared: Stage, browser: WebDriver) -> Iterator[Stage]:
    """The stage with an empty lane, nobody's picture and nobody's name."""
    set_size(browser, 1024, 600)
    shared.jpeg, shared.names = None, DirectoryList()
    shared.show(Tone.IDLE)
    yield shared
    shared.jpeg = None


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


def filmed(browser: WebDriver, wanted: bool = True) -> None:
    WebDriverWait(browser, 20, poll_frequency=0.05).until(
        lambda b: b.execute_script("return 'filmed' in document.getElementById('lane').dataset") is wanted,
        f"filmed was never {wanted}",
    )


def look(browser: WebDriver) -> tuple[str, str]:
    script = "const lane = document.getElementById('lane');"
    return (
        str(browser.execute_script(f"{script} return getComputedStyle(lane).backgroundColor")),
        str(browser.execute_script(f"{script} return lane.querySelector('.picture svg').innerHTML")),
    )


def greet(stage: Stage, name: str | None) -> None:
    entry = DirectoryEntry(worker_id="w-7", name="Somebody Else Entirely", greeting=name)
    stage.names = DirectoryList(1, None, {"w-7": entry})
    stage.show(Tone.GO, Advice.WALK_THROUGH, greets="w-7")


def test_ok__tone_sentence_and_picture_follow_the_gate(lane: Stage, browser: WebDriver) -> None:
    browser.get(f"{lane.url}/lane")
    wait_for(browser, "idle", "Look here")
    seen = {look(browser)}
    for tone, advice, sentence in [
        (Tone.ADJUST, Advice.COME_CLOSER, "Come closer"),
        (Tone.GO, Advice.WALK_THROUGH, "Walk through"),
        (Tone.STOP, Advice.SEE_DESK, "Stop. See the desk"),
        (Tone.DESK, Advice.SEE_DESK, "Please see the desk"),
    ]:
        lane.show(tone, advice)
        wait_for(browser, tone.value, sentence)
        seen.add(look(browser))
    assert len({c for c, _ in seen}) == len({p for _, p in seen}) == 5, "each tone has a colour and a shape of its own"


def test_ok__a_decision_is_on_the_page_soon(lane: Stage, browser: WebDriver) -> None:
    """Prints how soon, measured in the browser; asserts only that each one comes."""
    browser.get(f"{lane.url}/lane")
    wait_for(browser, "idle", "Look here")
    browser.execute_script(
        """
        const lane = document.getElementById("lane");
        window.changes = [];
        new MutationObserver(() => window.changes.push([lane.dataset.sign, performance.timeOrigin + performance.now()]))
            .observe(lane, {attributes: true, attributeFilter: ["data-sign"]});
        """
    )
    decided: list[tuple[str, float]] = []
    for number in range(24):
        advice = (Advice.COME_CLOSER, Advice.WALK_THROUGH)[number % 2]
        decided.append((advice.value, time.time() * 1000))
        lane.show((Tone.ADJUST, Tone.GO)[number % 2], advice)
        time.sleep(0.11)
    WebDriverWait(browser, 20).until(lambda b: len(b.execute_script("return window.changes")) >= len(decided))
    changes = browser.execute_script("return window.changes")
    assert [sign for sign, _ in changes] == [sign for sign, _ in decided]
    late = sorted(at - begun for (_, at), (_, begun) in zip(changes, decided, strict=True))
    print(f"from the decision to the page: p50 {late[len(late) // 2]:.0f} ms, slowest {late[-1]:.0f} ms")


def test_fail__a_silent_gate_and_a_lost_camera_are_two_things(lane: Stage, browser: WebDriver) -> None:
    browser.get(f"{lane.url}/lane")
    lane.show(Tone.IDLE, camera_ok=False, camera_opening=True)
    wait_for(browser, "adjust", "Please wait")
    lane.show(Tone.STOP, Advice.SEE_DESK, camera_ok=False)
    wait_for(browser, "desk", "Camera is off. See the desk")
    lost = look(browser)
    lane.silence()
    wait_for(browser, "desk", "Gate not running. See the desk")
    assert look(browser)[1] != lost[1]
    lane.show(Tone.IDLE)
    wait_for(browser, "idle", "Look here")


def test_fail__a_dead_screen_server_shows_and_is_found_again(lane: Stage, browser: WebDriver) -> None:
    lane.show(Tone.GO, Advice.WALK_THROUGH)
    browser.get(f"{lane.url}/lane")
    wait_for(browser, "go", "Walk through")
    lane.stop_server()
    wait_for(browser, "adjust", "Please wait")
    wait_for(browser, "desk", "Gate not running. See the desk")
    lane.start_server()
    wait_for(browser, "go", "Walk through")


def test_ok__who_approaches_sees_a_mirror_and_the_decision_takes_the_whole_field(
    lane: Stage, browser: WebDriver
) -> None:
    browser.get(f"{lane.url}/lane")
    lane.jpeg = JPEG
    filmed(browser)
    lane.show(Tone.ADJUST, Advice.COME_CLOSER)
    wait_for(browser, "adjust", "Come closer")
    filmed(browser)
    red_right = browser.execute_script(
        """
        const canvas = document.getElementById("mirror");
        const at = (x) => canvas.getContext("2d").getImageData(x, 120, 1, 1).data[0];
        return [at(10) > 200, at(310) < 60, getComputedStyle(canvas).transform];
        """
    )
    assert red_right == [True, True, "matrix(-1, 0, 0, 1, 0, 0)"]
    lane.show(Tone.GO, Advice.WALK_THROUGH)  # the picture still comes
    wait_for(browser, "go", "Walk through")
    filmed(browser, False)
    lane.show(Tone.IDLE)
    filmed(browser)
    lane.jpeg = None
    filmed(browser, False)


def test_ok__an_admitted_worker_reads_the_own_short_name_and_nothing_else_of_it(
    lane: Stage, browser: WebDriver
) -> None:
    browser.get(f"{lane.url}/lane")
    name = "return document.querySelector('#sign .name')?.textContent ?? ''"
    greet(lane, "<b>小王</b>")
    WebDriverWait(browser, 20).until(lambda b: b.execute_script(name) == "<b>小王</b>")
    assert browser.execute_script("return document.querySelectorAll('#sign .name b').length") == 0, "a name is text"
    page = browser.execute_script("return document.documentElement.outerHTML")
    assert "w-7" not in page and "Somebody" not in page
    lane.show(Tone.DESK, Advice.SEE_DESK, greets="w-7")
    wait_for(browser, "desk", "Please see the desk")
    assert "小王" not in browser.execute_script("return document.documentElement.outerHTML")
    greet(lane, None)
    wait_for(browser, "go", "Walk through")
    assert browser.execute_script("return document.querySelector('#sign .name').hidden") is True


def test_ok__nothing_of_a_worker_is_in_the_page(lane: Stage, browser: WebDriver) -> None:
    lane.play_morning()
    lane.show(Tone.DESK, Advice.SEE_DESK)
    browser.get(f"{lane.url}/lane")
    wait_for(browser, "desk", "Please see the desk")
    assert "w-0" not in browser.page_source and "isk list" not in browser.page_source


def test_ok__chinese_with_english_beside_it_and_where_the_desk_is(lane: Stage, browser: WebDriver) -> None:
    lane.show(Tone.DESK, Advice.SEE_DESK)
    browser.get(f"{lane.url}/lane?lang=zh")
    wait_for(browser, "desk", "请到服务台")
    texts = browser.execute_script(
        """
        const said = (css) => [...document.querySelectorAll(css)].map((one) => [one.lang, one.textContent]);
        return [said("#sign .words > span"), said("#sign .place bdi"), document.documentElement.lang];
        """
    )
    assert texts == [[["en", "Please see the desk"]], [["zh", PLACE["zh"]], ["en", PLACE["en"]]], "zh"]
    assert browser.execute_script("return document.querySelectorAll('#sign .place .way').length") == 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_ok__every_sign_fits_every_display_and_reads_well(lane: Stage, browser: WebDriver, language: str) -> None:
    """Each sign at each size, alone and beside the mirror; with a long name; axe-core on each sign."""
    browser.get(f"{lane.url}/lane?lang={language}")
    browser.execute_script(AXE)
    outside: list[Any] = []
    for size in SIZES:
        set_size(browser, *size)
        outside += browser.execute_script(FITS, LONG_NAME)
    assert outside == []
    set_size(browser, 1024, 600)
    assert browser.execute_async_script(READS, RULES) == []


FITS = """
const lane = document.getElementById("lane"), sign = document.getElementById("sign"), bad = [];
const size = `${innerWidth}x${innerHeight}`;
for (const template of document.querySelectorAll("template")) {
  const alone = ["walk_through", "stop", "see_desk", "fire", "camera_lost", "not_running"];
  for (const filmed of alone.includes(template.id.slice(5)) ? [false] : [false, true]) {
    filmed ? lane.dataset.filmed = "" : delete lane.dataset.filmed;
    sign.replaceChildren(template.content.cloneNode(true));
    for (const name of sign.querySelectorAll(".name")) {
      name.hidden = false; name.textContent = arguments[0]; name.classList.add("long");
    }
    for (const part of sign.querySelectorAll(".picture > svg, strong, span, .name, .place, .place bdi")) {
      const box = part.getBoundingClientRect(), name = `${size} ${template.id} ${part.className.baseVal ?? part.tagName}`;
      if (part.hidden) continue;
      if (box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight) bad.push(`${name} ${filmed}`);
      if (part.scrollWidth > part.clientWidth + 1 && part.tagName !== "svg") bad.push(`${name} overflows ${filmed}`);
      if (part.tagName === "svg" && Math.min(box.width, box.height) < 90) bad.push(`${name} is small: ${box.height} ${filmed}`);
    }
    if (lane.scrollHeight > innerHeight || lane.scrollWidth > innerWidth) bad.push(`${size} ${template.id} scrolls`);
  }
}
delete lane.dataset.filmed;
return bad;
"""
READS = """
const done = arguments[arguments.length - 1], rules = arguments[0];
const lane = document.getElementById("lane"), sign = document.getElementById("sign");
(async () => {
  const bad = [];
  const tones = {ready: "idle", walk_through: "go", fire: "go", stop: "stop", see_desk: "desk", camera_lost: "desk",
                 not_running: "desk"};
  for (const template of document.querySelectorAll("template")) {
    const id = template.id.slice(5);
    sign.replaceChildren(template.content.cloneNode(true));
    lane.dataset.tone = tones[id] ?? "adjust";
    const result = await axe.run(document, {runOnly: rules, resultTypes: ["violations"]});
    bad.push(...result.violations.flatMap((found) => found.nodes.map((node) => `${id} ${found.id}: ${node.html}`)));
  }
  done(bad);
})();
"""
