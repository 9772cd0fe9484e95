"""Names at HQ: who gets in, where they are kept, what removes them, and where they never are."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from contract.messages import DirectoryEntry, ListKind, SnapshotHeader, WorkerRecord
from contract.parts import roster_content
from hq.cli import app
from hq.commands.context import opened
from hq.database import at_rest
from hq.database import people as tables
from hq.database.clock import now
from hq.keys import keys
from hq.registry.credentials import WrittenWorker
from hq.registry.import_file import ImportFile

NAME, TEAM, PHONE = "Wang Xiulan", "Scaffold North", "+86 138 0013 8000"
WHO = {"worker_id": "w-1", "sites": ["site-1"], "employer": "Umbra Bau", "trade": "welder", "consent_ref": "c"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    keys.init(tmp_path / "hq", ("site-1",), 1883)
    return tmp_path / "hq"


def take(folder: Path, *workers: dict[str, object]) -> None:
    with opened(folder) as (_, people, _publisher, _store):
        people.take(ImportFile.model_validate_json(json.dumps({"workers": workers})))


def entries(folder: Path, *ids: str) -> dict[str, DirectoryEntry]:
    with opened(folder) as (_, people, _publisher, store), store.read() as db:
        return people.directory.of(db, ids)


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


def test_ok__names_are_kept_apart_from_the_record_and_encrypted(folder: Path) -> None:
    take(folder, WHO | {"name": f"  {NAME.replace(' ', '   ')} ", "team": TEAM, "phone": PHONE})
    with opened(folder) as (_, people, publisher, store):
        with store.read() as db:
            (row,) = tables.worker_rows(db)
            record = tables.worker_body(people.cipher, row)
        publisher.publish("site-1", ListKind.ROSTER)
        stored = on_disk(folder)
    assert entries(folder, "w-1", "w-2") == {
        "w-1": DirectoryEntry(worker_id="w-1", name=NAME, team=TEAM, phone=PHONE, employer="Umbra Bau", trade="welder")
    }
    for word in (NAME, TEAM, PHONE):
        assert word.encode() not in record
        assert word.encode() not in stored
    with opened(folder) as (_, _people, publisher, store):
        assert at_rest.rotate_at_rest(publisher.keys.folder, store)["directory_entries"] == 1
    assert entries(folder, "w-1")["w-1"].name == NAME


def test_ok__a_field_that_is_not_mentioned_stays_and_null_clears_it(folder: Path) -> None:
    take(folder, WHO | {"name": NAME, "team": TEAM})
    take(folder, WHO | {"phone": PHONE})
    take(folder, WHO)
    assert entries(folder, "w-1")["w-1"].model_dump(include={"name", "team", "phone"}) == {
        "name": NAME, "team": TEAM, "phone": PHONE,
    }  # fmt: skip
    take(folder, WHO | {"team": None, "phone": ""})
    found = entries(folder, "w-1")["w-1"]
    assert (found.name, found.team, found.phone) == (NAME, None, None)


def test_ok__search_finds_parts_of_names_in_any_case(folder: Path) -> None:
    take(
        folder,
        WHO | {"name": NAME, "phone": PHONE},
        WHO | {"worker_id": "w-2", "name": "Ｌｉ Na"},
        {"worker_id": "w-3"},
    )
    with opened(folder) as (_, people, _publisher, store), store.read() as db:
        found = {
            text: [e.worker_id for e in people.directory.find(db, text)] for text in ("XIU", "li na", "0013", "x y")
        }
        assert [e.worker_id for e in people.directory.find(db, "a", limit=1)] == ["w-1"]
    assert found == {"XIU": ["w-1"], "li na": ["w-2"], "0013": ["w-1"], "x y": []}


def test_ok__a_withdrawn_consent_leaves_the_name_and_a_removal_takes_it(folder: Path) -> None:
    take(folder, WHO | {"name": NAME})
    run = CliRunner().invoke(app, ["consent", "withdraw", "w-1", "--by", "o", "-d", str(folder)])
    assert run.exit_code == 0, run.output
    assert entries(folder, "w-1")["w-1"].name == NAME
    run = CliRunner().invoke(app, ["consent", "withdraw", "w-1", "--remove", "--by", "o", "-d", str(folder)])
    assert run.exit_code == 0, run.output
    assert entries(folder, "w-1") == {}
    with opened(folder) as (_, people, _publisher, store), store.read() as db:
        assert people.directory.find(db, NAME) == []


@pytest.mark.parametrize("name", ["Wang\u202eXiulan", "Wang\u0007", "\u2066Wang"])
def test_fail__a_name_with_a_sign_that_cannot_be_seen(name: str) -> None:
    with pytest.raises(ValidationError, match="cannot be seen"):
        WrittenWorker(worker_id="w-1", name=name)


def test_fail__a_name_never_leaves_with_the_worker(folder: Path) -> None:
    worker = WrittenWorker(worker_id="w-1", name=NAME, team=TEAM, phone=PHONE)
    assert NAME not in repr(worker)
    assert set(worker.model_dump()) == set(WorkerRecord.model_fields)
    copied = WrittenWorker.model_validate(worker)
    assert copied.directory_entry == DirectoryEntry(worker_id="w-1", name=NAME, team=TEAM, phone=PHONE)
    assert not {"name", "team", "phone"} & set(WorkerRecord.model_fields)
    header = SnapshotHeader(site_id="site-1", list_version=1, issued_utc=now())
    assert NAME not in roster_content(header, [worker]).snapshot.model_dump_json()


def test_ok__a_short_name_travels_with_the_directory_alone_and_an_empty_one_takes_it_back(folder: Path) -> None:
    take(folder, WHO | {"name": NAME, "greeting": " Xiao  Wang "})
    assert entries(folder, "w-1")["w-1"].greeting == "Xiao Wang"
    with opened(folder) as (_, people, _publisher, store), store.read() as db:
        (row,) = tables.worker_rows(db)
        assert b"Xiao" not in tables.worker_body(people.cipher, row)
    assert b"Xiao" not in on_disk(folder)
    take(folder, WHO | {"greeting": ""})
    found = entries(folder, "w-1")["w-1"]
    assert (found.name, found.greeting) == (NAME, None)
