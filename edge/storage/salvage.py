"""Saves what a damaged journal holds and HQ does not: copies it into a file of its own, which the sync process sends.

HQ can take only a whole run: consecutive records, each with the hash of the one before, from HQ's acknowledgement to
the first unreadable one. The damaged file itself stays as it is.
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
from edge.storage import journal_events, journal_tables
from edge.storage.journal_events import SavedRow
from edge.storage.journal_tables import Base, JournalRow
from edge.storage.signed_heads import Signer, sign_copy

_NAME = "journal.salvaged-{epoch}-{last}.db"
_PATTERN = "journal.salvaged-*.db"
_ID = TypeAdapter[str](Id, config=ConfigDict(hide_input_in_errors=True))


class NotSalvaged(ValueError):
    """No event of this file can be sent. The text says why."""


@dataclass(frozen=True, slots=True)
class Salvaged:
    """The events `first` to `last`, copied to `path`. None if `first` is above `last`.

    `acked`: HQ had the events up to here. `newest`: the newest number found in the file, 0 if unknown.
    """

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
            text = f"HQ holds epoch {self.epoch} up to event {self.acked}; nothing beyond it can be read"
        else:
            text = f"events {self.first} to {self.last} of epoch {self.epoch} were saved for HQ"
        return f"{text}, of {self.newest} recorded" if self.newest > max(self.last, self.acked) else text


def salvage(
    damaged: Path, folder: Path, *, gate_id: str, acked: Mapping[str, int], signer: Signer | None = None
) -> Salvaged:
    """Copy what HQ does not hold of `damaged` into a file in `folder`.

    `acked`: how far HQ holds the events of each epoch. `signer`: signs the copy for HQ with the gate's key.

    Raises:
        NotSalvaged: no event can be read, or they are another gate's, or the disk refuses the copy.
    """
    try:
        db = _read_only(damaged)
    except sqlite3.Error as error:
        raise NotSalvaged(f"{damaged} cannot be opened ({error})") from error
    with contextlib.closing(db):
        return salvage_from(db, name=damaged.name, folder=folder, gate_id=gate_id, acked=acked, signer=signer)


def salvage_from(
    db: sqlite3.Connection,
    *,
    name: str,
    folder: Path,
    gate_id: str,
    acked: Mapping[str, int],
    signer: Signer | None = None,
) -> Salvaged:
    """Do the same from an open database, which may no longer lie on the disk under its `name`. Raises NotSalvaged."""
    epoch = _epoch(db, name, gate_id)
    after = acked.get(epoch, 0)
    copy = folder / f"{_PATTERN.replace('*', epoch)}.part"
    try:
        rows = _whole_run(journal_events.salvage(db, after), after, _base(db))
        before, last = _copy(rows, copy, epoch=epoch, gate_id=gate_id, signer=signer)
    except (OSError, sqlite3.Error) as error:
        copy.unlink(missing_ok=True)
        raise NotSalvaged(f"{copy} cannot be written ({error}): free disk space, then try again") from error
    newest = _newest(db)
    path = folder / _NAME.format(epoch=epoch, last=last)
    if last > before:
        copy.replace(path)
    else:
        copy.unlink(missing_ok=True)
    return Salvaged(path, epoch, first=before + 1, last=last, acked=after, newest=newest)


def salvaged_refs(damaged: Path) -> list[tuple[str, int]]:
    """Return (ref, seq) of what must not be done again, oldest first: from both ends of the table up to the damage."""
    found: dict[str, int] = {}
    for backwards in (False, True):
        with contextlib.suppress(sqlite3.Error), contextlib.closing(_read_only(damaged)) as db:
            for ref, seq in journal_tables.salvage_refs(db, backwards=backwards):
                found.setdefault(ref, seq)
    return sorted(found.items(), key=lambda row: row[1])


def salvaged_files(folder: Path) -> Iterator[tuple[Path, str, int]]:
    """Yield (path, epoch, last event) of every file with saved events."""
    for path in sorted(folder.glob(_PATTERN)):
        epoch, _, last = path.name.removeprefix("journal.salvaged-").removesuffix(".db").rpartition("-")
        if last.isdigit():
            yield path, epoch, int(last)


def sign_salvaged(folder: Path, signer: Signer) -> None:
    """Sign the saved files of a version that did not. A file that refuses stays as it is, and HQ takes nothing of
    it."""
    for path, epoch, _ in salvaged_files(folder):
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path)) as db:
            if not journal_events.has_signatures(db):
                sign_copy(db, epoch, signer)


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def _whole_run(rows: Iterator[SavedRow], after: int, base: Base) -> Iterator[SavedRow]:
    """Yield the leading run of unchanged records, each following the one before.

    The first one must follow `after` (0: any), or `base`, the newest removed one: HQ may hold less than it did.
    """
    before: SavedRow | None = None
    for row in rows:
        if before is None:
            follows = row.seq == after + 1 or not after or (row.seq - 1, row.prev_hash) == base
        else:
            follows = (row.seq - 1, row.prev_hash) == (before.seq, before.hash)
        if not follows or _changed(row):
            return
        yield row
        before = row


def _base(db: sqlite3.Connection) -> Base:
    """Return the newest event that was removed, or (0, "") if that cannot be read."""
    try:
        seq, digest = journal_tables.base(db)
        return Base(int(seq), str(digest))
    except (sqlite3.Error, TypeError, ValueError):
        return Base(0, "")


def _changed(row: SavedRow) -> bool:
    try:
        return changed(
            EventRecord(seq=row.seq, prev_hash=row.prev_hash, hash=row.hash, body=row.body, erased=row.erased)
        )
    except ValueError:  # no hexadecimal digits, or no text
        return True


def _copy(rows: Iterator[SavedRow], path: Path, *, epoch: str, gate_id: str, signer: Signer | None) -> tuple[int, int]:
    """Write the rows. Return the seq before the first and the seq of the last; both 0 if there was none."""
    path.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as db:
        journal_tables.create_copy(db)
        journal_events.copy(db, rows)
        first, prev_hash = journal_events.first_link(db) or (1, "")
        last = journal_events.newest_seq(db)
        journal_tables.insert_journal(db, JournalRow(epoch, gate_id, Base(first - 1, prev_hash)))
        db.commit()
        if signer is not None:
            sign_copy(db, epoch, signer)
    with contextlib.suppress(PermissionError):  # a technician's copy, too, belongs to the gate's group
        folder = path.parent.stat()
        os.chown(path, folder.st_uid if os.geteuid() == 0 else -1, folder.st_gid)
    path.chmod(0o640)
    return first - 1, last


def _epoch(db: sqlite3.Connection, name: str, gate_id: str) -> str:
    """Read the epoch from the file's own table, or from its first event. Raises NotSalvaged."""
    try:
        row = journal_tables.journal(db)
        epoch, owner = row.epoch, row.gate_id
    except (sqlite3.Error, TypeError):
        first = next(journal_events.salvage(db, 0), None)
        try:
            event = decode_event(first.body if first else "")
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
        return journal_events.newest_seq(db)
    return 0
