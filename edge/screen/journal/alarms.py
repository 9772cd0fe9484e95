"""Alarms and refusals out of the journal, for those who must act on them. Records are added one by one."""

from collections import deque
from datetime import datetime

from contract.messages import AccessEvent, AnyEvent, NoticeCode, NoticeEvent, PassageEvent, PassageOutcome

ALARMS_KEPT = 200
REFUSALS_KEPT = 30

ALARM_NOTICES = frozenset(
    {
        NoticeCode.FIRE_ON,
        NoticeCode.TAMPER,
        NoticeCode.CAMERA_LOST,
        NoticeCode.HELD_OPEN,
        NoticeCode.LOCKED_DOWN,
        NoticeCode.PULSE_CUT,
        NoticeCode.TOO_MANY_GUESSES,
        NoticeCode.STILL_THERE,
        NoticeCode.EVENT_REFUSED,
        NoticeCode.DISK_LOW,
        NoticeCode.DISK_FILLING,
        NoticeCode.TWIN_GATE,
        NoticeCode.EVENTS_LOST,
        NoticeCode.JOURNAL_HELD,
        NoticeCode.CLOCK_BEHIND,
    }
)
ALARM_PASSAGES = frozenset({PassageOutcome.FORCED, PassageOutcome.REVERSED, PassageOutcome.TAILGATED})
_ENDS = {
    NoticeCode.FIRE_OFF: NoticeCode.FIRE_ON,
    NoticeCode.FIRE_RESET: NoticeCode.FIRE_ON,
    NoticeCode.TAMPER_OVER: NoticeCode.TAMPER,
    NoticeCode.CAMERA_BACK: NoticeCode.CAMERA_LOST,
    NoticeCode.HELD_OPEN_OVER: NoticeCode.HELD_OPEN,
    NoticeCode.LOCK_DOWN_OVER: NoticeCode.LOCKED_DOWN,
    NoticeCode.DISK_OK: NoticeCode.DISK_LOW,
    NoticeCode.CLOCK_BELIEVED: NoticeCode.CLOCK_BEHIND,
}
"""Notices that end an alarm."""
ENDING = frozenset(_ENDS.values())
"""Alarms that a later notice ends."""

AlarmEvent = NoticeEvent | PassageEvent


class AlarmLog:
    """The newest alarms and refusals of one journal, oldest first."""

    def __init__(self) -> None:
        self.alarms: deque[AlarmEvent] = deque(maxlen=ALARMS_KEPT)
        self.refusals: deque[AccessEvent] = deque(maxlen=REFUSALS_KEPT)
        self._over: dict[NoticeCode, tuple[int, datetime]] = {}
        self._let_in: dict[int, AccessEvent] = {}

    def add(self, event: AnyEvent) -> None:
        """Take up one event, in the order of the journal."""
        if isinstance(event, AccessEvent):
            self._take_decision(event)
        elif isinstance(event, PassageEvent):
            if event.outcome in ALARM_PASSAGES:
                self.alarms.append(event)
        elif isinstance(event, NoticeEvent):
            if event.code in ALARM_NOTICES:
                self.alarms.append(event)
            elif (ended := _ENDS.get(event.code)) is not None:
                self._over[ended] = event.seq, event.utc

    def over_since(self, alarm: AlarmEvent) -> datetime | None:
        """Return when the cause of an alarm ended; None: it lasts, or has no end."""
        seq, utc = self._over.get(alarm.code, (0, None)) if isinstance(alarm, NoticeEvent) else (0, None)
        return utc if seq > alarm.seq else None

    def let_in_later(self, refusal: AccessEvent) -> AccessEvent | None:
        """Return the first later decision that admitted the refused worker in the same direction, if there is one."""
        return self._let_in.get(refusal.seq)

    def _take_decision(self, event: AccessEvent) -> None:
        if not event.granted:
            self.refusals.append(event)
        elif event.worker_id is not None:
            mine = (event.worker_id, event.direction)
            same = [one.seq for one in self.refusals if (one.worker_id, one.direction) == mine]
            kept = {one.seq for one in self.refusals}
            self._let_in = dict.fromkeys(same, event) | {s: found for s, found in self._let_in.items() if s in kept}
