"""Sends this gate's public keys to HQ over the broker, and waits for HQ's answer."""

import hashlib
import time
from dataclasses import dataclass
from datetime import datetime

from contract.codec import BadMessage, check_size, decode, encode
from contract.identity import code_key, prove
from contract.messages import Registration, RegistrationAnswer
from contract.signing import BadSignature, Verifier, verify
from contract.topics import ROUTES, Channel, topic
from edge.core.config import Config
from edge.sync.mqtt import MqttLink, Publication, Received

ANSWER_S = 20.0


class NotRegistered(RuntimeError):
    """HQ did not take the keys, or did not answer. The text says what to do."""


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """Raw keys, as they are sent."""

    gate: bytes
    link: bytes


def message(config: Config, keys: PublicKeys, code: str | None, software: str, now: datetime) -> bytes:
    """Return the registration as it is sent. Without a code, HQ must know the fingerprint.

    Raises ValueError if the text is not a code.
    """
    site = config.site
    whose = {"site_id": site.site_id, "gate_id": site.gate_id, "gate_key": keys.gate, "link_key": keys.link}
    payload = encode(Registration(**whose, software=software[:40], utc=now))
    return prove(payload, code_key(code, site.site_id, site.gate_id)) if code is not None else payload


def register(config: Config, payload: bytes, hq_key: Verifier, answer_s: float = ANSWER_S) -> str:
    """Send the registration. Return HQ's words when it takes the keys. Raises NotRegistered, LinkError."""
    site = config.site
    where = topic(Channel.REGISTERED, site.site_id, site.gate_id)
    link = MqttLink(
        config.sync, f"sitegate-register-{site.site_id}-{site.gate_id}", [(where, ROUTES[Channel.REGISTERED].qos)]
    )
    link.start()
    try:
        until = time.monotonic() + config.sync.connect_timeout_s + answer_s
        while not link.state.connected:
            if time.monotonic() >= until:
                raise NotRegistered(f"no connection to the broker: {link.state.detail}")
            time.sleep(0.05)
        return _ask(link, config, payload, hq_key, time.monotonic() + answer_s)
    finally:
        link.close()


def _ask(link: MqttLink, config: Config, payload: bytes, hq_key: Verifier, until: float) -> str:
    site, route = config.site, ROUTES[Channel.REGISTER]
    again, asked = 0.0, hashlib.sha256(payload).hexdigest()
    while (now := time.monotonic()) < until:
        if now >= again:  # the subscription may have come after the first answer
            link.publish(
                Publication(topic(Channel.REGISTER, site.site_id, site.gate_id), payload, route.qos, route.retain)
            )
            again = now + 3
        received = link.receive(0.2)
        answer = _answer(received, hq_key) if received is not None else None
        if answer is not None and answer.gate_id == site.gate_id and answer.registration == asked:
            if not answer.accepted:
                raise NotRegistered(f"HQ refuses: {answer.reason}")
            return answer.reason
    raise NotRegistered(
        "HQ does not answer: does sitegate-hq run, may this gate's broker account write .../register, and is "
        "keys.hq_signing_public_path HQ's present key?"
    )


def _answer(received: Received, hq_key: Verifier) -> RegistrationAnswer | None:
    """Return HQ's answer. Return None for anything else: any client may have sent it."""
    try:
        check_size(Channel.REGISTERED, received.payload)
        return decode(RegistrationAnswer, verify(received.payload, Channel.REGISTERED.value, hq_key))
    except (BadMessage, BadSignature):
        return None
