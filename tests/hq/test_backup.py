"""An encrypted backup holds all of HQ, and is restored whole or not at all."""

import io
import json
from pathlib import Path

import pytest
from sync_rig import utc
from typer.testing import CliRunner, Result
from withdrawal_rig import vector, worker

from contract.messages import ListKind, RiskEntry
from hq import config as settings
from hq.backups import archive, rows, sealed_file
from hq.backups.restore import with_database_url
from hq.backups.sealed_file import CHUNK, BackupError, SealedReader, SealedWriter
from hq.cli import app
from hq.database import tables as t
from hq.database.restorations import restorations
from hq.database.store import Store
from hq.keys import keys
from hq.lists.publisher import Publisher
from hq.registry.import_file import ImportFile
from hq.registry.people import PeopleRegistry
from hq.registry.sites import open_store

SECRET = "correct horse battery"


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' passphrase needs no protection."""
    monkeypatch.setattr(sealed_file, "_COST", 1024)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """HQ's folder, with people and lists."""
    made = tmp_path / "hq"
    keys.init(made, ("site-1",), 1883)
    with_people(made)
    (tmp_path / "secret").write_text(SECRET + "\n")
    (tmp_path / "secret").chmod(0o600)
    return made


def with_people(folder: Path) -> None:
    pairs = keys.load(folder)
    store = open_store(settings.load(folder), pairs)
    people = PeopleRegistry(store, pairs)
    people.take(ImportFile(workers=(worker("w-1"), worker("w-2")), risk=(RiskEntry(worker_id="w-1", list_name="L"),)))
    for kind in (ListKind.ROSTER, ListKind.RISK, ListKind.POLICY):
        Publisher(store, people, pairs).publish("site-1", kind)
    store.close()


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def back_up(folder: Path, name: str = "one.sealed", *more: str) -> Result:
    return run("backup", folder.parent / name, "-d", folder, "--passphrase-file", folder.parent / "secret", *more)


def bring_back(folder: Path, to: Path, *more: str, name: str = "one.sealed") -> Result:
    return run("restore", folder.parent / name, "-d", to, "--passphrase-file", folder.parent / "secret", *more)


def content(folder: Path) -> dict[str, rows.TableSum]:
    config = settings.load(folder)
    store = Store(config.url, keys.load(folder))
    with store.read() as db:
        found = {table.name: rows.table_sum(db, table) for table in rows.copied_tables()}
    store.close()
    return found


def test_ok__a_backup_is_restored_with_every_row_and_key(folder: Path, tmp_path: Path) -> None:
    before = content(folder)
    assert back_up(folder).exit_code == 0
    done = bring_back(folder, tmp_path / "new")
    assert done.exit_code == 0, done.output
    after = content(tmp_path / "new")
    assert after.pop("restorations").rows == 1
    before.pop("restorations")
    assert after == before
    names = {
        path.relative_to(folder) for path in folder.rglob("*") if path.is_file() and not path.name.startswith("hq.db")
    }
    assert all((tmp_path / "new" / name).read_bytes() == (folder / name).read_bytes() for name in names)
    assert all(path.stat().st_mode & 0o077 == 0 for path in map((tmp_path / "new").joinpath, names))
    pairs = keys.load(tmp_path / "new")
    store = Store(settings.load(tmp_path / "new").url, pairs)
    with store.read() as db:
        assert restorations(db)[0].backup_utc is not None
        assert [w.templates[0].vector for w in PeopleRegistry(store, pairs).roster(db)] == [
            vector("w-1"),
            vector("w-2"),
        ]
    store.close()


def test_ok__nothing_in_the_file_can_be_read_without_the_passphrase(folder: Path, tmp_path: Path) -> None:
    assert back_up(folder).exit_code == 0
    found = (tmp_path / "one.sealed").read_bytes()
    assert (tmp_path / "one.sealed").stat().st_mode & 0o777 == 0o600
    assert not [word for word in (b"w-1", b"site-1", b"PRIVATE KEY", SECRET.encode()) if word in found]


def _cut(data: bytes) -> bytes:
    return data[: len(data) - 100]


def _cut_at_chunk(data: bytes) -> bytes:
    head = data.index(b"}\n") + 2 + 32
    return data[: head + CHUNK + 16] if len(data) > head + CHUNK + 16 else data[:head]


def _forged(data: bytes) -> bytes:
    return data[:-50] + bytes([data[-50] ^ 1]) + data[-49:]


def _longer(data: bytes) -> bytes:
    return data + b"x"


def _other_salt(data: bytes) -> bytes:
    return data.replace(b'"salt": "', b'"salt": "A', 1)


def _greedy(data: bytes) -> bytes:
    return data.replace(b'"n": 1024', b'"n": 1099511627776', 1)


def test_fail__a_changed_backup_is_refused_in_one_sentence_and_nothing_is_made(folder: Path, tmp_path: Path) -> None:
    assert back_up(folder).exit_code == 0
    path = tmp_path / "one.sealed"
    whole = path.read_bytes()
    for change in (_cut, _cut_at_chunk, _forged, _longer, _other_salt, _greedy, lambda data: b"PK" + data):
        path.write_bytes(change(whole))
        for more in ((), ("--check",)):
            done = bring_back(folder, tmp_path / "new", *more)
            assert done.exit_code == 1, change
            assert done.output.startswith("error: ") and done.output.count("\n") == 1
            assert not (tmp_path / "new").exists() and not list(tmp_path.glob(".new*"))
    path.write_bytes(whole)
    assert "whole and unchanged" in bring_back(folder, tmp_path / "new", "--check").output


def test_fail__wrong_passphrases_folders_in_use_and_files_that_exist(folder: Path, tmp_path: Path) -> None:
    assert back_up(folder).exit_code == 0
    assert "exists: name a new file" in back_up(folder).output
    assert "is in use: name a new folder" in bring_back(folder, folder).output
    (tmp_path / "secret").write_text("another passphrase")
    assert "the passphrase is wrong" in bring_back(folder, tmp_path / "new").output
    (tmp_path / "secret").write_text("short")
    assert "12 at least" in back_up(folder, "two.sealed").output
    assert not (tmp_path / "two.sealed").exists()
    assert "--passphrase-file FILE" in run("restore", tmp_path / "one.sealed", "-d", tmp_path / "new").output


def test_ok__keys_may_be_kept_apart(folder: Path, tmp_path: Path) -> None:
    done = back_up(folder, "one.sealed", "--without-keys")
    assert "hq-at-rest.key is not in it" in done.output
    assert bring_back(folder, tmp_path / "new").exit_code == 0
    assert not (tmp_path / "new" / "keys").exists()


def test_ok__a_backup_is_restored_into_a_database_of_another_place(folder: Path, tmp_path: Path) -> None:
    assert back_up(folder).exit_code == 0
    url = f"sqlite:///{tmp_path}/elsewhere.db"
    assert bring_back(folder, tmp_path / "new", "--database", url).exit_code == 0
    assert settings.load(tmp_path / "new").url == url
    again = bring_back(folder, tmp_path / "third", "--database", url)
    assert "is not empty" in again.output
    assert not (tmp_path / "third").exists()


def test_ok__a_backup_of_an_earlier_version_gets_its_tables_and_is_then_upgraded(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables of revision 0015 have all that this backup's rows need."""
    monkeypatch.setattr(archive, "revision", lambda db: "0015")
    since = {"people_changes", "assignments", "risk_entries", "index_keys", "dirty_lists", "list_bases"}
    monkeypatch.setattr(archive, "copied_tables", lambda: [x for x in rows.copied_tables() if x.name not in since])
    assert back_up(folder).exit_code == 0
    monkeypatch.undo()
    done = bring_back(folder, tmp_path / "new")
    assert done.exit_code == 0, done.output
    assert content(tmp_path / "new")["workers"] == content(folder)["workers"]


def test_fail__a_backup_of_a_newer_version_says_to_update(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "revision", lambda db: "9999")
    assert back_up(folder).exit_code == 0
    assert "newer sitegate-hq: update this one first" in bring_back(folder, tmp_path / "new").output


@pytest.mark.parametrize("size", [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_ok__whatever_was_written_is_read(size: int) -> None:
    file, data = io.BytesIO(), bytes(range(256)) * (size // 256 + 1)
    writer = SealedWriter(file, SECRET)
    writer.write(data[:size])
    writer.finish()
    file.seek(0)
    assert SealedReader(file, SECRET).readall() == data[:size]


@pytest.mark.parametrize(
    "text",
    [
        'sites = ["a"]\ndatabase_url = "sqlite:///hq.db"  # here\n[broker]\nport = 1\n',
        'sites = ["a"]\n',
        '[broker]\nport = 1\n[x]\ndatabase_url = "kept"\n',
    ],
)
def test_ok__only_the_url_in_hq_toml_changes(text: str) -> None:
    changed = with_database_url(text, "postgresql+psycopg://hq@db/hq")
    assert 'database_url = "postgresql+psycopg://hq@db/hq"' in changed
    assert ("kept" in changed) == ("kept" in text)


def test_fail__a_url_that_would_be_more_than_a_url_is_refused() -> None:
    with pytest.raises(BackupError, match="no quotation mark"):
        with_database_url("", 'x"\nsites = ["b"]')


def test_ok__every_kind_of_value_comes_back(tmp_path: Path) -> None:
    values = [None, True, 2**52, 1.5, "ä\udc80\n\r\u2028", b"\x00\xff", utc()]
    line = rows._line(values)
    assert b"\n" not in line and b"\r" not in line
    table = t.restorations
    assert [rows._read(table, "found_utc", value) for value in json.loads(line)] == values


def test_ok__a_database_of_another_name_is_in_the_backup_as_rows_alone(tmp_path: Path) -> None:
    folder = tmp_path / "hq"
    keys.init(folder, ("site-1",), 1883)
    path = folder / "hq.toml"
    path.write_text(path.read_text().replace("hq.db", "people.db"))
    with_people(folder)
    (tmp_path / "secret").write_text(SECRET)
    assert back_up(folder).exit_code == 0
    done = bring_back(folder, tmp_path / "new")
    assert done.exit_code == 0, done.output
    assert content(tmp_path / "new")["workers"] == content(folder)["workers"]
