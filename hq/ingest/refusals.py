"""Tells gates what HQ could not take of theirs: few messages, however much there is."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import ValidationError
from sqlalchemy import func, select, update

from contract.backoff import Backoff
from contract.messages import Refusal
from hq.database import tables as t
from hq.database.store import Store, now

PAUSE_MIN_S, PAUSE_MAX_S = 60.0, 3600.0
"""Between two messages to one gate; what comes meanwhile is told in one. The pause doubles while it goes on."""
GATES_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class _Pause:
    until_s: float
    backoff: Backoff


class Refusals:
    """`due`, publish, `told`: told twice if we die in between, which a gate records once."""

    def __init__(self, store: Store, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store, self._monotonic = store, monotonic
        self._pauses: dict[str, _Pause] = {}

    def due(self) -> list[tuple[str, int, Refusal]]:
        """(site, the newest quarantine row that is meant, the message) of every gate that is to be told now."""
        rows = t.quarantine.c
        found: list[tuple[str, int, Refusal]] = []
        waiting = (
            select(rows.gate_id, func.count().label("waiting"), func.max(rows.id).label("newest"))
            .where(rows.told_utc.is_(None))
            .group_by(rows.gate_id)
        )
        with self._store.read() as db:
            for gate in db.execute(waiting).all():
                pause = self._pauses.get(gate.gate_id)
                if (pause and self._monotonic() < pause.until_s) or len(found) == GATES_AT_ONCE:
                    continue
                columns = (rows.site_id, rows.epoch, rows.seq, rows.reason, rows.received_utc)
                row = db.execute(select(*columns).where(rows.id == gate.newest)).one()
                values = {"gate_id": gate.gate_id, "epoch": row.epoch, "seq": row.seq, "reason": row.reason}
                try:
                    message = Refusal.model_validate({**values, "more": gate.waiting - 1, "utc": row.received_utc})
                except ValidationError:  # a topic whose names no gate can have: nobody listens there
                    self.told(gate.gate_id, gate.newest)
                    continue
                found.append((row.site_id, gate.newest, message))
        return found

    def told(self, gate_id: str, newest: int) -> None:
        """This gate knows of everything up to this row."""
        now_s, before = self._monotonic(), self._pauses.get(gate_id)
        again = before is not None and now_s < before.until_s + PAUSE_MAX_S
        backoff = before.backoff if before and again else Backoff(PAUSE_MIN_S, PAUSE_MAX_S)
        self._pauses[gate_id] = _Pause(now_s + backoff.next_s(), backoff)
        rows = t.quarantine.c
        with self._store.write() as db:
            where = (rows.gate_id == gate_id, rows.told_utc.is_(None), rows.id <= newest)
            db.execute(update(t.quarantine).where(*where).values(told_utc=now()))
