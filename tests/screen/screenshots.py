"""Pictures of the screen, taken from the running software:
PYTHONPATH=tests/rigs python tests/screen/screenshots.py docs/img

Writes lane.png, lane-mirror.png and manager.png; with --all every sign, size and language beside them.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from desk_browser import open_desk
from lane_pictures import DESK, film, greet, lane_pictures, open_lane
from screen_stage import Stage, open_chromium, set_size
from selenium.webdriver.chrome.webdriver import WebDriver

from contract.messages import Advice
from edge.core.domain import Tone

SIZES = [(1024, 600), (1920, 1080), (390, 844)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--all", action="store_true", help="every sign, size and language")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as state:
        stage = Stage(Path(state) / "gate", **DESK)
        stage.play_morning()
        driver = open_chromium(Path(state) / "chromium", "--force-prefers-reduced-motion")
        try:
            for name in all_pictures(stage, driver) if options.all else few_pictures(stage, driver):
                driver.save_screenshot(str(options.folder / f"{name}.png"))
        finally:
            driver.quit()
            stage.close()


def few_pictures(stage: Stage, driver: WebDriver) -> Iterator[str]:
    set_size(driver, 1024, 600)
    greet(stage, "Xiao Wang")
    open_lane(driver, stage, "en", "walk_through")
    time.sleep(0.5)  # the name comes with the stream
    yield "lane"
    film(stage, driver, "zh", Tone.ADJUST, Advice.COME_CLOSER)
    yield "lane-mirror"
    set_size(driver, 1280, 780)
    open_manager(driver, stage, "en")
    yield "manager"


def all_pictures(stage: Stage, driver: WebDriver) -> Iterator[str]:
    yield from lane_pictures(stage, driver)
    for width, height in SIZES:
        set_size(driver, width, height)
        for language in ("en", "zh"):
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


def open_manager(driver: WebDriver, stage: Stage, language: str) -> None:
    driver.get(f"{stage.url}/?lang={language}")
    time.sleep(1.5)  # the board polls every second; the picture is to show a settled one


if __name__ == "__main__":
    main()
