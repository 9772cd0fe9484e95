"""What the steps of the demonstration's story share: who acts, what each step promised, and waiting."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from district.demo.browser import Browser, PageError
from district.demo.page_reading import row_links

WAIT_S = 60.0
LOOK_EVERY_S = 0.3


@dataclass(frozen=True, slots=True)
class StoryStep:
    """One step: what was done, what should come of it, what came, and how long that took."""

    title: str
    wanted: str
    got: str
    seconds: float


@dataclass(frozen=True, slots=True)
class StoryActors:
    """The people of the story: `browser` opens a fresh one, `links` signs accounts in, by their names."""

    browser: Callable[[], AbstractContextManager[Browser]]
    links: Mapping[str, str]
    walk_up: Callable[[str], None]
    """Lets somebody walk up to the gate, by the name of the scene."""
    show_code: Callable[[str], None]
    """Puts a code into the hand of who walks up next."""
    tell: Callable[[StoryStep], None]

    @contextmanager
    def account(self, name: str) -> Iterator[Browser]:
        """Open a browser that one account is signed in with."""
        with self.browser() as browser:
            browser.open(self.links[name])
            yield browser

    def step(self, title: str, wanted: str, came: Callable[[], str]) -> None:
        """Do a step and tell what came of it. So too if a page refuses; that ends the story."""
        begun = time.monotonic()
        try:
            got = came()
        except PageError as error:
            self.tell(StoryStep(title, wanted, str(error), time.monotonic() - begun))
            raise
        self.tell(StoryStep(title, wanted, got, time.monotonic() - begun))


def until_shown(browser: Browser, path: str, text: str) -> None:
    """Open a page again and again until it shows a text. Raises PageError."""

    def shown() -> bool:
        browser.open(path)
        return text in browser.text()

    until(browser, shown, text)


def until_form(browser: Browser, path: str, action: str) -> None:
    """Open a page again and again until it has a form. Raises PageError."""

    def there() -> bool:
        browser.open(path)
        return action in browser.forms()

    until(browser, there, f"the form {action}")


def until_row(browser: Browser, path: str, part: str) -> None:
    """Open a page again and again until it lists a row. Raises PageError."""

    def there() -> bool:
        browser.open(path)
        return bool(row_links(browser, part))

    until(browser, there, f"a row {part}")


def until(browser: Browser, true: Callable[[], bool], what: str) -> None:
    """Look again and again until something is there. Raises PageError."""
    deadline = time.monotonic() + WAIT_S
    while not true():
        if time.monotonic() > deadline:
            raise PageError(f"{browser.path()} never showed {what}: {browser.text()[:600]}")
        time.sleep(LOOK_EVERY_S)
