"""How each gate stands with HQ, for people: registered, taken without for a while, or waiting, and what to type."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from contract.messages import GateStatus
from hq.database import tables as t
from hq.database.store import Store, now
from hq.registry.gates import registered_list

TURNED_AWAY_MAX = 1000
"""So many of the newest quarantined messages are looked through for gates that HQ knows nothing of."""


@dataclass(frozen=True, slots=True)
class RegistrationState:
    """`text`: in one line. `taken`: whether HQ takes what the gate sends now."""

    site_id: str
    gate_id: str
    taken: bool
    text: str


def registration_states(store: Store, unsigned_until: datetime | None) -> dict[str, RegistrationState]:
    """By gate id: of every gate that is registered, ever reported, or was turned away lately."""
    known = registered_list(store)
    with store.read() as db:
        reports = heard(db)
    found = {}
    for gate_id, (site_id, version) in reports.items():
        if gate_id not in known:
            found[gate_id] = _stranger(site_id, gate_id, version, unsigned_until)
    for gate in known.values():
        site_id = reports.get(gate.gate_id, (gate.site_id, ""))[0]
        text = f"registered {gate.since_utc:%Y-%m-%d}"
        if site_id != gate.site_id:
            text += f" for {gate.site_id}, but it says {site_id}"
        found[gate.gate_id] = RegistrationState(gate.site_id, gate.gate_id, site_id == gate.site_id, text)
    return found


def _stranger(site_id: str, gate_id: str, version: str, unsigned_until: datetime | None) -> RegistrationState:
    todo = f"sitegate-hq gate code {gate_id} --site {site_id} --by YOU"
    which = "of before 1.3" if version in ("1.0", "1.1", "1.2") else "not registered"
    if unsigned_until is not None and now() < unsigned_until:
        return RegistrationState(
            site_id, gate_id, True, f"{which}, taken until {unsigned_until:%Y-%m-%d %H:%M}; then: {todo}"
        )
    if version in ("1.0", "1.1", "1.2"):
        return RegistrationState(site_id, gate_id, False, f"{which}: waits. Update it, then: {todo}")
    return RegistrationState(site_id, gate_id, False, f"{which}: waits. {todo}")


def heard(db: Connection) -> dict[str, tuple[str, str]]:
    """Gate -> site and contract version of its last status; the version is "" where it is not known."""
    found: dict[str, tuple[str, str]] = {}
    columns = t.quarantine.c
    turned_away = select(columns.gate_id, columns.site_id).where(columns.reason.contains("the gate is not registered"))
    for row in db.execute(turned_away.order_by(columns.id.desc()).limit(TURNED_AWAY_MAX)):
        found.setdefault(row.gate_id, (row.site_id, ""))
    for told in db.execute(select(t.gates.c.gate_id, t.gates.c.site_id, t.gates.c.status)):
        version = GateStatus.model_validate_json(told.status).version if told.status else ""
        found[told.gate_id] = (told.site_id, version)
    return found
