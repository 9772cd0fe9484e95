"""What HQ's database holds of people: encrypted, bound to its row, and what happens when the key is another or gone."""

import json
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text
from typer.testing import CliRunner

from contract.codec import encode
from contract.messages import (
    DECISION_LISTS,
    CommandAction,
    EnrolmentEvent,
    EnrolmentRecord,
    ListKind,
    RiskEntry,
    SealedTemplate,
    WorkerRecord,
)
from contract.signing import ENROLMENT, BadKey, seal
from hq import config as settings
from hq.cli import app, main
from hq.commands.context import opened
from hq.database import at_rest
from hq.database.clock import now
from hq.database.errors import StoreError
from hq.database.store import Store
from hq.database.values import JournalKey
from hq.keys import encryption, keys
from hq.keys.encryption import AtRest, AtRestError, KeyMissing
from hq.lists.command_queue import CommandQueue
from hq.lists.publisher import Publisher
from hq.registry.approvals import Approvals
from hq.registry.import_draft import EnrolmentRefused
from hq.registry.import_file import ImportFile
from hq.registry.people import PeopleRegistry
from hq.service import HqService

VECTOR = np.random.default_rng(5).standard_normal(128).astype("<f2").tobytes()
WORDS = (b"Umbra Bau", b"lattice welder", b"wanted-for-questions", b"argued with the crane driver", VECTOR)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    keys.init(tmp_path / "hq", ("site-1",), 1883)
    return tmp_path / "hq"


@pytest.fixture
def fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command that must fail; what it says."""

    def failed(*words: object) -> str:
        monkeypatch.setattr("hq.cli.keep_private", lambda: None)  # this is the process of the tests
        monkeypatch.setattr(sys, "argv", ["sitegate-hq", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        assert end.value.code == 1
        return " ".join(capsys.readouterr().err.split())

    return failed


def run(*words: object) -> str:
    done = CliRunner().invoke(app, [*map(str, words)])
    assert done.exit_code == 0, done.output
    return done.output


def people(*ids: str) -> ImportFile:
    templates = (SealedTemplate(model_id="m", vector=VECTOR),)
    more = {"sites": ("site-1",), "employer": "Umbra Bau", "trade": "lattice welder", "consent_ref": "c"}
    workers = tuple(WorkerRecord(worker_id=one, templates=templates, **more) for one in ids)
    return ImportFile(workers=workers, risk=(RiskEntry(worker_id=ids[0], list_name="wanted-for-questions"),))


def fill(folder: Path, *ids: str) -> None:
    with opened(folder) as (_, folk, publisher, store):
        folk.take(people(*ids))
        why = "argued with the crane driver"
        CommandQueue(store, publisher.keys).order(
            "site-1", "gate-1", CommandAction.OPEN_ONCE, why=why, by="m", valid_s=60
        )


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


def roster_of(folder: Path) -> dict[str, int]:
    with opened(folder) as (_, folk, _publisher, store), store.read() as db:
        return {worker.worker_id: len(worker.templates) for worker in folk.roster(db)}


def change(folder: Path, *statements: str) -> None:
    engine = create_engine(settings.load(folder).url)
    with engine.begin() as db:
        for statement in statements:
            db.execute(text(statement))
    engine.dispose()


def test_ok__nothing_of_people_is_readable_in_the_files(folder: Path) -> None:
    fill(folder, "w-1", "w-2")
    assert roster_of(folder) == {"w-1": 1, "w-2": 1}
    with opened(folder) as (_, folk, publisher, store):
        for kind in DECISION_LISTS:
            publisher.publish("site-1", kind)
        assert CommandQueue(store, publisher.keys).due()[0].gate_id == "gate-1"
        gone = WorkerRecord(worker_id="w-2", consent_ref=None, employer="Umbra Bau")
        folk.take(ImportFile(workers=(gone,), risk=()))
        assert folk.risk_lists.find() == []
        stored = on_disk(folder)  # with the -wal, which is still there
    assert b"w-1" in stored
    assert not [words for words in WORDS if words in stored + on_disk(folder)]


@pytest.mark.parametrize(
    "theft",
    [
        "UPDATE workers SET record = (SELECT record FROM workers WHERE worker_id = 'w-2') WHERE worker_id = 'w-1'",
        "UPDATE workers SET record = CAST('{\"worker_id\":\"w-1\"}' AS BLOB) WHERE worker_id = 'w-1'",
        "UPDATE workers SET record = substr(record, 1, 20) WHERE worker_id = 'w-1'",
        "UPDATE templates SET sealed_record = (SELECT record FROM workers WHERE worker_id = 'w-2')",
        "UPDATE risk_entries SET body = (SELECT record FROM workers WHERE worker_id = 'w-2')",
    ],
)
def test_fail__a_value_that_was_moved_or_changed_is_not_believed(folder: Path, theft: str) -> None:
    fill(folder, "w-1", "w-2")
    change(folder, theft)
    with opened(folder) as (_, folk, _publisher, store), store.read() as db, pytest.raises(AtRestError):
        folk.roster(db)
        folk.risk_lists.find()


def test_ok__the_key_is_changed_and_the_old_one_retired(folder: Path) -> None:
    fill(folder, "w-1", "w-2")
    (old,) = AtRest(folder / "keys").current().ids
    assert "2 of workers, 2 of templates, 1 of risk_entries, 1 of index_keys, 1 of commands" in run(
        "keys", "rotate", "at-rest", "-d", folder
    )
    new, kept = AtRest(folder / "keys").current().ids
    assert kept == old
    run("keys", "retire", "at-rest", old, "-d", folder)
    assert AtRest(folder / "keys").current().ids == (new,)
    assert roster_of(folder) == {"w-1": 1, "w-2": 1}
    assert (folder / "keys" / encryption.NAME).stat().st_mode & 0o077 == 0


def test_ok__what_a_slow_process_wrote_with_the_old_key_is_not_lost(folder: Path) -> None:
    fill(folder, "w-1")
    slow = AtRest(folder / "keys").current()
    run("keys", "rotate", "at-rest", "-d", folder)
    value = slow.encrypt(b'{"worker_id":"w-9"}', "workers/w-9").hex()
    change(folder, f"INSERT INTO workers VALUES ('w-9', x'{value}', '2026-01-01 00:00:00.000000')")
    run("keys", "retire", "at-rest", slow.ids[0], "-d", folder)
    assert set(roster_of(folder)) == {"w-1", "w-9"}


def test_fail__the_key_in_use_stays(folder: Path, fails: Callable[..., str]) -> None:
    (key,) = AtRest(folder / "keys").current().ids
    assert f"{key} is in use" in fails("keys", "retire", "at-rest", key, "-d", folder)
    assert "has no key 'ffff'" in fails("keys", "retire", "at-rest", "ffff", "-d", folder)
    for _ in range(3):
        run("keys", "rotate", "at-rest", "-d", folder)
    assert "holds 4 keys already" in fails("keys", "rotate", "at-rest", "-d", folder)
    assert "only at-rest is" in fails("keys", "rotate", "signing", "-d", folder)


def test_fail__another_key_is_named_and_nothing_starts(folder: Path, fails: Callable[..., str]) -> None:
    fill(folder, "w-1")
    path = folder / "keys" / encryption.NAME
    right = path.read_bytes()
    (old,) = AtRest(folder / "keys").current().ids
    path.write_bytes(encryption.text([encryption.new_key()]))
    with pytest.raises(AtRestError, match=f"workers/w-1 is encrypted with key {old}.*put the file with that key back"):
        HqService(settings.load(folder))
    assert "Lost keys" in fails("code", "w-1", "-d", folder)
    assert "Lost keys" in fails("publish", "-d", folder)
    path.write_bytes(right)
    assert roster_of(folder) == {"w-1": 1}


def test_fail__an_enrolment_that_comes_while_the_key_is_missing_is_not_put_aside(folder: Path) -> None:
    fill(folder, "w-1", "w-2")
    known = keys.load(folder)
    record = EnrolmentRecord(
        worker_id="w-1", consent_ref="c", captured_utc=now(), templates=(SealedTemplate(model_id="n", vector=VECTOR),)
    )
    sealed = seal(encode(record), ENROLMENT, known.sealing.public_key())
    stamp = {"gate_id": "g", "site_id": "s", "epoch": "e", "seq": 1, "boot_id": "b", "utc": now(), "monotonic_ms": 1}
    told = {"worker_id": "w-1", "consent_ref": "c", "model_id": "n", "sealed_record": sealed, "clock_trusted": True}
    event = EnrolmentEvent(**stamp, **told)
    with opened(folder) as (_, folk, _publisher, store):
        change(folder, "UPDATE workers SET record = substr(record, 1, 40) WHERE worker_id = 'w-1'")
        approvals, key = Approvals(store, folk, known), JournalKey("s", "g", "e")
        with store.write() as db, pytest.raises(EnrolmentRefused, match="was changed in the database"):
            approvals.take(db, key, event)
        with store.write() as db:
            db.exec_driver_sql("DELETE FROM enrolments")  # as if it came for the first time
        (folder / "keys" / encryption.NAME).write_bytes(encryption.text([encryption.new_key()]))
        with store.write() as db, pytest.raises(KeyMissing):
            approvals.take(db, key, event)


def test_ok__after_the_key_is_lost_people_are_imported_again(folder: Path, fails: Callable[..., str]) -> None:
    fill(folder, "w-1", "w-2")
    (folder / "keys" / encryption.NAME).unlink()
    assert "put it back from its backup" in fails("gates", "-d", folder)
    run("init", folder, "--site", "site-1")
    told = run("keys", "lost", "at-rest", "--yes", "-d", folder)
    assert "2 of workers, 2 of templates, 1 of risk_entries, 1 of index_keys, 1 of commands" in told
    fill(folder, "w-1")
    assert roster_of(folder) == {"w-1": 1}


@pytest.mark.parametrize(
    "content",
    [b"", b"short\n", b"not base64!\n", encryption.text([b"k" * 32, b"k" * 32]), encryption.text([b"k" * 16])],
)
def test_fail__what_is_no_key_file(folder: Path, content: bytes) -> None:
    (folder / "keys" / encryption.NAME).write_bytes(content)
    with pytest.raises(BadKey, match=r"base64 of 32 bytes") as failure:
        keys.load(folder)
    assert "a2tra2" not in str(failure.value)


def test_ok__the_key_may_be_a_systemd_credential(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: Callable[..., str]
) -> None:
    fill(folder, "w-1")
    (tmp_path / "credentials").mkdir()
    (folder / "keys" / encryption.NAME).rename(tmp_path / "credentials" / encryption.NAME)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    assert roster_of(folder) == {"w-1": 1}
    assert "is a systemd credential" in fails("keys", "rotate", "at-rest", "-d", folder)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    assert "cannot read the key file" in fails("gates", "-d", folder)


def test_ok__keys_are_listed_and_exposed_files_are_told(folder: Path) -> None:
    rows = json.loads(run("keys", "--json", "--dir", folder))
    assert [(row["what"], row["state"]) for row in rows] == [
        (what, "in use") for what in ("signing", "sealing", "site-1", "site-1.screen", "at-rest")
    ]
    secret = folder / "keys" / "hq-signing.key.pem"
    secret.chmod(0o640)
    told = " ".join(run("keys", "--dir", folder).split())
    assert all(row["key"] in told for row in rows) and "others may read" in told
    run("keys", "--dir", folder, "next", "signing")
    assert secret.stat().st_mode & 0o077 == 0


def test_ok__a_sites_private_key_may_be_at_its_gates_alone(folder: Path, fails: Callable[..., str]) -> None:
    private = folder / "keys" / "sites" / "site-1.key.pem"
    private.unlink()
    public = private.with_name("site-1.pub.pem").read_bytes()
    run("init", folder, "--site", "site-1")
    assert private.with_name("site-1.pub.pem").read_bytes() == public and not private.exists()
    assert "site-1" in run("keys", "--dir", folder)
    assert "cannot read the key file" in fails("keys", "next", "site-1", "--dir", folder)


def old_database(folder: Path) -> str:
    """As an earlier version left it: worker, template, risk entry and order, readable."""
    url = settings.load(folder).url
    engine = create_engine(url)
    config = Config()
    config.set_main_option("script_location", str(files("hq.database") / "migrations"))
    record = EnrolmentRecord(
        worker_id="w-1", consent_ref="c", captured_utc=now(), templates=(SealedTemplate(model_id="m", vector=VECTOR),)
    )
    sealed = seal(encode(record), ENROLMENT, keys.load(folder).sealing.public_key())
    worker = WorkerRecord(worker_id="w-1", employer="Umbra Bau", trade="lattice welder", consent_ref="c")
    with engine.begin() as db:
        config.attributes["connection"] = db
        command.upgrade(config, "0003")
        at = {"at": "2026-01-01 00:00:00.000000"}
        body = {"record": worker.model_dump_json(), **at}
        db.execute(text("INSERT INTO workers VALUES ('w-1', :record, :at)"), body)
        db.execute(text("INSERT INTO templates VALUES ('d', 'w-1', 'c', :sealed, :at)"), {"sealed": sealed, **at})
        db.execute(text("INSERT INTO risk_entries VALUES ('w-1', 'wanted-for-questions')"))
        why = "argued with the crane driver"
        db.execute(
            text("INSERT INTO commands VALUES ('k', 's', 'g', :why, :raw, :at, NULL)"), {"why": why, "raw": b"e", **at}
        )
    engine.dispose()
    return url


def test_ok__a_database_of_an_earlier_version_is_encrypted_once(folder: Path) -> None:
    url = old_database(folder)
    assert b"Umbra Bau" in on_disk(folder)
    with pytest.raises(StoreError, match="needs HQ's keys"):
        Store(url)
    assert roster_of(folder) == {"w-1": 1}
    with opened(folder) as (_, folk, _publisher, store), store.read() as db:
        assert [one.entry() for one in folk.risk_lists.find()] == [
            RiskEntry(worker_id="w-1", list_name="wanted-for-questions")
        ]
        assert folk.roster(db)[0].templates[0].vector == VECTOR
    assert not [words for words in WORDS if words in on_disk(folder)]


def test_fail__an_earlier_database_without_the_key_it_was_made_with_stays_as_it_is(folder: Path) -> None:
    url = old_database(folder)
    private = folder / "keys" / "hq-sealing.key.pem"
    right = private.read_bytes()
    private.unlink()
    private.with_name("hq-sealing.pub.pem").unlink()
    keys.init(folder, (), 1883)
    with pytest.raises(StoreError, match="put that back"):
        Store(url, keys.load(folder))
    private.write_bytes(right)
    assert roster_of(folder) == {"w-1": 1}


def test_ok__a_changed_row_holds_up_neither_events_nor_the_service(folder: Path) -> None:
    fill(folder, "w-1", "w-2")
    change(folder, "UPDATE workers SET record = substr(record, 1, 40) WHERE worker_id = 'w-2'")
    HqService(settings.load(folder)).close()
    with opened(folder) as (_, folk, publisher, store):
        folk.check()
        with pytest.raises(AtRestError, match="workers/w-2 was changed in the database"):
            publisher.publish("site-1", ListKind.ROSTER)
        assert publisher.newest_versions() == {}
        folk.take(ImportFile(workers=(WorkerRecord(worker_id="w-2", consent_ref="c"),)))
        assert (
            Publisher(store, PeopleRegistry(store, publisher.keys), publisher.keys).publish("site-1", ListKind.ROSTER)
            == 1
        )
    assert at_rest.remove_unreadable(folder / "keys", Store(settings.load(folder).url))["workers"] == 0
