"""HQ's presence list, verified and opened by the gate process.

It needs no high-water mark on the disk. A list counts for a minute or so after HQ issued it. So an old one that
somebody puts back is of no use. Within that minute a list older than one seen before is not believed: that is
remembered in memory. A mark on the disk would protect the few seconds after a restart. It would cost a write to the
card every second.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.codec import BadMessage
from contract.keyring import OpeningKeys
from contract.messages import (
    Direction,
    JournalEnd,
    LastPassages,
    ListKind,
    PresenceDelta,
    PresenceRows,
    PresenceSnapshot,
)
from contract.signing import Verifier
from contract.topics import ROUTES, Channel
from edge.core.domain import LastPassage
from edge.replica import signed_lists
from edge.replica.signed_lists import ListRefused
from edge.system.regular_file import read_regular

log = structlog.get_logger()

AHEAD_MAX = timedelta(minutes=1)
"""A list that is issued further in the future is not believed: it would count for too long."""
_KIND = ListKind.PRESENCE
_MAX_BYTES = ROUTES[Channel.PRESENCE].max_bytes


@dataclass(frozen=True, slots=True)
class SitePassage:
    """A worker's last passage at any gate of the site."""

    last: LastPassage
    gate_id: str


@dataclass(frozen=True, slots=True)
class PresenceList:
    """The list as HQ said it. `version` 0: there is none. `ends`: how far journals are in it."""

    version: int = 0
    issued_utc: datetime | None = None
    named: Mapping[str, SitePassage] = field(default_factory=dict)
    unnamed: int = 0
    ends: Mapping[tuple[str, str, str], JournalEnd] = field(default_factory=dict)

    def after(self, rows: PresenceRows) -> "PresenceList":
        """Return the list after some rows, which replace those of the same worker or journal."""
        return PresenceList(
            version=rows.list_version,
            issued_utc=rows.issued_utc,
            named={
                **self.named,
                **_passages(rows, rows.inside, Direction.IN),
                **_passages(rows, rows.outside, Direction.OUT),
            },
            unnamed=rows.unnamed,
            ends={**self.ends, **{(end.gate_id, end.epoch, _line(end)): end for end in rows.ends}},
        )


@dataclass(frozen=True, slots=True)
class _Base:
    """The whole list that changes refer to."""

    digest: str
    found: PresenceList


class PresenceListReader:
    """Follows the two files. What is wrong in them is logged and changes nothing. `whole`, `changes`: their paths."""

    def __init__(
        self, whole: Path, changes: Path, site_id: str, hq_key: Verifier, site_key: X25519PrivateKey | OpeningKeys
    ) -> None:
        self._whole, self._changes = whole, changes
        self._site_id, self._hq_key, self._site_key = site_id, hq_key, site_key
        self._seen: dict[Path, tuple[int, ...] | None] = {}
        self._base: _Base | None = None
        self._state = PresenceList()

    @property
    def state(self) -> PresenceList:
        return self._state

    def refresh(self, now: datetime) -> None:
        """Read what changed. Costs two stat() calls while nothing did."""
        whole = self._changed(self._whole)
        if whole is not None:
            self._take(self._read_whole, whole, now)
        changes = self._changed(self._changes)
        if changes is None and whole is not None:  # changes may have come before their list
            changes = _content(self._changes)
        if changes is not None:
            self._take(self._read_changes, changes, now)

    def _changed(self, path: Path) -> bytes | None:
        """Return the file's content if it is another than at the last call."""
        mark = _mark(path)
        if mark == self._seen.get(path):
            return None
        self._seen[path] = mark
        return _content(path) if mark is not None else None

    def _take(self, read: Callable[[bytes], PresenceList | None], body: bytes, now: datetime) -> None:
        try:
            found = read(body)
            if found is None or found.version <= self._state.version:
                return
            if found.issued_utc is not None and found.issued_utc - now > AHEAD_MAX:
                raise ListRefused(f"the presence list was issued at {found.issued_utc}, which is still to come")
        except (BadMessage, ListRefused) as error:
            log.warning("presence_list_refused", detail=str(error))
            return
        self._state = found

    def _read_whole(self, body: bytes) -> PresenceList:
        part = signed_lists.signed_part(body, _KIND, self._site_id, self._hq_key)
        snapshot = signed_lists.open_content(part, self._site_key).snapshot
        if part.header.parts != 1 or not isinstance(snapshot, PresenceSnapshot):
            raise ListRefused("the presence list is not in one part")
        self._base = _Base(part.header.digest, PresenceList().after(snapshot))
        return self._base.found

    def _read_changes(self, body: bytes) -> PresenceList | None:
        """Return None for the changes of another list: those of an earlier one stay until the next ones come."""
        delta = signed_lists.signed_delta(body, _KIND, self._site_id, self._hq_key)
        if self._base is None or delta.header.base_digest != self._base.digest:
            return None
        rows = signed_lists.open_changes(delta, self._site_key).delta
        assert isinstance(rows, PresenceDelta)
        return self._base.found.after(rows)


def _passages(rows: PresenceRows, columns: LastPassages, direction: Direction) -> dict[str, SitePassage]:
    issued, gates = rows.issued_utc, rows.gates
    return {
        worker_id: SitePassage(LastPassage(direction, issued - timedelta(milliseconds=ago)), gates[by])
        for worker_id, ago, by in zip(columns.workers, columns.ago_ms, columns.by, strict=True)
    }


def _line(end: JournalEnd) -> str:
    """Return the hash. Two copies of one journal have two ends of one name; each gate knows its own."""
    return end.hash


def _mark(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _content(path: Path) -> bytes | None:
    try:
        return read_regular(path, _MAX_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        log.warning("presence_list_unreadable", detail=error.strerror)
        return None
