"""The gate's memory: append-only, hash-chained, on disk before `append` returns. The journal is the outbox.

One file is one *epoch*: `seq` counts from 1 without holes, each record carries the hash of the one before. If the
file is lost or damaged, a new epoch begins and says so; HQ sees two chains, never a silent hole. What can still be read of
what was done once (codes, orders, requests) goes over into it, so that it is not done again.
"""

import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlite_utils import Database

from contract.chain import GENESIS, link
from contract.codec import BadMessage, decode_event
from contract.messages import AnyEvent, ClockEvent, Event, EventRecord
from contract.times import step_between
from edge import dbfile, retention
from edge.config import SiteConfig
from edge.domain import JournalSize, LiveState
from edge.heads import Heads, Signer, add_columns, has_column
from edge.ports import Clock, JournalError
from edge.salvage import salvaged_refs

log = structlog.get_logger()
E = TypeVar("E", bound=Event)
_INSERT = "INSERT INTO events (seq, utc, prev_hash, hash, body, signature) VALUES (?, ?, ?, ?, ?, ?)"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class _Reading(NamedTuple):
    """Both clocks at one moment."""

    utc: datetime
    monotonic_ms: int
    trusted: bool


class Journal:
    """The one writer of journal.db. See `edge.ports.Journal`.

    `restarted` names the file that was set aside as damaged, if one was. When the wall clock was set since the event before,
    also while no gate process ran, `append` records that first (`ClockEvent`).

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
        key: Ed25519PrivateKey | None = None,
    ) -> None:
        """`synchronous`: SQLite's; anything but FULL may lose the newest events with the power, and is for measurements.
        `give_room` is called when the disk refuses, and the event tried again as long as it returns True. `key`: the gate's;
        without one nothing is signed, and HQ takes nothing."""
        self._site, self._clock, self._synchronous = site, clock, synchronous
        self._give_room = give_room
        self.signer = Signer(site, key) if key else None
        try:
            self._lock = dbfile.lock(path)
        except dbfile.Locked as error:
            raise JournalError(f"{error}: stop the other one first (systemctl stop sitegate-gate)") from error
        try:
            self._db, self.restarted = self._open_or_restart(path)
            self.epoch, self._seq, self._hash = self._tail(path)
            self._live = dbfile.connect(path, synchronous="OFF")
            self._heads = Heads(self._live, self.epoch, self.signer, self._seq) if self.signer else None
        except BaseException:
            self._lock.close()
            raise
        self._boot_id = _BOOT_ID.read_text().strip()
        self._seen = self._last_reading()

    def append(self, kind: type[E], /, *, ref: str | None = None, **fields: Any) -> E:
        """Stamp, chain and store one event; on return it is on disk.

        Raises:
            JournalError: the disk refuses (full, read-only): then nothing was stored and nothing may be opened.
            pydantic.ValidationError: fields that the event does not allow.
        """
        now = _Reading(self._clock.utc(), int(self._clock.monotonic() * 1000), self._clock.trusted())
        self._note_step(now)
        return self._append(kind, now, ref, fields)

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
        signature = self._heads.of_new(event.seq, digest) if self._heads else None
        self._store((event.seq, event.utc.timestamp(), self._hash, digest, body, signature), ref)
        self._seq, self._hash = event.seq, digest
        return event

    def _store(self, row: tuple[int, float, str, str, str, bytes | None], ref: str | None) -> None:
        """On disk when it returns, out of the reserve if there is no other room. Raises JournalError."""
        while True:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.execute(_INSERT, row)
                if ref is not None:
                    self._db.execute("INSERT INTO refs (ref, seq) VALUES (?, ?)", (ref, row[0]))
                self._db.execute("COMMIT")
                return
            except sqlite3.Error as error:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                if not (_no_room(error) and self._give_room()):
                    raise JournalError(
                        f"the journal cannot be written ({error}): free disk space, check the card"
                    ) from error

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
        return self._db.execute("SELECT 1 FROM refs WHERE ref = ?", (ref,)).fetchone() is not None

    def last_ref(self, *beginnings: str) -> str | None:
        """The newest `ref` that begins with one of these, also if its event was pruned since."""
        one = " OR ".join("substr(ref, 1, ?) = ?" for _ in beginnings)
        values = [value for beginning in beginnings for value in (len(beginning), beginning)]
        found = self._db.execute(f"SELECT ref FROM refs WHERE {one} ORDER BY seq DESC LIMIT 1", values).fetchone()
        return str(found[0]) if found else None

    def latest(self, limit: int) -> list[AnyEvent]:
        """The newest events, newest first. See `edge.ports.Journal`."""
        rows = self._db.execute("SELECT body FROM events ORDER BY seq DESC LIMIT ?", (limit,)).fetchall()
        return _decoded(rows)

    def set_live(self, live: LiveState) -> None:
        """Overwrite the present state. Not synced to disk: it is worthless after a restart anyway."""
        try:
            self._live.execute("INSERT OR REPLACE INTO live (id, state) VALUES (1, ?)", (live.model_dump_json(),))
        except sqlite3.OperationalError as error:
            raise JournalError(f"the live state cannot be written: {error}") from error

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
            self._heads.look_again(acked_seq)

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
            return retention.prune(self._db, last, limit, now.timestamp(), forget_codes=forget_codes)
        except sqlite3.Error as error:
            raise JournalError(f"the journal cannot be pruned ({error}): free disk space, check the card") from error

    def shrink(self) -> bool:
        """See `edge.ports.Journal`."""
        try:
            return retention.shrink(self._db)
        except sqlite3.Error as error:
            raise JournalError(f"the journal cannot be shrunk: {error}") from error

    def size(self) -> JournalSize:
        """What the journal holds and takes."""
        (base,) = self._db.execute("SELECT base_seq FROM journal").fetchone()
        return JournalSize(head=self._seq, kept=self._seq - base, used_mb=retention.used_mb(self._db))

    def close(self) -> None:
        """May be called twice."""
        if not self._lock.closed:
            self.sign()
        self._live.close()
        self._db.close()
        self._lock.close()

    def _open_or_restart(self, path: Path) -> tuple[sqlite3.Connection, Path | None]:
        try:
            return self._open(path), None
        except sqlite3.OperationalError as error:
            raise JournalError(f"{path} cannot be opened ({error}): check the folder's owner and free space") from error
        except sqlite3.DatabaseError:
            aside = dbfile.set_aside(path)
            return self._open(path, salvaged_refs(aside)), aside

    def _open(self, path: Path, refs: Sequence[tuple[str, int]] = ()) -> sqlite3.Connection:
        db = dbfile.connect(path, synchronous=self._synchronous, shrinks=True)
        try:
            dbfile.check(db)
            _create(Database(db), self._site.gate_id, refs)
            db.execute("CREATE INDEX IF NOT EXISTS refs_by_seq ON refs (seq)")  # not in files of earlier versions
            add_columns(db)
        except sqlite3.DatabaseError:
            db.close()
            raise
        return db

    def _tail(self, path: Path) -> tuple[str, int, str]:
        epoch, gate_id, base_seq, base_hash = self._db.execute(
            "SELECT epoch, gate_id, base_seq, base_hash FROM journal"
        ).fetchone()
        if gate_id != self._site.gate_id:
            self._db.close()
            raise JournalError(f"{path} is the journal of gate {gate_id!r}: move it away, or correct site.gate_id")
        last = self._db.execute("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        seq, digest = last or (base_seq, base_hash)
        return epoch, seq, digest


class JournalReader(dbfile.Reader):
    """The journal as sync, screen and the command line see it. See `edge.ports.JournalReader`."""

    _signed = False

    @property
    def epoch(self) -> str:
        """The epoch's name, '' while there is no journal."""
        return str(self._one("SELECT epoch FROM journal") or "")

    def head(self) -> int:
        rows = self._rows("SELECT coalesce(max(seq), (SELECT base_seq FROM journal), 0) FROM events")
        return int(rows[0][0]) if rows else 0

    def base(self) -> tuple[int, str]:
        """(seq, hash) before the oldest record still kept: (0, GENESIS) if nothing was pruned."""
        row = self._rows("SELECT base_seq, base_hash FROM journal")
        return (int(row[0][0]), str(row[0][1])) if row else (0, GENESIS)

    def records(self, after: int, limit: int) -> list[EventRecord]:
        signature = "signature" if self.signed else "NULL"
        rows = self._rows(
            f"SELECT seq, prev_hash, hash, body, {signature} FROM events WHERE seq > ? ORDER BY seq LIMIT ?",
            (after, limit),
        )
        return [EventRecord(seq=s, prev_hash=p, hash=h, body=b, signature=g) for s, p, h, b, g in rows]

    @property
    def signed(self) -> bool:
        """Whether the gate process signs this journal: one of before version 1.3 does not."""
        if not self._signed:
            db = self.db()
            try:
                self._signed = db is not None and has_column(db)
            except sqlite3.DatabaseError:
                return False
        return self._signed

    def seen(self, ref: str) -> bool:
        """True if an event with this `ref` was ever appended."""
        return bool(self._rows("SELECT 1 FROM refs WHERE ref = ?", (ref,)))

    def latest(self, limit: int) -> list[AnyEvent]:
        return _decoded(self._rows("SELECT body FROM events ORDER BY seq DESC LIMIT ?", (limit,)))

    def live(self) -> LiveState | None:
        state = self._one("SELECT state FROM live WHERE id = 1")
        return LiveState.model_validate_json(str(state)) if state else None

    def _one(self, sql: str) -> object:
        rows = self._rows(sql)
        return rows[0][0] if rows else None

    def _rows(self, sql: str, values: tuple[object, ...] = ()) -> list[Any]:
        db = self.db()
        if db is None:
            return []
        try:
            return db.execute(sql, values).fetchall()
        except sqlite3.DatabaseError:  # just being created or replaced by its writer: nothing to read yet
            self.close()
            return []


def _no_room(error: sqlite3.Error) -> bool:
    """True if more free space may help: SQLite reports a full disk in either of these ways."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)


def _decoded(rows: Iterable[tuple[str]]) -> list[AnyEvent]:
    events = []
    for (body,) in rows:
        try:
            events.append(decode_event(body))
        except BadMessage:  # written by a newer version: still in the chain, just not shown
            continue
    return events


def _create(db: Database, gate_id: str, refs: Sequence[tuple[str, int]]) -> None:
    """The tables, if they are missing. One transaction, so that no reader ever sees half of them. `refs`: of an earlier
    journal, oldest first; they stand before the first event of this one, in their own order."""
    if "journal" in db.table_names():
        return
    db.conn.execute("BEGIN IMMEDIATE")
    columns = {"seq": int, "utc": float, "prev_hash": str, "hash": str, "body": str, "signature": bytes}
    db.table("events").create(columns, pk="seq")
    db.table("events").create_index(["utc"])
    db.table("refs").create({"ref": str, "seq": int}, pk="ref")
    db.conn.executemany(
        "INSERT INTO refs VALUES (?, ?)", ((ref, row - len(refs)) for row, (ref, _) in enumerate(refs, start=1))
    )
    db.table("live").create({"id": int, "state": str}, pk="id")
    db.table("journal").create({"epoch": str, "gate_id": str, "base_seq": int, "base_hash": str})
    db.conn.execute(
        "INSERT INTO journal (epoch, gate_id, base_seq, base_hash) VALUES (?, ?, 0, ?)",
        (f"{time.strftime('%Y%m%d')}-{secrets.token_hex(6)}", gate_id, GENESIS),
    )
    db.conn.execute("COMMIT")
