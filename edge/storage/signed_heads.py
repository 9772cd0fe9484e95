"""The gate's signature under its journal: which records carry one, and when they get it.

One signature covers all records before it, so not every record needs one. At the end of the loop's turn the newest
record gets it, and every eighth of those before. `append` does nothing for it, and is as fast as without. Records from
before there was a key are signed later, a few per turn. A record that the next one does not follow from is signed too:
nothing else covers it.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract import identity
from contract.chain import link
from contract.signing import key_id
from edge.core.config import SiteConfig
from edge.storage import journal_events, journal_tables
from edge.storage.journal_events import Link
from edge.storage.sqlite_file import transaction

log = structlog.get_logger()

EVERY = 8
"""A batch of a few records always ends at a signed one."""
BACKLOG_ROWS = 128
"""Earlier records that are examined per turn: 16 signatures, some 3 ms on a Raspberry Pi."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs records of one site's gate."""

    site: SiteConfig
    key: Ed25519PrivateKey

    def sign(self, epoch: str, seq: int, digest: str) -> bytes:
        """Sign a record, and with it all records before it."""
        return identity.sign_head(self._head(epoch, seq, digest), self.key)

    def sign_erasure(self, epoch: str, seq: int, digest: str, prev_hash: str, body: str) -> bytes:
        """Sign what is left of a record after its sealed content was erased."""
        return identity.sign_erasure(identity.erasure(self._head(epoch, seq, digest), prev_hash, body), self.key)

    def _head(self, epoch: str, seq: int, digest: str) -> bytes:
        return identity.head(self.site.site_id, self.site.gate_id, epoch, seq, digest)


class HeadSigner:
    """Signs the records of the journal's writer.

    `db`: a connection that does not wait for the disk. A signature that a power cut loses is made again at the next
    start.
    """

    def __init__(self, db: sqlite3.Connection, epoch: str, signer: Signer, newest: int) -> None:
        self._db, self._epoch, self._signer = db, epoch, signer
        self._signed = 0
        self._waiting: list[tuple[int, str]] = []
        self._examined, self._until = self._begin(newest), newest

    def note_written(self, seq: int, digest: str) -> None:
        """Remember a new record. It is signed with the next `sign`."""
        if seq % EVERY == 0:
            self._waiting.append((seq, digest))

    def examine_from(self, after: int, newest: int) -> None:
        """Examine the records after this one again, up to the newest. Raises sqlite3.Error.

        A record that was changed on the disk does not follow any more. It needs a signature of its own, or HQ would
        take nothing behind it.
        """
        self._examined, self._until = max(0, min(self._examined, after)), newest
        journal_tables.set_signed_to(self._db, self._examined)  # for the case that this process ends before it is done

    def sign(self, seq: int, digest: str) -> None:
        """Sign the newest record, the waiting ones, and a few of the earlier ones. Raises sqlite3.Error."""
        if seq != self._signed:
            if seq:
                self._store([*self._waiting, (seq, digest)])
            self._signed = seq
            self._waiting.clear()
        if self._examined < self._until:
            self._sign_backlog()

    def _begin(self, newest: int) -> int:
        """Return where to continue: where it was left, or at the first record for another key."""
        mine = key_id(self._signer.key)
        key, reached = journal_tables.signing(self._db)
        if key == mine:
            return reached
        with transaction(self._db):
            journal_events.remove_signatures(self._db)
            journal_tables.set_signing_key(self._db, mine)
        if newest:
            log.info("journal_signed_from_now", key=mine, epoch=self._epoch, newest=newest)
        return 0

    def _sign_backlog(self) -> None:
        rows = journal_events.links(self._db, self._examined, self._until, BACKLOG_ROWS)
        done = self._until
        if len(rows) == BACKLOG_ROWS:
            done = rows[-2][0]  # the record after the last one is not known yet
        self._store([record for record in records_to_sign(rows) if record[0] <= done], done)
        self._examined = done

    def _store(self, records: Sequence[tuple[int, str]], done: int | None = None) -> None:
        rows = [(self._signer.sign(self._epoch, seq, digest), seq) for seq, digest in records]
        with transaction(self._db):
            journal_events.set_signatures(self._db, rows)
            if done is not None:
                journal_tables.set_signed_to(self._db, done)


def sign_copy(db: sqlite3.Connection, epoch: str, signer: Signer) -> None:
    """Sign all that a saved part of a journal needs, in one transaction: nothing is added to it later.

    Raises sqlite3.Error.
    """
    journal_events.add_signature_column(db)
    journal_tables.add_columns(db)
    records = records_to_sign(journal_events.all_links(db))
    journal_events.set_signatures(db, [(signer.sign(epoch, seq, digest), seq) for seq, digest in records])
    db.commit()


def records_to_sign(rows: Sequence[Link]) -> list[tuple[int, str]]:
    """Return seq and hash of the records, of these in order, that need a signature of their own. Pure."""
    found = []
    for at, (seq, prev_hash, digest, body) in enumerate(rows):
        after = rows[at + 1] if at + 1 < len(rows) else None
        followed = after is not None and after[1] == digest and follows(after[1], after[2], after[3])
        if seq % EVERY == 0 or not followed or not follows(prev_hash, digest, body):
            found.append((seq, digest))
    return found


def follows(prev_hash: str, digest: str, body: str) -> bool:
    """Return True if the hash is that of the body and the hash before. Pure."""
    try:
        return link(prev_hash, body) == digest
    except (ValueError, TypeError):
        return False
