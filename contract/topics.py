"""Topic, direction, quality of service and retain flag of each message, in one table."""

from dataclasses import dataclass
from enum import StrEnum

from contract.messages import ListKind

PREFIX = "sitegate/v1"


class Channel(StrEnum):
    EVENTS = "events"
    STATUS = "status"
    HEALTH = "health"
    ACK = "ack"
    COMMAND = "command"
    ROSTER = "roster"
    RISK = "risk"
    POLICY = "policy"
    ROSTER_DELTA = "roster_delta"
    RISK_DELTA = "risk_delta"
    SNAPSHOT_REQUEST = "snapshot_request"
    HQ_STATE = "hq_state"


@dataclass(frozen=True, slots=True)
class Route:
    """How a channel travels. `pattern` takes {site_id}, {gate_id} and {part}; `signed`: wrapped in a signed envelope;
    `sealed`: the signed payload is encrypted for its reader."""

    pattern: str
    up: bool
    qos: int
    retain: bool
    signed: bool = False
    sealed: bool = False


ROUTES: dict[Channel, Route] = {
    Channel.EVENTS: Route(f"{PREFIX}/{{site_id}}/{{gate_id}}/events", up=True, qos=1, retain=False),
    Channel.STATUS: Route(f"{PREFIX}/{{site_id}}/{{gate_id}}/status", up=True, qos=1, retain=True),
    Channel.HEALTH: Route(f"{PREFIX}/{{site_id}}/{{gate_id}}/health", up=True, qos=0, retain=False),
    Channel.ACK: Route(f"{PREFIX}/{{site_id}}/{{gate_id}}/ack", up=False, qos=1, retain=True, signed=True),
    Channel.COMMAND: Route(f"{PREFIX}/{{site_id}}/{{gate_id}}/command", up=False, qos=1, retain=False, signed=True),
    # Before the parts of lists, whose patterns they would match too.
    Channel.ROSTER_DELTA: Route(
        f"{PREFIX}/{{site_id}}/list/roster/delta", up=False, qos=1, retain=True, signed=True, sealed=True
    ),
    Channel.RISK_DELTA: Route(
        f"{PREFIX}/{{site_id}}/list/risk/delta", up=False, qos=1, retain=True, signed=True, sealed=True
    ),
    Channel.SNAPSHOT_REQUEST: Route(f"{PREFIX}/{{site_id}}/{{gate_id}}/request", up=True, qos=1, retain=False),
    Channel.ROSTER: Route(
        f"{PREFIX}/{{site_id}}/list/roster/{{part}}", up=False, qos=1, retain=True, signed=True, sealed=True
    ),
    Channel.RISK: Route(
        f"{PREFIX}/{{site_id}}/list/risk/{{part}}", up=False, qos=1, retain=True, signed=True, sealed=True
    ),
    Channel.POLICY: Route(
        f"{PREFIX}/{{site_id}}/list/policy/{{part}}", up=False, qos=1, retain=True, signed=True, sealed=True
    ),
    Channel.HQ_STATE: Route(f"{PREFIX}/hq/state", up=False, qos=1, retain=True),
}


DELTA_CHANNELS = {ListKind.ROSTER: Channel.ROSTER_DELTA, ListKind.RISK: Channel.RISK_DELTA}
"""Where the changes of a list travel; a policy is always sent whole."""


def topic(channel: Channel, site_id: str = "+", gate_id: str = "+", part: int | None = None) -> str:
    """The topic of a channel; without ids and part, the filter that matches every site, gate and part of a list."""
    return ROUTES[channel].pattern.format(site_id=site_id, gate_id=gate_id, part=part or "+")


def channel_of(name: str) -> tuple[Channel, str, str] | None:
    """(channel, site_id, gate_id) of a received topic, '' where it has none; None if it is not ours.

    Which part of a list it is stands in its signed header; the topic is only where the broker keeps it."""
    got = name.split("/")
    for channel, route in ROUTES.items():
        want = route.pattern.split("/")
        if len(want) != len(got):
            continue
        ids = {w: g for w, g in zip(want, got, strict=True) if w.startswith("{")}
        if all(w == g or w in ids for w, g in zip(want, got, strict=True)):
            return channel, ids.get("{site_id}", ""), ids.get("{gate_id}", "")
    return None
