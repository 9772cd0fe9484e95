"""The feed: a reader has exactly what HQ has, each event once, also after crashes, forks and restores."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from feed_rig import Line, Reader, held, line
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from hq import config
from hq.cli import app
from hq.database import tables as t
from hq.database.clock import now
from hq.database.event_changes import RUNS_MAX, runs
from hq.database.journals import set_watermarks
from hq.database.store import Store
from hq.database.values import BRANCH_MARK, JournalKey, Watermark
from hq.feed import BadCursor, Feed, FeedPage
from hq.feed.server import FeedRefused, feed_app, token_of
from hq.keys.keys import init


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path}/hq.db")
    yield made
    made.close()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("store"), st.integers(0, 5), st.integers(1, 9)),
        st.tuples(st.just("change"), st.integers(0, 5), st.integers(0, 12)),
        st.tuples(st.just("fork"), st.integers(0, 5), st.integers(0, 12)),
        st.tuples(st.just("read"), st.integers(1, 9), st.just(0)),
        st.tuples(st.just("crash"), st.integers(1, 9), st.just(0)),
    ),
    max_size=30,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_ok__a_reader_has_what_hq_has(store: Store, steps: list[tuple[str, int, int]]) -> None:
    with store.write() as db:
        for table in (t.events, t.watermarks, t.event_changes):
            db.execute(table.delete())
    lines = [line(0), line(1), line(1, "f")]
    for one in lines:
        one.write(12)
    feed, reader = Feed(store), Reader()
    for what, which, much in steps:
        chosen = lines[which % len(lines)]
        match what:
            case "store":
                chosen.store(store, much)
            case "change":
                chosen.change(store, much // 2, much)
            case "fork" if BRANCH_MARK not in chosen.key.epoch and chosen.stored:
                at = chosen.records[min(much, chosen.stored - 1)]
                name = f"{chosen.key.epoch}{BRANCH_MARK}{len(lines)}"
                lines.append(Line(JournalKey("s", chosen.key.gate_id, name), (at.seq, at.hash)))
                lines[-1].write(9, what=name)
            case "read" | "crash":
                reader.read(feed, which, crash=what == "crash")
    reader.read_all(feed)
    assert (reader.table, reader.restarts, reader.missing) == (held(store), 0, [])
    assert feed.read(reader.cursor).entries == ()


def test_ok__a_change_of_what_is_not_read_yet_is_not_reported_twice(store: Store) -> None:
    one, reader, feed = line(0), Reader(), Feed(store)
    one.write(10)
    one.store(store, 10)
    reader.read(feed, 4)
    one.change(store, 0, 9)
    page = feed.read(reader.cursor, 100)
    assert [(e.seq, e.kind.value, e.why) for e in page.entries[:5]] == [
        *((n, "changed", "time") for n in (1, 2, 3, 4)),
        (5, "event", ""),
    ]
    reader.read_all(feed)
    assert reader.table == held(store)


def _restored(store: Store, lines: list[Line], keep: int) -> None:
    """As a backup from when HQ held `keep` events of each line."""
    with store.write() as db:
        for one in lines:
            mine = (t.events.c.gate_id == one.key.gate_id, t.events.c.epoch == one.key.epoch)
            db.execute(t.events.delete().where(*mine, t.events.c.seq > keep))
            end = Watermark(keep, one.records[keep - 1].hash)
            set_watermarks(db, {one.key.journal: (one.key.site_id, end)}, now())
            one.stored = keep
        db.execute(t.event_changes.delete())
        db.execute(t.watermarks.update().values(changes=0, change_token=""))


def test_ok__an_hq_that_holds_less_is_told_and_the_reader_goes_on_behind_it(store: Store) -> None:
    one, other, reader, feed = line(0), line(1), Reader(), Feed(store)
    for some in (one, other):
        some.write(10)
        some.store(store, 8)
    reader.read_all(feed)
    _restored(store, [one], 5)
    other.store(store, 2)
    page = feed.read(reader.cursor)
    assert [(lag.gate_id, lag.reader_seq, lag.hq_seq) for lag in page.behind] == [("g0", 8, 5)]
    assert [(e.gate_id, e.seq) for e in page.entries] == [("g1", 9), ("g1", 10)], "nothing else waits"
    one.store(store, 5)  # the gate sends again what HQ lost
    assert feed.read(page.cursor).behind == ()
    reader.read_all(feed)
    assert (reader.table, reader.restarts) == (held(store), 0)


def test_ok__another_line_under_the_same_name_begins_again(store: Store) -> None:
    one, reader, feed = line(0), Reader(), Feed(store)
    one.write(8)
    one.store(store, 8)
    reader.read_all(feed)
    _restored(store, [one], 5)
    one.records = one.records[:5]
    one.write(5, what="another card")
    one.store(store, 5)
    reader.read_all(feed)
    assert (reader.table, reader.restarts) == (held(store), 1)


def test_ok__changes_that_a_restored_hq_made_otherwise_are_reported(store: Store) -> None:
    one, reader, feed = line(0), Reader(), Feed(store)
    one.write(6)
    one.store(store, 6)
    one.change(store, 0, 3)
    reader.read_all(feed)
    _restored(store, [one], 6)  # of before the change
    one.change(store, 2, 5)  # as many changes as the reader knows, but others
    reader.read_all(feed, limit=2)
    assert (reader.table, reader.restarts) == (held(store), 0)


def test_ok__what_hq_lost_is_named(store: Store) -> None:
    one, reader, feed = line(0), Reader(), Feed(store)
    one.write(9)
    one.store(store, 9)
    with store.write() as db:
        db.execute(t.events.delete().where(t.events.c.seq.in_((1, 2, 5, 9))))
    reader.read_all(feed, limit=100)
    assert reader.missing == [(1, 2), (5, 5), (9, 9)]
    one.write(2)
    one.store(store, 2)
    reader.read_all(feed)
    assert reader.table == held(store)


def test_ok__records_that_do_not_follow_begin_nothing_again(store: Store) -> None:
    """HQ keeps what does not verify."""
    one, reader, feed = line(0), Reader(), Feed(store)
    one.write(3)
    one.records[2] = one.records[2].model_copy(update={"prev_hash": "f" * 64})
    for _ in range(3):
        one.store(store, 1)
        reader.read_all(feed)
    assert (reader.table, reader.restarts) == (held(store), 0)


def test_ok__a_busy_gate_holds_up_no_other(store: Store) -> None:
    busy, quiet, feed = line(0), line(1), Feed(store)
    busy.write(50)
    quiet.write(1)
    busy.store(store, 50)
    quiet.store(store, 1)
    first = feed.read("", 10)
    assert first.more
    assert feed.read(first.cursor, 10).entries[0].gate_id == "g1"


@pytest.mark.parametrize(
    "cursor",
    ["x", "[]", '{"v":2,"at":{}}', '{"v":1,"at":{"g":{"e":[-1,"",0,""]}}}', '{"v":1,"at":{},"more":1}', "[" * 9999],
)
def test_fail__a_cursor_that_hq_never_gave(store: Store, cursor: str) -> None:
    with pytest.raises(BadCursor, match="pass it back as it came"):
        Feed(store).read(cursor)


def test_ok__runs() -> None:
    assert runs([1, 2, 3, 7, 9, 10]) == [(1, 3), (7, 7), (9, 10)]
    assert runs([]) == []
    assert runs(list(range(0, 4 * RUNS_MAX, 2))) == [(0, 4 * RUNS_MAX - 2)]


TOKEN = "t" * 43


def asked(store: Store, body: object, token: str = TOKEN) -> httpx.Response:
    async def ask() -> httpx.Response:
        served = httpx.ASGITransport(feed_app(Feed(store), TOKEN))
        async with httpx.AsyncClient(transport=served, base_url="http://hq") as client:
            return await client.post("/v1/feed", json=body, headers={"Authorization": f"Bearer {token}".encode()})

    return asyncio.run(ask())


def test_ok__the_same_over_http(store: Store) -> None:
    one = line(0)
    one.write(3)
    one.store(store, 3)
    page = FeedPage.model_validate_json(asked(store, {"limit": 2}).content)
    assert ([entry.seq for entry in page.entries], page.more) == ([1, 2], True)
    page = FeedPage.model_validate_json(asked(store, {"cursor": page.cursor}).content)
    assert [entry.seq for entry in page.entries] == [3]


@pytest.mark.parametrize(
    ("body", "token", "status", "says"),
    [
        ({}, "", 401, "Authorization: Bearer"),
        ({}, "ü", 401, "Authorization: Bearer"),
        ({"cursor": "x"}, TOKEN, 400, "pass it back as it came"),
        ({"limit": 0}, TOKEN, 400, "limit: "),
        ({"corsor": ""}, TOKEN, 400, "corsor: "),
    ],
)
def test_fail__what_a_reader_may_not_ask(store: Store, body: object, token: str, status: int, says: str) -> None:
    answer = asked(store, body, token)
    assert (answer.status_code, says in answer.json()["error"]) == (status, True)


def test_ok__the_token_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "feed.token"
    token = token_of(path)
    assert (token_of(path), path.stat().st_mode & 0o777) == (token, 0o600)
    path.chmod(0o640)
    with pytest.raises(FeedRefused, match="chmod 600"):
        token_of(path)
    path.write_text("short")
    path.chmod(0o600)
    with pytest.raises(FeedRefused, match="a new one is made"):
        token_of(path)


def test_ok__the_command_keeps_its_place_in_a_file(tmp_path: Path) -> None:
    init(tmp_path, ("s",), 1883)
    store = Store(config.load(tmp_path).url)
    one = line(0)
    one.write(5)
    one.store(store, 3)
    words = ["feed", "read", "--cursor", str(tmp_path / "at"), "--limit", "2", "--json", "-d", str(tmp_path)]
    done = CliRunner().invoke(app, words)
    assert [json.loads(text)["seq"] for text in done.stdout.splitlines()] == [1, 2, 3]
    one.store(store, 2)
    assert [json.loads(text)["seq"] for text in CliRunner().invoke(app, words).stdout.splitlines()] == [4, 5]
    _restored(store, [one], 2)
    done = CliRunner().invoke(app, words)
    assert (done.exit_code, "you have 5 events, HQ 2" in done.stderr) == (2, True)
    store.close()
