"""Try every right at the broker, without an effect on anybody.

The right to write is tried with an empty message that is not retained. Both sides ignore it, and the broker keeps what
it has. A topic is read by a subscription. A broker may grant that and deliver nothing, so the arrivals are named too.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from common.broker.access import BrokerAccess
from common.broker.link import BrokerLink
from common.broker.rights import RefusedTopic
from common.broker.session import Limits, Publication

_ANSWER_S = 5.0
_ARRIVAL_S = 1.0
"""What the broker keeps comes at once. The wait is measured from the last arrival."""
_LIMITS = Limits(outbox=0)


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """`detail`: why there is no connection. `unanswered`: number of attempts that the broker did not answer.

    `arrived`: topics of which the broker delivered something.
    """

    connected: bool
    detail: str
    refused: tuple[RefusedTopic, ...] = ()
    unanswered: int = 0
    arrived: frozenset[str] = frozenset()


def probe(access: BrokerAccess, client_id: str, *, read: Sequence[str], write: Sequence[str]) -> ProbeResult:
    """Connect, subscribe to `read` and publish to `write`. Raises LinkError."""
    link = BrokerLink(access, client_id, [(name, 0) for name in read], limits=_LIMITS)
    link.start()
    try:
        until = time.monotonic() + access.connect_timeout_s + 1
        while not link.state.connected and link.state.detail == "not connected yet" and time.monotonic() < until:
            time.sleep(0.02)
        if not link.state.connected:
            return ProbeResult(False, link.state.detail)
        for name in write:
            link.publish(Publication(name, b"", qos=1, retain=False))
        return _answers(link, len(read) + len(write))
    finally:
        link.close()


def _answers(link: BrokerLink, wanted: int) -> ProbeResult:
    arrived: set[str] = set()
    began = quiet_since = time.monotonic()
    while (at := time.monotonic()) - began < _ANSWER_S:
        if (received := link.receive(0.05)) is not None and received.payload:
            arrived.add(received.topic)
            quiet_since = at
        if link.rights.answers < wanted:
            quiet_since = at
        elif at - quiet_since >= _ARRIVAL_S:
            break
    return ProbeResult(True, "", link.rights.refused, max(0, wanted - link.rights.answers), frozenset(arrived))
