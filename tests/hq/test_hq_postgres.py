"""HQ on PostgreSQL: the same promises, and several workers at once."""

import threading
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from hq_postgres import Postgres
from hq_postgres_fixtures import rig as rig
from hq_postgres_fixtures import server as server
from hq_postgres_fixtures import url as url
from import_rig import ImportRig
from sqlalchemy import Connection, Engine, create_engine, inspect, text
from sync_rig import Mosquitto, Rig, ingest_of, note, utc, wait_until

from contract.chain import GENESIS, link
from contract.codec import encode
from contract.messages import (
    EnrolmentRecord,
    EventBatch,
    EventRecord,
    ListKind,
    RiskEntry,
    SealedTemplate,
    WorkerRecord,
)
from contract.signing import ENROLMENT, seal
from edge.core.config import SiteConfig
from edge.sim import ManualClock
from edge.storage.journal import Journal, JournalReader
from hq.database import at_rest
from hq.database import tables as t
from hq.database.errors import DatabaseAway, StoreError
from hq.database.event_changes import ChangeReason, note_changes
from hq.database.events import add_events
from hq.database.journals import set_watermarks
from hq.database.migration import FIRST, NEWEST
from hq.database.quarantine import quarantined
from hq.database.store import Store
from hq.database.values import EventRow, JournalKey, Watermark
from hq.feed import Feed, FeedKind
from hq.imports.plan import ImportMode
from hq.ingest import corrected_times as times
from hq.ingest.refusals import RefusalQueue
from hq.keys import keys as hq_keys
from hq.registry.import_file import ImportFile
from hq.reports import report


def records(rig: Rig) -> tuple[EventRecord, ...]:
    reader = JournalReader(rig.state_dir / "gate/journal.db")
    try:
        return tuple(reader.records(0, 5000))
    finally:
        reader.close()


def batch(journal: Journal, some: tuple[EventRecord, ...]) -> EventBatch:
    return EventBatch(site_id="site-1", gate_id="gate-1", epoch=journal.epoch, records=some)


def migrate(db: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(files("hq.database") / "migrations"))
    config.attributes["connection"] = db
    command.upgrade(config, revision)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_ok__the_migrations_make_exactly_the_tables_of_the_code(kind: str, url: str, tmp_path: Path) -> None:
    url = url if kind == "postgresql" else f"sqlite:///{tmp_path}/hq.db"
    engine = create_engine(url)
    with engine.begin() as db:
        migrate(db, FIRST)
    store = Store(url)
    store.close()
    found = inspect(engine)
    assert set(found.get_table_names()) == {*t.metadata.tables, "alembic_version"}
    for name, table in t.metadata.tables.items():
        columns = {c["name"]: c["nullable"] for c in found.get_columns(name)}
        assert columns == {c.name: bool(c.nullable) for c in table.columns}, name
        assert {i for i in index_names(engine, name) if i.startswith(("ix_", "one_"))} == {
            i.name for i in table.indexes
        }
    engine.dispose()


def index_names(engine: Engine, table: str) -> set[str]:
    """The names of a table's indexes, also of those on expressions, which SQLAlchemy does not read from SQLite."""
    held = {"sqlite": "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = :name"}
    asked = held.get(engine.dialect.name, "SELECT indexname FROM pg_indexes WHERE tablename = :name")
    with engine.connect() as db:
        return set(db.execute(text(asked), {"name": table}).scalars())


def test_ok__the_newest_migration_is_the_one_the_code_asks_for() -> None:
    config = Config()
    config.set_main_option("script_location", str(files("hq.database") / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == NEWEST


def test_ok__a_database_from_before_the_migrations_is_taken_over(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/hq.db"
    engine = create_engine(url)
    with engine.begin() as db:
        migrate(db, FIRST)
        db.exec_driver_sql("DROP TABLE alembic_version")
        db.exec_driver_sql(
            "INSERT INTO quarantine (digest, received_utc, gate_id, epoch, seq, reason, payload)"
            " VALUES ('d', '2026-01-01 00:00:00.000000', 'g', 'e', 1, 'kept', x'00')"
        )
    engine.dispose()
    store = Store(url)
    with store.read() as db:
        assert quarantined(db) == 1
    assert RefusalQueue(store).due() == [], "what lies there from before is no news to a gate"
    store.close()


def test_fail__a_newer_database_or_no_server_says_what_to_do(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/hq.db"
    store = Store(url)
    with store.write() as db:
        db.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    store.close()
    with pytest.raises(StoreError, match="newer sitegate-hq"):
        Store(url)
    with pytest.raises(StoreError, match="check database_url"):
        Store("postgresql+psycopg://hq@127.0.0.1:1/none")


def test_ok__people_of_an_earlier_version_are_encrypted_and_the_key_changes(rig: Rig, url: str) -> None:
    record = EnrolmentRecord(
        worker_id="w-1", consent_ref="c", captured_utc=utc(), templates=(SealedTemplate(model_id="m", vector=b"ab"),)
    )
    values = {
        "worker": '{"worker_id":"w-1","employer":"Umbra Bau","consent_ref":"c"}',
        "sealed": seal(encode(record), ENROLMENT, rig.keys.sealing.public_key()),
        "at": datetime(2026, 1, 1),
    }
    engine = create_engine(url)
    with engine.begin() as db:
        migrate(db, "0003")
        db.execute(text("INSERT INTO workers VALUES ('w-1', :worker, :at)"), values)
        db.execute(text("INSERT INTO templates VALUES ('d', 'w-1', 'c', :sealed, :at)"), values)
        db.execute(text("INSERT INTO risk_entries VALUES ('w-1', 'wanted')"))
        db.execute(text("INSERT INTO commands VALUES ('k', 's', 'g', 'why', :sealed, :at, NULL)"), values)
    store = rig.store()
    assert at_rest.rotate_at_rest(rig.keys.folder, store) == {
        "workers": 1, "templates": 1, "risk_entries": 1, "index_keys": 1, "commands": 1, "invitations": 0,
        "enrolments": 0, "erased_events": 0, "directory_entries": 0, "people_changes": 0, "lock_downs": 0,
    }  # fmt: skip
    at_rest.retire_at_rest(rig.keys.folder, store, rig.keys.at_rest.current().ids[1])
    people = rig.people(store)
    with store.read() as db:
        assert [(w.employer, w.templates) for w in people.roster(db)] == [("Umbra Bau", record.templates)]
        assert [one.entry() for one in people.risk_lists.find("w-1")] == [
            RiskEntry(worker_id="w-1", list_name="wanted")
        ]
    engine.dispose()


def test_ok__events_go_all_the_way_into_postgresql(rig: Rig) -> None:
    journal = rig.journal()
    note(journal, 200)
    rig.hq()
    rig.sync()
    store = rig.store()
    wait_until(lambda: rig.holds(store, 200), "HQ holds all of them")
    assert report.quarantine(store) == []


@pytest.mark.parametrize("at_once", [5000, 100])
def test_ok__times_are_corrected_in_postgresql_too(
    tmp_path: Path, url: str, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(times, "AT_ONCE", at_once)
    clock = ManualClock()
    right = clock.utc()
    clock.set_utc(datetime(1970, 1, 1, tzinfo=UTC))
    journal = Journal(tmp_path / "journal.db", SiteConfig(), clock, synchronous="OFF")
    note(journal, 1200)
    clock.advance(30)
    clock.set_utc(right)
    note(journal, 1)
    reader, store = JournalReader(tmp_path / "journal.db"), Store(url)
    ingest = ingest_of(store, tmp_path)
    for after in (0, 500, 1000):
        ingest.take(batch(journal, tuple(reader.records(after, 500))))
    while times.correct_earlier(store):
        pass
    rows = report.events(store, limit=2000)
    assert [row.corrected_utc for row in rows] == [right - timedelta(seconds=30)] * 1200 + [None] * 2
    for each in (reader, journal, store):
        each.close()


def test_ok__many_threads_with_the_same_batches_store_each_event_once(rig: Rig) -> None:
    journal = rig.journal()
    note(journal, 300)
    store = rig.store()
    ingest = rig.ingest(store)
    all_records = records(rig)
    parts = [all_records[i : i + 20] for i in range(0, 300, 20)]
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for part in parts:
                while ingest.take(batch(journal, part)).ack.seq < part[-1].seq:
                    pass  # another thread has not stored what comes before yet
        except BaseException as error:  # noqa: BLE001 - shown below
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures, failures
    assert rig.holds(store, 300)
    assert report.quarantine(store) == []


def test_ok__workers_share_the_events_and_one_that_stops_loses_none(rig: Rig) -> None:
    journal = rig.journal()
    rig.hq()
    first, second = rig.hq(worker=True), rig.hq(worker=True)
    rig.sync()
    store = rig.store()
    note(journal, 400)
    wait_until(lambda: rig.holds(store, 400), "all processes together hold them")
    first.stop()
    note(journal, 200)
    wait_until(lambda: rig.holds(store, 600), "the others go on")
    second.stop()
    note(journal, 50)
    wait_until(lambda: rig.holds(store, 650), "and the last one alone")
    assert report.quarantine(store) == []


def test_ok__a_crash_of_the_database_loses_nothing_that_was_acknowledged(tmp_path: Path, broker: Mosquitto) -> None:
    server = Postgres()
    try:
        rig = Rig(tmp_path, broker.port)
        settings = rig.hq_folder / "hq.toml"
        settings.write_text(settings.read_text().replace("sqlite:///hq.db", server.database("hq")))
        journal = rig.journal()
        note(journal, 50)
        store = rig.store()
        ingest = rig.ingest(store)
        assert ingest.take(batch(journal, records(rig)[:30])).ack.seq == 30
        server.stop("immediate")
        server.start()
        assert ingest.take(batch(journal, records(rig)[20:])).ack.seq == 50
        assert rig.holds(store, 50)
        rig.close()
    finally:
        server.close()


def test_ok__changes_of_a_list_are_those_since_its_snapshot_in_postgresql_too(rig: Rig) -> None:
    store = rig.store()
    people, publisher = rig.people(store), rig.publisher(store)
    people.take(ImportFile(workers=tuple(WorkerRecord(worker_id=f"w-{n}", sites=("site-1",)) for n in range(120))))
    publisher.publish("site-1", ListKind.ROSTER)
    rig.hq()
    rig.sync()
    roster = rig.roster()
    wait_until(lambda: roster.refresh() and len(roster.state.workers) == 120, "the snapshot")
    people.take(ImportFile(workers=tuple(WorkerRecord(worker_id=f"x-{n}", sites=("site-1",)) for n in range(10))))
    publisher.publish("site-1", ListKind.ROSTER)
    assert publisher.kept_versions()["site-1", ListKind.ROSTER] == (1, 2)  # HQ publishes other lists meanwhile
    wait_until(lambda: roster.refresh() and len(roster.state.workers) == 130, "the changes")
    assert roster.incidents() == []


def _event(gate: str, seq: int, before: str) -> EventRow:
    body = f'{{"seq":{seq}}}'
    key = ("site-1", gate, "e", seq, "notice", "", None, None)
    return EventRow(*key, body, before, link(before, body), utc())


def _store_event(db: Connection, gate: str, seq: int, before: str = GENESIS) -> str:
    row = _event(gate, seq, before)
    add_events(db, [row])
    set_watermarks(db, {(gate, "e"): ("site-1", Watermark(seq, row.hash))}, utc())
    return row.hash


def test_ok__the_feed_misses_no_event_of_a_process_that_commits_late(url: str) -> None:
    """Row ids are given before the commit: a reader that goes by them passes over the later commit."""
    store = Store(url)
    feed = Feed(store)
    with store.write() as slow:
        _store_event(slow, "gate-1", 1)
        with store.write() as fast:
            _store_event(fast, "gate-2", 1)
        page = feed.read()
        assert [entry.gate_id for entry in page.entries] == ["gate-2"]
    assert [entry.gate_id for entry in feed.read(page.cursor).entries] == ["gate-1"]
    store.close()


def test_ok__changes_of_one_journal_are_numbered_in_the_order_of_their_commits(url: str) -> None:
    store, key, done = Store(url), JournalKey("site-1", "gate-1", "e"), threading.Event()
    with store.write() as db:
        _store_event(db, "gate-1", 2, _store_event(db, "gate-1", 1))
    page = Feed(store).read()

    def later() -> None:
        with store.write() as db:
            note_changes(db, key, [2], ChangeReason.READ)
        done.set()

    with store.write() as db:
        note_changes(db, key, [1], ChangeReason.TIME)
        other = threading.Thread(target=later)
        other.start()
        assert not done.wait(0.3), "it waits for the first"
    other.join(10)
    again = Feed(store).read(page.cursor)
    assert [(entry.seq, entry.kind, entry.why) for entry in again.entries] == [
        (1, FeedKind.CHANGED, "time"),
        (2, FeedKind.CHANGED, "read"),
    ]
    store.close()


def test_ok__a_file_is_imported_wholly_or_not_at_all(tmp_path: Path, url: str) -> None:
    hq_keys.init(tmp_path / "hq", ("site-1", "site-2"), 1883)
    hq = ImportRig(tmp_path, hq_keys.load(tmp_path / "hq"), url)
    try:
        path = hq.file("a.csv", "工号,姓名,卡号\nw-1,张三,1\nw-2,李四,2\n")
        assert hq.take(path, site="site-1").workers.total() == 2
        before = hq.everything()
        assert hq.take(hq.file("b.csv", "工号,卡号\nw-1,3\nw-3,2\n"), site="site-1").problem_count == 1
        assert hq.everything() == before
        assert hq.take(hq.file("c.csv", "工号,单位\nw-1,a\n"), ImportMode.REPLACE, "site-1").workers.total() == 2
        assert (hq.worker("w-1").employer, hq.worker("w-2").sites) == ("a", ())
    finally:
        hq.close()


def test_fail__a_connection_that_breaks_in_a_transaction_says_so(url: str, tmp_path: Path) -> None:
    hq_keys.init(tmp_path / "hq", ("site-1",), 1883)
    store = Store(url, hq_keys.load(tmp_path / "hq"))
    other = create_engine(url)
    try:
        with pytest.raises(DatabaseAway), store.write() as db:
            pid = db.execute(text("SELECT pg_backend_pid()")).scalar_one()
            with other.begin() as killer:
                killer.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            db.execute(text("SELECT 1"))
        with store.write() as db:
            assert db.execute(text("SELECT 1")).scalar_one() == 1
    finally:
        other.dispose()
        store.close()
