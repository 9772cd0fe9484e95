"""`sitegate-district february`: play the story of the demonstration through the pages of a console that runs."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from district.commands.context import opened
from district.config import DistrictConfigError

START_S = 60.0


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(february)


def february(
    folder: Annotated[Path, typer.Argument(help="The folder of a demonstration that runs.")],
    walk_ups: Annotated[Path, typer.Option(help="The folder whose files let people walk up to the gate.")],
) -> None:
    """Play a February in the pages of a demonstration: declare, screen, warn, trace and train.

    It prints one line of JSON for each step: what was done, what should come of it, and what came.

    Example: sitegate-district february /tmp/demo/district --walk-ups /tmp/demo
    """
    config = opened(folder)
    if not config.demo:
        raise DistrictConfigError(f"{folder} is no demonstration: `sitegate-district demo` makes one")
    if not walk_ups.is_dir():
        raise DistrictConfigError(f"{walk_ups} is no folder: give the folder of a gate's demonstration")
    from district.accounts.models import User
    from district.demo.browser import HttpBrowser, PageError
    from district.demo.cast import ACCOUNTS
    from district.demo.february import February
    from district.demo.links import link_of
    from district.demo.story_steps import StoryActors, StoryStep
    from district.emergency.registry import running

    if running().exists():
        raise DistrictConfigError(f"{folder} has measures in force: play the story in a new demonstration")
    base = f"http://127.0.0.1:{config.web.port}"

    @contextmanager
    def browser() -> Iterator[HttpBrowser]:
        with HttpBrowser(base) as made:
            yield made

    def tell(step: StoryStep) -> None:
        typer.echo(json.dumps(asdict(step), ensure_ascii=False))

    users = User.objects.filter(username__in=[one.username for one in ACCOUNTS])
    actors = StoryActors(
        browser=browser,
        links={user.username: link_of(user) for user in users},
        walk_up=lambda name: (walk_ups / name).touch(),
        show_code=lambda text: _written(walk_ups / "code", text),
        tell=tell,
    )
    _wait_for(base)
    try:
        February(actors, walk_ups).play()
    except PageError as error:
        raise DistrictConfigError(f"the story ended too early: {error}") from error


def _written(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _wait_for(base: str) -> None:
    """Wait until the console answers. Raises DistrictConfigError."""
    import httpx

    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{base}/account/login/", timeout=5).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise DistrictConfigError(f"no console answers at {base}: start it with `sitegate-district run`")
