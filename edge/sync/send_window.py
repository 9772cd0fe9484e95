"""What to send next, and when to send it again: a window of batches ahead of HQ's acknowledgement.

`Window` is pure: it knows sequence numbers and times, neither records nor a network. HQ stores idempotently, so
sending twice is harmless; only an acknowledgement moves the window.
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
"""So often in a row nothing may come of what is sent before a doubtful answer is believed."""
PATIENCE_MAX = 8
"""The wait for an answer grows up to so many times the time-out while HQ is slow."""
_RECORD_BYTES = 200
"""Room for a record's hashes, number and field names."""


class AckEffect(StrEnum):
    PROGRESS = "progress"
    RESEND = "resend"
    """HQ repeats itself, and not because a batch came twice: it saw a hole and waits for what follows its watermark."""
    SET_BACK = "set_back"
    """HQ holds less than it once did (restored from a backup): what it misses is sent again."""
    OLD = "old"
    OTHER_EPOCH = "other_epoch"
    IMPOSSIBLE = "impossible"
    """HQ claims to hold what was never sent."""


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
        """The seq after which the next batch starts; None if there is nothing to send, or nothing yet.

        While HQ says that it is away, one batch at a time goes out as a probe instead of a whole window; after silence too,
        and more again with every answer: a slow HQ must not be buried under what it already has.
        """
        if self._in_flight and now_s - self._since_s >= self._patience_s:
            self._timed_out()
        full = len(self._in_flight) >= (1 if hq_away else self._allowed)
        return None if full or self.sent >= head else self.sent

    def note_sent(self, last_seq: int, now_s: float) -> None:
        """A batch ending with `last_seq` went out."""
        if not self._in_flight:
            self._since_s = now_s
        if self._silent_since_s is None:
            self._silent_since_s = now_s
        self._in_flight.append(last_seq)
        self.sent = last_seq
        self._ever_sent = max(self._ever_sent, last_seq)

    def note_ack(self, ack: Ack, now_s: float) -> AckEffect:
        """Move by HQ's acknowledgement. Order of arrival does not matter."""
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
            self._resent_from = self.acked  # once per watermark: each batch of a lost window draws such an answer
            self._rewind()
            return AckEffect.RESEND
        return AckEffect.OLD

    def doubt(self, seq: int) -> None:
        """An answer says that HQ holds no more than `seq`; by its time it is old, or it is meant for another gate.

        Times are no proof: HQ's clock may have been in the future once. If nothing moves meanwhile, it is believed: to
        send what HQ has costs bytes, never an event.
        """
        self._doubted = seq if self._doubted is None else min(self._doubted, seq)

    def reconnected(self) -> None:
        """Whatever was in flight is lost or will be a duplicate: go on after the watermark."""
        self._resent_from, self._allowed, self._silent_since_s = -1, self._batches, None
        self._rewind()

    def _progress(self, ack: Ack, now_s: float) -> AckEffect:
        self._ack_utc = max(ack.utc, self._ack_utc) if self._ack_utc else ack.utc
        self.acked = ack.seq
        self.sent = max(self.sent, ack.seq)
        while self._in_flight and self._in_flight[0] <= ack.seq:
            self._in_flight.popleft()
        # Since the last answer, not since it was sent last: what answers now may be the first of several copies.
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
    """The leading records that fit into one message; at least one if there is any."""
    size, count = 0, 0
    for record in records:
        size += _RECORD_BYTES + len(json.dumps(record.body))
        if count and size > limit_bytes:
            break
        count += 1
    return tuple(records[:count])
