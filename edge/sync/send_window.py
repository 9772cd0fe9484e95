"""Decides what to send next and what to send again: a window of batches ahead of HQ's acknowledgement.

`Window` is pure: it knows sequence numbers and times, neither records nor a network. HQ stores idempotently: sending
twice is harmless. Only an acknowledgement moves the window.
"""

import json
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from contract.messages import Ack, EventRecord

BATCH_BYTES = 256 * 1024
"""An `EventBatch` stays below this, unless a single record is larger."""
DOUBT_TIMEOUTS = 2
"""Number of time-outs in a row after which a doubtful answer counts."""
PATIENCE_MAX = 8
"""While HQ is slow, the wait for an answer grows up to this many time-outs."""
_RECORD_BYTES = 320
"""Size at most of a record's hashes, number, field names and the signature of an erasure."""


class AckEffect(StrEnum):
    PROGRESS = "progress"
    RESEND = "resend"
    """HQ repeats its answer without a batch that came twice: it saw a hole, and waits for what follows its watermark.
    """
    SET_BACK = "set_back"
    """HQ holds less than before (restored from a backup). What it lacks is sent again."""
    OLD = "old"
    OTHER_EPOCH = "other_epoch"
    IMPOSSIBLE = "impossible"
    """HQ claims to hold events that were never sent."""


class Window:
    """The outbox's position within one epoch.

    `acked`: HQ holds everything up to this seq. `sent`: everything up to this seq was sent on this connection.
    `head` at the start bounds what an earlier process may have sent.
    """

    def __init__(self, epoch: str, batches: int, ack_timeout_s: float, acked: Ack | None, head: int) -> None:
        self.epoch = epoch
        self._batches, self._timeout_s = batches, ack_timeout_s
        self._ack_utc: datetime | None = acked.utc if acked else None
        self.acked = self.sent = acked.seq if acked else 0
        self._ever_sent = max(head, self.acked)
        self._in_flight: deque[int] = deque()
        self._since_s = 0.0
        self._resent_from = -1
        self._patience_s = ack_timeout_s
        self._silent_since_s: float | None = None
        self._allowed = batches
        self._doubted: int | None = None
        self._timeouts = 0

    def send_after(self, head: int, now_s: float, *, hq_away: bool = False) -> int | None:
        """Return the seq after which the next batch starts, or None if there is nothing to send now.

        While HQ says that it is away, send one batch at a time as a probe. After a time-out, too, send one batch, and
        widen the window with each acknowledgement: a slow HQ must not receive again and again what it already has.
        """
        if self._in_flight and now_s - self._since_s >= self._patience_s:
            self._timed_out()
        full = len(self._in_flight) >= (1 if hq_away else self._allowed)
        return None if full or self.sent >= head else self.sent

    def note_sent(self, last_seq: int, now_s: float) -> None:
        """Note that a batch ending with `last_seq` went out."""
        if not self._in_flight:
            self._since_s = now_s
        if self._silent_since_s is None:
            self._silent_since_s = now_s
        self._in_flight.append(last_seq)
        self.sent = last_seq
        self._ever_sent = max(self._ever_sent, last_seq)

    def note_ack(self, ack: Ack, now_s: float) -> AckEffect:
        """Move the window by HQ's acknowledgement. The order of arrival does not matter."""
        if ack.epoch != self.epoch:
            return AckEffect.OTHER_EPOCH
        if ack.seq > self._ever_sent:
            return AckEffect.IMPOSSIBLE
        newer = self._ack_utc is None or ack.utc > self._ack_utc
        if ack.seq > self.acked:
            return self._progress(ack, now_s)
        if not newer:
            if ack.seq < self.acked:
                self.doubt(ack.seq)
            return AckEffect.OLD
        self._ack_utc = ack.utc
        if ack.seq < self.acked:
            self.acked = ack.seq
            self._rewind()
            return AckEffect.SET_BACK
        if ack.batch_seq is None and self._in_flight and self._resent_from != self.acked:
            self._resent_from = self.acked  # once per watermark: each batch of a lost window causes such an answer
            self._rewind()
            return AckEffect.RESEND
        return AckEffect.OLD

    def doubt(self, seq: int) -> None:
        """Note a doubtful answer: HQ holds no more than `seq`. By its time it is old, or it is meant for another gate.

        Times are no proof: HQ's clock may have been in the future. If nothing moves meanwhile, the answer counts: to
        send what HQ already has costs bytes, never an event.
        """
        self._doubted = seq if self._doubted is None else min(self._doubted, seq)

    def reconnected(self) -> None:
        """Go on after the watermark: everything in flight is lost or will be a duplicate."""
        self._resent_from, self._allowed, self._silent_since_s = -1, self._batches, None
        self._rewind()

    def _progress(self, ack: Ack, now_s: float) -> AckEffect:
        self._ack_utc = max(ack.utc, self._ack_utc) if self._ack_utc else ack.utc
        self.acked = ack.seq
        self.sent = max(self.sent, ack.seq)
        while self._in_flight and self._in_flight[0] <= ack.seq:
            self._in_flight.popleft()
        # Since the last answer, not since the last sending: this may be the answer to the first of several copies.
        waited_s = 0.0 if self._silent_since_s is None else now_s - self._silent_since_s
        self._since_s, self._silent_since_s = now_s, now_s if self._in_flight else None
        self._patience_s = min(max(2 * waited_s, self._patience_s / 2, self._timeout_s), PATIENCE_MAX * self._timeout_s)
        self._allowed = min(self._allowed + 1, self._batches)
        self._doubted, self._timeouts = None, 0
        return AckEffect.PROGRESS

    def _timed_out(self) -> None:
        self._timeouts += 1
        self._allowed = 1
        if self._timeouts > 1:
            self._patience_s = min(2 * self._patience_s, PATIENCE_MAX * self._timeout_s)
        if self._doubted is not None and self._timeouts >= DOUBT_TIMEOUTS:
            self.acked = min(self.acked, self._doubted)
            self._ack_utc, self._doubted, self._timeouts = None, None, 0
        self._rewind()

    def _rewind(self) -> None:
        self._in_flight.clear()
        self.sent = self.acked


def fit(records: Sequence[EventRecord], limit_bytes: int = BATCH_BYTES) -> tuple[EventRecord, ...]:
    """Return the leading records that fit into one message; at least one if there is any."""
    size, count = 0, 0
    for record in records:
        size += _RECORD_BYTES + len(json.dumps(record.body))
        if count and size > limit_bytes:
            break
        count += 1
    return tuple(records[:count])
