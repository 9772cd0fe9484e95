"""HQ's folder: who may read what, where paths in hq.toml begin, and what `check` says of both."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from common import __version__, private_files
from common.broker.access import LinkError
from common.check_result import CheckState
from hq import config as settings
from hq.cli import app
from hq.config import HqConfigError
from hq.database.clock import now
from hq.database.store import Store
from hq.keys import keys
from hq.reports import link_file
from hq.reports.link_file import LinkRecord
from hq.selfcheck.installation import file_rights, key_files

SITES = ("site-1",)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "hq"
    keys.init(made, SITES, 1883)
    return made


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def set_broker(folder: Path, *lines: str) -> settings.HqConfig:
    path = folder / "hq.toml"
    path.write_text(path.read_text().replace("[broker]", "\n".join(["[broker]", *lines]), 1))
    return settings.load(folder)


def test_ok__what_is_new_is_for_its_owner_alone(folder: Path) -> None:
    Store(settings.load(folder).url).close()
    assert {mode(folder), mode(folder / "keys"), mode(folder / "keys/sites")} == {0o700}
    assert {mode(folder / name) for name in ("hq.toml", "hq.db")} == {0o600}
    assert file_rights(settings.load(folder)).state is CheckState.OK


def test_ok__a_start_tightens_an_existing_database_with_its_log(folder: Path) -> None:
    url = settings.load(folder).url
    open_all_the_time = Store(url)
    with open_all_the_time.write():
        pass
    files = [folder / name for name in ("hq.db", "hq.db-wal", "hq.db-shm")]
    for path in files:
        path.chmod(0o644)
    found = file_rights(settings.load(folder))
    assert found.state is CheckState.PROBLEM
    assert all(str(path) in found.todo for path in files)
    Store(url).close()
    assert {mode(path) for path in files if path.exists()} == {0o600}
    open_all_the_time.close()


def test_ok__check_names_each_exposed_file_and_what_to_type(folder: Path) -> None:
    (folder / "hq.toml").chmod(0o640)
    (folder / "keys/sites/site-1.key.pem").chmod(0o604)
    folder.chmod(0o755)
    found = file_rights(settings.load(folder))
    for path in (folder, folder / "hq.toml", folder / "keys/sites/site-1.key.pem"):
        assert str(path) in found.detail
    assert found.todo.startswith("chmod go= ")


def test_ok__rights_of_a_group_stay_where_another_user_owns_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "hq.toml"
    path.touch()
    path.chmod(0o640)
    monkeypatch.setattr("os.geteuid", lambda: path.stat().st_uid + 1)
    assert not private_files.exposed(path)
    assert not private_files.tighten(path)
    path.chmod(0o644)
    assert private_files.exposed(path)


def test_ok__paths_start_at_the_folder(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old-ca.pem").touch()
    found = set_broker(folder, 'ca_path = "ca.pem"', 'password_path = "secrets/broker"').broker
    assert (found.ca_path, found.password_path) == (folder / "ca.pem", folder / "secrets/broker")
    (folder / "hq.toml").write_text((folder / "hq.toml").read_text().replace("ca.pem", "old-ca.pem", 1))
    assert settings.load(folder).broker.ca_path == tmp_path / "old-ca.pem", "as version 0.2 took it"


def test_ok__the_password_may_lie_in_a_file(folder: Path) -> None:
    config = set_broker(folder, 'username = "hq"', 'password_path = "broker.password"')
    (folder / "broker.password").write_bytes(b"\xef\xbb\xbfs\xc3\xa9cret\r\n")  # as Notepad saves it
    assert config.broker.read_password() == "sécret"
    (folder / "broker.password").unlink()
    with pytest.raises(LinkError, match=r"broker\.password_path: .*broker\.password: No such file"):
        config.broker.read_password()


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (('client_cert_path = "hq.crt.pem"',), "client_cert_path and client_key_path belong together"),
        (('password = "a"', 'password_path = "b"'), "exclude each other"),
        (('password_path = "~/b"',), "~ is another folder for each user"),
    ],
)
def test_fail__a_broker_that_contradicts_itself(lines: tuple[str, ...], says: str, folder: Path) -> None:
    with pytest.raises(HqConfigError, match=says):
        set_broker(folder, *lines)


def test_fail__a_missing_key_of_a_site_is_named(folder: Path) -> None:
    config = settings.load(folder)
    assert key_files(config, SITES).state is CheckState.OK
    found = key_files(config, (*SITES, "site-2"))
    assert (found.state, "no list can be sealed for site-2" in found.detail) == (CheckState.PROBLEM, True)
    (folder / "keys/hq-sealing.key.pem").unlink()
    assert "hq-sealing.key.pem" in key_files(config, SITES).detail


def test_ok__the_commands_know_the_connection_of_the_running_process(folder: Path) -> None:
    assert link_file.problems(folder) == [], "HQ never ran here"
    record = LinkRecord(utc=now(), broker="b:1", connected=True, since_utc=now(), detail="")
    link_file.write(folder, record)
    assert link_file.problems(folder) == []
    assert mode(folder / link_file.NAME) == 0o600
    link_file.write(folder, record.model_copy(update={"problems": tuple(f"topic {n}" for n in range(9))}))
    assert link_file.problems(folder)[-1] == "and 4 topics more: sitegate-hq check"
    link_file.write(folder, record.model_copy(update={"connected": False, "detail": "why"}))
    assert "HQ is not connected to b:1" in link_file.problems(folder)[0]
    link_file.write(folder, record.model_copy(update={"utc": now() - timedelta(minutes=5)}))
    assert "sitegate-hq run was last seen" in link_file.problems(folder)[0]
    (folder / link_file.NAME).write_text("{")
    assert link_file.problems(folder) == []


def test_ok__check_goes_on_without_a_broker(folder: Path) -> None:
    done = CliRunner().invoke(app, ["check", "-d", str(folder), "--json"])
    assert done.exit_code == 1
    assert "for a trial: sitegate-hq run --with-broker" in done.output
    assert "mqtt_link" not in done.output


@pytest.mark.parametrize("words", [["--version"], ["-h"], ["gate", "-h"], ["keys", "-h"], ["check", "-h"]])
def test_ok__version_and_short_help(words: list[str]) -> None:
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0
    assert (f"sitegate-hq {__version__}" if words == ["--version"] else "Usage:") in done.output
