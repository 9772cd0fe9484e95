"""Keeps HQ's newest presence list on this disk, as it was signed. The sync process alone writes it.

It comes every second in a rush and is worth nothing after a minute. So it is written without waiting for the card, and
beside replica.db, whose every change the gate process follows.
"""

import os
from pathlib import Path

import structlog

from contract.messages import DeltaHeader, PartHeader

log = structlog.get_logger()


class PresenceFiles:
    """Two files in the sync process's folder: the whole list, and what changed since."""

    def __init__(self, whole: Path, changes: Path) -> None:
        self._whole, self._changes = whole, changes
        self._newest: dict[Path, int] = {}
        self._failed = False

    def keep(self, header: PartHeader | DeltaHeader, body: bytes) -> bool:
        """Keep a list or its changes, in place of those before. Return False for one that is not newer.

        Never raises: a disk that refuses leaves the old list, which the gate process soon no longer uses.
        """
        path = self._whole if isinstance(header, PartHeader) else self._changes
        if header.list_version <= self._newest.get(path, 0):
            return False
        try:
            new = path.with_name(f".{path.name}.new")
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
            with os.fdopen(handle, "wb") as file:
                file.write(body)
            new.replace(path)
        except OSError as error:
            if not self._failed:
                log.warning("presence_not_kept", detail=error.strerror)
            self._failed = True
            return False
        self._failed = False
        self._newest[path] = header.list_version
        return True
