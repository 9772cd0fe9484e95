"""The gate's birth message, and its Last Will: which lists, keys and weights it holds."""

import platform
from dataclasses import asdict, dataclass

from contract.messages import GateStatus, ListBase, ListInForce, ListKind
from contract.topics import Channel
from edge.core.config import SiteConfig
from edge.core.ports import Clock, JournalReader
from edge.replica.writer import ReplicaWriter
from edge.sync.jobs import NEXT_TURN
from edge.sync.key_watch import HeldKeys, KeyWatch
from edge.sync.live_state import GateState
from edge.sync.mqtt import MqttLink
from edge.sync.sender import Sender, Will
from edge.system.host import system

_HELD_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class HeldLists:
    """What HQ wants to know of the lists here, and of templates that must be gone. See `GateStatus`."""

    roster_kept: ListBase | None = None
    roster_used: ListBase | None = None
    sealed_enrolments: int | None = None
    lists_kept: tuple[ListInForce, ...] = ()
    lists_used: tuple[ListInForce, ...] = ()


class StatusReport:
    """Publishes the birth message, and again whenever something in it changed. Needs a connection.

    `model_id`: the gate process's weights, as last reported.
    """

    def __init__(
        self,
        site: SiteConfig,
        *,
        software: str,
        clock: Clock,
        link: MqttLink,
        sender: Sender,
        will: Will,
        replica: ReplicaWriter,
        journal: JournalReader,
        keys: KeyWatch,
        gate: GateState,
    ) -> None:
        self._site, self._software, self._clock = site, software, clock
        self._link, self._sender, self._will = link, sender, will
        self._replica, self._journal, self._keys, self._gate = replica, journal, keys, gate
        self.model_id = ""
        self._held, self._held_due_s = HeldLists(), 0.0
        self._announced: tuple[dict[ListKind, int], str, HeldKeys, HeldLists] | None = None
        will.status = self.message(online=False)

    def due(self) -> float:
        return NEXT_TURN

    def run(self, now_s: float) -> None:
        """Publish the status if it changed. Raises ReplicaError."""
        if now_s >= self._held_due_s:
            self._held_due_s = now_s + _HELD_EVERY_S
            live = self._gate.read()
            self._held = HeldLists(
                self._replica.base(ListKind.ROSTER),
                live.roster_base,
                self._journal.sealed(),
                self._replica.in_force(),
                tuple(
                    ListInForce(kind=kind, list_version=mark.version, digest=mark.digest)
                    for kind, mark in sorted(live.lists_used.items())
                ),
            )
        present = self._replica.versions(), self.model_id, self._keys.held, self._held
        self._will.status = self.message(online=False)  # for the next connection
        if present == self._announced:
            return
        if self._sender.send(self._link, Channel.STATUS, self.message(online=True)):
            self._announced = present
            self._replica.keep_serial(self._sender.signer.last)

    def connected(self, now_s: float) -> None:
        """Publish the birth message at the next turn."""
        self._announced = None
        self.model_id = self._gate.read().model_id

    def repeat(self) -> None:
        """Publish the status at the next turn, changed or not."""
        self._announced = None

    def message(self, *, online: bool, planned: bool = False) -> GateStatus:
        """Return the status as it is now. `planned`: this process ends in the orderly way."""
        versions, keys = self._replica.versions(), self._keys.held
        return GateStatus(
            gate_id=self._site.gate_id,
            site_id=self._site.site_id,
            online=online,
            planned=planned,
            software=self._software,
            roster_version=versions.get(ListKind.ROSTER, 0),
            risk_version=versions.get(ListKind.RISK, 0),
            policy_version=versions.get(ListKind.POLICY, 0),
            model_id=self.model_id,
            python=platform.python_version(),
            system=system(),
            # The Will is written now and sent at an unknown later time: it cannot know the keys or the time of then.
            trusts=keys.trusts if online else (),
            opens=keys.opens if online else (),
            takes_changes=True,
            **(asdict(self._held) if online else {}),
            utc=self._clock.utc() if online or planned else None,
            connection=self._will.connection,
        )
