"""A journal in memory and shorthands for the screen's unit tests."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from contract.chain import GENESIS, link
from contract.messages import (
    AccessEvent,
    Advice,
    AnyEvent,
    Direction,
    Event,
    EventRecord,
    ListKind,
    PassageEvent,
    PassageOutcome,
    Reason,
)
from edge.core.domain import LiveState, Tone

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Held:
    version: int
    issued_utc: datetime


@dataclass(frozen=True)
class Ack:
    epoch: str
    seq: int
    received_utc: datetime


@dataclass(frozen=True)
class Link:
    connected: bool
    since_utc: datetime
    hq_online: bool | None = True
    detail: str = ""


@dataclass(frozen=True)
class Summary:
    lists: dict[ListKind, Held] = field(default_factory=dict)
    ack: Ack | None = None
    link: Link | None = None


class MemoryJournal:
    """A JournalReader whose journal is a list."""

    def __init__(self, epoch: str = "e1") -> None:
        self.epoch = epoch
        self.kept: list[EventRecord] = []
        self.state: LiveState | None = None
        self.reads = 0
        self._new = True

    def add(self, kind: type[Event], **fields: object) -> EventRecord:
        seq = self.kept[-1].seq + 1 if self.kept else 1
        event = kind.model_validate(
            {
                "gate_id": "g",
                "site_id": "s",
                "epoch": self.epoch,
                "seq": seq,
                "boot_id": "b",
                "utc": NOW,
                "monotonic_ms": 1,
                "clock_trusted": True,
            }
            | fields
        )
        prev, body = self.kept[-1].hash if self.kept else GENESIS, event.model_dump_json(exclude_none=True)
        self.kept.append(EventRecord(seq=seq, prev_hash=prev, hash=link(prev, body), body=body))
        self._new = True
        return self.kept[-1]

    def access(
        self, reason: Reason, worker_id: str | None = None, detail: str = "", direction: Direction = Direction.IN
    ) -> EventRecord:
        granted = reason is Reason.GRANTED
        advice = Advice.WALK_THROUGH if granted else Advice.SEE_DESK
        return self.add(
            AccessEvent,
            reason=reason,
            granted=granted,
            advice=advice,
            direction=direction,
            worker_id=worker_id,
            detail=detail,
        )

    def passage(
        self,
        worker_id: str | None,
        direction: Direction = Direction.IN,
        outcome: PassageOutcome = PassageOutcome.PASSED,
        utc: datetime = NOW,
    ) -> EventRecord:
        return self.add(PassageEvent, outcome=outcome, direction=direction, worker_id=worker_id, utc=utc)

    def show(self, state: LiveState | None) -> None:
        self.state, self._new = state, True

    def changed(self) -> bool:
        new, self._new = self._new, False
        return new

    def head(self) -> int:
        return self.kept[-1].seq if self.kept else 0

    def records(self, after: int, limit: int) -> list[EventRecord]:
        self.reads += 1
        return [r for r in self.kept if r.seq > after][:limit]

    def latest(self, limit: int) -> list[AnyEvent]:
        raise AssertionError("the screen keeps the newest events itself")

    def live(self) -> LiveState | None:
        return self.state


def live(tone: Tone = Tone.IDLE, advice: Advice | None = None, age_s: float = 0, **more: object) -> LiveState:
    present: dict[str, object] = {
        "utc": NOW - timedelta(seconds=age_s),
        "direction": Direction.IN,
        "gate_state": "locked",
        "tone": tone,
        "advice": advice,
        "camera_ok": True,
    }
    return LiveState.model_validate(present | more)
