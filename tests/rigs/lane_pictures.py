"""The lane page in every state, for pictures: every sign, the mirror with a drawn person, a greeting."""

from collections.abc import Iterator

import cv2
import numpy as np
from screen_stage import Stage, set_size
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

from contract.messages import Advice, DirectoryEntry
from edge.core.domain import Tone
from edge.replica.directory import DirectoryList
from edge.sim.lane_picture import draw_lane

SIZES = [(1024, 600), (800, 480), (1920, 1080), (400, 800)]
_SKIN, _DARK, _VEST, _HELMET = (140, 170, 210), (50, 50, 50), (40, 110, 220), (60, 200, 240)
_OTHER_TONES: dict[Advice, Tone] = {Advice.WALK_THROUGH: Tone.GO, Advice.SEE_DESK: Tone.DESK}
SIGNS: list[tuple[str, Tone, Advice | None, dict[str, object]]] = [
    ("ready", Tone.IDLE, None, {}),
    *((advice.value, _OTHER_TONES.get(advice, Tone.ADJUST), advice, {}) for advice in Advice),
    ("stop", Tone.STOP, Advice.SEE_DESK, {}),
    ("fire", Tone.GO, None, {"gate_state": "fire"}),
    ("camera_lost", Tone.STOP, Advice.SEE_DESK, {"camera_ok": False}),
]
DESK = {"desk_place": {"en": "Blue container behind you", "zh": "身后的蓝色集装箱"}, "desk_arrow": "down"}
"""Values of [screen] for a stage."""


def drawn_person() -> bytes:
    """Return a JPEG of somebody who does not exist, as the gate hands it to the page."""
    picture = draw_lane(640, 480, 150, 1)
    cv2.rectangle(picture, (215, 365), (425, 480), _VEST, -1)
    cv2.ellipse(picture, (320, 250), (78, 104), 0, 0, 360, _SKIN, -1)
    cv2.ellipse(picture, (320, 190), (92, 78), 0, 180, 360, _HELMET, -1)
    cv2.rectangle(picture, (214, 182), (426, 200), _HELMET, -1)
    for eye in (288, 352):
        cv2.circle(picture, (eye, 238), 9, _DARK, -1)
    cv2.ellipse(picture, (320, 300), (32, 14), 0, 0, 180, _DARK, 5)
    return cv2.imencode(".jpg", np.asarray(cv2.resize(picture, (320, 240))))[1].tobytes()


def greet(stage: Stage, name: str) -> None:
    """Let somebody through whose short name the lane may show."""
    stage.names = DirectoryList(1, None, {"w-7": DirectoryEntry(worker_id="w-7", greeting=name)})
    stage.show(Tone.GO, Advice.WALK_THROUGH, greets="w-7", gate_state="released")


def film(stage: Stage, driver: WebDriver, language: str, tone: Tone, advice: Advice | None) -> None:
    """Show the lane with somebody who approaches."""
    stage.jpeg = drawn_person()
    stage.show(tone, advice)
    open_lane(driver, stage, language, advice.value if advice else "ready")
    WebDriverWait(driver, 10).until(lambda d: d.execute_script(_HAS.format("'filmed' in lane.dataset")) == "true")
    stage.jpeg = None


def open_lane(driver: WebDriver, stage: Stage, language: str, sign: str) -> None:
    """Open the page, and wait until it shows a sign."""
    driver.get(f"{stage.url}/lane?lang={language}")
    WebDriverWait(driver, 10).until(
        lambda d: d.execute_script(_HAS.format(f"lane.dataset.sign === '{sign}'")) == "true"
    )


def lane_pictures(stage: Stage, driver: WebDriver) -> Iterator[str]:
    """Show every state at every size in both languages. Yields the name of each."""
    for width, height in SIZES:
        set_size(driver, width, height)
        for language in ("en", "zh"):
            for name, tone, advice, more in SIGNS:
                stage.show(tone, advice, **more)
                open_lane(driver, stage, language, name)
                yield f"lane-{width}-{language}-{name}"
            film(stage, driver, language, Tone.IDLE, None)
            yield f"lane-{width}-{language}-ready-mirror"
            film(stage, driver, language, Tone.ADJUST, Advice.COME_CLOSER)
            yield f"lane-{width}-{language}-come_closer-mirror"
            greet(stage, {"en": "Xiao Wang", "zh": "小王"}[language])
            open_lane(driver, stage, language, "walk_through")
            yield f"lane-{width}-{language}-walk_through-name"
    stage.show(Tone.IDLE)


_HAS = "const lane = document.getElementById('lane'); return String({})"
