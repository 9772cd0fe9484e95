"""The journal summed up for people: who is on site, counts of events, and whether the chain holds.

Records are added one by one, so that an event costs the same in a journal of any length.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from datetime import datetime

from contract.chain import BrokenChain, verify
from contract.codec import BadMessage, decode_event
from contract.messages import (
    AccessEvent,
    AnyEvent,
    Direction,
    EventRecord,
    NoticeCode,
    NoticeEvent,
    PassageEvent,
    PassageOutcome,
    Reason,
)
from edge.screen.journal.alarms import AlarmLog
from edge.screen.journal.trends import Trends

RECENT_EVENTS = 40


class JournalTotals:
    """The sum of one epoch's records so far.

    `on_site` maps worker id to the time of the last passage in, oldest first: a person is on it from a recorded
    passage in until a recorded passage out at this gate. `unnamed` counts passages in without a worker id (opened by
    HQ) minus those out. `chain_error` is the first fault found, '' while the chain holds; `since_seq` is the seq before
    the oldest record still kept. `unread` counts events that only newer software can read: they are in the chain, and
    in no other sum. `trends`: counts by day and hour; `local` turns a time into the site's.
    """

    def __init__(self, epoch: str = "", local: Callable[[datetime], datetime] = datetime.astimezone) -> None:
        self.epoch = epoch
        self.seq = 0
        self.hash = ""
        self.since_seq = 0
        self.chain_error = ""
        self.unread = 0
        self.on_site: dict[str, datetime] = {}
        self.unnamed = 0
        self.access: Counter[Reason] = Counter()
        self.passages: Counter[tuple[PassageOutcome, Direction]] = Counter()
        self.notices: Counter[NoticeCode] = Counter()
        self.last_access: AccessEvent | None = None
        self.trends = Trends(local)
        self.recent: deque[AnyEvent] = deque(maxlen=RECENT_EVENTS)
        self.alarms = AlarmLog()

    def add(self, records: Iterable[EventRecord]) -> None:
        """Take up records in the order of the journal. A body of an unknown kind still counts for the chain."""
        for record in records:
            self._follow(record)
            try:
                event = decode_event(record.body)
            except BadMessage:  # Newer software wrote it, before this version was installed again: it cannot be shown.
                self.unread += 1
                continue
            self.recent.append(event)
            self.alarms.add(event)
            self.trends.add(event)
            self._count(event)

    def _follow(self, record: EventRecord) -> None:
        if not self.hash:  # The oldest record kept. HQ has verified everything that was pruned before it.
            self.since_seq, self.hash = record.seq - 1, record.prev_hash
            self.seq = self.since_seq
        try:
            verify([record], self.seq, self.hash)
        except BrokenChain as error:
            self.chain_error = self.chain_error or str(error)
        self.seq, self.hash = record.seq, record.hash

    def _count(self, event: AnyEvent) -> None:
        if isinstance(event, AccessEvent):
            self.access[event.reason] += 1
            self.last_access = event
        elif isinstance(event, NoticeEvent):
            self.notices[event.code] += 1
        elif isinstance(event, PassageEvent):
            self.passages[event.outcome, event.direction] += 1
            if event.outcome is PassageOutcome.PASSED:
                self._move(event)

    def _move(self, event: PassageEvent) -> None:
        going_in = event.direction is Direction.IN
        if event.worker_id is None:
            self.unnamed = max(0, self.unnamed + (1 if going_in else -1))
            return
        self.on_site.pop(event.worker_id, None)
        if going_in:
            self.on_site[event.worker_id] = event.utc

    @property
    def people_on_site(self) -> int:
        return len(self.on_site) + self.unnamed
