"""How entries are chained: each hash covers its entry and the hash before it, with a key outside the database.

The owner of the database can disable every trigger. Without the key nobody can make a hash that fits.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from district.fields import cipher

PURPOSE = b"district/audit"


@dataclass(frozen=True)
class SealedEntry:
    """What the hash of one entry covers."""

    chain: str
    seq: int
    utc: datetime
    actor: str
    action: str
    subject_kind: str
    subject_id: str
    place_path: str
    enterprise: int | None
    details: dict[str, Any]
    prev_hash: str

    @property
    def hash(self) -> str:
        """Return the keyed hash (HMAC-SHA-256), 64 hexadecimal digits. Raises FieldKeyError."""
        written = {**self.__dict__, "utc": self.utc.astimezone(UTC).isoformat(timespec="microseconds")}
        text = json.dumps(written, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return cipher().authenticate(text.encode(), PURPOSE)
