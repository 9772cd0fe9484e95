"""Events removed by age: the rest is verified, nobody who waits loses one, and no alarm is silenced."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from feed_rig import Line, Reader, held, line
from pydantic import ValidationError
from sqlalchemy import select, update
from sync_rig import ingest_of

from contract.messages import EventBatch, NoticeCode
from hq.config import EventsConfig
from hq.database import journal_starts as starts
from hq.database import tables as t
from hq.database.clock import now
from hq.database.store import Store
from hq.database.watched_events import gate_notices
from hq.feed import Feed, FeedKind
from hq.reports import gap_facts, report
from hq.reports.gaps import GapKind, find
from hq.service import event_retention
from hq.service.event_retention import EventRetention

KEEP = timedelta(days=30)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr(starts, "KEEP_LAST", 10)
    monkeypatch.setattr(event_retention, "SLICE", 7)
    made = Store(f"sqlite:///{tmp_path}/hq.db")
    yield made
    made.close()


def filled(store: Store, old: int, events: int = 60) -> Line:
    """A journal whose first events HQ received long ago."""
    one = line(0)
    one.write(events)
    one.store(store, events)
    with store.write() as db:
        db.execute(update(t.events).values(utc=now()))
        past = now() - KEEP - timedelta(hours=1)
        db.execute(update(t.events).where(t.events.c.seq <= old).values(received_utc=past))
    return one


def age(store: Store) -> None:
    task = EventRetention(store, KEEP)
    for _ in range(100):
        task.due()


def numbers(store: Store) -> list[int]:
    return sorted(seq for _, _, seq in held(store))


def holes(store: Store) -> list[GapKind]:
    gaps = find(gap_facts.journals(store), gap_facts.gates(store), now(), timedelta(minutes=5))
    return [gap.kind for gap in gaps if gap.kind in (GapKind.HOLE, GapKind.BRANCH)]


@pytest.mark.parametrize(("old", "first"), [(0, 1), (1, 2), (7, 8), (33, 34), (60, 51)])
def test_ok__the_rest_is_verified_from_where_it_begins(store: Store, old: int, first: int) -> None:
    filled(store, old)
    before = gap_facts.journals(store)
    age(store)
    assert numbers(store) == list(range(first, 61))
    (verdict,) = report.verdicts(store)
    assert (verdict.ok, verdict.held, verdict.removed) == (True, 61 - first, first - 1)
    (facts,) = gap_facts.journals(store)
    assert (facts.begun, facts.first_codes) == (before[0].begun, before[0].first_codes)
    assert holes(store) == []


def test_fail__a_change_after_the_beginning_is_found(store: Store) -> None:
    filled(store, 30)
    age(store)
    with store.write() as db:
        db.execute(update(t.events).where(t.events.c.seq == 31).values(body="{}"))
    assert not report.verdicts(store)[0].ok


def test_ok__a_reader_who_asked_is_waited_for_and_any_other_is_told(store: Store) -> None:
    filled(store, 40)
    feed, other = Feed(store), Reader()
    page = feed.read("", 25, reader="payroll")
    other.read(feed, 5)
    age(store)
    assert numbers(store)[0] == 1, "it has stored nothing yet"
    with store.write() as db:
        db.execute(update(t.feed_readers).values(read_utc=now() - timedelta(hours=1)))
    assert [entry.seq for entry in feed.read(page.cursor, 5, reader="payroll").entries] == [26, 27, 28, 29, 30]
    age(store)
    assert numbers(store)[0] == 26
    other.read_all(feed)
    assert other.missing == [(6, 25)]
    first = feed.read("", 5).entries
    assert [(e.kind, e.seq, e.last_seq, e.why) for e in first[:2]] == [
        (FeedKind.MISSING, 1, 25, "age"),
        (FeedKind.EVENT, 26, 26, ""),
    ]


def said(store: Store, seq: int, code: NoticeCode) -> None:
    with store.write() as db:
        db.execute(update(t.events).where(t.events.c.seq == seq).values(reason=code.value))


@pytest.mark.parametrize(("over", "first"), [(0, 20), (30, 41)])
def test_ok__a_lock_down_is_shown_as_long_as_it_is_in_force(store: Store, over: int, first: int) -> None:
    filled(store, 40)
    said(store, 20, NoticeCode.LOCKED_DOWN)
    said(store, over, NoticeCode.LOCK_DOWN_OVER)
    age(store)
    assert numbers(store)[0] == first


def test_ok__losses_are_counted_though_their_reports_are_removed(store: Store) -> None:
    """An acknowledgement covers as many as there were: with fewer, a new one would be hidden."""
    filled(store, 40)
    for seq in (1, 20, 55):
        said(store, seq, NoticeCode.EVENTS_LOST)
    age(store)
    with store.read() as db:
        assert gate_notices(db)["g0"].losses == 3


def test_ok__a_clock_that_jumped_ahead_removes_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(store, 40)
    monkeypatch.setattr(event_retention, "now", lambda: now() + timedelta(days=400))
    age(store)
    assert numbers(store)[0] == 1


def test_ok__a_gate_that_sends_old_events_again_makes_no_branch(store: Store, tmp_path: Path) -> None:
    one = filled(store, 40)
    age(store)
    ingest = ingest_of(store, tmp_path)
    for first, last in ((0, 10), (30, 50), (39, 45), (0, 60)):
        some = tuple(one.records[first:last])
        batch = EventBatch(site_id="s", gate_id="g0", epoch="e", base_seq=0, records=some)
        outcome = ingest.take(batch)
        assert outcome.ack is not None
        assert (outcome.ack.seq, outcome.ack.batch_seq) == (60, last)
    assert report.quarantine(store) == []
    assert holes(store) == []


def test_ok__a_copy_that_parts_after_the_beginning_is_held_whole(store: Store, tmp_path: Path) -> None:
    one = filled(store, 40)
    age(store)
    other = Line(one.key, records=one.records[:45])
    other.write(5, what="another card")
    batch = EventBatch(site_id="s", gate_id="g0", epoch="e", base_seq=0, records=tuple(other.records[30:]))
    ingest_of(store, tmp_path).take(batch)
    with store.read() as db:
        epochs = db.execute(select(t.watermarks.c.epoch, t.watermarks.c.seq)).all()
    assert sorted(seq for _, seq in epochs) == [50, 60]
    assert holes(store) == [GapKind.BRANCH]


def test_fail__a_short_time_is_refused() -> None:
    with pytest.raises(ValidationError, match="at least 30"):
        EventsConfig(keep_days=7)
    assert EventsConfig().keep is None
