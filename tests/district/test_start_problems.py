"""PROMISE: `sitegate-district run` says in one sentence which part cannot start, why, and what to do."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from sync_rig import free_port
from typer.testing import CliRunner

from district.cli import app
from district.commands import processes
from district.commands.init import make_folder
from district.config import DistrictConfigError


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def said(folder: Path, *options: str) -> str:
    result = CliRunner().invoke(app, ["run", "--dir", str(folder), *options])
    assert result.exit_code == 1, result.output
    return " ".join(result.output.split())


def district(folder: Path, text: str, broker_port: int = 1883) -> Path:
    (folder / "hq").mkdir()
    (folder / "hq" / "hq.toml").write_text(f"[broker]\nport = {broker_port}\n")
    made = folder / "district"
    made.mkdir(mode=0o700)
    (made / "district.toml").write_text(text)
    return made


def test_fail__the_programs_own_folder_takes_no_keys(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").touch()
    with pytest.raises(DistrictConfigError, match="holds this program: choose a folder elsewhere"):
        make_folder(tmp_path, tmp_path / "hq")
    assert not (tmp_path / "keys").exists()


def test_fail__the_port_of_the_pages_is_taken(tmp_path: Path, taken: int) -> None:
    answer = said(district(tmp_path, f"[web]\nport = {taken}\n"))
    assert f"the pages cannot start at 127.0.0.1:{taken}: another program listens there" in answer
    assert "port under [web]" in answer


def test_fail__the_port_of_the_broker_is_taken(tmp_path: Path, taken: int) -> None:
    answer = said(district(tmp_path, f"[web]\nport = {free_port()}\n", broker_port=taken), "--all")
    assert f"HQ's broker cannot start at 127.0.0.1:{taken}: another program listens there" in answer
    assert "port under [broker]" in answer and "the pages" not in answer


def test_fail__postgresql_is_not_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "DATABASE_STARTS_S", 0.0)
    port = free_port()
    url = f"postgresql://district@127.0.0.1:{port}/district"
    answer = said(district(tmp_path, f'database_url = "{url}"\n[web]\nport = {free_port()}\n'))
    assert f"PostgreSQL does not answer at 127.0.0.1:{port} (Connection refused): start it" in answer


def test_fail__an_address_of_another_machine(tmp_path: Path) -> None:
    answer = said(district(tmp_path, f'[web]\nhost = "192.0.2.1"\nport = {free_port()}\n'))
    assert "the pages cannot start at 192.0.2.1" in answer and "correct the address" in answer
