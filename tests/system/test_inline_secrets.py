"""Passwords in files of their own: read by the process that needs them, moved there out of a configuration of 0.1."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from contract.signing import BadKey
from edge.commands.config import commented_toml
from edge.core.config import load, parse
from edge.system import inline_secrets
from edge.system.key_files import secret
from edge.tools import selfcheck

CAMERA, BROKER = "rtsp://lane:s3cret@10.0.0.9/main", "br0ker#pass"


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    """A whole configuration as 0.1 has it: every key, every comment."""
    text = commented_toml()
    text = text.replace('\nurl = ""', f'\nurl = "{CAMERA}"').replace(
        '\npassword = ""', f'\npassword = "{BROKER}"  # ours'
    )
    path = tmp_path / "sitegate.toml"
    path.write_text(text)
    path.chmod(0o640)
    return path


def test_ok__passwords_leave_the_configuration(toml: Path) -> None:
    before = load(toml)
    assert selfcheck.secrets(before).state is selfcheck.CheckState.WARNING
    assert "move-secrets" in selfcheck.secrets(before).todo
    assert [one.key for one in inline_secrets.move_secrets(toml)] == ["camera.url", "sync.password"]
    text, after = toml.read_text(), load(toml)
    assert CAMERA not in text
    assert BROKER not in text
    assert stat.S_IMODE(toml.stat().st_mode) == 0o640
    assert secret(after.camera.url, after.camera.url_path, "").get_secret_value() == CAMERA
    assert secret(after.sync.password, after.sync.password_path, "").get_secret_value() == BROKER
    for name in ("camera.url", "broker.password"):
        assert stat.S_IMODE((toml.parent / "keys" / name).stat().st_mode) == 0o400
    assert selfcheck.secrets(after).state is selfcheck.CheckState.OK
    assert inline_secrets.move_secrets(toml) == [], "once is enough"
    assert toml.read_text() == text


def test_ok__each_file_belongs_to_the_process_that_needs_it(toml: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    users = {"sitegate-gate": 12001, "sitegate-sync": 12002}
    monkeypatch.setattr(inline_secrets.pwd, "getpwnam", lambda name: type("User", (), {"pw_uid": users[name]}))
    inline_secrets.move_secrets(toml)
    assert (toml.parent / "keys" / "camera.url").stat().st_uid == 12001
    assert (toml.parent / "keys" / "broker.password").stat().st_uid == 12002


@pytest.mark.parametrize("cut", ["secret", "config"])
def test_ok__interrupted_it_can_be_run_again(toml: Path, cut: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def stops(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(inline_secrets, "_write_config" if cut == "config" else "_check", stops)
        with pytest.raises(OSError, match="No space"):
            inline_secrets.move_secrets(toml)
    assert load(toml).camera.url.get_secret_value() == CAMERA
    assert len(inline_secrets.move_secrets(toml)) == 2


def test_fail__what_is_not_on_a_line_of_its_own_is_left_to_the_technician(tmp_path: Path) -> None:
    path = tmp_path / "gate.toml"
    path.write_text(f'sync = {{ password = "{BROKER}" }}\n')
    with pytest.raises(inline_secrets.NotMoved, match=r"sync\.password is not on a line of its own"):
        inline_secrets.move_secrets(path)
    assert BROKER in path.read_text()


def test_fail__another_password_is_there_already(toml: Path) -> None:
    (toml.parent / "keys").mkdir()
    (toml.parent / "keys" / "camera.url").write_text("rtsp://other")
    with pytest.raises(inline_secrets.NotMoved, match="holds something else"):
        inline_secrets.move_secrets(toml)
    assert CAMERA in toml.read_text()


def test_fail__a_process_that_may_not_read_it_is_told(tmp_path: Path) -> None:
    path = tmp_path / "none"
    with pytest.raises(BadKey, match=r"sync\.password_path: .*none: No such file"):
        secret(SecretStr(""), path, "sync.password_path")
    os.mkfifo(path)
    with pytest.raises(BadKey, match="named pipe"):
        secret(SecretStr(""), path, "sync.password_path")


def test_ok__a_systemd_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broker").write_text(f"{BROKER}\n")
    config = parse({"sync": {"password_path": "credential:broker"}})
    with pytest.raises(BadKey, match="no credentials"):
        secret(config.sync.password, config.sync.password_path, "sync.password_path")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert secret(config.sync.password, config.sync.password_path, "").get_secret_value() == BROKER


def test_ok__the_command_never_shows_a_password(toml: Path) -> None:
    command = [sys.executable, "-m", "edge", "config", "move-secrets", "--config", str(toml)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "camera.url is now in" in done.stdout
    assert CAMERA not in done.stdout + done.stderr
