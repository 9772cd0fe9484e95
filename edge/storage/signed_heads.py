"""The gate's signature under its journal: which records carry one, and when.

One signature covers all records before it, so not every record needs one: at the end of the loop's turn the newest gets it, and every
eighth of those before. `append` does nothing for it, so it is as fast as without. Records of before there was a key are signed later,
a few per turn. A record that the next one does not follow from is signed too: nothing else covers it.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.chain import link
from contract.identity import head, sign_head
from contract.signing import key_id
from edge.core.config import SiteConfig

log = structlog.get_logger()

EVERY = 8
"""So a batch of a few records always ends at a signed one."""
BACKLOG_ROWS = 128
"""Earlier records that are looked at per turn: 16 signatures, some 3 ms on a Raspberry Pi."""
COLUMN = "signature"


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs records of one site's gate."""

    site: SiteConfig
    key: Ed25519PrivateKey

    def sign(self, epoch: str, seq: int, digest: str) -> bytes:
        return sign_head(head(self.site.site_id, self.site.gate_id, epoch, seq, digest), self.key)


class HeadSigner:
    """`db`: a connection of the journal's writer that need not wait for the disk; a signature that is lost with the power is made
    again at the next start."""

    def __init__(self, db: sqlite3.Connection, epoch: str, signer: Signer, newest: int) -> None:
        self._db, self._epoch, self._signer = db, epoch, signer
        self._signed = 0
        self._waiting: list[tuple[int, str]] = []
        self._at, self._until = self._begin(newest), newest

    def wrote(self, seq: int, digest: str) -> None:
        """A record was written. Costs nothing: it is signed with the next `sign`."""
        if seq % EVERY == 0:
            self._waiting.append((seq, digest))

    def look_again(self, after: int, newest: int) -> None:
        """Go through the records after this one once more, up to the newest: one that does not follow, since it was changed on
        the disk, needs a signature of its own, or HQ would take nothing behind it. Raises sqlite3.Error."""
        self._at, self._until = max(0, min(self._at, after)), newest
        self._db.execute("UPDATE journal SET signed_to = ?", (self._at,))  # also if this process ends before it is done

    def sign(self, seq: int, digest: str) -> None:
        """Sign what was written since, the newest record too, and some of the earlier ones that wait. Raises sqlite3.Error."""
        if seq != self._signed:
            if seq:
                self._store([*self._waiting, (seq, digest)])
            self._signed = seq
            self._waiting.clear()
        if self._at < self._until:
            self._backlog()

    def _begin(self, newest: int) -> int:
        """From where earlier records must be looked at: from the first for another key, or where it was left."""
        mine = key_id(self._signer.key)
        key, reached = self._db.execute("SELECT signed_by, signed_to FROM journal").fetchone()
        if key == mine:
            return int(reached or 0)
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute(f"UPDATE events SET {COLUMN} = NULL WHERE {COLUMN} IS NOT NULL")
        self._db.execute("UPDATE journal SET signed_by = ?, signed_to = 0", (mine,))
        self._db.execute("COMMIT")
        if newest:
            log.info("journal_signed_from_now", key=mine, epoch=self._epoch, newest=newest)
        return 0

    def _backlog(self) -> None:
        asked = "SELECT seq, prev_hash, hash, body FROM events WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"
        rows = self._db.execute(asked, (self._at, self._until, BACKLOG_ROWS)).fetchall()
        done = rows[-1][0] if len(rows) == BACKLOG_ROWS else self._until
        if len(rows) == BACKLOG_ROWS:
            done = rows[-2][0]  # what follows the last one is not seen yet
        self._store([record for record in wanted(rows) if record[0] <= done], done)
        self._at = done

    def _store(self, records: Sequence[tuple[int, str]], done: int | None = None) -> None:
        rows = [(self._signer.sign(self._epoch, seq, digest), seq) for seq, digest in records]
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany(f"UPDATE events SET {COLUMN} = ? WHERE seq = ?", rows)
            if done is not None:
                self._db.execute("UPDATE journal SET signed_to = ?", (done,))
            self._db.execute("COMMIT")
        except sqlite3.Error:
            self._db.execute("ROLLBACK")
            raise


def sign_copy(db: sqlite3.Connection, epoch: str, signer: Signer) -> None:
    """All that a saved part of a journal needs: nothing is added to it any more. In one transaction. Raises sqlite3.Error."""
    add_columns(db)
    rows = db.execute("SELECT seq, prev_hash, hash, body FROM events ORDER BY seq").fetchall()
    signed = [(signer.sign(epoch, seq, digest), seq) for seq, digest in wanted(rows)]
    db.executemany(f"UPDATE events SET {COLUMN} = ? WHERE seq = ?", signed)
    db.commit()


def add_columns(db: sqlite3.Connection) -> None:
    """To a journal of an earlier version: nothing that it holds changes. Raises sqlite3.Error."""
    if COLUMN not in _columns(db, "events"):
        db.execute(f"ALTER TABLE events ADD COLUMN {COLUMN} BLOB")
    for name, kind in (("signed_by", "TEXT"), ("signed_to", "INTEGER")):
        if name not in _columns(db, "journal"):
            db.execute(f"ALTER TABLE journal ADD COLUMN {name} {kind}")


def has_column(db: sqlite3.Connection) -> bool:
    return COLUMN in _columns(db, "events")


def wanted(rows: Sequence[tuple[int, str, str, str]]) -> list[tuple[int, str]]:
    """(seq, hash) of the records that need a signature of their own, of rows (seq, prev_hash, hash, body) in order. Pure."""
    found = []
    for at, (seq, prev_hash, digest, body) in enumerate(rows):
        after = rows[at + 1] if at + 1 < len(rows) else None
        followed = after is not None and after[1] == digest and follows(after[1], after[2], after[3])
        if seq % EVERY == 0 or not followed or not follows(prev_hash, digest, body):
            found.append((seq, digest))
    return found


def follows(prev_hash: str, digest: str, body: str) -> bool:
    """Whether the hash is that of the body and the hash before. Pure."""
    try:
        return link(prev_hash, body) == digest
    except (ValueError, TypeError):
        return False


def _columns(db: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
