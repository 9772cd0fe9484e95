"""The last status and health message of each gate."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from contract.messages import GateStatus, Health
from hq.database import roster_reports
from hq.database import tables as t
from hq.database.clock import now
from hq.database.sites import retired_gates
from hq.database.store import Store

_KEPT_OFFLINE = ("trusts", "opens", "lists_kept", "lists_used")
"""What a gate that is away still holds, and its Will does not say."""


@dataclass(frozen=True, slots=True)
class GateReport:
    """What a gate last reported.

    Messages are read when they are asked for: one that is unreadable affects no other use.
    """

    site_id: str
    gate_id: str
    status_json: str | None
    status_utc: datetime | None
    health_json: str | None
    health_utc: datetime | None
    state: str = ""
    """The last state that the gate process itself reported. It stays when that process falls silent."""
    state_utc: datetime | None = None
    state_since_utc: datetime | None = None

    @property
    def status(self) -> GateStatus | None:
        return GateStatus.model_validate_json(self.status_json) if self.status_json else None

    @property
    def health(self) -> Health | None:
        return Health.model_validate_json(self.health_json) if self.health_json else None

    @property
    def online(self) -> bool:
        return (status := self.status) is not None and status.online


def gate_reports(db: Connection, site_id: str | None = None, *, retired: bool = False) -> list[GateReport]:
    """Read the reports of every gate that ever sent one, or of one site's. `retired`: also of retired gates."""
    ended = frozenset() if retired else retired_gates(db)
    wanted = select(t.gates).order_by(t.gates.c.site_id, t.gates.c.gate_id)
    if site_id is not None:
        wanted = wanted.where(t.gates.c.site_id == site_id)
    return [_report(row) for row in db.execute(wanted) if row.gate_id not in ended]


def gate_report(db: Connection, gate_id: str) -> GateReport | None:
    """Read the report of one gate; None if it never sent one."""
    row = db.execute(select(t.gates).where(t.gates.c.gate_id == gate_id)).first()
    return _report(row) if row else None


def believed_online(store: Store, gate_id: str) -> bool:
    """Tell whether the newest accepted status says that the gate is connected."""
    with store.read() as db:
        status = _status(db, gate_id)
    return status is not None and GateStatus.model_validate_json(status).online


def set_status(store: Store, status: GateStatus) -> None:
    """Keep a status if it is newer than the one held. A gate that is away still holds the keys that it last reported.

    The broker repeats a status at every connection, and a stranger may repeat an old one: neither changes anything.
    """
    with store.read() as db:
        held = _status(db, status.gate_id)
    if held:
        before = GateStatus.model_validate_json(held)
        if not is_news(status, before):
            return
        if not status.online:
            status = status.model_copy(update={name: getattr(before, name) for name in _KEPT_OFFLINE})
    body = status.model_dump_json()
    if held != body:
        with store.write(f"gate {status.gate_id}") as db:
            roster_reports.note(db, status, now())
        _set_gate(store, status.gate_id, status.site_id, status=body, status_utc=now())


def set_health(store: Store, health: Health) -> None:
    """Keep a health message, unless a newer one is held."""
    columns = t.gates.c
    with store.read() as db:
        wanted = select(columns.health, columns.state).where(columns.gate_id == health.gate_id)
        held = db.execute(wanted).first()
    if held and held.health and health.serial and health.serial <= Health.model_validate_json(held.health).serial:
        return
    utc = now()
    values: dict[str, Any] = {"health": health.model_dump_json(), "health_utc": utc}
    if health.gate_state:
        values |= {"state": health.gate_state[:32], "state_utc": utc}
        if held is None or held.state != health.gate_state[:32]:
            values["state_since_utc"] = utc
    _set_gate(store, health.gate_id, health.site_id, **values)


def forget_reports(db: Connection, gate_id: str, site_id: str) -> None:
    """Remove status and health of a gate with new keys. Serials of its former keys do not bind them."""
    gone = dict.fromkeys(("status", "health", "state", "state_utc", "state_since_utc"))
    db.execute(update(t.gates).where(t.gates.c.gate_id == gate_id).values(site_id=site_id, **gone))


def is_news(status: GateStatus, held: GateStatus) -> bool:
    """Tell whether a status follows the held one.

    A Will carries the serial of its connection and ends that one alone.
    """
    if not status.serial:
        return True  # of a gate before version 1.3: the registry says whether it is accepted at all
    if status.connection != held.connection:
        return status.connection > held.connection
    if _is_will(status):
        return held.online
    return not _is_will(held) and status.serial > held.serial


def _is_will(status: GateStatus) -> bool:
    return not status.online and not status.planned and status.serial == status.connection


def _status(db: Connection, gate_id: str) -> str | None:
    return db.execute(select(t.gates.c.status).where(t.gates.c.gate_id == gate_id)).scalar()


def _set_gate(store: Store, gate_id: str, site_id: str, **values: Any) -> None:
    with store.write(f"gate {gate_id}") as db:
        changed = db.execute(update(t.gates).where(t.gates.c.gate_id == gate_id).values(site_id=site_id, **values))
        if not changed.rowcount:
            db.execute(insert(t.gates).values(gate_id=gate_id, site_id=site_id, **values))


def _report(row: Row[Any]) -> GateReport:
    return GateReport(
        site_id=row.site_id,
        gate_id=row.gate_id,
        status_json=row.status,
        status_utc=row.status_utc,
        health_json=row.health,
        health_utc=row.health_utc,
        state=row.state or "",
        state_utc=row.state_utc,
        state_since_utc=row.state_since_utc,
    )
