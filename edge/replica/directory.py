"""The directory of the site, opened by the screen process alone: it alone may read the screen key.

Names stay in memory. The replica holds the list as HQ sealed it, and nothing readable is written anywhere. A list older
than the one in memory is not believed. After a restart an older one may be: it shows old names and decides nothing, and
its age is shown.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import structlog

from contract.keyring import OpeningKeys, TrustedKeys
from contract.messages import DirectoryDelta, DirectoryEntry, DirectorySnapshot, ListKind
from contract.parts import digest_of
from contract.signing import BadKey
from edge.replica import list_tables, signed_lists
from edge.replica.signed_lists import ListRefused
from edge.storage.database_reader import UNTRUSTED_WAIT_S, DatabaseReader

log = structlog.get_logger()

_KIND = ListKind.DIRECTORY


@dataclass(frozen=True, slots=True)
class DirectoryList:
    """The entries by worker id. `version` 0: there is no list, or it is not used.

    `trouble`: why a list that is here is not used, or "". `entries`: the same object until one of them changes. An
    entry that did not change is the same object as before.
    """

    version: int = 0
    issued_utc: datetime | None = None
    entries: Mapping[str, DirectoryEntry] = field(default_factory=dict, repr=False)
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class DirectoryKeys:
    """`trusts`: HQ's public keys. `opens`: the screen's own."""

    trusts: TrustedKeys
    opens: OpeningKeys


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """A whole list, verified and opened, without its changes. `mark`: of the file and the keys it was read with."""

    mark: object
    digest: str
    found: DirectoryList


class DirectoryReader:
    """Reads the directory on request. What is missing, damaged or false changes nothing: pages show ids.

    `path`: of replica.db. `open_keys`: tried again while a key is missing. Raises BadKey.
    """

    def __init__(self, path: Path, site_id: str, open_keys: Callable[[], DirectoryKeys]) -> None:
        self._reader = DatabaseReader(path, UNTRUSTED_WAIT_S)
        self._site_id, self._open_keys = site_id, open_keys
        self._keys: DirectoryKeys | None = None
        self._known_keys: object = None
        self._seen: object = None
        """What the replica had in force at the last look. While it stays, there is nothing new to read."""
        self._snapshot: _Snapshot | None = None
        self._found = DirectoryList()
        self._here = False
        self._no_key = self._refused = ""

    def read(self) -> DirectoryList:
        """Return the newest directory. Never raises.

        It costs one PRAGMA while nothing was written, and two queries after a change of anything else in the replica.
        """
        new_keys = self._follow_keys()
        if self._reader.changed() or new_keys:
            try:
                self._follow_replica()
            except sqlite3.DatabaseError as error:  # damaged, or just being replaced: read again
                self._reader.gave_up(error)
                self._seen = None
        trouble = self._trouble()
        if trouble != self._found.trouble:
            if trouble != self._reader.trouble:  # that one is in the log
                log.warning("directory_refused", detail=trouble)
            self._found = replace(self._found, trouble=trouble)
        return self._found

    def close(self) -> None:
        """Close the file. May be called twice."""
        self._reader.close()

    def _trouble(self) -> str:
        if self._keys is None:
            return self._no_key if self._here else ""
        return self._refused or self._reader.trouble

    def _follow_keys(self) -> bool:
        """Return True if a key came or went."""
        if self._keys is None:
            try:
                self._keys = self._open_keys()
            except BadKey as error:
                self._no_key = str(error)
                return False
        held = self._keys.trusts.current(), self._keys.opens.current()
        changed, self._known_keys = held != self._known_keys, held
        return changed

    def _follow_replica(self) -> None:
        """Read the list if another one is in force, or other changes. Raises sqlite3.DatabaseError."""
        ask = self._reader.rows
        snapshots = [found for found in list_tables.snapshots_in_force(ask) if found[0] is _KIND]
        changes = [found for found in list_tables.deltas_in_force(ask) if found[0] is _KIND]
        self._here = bool(snapshots)
        seen = self._known_keys, self._reader.opened, snapshots, changes
        if self._keys is None or seen == self._seen:
            return
        self._seen, self._refused = seen, ""
        try:
            for _, digest, applied in snapshots:
                self._take((self._known_keys, self._reader.opened, digest, applied), digest, self._keys)
        except ListRefused as error:
            self._refused = str(error)

    def _take(self, mark: object, digest: str, keys: DirectoryKeys) -> None:
        """Put the list together. A snapshot that was read before stays. Raises ListRefused, sqlite3.DatabaseError."""
        if self._snapshot is None or self._snapshot.mark != mark:
            signed_digest, whole = self._whole(digest, keys)
            self._snapshot = _Snapshot(mark, signed_digest, whole)
        found, shown = self._changed(self._snapshot, keys), self._found
        if found.version < shown.version:
            raise ListRefused(f"directory version {found.version} is older than version {shown.version} shown before")
        self._found = replace(found, entries=shown.entries) if found.entries == shown.entries else found

    def _whole(self, digest: str, keys: DirectoryKeys) -> tuple[str, DirectoryList]:
        """Return the digest that HQ signed, and the list. `digest`: where the replica keeps the parts."""
        entries: dict[str, DirectoryEntry] = {}
        fingerprints: list[bytes] = []
        number, header = 1, None
        while header is None or number <= header.parts:
            body = list_tables.part_body(self._reader.rows, _KIND, digest, number)
            if body is None:
                raise ListRefused(f"part {number} of the directory is missing")
            part = signed_lists.signed_part(body, _KIND, self._site_id, keys.trusts)
            header = header or part.header
            if part.header != header.model_copy(update={"part": number}):
                raise ListRefused(f"part {number} of the directory does not follow the parts before it")
            snapshot = signed_lists.open_content(part, keys.opens).snapshot
            assert isinstance(snapshot, DirectorySnapshot)
            entries.update((entry.worker_id, entry) for entry in self._as_before(snapshot.entries))
            fingerprints.append(part.fingerprint)
            number += 1
        if digest_of(fingerprints) != header.digest:
            raise ListRefused("the parts of the directory do not belong together")
        return header.digest, DirectoryList(header.list_version, header.issued_utc, entries)

    def _changed(self, base: _Snapshot, keys: DirectoryKeys) -> DirectoryList:
        """Return the list after its changes, if there are any."""
        body = list_tables.delta_body(self._reader.rows, _KIND, base.digest)
        if body is None:
            return base.found
        delta = signed_lists.signed_delta(body, _KIND, self._site_id, keys.trusts)
        if (delta.header.base_version, delta.header.base_digest) != (base.found.version, base.digest):
            raise ListRefused("the changes of the directory are those of another version")
        rows = signed_lists.open_changes(delta, keys.opens).delta
        assert isinstance(rows, DirectoryDelta)
        gone = frozenset(rows.removed)
        kept = {who: entry for who, entry in base.found.entries.items() if who not in gone}
        fresh = {entry.worker_id: entry for entry in self._as_before(rows.entries)}
        return DirectoryList(delta.header.list_version, delta.header.issued_utc, {**kept, **fresh})

    def _as_before(self, entries: tuple[DirectoryEntry, ...]) -> Iterator[DirectoryEntry]:
        """Yield the entries. For one that did not change, yield the object that pages know."""
        for entry in entries:
            known = self._found.entries.get(entry.worker_id)
            yield known if known is not None and known == entry else entry
