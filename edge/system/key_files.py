"""Secrets that one process alone may read: files of its own, or what systemd hands to it (`LoadCredential=` and
`LoadCredentialEncrypted=` in its unit)."""

import os
from pathlib import Path

from pydantic import SecretStr

from contract.signing import BadKey
from edge.system.regular_file import read_regular

PREFIX = "credential:"
_SECRET_MAX = 4096


def credential(path: Path) -> Path:
    """Where a key lies: the path itself, or of "credential:NAME" the file that systemd made for this process.

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
    """A secret from its own file, or as it stands in the configuration. `key`: what the configuration calls the file.

    Raises:
        BadKey: the file cannot be read.
    """
    if path is None:
        return inline
    try:
        return SecretStr(read_regular(credential(path), _SECRET_MAX).decode().strip())
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "is no text"
        raise BadKey(f"{key}: {path}: {why}: only the process that needs it may read it; see its owner") from error
