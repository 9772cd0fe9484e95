"""The gate process's view of replica.db. It believes nothing there that HQ did not sign for this very site.

Whatever is wrong with the file or its content, the last good state stays in force and an incident tells of it. A large
list is read a few parts at a time, so that the caller can look at a frame in between.
"""

import hashlib
import re
import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.codec import MAX_BYTES, BadMessage, check_size, decode
from contract.keyring import OpeningKeys, TrustedKeys, ids
from contract.messages import Ack, Command, DeltaHeader, ListKind, NoticeCode, PartHeader
from contract.signing import BadSignature, verify
from contract.topics import ROUTES, Channel
from edge.core.config import SiteConfig
from edge.core.domain import Incident, ListMark, RosterState
from edge.replica import signed_commands, signed_lists
from edge.replica.apply_delta import changed, with_list
from edge.replica.list_assembly import ListAssembly
from edge.replica.rollback_guard import (
    NoRollbackGuard,
    RollbackGuard,
    age_of,
    mark_of_delta,
    mark_of_part,
    refuse_older,
    withheld,
)
from edge.storage import database_reader
from edge.system.memory_wiping import wiping

log = structlog.get_logger()

_KEEP_INCIDENTS = 500
_REFUSED = """
SELECT substr(ref, 1, 200), code, substr(detail, 1, 500) FROM
(SELECT id, ref, code, detail FROM incidents ORDER BY id DESC LIMIT 500) ORDER BY id
"""
_ORDERS = """
SELECT id, envelope FROM commands WHERE id > ? AND typeof(envelope) = 'blob' AND length(envelope) <= ? ORDER BY id LIMIT 100
"""
_ACKS = (
    "SELECT envelope FROM acks WHERE typeof(envelope) = 'blob' AND length(envelope) <= ? ORDER BY rowid DESC LIMIT 200"
)
"""Each has an end: the sync process may write as much as it likes, and these are read several times a second."""
_ORDER = (ListKind.POLICY, ListKind.RISK, ListKind.ROSTER)
"""The largest last: whom to stop must not wait for whom to let in."""


OF_SYNC = frozenset(
    {
        NoticeCode.LIST_REFUSED,
        NoticeCode.MESSAGE_REFUSED,
        NoticeCode.COMMAND_REFUSED,
        NoticeCode.EVENT_REFUSED,
        NoticeCode.REPLICA_RESTARTED,
        NoticeCode.TWIN_GATE,
        NoticeCode.EVENTS_LOST,
    }
)
"""What the sync process may have recorded; whatever else it writes is its own invention."""
_REF = re.compile("[0-9a-f]{32}")


@dataclass
class _Loading:
    """A list that is being read. `digest` is only where the replica keeps its parts; HQ's own is in the signed header."""

    digest: str
    assembly: ListAssembly | None = None


@dataclass(frozen=True, slots=True)
class _Base:
    """A snapshot in force as it was before its changes, which always count from it."""

    header: PartHeader
    state: RosterState


class ReplicaReader:
    """Implements `edge.core.ports.Roster`.

    `parts_per_refresh`: how many parts of lists one `refresh` reads at most. None reads all at once, for a caller that
    nobody waits for; it may be set at any time.
    """

    def __init__(
        self,
        path: Path,
        site: SiteConfig,
        hq_key: Ed25519PublicKey | TrustedKeys,
        site_key: X25519PrivateKey | OpeningKeys,
        floor: RollbackGuard | None = None,
        reader: database_reader.DatabaseReader | None = None,
    ) -> None:
        """`floor`: what was in force here before; without one every list that HQ signed is as good as new.
        `reader`: of the file, in another process if its owner may be an enemy."""
        self._reader = reader or database_reader.DatabaseReader(path, database_reader.UNTRUSTED_WAIT_S)
        self._site, self._hq_key, self._site_key = site, hq_key, site_key
        self._floor = floor = floor or NoRollbackGuard()
        self._state = RosterState(trusts=ids(hq_key), opens=ids(site_key), withheld=withheld(floor, RosterState()))
        self._replica_id = ""
        self.parts_per_refresh: int | None = None
        self._looked_at: dict[ListKind, tuple[str, str]] = {}
        self._loading: dict[ListKind, _Loading] = {}
        self._bases: dict[ListKind, _Base] = {}
        self._changes_looked_at: dict[ListKind, tuple[str, str]] = {}
        self._changes_due: set[ListKind] = set()
        self._last_command = 0
        self._incidents: dict[str, Incident] = {}

    @property
    def state(self) -> RosterState:
        return self._state

    def refresh(self) -> bool:
        """True if the state changed since the last call. Costs one PRAGMA while nothing was written, and at most
        `parts_per_refresh` parts of work otherwise: the next call goes on."""
        before, read = self._state, 0
        new_keys = self._follow_keys()
        if self._reader.changed() or new_keys:
            self._follow_replacement()
            for kind, digest, applied in self._rows(
                "SELECT kind, digest, applied_utc FROM list_versions WHERE applied_utc IS NOT NULL LIMIT 20",
                types=(str, str, str),
            ):
                if kind in set(ListKind) and self._looked_at.get(ListKind(kind)) != (digest, applied):
                    self._looked_at[ListKind(kind)] = (digest, applied)
                    self._loading[ListKind(kind)] = _Loading(digest)
            self._look_for_changes()
        while (due := self._changes_due | set(self._loading)) and (
            self.parts_per_refresh is None or read < self.parts_per_refresh
        ):
            kind = next(kind for kind in _ORDER if kind in due)
            with wiping():  # opened seals are let go here
                if kind in self._loading:
                    self._load_part(kind, self._loading[kind])
                else:
                    self._load_changes(kind)
            read += 1
        return self._state is not before

    def incidents(self) -> list[Incident]:
        """What sync or this reader refused; bounded, oldest first. The caller skips those it has journalled."""
        found = dict(self._incidents)
        for ref, code, detail in self._rows(_REFUSED, types=(str, str, str)):
            if code in OF_SYNC:
                ref = _own_ref(ref)
                found.setdefault(ref, Incident(ref, NoticeCode(code), detail))
        return list(found.values())

    def commands(self, now: datetime) -> list[Command]:
        """Commands that arrived since the last call and may be obeyed now; the others become incidents."""
        found = []
        rows = self._rows(_ORDERS, (self._last_command, ROUTES[Channel.COMMAND].max_bytes), (int, bytes))
        for row_id, envelope in rows:
            self._last_command = int(row_id)
            try:
                found.append(signed_commands.verified(bytes(envelope), self._site.gate_id, self._hq_key, now))
            except signed_commands.CommandRefused as error:
                # Under the command's own id: after a restart, one that was obeyed before it expired is not reported.
                self._refuse(NoticeCode.COMMAND_REFUSED, str(error), bytes(envelope), ref=error.command_id)
        return found

    def acks(self) -> list[Ack]:
        """HQ's newest acknowledgement of each epoch, signature checked."""
        found = []
        for (envelope,) in self._rows(_ACKS, (ROUTES[Channel.ACK].max_bytes,), (bytes,)):
            try:
                check_size(Channel.ACK, bytes(envelope))
                ack = decode(Ack, verify(bytes(envelope), Channel.ACK.value, self._hq_key))
            except (BadSignature, BadMessage) as error:
                self._refuse(NoticeCode.MESSAGE_REFUSED, f"acknowledgement: {error}", bytes(envelope))
                continue
            if ack.gate_id == self._site.gate_id:
                found.append(ack)
        return found

    @property
    def trouble(self) -> str:
        """Why replica.db is there and cannot be read; "" if it can, or if there is none."""
        return self._reader.trouble

    def close(self) -> None:
        self._reader.close()

    def _follow_keys(self) -> bool:
        """True if a key came or went: then what was refused for want of it is looked at again."""
        trusts, opens = ids(self._hq_key), ids(self._site_key)
        if (trusts, opens) == (self._state.trusts, self._state.opens):
            return False
        log.info("keys_changed", trusts=trusts, opens=opens)
        self._state = replace(self._state, trusts=trusts, opens=opens)
        self._looked_at.clear()
        self._changes_looked_at.clear()
        return True

    def _follow_replacement(self) -> None:
        """A new file counts its rows from 1 again; our state stays until its lists prove to be newer."""
        rows = self._rows("SELECT replica_id FROM replica")
        if rows and rows[0][0] != self._replica_id:
            self._replica_id = str(rows[0][0])
            self._last_command = 0
            self._looked_at.clear()
            self._loading.clear()
            self._changes_looked_at.clear()
            self._changes_due.clear()

    def _look_for_changes(self) -> None:
        """Changes that came since the last look; a replica made by an older version knows none."""
        if not self._rows("SELECT 1 FROM sqlite_master WHERE name = 'list_deltas'"):
            return
        for kind, digest, applied in self._rows(
            "SELECT kind, base_digest, applied_utc FROM list_deltas WHERE applied_utc IS NOT NULL LIMIT 20",
            types=(str, str, str),
        ):
            if kind in set(ListKind) and self._changes_looked_at.get(ListKind(kind)) != (digest, applied):
                self._changes_looked_at[ListKind(kind)] = (digest, applied)
                self._changes_due.add(ListKind(kind))

    def _load_part(self, kind: ListKind, loading: "_Loading") -> None:
        """One step of reading a list: its next part, and after the last one the list comes into force."""
        wanted = loading.assembly.next_part if loading.assembly else 1
        rows = self._rows(
            "SELECT body FROM list_parts WHERE kind = ? AND digest = ? AND part = ? AND length(body) <= ?",
            (kind.value, loading.digest, wanted, MAX_BYTES),
            (bytes,),
        )
        if not rows:
            # Replaced by a newer version in the meantime, or unreadable just now: whatever is there next is read.
            del self._loading[kind]
            self._looked_at.pop(kind, None)
            return
        body = bytes(rows[0][0])
        try:
            if self._accept(kind, body, loading):
                del self._loading[kind]
        except signed_lists.ListRefused as error:
            del self._loading[kind]
            self._refuse(NoticeCode.LIST_REFUSED, str(error), body)

    def _accept(self, kind: ListKind, body: bytes, loading: "_Loading") -> bool:
        """True if the list is done with. Raises ListRefused."""
        part = signed_lists.signed_part(body, kind, self._site.site_id, self._hq_key)
        if loading.assembly is None:
            base = self._bases.get(kind)
            if (base is not None and base.header.digest == part.header.digest) or not self._wanted(part.header):
                return True
            loading.assembly = ListAssembly(part.header)
        assembly = loading.assembly
        assembly.add(part, self._site_key)
        if assembly.next_part is not None:
            return False
        self._bases[kind] = _Base(assembly.header, assembly.finish(RosterState()))
        version = assembly.header.list_version
        self._note_unreadable(assembly.unreadable, version, body)
        # At the start a snapshot may be old, and its changes have long been in force: never step back to it for a moment.
        if not self._load_changes(kind):
            self._put_in_force(kind, self._bases[kind].state, mark_of_part(assembly.header))
        log.info("list_in_force", kind=kind.value, version=version, parts=assembly.header.parts)
        return True

    def _load_changes(self, kind: ListKind) -> bool:
        """Put the changes of the snapshot in force into force too; False if there are none, or none to be believed."""
        self._changes_due.discard(kind)
        base = self._bases.get(kind)
        if base is None:
            return False
        rows = self._rows(
            "SELECT body FROM list_deltas WHERE kind = ? AND base_digest = ? AND length(body) <= ?",
            (kind.value, base.header.digest, MAX_BYTES),
            (bytes,),
        )
        if not rows:
            self._changes_looked_at.pop(kind, None)  # none, or unreadable just now
            return False
        body = bytes(rows[0][0])
        try:
            return self._accept_changes(kind, body, base)
        except signed_lists.ListRefused as error:
            self._refuse(NoticeCode.LIST_REFUSED, str(error), body)
            return False

    def _accept_changes(self, kind: ListKind, body: bytes, base: "_Base") -> bool:
        """Raises ListRefused."""
        delta = signed_lists.signed_delta(body, kind, self._site.site_id, self._hq_key)
        version = delta.header.list_version
        if not self._wanted(delta.header):
            return False
        refuse_older(self._floor, kind, mark_of_delta(delta))
        found, unreadable = changed(base.state, base.header, delta, self._site_key, self._state)
        self._put_in_force(kind, found, mark_of_delta(delta))
        self._note_unreadable(unreadable, version, body)
        log.info("changes_in_force", kind=kind.value, version=version, of=base.header.list_version)
        return True

    def _put_in_force(self, kind: ListKind, found: RosterState, mark: ListMark) -> None:
        """Remembered first: a power cut in between must not make the list before look like the newest. Raises ListRefused."""
        refuse_older(self._floor, kind, mark)
        self._floor.raise_to(kind, mark)
        state = with_list(kind, self._state, found)
        self._state = replace(state, withheld=withheld(self._floor, state))

    def _note_unreadable(self, count: int, version: int, body: bytes) -> None:
        if count:
            text = f"roster version {version}: {count} templates cannot be read and were left out"
            self._refuse(NoticeCode.LIST_REFUSED, text, body)

    def _wanted(self, header: PartHeader | DeltaHeader) -> bool:
        """False for the version in force. Raises ListRefused for an older one."""
        held = age_of(self._state, header.kind)
        if self._floor.takes_older(header.kind):
            return header.list_version != held.version
        if header.list_version < held.version:
            raise signed_lists.ListRefused(
                f"{header.kind.value} version {header.list_version} is older than version {held.version} in force"
            )
        return header.list_version > held.version

    def _refuse(self, code: NoticeCode, detail: str, evidence: bytes, ref: str | None = None) -> None:
        """The same evidence gives the same ref, so that a restart or a second look never records it twice."""
        ref = ref or hashlib.sha256(code.value.encode() + evidence).hexdigest()[:32]
        if ref not in self._incidents:
            log.warning("refused", code=code.value, detail=detail)
            self._incidents[ref] = Incident(ref, code, detail[:500])
            while len(self._incidents) > _KEEP_INCIDENTS:
                del self._incidents[next(iter(self._incidents))]

    def _rows(self, sql: str, values: tuple[object, ...] = (), types: tuple[type, ...] = ()) -> list[Any]:
        try:
            return self._reader.rows(sql, values, types)
        except sqlite3.DatabaseError as error:  # damaged or just being replaced: the last good state stays
            log.warning("replica_unreadable", detail=str(error))
            self._reader.gave_up(error)
            return []


def _own_ref(ref: str) -> str:
    """A ref that the sync process may choose. In the journal some mean more: "lock-down-over:…" ends a lock-down, an order's id
    says that it was obeyed. Such a one becomes another."""
    return ref if _REF.fullmatch(ref) else hashlib.sha256(ref.encode()).hexdigest()[:32]
