"""`sitegate replay`: play a story through the real gate, and compare the result with what it expects."""

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from common.libraries import extra, require
from common.terminal.console import Table, stacked, styled
from edge.commands.common import EXIT_PROBLEM, EXIT_USAGE, err, example, fail, out
from edge.matcher import ModelError, fetch_pack, load_manifest
from edge.system.logs import configure_logs
from edge.system.pinned_packages import PackageError, cache_dir
from edge.tools.demo.photos import fetch_photos

if TYPE_CHECKING:  # loaded when a story is played: a story has a network, which the gate process must not even load
    from edge.tools.stories.compare import ComparisonRow
    from edge.tools.stories.film import Studio
    from edge.tools.stories.play import PlayedStory
    from edge.tools.stories.story import Story


def replay(
    files: Annotated[list[Path], typer.Argument(help="Stories: TOML files, as in tests/stories.", show_default=False)],
    svg: Annotated[Path | None, typer.Option(help="Draw the timeline into this SVG file.")] = None,
    png_: Annotated[Path | None, typer.Option("--png", help="Draw the timeline into this PNG file.")] = None,
    width_px: Annotated[int, typer.Option(min=600, max=8000, help="Width of the PNG.")] = 1800,
) -> None:
    """Play stories through the real gate, and compare the results with what they expect.

    A story is a TOML file: people at the camera, sensors, HQ, the clock, and the expected results. The clock is set
    by hand, so a story takes no real time. docs/SCENARIOS.md shows how to write one. Exit code 1 if a result differs,
    2 if a story cannot be played.
    """
    from edge.tools.stories.compare import explain
    from edge.tools.stories.line import StoryError
    from edge.tools.stories.story import load_story

    if svg or png_:
        require("drawsvg", extra("tools"), StoryError, "drawsvg")
    if png_:
        require("resvg-py", extra("tools"), StoryError, "resvg_py")
    configure_logs(level=logging.CRITICAL)  # what the gate logs about the story's troubles is not the story
    if len(files) > 1 and (svg or png_):
        raise fail("a picture is drawn of one story at a time: give one file", EXIT_USAGE)
    try:
        stories = [(path, load_story(path)) for path in files]
        studio = _studio() if any(story.filmed for _, story in stories) else None
        results = [(path, story, *_play(story, studio)) for path, story in stories]
    except StoryError as error:
        raise fail(str(error), EXIT_USAGE) from error
    for path, story, _, rows in results:
        if len(results) == 1:
            _show(story, rows)
        first = explain(rows)
        mark = ("✘", "bold red") if first else ("✔", "green")
        out.print(styled(mark, f" {path}: {first or 'as expected'}"), soft_wrap=True)
    if svg or png_:
        _draw(results[0][2], results[0][3], svg, png_, width_px)
    if any(explain(rows) for *_, rows in results):
        sys.exit(EXIT_PROBLEM)


def _studio() -> "Studio":
    from edge.tools.stories.film import Studio

    try:
        with err.status("fetching weights and photos…"):
            models_dir = cache_dir() / "models"
            fetch_pack(load_manifest().pack("opencv-zoo"), models_dir)
            return Studio(models_dir, fetch_photos(cache_dir() / "photos"))
    except (ModelError, PackageError, LookupError) as error:
        raise fail(str(error)) from error


def _play(story: "Story", studio: "Studio | None") -> "tuple[PlayedStory, list[ComparisonRow]]":
    from edge.tools.stories.compare import compare
    from edge.tools.stories.play import play

    played = play(story, studio if story.filmed else None)
    return played, compare(played)


def _show(story: "Story", rows: "list[ComparisonRow]") -> None:
    out.print(styled((story.title, "bold")))
    out.print(" ".join(story.story.split()))
    table = Table("", "s", "expected", "got")
    for row in rows:
        mark = ("✘", "bold red") if row.problem else ("✔", "green")
        got = stacked(row.got, (row.problem, "red")) if row.problem else row.got
        table.add_row(styled(mark), f"{row.at_s:.2f}", row.expected, got)
    out.print(table)


def _draw(
    played: "PlayedStory", rows: "list[ComparisonRow]", svg: Path | None, png_path: Path | None, width_px: int
) -> None:
    from edge.tools.stories.picture import draw, png

    text = draw(played, rows)
    try:
        if svg:
            svg.write_text(text, encoding="utf-8")
        if png_path:
            png_path.write_bytes(png(text, width_px))
    except OSError as error:
        raise fail(f"{error.filename} cannot be written: {error.strerror}") from error


def register(app: typer.Typer) -> None:
    app.command(epilog=example("sitegate replay tests/stories/fire_while_open.toml --svg fire.svg"))(replay)
