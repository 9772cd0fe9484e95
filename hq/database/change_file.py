"""A small file beside the database: changes that a restored backup must not undo.

Each is a line of JSON, appended before the change is committed. Withdrawn consents, removed workers and revoked keys
are ids and times. Risk entries are encrypted. The database holds how far it has followed the file
(`tables.change_logs`). A restored one has followed less far: HQ then makes these changes again
(`hq.registry.change_replay`).
"""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, insert, select, update

from hq.database import tables as t
from hq.database.clock import now

log = structlog.get_logger()

NAME = "changes.log"
_PENDING = "sitegate changes"
_NO_LOG = "sitegate no changes"
_HEAD_MAX = 200


def note_change(db: Connection, what: str, **values: Any) -> None:
    """Record a change that must survive a restored backup. It is written when this transaction is committed."""
    if not db.info.get(_NO_LOG):
        db.info.setdefault(_PENDING, []).append({"utc": now().isoformat(), "what": what, **values})


class ChangeFile:
    """The file. Several processes may append to it. What cannot be written is logged and prevents nothing."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME

    @contextmanager
    def recording(self, db: Connection, *, record: bool = True) -> Iterator[None]:
        """Append the changes of a transaction at its end. `record` False: they come from the file."""
        info = db.info  # a broken connection does not give it: asking again would hide why it broke
        info.pop(_PENDING, None)
        info[_NO_LOG] = not record
        try:
            yield
            if pending := info.pop(_PENDING, None):
                self._append(db, pending)
        finally:
            info.pop(_PENDING, None)
            info.pop(_NO_LOG, None)

    def position(self) -> tuple[str, int, int] | None:
        """Return the file's id, where its changes begin, and its size; None if there is none."""
        try:
            with self.path.open("rb") as file:
                head = file.readline(_HEAD_MAX)
                return str(json.loads(head)["log"]), len(head), os.fstat(file.fileno()).st_size
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.error("changes_not_read", path=str(self.path), detail=str(error))
            return None

    def after(self, position: int) -> Iterator[Mapping[str, Any]]:
        """Read the changes after a position, oldest first. A damaged line is logged and left out."""
        with self.path.open("rb") as file:
            file.seek(position)
            for line in file:
                try:
                    change = json.loads(line)
                    datetime.fromisoformat(change["utc"])
                    yield change
                except (ValueError, KeyError, TypeError):
                    if line.strip():
                        log.error("change_not_read", path=str(self.path), detail="a damaged line was left out")

    def _append(self, db: Connection, pending: list[dict[str, Any]]) -> None:
        lines = b"".join(json.dumps(one, separators=(",", ":")).encode() + b"\n" for one in pending)
        try:
            log_id, end = self._write(db, lines)
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.error("change_not_recorded", path=str(self.path), detail=str(error), what=pending[0]["what"])
            return
        set_followed(db, log_id, end)

    def _write(self, db: Connection, lines: bytes) -> tuple[str, int]:
        """Append lines. Return the file's id and its size."""
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "r+b") as file:
            fcntl.flock(handle, fcntl.LOCK_EX)
            head, size = file.readline(_HEAD_MAX), os.fstat(handle).st_size
            if size and followed(db, json.loads(head)["log"]) > size:  # an older copy of the file was put back
                self._set_aside()
                return self._write(db, lines)
            if not size:
                head = json.dumps({"log": secrets.token_hex(8)}).encode() + b"\n"
                lines = head + lines
            elif os.pread(handle, 1, size - 1) != b"\n":  # a power cut in the middle of a line
                lines = b"\n" + lines
            file.seek(0, os.SEEK_END)
            file.write(lines)
            file.flush()
            os.fsync(handle)
            return str(json.loads(head)["log"]), os.fstat(handle).st_size

    def _set_aside(self) -> None:
        aside = self.path.with_name(f"{NAME}.older-{now():%Y%m%dT%H%M%S}-{secrets.token_hex(2)}")
        self.path.rename(aside)
        log.error("changes_set_aside", path=str(aside), detail="it lacks changes that the database holds")


def followed(db: Connection, log_id: str) -> int:
    """Return how far the database has followed a file; 0 if it never did."""
    return db.execute(select(t.change_logs.c.applied).where(t.change_logs.c.log_id == log_id)).scalar() or 0


def set_followed(db: Connection, log_id: str, position: int) -> None:
    """Record how far the database has followed a file."""
    column = t.change_logs.c
    if not db.execute(select(column.applied).where(column.log_id == log_id)).first():
        db.execute(insert(t.change_logs).values(log_id=log_id, applied=position))
    else:
        where = (column.log_id == log_id, column.applied < position)
        db.execute(update(t.change_logs).where(*where).values(applied=position))
