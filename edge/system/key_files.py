"""Secrets that only one process may read: its own files, or what systemd gives to it.

See `LoadCredential=` and `LoadCredentialEncrypted=` in its unit.
"""

import os
from pathlib import Path

from pydantic import SecretStr

from common.text_files import NotUtf8, text_of
from contract.signing import BadKey
from edge.system.regular_file import read_regular

PREFIX = "credential:"
_SECRET_MAX = 4096


def credential(path: Path) -> Path:
    """Return where a key lies: the path itself, or for "credential:NAME" the file that systemd made for this process.

    Raises:
        BadKey: this process was given no credentials.
    """
    text = str(path)
    if not text.startswith(PREFIX):
        return path
    name, folder = text.removeprefix(PREFIX), os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        raise BadKey(
            f"{text}: systemd gave this process no credentials. In the unit: LoadCredential={name}:FILE; for a command: "
            f"systemd-run --pty -p LoadCredential={name}:FILE sitegate ..."
        )
    return Path(folder) / name


def secret(inline: SecretStr, path: Path | None, key: str) -> SecretStr:
    """Read a secret from its file, or from the configuration. `key`: the file's key in the configuration.

    Raises:
        BadKey: the file cannot be read.
    """
    if path is None:
        return inline
    try:
        return SecretStr(text_of(read_regular(credential(path), _SECRET_MAX)).strip())
    except NotUtf8 as error:
        raise BadKey(f"{key}: {path} {error}") from error
    except OSError as error:
        why = error.strerror
        raise BadKey(f"{key}: {path}: {why}: only the process that needs it may read it; see its owner") from error
