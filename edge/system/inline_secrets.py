"""Moves passwords out of the configuration, which every process reads, into files that one process reads."""

import os
import pwd
import re
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from common.text_files import read_text
from edge.core.config import Config, load, parse
from edge.system.atomic_write import write_atomically

INLINE = (
    ("camera", "url", "camera.url", "sitegate-gate"),
    ("sync", "password", "broker.password", "sitegate-sync"),
)
"""Section, key, the file beside the keys, and the user of the process that needs it. The file's key ends in `_path`."""


class NotMoved(ValueError):
    """The configuration is unchanged. The text says what to do by hand."""


@dataclass(frozen=True, slots=True)
class Moved:
    key: str
    path: Path


def move_secrets(path: Path) -> list[Moved]:
    """Move every such password of the configuration at `path`. Change nothing if one cannot be moved.

    Raises:
        ConfigError: the configuration is wrong.
        NotMoved: a line or a file is not as it should be.
        OSError: something cannot be written.
    """
    before, text = load(path), read_text(path)
    moved, after = [], text
    for section, key, name, user in INLINE:
        value = getattr(getattr(before, section), key).get_secret_value()
        if not value:
            continue
        target = path.parent.resolve() / "keys" / name
        after = _replaced(after, section, key, target)
        _write_secret(target, value, user)
        moved.append(Moved(f"{section}.{key}", target))
    if moved:
        _check(before, after, path, moved)
        _write_config(path, after)
    return moved


def _replaced(text: str, section: str, key: str, target: Path) -> str:
    """Return the TOML text with the key's line replaced by the file's. All other lines stay, comments too."""
    lines, inside, found = text.splitlines(keepends=True), False, 0
    for number, line in enumerate(lines):
        if header := re.match(r"\s*\[([^\[\]]+)\]\s*(#.*)?$", line):
            inside = header.group(1).strip() == section
        elif inside and re.match(rf"\s*{key}\s*=", line):
            lines[number] = f'{key}_path = "{target}"\n'
            found += 1
    if found != 1:
        raise NotMoved(
            f"{section}.{key} is not on a line of its own: write it into {target}, and {key}_path instead of it"
        )
    return "".join(lines)


def _check(before: Config, text: str, path: Path, moved: list[Moved]) -> None:
    after = parse(tomllib.loads(text), path).model_dump()
    wanted = before.model_dump()
    for one in moved:
        section, key = one.key.split(".")
        wanted[section][key], wanted[section][f"{key}_path"] = type(before.camera.url)(""), one.path
    if after != wanted:
        raise NotMoved(f"{path} is not as expected: move {', '.join(one.key for one in moved)} by hand")


def _write_secret(path: Path, value: str, user: str) -> None:
    path.parent.mkdir(mode=0o750, exist_ok=True)
    with suppress(FileNotFoundError):
        if read_text(path).strip() != value:
            raise NotMoved(f"{path} exists and holds something else: remove it, or use it")
        return
    try:
        owner = pwd.getpwnam(user).pw_uid, -1
    except KeyError:
        owner = None  # one user runs everything
    write_atomically(path, f"{value}\n".encode(), 0o400, owner if os.geteuid() == 0 else None)


def _write_config(path: Path, text: str) -> None:
    """Write the file with its present owner and mode."""
    had = path.stat()
    write_atomically(path, text.encode(), had.st_mode & 0o777, (had.st_uid, had.st_gid))
