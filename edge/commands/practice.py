"""`sitegate try`: a gate at the keyboard, with a simulated card reader, camera and relay."""

import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from common.processes import Processes
from common.terminal.console import styled
from edge.commands.common import EXIT_USAGE, example, fail, out
from edge.system.logs import configure_logs


def try_(
    story: Annotated[
        Path | None, typer.Option("--story", help="Workers, rules and gate of a story file, instead of invented ones.")
    ] = None,
    pages: Annotated[bool, typer.Option("--pages/--no-pages", help="Serve lane, desk and office pages too.")] = True,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of the pages; 0: a free one.")] = 0,
    language: Annotated[str, typer.Option(help="Language of the pages.")] = "en",
) -> None:
    """Try a gate without its hardware. Type what happens at the reader and before the camera, and see what it does.

    The gate's real loop decides, with lists, journal and pages in memory. Nothing of this machine's own gate is
    touched. Lines can also come from a file: `sitegate try < lines.txt`.
    """
    from edge.core.config import ConfigError
    from edge.tools.practice.pages import ACCOUNT, PagesError, start_pages
    from edge.tools.practice.people import practice_story
    from edge.tools.practice.session import PracticeSession
    from edge.tools.stories.line import StoryError
    from edge.tools.stories.play import MEMORY
    from edge.tools.stories.story import load_story

    configure_logs(level=logging.CRITICAL)  # what the gate logs of the tried troubles is printed as events
    memory = MEMORY if os.access(MEMORY, os.W_OK) else None
    try:
        told = practice_story(load_story(story) if story is not None else None)
        with tempfile.TemporaryDirectory(prefix="sitegate-try-", dir=memory) as name, Processes() as processes:
            folder = Path(name)
            session = PracticeSession(told, folder, out)
            try:
                session.who()
                if pages:
                    _say_pages(*start_pages(processes, told.gate_config(folder), folder, port, language), ACCOUNT)
                out.print(
                    "Type card li-wei, face li-wei, pass, help or quit." if story is None else "Type help or quit."
                )
                session.run()
            finally:
                session.close()
    except (StoryError, ConfigError, PagesError) as error:
        raise fail(str(error), EXIT_USAGE) from error
    except KeyboardInterrupt:
        sys.exit(130)


def _say_pages(address: str, password: str, account: str) -> None:
    out.print(styled("lane: ", (f"{address}/lane", "bold"), "   office: ", f"{address}/"), soft_wrap=True)
    out.print(styled(f"guard: {address}/guard   account {account}, password {password}"), soft_wrap=True)


def register(app: typer.Typer) -> None:
    app.command("try", epilog=example("sitegate try", "sitegate try --story tests/stories/pin_guessing.toml"))(try_)
