"""Risk entries beside the database, encrypted (`hq.database.change_file`): a restored backup must free nobody."""

import base64
import binascii
import json
from enum import StrEnum

from sqlalchemy import Connection

from hq.database.change_file import note_change
from hq.keys.encryption import AtRestError, Cipher
from hq.registry.risk_record import StoredRisk


class RecordedRisk(StrEnum):
    """A change of the risk lists, as the file names it."""

    LISTED = "listed"
    UNLISTED = "unlisted"


def note_listed(db: Connection, cipher: Cipher, entry: StoredRisk) -> None:
    """Record that a worker was put on a list."""
    _note(db, cipher, RecordedRisk.LISTED, entry.model_dump_json(exclude_none=True))


def note_unlisted(db: Connection, cipher: Cipher, worker_id: str, list_name: str) -> None:
    """Record that a worker was taken off a list."""
    _note(db, cipher, RecordedRisk.UNLISTED, json.dumps([worker_id, list_name]))


def read_listed(cipher: Cipher, sealed: str) -> StoredRisk:
    """Read the entry that was added. Raises AtRestError."""
    return StoredRisk.model_validate_json(_opened(cipher, RecordedRisk.LISTED, sealed))


def read_unlisted(cipher: Cipher, sealed: str) -> tuple[str, str]:
    """Read worker and list of the entry that ended. Raises AtRestError."""
    worker_id, list_name = json.loads(_opened(cipher, RecordedRisk.UNLISTED, sealed))
    return str(worker_id), str(list_name)


def _note(db: Connection, cipher: Cipher, what: RecordedRisk, text: str) -> None:
    sealed = base64.b64encode(cipher.encrypt(text.encode(), f"changes/{what.value}")).decode()
    note_change(db, what.value, sealed=sealed)


def _opened(cipher: Cipher, what: RecordedRisk, sealed: str) -> bytes:
    try:
        return cipher.decrypt(base64.b64decode(sealed, validate=True), f"changes/{what.value}")
    except binascii.Error as error:
        raise AtRestError("a change of the risk lists is damaged") from error
