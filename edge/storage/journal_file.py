"""The journal's file: checks it at the start, notices that it was replaced, and then begins a new one."""

import os
import sqlite3
import stat
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from contract.chain import BrokenChain, verify
from contract.messages import EventRecord
from edge.core.ports import JournalError, JournalHeld, JournalMemory
from edge.storage import journal_events, journal_tables, signed_heads, sqlite_file
from edge.storage.file_watch import FileWatch
from edge.storage.journal_events import Row
from edge.storage.salvage import NotSalvaged, salvage_from, salvaged_refs

BUSY_TIMEOUT_S = 0.1
"""A lock of another program must not hold up the lane: the event is refused, and tried again at the next turn."""
OWN_REFS = 5_000
"""Number of the newest refs that are also kept in memory: another program may remove them from the file."""
FULL_CHECK_MAX_BYTES = 32 * 1024 * 1024
"""Of a larger journal only the end is checked when it is opened. `edge.storage.background_check` reads the rest."""
TAIL_EVENTS = 500
"""Number of the newest events of a large journal that are verified when it is opened."""


def check(db: sqlite3.Connection, path: Path) -> None:
    """Check a small file whole and a large one at its end: the start must not take longer with more events.

    Raises sqlite3.DatabaseError if something is damaged.
    """
    if path.stat().st_size + sqlite_file.wal_bytes(path) <= FULL_CHECK_MAX_BYTES:
        sqlite_file.check(db)
        return
    try:
        check_chain(journal_events.newest_records(db, TAIL_EVENTS))
    except ValueError as error:
        raise sqlite3.DatabaseError(f"the chain of events is damaged: {error}") from error


def check_chain(records: Sequence[EventRecord]) -> None:
    """Verify consecutive events. Raises sqlite3.DatabaseError if the chain is broken."""
    if not records:
        return
    try:
        verify(records, records[0].seq - 1, records[0].prev_hash)
    except (BrokenChain, ValueError) as error:
        raise sqlite3.DatabaseError(f"the chain of events is damaged: {error}") from error


class NotOurFile(Exception):
    """The file does not hold what this process wrote. The text says so."""


class JournalFile:
    """The open file of the one writer.

    `aside` and `why`: what was set aside at the opening, and why a new epoch began. `begun`: this file is new, and at
    least a part of the earlier refs is lost. `live`: a second connection, which does not wait for the disk.

    Raises JournalError.
    """

    db: sqlite3.Connection
    live: sqlite3.Connection

    def __init__(self, path: Path, *, gate_id: str, synchronous: str, memory: JournalMemory | None) -> None:
        self.path, self._gate_id, self._synchronous, self._memory = path, gate_id, synchronous, memory
        self.acked: Callable[[], Mapping[str, int]] = dict
        """Returns how far HQ holds each epoch. The rest of a replaced file is saved for HQ."""
        self.signer: signed_heads.Signer | None = None
        """Signs what is saved of a replaced file."""
        self.aside: Path | None = None
        self.why, self.begun = "", False
        self.damage = ""
        """Set when `edge.storage.background_check` finds damage. A new file is begun at the next event."""
        self._own_refs: dict[str, int] = {}
        self._old: sqlite3.Connection | None = None
        try:
            self._lock = sqlite_file.lock(path)
        except sqlite_file.DatabaseLocked as error:
            raise JournalError(f"{error}: stop the other one first (systemctl stop sitegate-gate)") from error
        try:
            self._open()
        except BaseException as error:
            self._lock.close()
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                raise JournalHeld(f"{path} is locked by another program: end that program") from error
            if isinstance(error, (OSError, sqlite3.Error)):
                raise JournalError(
                    f"{path} cannot be opened ({error}): check the folder's owner and free space"
                ) from error
            raise

    def tail(self) -> tuple[str, int, str]:
        """Return the epoch, and seq and hash of the newest event. Raises JournalError for another gate's file."""
        row = journal_tables.journal(self.db)
        if row.gate_id != self._gate_id:
            raise JournalError(
                f"{self.path} is the journal of gate {row.gate_id!r}: move it away, or correct site.gate_id"
            )
        return (row.epoch, *(journal_events.newest(self.db) or row.base))

    def problem(self, *, thorough: bool = False) -> str:
        """Say why this file must not be written any more, or "". `thorough`: see `FileWatch`."""
        if self.damage:
            return self.damage
        name = self._watch.replaced(thorough=thorough)
        return f"{name} was removed or replaced" if name else ""

    def store(self, row: Row, ref: str | None) -> None:
        """Add an event after the newest. Raises sqlite3.Error, NotOurFile."""
        with sqlite_file.transaction(self.db):
            # Only after the event that was written last: this notices rows that were removed or changed.
            if not journal_events.append(self.db, row):
                raise NotOurFile(f"{self.path.name} does not end with the event that was written last")
            if ref is not None:
                journal_tables.add_ref(self.db, ref, row.seq)
        if ref is not None:
            self._remember(ref, row.seq)

    def seen(self, ref: str) -> bool:
        """Say whether an event with this ref was ever stored."""
        return ref in self._own_refs or journal_tables.has_ref(self.db, ref)

    def forget_codes(self) -> None:
        """Forget in memory, too, the used codes whose events were removed."""
        base = journal_tables.base(self.db).seq
        first, end = journal_tables.CODE_REFS
        self._own_refs = {r: s for r, s in self._own_refs.items() if s > base or not first <= r < end}

    def begin_again(self, why: str, *, complete: bool) -> Path | None:
        """Leave the present file and go on in a new one, with all refs and marks. Return what was set aside.

        `complete`: the old file still gives all that it knew. Raises OSError, sqlite3.Error: then the old file is still
        open, and still knows what was done.
        """
        refs, marks = self._refs(), self._marks()
        aside = sqlite_file.set_aside(self.path)
        self._lock_again()
        old, old_live = self.db, self.live
        self.db = self._connect(refs)
        try:
            for name, value in marks.items():
                journal_tables.set_mark(self.db, name, value)
            self._connect_live()
        except BaseException:
            self.db.close()
            self.db = old
            raise
        old_live.close()
        if self._old is not None:
            self._old.close()
        self._old, self.why, self.begun, self.damage = old, why, not complete, ""
        self.aside = aside if os.path.lexists(aside) else None
        if self.aside is None:  # the file was removed: its companions alone are useless
            for suffix in sqlite_file.COMPANIONS:
                aside.with_name(aside.name + suffix).unlink(missing_ok=True)
        return self.aside

    def _lock_again(self) -> None:
        """Make a new lock file if the folder itself was moved away. Raises OSError if another process is the writer
        now."""
        if os.path.lexists(self.path.with_name(self.path.name + ".lock")):
            return
        try:
            lock = sqlite_file.lock(self.path)
        except sqlite_file.DatabaseLocked as error:
            raise OSError(str(error)) from error
        self._lock.close()
        self._lock = lock

    def save_old(self, report: Callable[[str], None]) -> None:
        """Copy from the old file what HQ does not hold, in a thread, and close it."""
        old, self._old = self._old, None
        if old is None:
            return
        acked = self.acked()

        def save() -> None:
            try:
                saved = salvage_from(
                    old,
                    name=self.path.name,
                    folder=self.path.parent,
                    gate_id=self._gate_id,
                    acked=acked,
                    signer=self.signer,
                )
                report(str(saved))
            except NotSalvaged as error:
                report(f"nothing was saved: {error}")
            finally:
                old.close()  # SQLite sees that the file was moved, and removes nothing

        threading.Thread(target=save, name="journal-save", daemon=True).start()

    @property
    def closed(self) -> bool:
        return self._lock.closed

    def close(self) -> None:
        """Close the file. May be called twice."""
        self.live.close()
        self.db.close()
        self._lock.close()

    def _open(self) -> None:
        """Open the file, or begin a new one in its place. Raises OSError, sqlite3.Error."""
        expected = self._memory.head() if self._memory else None
        if os.path.lexists(self.path) and not stat.S_ISREG(os.lstat(self.path).st_mode):
            self._start_over("is no file", [])
        else:
            was_there = self.path.exists()
            try:
                self.db = self._connect(self._lasting_refs())
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                self._start_over("was damaged", None)
            else:
                self.begun = not was_there
                if expected and not was_there:
                    self.why = f"{self.path.name} was removed while the gate was off"
                elif expected and (stale := self._why_not_newest(*expected)):
                    self.db.close()
                    self._start_over(stale, None)
        self._connect_live()

    def _start_over(self, why: str, refs: Sequence[tuple[str, int]] | None) -> None:
        """Set the file aside and begin a new one. `refs` None: those that the file set aside still gives."""
        self.aside = sqlite_file.set_aside(self.path)
        self.why, self.begun = f"{self.path.name} {why}", True
        known = salvaged_refs(self.aside) if refs is None else list(refs)
        lasting = [row for row in self._lasting_refs() if row[0] not in dict(known)]
        self.db = self._connect([*known, *lasting])

    def _why_not_newest(self, epoch: str, seq: int) -> str:
        """Say why this is not the journal that ended at `seq`, or ""."""
        if journal_tables.journal(self.db).gate_id != self._gate_id:
            return ""  # `tail` reports it
        found, last, _ = self.tail()
        if found != epoch:
            return f"was replaced while the gate was off: it is epoch {found}, the last one here was {epoch}"
        if last < seq:
            return f"was rolled back while the gate was off: it ends at event {last}, and {seq} was written"
        return ""

    def _connect(self, refs: Sequence[tuple[str, int]]) -> sqlite3.Connection:
        """Raises sqlite3.Error."""
        db = sqlite_file.connect(self.path, synchronous=self._synchronous, shrinks=True, timeout_s=BUSY_TIMEOUT_S)
        try:
            check(db, self.path)
            journal_tables.create(db, self._gate_id, refs)
        except sqlite3.Error:
            db.close()
            raise
        return db

    def _connect_live(self) -> None:
        self.live = sqlite_file.connect(self.path, synchronous="OFF", timeout_s=BUSY_TIMEOUT_S)
        self._watch = FileWatch(self.path)

    def _lasting_refs(self) -> list[tuple[str, int]]:
        return [(ref, 0) for ref in self._memory.refs()] if self._memory else []

    def _refs(self) -> list[tuple[str, int]]:
        """Return all refs, oldest first: those of the file as far as it can be read, and those of this process."""
        try:
            found = journal_tables.refs(self.db)
        except sqlite3.Error:
            found = dict(salvaged_refs(self.path))
        found.update(self._own_refs)
        return sorted(found.items(), key=lambda row: row[1])

    def _marks(self) -> Mapping[str, str]:
        try:
            return journal_tables.marks(self.db)
        except sqlite3.Error:
            return {}

    def _remember(self, ref: str, seq: int) -> None:
        self._own_refs[ref] = seq
        if len(self._own_refs) > OWN_REFS:
            del self._own_refs[next(iter(self._own_refs))]
