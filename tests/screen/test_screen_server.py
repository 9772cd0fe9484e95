"""The server itself, on a real socket."""

import urllib.request
from pathlib import Path

import pytest
from screen_stage import Stage

from edge.core.config import ScreenConfig
from edge.screen.server import PortTaken, ScreenServer


def test_fail__a_taken_port_says_what_to_set(stage: Stage) -> None:
    port = stage.config.screen.port
    with pytest.raises(PortTaken, match=rf"127\.0\.0\.1:{port}.*set screen\.host or screen\.port"):
        ScreenServer(app=None, config=ScreenConfig(port=port))  # type: ignore[arg-type]


def test_ok__nothing_of_the_journal_is_written_by_the_screen(stage: Stage, tmp_path: Path) -> None:
    stage.play_morning()
    stage.silence()
    before = (tmp_path / "journal.db-wal").read_bytes()
    for page in ("/", "/lane", "/technician", "/healthz", "/metrics", "/lane/sign"):
        urllib.request.urlopen(stage.url + page).close()
    assert (tmp_path / "journal.db-wal").read_bytes() == before
