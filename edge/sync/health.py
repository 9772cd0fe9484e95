"""The gate's regular health message."""

import psutil

from contract.messages import Health, ListKind
from contract.topics import Channel
from edge.core.config import Config
from edge.core.disk_policy import HEALTH_SLOWER
from edge.core.domain import LiveState
from edge.core.layout import JOURNAL
from edge.core.ports import Clock
from edge.replica.writer import ReplicaWriter
from edge.sync.live_state import GateState
from edge.sync.mqtt import MqttLink
from edge.sync.sender import Sender
from edge.sync.status import StatusReport
from edge.sync.uplink import Uplink
from edge.system.host import cpu_temperature_c


class HealthReport:
    """Publishes the health at the configured pace, slower while the disk is nearly full. Needs a connection."""

    def __init__(
        self,
        config: Config,
        *,
        clock: Clock,
        link: MqttLink,
        sender: Sender,
        replica: ReplicaWriter,
        gate: GateState,
        uplink: Uplink,
        status: StatusReport,
    ) -> None:
        self._config, self._clock, self._link, self._sender = config, clock, link, sender
        self._replica, self._gate, self._uplink, self._status = replica, gate, uplink, status
        self._due_s = 0.0

    def due(self) -> float:
        return self._due_s

    def run(self, now_s: float) -> None:
        """Publish the health."""
        live = self._gate.read()
        slower = HEALTH_SLOWER[live.disk.step] if live.disk else 1
        self._due_s = now_s + self._config.sync.health_every_s * slower
        self._status.model_id = live.model_id or self._status.model_id
        self._sender.send(self._link, Channel.HEALTH, self._message(live))

    def connected(self, now_s: float) -> None:
        """Keep the pace: a connection that comes and goes must not cause more messages."""

    def _message(self, live: LiveState) -> Health:
        now = self._clock.utc()
        ages = {kind: max(0.0, (now - issued).total_seconds()) for kind, issued in self._replica.issued().items()}
        recognition, disk = live.recognition, live.disk
        return Health(
            gate_id=self._config.site.gate_id,
            site_id=self._config.site.site_id,
            utc=now,
            unsent_events=self._uplink.unsent,
            oldest_unsent_s=self._uplink.journal.oldest_unsent_s(now),
            camera_ok=live.camera_ok,
            frames_per_s=live.frames_per_s,
            gate_state=live.gate_state,
            disk_free_mb=int(psutil.disk_usage(str(self._config.paths.state_dir)).free / 1e6),
            disk_step=disk.step.value if disk else "",
            disk_days_left=disk.days_left if disk else None,
            cpu_temperature_c=cpu_temperature_c(),
            roster_age_s=ages.get(ListKind.ROSTER),
            risk_age_s=ages.get(ListKind.RISK),
            policy_age_s=ages.get(ListKind.POLICY),
            lists_refused=tuple(sorted(live.lists_refused)),
            topics_refused=tuple(one.short[:200] for one in self._link.rights.refused[:20]),
            threshold=live.threshold,
            threshold_proposed=recognition.proposed if recognition else None,
            drift_alarms=recognition.alarms[:20] if recognition else (),
            gallery_size=live.gallery_size,
            model_id=live.model_id,
            clock_trusted=live.clock_trusted,
            uptime_s=live.uptime_s,
            memory_mb=live.memory_mb,
            journal_mb=round(self._journal_bytes() / 1e6, 2),
            passages=live.passages,
        )

    def _journal_bytes(self) -> int:
        """Return the journal's size on disk, with its -wal file."""
        path = self._config.paths.state_dir / JOURNAL
        return sum(p.stat().st_size for p in (path, path.with_name(f"{path.name}-wal")) if p.exists())
