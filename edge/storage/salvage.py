"""What a damaged journal still holds and HQ does not: copied into a file of its own, which the sync process then sends.

Only a run that is whole can be believed and taken by HQ: consecutive records, each carrying the hash of the one before, from
where HQ's acknowledgement ends up to the first that cannot be read. The damaged file itself is left as it is.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ConfigDict, TypeAdapter, ValidationError

from contract.chain import changed
from contract.codec import BadMessage, decode_event
from contract.messages import EventRecord, Id
from edge.storage import erasure
from edge.storage.signed_heads import Signer, has_column, sign_copy

_NAME = "journal.salvaged-{epoch}-{last}.db"
_PATTERN = "journal.salvaged-*.db"
_SCHEMA = """
PRAGMA journal_mode=DELETE;
CREATE TABLE events (seq INTEGER PRIMARY KEY, utc REAL, prev_hash TEXT, hash TEXT, body TEXT, erased BLOB);
CREATE TABLE journal (epoch TEXT, gate_id TEXT, base_seq INTEGER, base_hash TEXT);
"""

_ID = TypeAdapter[str](Id, config=ConfigDict(hide_input_in_errors=True))
Row = tuple[int, float, str, str, str, bytes | None]
"""seq, utc, prev_hash, hash, body, and the gate's signature if what was sealed in the body was erased."""


class NotSalvaged(ValueError):
    """Nothing of this file can be sent; the text says why."""


@dataclass(frozen=True, slots=True)
class Salvaged:
    """`first` to `last`: the events copied to `path`, none if `first` is above `last`. `acked`: up to here HQ had them.
    `newest`: the newest number found in the file, 0 if none can be told."""

    path: Path
    epoch: str
    first: int
    last: int
    acked: int
    newest: int

    def __str__(self) -> str:
        if 0 < self.newest <= self.acked:
            return f"HQ holds all {self.newest} events of epoch {self.epoch}"
        if self.first > self.last:
            said = f"HQ holds epoch {self.epoch} up to event {self.acked}; nothing beyond it can be read"
        else:
            said = f"events {self.first} to {self.last} of epoch {self.epoch} were saved for HQ"
        return f"{said}, of {self.newest} recorded" if self.newest > max(self.last, self.acked) else said


def salvage(
    damaged: Path, folder: Path, gate_id: str, acked: Mapping[str, int], signer: Signer | None = None
) -> Salvaged:
    """Copy what HQ does not hold of `damaged` into a file in `folder`. `acked`: by epoch, up to where HQ holds the events.
    `signer`: signs it for HQ with the gate's key.

    Raises:
        NotSalvaged: not a single event can be read, or they are another gate's, or the disk refuses the copy.
    """
    try:
        db = sqlite3.connect(f"{damaged.resolve().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error as error:
        raise NotSalvaged(f"{damaged} cannot be opened ({error})") from error
    with contextlib.closing(db):
        return salvage_from(db, damaged.name, folder, gate_id, acked, signer)


def salvage_from(
    db: sqlite3.Connection,
    name: str,
    folder: Path,
    gate_id: str,
    acked: Mapping[str, int],
    signer: Signer | None = None,
) -> Salvaged:
    """`salvage` from an open database, which may no longer be on disk under its `name`. Raises NotSalvaged."""
    epoch = _epoch(db, name, gate_id)
    after = acked.get(epoch, 0)
    copy = folder / f"{_PATTERN.replace('*', epoch)}.part"
    try:
        base, last = _copy(_whole(_rows(db, after), after, _pruned(db)), copy, epoch, gate_id, signer)
    except (OSError, sqlite3.Error) as error:
        copy.unlink(missing_ok=True)
        raise NotSalvaged(f"{copy} cannot be written ({error}): free disk space, then try again") from error
    newest = _newest(db)
    path = folder / _NAME.format(epoch=epoch, last=last)
    if last > base:
        copy.replace(path)
    else:
        copy.unlink(missing_ok=True)
    return Salvaged(path, epoch, base + 1, last, after, newest)


def salvaged_refs(damaged: Path) -> list[tuple[str, int]]:
    """(ref, seq) of what was done once and must not be done again, as far as it can be read, oldest first: from both ends of
    the table up to the damage."""
    found: dict[str, int] = {}
    for order in ("ASC", "DESC"):
        with (
            contextlib.suppress(sqlite3.Error),
            contextlib.closing(sqlite3.connect(f"{damaged.resolve().as_uri()}?mode=ro", uri=True)) as db,
        ):
            for ref, seq in db.execute(f"SELECT ref, seq FROM refs ORDER BY rowid {order}"):
                if isinstance(ref, str) and isinstance(seq, int):
                    found.setdefault(ref, seq)
    return sorted(found.items(), key=lambda row: row[1])


def salvaged_files(folder: Path) -> Iterator[tuple[Path, str, int]]:
    """(path, epoch, last event) of every such file there."""
    for path in sorted(folder.glob(_PATTERN)):
        epoch, _, last = path.name.removeprefix("journal.salvaged-").removesuffix(".db").rpartition("-")
        if last.isdigit():
            yield path, epoch, int(last)


def sign_salvaged(folder: Path, signer: Signer) -> None:
    """Sign such files of a version that did not; one that refuses stays as it is, and HQ takes nothing of it."""
    for path, epoch, _ in salvaged_files(folder):
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path)) as db:
            if not has_column(db):
                sign_copy(db, epoch, signer)


def _rows(db: sqlite3.Connection, after: int) -> Iterator[Row]:
    """The records after a seq, up to the first that the damaged file does not give."""
    try:
        asked = f"SELECT seq, utc, prev_hash, hash, body, {erasure.column(db)} FROM events WHERE seq > ? ORDER BY seq"
        for seq, utc, prev_hash, digest, body, erased in db.execute(asked, (after,)):
            if not all(isinstance(text, str) for text in (prev_hash, digest, body)):
                return
            yield int(seq), float(utc), prev_hash, digest, body, erased
    except (sqlite3.Error, TypeError, ValueError):  # here the damage begins
        return


def _whole(rows: Iterator[Row], after: int, pruned: tuple[int, str]) -> Iterator[Row]:
    """The leading run of records that follow `after` (0: whatever comes first), or what was `pruned` (its last seq and hash)
    since HQ held more than it does now, and one another, and were not changed."""
    before: Row | None = None
    for row in rows:
        if before is None:
            follows = row[0] == after + 1 or not after or (row[0] - 1, row[2]) == pruned
        else:
            follows = (row[0] - 1, row[2]) == (before[0], before[3])
        if not follows or _changed(row):
            return
        yield row
        before = row


def _pruned(db: sqlite3.Connection) -> tuple[int, str]:
    """Seq and hash of the newest event that was removed; (0, "") if it cannot be told."""
    try:
        seq, digest = db.execute("SELECT base_seq, base_hash FROM journal").fetchone()
        return int(seq), str(digest)
    except (sqlite3.Error, TypeError, ValueError):
        return 0, ""


def _changed(row: Row) -> bool:
    seq, _, prev_hash, digest, body, erased = row
    try:
        return changed(EventRecord(seq=seq, prev_hash=prev_hash, hash=digest, body=body, erased=erased))
    except ValueError:  # no hexadecimal digits, or no text
        return True


def _copy(rows: Iterator[Row], path: Path, epoch: str, gate_id: str, signer: Signer | None) -> tuple[int, int]:
    """(seq before the first, seq of the last) of what was written; both 0 if there was nothing."""
    path.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.executescript(_SCHEMA)
        db.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", rows)
        found = db.execute("SELECT seq, prev_hash, (SELECT max(seq) FROM events) FROM events ORDER BY seq LIMIT 1")
        first, prev_hash, last = found.fetchone() or (1, "", 0)
        db.execute("INSERT INTO journal VALUES (?, ?, ?, ?)", (epoch, gate_id, first - 1, prev_hash))
        db.commit()
        if signer is not None:
            sign_copy(db, epoch, signer)
    with contextlib.suppress(PermissionError):  # a technician's copy, too, belongs to the gate's group
        folder = path.parent.stat()
        os.chown(path, folder.st_uid if os.geteuid() == 0 else -1, folder.st_gid)
    path.chmod(0o640)
    return first - 1, last


def _epoch(db: sqlite3.Connection, name: str, gate_id: str) -> str:
    """By the file's own table, or by its first event where that cannot be read. Raises NotSalvaged."""
    try:
        epoch, owner = db.execute("SELECT epoch, gate_id FROM journal").fetchone()
    except (sqlite3.Error, TypeError):
        first = next(_rows(db, 0), None)
        try:
            event = decode_event(first[4] if first else "")
        except BadMessage as error:
            raise NotSalvaged(f"not a single event of {name} can be read") from error
        epoch, owner = event.epoch, event.gate_id
    if owner != gate_id:
        raise NotSalvaged(f"{name} is the journal of gate {owner!r}, not of {gate_id!r}")
    try:
        return _ID.validate_python(epoch)  # it becomes part of a file's name
    except ValidationError as error:
        raise NotSalvaged(f"{name} does not say which epoch it is") from error


def _newest(db: sqlite3.Connection) -> int:
    with contextlib.suppress(sqlite3.Error, TypeError, ValueError):
        return int(db.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0])
    return 0
