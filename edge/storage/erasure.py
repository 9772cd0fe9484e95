"""Erases the sealed content of enrolments from the journal once HQ holds the event. The record and its hash stay.

See `contract.erasure`. The content also leaves the write-ahead log, where SQLite keeps it until the next checkpoint
(`edge.storage.sqlite_file.checkpoint`).
"""

import mmap
import os
import sqlite3
from pathlib import Path

from contract.erasure import without_sealed
from edge.storage import journal_events
from edge.storage.signed_heads import Signer
from edge.storage.sqlite_file import transaction

_MARK = b'"sealed_record":"'
_BASE64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=")
_SEAL_MAX = 65_536


def erase(db: sqlite3.Connection, epoch: str, last_seq: int, signer: Signer) -> int:
    """Erase the sealed content of events up to `last_seq`. Return the number of events.

    `signer`: signs what is left of each body. Raises sqlite3.Error: then nothing is erased.
    """
    rows = []
    for seq, prev_hash, digest, whole in journal_events.sealed(db, last_seq):
        if (body := without_sealed(whole)) is not None:
            rows.append((body, signer.sign_erasure(epoch, seq, digest, prev_hash, body), seq))
    with transaction(db):
        journal_events.set_erased(db, rows)
    return len(rows)


def overwrite_damaged(path: Path) -> int:
    """Overwrite the sealed parts of enrolments in a damaged journal, byte by byte. Return their number.

    No database can be made of such a file. The beginning of a seal is enough: nobody can open the rest without it.
    """
    found = 0
    with path.open("r+b") as file:
        if not os.fstat(file.fileno()).st_size:
            return 0
        with mmap.mmap(file.fileno(), 0) as data:
            at = data.find(_MARK)
            while at >= 0:
                begin = at + len(_MARK)
                end = begin + next(
                    (n for n, byte in enumerate(data[begin : begin + _SEAL_MAX]) if byte not in _BASE64), _SEAL_MAX
                )
                end = min(end, len(data))
                found += end > begin
                data[begin:end] = b"A" * (end - begin)
                at = data.find(_MARK, end)
            data.flush()
    return found
