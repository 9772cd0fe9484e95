"""`sitegate-hq bench` on the real parts, with few events: it measures something, and all of it arrives."""

import json
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect
from typer.testing import CliRunner

from hq.bench import events as bench
from hq.bench.lists import lists
from hq.cli import app
from hq.database.store import Store
from hq.keys import keys
from hq.reports import report


def test_ok__events_through_a_broker_and_people_into_a_list(tmp_path: Path) -> None:
    keys.init(tmp_path, (bench.SITE,), 1)
    url = f"sqlite:///{tmp_path}/bench.db"
    store = Store(url)
    figure = bench.through_broker(tmp_path, url, "SQLite", bench.batches(["g-1", "g-2"], 1000), 1)
    assert (figure.events, figure.processes) == (1000, 1)
    assert figure.per_s > 0
    assert figure.cpu_us > 0
    assert [(v.held, v.ok) for v in report.verdicts(store)] == [(500, True), (500, True)]
    store.close()
    figures, per_worker = lists(tmp_path, url, "SQLite", 20)
    assert [made.events for made in figures] == [20, 20]
    assert 500 < per_worker < 2000


def test_fail__a_database_with_something_in_it_is_not_emptied(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/in-use.db"
    Store(url).close()
    done = CliRunner().invoke(app, ["bench", "--database-url", url, "--dir", str(tmp_path)])
    assert (done.exit_code, "not empty" in done.output) == (1, True)
    engine = create_engine(url)
    assert "events" in inspect(engine).get_table_names()
    engine.dispose()


@pytest.mark.parametrize("url", ["postgresql+psycopg://hq@127.0.0.1:1/none", "nonsense"])
def test_fail__no_such_database(url: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["bench", "--database-url", url, "--dir", str(tmp_path)])
    assert (done.exit_code, "check --database-url" in done.output) == (1, True)


@pytest.mark.long
def test_ok__the_whole_bench(tmp_path: Path) -> None:
    few = ["--events", "1030", "--gates", "4", "--people", "20"]
    done = CliRunner().invoke(app, ["bench", *few, "--dir", str(tmp_path), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout[done.stdout.index("{\n") :])
    assert {figure["database"] for figure in told["figures"]} == {"SQLite", "PostgreSQL"}
    assert len(told["figures"]) == 12
    assert all(figure["per_s"] > 0 for figure in told["figures"])
