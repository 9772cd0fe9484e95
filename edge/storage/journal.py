"""The gate's memory: append-only, hash-chained, on disk before `append` returns. The journal is the outbox.

One file is one *epoch*: `seq` counts from 1 without holes, and each record carries the hash of the one before. If the
file is lost, damaged or replaced, a new epoch begins and records that: HQ sees two chains, never a silent hole. The new
file takes over what can still be read of single-use actions (codes, orders, requests): none is done twice.
"""

import sqlite3
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.chain import link
from contract.messages import AnyEvent, ClockEvent, Event, NoticeCode, NoticeEvent
from edge.core.config import SiteConfig
from edge.core.domain import JournalSize, LiveState
from edge.core.ports import Clock, JournalError, JournalMemory
from edge.storage import erasure, journal_events, journal_tables, lock_holders, retention, sqlite_file
from edge.storage.journal_file import JournalFile, NotOurFile
from edge.storage.journal_notices import NOT_WRITTEN, FileNotices, in_words, no_room
from edge.storage.journal_reader import JournalReader as JournalReader
from edge.storage.journal_reader import decoded
from edge.storage.journal_time import JournalTime, Reading
from edge.storage.signed_heads import HeadSigner, Signer

log = structlog.get_logger()

E = TypeVar("E", bound=Event)


class Journal:
    """The one writer of journal.db. See `edge.core.ports.Journal`.

    `restarted` names the file that was set aside. `why` says why a new epoch began. If the wall clock was set since the
    event before, `append` records that first (`ClockEvent`), also if no gate process ran then.

    Raises:
        JournalError: another process writes this journal, or it belongs to another gate, or the disk refuses.
    """

    def __init__(
        self,
        path: Path,
        site: SiteConfig,
        clock: Clock,
        *,
        synchronous: str = "FULL",
        give_room: Callable[[], bool] = lambda: False,
        memory: JournalMemory | None = None,
        key: Ed25519PrivateKey | None = None,
    ) -> None:
        """Open the journal, or begin a new one.

        `synchronous`: SQLite's. Anything but FULL may lose the newest events in a power cut, and is for measurements
        only. `give_room`: called when the disk refuses. The event is tried again as long as it returns True. `memory`:
        what is remembered beside this file. `key`: the gate's. Without it nothing is signed or erased, and HQ takes
        nothing.
        """
        self._site, self._clock, self._memory = site, clock, memory
        self._give_room = give_room
        self.signer = Signer(site, key) if key else None
        self._heads: HeadSigner | None = None
        self._file = JournalFile(path, gate_id=site.gate_id, synchronous=synchronous, memory=memory)
        self._file.signer = self.signer
        self.time, self._notices = JournalTime(clock, self._file), FileNotices(path, clock.monotonic)
        try:
            self._follow_file()
            self.time.continue_from(next(iter(self.latest(1)), None))
        except BaseException as error:
            self._file.close()
            if isinstance(error, sqlite3.Error):
                raise self._notices.refusal(error) from error
            raise
        self.restarted, self.why = self._file.aside, self._file.why
        self._log_holds_erased = True  # an earlier process may have erased, and not emptied the log

    def _follow_file(self) -> None:
        """Continue at the end of the file, which may be new. Raises sqlite3.Error."""
        self.epoch, self._seq, self._hash = self._file.tail()
        self._heads = HeadSigner(self._file.live, self.epoch, self.signer, self._seq) if self.signer else None
        if self._file.begun:
            self.time.begin()

    def knows_since(self) -> datetime | None:
        """See `edge.core.ports.Journal`."""
        return self.time.knows_since()

    def time_corrected(self) -> None:
        """See `edge.core.ports.Journal`. Raises JournalError."""
        with in_words(NOT_WRITTEN):
            self.time.correct()

    def set_acked_source(self, acked: Callable[[], Mapping[str, int]]) -> None:
        """Set the source of how far HQ holds each epoch. What HQ lacks of a replaced file is saved for it."""
        self._file.acked = acked

    def report_damage(self, why: str) -> None:
        """Begin a new file at the next event: a reader found this one damaged."""
        self._file.damage = why

    def mark(self, name: str) -> str | None:
        """Return a value that is kept beside the events, or None."""
        return journal_tables.mark(self._file.db, name)

    def set_mark(self, name: str, value: str) -> None:
        """Keep a value beside the events. Raises JournalError."""
        with in_words(NOT_WRITTEN):
            journal_tables.set_mark(self._file.db, name, value)

    def check_writable(self) -> None:
        """Raises JournalError, JournalHeld if a lock would stop an event just now."""
        try:
            sqlite_file.check_writable(self._file.db)
        except sqlite3.Error as error:
            raise self._notices.refusal(error) from error

    def append(self, kind: type[E], /, *, ref: str | None = None, **fields: Any) -> E:
        """Stamp, chain and store one event. On return it is on disk.

        Raises:
            JournalError: the disk refuses (full, read-only). Then nothing was stored and nothing may be opened.
            pydantic.ValidationError: fields that the event does not allow.
        """
        now = self.time.now()
        self._record_step(now)
        event = self._append(kind, now, ref, fields)
        if self._notices:
            self._record_notices(now)
        return event

    def _append(self, kind: type[E], now: Reading, ref: str | None, fields: dict[str, Any]) -> E:
        event = kind(
            gate_id=self._site.gate_id,
            site_id=self._site.site_id,
            epoch=self.epoch,
            seq=self._seq + 1,
            boot_id=self.time.boot_id,
            utc=now.utc,
            monotonic_ms=now.monotonic_ms,
            clock_trusted=now.trusted,
            **fields,
        )
        body = event.model_dump_json(exclude_none=True)
        digest = link(self._hash, body)
        self._store(journal_events.Row(event.seq, event.utc.timestamp(), self._hash, digest, body), ref)
        self._seq, self._hash = event.seq, digest
        if self._heads is not None:
            self._heads.note_written(event.seq, digest)
        if self._memory is not None:
            self._memory.noted(event, ref)
        return event

    def _store(self, row: journal_events.Row, ref: str | None) -> None:
        """Put an event on the disk, out of the reserve if there is no other room. Raises JournalError."""
        if why := self._file.problem():
            self._begin_again(why, complete=not self._file.damage)
        while True:
            try:
                self._file.store(row, ref)
                return
            except NotOurFile as error:
                self._begin_again(str(error), complete=False)
            except sqlite3.Error as error:
                if not (no_room(error) and self._give_room()):
                    raise self._notices.refusal(error) from error

    def _begin_again(self, why: str, *, complete: bool) -> NoReturn:
        """Go on in a new file, record that, and refuse the event that was to be stored. Always raises JournalError."""
        try:
            aside = self._file.begin_again(why, complete=complete)
        except (OSError, sqlite3.Error) as error:
            raise JournalError(f"{why}, and no new journal can be made ({error}): check the folder") from error
        self._follow_file()
        log.error("journal_replaced", why=why, epoch=self.epoch, aside=aside.name if aside else "")
        detail = f"{why} while the gate ran" + (f"; what lay there is set aside as {aside.name}" if aside else "")
        self._append_notice(NoticeCode.JOURNAL_RESTARTED, detail, self.time.now())
        self._file.save_old(self._notices.add_saved)
        raise JournalError(f"{why}: a new one was begun; nothing was opened on what could not be recorded")

    def _record_notices(self, now: Reading) -> None:
        self._notices.record(lambda code, detail: self._append_notice(code, detail, now), now.monotonic_ms / 1000)

    def _append_notice(self, code: NoticeCode, detail: str, now: Reading) -> None:
        self._append(NoticeEvent, now, None, {"code": code, "detail": detail[:500]})

    def _record_step(self, now: Reading) -> None:
        """Record that the wall clock was set, before any event that carries the new time."""
        before = self.time.before
        if before is not None:
            step = self.time.step(now)
            if step is None:
                return  # the comparison stays the same, so that small steps add up to one
            self._append(ClockEvent, now, None, {"was_utc": now.utc - step, "was_trusted": before.trusted})
        self.time.before = now

    def seen(self, ref: str) -> bool:
        """See `edge.core.ports.Journal`. True also for an event that was removed since."""
        return self._file.seen(ref)

    def last_ref(self, *beginnings: str) -> str | None:
        """See `edge.core.ports.Journal`."""
        return journal_tables.last_ref(self._file.db, beginnings)

    def latest(self, limit: int) -> list[AnyEvent]:
        """Return the newest events, newest first. See `edge.core.ports.Journal`."""
        return decoded(journal_events.latest(self._file.db, limit))

    def set_live(self, live: LiveState) -> None:
        """Overwrite the present state. Not synced to disk: it is worthless after a restart."""
        if why := self._file.problem(thorough=True):  # also at a gate where no event happens
            self._begin_again(why, complete=not self._file.damage)
        try:
            journal_tables.set_live(self._file.live, live.model_dump_json())
        except sqlite3.OperationalError as error:
            raise self._notices.refusal(error, "the live state cannot be written: ") from error
        if self._notices:
            self._record_notices(self.time.now())

    def sign(self) -> None:
        """Sign once per turn what was written since, so that HQ takes it. A refusal is tried again at the next turn."""
        if self._heads is None:
            return
        try:
            self._heads.sign(self._seq, self._hash)
        except sqlite3.Error as error:
            log.debug("journal_not_signed", detail=str(error))

    def sign_unsent(self, acked_seq: int) -> None:
        """Examine at the start what HQ does not hold yet."""
        if self._heads is not None:
            self._heads.examine_from(acked_seq, self._seq)

    def prune(self, acked_seq: int, keep_days: float, keep_events: int = 0) -> int:
        """Remove at most `retention.PRUNE_EVENTS` old events. See `edge.core.ports.Journal`.

        Only a leading run is ever removed, so that what remains is one unbroken chain. Raises JournalError: then
        nothing was removed.
        """
        if not self._clock.trusted():
            return 0
        now = self._clock.utc()
        with in_words("the journal cannot be pruned ({}): free disk space, check the card"):
            return retention.prune(
                self._file,
                last_seq=min(acked_seq, self._seq - keep_events),
                before_s=(now - timedelta(days=keep_days)).timestamp(),
                now_s=now.timestamp(),
                forget_codes=keep_days >= retention.CODE_REFS_DAYS,
            )

    def sealed_since(self) -> int:
        """See `edge.core.ports.Journal`."""
        return journal_events.first_sealed(self._file.db)

    def erase_sealed(self, acked_seq: int) -> int:
        """See `edge.core.ports.Journal`. Raises JournalError: the disk refuses."""
        with in_words("nothing can be erased from the journal: {}"):
            first, erased = self.sealed_since(), 0
            if self.signer is not None and 0 < first <= acked_seq:
                erased = erasure.erase(self._file.db, self.epoch, acked_seq, self.signer)
            if erased and self._heads is not None:
                self._heads.examine_from(first - 2, self._seq)  # an erased event no longer proves the ones before it
            self._log_holds_erased = (erased > 0 or self._log_holds_erased) and not sqlite_file.checkpoint(
                self._file.db
            )
        return erased

    def shrink(self) -> bool:
        """See `edge.core.ports.Journal`."""
        with in_words("the journal cannot be shrunk: {}"):
            return retention.shrink(self._file.db)

    def size(self) -> JournalSize:
        """Return what the journal holds and takes."""
        log_mb = sqlite_file.wal_bytes(self._file.path) / 10**6
        kept = self._seq - journal_tables.base(self._file.db).seq
        return JournalSize(head=self._seq, kept=kept, used_mb=retention.used_mb(self._file.db), log_mb=log_mb)

    def held_open_by(self) -> str:
        """Name the programs that read the journal at this moment."""
        return lock_holders.in_words(lock_holders.readers(self._file.path))

    def checkpoint(self) -> None:
        """Move the -wal file's content into the database and cut it, if no reader forbids that."""
        try:
            sqlite_file.checkpoint(self._file.live)
        except sqlite3.Error as error:
            log.warning("journal_not_settled", error=str(error))

    def close(self) -> None:
        """Sign the end and close the file. May be called twice."""
        if not self._file.closed:
            self.sign()
        self._file.close()
