"""What this gate must remember even if a file is lost: the high-water marks.

These are the highest version of every list that was in force, the newest order executed, the newest trusted time, and a
lock-down. They are kept in a small file beside the journal, and once more in the journal.

The file holds two records of a fixed size, written in turns, each with its own checksum. A power cut in the middle of
one leaves the other. A full disk can still be written, because no new space is needed.
"""

import hashlib
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contract.messages import Event, ListKind, Utc
from edge.core.domain import ListMark
from edge.core.lasting_ref import LastingKind, LastingRef
from edge.core.ports import JournalError
from edge.system.atomic_write import sync_folder
from edge.system.regular_file import read_regular

log = structlog.get_logger()

NAME = "high-water"
_SLOT_BYTES = 4096
_DIGEST_BYTES = 32
KEEP_TIME_EVERY = timedelta(minutes=10)
"""How often the newest trusted time is written if nothing else is written."""
TAKES_OLDER_FOR = timedelta(hours=1)
"""Time after a technician's request in which an older list may come into force, once for each kind."""
GROUPS = ((LastingKind.LOCKED_DOWN, LastingKind.LOCK_DOWN_OVER), (LastingKind.FIRE_ON, LastingKind.FIRE_DONE))
"""Groups of refs. The newest ref of each still holds after a restart (`edge.loop.passage_control`)."""


class Marks(BaseModel):
    """The content. `generation` grows when a mark is lowered on purpose: of two copies the higher generation is
    right."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    generation: int = 0
    lists: dict[ListKind, ListMark] = Field(default_factory=dict)
    older_until: dict[ListKind, Utc] = Field(default_factory=dict)
    """Until this time the next list of each kind comes into force, also an older one."""
    order_utc: Utc | None = None
    """When the newest executed order was issued."""
    trusted_utc: Utc | None = None
    """The newest time of a trusted clock."""
    epoch: str = ""
    seq: int = 0
    """An event that the journal holds."""
    refs: tuple[str, ...] = ()
    """One of each group in `GROUPS`."""

    def with_list(self, kind: ListKind, mark: ListMark) -> "Marks":
        older = {other: until for other, until in self.older_until.items() if other is not kind}
        return self.model_copy(update={"lists": {**self.lists, kind: mark}, "older_until": older})


def merged(first: Marks, second: Marks) -> Marks:
    """Merge two copies: take the higher value of each field. Head and refs are those of `first`, if it has any."""
    if first.generation != second.generation:
        return max(first, second, key=lambda marks: marks.generation)
    lists = {
        kind: max((m.lists[kind] for m in (first, second) if kind in m.lists), key=lambda mark: mark.version)
        for kind in first.lists.keys() | second.lists.keys()
    }
    head = first if first.epoch else second
    return Marks(
        generation=first.generation,
        lists=lists,
        older_until={**second.older_until, **first.older_until},
        order_utc=_later(first.order_utc, second.order_utc),
        trusted_utc=_later(first.trusted_utc, second.trusted_utc),
        epoch=head.epoch,
        seq=head.seq,
        refs=head.refs,
    )


class HighWater:
    """Implements `edge.core.ports.JournalMemory`, and what `edge.replica.reader` asks of the lists. The gate process is
    its one writer.

    Never raises for a disk that refuses: the marks in memory hold, and are written as soon as possible.
    """

    def __init__(
        self, folder: Path, *, writes: bool = True, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """`writes` False: for a command that only reads."""
        self._path, self._writes, self._now = folder / NAME, writes, now
        self.marks, self._turn = _read(self._path)
        self._seq = self.marks.seq
        self._written = self.marks
        self._second: Callable[[str], None] | None = None

    def join(self, second: str | None, write_second: Callable[[str], None]) -> None:
        """Merge with the copy in the journal (None: it has none), so that each repairs the other. `write_second`:
        writes it."""
        if second is not None:
            self.marks = merged(self.marks, _parsed(second) or Marks())
            self._seq = self.marks.seq
        self._second = write_second
        self._keep(self.marks)

    # --- lists -----------------------------------------------------------------------------------------------

    def of(self, kind: ListKind) -> ListMark | None:
        """Return the highest version of a list that was ever in force here, or None."""
        return self.marks.lists.get(kind)

    def raise_to(self, kind: ListKind, mark: ListMark) -> None:
        """Remember that a list comes into force. On disk when it returns, unless the disk refuses."""
        if self.of(kind) == mark:
            return
        older = (known := self.of(kind)) is not None and mark.version <= known.version
        marks = self.marks.with_list(kind, mark)
        self._keep(marks.model_copy(update={"generation": marks.generation + 1}) if older else marks)

    def takes_older(self, kind: ListKind) -> bool:
        """Return True if a technician let the next list be an older one, and it has not come yet."""
        until = self.marks.older_until.get(kind)
        return until is not None and self._now() < until

    def take_older(self) -> None:
        """Let the next list of each kind come into force, also an older one, for TAKES_OLDER_FOR."""
        until = self._now() + TAKES_OLDER_FOR
        self._keep(self.marks.model_copy(update={"older_until": dict.fromkeys(self.marks.lists, until)}))

    # --- orders and time -------------------------------------------------------------------------------------

    def highest(self) -> Mapping[ListKind, int]:
        """See `edge.core.ports.HighWater`."""
        return {kind: mark.version for kind, mark in self.marks.lists.items()}

    def list_marks(self) -> Mapping[ListKind, ListMark]:
        """See `edge.core.ports.HighWater`."""
        return self.marks.lists

    def newest_order(self) -> datetime | None:
        """See `edge.core.ports.HighWater`."""
        return self.marks.order_utc

    def note_order(self, issued_utc: datetime) -> None:
        """Remember an order that is about to be executed."""
        newest = _later(self.marks.order_utc, issued_utc)
        if newest != self.marks.order_utc:
            self._keep(self.marks.model_copy(update={"order_utc": newest}))

    def note_time(self, utc: datetime) -> None:
        """Remember the time of a trusted clock. It is written every KEEP_TIME_EVERY."""
        last = self.marks.trusted_utc
        if last is None or utc - last >= KEEP_TIME_EVERY:
            self._keep(self.marks.model_copy(update={"trusted_utc": utc}))

    def lower_time(self, utc: datetime) -> None:
        """Lower the newest time: an earlier one is right."""
        order_utc = min(self.marks.order_utc, utc) if self.marks.order_utc else None
        changes = {"trusted_utc": utc, "order_utc": order_utc, "generation": self.marks.generation + 1}
        self._keep(self.marks.model_copy(update=changes))

    # --- the journal -----------------------------------------------------------------------------------------

    def head(self) -> tuple[str, int] | None:
        """See `edge.core.ports.JournalMemory`."""
        return (self.marks.epoch, self._seq) if self.marks.epoch else None

    def refs(self) -> Sequence[str]:
        """See `edge.core.ports.JournalMemory`."""
        return self.marks.refs

    def noted(self, event: Event, ref: str | None) -> None:
        """See `edge.core.ports.JournalMemory`. Only a new epoch and a lasting ref are written at once. The rest is
        written with them."""
        self._seq = event.seq
        if ref is not None and (group := _group_of(ref)):
            refs = (*(r for r in self.marks.refs if _group_of(r) is not group), ref)
            self._keep(self.marks.model_copy(update={"epoch": event.epoch, "refs": refs}))
        elif event.epoch != self.marks.epoch:
            self._keep(self.marks.model_copy(update={"epoch": event.epoch}))
        if event.clock_trusted:
            self.note_time(event.utc)

    def close(self) -> None:
        """Write what is not written yet."""
        self._keep(self.marks)

    def _keep(self, marks: Marks) -> None:
        self.marks = marks = marks.model_copy(update={"seq": self._seq})
        if not self._writes or marks == self._written:
            return
        text = marks.model_dump_json()
        try:
            _write(self._path, text, self._turn)
            self._turn = 1 - self._turn
            if self._second is not None:
                self._second(text)
        except (OSError, ValueError, JournalError) as error:  # the disk refuses: try again at the next write
            log.error("high_water_not_written", error=str(error))
            return
        self._written = marks


def _group_of(ref: str) -> tuple[LastingKind, ...] | None:
    """The group in `GROUPS`; None for a ref that need not last."""
    found = LastingRef.parse(ref)
    return next((group for group in GROUPS if found and found.kind in group), None)


def _later(first: datetime | None, second: datetime | None) -> datetime | None:
    return max((t for t in (first, second) if t is not None), default=None)


def _read(path: Path) -> tuple[Marks, int]:
    """Return the newest whole record, and which of the two to write next."""
    try:
        whole = read_regular(path, 2 * _SLOT_BYTES)
    except FileNotFoundError:
        return Marks(), 0
    except OSError as error:
        log.error("high_water_not_read", error=str(error))
        return Marks(), 0
    found = [(count, marks, slot) for slot in (0, 1) if (record := _record(whole, slot)) for count, marks in (record,)]
    if not found:
        return Marks(), 0
    _, marks, slot = max(found, key=lambda record: record[0])
    return marks, 1 - slot


def _record(whole: bytes, slot: int) -> tuple[int, Marks] | None:
    """Return the write's number and the content, or None for a damaged record."""
    part = whole[slot * _SLOT_BYTES : (slot + 1) * _SLOT_BYTES]
    digest, rest = part[:_DIGEST_BYTES], part[_DIGEST_BYTES:]
    if len(part) < _SLOT_BYTES or hashlib.sha256(rest).digest() != digest:
        return None
    marks = _parsed(rest[8:].rstrip(b"\0").decode("utf-8", "replace"))
    return (int.from_bytes(rest[:8], "big"), marks) if marks is not None else None


def _parsed(text: str) -> Marks | None:
    try:
        return Marks.model_validate_json(text)
    except ValidationError as error:
        log.error("high_water_damaged", problems=error.error_count())
        return None


def _write(path: Path, text: str, slot: int) -> None:
    """Raises OSError, ValueError."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o640)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(f"{path} is no file")
        whole = os.pread(handle, 2 * _SLOT_BYTES, 0)
        counts = [record[0] for s in (0, 1) if (record := _record(whole, s))]
        rest = (max(counts, default=0) + 1).to_bytes(8, "big") + text.encode()
        room = _SLOT_BYTES - _DIGEST_BYTES
        if len(rest) > room:
            raise ValueError("the high-water marks are too long for their file")
        rest = rest.ljust(room, b"\0")
        if len(whole) < 2 * _SLOT_BYTES:
            os.posix_fallocate(handle, 0, 2 * _SLOT_BYTES)
        os.pwrite(handle, hashlib.sha256(rest).digest() + rest, slot * _SLOT_BYTES)
        os.fsync(handle)
    finally:
        os.close(handle)
    if not whole:
        sync_folder(path.parent)
