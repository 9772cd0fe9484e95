"""The names, teams, phone numbers and short names of workers.

They are kept apart from the workers' records, which go to gates.

Employer and trade stand in the worker's record: the directory only repeats them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from contract.messages import DirectoryEntry
from contract.names import matched
from hq.database import directory as tables
from hq.database import people
from hq.database.clock import now
from hq.keys.encryption import Cipher
from hq.keys.keys import HqKeys
from hq.registry.site_people import fingerprinting

OWN = ("name", "team", "phone", "greeting")
"""What only the directory holds of a worker."""
FOUND_MAX = 200
"""Entries that one search returns."""


class Directory:
    """What the database holds of workers' names, encrypted. Methods raise AtRestError where the key is missing."""

    def __init__(self, keys: HqKeys) -> None:
        self._keys = keys

    @property
    def _cipher(self) -> Cipher:
        return self._keys.at_rest.current()

    def put(self, db: Connection, entries: Iterable[DirectoryEntry], utc: datetime | None = None) -> None:
        """Add entries, or change those that are there. A field that is not mentioned stays; null clears it."""
        given = {entry.worker_id: entry for entry in entries}
        # An entry that is written whole need not be read: so a damaged row can be repaired.
        partial = [name for name, entry in given.items() if not entry.model_fields_set.issuperset(OWN)]
        held = tables.bodies(db, self._cipher, partial)
        merged: dict[str, bytes] = {}
        for worker_id, entry in given.items():
            before = _own(DirectoryEntry.model_validate_json(held[worker_id])) if worker_id in held else {}
            after = before | {field: getattr(entry, field) for field in entry.model_fields_set & set(OWN)}
            merged[worker_id] = DirectoryEntry(worker_id=worker_id, **after).model_dump_json().encode()
        tables.replace(db, self._cipher, merged, utc or now())

    def of(self, db: Connection, worker_ids: Sequence[str]) -> dict[str, DirectoryEntry]:
        """Return, by worker id, the entries of these workers, with the employer and trade of their records.

        A worker without an entry is there too, without a name. An id that is no worker's is not.
        """
        found: dict[str, DirectoryEntry] = {}
        cipher, held = self._cipher, tables.bodies(db, self._cipher, worker_ids)
        for row in people.worker_rows(db, worker_ids):
            worker = people.worker_of(cipher, row)
            body = held.get(worker.worker_id)
            own = _own(DirectoryEntry.model_validate_json(body)) if body else {}
            found[worker.worker_id] = DirectoryEntry(
                worker_id=worker.worker_id, employer=worker.employer, trade=worker.trade, **own
            )
        return found

    def fingerprints(self, entries: Mapping[str, DirectoryEntry]) -> dict[str, str]:
        """Return, by worker id, a text that changes with the entry."""
        fingerprint = fingerprinting(self._keys)
        return {worker_id: fingerprint(entry.model_dump_json().encode()) for worker_id, entry in entries.items()}

    def find(self, db: Connection, text: str, limit: int = FOUND_MAX) -> list[DirectoryEntry]:
        """Return the workers whose name, team or phone contains the text, by worker id. Slow: it decrypts all."""
        wanted = matched(text)
        found: list[str] = []
        for worker_id, body in tables.all_bodies(db, self._cipher):
            own = _own(DirectoryEntry.model_validate_json(body))
            if any(wanted in matched(value) for value in own.values() if value):
                found.append(worker_id)
            if len(found) == limit:
                break
        return [entry for _, entry in sorted(self.of(db, found).items())]

    def remove(self, db: Connection, worker_ids: Sequence[str]) -> None:
        """Remove the entries of these workers."""
        tables.remove(db, worker_ids)


def _own(entry: DirectoryEntry) -> dict[str, str | None]:
    return {field: getattr(entry, field) for field in OWN}
