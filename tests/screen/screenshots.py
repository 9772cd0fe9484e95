"""Pictures of the screen, taken from the running software: python tests/screen/screenshots.py docs/img

Writes lane.png and manager.png; with --all every sign, size and language beside them.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from desk_browser import open_desk
from screen_stage import Stage, open_chromium, set_size
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

from contract.messages import Advice
from edge.core.domain import Tone

SIZES = [(1024, 600), (1920, 1080), (390, 844)]
SIGNS: list[tuple[str, Tone, Advice | None, dict[str, object]]] = [
    ("ready", Tone.IDLE, None, {}),
    ("walk_through", Tone.GO, Advice.WALK_THROUGH, {"gate_state": "released"}),
    ("come_closer", Tone.ADJUST, Advice.COME_CLOSER, {}),
    ("more_light", Tone.ADJUST, Advice.MORE_LIGHT, {}),
    ("less_light", Tone.ADJUST, Advice.LESS_LIGHT, {}),
    ("hold_still", Tone.ADJUST, Advice.HOLD_STILL, {}),
    ("look_at_camera", Tone.ADJUST, Advice.LOOK_AT_CAMERA, {}),
    ("look_up", Tone.ADJUST, Advice.LOOK_UP, {}),
    ("look_down", Tone.ADJUST, Advice.LOOK_DOWN, {}),
    ("hold_upright", Tone.ADJUST, Advice.HOLD_UPRIGHT, {}),
    ("uncover_face", Tone.ADJUST, Advice.UNCOVER_FACE, {}),
    ("turn_left", Tone.ADJUST, Advice.TURN_LEFT, {}),
    ("turn_right", Tone.ADJUST, Advice.TURN_RIGHT, {}),
    ("one_by_one", Tone.ADJUST, Advice.ONE_BY_ONE, {}),
    ("show_code_or_card", Tone.ADJUST, Advice.SHOW_CODE_OR_CARD, {}),
    ("enter_pin", Tone.ADJUST, Advice.ENTER_PIN, {}),
    ("look_too", Tone.ADJUST, Advice.LOOK_TOO, {}),
    ("next_person_too", Tone.ADJUST, Advice.NEXT_PERSON_TOO, {}),
    ("come_in_hours", Tone.ADJUST, Advice.COME_IN_HOURS, {}),
    ("declare_health", Tone.ADJUST, Advice.DECLARE_HEALTH, {}),
    ("renew_training", Tone.ADJUST, Advice.RENEW_TRAINING, {}),
    ("wait", Tone.ADJUST, Advice.WAIT, {}),
    ("step_back", Tone.ADJUST, Advice.STEP_BACK, {}),
    ("see_desk", Tone.DESK, Advice.SEE_DESK, {}),
    ("stop", Tone.STOP, Advice.SEE_DESK, {}),
    ("fire", Tone.GO, None, {"gate_state": "fire"}),
    ("not_running", Tone.IDLE, None, {"camera_ok": False}),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--all", action="store_true", help="every sign, size and language")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as state:
        stage = Stage(Path(state) / "gate")
        stage.play_morning()
        driver = open_chromium(Path(state) / "chromium", "--force-prefers-reduced-motion")
        try:
            for name in all_pictures(stage, driver) if options.all else two_pictures(stage, driver):
                driver.save_screenshot(str(options.folder / f"{name}.png"))
        finally:
            driver.quit()
            stage.close()


def two_pictures(stage: Stage, driver: WebDriver) -> Iterator[str]:
    set_size(driver, 1024, 600)
    stage.show(Tone.GO, Advice.WALK_THROUGH, gate_state="released")
    open_lane(driver, stage, "en", "walk_through")
    yield "lane"
    set_size(driver, 1280, 780)
    open_manager(driver, stage, "en")
    yield "manager"


def all_pictures(stage: Stage, driver: WebDriver) -> Iterator[str]:
    for width, height in SIZES:
        set_size(driver, width, height)
        for language in ("en", "zh"):
            for name, tone, advice, more in SIGNS:
                stage.show(tone, advice, **more)
                open_lane(driver, stage, language, name)
                yield f"lane-{width}-{language}-{name}"
            stage.show(Tone.IDLE)
            for scheme in ("light", "dark"):
                media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
                driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
                open_manager(driver, stage, language)
                yield f"manager-{width}-{language}-{scheme}"
                stage.show(Tone.IDLE, liveness="off")
                open_manager(driver, stage, language)
                yield f"manager-{width}-{language}-{scheme}-photos-let-in"
                stage.show(Tone.IDLE)
                driver.delete_all_cookies()
                driver.get(f"{stage.url}/guard?lang={language}")
                yield f"sign-in-{width}-{language}-{scheme}"
                open_desk(driver, stage, language)
                time.sleep(1.2)
                yield f"desk-{width}-{language}-{scheme}"


def open_lane(driver: WebDriver, stage: Stage, language: str, sign: str) -> None:
    driver.get(f"{stage.url}/lane?lang={language}")
    WebDriverWait(driver, 10).until(
        lambda d: d.execute_script("return document.getElementById('lane').dataset.sign") == sign
    )


def open_manager(driver: WebDriver, stage: Stage, language: str) -> None:
    driver.get(f"{stage.url}/?lang={language}")
    time.sleep(1.5)  # the board polls every second; the picture is to show a settled one


if __name__ == "__main__":
    main()
