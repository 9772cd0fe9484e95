"""HQ moves between SQLite and PostgreSQL: all of it, or nothing; two HQs never go on."""

from pathlib import Path

import pytest
from hq_postgres import Postgres
from hq_postgres_fixtures import server as server
from hq_postgres_fixtures import url as url
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import SQLAlchemyError
from sync_rig import utc
from typer.testing import CliRunner, Result
from withdrawal_rig import worker

from hq import config as settings
from hq.backups import move, rows
from hq.cli import app
from hq.database import tables as t
from hq.database.errors import StoreError
from hq.database.store import Store
from hq.database.tasks import add_task
from hq.keys import keys
from hq.registry.import_file import ImportFile
from hq.registry.people import PeopleRegistry
from hq.registry.sites import open_store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "hq"
    keys.init(made, ("site-1",), 1883)
    store = open_store(settings.load(made), keys.load(made))
    PeopleRegistry(store, keys.load(made)).take(ImportFile(workers=(worker("w-1"), worker("w-2"))))
    values = {
        "gate_id": "g",
        "epoch": "e",
        "type": "notice",
        "reason": "r",
        "prev_hash": "",
        "hash": "",
        "site_id": "s",
    }
    with store.write() as db:
        db.execute(insert(t.events), [{**values, "seq": n, "body": "{}", "received_utc": utc()} for n in range(1, 40)])
    store.close()
    return made


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def sums(url: str, folder: Path) -> dict[str, rows.TableSum]:
    store = Store(url, keys.load(folder), in_use=False)
    with store.read() as db:
        found = {table.name: rows.table_sum(db, table) for table in rows.copied_tables()}
    store.close()
    return found


def test_ok__there_and_back_again_with_every_row(folder: Path, url: str, tmp_path: Path) -> None:
    first = settings.load(folder).url
    before = sums(first, folder)
    done = run("move-to", url, "-d", folder)
    assert done.exit_code == 0, done.output
    assert "workers: 2 rows, the same" in done.output
    assert settings.load(folder).url == url
    assert sums(url, folder) == sums(first, folder) == before
    store = Store(url, keys.load(folder))
    with store.write() as db:  # numbers go on
        last = db.execute(select(t.events.c.id).order_by(t.events.c.id.desc()).limit(1)).scalar_one()
        row = dict(db.execute(select(t.events).where(t.events.c.id == last)).one()._mapping)
        added = db.execute(
            insert(t.events).values({k: v for k, v in row.items() if k != "id"} | {"seq": 99}).returning(t.events.c.id)
        ).scalar_one()
        assert added == last + 1
    store.close()
    back = f"sqlite:///{tmp_path}/back.db"
    assert run("move-to", back, "-d", folder).exit_code == 0
    assert sums(back, folder)["events"].rows == 40


def test_fail__the_old_database_refuses_hq_and_whoever_has_it_open(folder: Path, url: str) -> None:
    first = settings.load(folder)
    pairs = keys.load(folder)
    still_open = [Store(first.url, pairs)]
    assert run("move-to", url, "-d", folder).exit_code == 0
    still_open.append(Store(url, pairs))
    assert run("move-to", f"sqlite:///{folder}/third.db", "-d", folder).exit_code == 0
    for store in still_open:  # one SQLite, one PostgreSQL
        for change in (delete(t.workers), insert(t.forgotten).values(worker_id="w", why="removed", utc=utc())):
            with pytest.raises((StoreError, SQLAlchemyError), match="was moved"), store.write() as db:
                db.execute(change)
        store.close()
    for old in (first.url, url):
        with pytest.raises(StoreError, match=r"was moved to .*set database_url in hq\.toml"):
            Store(old, pairs)


def test_fail__an_interrupted_move_begins_again_or_is_finished(
    folder: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a power cut: at first before the old database is marked, then after that."""

    def power_cut(*words: object) -> None:
        raise RuntimeError("power cut")

    before = sums(settings.load(folder).url, folder)
    for name in ("refuse_writers", "replace_file"):
        with monkeypatch.context() as cut:
            cut.setattr(move, name, power_cut)
            assert run("move-to", url, "-d", folder).exit_code == 1
        if name == "refuse_writers":
            with pytest.raises(StoreError, match="move to this database is not finished"):
                Store(url, keys.load(folder))
            assert run("gates", "-d", folder).exit_code == 0  # HQ goes on with the old one
    done = run("move-to", url, "-d", folder)
    assert done.exit_code == 0, done.output
    assert settings.load(folder).url == url
    assert sums(url, folder) == before
    assert run("gates", "-d", folder).exit_code == 0


def test_fail__a_database_in_use_or_one_that_is_away_is_refused_and_hq_goes_on(
    folder: Path, url: str, server: Postgres
) -> None:
    other = Store(url)
    with other.write() as db:
        add_task(db, "anything")
    other.close()
    assert "is not empty" in run("move-to", url, "-d", folder).output
    away = run("move-to", "postgresql+psycopg://hq@127.0.0.1:1/hq", "-d", folder)
    assert away.exit_code == 1 and away.output.count("error:") == 1
    assert "works on this database already" in run("move-to", "sqlite:///hq.db", "-d", folder).output
    assert run("gates", "-d", folder).exit_code == 0
