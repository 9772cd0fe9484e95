"""The journal's way to HQ: reads records, sends them by the window's rules, moves the window by HQ's answers."""

from collections.abc import Callable
from datetime import datetime

import structlog

from contract.codec import BadMessage, decode_event_header, encode
from contract.messages import Ack, EventBatch, EventRecord, NoticeCode
from edge.config import SiteConfig, SyncConfig
from edge.ports import JournalReader
from edge.sync.incidents import IncidentLog
from edge.sync.meters import AckWatch, SyncMeters
from edge.sync.replica import ReplicaWriter
from edge.sync.uplink import AckEffect, Window, fit

log = structlog.get_logger()


class Outbox:
    """Follows the journal, also into a new epoch; deletes nothing. `publish` hands one batch over, False if it cannot."""

    def __init__(
        self,
        site: SiteConfig,
        config: SyncConfig,
        journal: JournalReader,
        replica: ReplicaWriter,
        incidents: IncidentLog,
        publish: Callable[[bytes], bool],
        meters: SyncMeters,
    ) -> None:
        self._site, self._config, self._journal = site, config, journal
        self._replica, self._incidents, self._publish = replica, incidents, publish
        self._meters, self._watch = meters, AckWatch(meters)
        self._window: Window | None = None
        self._head = 0

    @property
    def unsent(self) -> int:
        """Events that HQ has not acknowledged."""
        return max(0, self._head - self._window.acked) if self._window else 0

    def follow(self) -> None:
        """Look at the journal; it may not exist yet, and it may have been replaced."""
        if not self._journal.changed():
            return
        epoch, head = self._journal.epoch, self._journal.head()
        if not epoch:
            return
        if self._window is None or self._window.epoch != epoch:
            acked = self._replica.acked(self._site.gate_id, epoch)
            self._window = Window(epoch, self._config.window_batches, self._config.ack_timeout_s, acked, head)
            self._watch = AckWatch(self._meters)
            log.info("journal_followed", epoch=epoch, head=head, acked=self._window.acked)
        self._head = head

    def send(self, now_s: float, *, hq_away: bool) -> None:
        """Send as many batches as the window allows now."""
        window = self._window
        while window is not None and (after := window.send_after(self._head, now_s, hq_away=hq_away)) is not None:
            records = self._records(window.epoch, after)
            if not records or not self._publish(self._batch(window.epoch, records)):
                return
            window.note_sent(records[-1].seq, now_s)
            self._watch.sent(records[0].seq, records[-1].seq, now_s)

    def acknowledged(self, ack: Ack, envelope: bytes, now_s: float) -> None:
        """HQ's answer: kept in the replica if it says something new."""
        if self._window is None:  # not yet known what it answers: the broker or HQ will repeat it
            return
        effect = self._window.note_ack(ack, now_s)
        if effect is AckEffect.PROGRESS:
            self._watch.acknowledged(ack.seq, now_s)
        if effect is AckEffect.IMPOSSIBLE:
            text = f"HQ acknowledges event {ack.seq} of epoch {ack.epoch}, the journal has {self._head}"
            self._incidents.report(NoticeCode.MESSAGE_REFUSED, text, envelope)
        if effect in (AckEffect.RESEND, AckEffect.SET_BACK):
            self._watch.lost()
            log.warning("events_sent_again", effect=effect.value, after=self._window.acked)
        if effect in (AckEffect.PROGRESS, AckEffect.RESEND, AckEffect.SET_BACK):
            self._replica.save_ack(ack, envelope)

    def restart(self) -> None:
        """A new connection, or HQ is back: go on after its watermark at once."""
        if self._window is not None:
            self._window.reconnected()
            self._watch.lost()

    def oldest_unsent_s(self, now: datetime) -> float:
        """Age of the oldest event that HQ does not hold, in seconds; 0 if there is none."""
        if self._window is None or not self.unsent:
            return 0.0
        try:
            records = self._journal.records(self._window.acked, 1)
            return max(0.0, (now - decode_event_header(records[0].body).utc).total_seconds()) if records else 0.0
        except BadMessage:
            return 0.0

    def _records(self, epoch: str, after: int) -> tuple[EventRecord, ...]:
        records = fit(self._journal.records(after, self._config.batch_events))
        return records if self._journal.epoch == epoch else ()

    def _batch(self, epoch: str, records: tuple[EventRecord, ...]) -> bytes:
        return encode(EventBatch(site_id=self._site.site_id, gate_id=self._site.gate_id, epoch=epoch, records=records))
