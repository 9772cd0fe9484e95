"""The gate process's view of replica.db. It trusts only what HQ signed for this very site.

If the file or its content is wrong, the last good state stays in force, and an incident reports it. A large list is
read a few parts at a time: the caller can process a frame in between.
"""

import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.codec import BadMessage, check_size, decode
from contract.keyring import OpeningKeys, TrustedKeys, ids
from contract.messages import Ack, Command, DeltaHeader, ListKind, NoticeCode, PartHeader
from contract.signing import BadSignature, verify
from contract.topics import ROUTES, Channel
from edge.core.config import SiteConfig
from edge.core.domain import Incident, ListMark, RosterState
from edge.replica import list_tables, message_tables, signed_lists
from edge.replica.apply_delta import apply_delta, with_list
from edge.replica.list_assembly import ListAssembly
from edge.replica.refusals import Refusals
from edge.replica.rollback_guard import (
    NoRollbackGuard,
    RollbackGuard,
    age_of,
    mark_of_delta,
    mark_of_part,
    refuse_older,
    withheld,
)
from edge.replica.signed_commands import CommandRefused, verify_command
from edge.storage.database_reader import UNTRUSTED_WAIT_S, DatabaseReader
from edge.system.memory_wiping import wiping

log = structlog.get_logger()

_ORDER = (ListKind.POLICY, ListKind.RISK, ListKind.ROSTER)
"""The largest list is read last: whom to stop must not wait for whom to let in."""


@dataclass
class _ListLoad:
    """A list that is being read. `digest` only says where the replica keeps its parts; HQ's own is in the signed
    header."""

    digest: str
    assembly: ListAssembly | None = None


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """A snapshot in force, as it was before its changes. Changes always count from it."""

    header: PartHeader
    state: RosterState


class ReplicaReader:
    """Implements `edge.core.ports.Roster`.

    `parts_per_refresh`: the maximum number of parts that one `refresh` reads. None reads everything: no frames are
    processed during start-up. It may be set at any time.
    """

    def __init__(
        self,
        path: Path,
        site: SiteConfig,
        hq_key: Ed25519PublicKey | TrustedKeys,
        site_key: X25519PrivateKey | OpeningKeys,
        *,
        guard: RollbackGuard | None = None,
        reader: DatabaseReader | None = None,
    ) -> None:
        """`guard`: knows what was in force here before. Without it any list that HQ signed may come into force.

        `reader`: reads the file, in another process if its owner may be an enemy.
        """
        self._reader = reader or DatabaseReader(path, UNTRUSTED_WAIT_S)
        self._site, self._hq_key, self._site_key = site, hq_key, site_key
        self._guard = guard = guard or NoRollbackGuard()
        self._state = RosterState(trusts=ids(hq_key), opens=ids(site_key), withheld=withheld(guard, RosterState()))
        self._replica_id = ""
        self.parts_per_refresh: int | None = None
        self._known_snapshots: dict[ListKind, tuple[str, str]] = {}
        self._loading: dict[ListKind, _ListLoad] = {}
        self._snapshots: dict[ListKind, _Snapshot] = {}
        self._known_deltas: dict[ListKind, tuple[str, str]] = {}
        self._deltas_due: set[ListKind] = set()
        self._last_command = 0
        self._refusals = Refusals()

    @property
    def state(self) -> RosterState:
        return self._state

    def refresh(self) -> bool:
        """Read what is new. Return True if the state changed since the last call.

        Costs one PRAGMA while nothing was written. Otherwise it reads at most `parts_per_refresh` parts; the next call
        continues.
        """
        before, read = self._state, 0
        new_keys = self._follow_keys()
        if self._reader.changed() or new_keys:
            self._follow_replacement()
            for kind, digest, applied in list_tables.snapshots_in_force(self._rows):
                if kind in _ORDER and self._known_snapshots.get(kind) != (digest, applied):
                    self._known_snapshots[kind] = (digest, applied)
                    self._loading[kind] = _ListLoad(digest)
            for kind, digest, applied in list_tables.deltas_in_force(self._rows):
                if kind in _ORDER and self._known_deltas.get(kind) != (digest, applied):
                    self._known_deltas[kind] = (digest, applied)
                    self._deltas_due.add(kind)
        while (due := self._deltas_due | set(self._loading)) and (
            self.parts_per_refresh is None or read < self.parts_per_refresh
        ):
            kind = next(kind for kind in _ORDER if kind in due)
            with wiping():  # opened seals are freed here
                if kind in self._loading:
                    self._load_part(kind, self._loading[kind])
                else:
                    self._load_delta(kind)
            read += 1
        return self._state is not before

    def incidents(self) -> list[Incident]:
        """Return what sync or this reader refused: bounded, oldest first. The caller skips those it has journalled."""
        return self._refusals.with_incidents_of_sync(message_tables.incidents(self._rows))

    def commands(self, now: datetime) -> list[Command]:
        """Return the commands that arrived since the last call and may be executed now. The others become incidents."""
        found = []
        max_bytes = ROUTES[Channel.COMMAND].max_bytes
        for row_id, envelope in message_tables.commands(self._rows, self._last_command, max_bytes):
            self._last_command = row_id
            try:
                found.append(verify_command(envelope, self._site.gate_id, self._hq_key, now))
            except CommandRefused as error:
                # Under the command's own id: after a restart, one that was executed before it expired is not reported.
                self._refusals.add(NoticeCode.COMMAND_REFUSED, str(error), envelope, ref=error.command_id)
        return found

    def acks(self) -> list[Ack]:
        """Return HQ's newest acknowledgement of each epoch, with its signature checked."""
        found = []
        for envelope in message_tables.ack_envelopes(self._rows, ROUTES[Channel.ACK].max_bytes):
            try:
                check_size(Channel.ACK, envelope)
                ack = decode(Ack, verify(envelope, Channel.ACK.value, self._hq_key))
            except (BadSignature, BadMessage) as error:
                self._refusals.add(NoticeCode.MESSAGE_REFUSED, f"acknowledgement: {error}", envelope)
                continue
            if ack.gate_id == self._site.gate_id:
                found.append(ack)
        return found

    @property
    def trouble(self) -> str:
        """Why an existing replica.db cannot be read, or ""."""
        return self._reader.trouble

    def close(self) -> None:
        self._reader.close()

    def _follow_keys(self) -> bool:
        """Return True if a key came or went. What was refused without it is then read again."""
        trusts, opens = ids(self._hq_key), ids(self._site_key)
        if (trusts, opens) == (self._state.trusts, self._state.opens):
            return False
        log.info("keys_changed", trusts=trusts, opens=opens)
        self._state = replace(self._state, trusts=trusts, opens=opens)
        self._known_snapshots.clear()
        self._known_deltas.clear()
        return True

    def _follow_replacement(self) -> None:
        """Begin again with a new file, which counts its rows from 1. The state stays until its lists prove to be
        newer."""
        replica_id = list_tables.replica_id(self._rows)
        if replica_id is not None and replica_id != self._replica_id:
            self._replica_id = replica_id
            self._last_command = 0
            self._known_snapshots.clear()
            self._loading.clear()
            self._known_deltas.clear()
            self._deltas_due.clear()

    def _load_part(self, kind: ListKind, loading: _ListLoad) -> None:
        """Read the next part of a list. After the last one the list comes into force."""
        wanted = loading.assembly.next_part if loading.assembly else 1
        body = list_tables.part_body(self._rows, kind, loading.digest, wanted)
        if body is None:
            # Replaced by a newer version in the meantime, or unreadable just now: the next version found is read.
            del self._loading[kind]
            self._known_snapshots.pop(kind, None)
            return
        try:
            if self._accept_part(kind, body, loading):
                del self._loading[kind]
        except signed_lists.ListRefused as error:
            del self._loading[kind]
            self._refusals.add(NoticeCode.LIST_REFUSED, str(error), body)

    def _accept_part(self, kind: ListKind, body: bytes, loading: _ListLoad) -> bool:
        """Take a part. Return True if nothing of the list is left to read. Raises ListRefused."""
        part = signed_lists.signed_part(body, kind, self._site.site_id, self._hq_key)
        if loading.assembly is None:
            base = self._snapshots.get(kind)
            if (base is not None and base.header.digest == part.header.digest) or not self._wanted(part.header):
                return True
            loading.assembly = ListAssembly(part.header)
        assembly = loading.assembly
        assembly.add(part, self._site_key)
        if assembly.next_part is not None:
            return False
        self._snapshots[kind] = _Snapshot(assembly.header, assembly.finish(RosterState()))
        version = assembly.header.list_version
        self._note_unreadable(assembly.unreadable, version, body)
        # At the start a snapshot may be old, with its changes long in force: never step back to it for a moment.
        if not self._load_delta(kind):
            self._put_in_force(kind, self._snapshots[kind].state, mark_of_part(assembly.header))
        log.info("list_in_force", kind=kind.value, version=version, parts=assembly.header.parts)
        return True

    def _load_delta(self, kind: ListKind) -> bool:
        """Put the changes of the snapshot in force into force, too. Return False if there are none that can be
        trusted."""
        self._deltas_due.discard(kind)
        base = self._snapshots.get(kind)
        if base is None:
            return False
        body = list_tables.delta_body(self._rows, kind, base.header.digest)
        if body is None:
            self._known_deltas.pop(kind, None)  # none, or unreadable just now
            return False
        try:
            return self._accept_delta(kind, body, base)
        except signed_lists.ListRefused as error:
            self._refusals.add(NoticeCode.LIST_REFUSED, str(error), body)
            return False

    def _accept_delta(self, kind: ListKind, body: bytes, base: _Snapshot) -> bool:
        """Raises ListRefused."""
        delta = signed_lists.signed_delta(body, kind, self._site.site_id, self._hq_key)
        version = delta.header.list_version
        if not self._wanted(delta.header):
            return False
        refuse_older(self._guard, kind, mark_of_delta(delta))
        found, unreadable = apply_delta(base.state, base.header, delta, self._site_key, self._state)
        self._put_in_force(kind, found, mark_of_delta(delta))
        self._note_unreadable(unreadable, version, body)
        log.info("changes_in_force", kind=kind.value, version=version, of=base.header.list_version)
        return True

    def _put_in_force(self, kind: ListKind, found: RosterState, mark: ListMark) -> None:
        """Remember the list, then use it. Raises ListRefused.

        A power cut in between must not make the list before look like the newest.
        """
        refuse_older(self._guard, kind, mark)
        self._guard.raise_to(kind, mark)
        state = with_list(kind, self._state, found)
        self._state = replace(state, withheld=withheld(self._guard, state))

    def _note_unreadable(self, count: int, version: int, body: bytes) -> None:
        if count:
            text = f"roster version {version}: {count} templates cannot be read and were left out"
            self._refusals.add(NoticeCode.LIST_REFUSED, text, body)

    def _wanted(self, header: PartHeader | DeltaHeader) -> bool:
        """Return False for the version in force. Raises ListRefused for an older one."""
        held = age_of(self._state, header.kind)
        if self._guard.takes_older(header.kind):
            return header.list_version != held.version
        if header.list_version < held.version:
            raise signed_lists.ListRefused(
                f"{header.kind.value} version {header.list_version} is older than version {held.version} in force"
            )
        return header.list_version > held.version

    def _rows(self, sql: str, values: tuple[object, ...] = (), types: tuple[type, ...] = ()) -> list[Any]:
        try:
            return self._reader.rows(sql, values, types)
        except sqlite3.DatabaseError as error:  # damaged, or just being replaced: the last good state stays
            log.warning("replica_unreadable", detail=str(error))
            self._reader.gave_up(error)
            return []
