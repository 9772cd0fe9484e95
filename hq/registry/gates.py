"""The registry of gates: whose keys count, for which site, and how a gate registers.

HQ accepts only gates that are in force here. A gate registers with a one-time code, or with keys whose fingerprint
somebody read aloud. A revocation counts at once in every process, because each transaction reads the registry.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from common.ids import is_id
from common.terminal.problems import ID, shown
from contract.identity import code_key, grouped, new_code, proven, same_fingerprint
from contract.messages import Registration
from hq.database import tables as t
from hq.database.change_file import note_change
from hq.database.clock import now
from hq.database.gate_reports import forget_reports, gate_report
from hq.database.sites import end_retirement, note_gate
from hq.database.store import Store, lock
from hq.keys.keys import HqKeys
from hq.registry.known_sites import SiteRefused, active_site, checked_name
from hq.registry.registered_gate import RegisteredGate

TRIES_MAX = 1000
"""Wrong codes for one gate, after which the code is void. Chance of a hit: 1000 in 2^60."""
_OPEN = t.registrations.c.revoked_utc.is_(None)


class RegistryRefused(RuntimeError):
    """A gate that cannot be registered or revoked. The text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """A gate may register. `code`: to be typed at the gate, shown once; "" where a fingerprint was given instead."""

    code: str
    expires_utc: datetime


def registered(db: Connection, gate_ids: Collection[str], *, hold: bool = False) -> dict[str, RegisteredGate]:
    """Read those of the gates that are in force. `hold`: a revocation waits for the end of this transaction."""
    asked = select(t.registrations).where(_OPEN, t.registrations.c.gate_id.in_(sorted(set(gate_ids))))
    if hold:
        asked = asked.with_for_update(read=True)  # SQLite, which has one writer anyway, leaves it out
    return {row.gate_id: _registered(row) for row in db.execute(asked)}


def registrations(db: Connection, gate_id: str | None = None) -> list[RegisteredGate]:
    """Read all registrations, revoked ones too, by gate and time."""
    asked = select(t.registrations).order_by(t.registrations.c.gate_id, t.registrations.c.id)
    if gate_id is not None:
        asked = asked.where(t.registrations.c.gate_id == gate_id)
    return [_registered(row) for row in db.execute(asked)]


class GateRegistry:
    """What people at HQ do with the registry. Each method is one transaction and raises RegistryRefused."""

    def __init__(self, store: Store, keys: HqKeys) -> None:
        self._store, self._keys = store, keys

    def invite(
        self, gate_id: str, site_id: str, *, by: str, valid_s: float, replaces: bool = False, fingerprint: str = ""
    ) -> Invitation:
        """Let a gate register with a new code, or with the keys that have this `fingerprint`.

        An earlier invitation of the gate becomes void.
        """
        _check(gate_id, by)
        code = "" if fingerprint else new_code()
        key = code_key(code, site_id, gate_id) if code else None
        expires = now() + timedelta(seconds=valid_s)
        with self._store.write(f"gate {gate_id}") as db:
            _check_site(db, site_id)
            _check_free(db, gate_id, replaces)
            db.execute(delete(t.invitations).where(t.invitations.c.gate_id == gate_id))
            db.execute(
                insert(t.invitations).values(
                    gate_id=gate_id,
                    site_id=site_id,
                    code_key=self._keys.at_rest.current().encrypt(key, _place(gate_id)) if key else None,
                    fingerprint=fingerprint or None,
                    tries=0,
                    replaces=replaces,
                    invited_by=by,
                    expires_utc=expires,
                )
            )
        return Invitation(code, expires)

    def add(
        self, gate_id: str, site_id: str, gate_key: bytes, link_key: bytes, *, by: str, replaces: bool = False
    ) -> RegisteredGate:
        """Register keys that were brought to HQ in a file."""
        _check(gate_id, by)
        with self._store.write(f"gate {gate_id}") as db:
            _check_site(db, site_id)
            _check_free(db, gate_id, replaces)
            return _add(db, gate_id, site_id, gate_key, link_key, by, "key file")

    def revoke(self, gate_id: str, *, by: str, why: str) -> RegisteredGate:
        """Accept nothing of this gate from now on."""
        if not by.strip() or not why.strip():
            raise RegistryRefused("--by and --why may not be empty: both are kept")
        with self._store.write(f"gate {gate_id}") as db:
            found = registered(db, [gate_id]).get(gate_id)
            db.execute(delete(t.invitations).where(t.invitations.c.gate_id == gate_id))
            if found is None:
                raise RegistryRefused(f"{gate_id} is not registered: see sitegate-hq gate list")
            _revoke(db, gate_id, by, why)
            return found

    def rename(self, gate_id: str, name: str, *, by: str) -> None:
        """Set the name that people read."""
        _check(gate_id, by)
        with self._store.write(f"gate {gate_id}") as db:
            _check_known(db, gate_id)
            note_gate(db, gate_id, name=checked_name(name), named_by=by)

    def retire(self, gate_id: str, *, by: str) -> None:
        """Revoke a gate that was taken down, and miss no sign of life of it. May be repeated."""
        _check(gate_id, by)
        with self._store.write(f"gate {gate_id}") as db:
            _check_known(db, gate_id)
            db.execute(delete(t.invitations).where(t.invitations.c.gate_id == gate_id))
            _revoke(db, gate_id, by, "retired")
            note_gate(db, gate_id, retired_utc=now(), retired_by=by)

    def take(self, registration: Registration, payload: bytes) -> tuple[bool, str]:
        """Receive a gate's keys. Return whether it is registered now, and why or why not."""
        gate_id, keys = registration.gate_id, (registration.gate_key, registration.link_key)
        with self._store.write(f"gate {gate_id}") as db:
            _check_site(db, registration.site_id)
            held = registered(db, [gate_id]).get(gate_id)
            row = db.execute(select(t.invitations).where(t.invitations.c.gate_id == gate_id)).first()
            if held is not None and (held.site_id, held.gate_key, held.link_key) == (registration.site_id, *keys):
                return True, f"registered for {held.site_id} already"
            if row is None or row.expires_utc <= now() or row.tries >= TRIES_MAX:
                todo = f"sitegate-hq gate code {gate_id} --site {registration.site_id} --by YOU"
                return False, f"nobody at HQ invited this gate, or the code has expired: {todo}"
            if row.site_id != registration.site_id:
                return False, f"HQ expects this gate at site {row.site_id}: correct site.site_id at the gate"
            if not self._shown(row, registration, payload):
                db.execute(update(t.invitations).where(t.invitations.c.gate_id == gate_id).values(tries=row.tries + 1))
                return False, "the code is wrong, or the keys have another fingerprint"
            if held is not None and not row.replaces:
                return (
                    False,
                    f"registered with another key: sitegate-hq gate revoke {gate_id}, or sitegate-hq gate code {gate_id} --replace",
                )
            db.execute(delete(t.invitations).where(t.invitations.c.gate_id == gate_id))
            _add(db, gate_id, row.site_id, *keys, row.invited_by, "code" if row.code_key else "fingerprint")
        return True, f"registered for {row.site_id}"

    def _shown(self, row: Row[tuple[object, ...]], registration: Registration, payload: bytes) -> bool:
        """Tell whether the message proves what the invitation asks for."""
        if row.code_key is None:
            return same_fingerprint(row.fingerprint, registration.gate_key, registration.link_key)
        key = self._keys.at_rest.current().decrypt(row.code_key, _place(row.gate_id))
        return proven(payload, key)


def revoke_site(db: Connection, site_id: str, by: str, why: str) -> list[str]:
    """Revoke all gates of a site and void its invitations. Return the gates."""
    db.execute(delete(t.invitations).where(t.invitations.c.site_id == site_id))
    found = list(
        db.execute(select(t.registrations.c.gate_id).where(_OPEN, t.registrations.c.site_id == site_id)).scalars()
    )
    for gate_id in sorted(found):
        _revoke(db, gate_id, by, why)
        note_gate(db, gate_id, retired_utc=now(), retired_by=by)
    return sorted(found)


def void_invitations(db: Connection) -> None:
    """Let no gate register by an earlier invitation. A restored database does not know which codes were used."""
    db.execute(delete(t.invitations))


def registered_list(store: Store) -> Mapping[str, RegisteredGate]:
    """Return every gate whose keys count, by id."""
    with store.read() as db:
        return {gate.gate_id: gate for gate in registrations(db) if gate.revoked_utc is None}


def written_fingerprint(typed: str) -> str:
    """Return a fingerprint as it is stored: in groups. Raises ValueError if it is none."""
    symbols = "".join(typed.upper().split()).replace("-", "")
    if len(symbols) != 20:
        raise ValueError("a fingerprint has 20 letters and digits: sitegate key show, at the gate")
    return grouped(symbols)


def _check(gate_id: str, by: str) -> None:
    """Check what somebody typed. Raises RegistryRefused."""
    if not is_id(gate_id):
        raise RegistryRefused(f"{shown(gate_id)} cannot be a gate: {ID}")
    if not by.strip() or len(by) > 80:
        raise RegistryRefused("--by: who does this, in 1 to 80 characters")


def _check_known(db: Connection, gate_id: str) -> None:
    if not registrations(db, gate_id) and gate_report(db, gate_id) is None:
        raise RegistryRefused(f"HQ never heard of a gate {gate_id}: see sitegate-hq gates")


def _check_site(db: Connection, site_id: str) -> None:
    """Check that gates may register for a site, and let a retirement wait. The first thing in a transaction: the
    retirement takes rows in the same order.
    """
    try:
        active_site(db, site_id, hold=True)
    except SiteRefused as error:
        raise RegistryRefused(str(error)) from error


def _check_free(db: Connection, gate_id: str, replaces: bool) -> None:
    if not replaces and (held := registered(db, [gate_id]).get(gate_id)):
        raise RegistryRefused(
            f"{gate_id} is registered for {held.site_id} since {held.since_utc:%Y-%m-%d}: revoke it first "
            f"(sitegate-hq gate revoke {gate_id} --by YOU --why WHY), or say --replace"
        )


def _add(
    db: Connection, gate_id: str, site_id: str, gate_key: bytes, link_key: bytes, by: str, how: str
) -> RegisteredGate:
    lock(db, "registrations")
    if other := _holder(db, gate_key, link_key, gate_id):
        raise RegistryRefused(f"these keys are those of {other}: each gate makes its own (a copied card?)")
    if ended := _ended(db, gate_id, gate_key, link_key):
        raise RegistryRefused(
            f"these keys were revoked or replaced on {ended:%Y-%m-%d}, and a copy of them could speak for {gate_id} again: let the gate "
            "make new ones (remove gate/gate-signing.key.pem and sync/link-signing.key.pem from its state folder and start it)"
        )
    _revoke(db, gate_id, by, f"replaced by a registration ({how})", but=gate_key)
    made = RegisteredGate(gate_id, site_id, gate_key, link_key, now(), by, how)
    columns = ("gate_id", "site_id", "gate_key", "link_key", "since_utc", "added_by", "how")
    db.execute(insert(t.registrations).values({name: getattr(made, name) for name in columns}))
    forget_reports(db, gate_id, site_id)
    end_retirement(db, gate_id)
    return made


def _holder(db: Connection, gate_key: bytes, link_key: bytes, but: str) -> str:
    """Name another gate in force that has one of the keys; "" if none."""
    columns = t.registrations.c
    same = (columns.gate_key.in_((gate_key, link_key))) | (columns.link_key.in_((gate_key, link_key)))
    return db.execute(select(columns.gate_id).where(_OPEN, same, columns.gate_id != but)).scalar() or ""


def _ended(db: Connection, gate_id: str, *keys: bytes) -> datetime | None:
    """Return when one of the keys ceased to count.

    None if none did, or if it is in force at this very gate, which moves to another site.
    """
    columns = t.registrations.c
    for key in keys:
        same = (columns.gate_key == key) | (columns.link_key == key)
        if db.execute(select(columns.id).where(_OPEN, same, columns.gate_id == gate_id)).first() is None:
            ended: datetime | None = db.execute(select(func.max(columns.revoked_utc)).where(same)).scalar()
            if ended is not None:
                return ended
    return None


def revoke_key(db: Connection, gate_id: str, key: str, *, by: str, why: str) -> bool:
    """Revoke a gate if it is registered with this key, in hex. Return whether it was."""
    held = registered(db, [gate_id]).get(gate_id)
    if held is None or held.gate_key.hex() != key:
        return False
    _revoke(db, gate_id, by, why)
    return True


def _revoke(db: Connection, gate_id: str, by: str, why: str, but: bytes = b"") -> None:
    """`but`: a key that goes on to count."""
    where = (_OPEN, t.registrations.c.gate_id == gate_id)
    for key in db.execute(select(t.registrations.c.gate_key).where(*where)).scalars():
        if bytes(key) != but:
            note_change(db, "revoked", name=gate_id, key=bytes(key).hex(), by=by)
    db.execute(update(t.registrations).where(*where).values(revoked_utc=now(), revoked_by=by, why=why[:500]))


def _place(gate_id: str) -> str:
    return f"invitations/{gate_id}"


def _registered(row: Row[tuple[object, ...]]) -> RegisteredGate:
    values = {name: getattr(row, name) for name in RegisteredGate.__slots__}
    return RegisteredGate(**{**values, "gate_key": bytes(values["gate_key"]), "link_key": bytes(values["link_key"])})
