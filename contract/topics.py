"""The table of channels: topic, direction, quality of service, retain flag and size limit of each message."""

from dataclasses import dataclass
from enum import StrEnum

from contract.messages import (
    Ack,
    Command,
    DirectoryDelta,
    DirectorySnapshot,
    EventBatch,
    GateStatus,
    Health,
    HqState,
    ListKind,
    Message,
    PolicySnapshot,
    PresenceDelta,
    PresenceSnapshot,
    Refusal,
    Registration,
    RegistrationAnswer,
    RiskDelta,
    RiskSnapshot,
    RosterDelta,
    RosterSnapshot,
    SnapshotRequest,
)

_KIB = 1024

PREFIX = "sitegate/v1"


class Channel(StrEnum):
    EVENTS = "events"
    STATUS = "status"
    HEALTH = "health"
    ACK = "ack"
    REFUSAL = "refusal"
    COMMAND = "command"
    ROSTER = "roster"
    RISK = "risk"
    POLICY = "policy"
    ROSTER_DELTA = "roster_delta"
    RISK_DELTA = "risk_delta"
    DIRECTORY = "directory"
    DIRECTORY_DELTA = "directory_delta"
    PRESENCE = "presence"
    PRESENCE_DELTA = "presence_delta"
    SNAPSHOT_REQUEST = "snapshot_request"
    REGISTER = "register"
    REGISTERED = "registered"
    HQ_STATE = "hq_state"


@dataclass(frozen=True, slots=True)
class Route:
    """How a channel travels.

    `carries`: its message. `pattern`: the topic, with {site_id}, {gate_id} and {part}. `up`: from gate to HQ.
    `max_bytes`: a larger payload is refused unread. `signed`: in a signed envelope. `sealed`: the signed payload is
    encrypted for its reader (`contract.parts`).
    """

    carries: type[Message]
    pattern: str
    up: bool
    qos: int
    retain: bool
    max_bytes: int
    signed: bool = False
    sealed: bool = False

    @property
    def protection(self) -> str:
        return "signed and sealed" if self.sealed else "signed" if self.signed else "none"


_GATE, _LIST = f"{PREFIX}/{{site_id}}/{{gate_id}}", f"{PREFIX}/{{site_id}}/list"
_LIST_PART_MAX = 4 * _KIB * _KIB


def _list(carries: type[Message], name: str, part: str = "{part}", qos: int = 1) -> Route:
    pattern = f"{_LIST}/{name}/{part}"
    return Route(carries, pattern, up=False, qos=qos, retain=True, max_bytes=_LIST_PART_MAX, signed=True, sealed=True)


ROUTES: dict[Channel, Route] = {
    Channel.EVENTS: Route(EventBatch, f"{_GATE}/events", up=True, qos=1, retain=False, max_bytes=1024 * _KIB),
    Channel.STATUS: Route(GateStatus, f"{_GATE}/status", up=True, qos=1, retain=True, max_bytes=16 * _KIB),
    Channel.HEALTH: Route(Health, f"{_GATE}/health", up=True, qos=0, retain=False, max_bytes=16 * _KIB),
    Channel.ACK: Route(Ack, f"{_GATE}/ack", up=False, qos=1, retain=True, max_bytes=4 * _KIB, signed=True),
    # Retained: of two gates with one id, each receives it when it is connected.
    Channel.REFUSAL: Route(Refusal, f"{_GATE}/refusal", up=False, qos=1, retain=True, max_bytes=4 * _KIB, signed=True),
    Channel.COMMAND: Route(Command, f"{_GATE}/command", up=False, qos=1, retain=False, max_bytes=8 * _KIB, signed=True),
    Channel.SNAPSHOT_REQUEST: Route(
        SnapshotRequest, f"{_GATE}/request", up=True, qos=1, retain=False, max_bytes=4 * _KIB
    ),
    Channel.REGISTER: Route(Registration, f"{_GATE}/register", up=True, qos=1, retain=False, max_bytes=4 * _KIB),
    Channel.REGISTERED: Route(
        RegistrationAnswer, f"{_GATE}/registered", up=False, qos=1, retain=False, max_bytes=4 * _KIB, signed=True
    ),
    # Before the parts of lists: their patterns match these topics too.
    Channel.ROSTER_DELTA: _list(RosterDelta, "roster", "delta"),
    Channel.RISK_DELTA: _list(RiskDelta, "risk", "delta"),
    Channel.DIRECTORY_DELTA: _list(DirectoryDelta, "directory", "delta"),
    # The next one, a second later, says the same and more: none has to be sent twice.
    Channel.PRESENCE_DELTA: _list(PresenceDelta, "presence", "delta", qos=0),
    Channel.ROSTER: _list(RosterSnapshot, "roster"),
    Channel.RISK: _list(RiskSnapshot, "risk"),
    Channel.POLICY: _list(PolicySnapshot, "policy"),
    Channel.DIRECTORY: _list(DirectorySnapshot, "directory"),
    Channel.PRESENCE: _list(PresenceSnapshot, "presence"),
    Channel.HQ_STATE: Route(HqState, f"{PREFIX}/hq/state", up=False, qos=1, retain=True, max_bytes=4 * _KIB),
}


DELTA_CHANNELS = {
    ListKind.ROSTER: Channel.ROSTER_DELTA,
    ListKind.RISK: Channel.RISK_DELTA,
    ListKind.DIRECTORY: Channel.DIRECTORY_DELTA,
}
"""The channel of each list's changes, of lists that HQ publishes as versions. It always sends a policy whole."""


def topic(channel: Channel, site_id: str = "+", gate_id: str = "+", part: int | None = None) -> str:
    """Return the topic of a channel. Without ids and part it is the filter for all sites, gates and parts."""
    return ROUTES[channel].pattern.format(site_id=site_id, gate_id=gate_id, part=part or "+")


def channel_of(name: str) -> tuple[Channel, str, str] | None:
    """Return (channel, site_id, gate_id) of a received topic, '' where it has none; None for a foreign topic.

    The number of a list's part is read from the signed header, not from the topic."""
    got = name.split("/")
    for channel, route in ROUTES.items():
        want = route.pattern.split("/")
        if len(want) != len(got):
            continue
        ids = {w: g for w, g in zip(want, got, strict=True) if w.startswith("{")}
        if all(w == g or w in ids for w, g in zip(want, got, strict=True)):
            return channel, ids.get("{site_id}", ""), ids.get("{gate_id}", "")
    return None
