"""PROMISE: an event that cannot be stored stops no other, waits with its reason, and counts once in the end."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from attendance_rig import GateJournal, at
from district_hq import TestedHq, hq_in
from district_rig import SmallDistrict
from django.db import DataError, OperationalError
from feed_rig import stored_line
from two_parts import client_of
from typer.testing import CliRunner

from district.api.feed_handlers import handle as of_api
from district.attendance.feed_handlers import handle as of_attendance
from district.attendance.models import Day, Passage
from district.cli import app
from district.commands import feed as command
from district.config import DistrictConfig
from district.exchange import failed, feed
from district.exchange.models import FailedEntry, FeedPosition
from district.permissions import Role
from district.wire import FeedEntry, FeedKind


class Handler:
    """Keeps what it takes in the database, and fails for some entries."""

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.bad: dict[int, Exception] = {}

    def __call__(self, entries: Sequence[FeedEntry]) -> None:
        for entry in entries:
            if entry.seq in self.bad and entry.kind != FeedKind.MISSING:
                raise self.bad[entry.seq]
        self.taken += [entry.seq for entry in entries]


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[TestedHq]:
    with hq_in(tmp_path / "hq") as made:
        yield made


@pytest.fixture
def handler(db: None, monkeypatch: pytest.MonkeyPatch) -> Handler:
    made = Handler()
    monkeypatch.setattr(feed, "registered_handlers", lambda: (made,))
    monkeypatch.setattr(failed, "registered_handlers", lambda: (made,))
    monkeypatch.setattr(feed, "_reader", feed.FeedReader())
    return made


def _read_all() -> None:
    for _ in range(100):
        if not feed.read_feed():
            return
    raise AssertionError("the feed does not end")


def _entry(seq: int, kind: FeedKind = FeedKind.EVENT, **more: str) -> FeedEntry:
    return FeedEntry(kind=kind, site_id="site-1", gate_id="gate-1", line="epoch-1", seq=seq, last_seq=seq, **more)


def test_fail__an_entry_that_fails_stops_no_other(hq: TestedHq, handler: Handler) -> None:
    stored_line(hq.store, 120)
    handler.bad = {7: KeyError("direction"), 93: DataError("too big")}
    _read_all()
    assert sorted(handler.taken) == [n for n in range(1, 121) if n not in handler.bad]
    assert [(row.seq, row.error) for row in FailedEntry.objects.order_by("seq")] == [
        (7, "KeyError: 'direction'"),
        (93, "DataError: too big"),
    ]
    assert FeedPosition.objects.get().error == ""
    handler.bad = {93: KeyError("still")}
    assert failed.retry_all() == (1, 1)
    handler.bad = {}
    assert failed.retry_all() == (1, 0)
    assert sorted(handler.taken) == list(range(1, 121)), "each once"


@pytest.mark.parametrize("error", [OperationalError("database is locked"), OSError(28, "No space left"), MemoryError()])
def test_fail__what_the_database_refuses_is_not_set_aside(hq: TestedHq, handler: Handler, error: Exception) -> None:
    stored_line(hq.store, 3)
    handler.bad = {2: error}
    for _ in range(3):
        with pytest.raises(type(error)):
            feed.read_feed()
    assert not FailedEntry.objects.exists() and FeedPosition.objects.get().cursor == ""
    handler.bad = {}
    _read_all()
    assert handler.taken == [1, 2, 3]


def test_fail__a_later_version_of_the_event_waits_in_its_place(handler: Handler) -> None:
    failed.set_aside(_entry(5, body="first"), KeyError("x"))
    assert failed.not_held([_entry(5, FeedKind.CHANGED, body="second"), _entry(6)]) == [_entry(6)]
    row = FailedEntry.objects.get()
    assert failed.entry_of(row) == _entry(5, body="second"), "still new to the handlers"
    assert failed.not_held([_entry(5, FeedKind.MISSING)]) == [_entry(5, FeedKind.MISSING)]


def test_fail__all_of_a_line_waits_behind_a_restart_that_fails(handler: Handler) -> None:
    failed.set_aside(_entry(3), KeyError("x"))
    restart = _entry(0, FeedKind.RESTART)
    assert failed.not_held([restart]) == [restart]
    assert not FailedEntry.objects.exists(), "the line that it replaces is gone"
    failed.set_aside(restart, KeyError("y"))
    assert failed.not_held([_entry(1), _entry(2)]) == []
    handler.bad = {0: KeyError("again")}
    assert failed.retry_all() == (0, 1), "those behind it were not tried"
    handler.bad = {}
    assert failed.retry_all() == (3, 0)
    assert handler.taken == [0, 1, 2]


def test_ok__handlers_before_the_one_that_fails_keep_theirs(
    town: SmallDistrict, monkeypatch: pytest.MonkeyPatch
) -> None:
    last, bad = Handler(), Handler()
    monkeypatch.setattr(failed, "registered_handlers", lambda: (of_attendance, bad, last))
    made = GateJournal().passed("w-1", "in", at(8))
    entry = replace(
        _entry(1, body=made.body), type="passage", worker_id="w-1", utc=made.utc, received_utc=made.received_utc
    )
    bad.bad = {1: ValueError("defect")}
    failed.take_alone(entry, (of_attendance, bad, last))
    assert Passage.objects.count() == 1 and Day.objects.count() == 1 and last.taken == []
    bad.bad = {}
    assert failed.retry_all() == (1, 0)
    assert (bad.taken, last.taken, Passage.objects.count()) == ([1], [1], 1)


def test_fail__a_real_entry_without_its_fields_is_set_aside_and_stored_after_the_repair(town: SmallDistrict) -> None:
    broken = replace(_entry(1, body=json.dumps({"outcome": "passed"})), type="passage", utc=at(8), worker_id="w-1")
    failed.take_alone(broken, (of_attendance, of_api))
    row = FailedEntry.objects.get()
    assert row.error == "KeyError: 'direction'" and not Passage.objects.exists()
    body = {"outcome": "passed", "direction": "in", "clock_trusted": True}
    assert failed.not_held([replace(broken, kind=FeedKind.CHANGED, body=json.dumps(body))]) == []
    failed.retry_due()
    assert Passage.objects.count() == 1 and not FailedEntry.objects.exists()


def test_ok__page_and_command_say_what_to_do(town: SmallDistrict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "opened", lambda folder: DistrictConfig(folder=folder))
    assert CliRunner().invoke(app, ["feed", "failed"]).exit_code == 0
    failed.set_aside(replace(_entry(4), type="passage", body="{"), KeyError("direction"))
    found = CliRunner().invoke(app, ["feed", "failed"])
    assert found.exit_code == 1 and "gate-1 epoch-1 4: KeyError" in found.output and "feed retry" in found.output
    client = client_of(town.accounts[Role.SYSTEM])
    assert "KeyError: &#x27;direction&#x27;" in client.get("/exchange/").content.decode()
    assert "KeyError" in client.get("/").content.decode()
    client.post("/exchange/again")
    assert not failed.retry_due() and FailedEntry.objects.get().attempts == 2
    assert CliRunner().invoke(app, ["feed", "retry"]).exit_code == 1
