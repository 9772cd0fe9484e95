"""Sends the journal to HQ: reads records, sends them by the window's rules, moves the window by HQ's answers."""

from collections.abc import Callable
from datetime import datetime

import structlog

from contract.codec import BadMessage, decode_event_header, encode
from contract.messages import Ack, EventBatch, EventRecord, NoticeCode
from edge.core.config import SiteConfig, SyncConfig
from edge.core.ports import JournalReader
from edge.replica.writer import ReplicaWriter
from edge.storage.signed_heads import EVERY
from edge.sync.incident_log import IncidentLog
from edge.sync.metrics import AckWatch, SyncMeters
from edge.sync.send_window import AckEffect, Window, fit
from edge.sync.signed_records import sendable

log = structlog.get_logger()

RESYNC_ANSWERS_S = 60.0
"""For this time after a resync HQ may answer for every epoch that it ever received under this gate's id."""


class Outbox:
    """Follows the journal, also into a new epoch. Deletes nothing."""

    def __init__(
        self,
        journal: JournalReader,
        *,
        site: SiteConfig,
        config: SyncConfig,
        replica: ReplicaWriter,
        incidents: IncidentLog,
        publish: Callable[[bytes], bool],
        meters: SyncMeters,
        followed: set[str],
        set_aside: bool,
    ) -> None:
        """`publish`: hands one batch over, and returns False if it cannot.

        `followed`: epochs of all journals that are sent from here. `set_aside`: see `EventBatch`.
        """
        self._site, self._config, self._journal = site, config, journal
        self._replica, self._incidents, self._publish = replica, incidents, publish
        self._meters, self._watch = meters, AckWatch(meters)
        self._window: Window | None = None
        self._head = 0
        self._followed, self._set_aside = followed, set_aside
        self._others_answered_until_s = 0.0

    @property
    def unsent(self) -> int:
        """The number of events that HQ has not acknowledged."""
        return max(0, self._head - self._window.acked) if self._window else 0

    def follow(self) -> None:
        """Look at the journal. It may not exist yet, and it may have been replaced."""
        if not self._journal.changed():
            return
        epoch, head = self._journal.epoch, self._journal.head()
        if not epoch:
            return
        if self._window is None or self._window.epoch != epoch:
            acked = self._replica.acked(self._site.gate_id, epoch)
            self._window = Window(epoch, self._config.window_batches, self._config.ack_timeout_s, acked, head)
            self._watch = AckWatch(self._meters)
            self._followed.add(epoch)
            log.info("journal_followed", epoch=epoch, head=head, acked=self._window.acked)
        self._head = head

    def send(self, now_s: float, *, hq_away: bool) -> None:
        """Send as many batches as the window allows now."""
        window = self._window
        while window is not None and (after := self._next(window, now_s, hq_away=hq_away)) is not None:
            base = self._journal.base()[0]  # read before the records: an event pruned in between only waits for a turn
            records = self._records(window.epoch, after)
            if not records or not self._publish(self._batch(window.epoch, base, records)):
                return
            window.note_sent(records[-1].seq, now_s)
            self._watch.sent(records[0].seq, records[-1].seq, now_s)

    def acknowledged(self, ack: Ack, envelope: bytes, now_s: float, *, retained: bool) -> None:
        """Take HQ's answer, and keep it in the replica if it is new. `retained`: it may be old."""
        if self._window is None:  # unknown what it answers: the broker or HQ will repeat it
            return
        base = self._journal.base()[0]
        if self._set_aside and ack.epoch == self._window.epoch and ack.seq > self._head:
            self._note_beyond(ack, envelope, base, now_s)
            return
        if self._is_anothers(ack.epoch, ack.seq, ack.hash):
            self._note_twin(ack, base, now_s)
            return
        if ack.epoch == self._window.epoch and ack.hash is not None and ack.seq < min(base, self._window.acked):
            self._window.doubt(ack.seq)  # the own event is pruned: it may be a backup of HQ's, or a copy of this card
            return
        effect = self._window.note_ack(ack, now_s)
        if effect is AckEffect.PROGRESS:
            self._watch.acknowledged(ack.seq, now_s)
        live = not retained and not self._set_aside and now_s >= self._others_answered_until_s
        if effect is AckEffect.OTHER_EPOCH and live and self._never_here(ack.epoch):
            text = f"HQ is receiving epoch {ack.epoch} under this gate's id, and it is not from here: find the other computer"
            self._incidents.report(NoticeCode.TWIN_GATE, text, f"twin {ack.epoch}".encode())
        if effect is AckEffect.IMPOSSIBLE:
            text = f"HQ acknowledges event {ack.seq} of epoch {ack.epoch}, the journal has {self._head}"
            self._incidents.report(NoticeCode.MESSAGE_REFUSED, text, envelope)
        if effect in (AckEffect.RESEND, AckEffect.SET_BACK):
            self._watch.lost()
            log.warning("events_sent_again", effect=effect.value, after=self._window.acked)
        if effect in (AckEffect.RESEND, AckEffect.SET_BACK) and ack.seq < base:
            self._note_lost(ack.seq, base, envelope)
        if effect in (AckEffect.PROGRESS, AckEffect.RESEND, AckEffect.SET_BACK):
            self._replica.save_ack(ack, envelope)

    def restart(self) -> None:
        """Go on after HQ's watermark at once: there is a new connection, or HQ is back."""
        if self._window is not None:
            self._window.reconnected()
            self._watch.lost()

    def resync(self, now_s: float) -> None:
        """`restart`. HQ repeats its answers, also those to journals from before this card."""
        self._others_answered_until_s = now_s + RESYNC_ANSWERS_S
        self.restart()

    def oldest_unsent_s(self, now: datetime) -> float:
        """Return the age of the oldest event that HQ does not hold, in seconds; 0 if there is none."""
        if self._window is None or not self.unsent:
            return 0.0
        try:
            records = self._journal.records(self._window.acked, 1)
            return max(0.0, (now - decode_event_header(records[0].body).utc).total_seconds()) if records else 0.0
        except BadMessage:
            return 0.0

    def _next(self, window: Window, now_s: float, *, hq_away: bool) -> int | None:
        """See `Window.send_after`. It may conclude that HQ holds less than before; that is reported."""
        before = window.acked
        after = window.send_after(self._head, now_s, hq_away=hq_away)
        if window.acked < before and window.acked < (base := self._journal.base()[0]):
            self._note_lost(window.acked, base, f"lost {window.epoch} {window.acked}".encode())
        return after

    def _note_lost(self, seq: int, base: int, evidence: bytes) -> None:
        epoch = self._window.epoch if self._window else ""
        text = f"HQ holds epoch {epoch} up to event {seq} only, and {seq + 1} to {base} were removed here"
        self._incidents.report(NoticeCode.EVENTS_LOST, f"{text}: was HQ restored from an older backup?", evidence)

    def _note_beyond(self, ack: Ack, envelope: bytes, base: int, now_s: float) -> None:
        """Take an answer beyond what could be saved of a damaged journal. Only the sent events can show that it is the
        same journal.

        The answer is kept once HQ is known to hold the last saved event: then the gate may remove the file.
        """
        window, seq, digest = self._window, ack.batch_seq, ack.batch_hash
        if window is None or seq is None or digest is None:
            return
        if self._is_anothers(ack.epoch, seq, digest):
            self._note_twin(ack, base, now_s)
            return
        if seq > window.acked:
            window.note_ack(ack.model_copy(update={"seq": seq, "hash": digest}), now_s)
            self._watch.acknowledged(seq, now_s)
        if seq == self._head:
            self._replica.save_ack(ack, envelope)

    def _note_twin(self, ack: Ack, base: int, now_s: float) -> None:
        """Take the acknowledgement of another journal. It may show that HQ holds this one up to where the two part.

        It is not kept in the replica: the gate process would take its `seq` for its own, and remove events that HQ does
        not hold.
        """
        text = f"HQ holds event {ack.seq} of epoch {ack.epoch}, and not as this gate wrote it: is a copy of its card in use?"
        self._incidents.report(NoticeCode.TWIN_GATE, text, f"twin {ack.epoch}".encode())
        window, seq, digest = self._window, ack.batch_seq, ack.batch_hash
        if window is None or seq is None or digest is None or self._is_anothers(ack.epoch, seq, digest):
            if window is not None:
                window.doubt(base)
        elif seq > window.acked:
            window.note_ack(ack.model_copy(update={"seq": seq, "hash": digest}), now_s)

    def _never_here(self, epoch: str) -> bool:
        """Return False for an earlier journal of this gate, whose last events may be answered now."""
        return epoch not in self._followed and self._replica.acked(self._site.gate_id, epoch) is None

    def _is_anothers(self, epoch: str, seq: int, digest: str | None) -> bool:
        """Return True if record `seq` of this epoch has another hash here, or does not exist here."""
        if digest is None or not seq or self._journal.epoch != epoch:
            return False
        base, base_hash = self._journal.base()
        if seq <= base:
            return seq == base and digest != base_hash
        head = self._journal.head()
        if not head:  # it cannot be read just now
            return False
        if seq > head:
            return True
        found = self._journal.records(seq - 1, 1)
        return bool(found) and found[0].hash != digest

    def _records(self, epoch: str, after: int) -> tuple[EventRecord, ...]:
        """Return what can be sent now: of a signed journal, up to a record that the gate process has signed."""
        rows = self._journal.records(after, max(self._config.batch_events, 2 * EVERY))
        records = fit(rows[: self._config.batch_events])
        if self._journal.signed:
            records = sendable(records, rows)
        return records if self._journal.epoch == epoch else ()

    def _batch(self, epoch: str, base: int, records: tuple[EventRecord, ...]) -> bytes:
        site, aside = self._site, self._set_aside
        head = {"site_id": site.site_id, "gate_id": site.gate_id, "epoch": epoch, "base_seq": base, "set_aside": aside}
        return encode(EventBatch(**head, records=records))
