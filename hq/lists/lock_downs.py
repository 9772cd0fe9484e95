"""Lock a whole site down, and release it. While a lock-down stands, every gate of the site is given it.

A command lives for a minute at most. A gate that connects later is given a new one, signed then. So a gate never
executes an order from the past. A release is not repeated like that: it is queued for 15 minutes. A gate that comes
back later stays locked until somebody releases it. No gate opens by an old decision.
"""

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from contract.messages import CommandAction, NoticeCode
from hq.database.clock import now
from hq.database.gate_reports import GateReport, gate_reports
from hq.database.lock_downs import (
    add_lock_down,
    lock_down_commands,
    newest_lock_down,
    note_lock_down_command,
    release_lock_down,
    standing_lock_down,
    standing_lock_downs,
)
from hq.database.queued_commands import withdraw_unsent
from hq.database.store import Store
from hq.database.watched_events import newest_lock_notices
from hq.keys.encryption import AtRestError
from hq.keys.keys import HqKeys
from hq.lists.command_answers import CommandAnswer, CommandState, given_answer
from hq.lists.command_queue import CommandQueue
from hq.registry.gates import registrations
from hq.registry.known_sites import active_site

VALID_S = 60.0
"""A command of a lock-down. After that a connected gate that did not answer is given another one."""
RELEASE_VALID_S = 900.0
PAUSE = timedelta(seconds=60)
"""Minimum time between two such commands for one gate, also if it connects again and again."""
PAUSES_MAX = 15
"""So many times that pause at most, for a gate that never answers on one connection."""
OFFLINE, RELEASED_THERE = "offline", "released there"
"""Words of a receipt beside those of `CommandState`: the gate is not connected; somebody released it at the gate."""


class LockDownRefused(RuntimeError):
    """A lock-down that cannot be ordered or released. The text says why."""


@dataclass(frozen=True, slots=True)
class SiteLockDown:
    """A lock-down of a site."""

    id: int
    site_id: str
    by: str
    why: str
    ordered_utc: datetime
    released_utc: datetime | None


@dataclass(frozen=True, slots=True)
class LockDownReceipt:
    """How far one gate is. `state`: a word of `CommandState`, "offline" or "released there"."""

    site_id: str
    gate_id: str
    state: str
    text: str

    @property
    def done(self) -> bool:
        return self.state == CommandState.DONE

    @property
    def settled(self) -> bool:
        """Whether nothing changes soon: the gate answered, or it is offline."""
        return self.state not in (CommandState.QUEUED, CommandState.SENT)


class SiteLockDowns:
    """Lock-downs in the database, encrypted. `takes_unregistered`: whether gates without a registration count."""

    def __init__(self, store: Store, keys: HqKeys, takes_unregistered: Callable[[], bool]) -> None:
        self._store, self._keys = store, keys
        self._queue = CommandQueue(store, keys)
        self._takes_unregistered = takes_unregistered

    def order(self, site_id: str, *, by: str, why: str) -> SiteLockDown:
        """Lock a site down. The running HQ gives it to the gates. Raises LockDownRefused, SiteRefused."""
        name = secrets.token_hex(8)
        body = json.dumps({"by": by, "why": why}).encode()
        encrypted = self._keys.at_rest.current().encrypt(body, _place(name))
        with self._store.write(f"lock-down {site_id}") as db:
            active_site(db, site_id)
            if before := newest_lock_down(db, site_id):  # a release that still waits must not follow this
                given = [command.command_id for command in lock_down_commands(db, [before.id])]
                if before.released_utc is not None:
                    withdraw_unsent(db, given, now(), "the site was locked down again")
            added = add_lock_down(db, site_id, name, encrypted, now())
            row = standing_lock_down(db, site_id)
            if row is None or not added:
                since = f"{row.ordered_utc:%Y-%m-%d %H:%M} UTC" if row else "now"
                raise LockDownRefused(f"{site_id} is locked down since {since}: sitegate-hq lock-downs shows each gate")
            if not _gates_of(db, site_id, self._takes_unregistered()):
                raise LockDownRefused(f"{site_id} has no gate: see sitegate-hq gate list")
            return self._read(row)

    def release(self, site_id: str, *, by: str, why: str) -> SiteLockDown:
        """Release a site. Each gate that was given the lock-down, or is connected, is given the release.

        Raises LockDownRefused if none stands.
        """
        with self._store.write(f"lock-down {site_id}") as db:
            row = standing_lock_down(db, site_id)
            if row is None:
                raise LockDownRefused(
                    f"no lock-down of {site_id} stands here; for one gate: sitegate-hq command GATE release-lock-down"
                )
            utc = now()
            release_lock_down(db, row.id, utc)
            given = lock_down_commands(db, [row.id])
            withdraw_unsent(db, [command.command_id for command in given], utc, "the site was released")
            reports = {report.gate_id: report for report in gate_reports(db)}
            for gate_id in _gates_of(db, site_id, self._takes_unregistered()):
                self._give(db, row, gate_id, reports.get(gate_id), releases=True, by=by, why=why)
            released = newest_lock_down(db, site_id)
            assert released is not None
            return self._read(released)

    def standing(self) -> list[SiteLockDown]:
        """List the lock-downs that stand, by site."""
        with self._store.read() as db:
            return [self._read(row) for row in standing_lock_downs(db)]

    def newest(self, site_id: str) -> SiteLockDown | None:
        """Return the lock-down that was ordered last at a site, released or not."""
        with self._store.read() as db:
            row = newest_lock_down(db, site_id)
        return self._read(row) if row else None

    def offer(self) -> int:
        """Give each standing lock-down to the connected gates that need it. Return how many commands were queued."""
        with self._store.read() as db:
            due = [(row, gate) for row in standing_lock_downs(db) for gate in self._due(db, row)]
        queued = 0
        for row, gate in due:
            with self._store.write(f"lock-down {row.site_id}") as db:
                standing = standing_lock_down(db, row.site_id)  # it may have been released meanwhile
                if standing is not None and standing.id == row.id:
                    order = self._read(row)
                    self._give(db, row, gate.gate_id, gate, releases=False, by=order.by, why=order.why)
                    queued += 1
        return queued

    def receipts(self, lock_down: SiteLockDown) -> list[LockDownReceipt]:
        """Return how far each gate of the site is with a lock-down, or with its release, by gate."""
        with self._store.read() as db:
            rows = lock_down_commands(db, [lock_down.id])
            wanted = [row for row in rows if bool(row.releases) is (lock_down.released_utc is not None)]
            newest = {given.command.gate_id: given for given in self._queue.given(wanted)}
            reports = {report.gate_id: report for report in gate_reports(db)}
            gates = sorted({*_gates_of(db, lock_down.site_id, self._takes_unregistered()), *newest})
            answers = {name: given_answer(db, given, now()) for name, given in newest.items()}
            first = min((given.after_id for given in newest.values()), default=0)
            notices = newest_lock_notices(db, gates, first)
        return [
            _released_receipt(lock_down.site_id, name, answers.get(name), reports.get(name))
            if lock_down.released_utc is not None
            else _receipt(lock_down.site_id, name, answers.get(name), reports.get(name), notices.get(name, ""))
            for name in gates
        ]

    def _due(self, db: Connection, row: Row[Any]) -> list[GateReport]:
        """List the connected gates of a locked-down site that need a new command."""
        given: dict[str, list[Row[Any]]] = {}
        for command in lock_down_commands(db, [row.id]):
            given.setdefault(command.gate_id, []).append(command)
        gates = set(_gates_of(db, row.site_id, self._takes_unregistered()))
        online = [report for report in gate_reports(db) if report.gate_id in gates and report.online]
        return [report for report in online if self._needs(db, given.get(report.gate_id, []), report)]

    def _needs(self, db: Connection, given: Sequence[Row[Any]], report: GateReport) -> bool:
        """Tell whether a gate needs the lock-down: on a new connection, or without an answer in time."""
        if not given:
            return True
        here = [command for command in given if command.connection == _connection(report)]
        pause, utc = PAUSE * min(PAUSES_MAX, max(1, len(here))), now()
        issued = (command.expires_utc - timedelta(seconds=VALID_S) for command in given)
        if any(timedelta(0) <= utc - at < pause for at in issued):  # one of the future: the clock was set back since
            return False
        return not any(given_answer(db, found, utc).done for found in self._queue.given(here))

    def _give(
        self,
        db: Connection,
        row: Row[Any],
        gate_id: str,
        report: GateReport | None,
        *,
        releases: bool,
        by: str,
        why: str,
    ) -> None:
        action = CommandAction.RELEASE_LOCK_DOWN if releases else CommandAction.LOCK_DOWN
        valid_s = RELEASE_VALID_S if releases else VALID_S
        order = self._queue.order_in(db, row.site_id, gate_id, action, why=why, by=by, valid_s=valid_s)
        note_lock_down_command(db, order.command_id, row.id, gate_id, _connection(report), releases=releases)

    def _read(self, row: Row[Any]) -> SiteLockDown:
        try:
            body = json.loads(self._keys.at_rest.current().decrypt(row.order_body, _place(row.name)))
        except AtRestError:  # it stands all the same
            body = {"by": "hq", "why": "the key of the order is missing"}
        return SiteLockDown(row.id, row.site_id, body["by"], body["why"], row.ordered_utc, row.released_utc)


def _receipt(
    site_id: str, gate_id: str, answer: CommandAnswer | None, report: GateReport | None, notice: str
) -> LockDownReceipt:
    """Say how far a gate is with a lock-down. `notice`: what it reported last of its own lock-down."""
    online = report is not None and report.online
    if answer is not None and answer.done and notice == NoticeCode.LOCK_DOWN_OVER.value:
        return LockDownReceipt(site_id, gate_id, RELEASED_THERE, "was locked down, and released at the gate since then")
    if answer is not None and (answer.done or online):
        return LockDownReceipt(site_id, gate_id, answer.state, answer.text)
    if online:
        return LockDownReceipt(site_id, gate_id, CommandState.QUEUED, "queued: does sitegate-hq run?")
    return LockDownReceipt(site_id, gate_id, OFFLINE, f"{_away(report)}: locked down as soon as it connects")


def _released_receipt(
    site_id: str, gate_id: str, answer: CommandAnswer | None, report: GateReport | None
) -> LockDownReceipt:
    """Say how far a gate is with the release of a lock-down."""
    if answer is None:
        return LockDownReceipt(site_id, gate_id, CommandState.NOT_DELIVERED, "was given no release")
    if answer.state is CommandState.QUEUED and not (report is not None and report.online):
        return LockDownReceipt(site_id, gate_id, OFFLINE, f"{_away(report)}: {answer.text}; later it stays locked")
    return LockDownReceipt(site_id, gate_id, answer.state, answer.text)


def _away(report: GateReport | None) -> str:
    since = report.status_utc if report else None
    return f"offline since {since:%Y-%m-%d %H:%M} UTC" if since else "never reported"


def _gates_of(db: Connection, site_id: str, takes_unregistered: bool) -> Sequence[str]:
    """List the gates that a command for this site can reach, by id."""
    in_force = {gate.gate_id: gate.site_id for gate in registrations(db) if gate.revoked_utc is None}
    found = {name for name, site in in_force.items() if site == site_id}
    if takes_unregistered:
        found |= {r.gate_id for r in gate_reports(db) if r.site_id == site_id and r.gate_id not in in_force}
    return sorted(found)


def _connection(report: GateReport | None) -> int:
    status = report.status if report else None
    return status.connection if status and status.online else 0


def _place(name: str) -> str:
    return f"lock_downs/{name}"
