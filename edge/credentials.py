"""Key files that systemd hands to one process: `LoadCredential=` and `LoadCredentialEncrypted=` in its unit."""

import os
from pathlib import Path

from contract.signing import BadKey

PREFIX = "credential:"


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
