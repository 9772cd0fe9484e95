"""HQ's registry of gates, and what its commands show."""

from sync_rig import Rig

from contract.codec import decode, encode
from contract.identity import code_key, prove
from contract.messages import Registration
from edge.sync.registration import PublicKeys, message
from hq.database.clock import now
from hq.database.store import Store
from hq.registry.gates import GateRegistry


def keys_of(rig: Rig) -> PublicKeys:
    return PublicKeys(*(key.public_key().public_bytes_raw() for key in (rig.gate_key, rig.link_key)))


def registry_of(rig: Rig, store: Store) -> GateRegistry:
    return GateRegistry(store, rig.keys)


def shown(rig: Rig, code: str | None, **changes: object) -> tuple[Registration, bytes]:
    """What a gate sends with this code."""
    payload = message(rig.config, keys_of(rig), code, "test", now())
    if changes:
        changed = decode(Registration, payload).model_copy(update={**changes, "proof": None})
        payload = prove(encode(changed), code_key(code, "site-1", "gate-1"))
    return decode(Registration, payload), payload
