"""Every command of both programs with every kind of wrong file and text: one sentence, an exit code, no traceback."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
import typer
from typer.testing import CliRunner, Result

import edge.cli
import hq.cli
from hq.keys.keys import init

APPS = {"sitegate": edge.cli.app, "sitegate-hq": hq.cli.app}
ENDLESS = {
    ("sitegate", "run"),
    ("sitegate", "demo"),
    ("sitegate-hq", "bench"),
    ("sitegate-hq", "bench", "lists"),
    ("sitegate-hq", "feed", "serve"),
    ("sitegate", "bench"),
    ("sitegate", "bench", "sync"),
    ("sitegate", "bench", "safety"),
    ("sitegate", "bench", "screen"),
}
"""Long before they look at their folder."""
WRONG_TEXTS = ("W 1042", "张三", "x" * 600, "", "[/bold] [b]", "\x1b[31m\u202e\n", "../../etc", "\udcd5\udcc5")
GIVEN = {
    "action": "lock-down",
    "why": "crane at work",
    "by": "m7",
    "site": "site-1",
    "technician": "T-1",
    "key": "0123",
}
GIVEN |= {"worker": "w-1", "consent": "c-1", "name": "anna", "what": "signing", "gate": "gate-1"}
MADE = {"out_path", "to_file", "report", "svg", "png", "png_", "write", "cache", "to", "folder", "state"}
"""What a command writes: a name that is not there yet is no mistake."""


def commands(name: str, group: object = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    group = group or typer.main.get_command(APPS[name])
    for word, command in getattr(group, "commands", {}).items():
        if not getattr(command, "commands", None) or getattr(command, "invoke_without_command", False):
            yield (name, *path, word), command
        yield from commands(name, command, (*path, word))


COMMANDS = {path: command for name in APPS for path, command in commands(name)}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A gate's configuration and an HQ, in order, and files that are not."""
    folder = tmp_path
    init(folder / "hq", ("site-1",), 18_999)
    keys = folder / "hq" / "keys"
    (folder / "gate.toml").write_text(
        f"""
[paths]
state_dir = "state"
models_dir = "models"
[keys]
hq_signing_public_path = "{keys}/hq-signing.pub.pem"
hq_sealing_public_path = "{keys}/hq-sealing.pub.pem"
site_private_path = "{keys}/sites/site-1.key.pem"
gate_signing_path = "gate.key.pem"
[camera]
source = "folder"
path = "hq"
[gate]
pins = "mock"
""",
        encoding="utf-8",
    )
    (folder / "folder").mkdir()
    (folder / "gbk").write_bytes("名字 = 张三\n".encode("gbk"))
    (folder / "empty").touch()
    (folder / "rubbish").write_bytes(bytes(range(256)) * 8)
    (folder / "json").write_text('{"a": [1, {"b": ')
    return folder


def wrong_paths(place: Path) -> dict[str, str]:
    return {
        "missing": str(place / "none" / "none.toml"),
        "a folder": str(place / "folder"),
        "GBK": str(place / "gbk"),
        "empty": str(place / "empty"),
        "rubbish": str(place / "rubbish"),
        "half JSON": str(place / "json"),
        "too long": "x" * 300,
        "below a file": str(place / "empty" / "x"),
        "markup": str(place / "[/bold] [b]"),
    }


def given(path: tuple[str, ...], place: Path, left_out: str) -> list[str]:
    """Arguments that are in order, but for one."""
    words = ["--wait-s", "0"] if path[-1] == "command" else []
    for parameter in COMMANDS[path].params:  # type: ignore[attr-defined]
        if parameter.name == left_out:
            continue
        if parameter.name in ("config", "config_path"):
            words += ["--config", str(place / "gate.toml")]
        elif parameter.name == "folder" and path[0] == "sitegate-hq" and "-d" in parameter.opts:
            words += ["--dir", str(place / "hq")]
        elif parameter.required:
            value = GIVEN.get(parameter.name, str(place / "gate.toml"))
            words += [value] if parameter.param_type_name == "argument" else [parameter.opts[0], value]
    return words


def takes(parameter: object, kind: type) -> bool:
    descriptor = getattr(parameter, "type_descriptor", None)
    wanted = getattr(descriptor, "annotation", None)
    return kind in (wanted, *get_args(wanted), *(a for one in get_args(wanted) for a in get_args(one)))


def said(path: tuple[str, ...], words: list[str]) -> Result:
    result = CliRunner().invoke(APPS[path[0]], [*path[1:], *words], input="")
    text = result.stdout + result.stderr
    assert result.exception is None or isinstance(result.exception, SystemExit), (words, result.exception)
    assert "Traceback" not in text and "error in this program" not in text, (words, text)
    assert "pydantic" not in text and "\x1b" not in text and "\u202e" not in text, (words, text)
    if result.exit_code:
        assert text.strip(), words
    return result


@pytest.mark.parametrize("path", [p for p in COMMANDS if p not in ENDLESS], ids=" ".join)
def test_fail__wrong_files_are_told(path: tuple[str, ...], place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place / "folder")
    command = COMMANDS[path]
    for parameter in command.params:  # type: ignore[attr-defined]
        if not takes(parameter, Path):
            continue
        files = wrong_paths(place) | ({"full disk": "/dev/full"} if parameter.name in MADE - {"write"} else {})
        if parameter.name in ("config", "config_path"):
            del files["empty"]  # a configuration of nothing but defaults
        for kind, wrong in files.items():
            words = [wrong] if parameter.param_type_name == "argument" else [parameter.opts[0], wrong]
            result = said(path, [*given(path, place, parameter.name), *words])
            if parameter.name not in MADE:
                assert result.exit_code >= 1, (kind, words, result.output)


@pytest.mark.parametrize("path", [p for p in COMMANDS if p not in ENDLESS], ids=" ".join)
def test_fail__wrong_texts_are_told(path: tuple[str, ...], place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place / "folder")
    command = COMMANDS[path]
    for parameter in command.params:  # type: ignore[attr-defined]
        if not takes(parameter, str) or parameter.name == "help":
            continue
        for wrong in WRONG_TEXTS:
            words = ["--", wrong] if parameter.param_type_name == "argument" else [f"{parameter.opts[0]}={wrong}"]
            said(path, [*given(path, place, parameter.name), *words])
