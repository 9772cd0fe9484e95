"""The directory of the site, opened by the screen process alone: it alone may read the screen key.

Names stay in memory. The replica holds the list as HQ sealed it, and nothing readable is written anywhere. A list older
than the one in memory is not believed. After a restart an older one may be: it shows old names and decides nothing, and
its age is shown.
"""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from contract.keyring import OpeningKeys, ids
from contract.messages import DirectoryDelta, DirectoryEntry, DirectorySnapshot, ListKind
from contract.parts import digest_of
from contract.signing import BadKey, Verifier
from edge.replica import list_tables, signed_lists
from edge.replica.signed_lists import ListRefused
from edge.storage.database_reader import UNTRUSTED_WAIT_S, DatabaseReader

log = structlog.get_logger()

_KIND = ListKind.DIRECTORY


@dataclass(frozen=True, slots=True)
class DirectoryList:
    """The entries by worker id. `version` 0: there is no list, or no key to it."""

    version: int = 0
    issued_utc: datetime | None = None
    entries: Mapping[str, DirectoryEntry] = field(default_factory=dict, repr=False)


class DirectoryReader:
    """Reads the directory on request. What is missing, damaged or false changes nothing: pages show ids.

    `open_keys`: opens the screen key; tried again while there is none. `path`: of replica.db.
    """

    def __init__(self, path: Path, site_id: str, hq_key: Verifier, open_keys: Callable[[], OpeningKeys]) -> None:
        self._reader = DatabaseReader(path, UNTRUSTED_WAIT_S)
        self._site_id, self._hq_key, self._open_keys = site_id, hq_key, open_keys
        self._keys: OpeningKeys | None = None
        self._known_keys: tuple[str, ...] = ()
        self._found = DirectoryList()
        self.trouble = ""
        """Why a list that is here is not used, or ""."""

    def read(self) -> DirectoryList:
        """Return the newest directory. Costs one PRAGMA while nothing was written. Never raises."""
        new_keys = self._follow_keys()
        if self._keys is not None and (self._reader.changed() or new_keys):
            try:
                self._load(self._keys)
                self.trouble = ""
            except ListRefused as error:
                self.trouble = str(error)
                log.warning("directory_refused", detail=self.trouble)
        return self._found

    def close(self) -> None:
        """Close the file. May be called twice."""
        self._reader.close()

    def _follow_keys(self) -> bool:
        """Return True if a key came or went."""
        if self._keys is None:
            try:
                self._keys = self._open_keys()
            except BadKey as error:
                self.trouble = str(error)
                return False
        held = ids(self._keys)
        changed, self._known_keys = held != self._known_keys, held
        return changed

    def _load(self, keys: OpeningKeys) -> None:
        """Put the list together. Raises ListRefused."""
        for kind, digest, _ in list_tables.snapshots_in_force(self._rows):
            if kind is _KIND:
                found = self._changed(self._whole(digest, keys), digest, keys)
                if found.version < self._found.version:
                    raise ListRefused(
                        f"directory version {found.version} is older than version {self._found.version} shown before"
                    )
                self._found = found

    def _whole(self, digest: str, keys: OpeningKeys) -> DirectoryList:
        entries: dict[str, DirectoryEntry] = {}
        fingerprints: list[bytes] = []
        number, header = 1, None
        while header is None or number <= header.parts:
            body = list_tables.part_body(self._rows, _KIND, digest, number)
            if body is None:
                raise ListRefused(f"part {number} of the directory is missing")
            part = signed_lists.signed_part(body, _KIND, self._site_id, self._hq_key)
            header = header or part.header
            if part.header != header.model_copy(update={"part": number}):
                raise ListRefused(f"part {number} of the directory does not follow the parts before it")
            snapshot = signed_lists.open_content(part, keys).snapshot
            assert isinstance(snapshot, DirectorySnapshot)
            entries.update((entry.worker_id, entry) for entry in snapshot.entries)
            fingerprints.append(part.fingerprint)
            number += 1
        if digest_of(fingerprints) != header.digest:
            raise ListRefused("the parts of the directory do not belong together")
        return DirectoryList(header.list_version, header.issued_utc, entries)

    def _changed(self, base: DirectoryList, digest: str, keys: OpeningKeys) -> DirectoryList:
        """Return the list after its changes, if there are any."""
        body = list_tables.delta_body(self._rows, _KIND, digest)
        if body is None:
            return base
        delta = signed_lists.signed_delta(body, _KIND, self._site_id, self._hq_key)
        if (delta.header.base_version, delta.header.base_digest) != (base.version, digest):
            raise ListRefused("the changes of the directory are those of another version")
        rows = signed_lists.open_changes(delta, keys).delta
        assert isinstance(rows, DirectoryDelta)
        gone = frozenset(rows.removed)
        kept = {who: entry for who, entry in base.entries.items() if who not in gone}
        fresh = {entry.worker_id: entry for entry in rows.entries}
        return DirectoryList(delta.header.list_version, delta.header.issued_utc, {**kept, **fresh})

    def _rows(self, sql: str, values: tuple[object, ...] = (), types: tuple[type, ...] = ()) -> list[Any]:
        try:
            return self._reader.rows(sql, values, types)
        except sqlite3.DatabaseError as error:  # damaged, or just being replaced
            self._reader.gave_up(error)
            return []
