"""Report to gates what HQ could not accept of theirs: few messages for any number of refusals."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import ValidationError

from contract.messages import Refusal
from hq.database.clock import now
from hq.database.quarantine import quarantined_row, report_up_to, unreported
from hq.database.store import Store

PAUSE_MIN_S, PAUSE_MAX_S = 60.0, 3600.0
"""Between two messages to one gate. What comes meanwhile is reported in one. The pause doubles while it goes on."""
GATES_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class _Pause:
    until_s: float
    length_s: float


class RefusalQueue:
    """Call `due`, publish, call `mark_reported`.

    After a crash in between a refusal is sent twice; a gate records it once.
    """

    def __init__(self, store: Store, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store, self._monotonic = store, monotonic
        self._pauses: dict[str, _Pause] = {}

    def due(self) -> list[tuple[str, int, Refusal]]:
        """List, for every gate to be informed now: site, the newest quarantine row that is meant, and the message."""
        found: list[tuple[str, int, Refusal]] = []
        with self._store.read() as db:
            for gate in unreported(db):
                pause = self._pauses.get(gate.gate_id)
                if (pause and self._monotonic() < pause.until_s) or len(found) == GATES_AT_ONCE:
                    continue
                row = quarantined_row(db, gate.newest)
                values = {"gate_id": gate.gate_id, "epoch": row.epoch, "seq": row.seq, "reason": row.reason}
                try:
                    message = Refusal.model_validate({**values, "more": gate.waiting - 1, "utc": row.received_utc})
                except ValidationError:  # a topic with names that no gate can have: no gate listens there
                    self.mark_reported(gate.gate_id, gate.newest)
                    continue
                found.append((row.site_id, gate.newest, message))
        return found

    def mark_reported(self, gate_id: str, newest: int) -> None:
        """Note that this gate was informed of everything up to this row."""
        now_s, before = self._monotonic(), self._pauses.get(gate_id)
        again = before is not None and now_s < before.until_s + PAUSE_MAX_S
        length_s = min(PAUSE_MAX_S, 2 * before.length_s) if before and again else PAUSE_MIN_S
        self._pauses[gate_id] = _Pause(now_s + length_s, length_s)
        with self._store.write() as db:
            report_up_to(db, gate_id, newest, now())
