"""The gate process's view of replica.db. It believes nothing there that HQ did not sign for this very site.

Whatever is wrong with the file or its content, the last good state stays in force and an incident tells of it.
"""

import hashlib
import sqlite3
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.codec import BadMessage, decode
from contract.messages import Ack, Command, ListKind, NoticeCode, RiskSnapshot, RosterSnapshot
from contract.signing import BadSignature, verify
from contract.topics import Channel
from edge import dbfile
from edge.config import SiteConfig
from edge.domain import Incident, ListAge, RosterState
from edge.sync import commands as orders
from edge.sync import lists

log = structlog.get_logger()

_KEEP_INCIDENTS = 500


class ReplicaReader:
    """Implements `edge.ports.Roster`."""

    def __init__(self, path: Path, site: SiteConfig, hq_key: Ed25519PublicKey, site_key: X25519PrivateKey) -> None:
        self._reader = dbfile.Reader(path)
        self._site, self._hq_key, self._site_key = site, hq_key, site_key
        self._state = RosterState()
        self._replica_id = ""
        self._looked_at: dict[ListKind, str] = {}
        self._last_command = 0
        self._incidents: dict[str, Incident] = {}

    @property
    def state(self) -> RosterState:
        return self._state

    def refresh(self) -> bool:
        """True if the state changed since the last call. Costs one PRAGMA while nothing was written."""
        if not self._reader.changed():
            return False
        self._follow_replacement()
        before = self._state
        for kind, applied in self._rows("SELECT kind, applied_utc FROM lists"):
            if kind in set(ListKind) and self._looked_at.get(ListKind(kind)) != applied:
                self._looked_at[ListKind(kind)] = applied
                self._load(ListKind(kind))
        return self._state is not before

    def incidents(self) -> list[Incident]:
        """What sync or this reader refused; bounded, oldest first. The caller skips those it has journalled."""
        found = dict(self._incidents)
        for ref, code, detail in self._rows("SELECT ref, code, detail FROM incidents ORDER BY id"):
            if code in set(NoticeCode):
                found.setdefault(ref, Incident(ref, NoticeCode(code), detail))
        return list(found.values())

    def commands(self, now: datetime) -> list[Command]:
        """Commands that arrived since the last call and may be obeyed now; the others become incidents."""
        found = []
        rows = self._rows("SELECT id, envelope FROM commands WHERE id > ? ORDER BY id", (self._last_command,))
        for row_id, envelope in rows:
            self._last_command = int(row_id)
            try:
                found.append(orders.verified(bytes(envelope), self._site.gate_id, self._hq_key, now))
            except orders.CommandRefused as error:
                # Under the command's own id: after a restart, one that was obeyed before it expired is not reported.
                self._refuse(NoticeCode.COMMAND_REFUSED, str(error), bytes(envelope), ref=error.command_id)
        return found

    def acks(self) -> list[Ack]:
        """HQ's newest acknowledgement of each epoch, signature checked."""
        found = []
        for (envelope,) in self._rows("SELECT envelope FROM acks"):
            try:
                ack = decode(Ack, verify(bytes(envelope), Channel.ACK.value, self._hq_key))
            except (BadSignature, BadMessage) as error:
                self._refuse(NoticeCode.MESSAGE_REFUSED, f"acknowledgement: {error}", bytes(envelope))
                continue
            if ack.gate_id == self._site.gate_id:
                found.append(ack)
        return found

    def close(self) -> None:
        self._reader.close()

    def _follow_replacement(self) -> None:
        """A new file counts its rows from 1 again; our state stays until its lists prove to be newer."""
        rows = self._rows("SELECT replica_id FROM replica")
        if rows and rows[0][0] != self._replica_id:
            self._replica_id = str(rows[0][0])
            self._last_command = 0
            self._looked_at.clear()

    def _load(self, kind: ListKind) -> None:
        for (envelope,) in self._rows("SELECT envelope FROM lists WHERE kind = ?", (kind.value,)):
            try:
                self._accept(kind, bytes(envelope))
            except lists.ListRefused as error:
                self._refuse(NoticeCode.LIST_REFUSED, str(error), bytes(envelope))

    def _accept(self, kind: ListKind, envelope: bytes) -> None:
        sealed = lists.header(envelope, kind, self._site.site_id, self._hq_key)
        held = _age(self._state, kind)
        if sealed.list_version < held.version:
            raise lists.ListRefused(
                f"{kind.value} version {sealed.list_version} is older than version {held.version} in force"
            )
        if sealed.list_version == held.version:
            return
        snapshot = lists.content(sealed, self._site_key)
        age = ListAge(snapshot.list_version, snapshot.issued_utc)
        if isinstance(snapshot, RosterSnapshot):
            self._state, unreadable = _with_roster(self._state, snapshot, age)
            if unreadable:
                text = f"roster version {age.version}: {unreadable} templates cannot be read and were left out"
                self._refuse(NoticeCode.LIST_REFUSED, text, envelope)
        elif isinstance(snapshot, RiskSnapshot):
            self._state = replace(self._state, risks=lists.risks(snapshot.entries), risk=age)
        else:
            self._state = replace(self._state, policy=snapshot, policy_age=age)
        log.info("list_in_force", kind=kind.value, version=age.version)

    def _refuse(self, code: NoticeCode, detail: str, evidence: bytes, ref: str | None = None) -> None:
        """The same evidence gives the same ref, so that a restart or a second look never records it twice."""
        ref = ref or hashlib.sha256(code.value.encode() + evidence).hexdigest()[:32]
        if ref not in self._incidents:
            log.warning("refused", code=code.value, detail=detail)
            self._incidents[ref] = Incident(ref, code, detail[:500])
            while len(self._incidents) > _KEEP_INCIDENTS:
                del self._incidents[next(iter(self._incidents))]

    def _rows(self, sql: str, values: tuple[object, ...] = ()) -> list[Any]:
        db = self._reader.db()
        if db is None:
            return []
        try:
            return db.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as error:  # damaged or just being replaced: the last good state stays
            log.warning("replica_unreadable", detail=str(error))
            self._reader.close()
            return []


def _age(state: RosterState, kind: ListKind) -> ListAge:
    return {ListKind.ROSTER: state.roster, ListKind.RISK: state.risk, ListKind.POLICY: state.policy_age}[kind]


def _with_roster(state: RosterState, roster: RosterSnapshot, age: ListAge) -> tuple[RosterState, int]:
    workers = {record.worker_id: lists.worker(record) for record in roster.workers}
    templates, unreadable = lists.templates(roster)
    return replace(state, workers=workers, templates=templates, roster=age), unreadable
