"""Show for each gate whether it is registered, accepted without for a while, or waiting, and what to type."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from hq.database.clock import now
from hq.database.gate_reports import gate_reports
from hq.database.quarantine import quarantined_because
from hq.database.store import Store
from hq.registry.gates import registered_list

TURNED_AWAY_MAX = 1000
"""Quarantined messages that are searched, newest first, for gates unknown to HQ."""


@dataclass(frozen=True, slots=True)
class RegistrationState:
    """One gate. `text`: its state in one line. `taken`: whether HQ accepts what the gate sends now."""

    site_id: str
    gate_id: str
    taken: bool
    text: str


def registration_states(store: Store, unsigned_until: datetime | None) -> dict[str, RegistrationState]:
    """Return, by gate id, the state of every gate that is registered, ever reported, or was turned away lately."""
    known = registered_list(store)
    with store.read() as db:
        reports = heard(db)
    found = {}
    for gate_id, (site_id, version) in reports.items():
        if gate_id not in known:
            found[gate_id] = _unregistered(site_id, gate_id, version, unsigned_until)
    for gate in known.values():
        site_id = reports.get(gate.gate_id, (gate.site_id, ""))[0]
        text = f"registered {gate.since_utc:%Y-%m-%d}"
        if site_id != gate.site_id:
            text += f" for {gate.site_id}, but it says {site_id}"
        found[gate.gate_id] = RegistrationState(gate.site_id, gate.gate_id, site_id == gate.site_id, text)
    return found


def _unregistered(site_id: str, gate_id: str, version: str, unsigned_until: datetime | None) -> RegistrationState:
    todo = f"sitegate-hq gate code {gate_id} --site {site_id} --by YOU"
    which = "of before 1.3" if version in ("1.0", "1.1", "1.2") else "not registered"
    if unsigned_until is not None and now() < unsigned_until:
        text = f"{which}, taken until {unsigned_until:%Y-%m-%d %H:%M}; then: {todo}"
        return RegistrationState(site_id, gate_id, True, text)
    if version in ("1.0", "1.1", "1.2"):
        return RegistrationState(site_id, gate_id, False, f"{which}: waits. Update it, then: {todo}")
    return RegistrationState(site_id, gate_id, False, f"{which}: waits. {todo}")


def heard(db: Connection) -> dict[str, tuple[str, str]]:
    """Return gate -> site and contract version of its last status; the version is "" where it is not known."""
    found: dict[str, tuple[str, str]] = {}
    for row in quarantined_because(db, "the gate is not registered", TURNED_AWAY_MAX):
        found.setdefault(row.gate_id, (row.site_id, ""))
    for report in gate_reports(db):
        status = report.status
        found[report.gate_id] = (report.site_id, status.version if status else "")
    return found
