"""Pictures of the pages, taken from the running demonstration by `scripts/screenshots`.

Starts the demonstration, lets people come in, signs in as each account, and writes the pictures of README and docs.
With --signs: every sign of the lane in each size and language instead, to be looked at.
"""

import argparse
import contextlib
import itertools
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from command_rig import Command
from lane_pictures import DESK, film, greet, lane_pictures, open_lane
from screen_stage import Stage, open_chromium, set_size
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from contract.messages import Advice
from edge.core.domain import Tone

COME_IN_S, SETTLED_S = 20.0, 1.5
"""Until the kept people are inside; until a page has drawn everything."""
GATE_PAGES = {
    "office": "/?lang=en",
    "history": "/history/refusals",
    "guard": "/guard/person/worker-b",
}
CONSOLE_PAGES: dict[str, tuple[str, str, str, tuple[int, int]]] = {
    "console-officer-zh": ("officer", "/", "zh-hans", (1280, 800)),
    "console-clerk-en": ("clerk", "/", "en", (1280, 800)),
    "console-manager-phone-zh": ("manager", "/", "zh-hans", (390, 844)),
    "console-people-en": ("clerk", "/people", "en", (1280, 800)),
    "console-inside-zh": ("manager", "/attendance/inside", "zh-hans", (1280, 800)),
}
"""By name of the picture: account, address, language, size in pixels."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--signs", action="store_true", help="every sign of the lane, in each size and language")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as state, contextlib.ExitStack() as open_things:
        driver = open_chromium(Path(state) / "chromium", "--force-prefers-reduced-motion")
        open_things.callback(driver.quit)
        stage = Stage(Path(state) / "gate", **DESK)
        open_things.callback(stage.close)
        if options.signs:
            pictures = lane_pictures(stage, driver)
        else:
            demo = open_things.enter_context(kept_demonstration(Path(state)))
            pictures = itertools.chain(lanes(stage, driver), pages(demo, driver))
        for name in pictures:
            driver.save_screenshot(str(options.folder / f"{name}.png"))


@dataclass(frozen=True)
class Demonstration:
    """Where the kept demonstration's pages are. `console`: the link of each of the district's accounts."""

    gate: str
    password: str
    console: dict[str, str]


@contextlib.contextmanager
def kept_demonstration(folder: Path) -> Iterator[Demonstration]:
    """Start the demonstration, and wait until people are inside."""
    command = (sys.executable, "-m", "edge", "demo", "--keep", "--dir", "demo")
    with contextlib.closing(Command(folder, command, terminal=True)) as demo:
        demo.until_said("Ctrl-C ends it", within_s=600)
        said = demo.said()
        gate = re.search(r"Its pages: (http://\S+?)/\s", said)
        password = re.search(r"the password of each is\s+(\w+)", said)
        assert gate and password, said
        links = dict(re.findall(r"^\s*(\w+)\s+\S+\s+(http://\S+/demo/\S+)", said, re.MULTILINE))
        time.sleep(COME_IN_S)
        yield Demonstration(gate[1], password[1], links)
        os.write(demo.terminal, b"\x03")
        demo.ended()


def lanes(stage: Stage, driver: WebDriver) -> Iterator[str]:
    """Show the lane with a person who is drawn: the pictures hold nobody's face."""
    set_size(driver, 1024, 600)
    greet(stage, "Xiao Wang")
    open_lane(driver, stage, "en", "walk_through")
    time.sleep(0.5)  # the name comes with the stream
    yield "lane"
    film(stage, driver, "zh", Tone.ADJUST, Advice.COME_CLOSER)
    yield "lane-mirror"


def pages(demo: Demonstration, driver: WebDriver) -> Iterator[str]:
    """Open each page that README and docs show; the name is the picture's."""
    driver.get(f"{demo.gate}/sign-in?lang=en")
    driver.find_element(By.ID, "name").send_keys("manager")
    driver.find_element(By.ID, "password").send_keys(demo.password)
    driver.find_element(By.CSS_SELECTOR, "main form button").click()
    WebDriverWait(driver, 20).until(lambda d: not d.find_elements(By.ID, "password"))
    set_size(driver, 1280, 780)
    for name, address in GATE_PAGES.items():
        driver.get(demo.gate + address)
        time.sleep(SETTLED_S)
        yield name
    for name, (account, address, language, size) in CONSOLE_PAGES.items():
        set_size(driver, *size)
        driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        driver.get(demo.console[account])
        driver.add_cookie({"name": "django_language", "value": language})
        driver.get(
            driver.current_url.split("/demo/")[0].rstrip("/") + "/" if not address else _at(demo, account, address)
        )
        time.sleep(SETTLED_S)
        yield name


def _at(demo: Demonstration, account: str, address: str) -> str:
    return demo.console[account].split("/demo/")[0] + address


if __name__ == "__main__":
    main()
