"""Answer gates that register."""

import hashlib
import time

import structlog

from contract.codec import encode
from contract.messages import Registration, RegistrationAnswer
from contract.signing import sign
from contract.topics import Channel
from hq.database.clock import now
from hq.ingest.rate_limit import limit_per_sender
from hq.keys.keys import HqKeys
from hq.mqtt import HqLink
from hq.registry.gates import GateRegistry, RegistryRefused

log = structlog.get_logger()


class Registrations:
    """Passes registrations to the registry, a limited number of each gate."""

    def __init__(self, registry: GateRegistry, link: HqLink, keys: HqKeys) -> None:
        self._registry, self._link, self._keys = registry, link, keys
        self._limit = limit_per_sender()

    def take(self, registration: Registration, payload: bytes) -> None:
        """Register a gate that shows its keys, and answer what became of that. A flood of messages is ignored."""
        if not self._limit.take(f"{registration.site_id}/{registration.gate_id}", time.monotonic()):
            return
        try:
            accepted, reason = self._registry.take(registration, payload)
        except RegistryRefused as error:
            accepted, reason = False, str(error)
        digest = hashlib.sha256(payload).hexdigest()
        answer = RegistrationAnswer(
            gate_id=registration.gate_id, registration=digest, accepted=accepted, reason=reason[:500], utc=now()
        )
        envelope = sign(encode(answer), Channel.REGISTERED.value, self._keys.signing)
        self._link.publish(Channel.REGISTERED, envelope, registration.site_id, registration.gate_id)
        log.warning("gate_registers", gate_id=registration.gate_id, accepted=accepted, detail=reason)
