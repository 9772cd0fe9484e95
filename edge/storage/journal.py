"""The gate's memory: append-only, hash-chained, on disk before `append` returns. The journal is the outbox.

One file is one *epoch*: `seq` counts from 1 without holes, each record carries the hash of the one before. If the
file is lost, damaged or replaced, a new epoch begins and says so; HQ sees two chains, never a silent hole. What can still be
read of what was done once (codes, orders, requests) goes over into it, so that it is not done again.
"""

import json
import sqlite3
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TypeVar

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract import identity
from contract.chain import link
from contract.messages import AnyEvent, ClockEvent, Event, NoticeCode, NoticeEvent
from contract.times import step_between
from edge.core.config import SiteConfig
from edge.core.domain import JournalSize, LiveState
from edge.core.ports import Clock, JournalError, JournalHeld, JournalMemory
from edge.storage import erasure, lock_holders, retention, sqlite_file
from edge.storage.journal_file import JournalFile, NotOurFile, Row
from edge.storage.journal_reader import JournalReader as JournalReader
from edge.storage.journal_reader import decoded
from edge.storage.signed_heads import HeadSigner, Signer

log = structlog.get_logger()

E = TypeVar("E", bound=Event)
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_KNOWS_SINCE = "knows_since"
_NEWEST_TRUSTED = """
SELECT body FROM (SELECT seq, body FROM events ORDER BY seq DESC LIMIT 5000)
WHERE json_extract(body, '$.clock_trusted') ORDER BY seq DESC LIMIT 1
"""


class _Reading(NamedTuple):
    """Both clocks at one moment."""

    utc: datetime
    monotonic_ms: int
    trusted: bool


class Journal:
    """The one writer of journal.db. See `edge.core.ports.Journal`.

    `restarted` names the file that was set aside, and `why` says why a new epoch began. When the wall clock was set since the
    event before, also while no gate process ran, `append` records that first (`ClockEvent`).

    Raises:
        JournalError: another process writes this journal, or it belongs to another gate, or the disk refuses.
    """

    def __init__(
        self,
        path: Path,
        site: SiteConfig,
        clock: Clock,
        synchronous: str = "FULL",
        give_room: Callable[[], bool] = lambda: False,
        memory: JournalMemory | None = None,
        key: Ed25519PrivateKey | None = None,
    ) -> None:
        """`synchronous`: SQLite's; anything but FULL may lose the newest events with the power, and is for measurements.
        `give_room` is called when the disk refuses, and the event tried again as long as it returns True. `memory`: what is
        remembered beside this file. `key`: the gate's; without one nothing is signed, so that HQ takes nothing, or erased."""
        self._site, self._clock, self._memory = site, clock, memory
        self._give_room, self._key = give_room, key
        self.signer = Signer(site, key) if key else None
        self._heads: HeadSigner | None = None
        self._held: _Held | None = None
        self._news: deque[str] = deque()
        self._boot_id = BOOT_ID.read_text().strip()
        self._file = JournalFile(path, site.gate_id, synchronous, memory)
        self._file.signer = self.signer
        try:
            self._follow_file()
        except BaseException as error:
            self._file.close()
            if isinstance(error, sqlite3.Error):
                raise self._refusal(error) from error
            raise
        self.restarted, self.why = self._file.aside, self._file.why
        self._seen = self._last_reading()
        self._log_holds_erased = True  # an earlier process may have erased, and not got to the log

    @property
    def _db(self) -> sqlite3.Connection:
        return self._file.db

    @property
    def _live(self) -> sqlite3.Connection:
        return self._file.live

    def _follow_file(self) -> None:
        """Go on at the end of the file, which may be a new one. Raises sqlite3.Error."""
        self.epoch, self._seq, self._hash = self._file.tail()
        self._heads = HeadSigner(self._live, self.epoch, self.signer, self._seq) if self.signer else None
        if self._file.begun:
            self._file.set_mark(_KNOWS_SINCE, self._now_mark())

    def knows_since(self) -> datetime | None:
        """Orders, codes and requests from before this time may have been used without a trace here: the file that knew them is
        lost. None: this journal knows all."""
        value = self._file.mark(_KNOWS_SINCE)
        if value is None:
            return None
        utc, trusted, boot_id, monotonic_s = json.loads(value)
        if trusted:
            return datetime.fromisoformat(utc)
        # The wall clock was wrong then. By now it may be right, and the monotonic clock tells how long ago that was.
        since_s = self._clock.monotonic() - (monotonic_s if boot_id == self._boot_id else 0.0)
        return self._clock.utc() - timedelta(seconds=since_s)

    def time_corrected(self) -> None:
        """The clock was ahead and was set right. A memory that begins in the future would refuse everything until then; and codes
        that were too old by the wrong clock were forgotten, and are still valid by the right one. Raises JournalError."""
        since, now = self.knows_since(), self._clock.utc()
        before_s = float(self._file.mark(retention.CODES_FORGOTTEN) or 0)
        forgotten = before_s > (now - timedelta(days=retention.CODE_REFS_DAYS)).timestamp()
        if forgotten or (since is not None and since > now):
            self.set_mark(_KNOWS_SINCE, self._now_mark())
        if forgotten:
            self.set_mark(retention.CODES_FORGOTTEN, "0")

    def _now_mark(self) -> str:
        clock = self._clock
        return json.dumps((clock.utc().isoformat(), clock.trusted(), self._boot_id, clock.monotonic()))

    def set_acked_source(self, acked: Callable[[], Mapping[str, int]]) -> None:
        """How to ask up to where HQ holds each epoch: what it does not hold of a file that was replaced is saved for it."""
        self._file.acked = acked

    def report_damage(self, why: str) -> None:
        """Somebody who read the file through found it damaged: a new one is begun at the next event."""
        self._file.damage = why

    def newest_trusted(self) -> tuple[datetime, float | None] | None:
        """The newest time recorded with a trusted clock, and when that was (monotonic) if it was in this boot; None if none
        is found."""
        rows = self._db.execute(_NEWEST_TRUSTED).fetchall()
        last = decoded(rows)
        if not last:
            return None
        return last[0].utc, last[0].monotonic_ms / 1000 if last[0].boot_id == self._boot_id else None

    def mark(self, name: str) -> str | None:
        """A value that is kept beside the events; None if there is none."""
        return self._file.mark(name)

    def set_mark(self, name: str, value: str) -> None:
        """Raises JournalError."""
        try:
            self._file.set_mark(name, value)
        except sqlite3.Error as error:
            raise JournalError(f"the journal cannot be written ({error}): free disk space, check the card") from error

    def check_writable(self) -> None:
        """Raises JournalError, JournalHeld if nothing could be appended just now, because of a lock."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise self._refusal(error) from error

    def append(self, kind: type[E], /, *, ref: str | None = None, **fields: Any) -> E:
        """Stamp, chain and store one event; on return it is on disk.

        Raises:
            JournalError: the disk refuses (full, read-only): then nothing was stored and nothing may be opened.
            pydantic.ValidationError: fields that the event does not allow.
        """
        now = _Reading(self._clock.utc(), int(self._clock.monotonic() * 1000), self._clock.trusted())
        self._note_step(now)
        event = self._append(kind, now, ref, fields)
        self._tell_news(now)
        return event

    def _append(self, kind: type[E], now: _Reading, ref: str | None, fields: dict[str, Any]) -> E:
        event = kind(
            gate_id=self._site.gate_id,
            site_id=self._site.site_id,
            epoch=self.epoch,
            seq=self._seq + 1,
            boot_id=self._boot_id,
            utc=now.utc,
            monotonic_ms=now.monotonic_ms,
            clock_trusted=now.trusted,
            **fields,
        )
        body = event.model_dump_json(exclude_none=True)
        digest = link(self._hash, body)
        self._store((event.seq, event.utc.timestamp(), self._hash, digest, body), ref)
        self._seq, self._hash = event.seq, digest
        if self._heads is not None:
            self._heads.wrote(event.seq, digest)
        if self._memory is not None:
            self._memory.noted(event, ref)
        return event

    def _store(self, row: Row, ref: str | None) -> None:
        """On disk when it returns, out of the reserve if there is no other room. Raises JournalError."""
        if why := self._file.problem():
            self._begin_again(why, complete=not self._file.damage)
        while True:
            try:
                self._file.store(row, ref)
                return
            except NotOurFile as error:
                self._begin_again(str(error), complete=False)
            except sqlite3.Error as error:
                if not (_no_room(error) and self._give_room()):
                    raise self._refusal(error) from error

    def _begin_again(self, why: str, *, complete: bool) -> NoReturn:
        """The file is no longer ours: go on in a new one, tell of it, and refuse the event that was to be stored.

        Raises JournalError, in any case.
        """
        try:
            aside = self._file.begin_again(why, complete=complete)
        except (OSError, sqlite3.Error) as error:
            raise JournalError(f"{why}, and no new journal can be made ({error}): check the folder") from error
        self._follow_file()
        log.error("journal_replaced", why=why, epoch=self.epoch, aside=aside.name if aside else "")
        detail = f"{why} while the gate ran" + (f"; what lay there is set aside as {aside.name}" if aside else "")
        now = _Reading(self._clock.utc(), int(self._clock.monotonic() * 1000), self._clock.trusted())
        self._append(NoticeEvent, now, None, {"code": NoticeCode.JOURNAL_RESTARTED, "detail": detail[:500]})
        self._file.save_old(lambda words: self._news.append(f"of the file before: {words}"))
        raise JournalError(f"{why}: a new one was begun; nothing was opened on what could not be recorded")

    def _refusal(self, error: sqlite3.Error) -> JournalError:
        """In words. A database that another program locks is remembered, to be recorded once that is over."""
        if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
            return JournalError(f"the journal cannot be written ({error}): free disk space, check the card")
        by = lock_holders.in_words(lock_holders.writers(self._file.path))
        if self._held is None:
            self._held = _Held(self._clock.monotonic(), by)
        return JournalHeld(f"the journal is locked by {by}: end that program")

    def _tell_news(self, now: "_Reading") -> None:
        """Record what happened to the file itself: that another program locked it, what was saved of the one before. Never raises:
        the caller's own event is on disk already, and what is refused now is told with the next one."""
        try:
            if (held := self._held) is not None:
                lasted_s = now.monotonic_ms / 1000 - held.since_s
                detail = f"locked for {lasted_s:.1f} s by {held.by}: nobody was let in meanwhile"
                self._append(NoticeEvent, now, None, {"code": NoticeCode.JOURNAL_HELD, "detail": detail[:500]})
                self._held = None
            while self._news:
                fields = {"code": NoticeCode.JOURNAL_RESTARTED, "detail": self._news[0][:500]}
                self._append(NoticeEvent, now, None, fields)
                self._news.popleft()
        except JournalError as error:
            log.warning("journal_news_not_told", error=str(error))

    def _note_step(self, now: _Reading) -> None:
        """Record, before anything that carries the new time, that the wall clock was set."""
        before = self._seen
        if before is not None:
            step = step_between(before.utc, before.monotonic_ms, now.utc, now.monotonic_ms)
            if step is None:
                return  # what it is compared with stays the same, so that small steps add up to one
            self._append(ClockEvent, now, None, {"was_utc": now.utc - step, "was_trusted": before.trusted})
        self._seen = now

    def _last_reading(self) -> _Reading | None:
        """Both clocks at the newest event, if it is of this boot."""
        last = self.latest(1)
        if not last or last[0].boot_id != self._boot_id:
            return None
        return _Reading(last[0].utc, last[0].monotonic_ms, last[0].clock_trusted)

    def seen(self, ref: str) -> bool:
        """True if an event with this `ref` was ever appended, also if it was pruned since."""
        return self._file.seen(ref)

    def last_ref(self, *beginnings: str) -> str | None:
        """The newest `ref` that begins with one of these, also if its event was pruned since."""
        return self._file.last_ref(*beginnings)

    def latest(self, limit: int) -> list[AnyEvent]:
        """The newest events, newest first. See `edge.core.ports.Journal`."""
        rows = self._db.execute("SELECT body FROM events ORDER BY seq DESC LIMIT ?", (limit,)).fetchall()
        return decoded(rows)

    def set_live(self, live: LiveState) -> None:
        """Overwrite the present state. Not synced to disk: it is worthless after a restart anyway."""
        if why := self._file.problem(thorough=True):  # also where nothing happens that would be recorded
            self._begin_again(why, complete=not self._file.damage)
        try:
            self._live.execute("INSERT OR REPLACE INTO live (id, state) VALUES (1, ?)", (live.model_dump_json(),))
        except sqlite3.OperationalError as error:
            refused = self._refusal(error)
            raise type(refused)(f"the live state cannot be written: {refused}") from error
        if self._held is not None or self._news:
            self._tell_news(_Reading(self._clock.utc(), int(self._clock.monotonic() * 1000), self._clock.trusted()))

    def sign(self) -> None:
        """Once per turn: sign what was written since, so that HQ takes it. A disk that refuses is tried again next time."""
        if self._heads is None:
            return
        try:
            self._heads.sign(self._seq, self._hash)
        except sqlite3.Error as error:
            log.debug("journal_not_signed", detail=str(error))

    def sign_unsent(self, acked_seq: int) -> None:
        """At the start: look through what HQ does not hold yet."""
        if self._heads is not None:
            self._heads.look_again(acked_seq, self._seq)

    def prune(self, acked_seq: int, keep_days: float, keep_events: int = 0) -> int:
        """Forget at most `retention.PRUNE_EVENTS` events up to `acked_seq` that are older than `keep_days`, but the newest `keep_events`;
        how many were removed.

        Only a leading run is ever removed, so that what remains is one unbroken chain.

        Raises:
            JournalError: the disk refuses: then nothing was removed.
        """
        if not self._clock.trusted():
            return 0
        now = self._clock.utc()
        limit = (now - timedelta(days=keep_days)).timestamp()
        last = min(acked_seq, self._seq - keep_events)
        try:
            forget_codes = keep_days >= retention.CODE_REFS_DAYS
            removed = retention.prune(self._db, last, limit, now.timestamp(), forget_codes=forget_codes)
            if removed and forget_codes:
                self._file.forget_codes()
            return removed
        except sqlite3.Error as error:
            raise JournalError(f"the journal cannot be pruned ({error}): free disk space, check the card") from error

    def sealed_since(self) -> int:
        """See `edge.core.ports.Journal`."""
        return erasure.waiting(self._db)

    def erase_sealed(self, acked_seq: int) -> int:
        """See `edge.core.ports.Journal`. Raises JournalError: the disk refuses."""
        try:
            first = erasure.waiting(self._db)
            due = self._key is not None and 0 < first <= acked_seq
            erased = erasure.erase(self._db, acked_seq, self._sign_erasure) if due else 0
            if erased and self._heads is not None:
                self._heads.look_again(
                    first - 2, self._seq
                )  # what is erased does not prove any more what stood before it
            self._log_holds_erased = (erased > 0 or self._log_holds_erased) and not erasure.empty_log(self._db)
        except sqlite3.Error as error:
            raise JournalError(f"nothing can be erased from the journal: {error}") from error
        return erased

    def _sign_erasure(self, seq: int, digest: str, prev_hash: str, body: str) -> bytes:
        assert self._key is not None
        head = identity.head(self._site.site_id, self._site.gate_id, self.epoch, seq, digest)
        return identity.sign_erasure(identity.erasure(head, prev_hash, body), self._key)

    def shrink(self) -> bool:
        """See `edge.core.ports.Journal`."""
        try:
            return retention.shrink(self._db)
        except sqlite3.Error as error:
            raise JournalError(f"the journal cannot be shrunk: {error}") from error

    def size(self) -> JournalSize:
        """What the journal holds and takes."""
        (base,) = self._db.execute("SELECT base_seq FROM journal").fetchone()
        used, log_bytes = retention.used_mb(self._db), sqlite_file.wal_bytes(self._file.path)
        return JournalSize(head=self._seq, kept=self._seq - base, used_mb=used, log_mb=log_bytes / 10**6)

    def held_open_by(self) -> str:
        """The programs that read the journal at this moment, in words."""
        return lock_holders.in_words(lock_holders.readers(self._file.path))

    def checkpoint(self) -> None:
        """Move the -wal file's content into the database and cut it, if no reader forbids that."""
        try:
            erasure.empty_log(self._live)
        except sqlite3.Error as error:
            log.warning("journal_not_settled", error=str(error))

    def close(self) -> None:
        """May be called twice."""
        if not self._file.closed:
            self.sign()
        self._file.close()


class _Held(NamedTuple):
    """Since when (monotonic) another program has locked the journal, and which."""

    since_s: float
    by: str


def _no_room(error: sqlite3.Error) -> bool:
    """True if more free space may help: SQLite reports a full disk in either of these ways."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
