"""PROMISE: each entry of HQ's feed is stored once, together with the cursor, or not at all."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from district_hq import TestedHq, hq_in
from django.db import ProgrammingError
from feed_rig import stored_line

from district.exchange import feed
from district.exchange.models import FeedPosition
from district.wire import FeedEntry


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[TestedHq]:
    with hq_in(tmp_path / "hq") as made:
        yield made


class Handler:
    """Keeps what it is given, and fails on request."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, int]] = []
        self.fail = False

    def __call__(self, entries: Sequence[FeedEntry]) -> None:
        self.taken += [(one.line, one.seq) for one in entries]
        if self.fail:
            raise ProgrammingError("no such table")


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Handler:
    made = Handler()
    monkeypatch.setattr(feed, "registered_handlers", lambda: (made,))
    return made


def test_ok__entries_come_once(db: Any, hq: TestedHq, handler: Handler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "PAGE", 4)
    line = stored_line(hq.store, 10)
    while feed.read_feed():
        pass
    assert not feed.read_feed()
    line.write(2)
    line.store(hq.store, 2)
    feed.read_feed()
    assert handler.taken == [("epoch-1", seq) for seq in range(1, 13)]
    position = FeedPosition.objects.get()
    assert position.read is not None and not position.error


def test_fail__a_database_that_is_not_of_this_version_stores_nothing(db: Any, hq: TestedHq, handler: Handler) -> None:
    stored_line(hq.store, 3)
    handler.fail = True
    with pytest.raises(ProgrammingError, match="no such table"):
        feed.read_feed()
    position = FeedPosition.objects.get()
    assert position.cursor == "" and "no such table" in position.error
    handler.fail = False
    handler.taken.clear()
    feed.read_feed()
    assert len(handler.taken) == 3
    assert FeedPosition.objects.get().error == ""


def test_fail__a_page_of_an_overtaken_worker_counts_nowhere(db: Any, hq: TestedHq, handler: Handler) -> None:
    stored_line(hq.store, 3)
    position, _ = FeedPosition.objects.get_or_create(pk=1)
    page = feed.hq_door().read_feed("", 10)
    feed.read_feed()
    before = len(handler.taken)
    with pytest.raises(feed.Overtaken):
        feed.store_page(position, page, [handler])
    assert len(handler.taken) == before


def test_ok__hq_keeps_what_this_district_has_not_stored(db: Any, hq: TestedHq, handler: Handler) -> None:
    from hq.database.feed_readers import feed_reader

    stored_line(hq.store, 3)
    feed.read_feed()
    with hq.store.read() as found:
        assert feed_reader(found, "district") is not None
